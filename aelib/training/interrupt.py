"""What is left of a training that a person interrupts."""

from contextlib import contextmanager


class History(dict):
    """How the loss of a training went: a dict of lists, with one number for each epoch.

    `interrupted` tells whether a person stopped the training before its last epoch ended.
    `settings` and `targets`, those of the training data first, tell what was trained, whatever a
    lesson says of it.
    """

    interrupted = False
    settings, targets = {}, ()

    def of(self, settings, *data):
        """Note the settings of a training and its pairs of data; returns itself."""
        self.settings, self.targets = settings, [pair[1] for pair in data if pair]
        return self


@contextmanager
def interruptible(model, history, epochs, loss_function):
    """Let an interrupt end the training inside, but not what comes after it.

    Afterwards `model` is in evaluation mode, whatever ended the training.

    Args:
        loss_function: a `CheckedLoss`. Where not even one epoch is whole, the `history` gets the
            loss of the last batch (NaN without any), so that it has a number to show.
    """
    try:
        yield
    except KeyboardInterrupt:
        history.interrupted = True
        done = len(history["training_loss"])
        del history["validation_loss"][done:]
        rest = f"the losses are those of the {done} epochs before it."
        if done == 0:
            history["training_loss"].append(float(loss_function.last_loss))
            rest = "there is no loss of a whole epoch, only that of the last batch."
        print(
            f"Interrupted in epoch {done + 1} of {epochs}. "
            f"The network keeps what it has learned so far; {rest}"
        )
    finally:
        model.eval()
