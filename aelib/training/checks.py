"""What is checked before a training."""

import math

#: A mean loss above this is taken for a training that has diverged.
HIGHEST_LOSS = 1e15


def check_loss(loss, epoch, learning_rate):
    """Raise FloatingPointError where the mean loss of an epoch, counted from 0, has diverged."""
    if not math.isfinite(loss) or abs(loss) > HIGHEST_LOSS:
        raise FloatingPointError(
            f"The loss is {loss:.3g} in epoch {epoch + 1}: training diverged. "
            f"Try a learning rate below {learning_rate}."
        )


class CheckedLoss:
    """A loss function that remembers its last loss."""

    def __init__(self, function):
        self.function = function
        self.last_loss = float("nan")

    def __call__(self, outputs, targets):
        loss = self.function(outputs, targets)
        self.last_loss = loss.detach()
        return loss
