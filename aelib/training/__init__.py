"""Training: the loop, and what keeps it alive."""

from aelib.training.checkpoints import (
    load_checkpoint,
    pretrained_autoencoder,
    save_checkpoint,
    train_or_load,
)
from aelib.training.checks import checked
from aelib.training.interrupt import History
from aelib.training.loop import infer, pick_device, set_training_mode, train
from aelib.training.loop import train_epoch as plain_epoch

train_epoch = checked(plain_epoch)

__all__ = [
    "History",
    "infer",
    "load_checkpoint",
    "pick_device",
    "pretrained_autoencoder",
    "save_checkpoint",
    "set_training_mode",
    "train",
    "train_epoch",
    "train_or_load",
]
