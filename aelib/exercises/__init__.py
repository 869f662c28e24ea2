"""Checks that answer a learner's function: right, or the hint that this mistake deserves.

    check_output_size(output_size)

prints the answer and returns a verdict that is true or false. What a function must take and return
is said by the docstring of its check.
"""

# ruff: noqa: F401, I001
# fmt: off
from aelib.exercises.lesson_01 import (
    check_balanced_indices, check_images_needed, check_nearest_mean,
)
from aelib.exercises.lesson_02 import (
    check_build_encoder, check_is_dead, check_output_size, check_train_epoch,
)
from aelib.exercises.lesson_03 import (
    check_neighbour_agreement, check_pca_codes_and_reconstruction, check_shift_beats_black,
    check_walk,
)
from aelib.exercises.lesson_04 import (
    check_confusion, check_cross_entropy, check_linear_probe, check_train_head_only,
)
from aelib.exercises.lesson_05 import (
    check_best_epoch, check_fine_tuned, check_joint_loss, check_mcnemar,
)
from aelib.exercises.lesson_06 import check_effect, check_possible_counts, check_rest_mean
from aelib.exercises.lesson_07 import (
    check_labels_needed, check_paired_interval, check_stratified_draw,
)
from aelib.exercises.lesson_08 import (
    check_convolution_operations, check_median_seconds, check_speed_up,
)
from aelib.exercises.lesson_09 import check_disagreement, check_put_aside, check_share_found
# fmt: on

__all__ = [name for name in dir() if name.startswith("check_")]
