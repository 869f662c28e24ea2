"""Training: the loop, and what keeps it alive."""

from aelib.training.checkpoints import (
    load_checkpoint,
    pretrained_autoencoder,
    save_checkpoint,
    train_or_load,
)
from aelib.training.loop import infer, pick_device, set_training_mode, train

__all__ = [
    "infer",
    "load_checkpoint",
    "pick_device",
    "pretrained_autoencoder",
    "save_checkpoint",
    "set_training_mode",
    "train",
    "train_or_load",
]
