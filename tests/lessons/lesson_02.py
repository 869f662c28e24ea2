"""What lesson 2 says of its run, and its numbers computed once more."""

from itertools import pairwise

import numpy as np
import torch

from aelib.models import Autoencoder
from aelib.training import infer, train


def squared_error(painted, images):
    """The mean squared error of all pixels, by numpy."""
    return float(np.mean((painted.cpu().numpy() - images.cpu().numpy()) ** 2))


def drops(v):
    """By how much the error of one digit has fallen from snapshot to snapshot."""
    errors = [squared_error(painted, v.images[:1]) for painted in v.snapshots.values()]
    return [before - after for before, after in pairwise(errors)]


def early(losses):
    """The loss of the fifth epoch, or of the last."""
    return losses[min(4, len(losses) - 1)]


def on_others(v):
    return squared_error(v.unseen, v.others)


FACTS = {
    "The same pattern for every image: the decoder paints a pattern of its own": lambda v: (
        v.painted.std(0).max() < 0.1 * (v.painted.max() - v.painted.min())
        and v.painted.abs().max() < 0.2
    ),
    "Black is worse": lambda v: v.black > v.mean_image,
    "By the end of the first epoch the network is below the mean image": lambda v: (
        v.history["validation_loss"][0] < v.mean_image
    ),
    "Then the gains become smaller and smaller": lambda v: (
        v.history["training_loss"][0] + v.history["training_loss"][-1]
        > 2 * early(v.history["training_loss"])
    ),
    "the last epoch still lowers the error": lambda v: (
        v.history["training_loss"][-1] == min(v.history["training_loss"])
    ),
    "And the two lines run together": lambda v: (
        abs(v.history["validation_loss"][-1] / v.history["training_loss"][-1] - 1) < 0.05
    ),
    "That is why, at first, validation is the lower one.": lambda v: (
        v.history["validation_loss"][0] < v.history["training_loss"][0]
    ),
    "From snapshot to snapshot the error falls, by less each time.": lambda v: (
        len(drops(v)) > 1 and min(drops(v)) > 0 and drops(v) == sorted(drops(v), reverse=True)
    ),
    "every reconstruction is black, the loss is that of black images, and it does not move": (
        lambda v: (
            v.rows["with ReLU"].max() == 0 and np.ptp([v.black, *v.losses["with ReLU"]]) < 1e-4
        )
    ),
    "So every gradient in the whole network is exactly zero.": lambda v: v.largest_gradient(0) == 0,
    "but its loss is falling: it is alive": lambda v: (
        0.9 * v.mean_image < v.losses["without"][-1] < v.losses["without"][0]
    ),
}
HEDGED = {
    "In our run it is nearly perfect on the ten.": lambda v: v.loss_on_ten < 0.05 * v.mean_image,
    "its error on them is mostly more than ten times as large, not far from that of the mean "
    "image": lambda v: (
        on_others(v) > 10 * v.loss_on_ten and 0.6 < on_others(v) / v.mean_image < 1.6
    ),
}


def second_look(v):
    """The errors by numpy, and the first epoch by the loop of `aelib`."""
    images = v.data.train.images
    assert np.isclose(v.black, np.mean(images.numpy() ** 2))
    assert np.isclose(v.mean_image, images.numpy().var(0).mean(), rtol=1e-4)
    if held_out := v.history["validation_loss"]:
        painted = infer(v.autoencoder, v.data.validation.images)
        assert np.isclose(held_out[-1], squared_error(painted, v.data.validation.images), rtol=1e-4)
        assert held_out[-1] == v.metrics["autoencoder_validation_loss"]
    torch.manual_seed(v.seed)
    once = {**v.training_settings, "epochs": 1, "seed": v.seed}
    theirs = train(Autoencoder(), (images, images), torch.nn.functional.mse_loss, **once)
    assert np.isclose(v.history["training_loss"][0], theirs["training_loss"][0], rtol=1e-3)
    if v.epochs in v.snapshots:
        assert torch.allclose(v.snapshots[v.epochs], infer(v.autoencoder, images[:1]), atol=1e-4)
    rows = [axis.images[0].get_array().squeeze() for axis in v.figure.axes]
    expected = [images[:10], torch.zeros(10, 1, 28, 28), infer(v.network, images[:10]).clamp(0, 1)]
    assert np.allclose(rows, torch.cat(expected).squeeze(1), atol=1e-4)
