"""Checks that answer a learner's function: right, or the hint that this mistake deserves.

    check_output_size(output_size)

prints the answer and returns a verdict that is true or false. What a function must take and return
is said by the docstring of its check.
"""

from aelib.exercises.lesson_01 import (
    check_balanced_indices,
    check_images_needed,
    check_nearest_mean,
)
from aelib.exercises.lesson_02 import (
    check_build_encoder,
    check_is_dead,
    check_output_size,
)
from aelib.exercises.lesson_02_epoch import check_train_epoch
from aelib.exercises.lesson_03 import (
    check_neighbour_agreement,
    check_shift_beats_black,
    check_walk,
)
from aelib.exercises.lesson_03_pca import check_pca_codes_and_reconstruction
from aelib.exercises.lesson_04 import (
    check_confusion,
    check_cross_entropy,
    check_linear_probe,
    check_train_head_only,
)
from aelib.exercises.lesson_05 import (
    check_best_epoch,
    check_fine_tuned,
    check_joint_loss,
)
from aelib.exercises.lesson_05_mcnemar import check_mcnemar
from aelib.exercises.lesson_06 import (
    check_effect,
    check_living_mean,
    check_possible_counts,
)
from aelib.exercises.lesson_07 import (
    check_labels_needed,
    check_paired_interval,
    check_stratified_draw,
)
from aelib.exercises.lesson_08 import (
    check_convolution_operations,
    check_median_seconds,
    check_speed_up,
)
from aelib.exercises.lesson_09 import (
    check_disagreement,
    check_put_aside,
    check_share_found,
)

__all__ = [
    "check_balanced_indices",
    "check_best_epoch",
    "check_build_encoder",
    "check_confusion",
    "check_convolution_operations",
    "check_cross_entropy",
    "check_disagreement",
    "check_effect",
    "check_fine_tuned",
    "check_images_needed",
    "check_is_dead",
    "check_joint_loss",
    "check_labels_needed",
    "check_linear_probe",
    "check_living_mean",
    "check_mcnemar",
    "check_median_seconds",
    "check_nearest_mean",
    "check_neighbour_agreement",
    "check_output_size",
    "check_paired_interval",
    "check_pca_codes_and_reconstruction",
    "check_possible_counts",
    "check_put_aside",
    "check_share_found",
    "check_shift_beats_black",
    "check_speed_up",
    "check_stratified_draw",
    "check_train_epoch",
    "check_train_head_only",
    "check_walk",
]
