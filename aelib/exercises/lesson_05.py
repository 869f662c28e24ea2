"""What the exercises of lesson 5, encoder and MLP together, are checked by."""

from math import comb

import numpy as np
import torch
from torch import nn

from aelib.exercises.answers import Wrong, exercise
from aelib.models import MLP, Autoencoder


@exercise(
    "mcnemar(first, second, labels)",
    "a probability, one number",
    "on which images do the two differ in being right? Only those are tosses of a coin.",
)
def check_mcnemar(answer):
    """Could the luck of the images explain it? McNemar's exact test of two classifiers.

    All three are `(N,)`. Of the images that only one has right: the probability that as many tosses
    of a fair coin split at least this unevenly, to either side; 1 where there are none.
    """
    splits = [(1, 0, 2), (0, 2, 2), (3, 3, 4), (1, 6, 10), (6, 1, 10), (2, 9, 30), (12, 25, 60)]

    def read(value, *_):
        if hasattr(value, "pvalue"):
            raise Wrong("it returns a whole result. Asked for is one number of it, its `pvalue`.")
        return answer.array(value, ())

    cases = [_predictions(*split) for split in splits]
    answer.compare(cases, _of(_two_sided), MCNEMAR_MISTAKES, 1e-3, read=read)
    answer.compare([_predictions(0, 0, 5)], lambda *_: 1.0, read=read)


def _predictions(only_first, only_second, rest):
    """Two predictions and labels; of the rest both have one in two right."""
    kinds = torch.tensor([0] * only_first + [1] * only_second + [2, 3] * (rest // 2) + [2])
    labels = torch.randint(10, kinds.shape)
    first = torch.where(kinds % 2 == 1, (labels + 1) % 10, labels)
    second = torch.where((kinds == 0) | (kinds == 3), (labels + 2) % 10, labels)
    return first, second, labels


def _of(test):
    """A test of predictions, by a test of two counts and the number of images."""

    def of_predictions(first, second, labels):
        one, other = first == labels, second == labels
        return test(int((one & ~other).sum()), int((other & ~one).sum()), len(labels))

    return of_predictions


def _two_sided(a, b, _=0):
    return min(1.0, 2 * _tail(min(a, b), a + b))


def _tail(a, n):
    """The probability of at most `a` heads in `n` tosses."""
    return sum(comb(n, heads) for heads in range(a + 1)) / 2**n


MCNEMAR_MISTAKES = {
    "all images seem to be counted. Only disagreements toss the coin: on the others the two are "
    "alike.": [
        _of(lambda a, b, n: _two_sided(a, n - a)),
    ],
    "yours is one-sided, often half of what it should be. Before the run nobody knew which of the "
    "two would be better.": [
        _of(lambda a, b, n: _tail(min(a, b), a + b)),
        _of(lambda a, b, n: _tail(a, a + b)),
    ],
    "at a tie more than 1 comes out, which is no probability. Twice one side counts the middle "
    "twice.": _of(lambda a, b, n: 2 * _tail(min(a, b), a + b)),
    "that is the probability of exactly this split. At least as uneven: which other splits are "
    "meant?": _of(lambda a, b, n: comb(a + b, a) / 2 ** (a + b)),
}


@exercise(
    "fine_tuned(autoencoder, codes)",
    "a classifier, an `nn.Module` from images to scores `(N, 10)`",
    "a classifier is an encoder and an MLP. Which encoder, and may it learn yet?",
)
def check_fine_tuned(answer):
    """Make a classifier for fine-tuning: it starts from the autoencoder's encoder, which may move.

    The `Autoencoder` is trained and frozen and stays so; the codes `(N, 3, 4, 4)` of its training
    images are for an `MLP(codes)`, say. Everything in the classifier can be trained.
    """
    autoencoder = Autoencoder().requires_grad_(False).eval()
    images, labels = torch.rand(20, 1, 28, 28), torch.arange(20) % 10
    with torch.no_grad():
        codes = autoencoder.encoder(images).clone()
    model = answer.network(answer(autoencoder, codes, chance=1))
    own = dict(model.named_parameters())
    start = {name: tensor.detach().clone() for name, tensor in own.items()}
    theirs = {tensor.data_ptr() for tensor in autoencoder.parameters()}
    if any(tensor.data_ptr() in theirs for tensor in own.values()):
        raise Wrong(
            "the classifier holds the autoencoder's own weights. Train it, and you have moved the "
            "autoencoder, too."
        )
    if any(parameter.requires_grad for parameter in autoencoder.parameters()):
        raise Wrong("the autoencoder that was handed in can be trained now. Change only a copy.")
    found = [
        next((key for key, tensor in start.items() if torch.equal(tensor, weights)), None)
        for weights in autoencoder.encoder.parameters()
    ]
    if None in found:
        raise Wrong(
            "no encoder in it begins with the autoencoder's weights. A fresh one is approach 2, "
            "not fine-tuning, and to train it is not asked for yet."
        )
    still = [name for name, tensor in own.items() if not tensor.requires_grad]
    if still:
        more = "A copy of what is frozen is frozen." if len(still) < len(own) else ""
        raise Wrong(
            f"{len(still)} of its {len(own)} tensors are still frozen ({still[0]}, for one). {more}"
        )
    statistics = dict(MLP(codes).named_buffers())
    for mlp in (part for part in model.modules() if isinstance(part, MLP)):
        if any(not torch.allclose(one, statistics[name]) for name, one in mlp.named_buffers()):
            raise Wrong(
                "its MLP is made with other codes: mean and spread are not those of `codes`."
            )

    def step(images):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scores = model(images)
        if tuple(scores.shape) != (20, 10):
            raise Wrong(f"for 20 images the shape {tuple(scores.shape)} came, not (20, 10).")
        nn.functional.cross_entropy(scores, labels).backward()
        optimizer.step()

    hint = {"does not require grad": "Is something in it done without gradients?"}
    answer.run(step, images, raised=hint, shown="a training step of what fine_tuned returned")
    unmoved = [key for key in found if torch.equal(own[key], start[key])]
    if unmoved:
        raise Wrong(f"after a training step {unmoved[0]} stands still. Does the gradient reach it?")


@exercise(
    "joint_loss(scores, labels, reconstruction, images, weight)",
    "a loss, one number in a tensor that carries its gradient",
    "you know a loss for the scores and one for the reconstruction. How much does each count?",
)
def check_joint_loss(answer):
    """One loss for two aims: to name the digit, and to rebuild the image.

    The cross-entropy of scores `(N, 10)` plus `weight` times the mean squared error per pixel.
    """
    settings = [(1, 0.0), (1, 1.0), (4, 0.0), (4, 0.5), (7, 10.0), (7, 784.0)]
    cases = [_joint_case(*setting) for setting in settings]
    shown = [f"with {count} images and weight {weight:g}, it" for count, weight in settings]
    answer.compare(cases, RIGHT_JOINT, JOINT_MISTAKES, shape=(), shown=shown)
    value = answer(*cases[3])
    if not isinstance(value, torch.Tensor) or not value.requires_grad:
        raise Wrong(
            "the value is right, but it carries no gradient, so nothing can be trained by it. What "
            "turns a tensor into a plain number, or cuts it off from where it came?"
        )
    value.sum().backward()
    for name, tensor in (("reconstruction", cases[3][2]), ("scores", cases[3][0])):
        if tensor.grad is None or not tensor.grad.any():
            raise Wrong(
                f"the value is right, but no gradient reaches the {name}. Is it detached somewhere?"
            )


def _joint_case(count, weight):
    scores, images = torch.randn(count, 10), torch.rand(2, count, 1, 28, 28)
    reconstruction = images[0].clone().requires_grad_()
    return scores.requires_grad_(), torch.arange(count), reconstruction, images[1], weight


def _joint(rule):
    """A loss by cross-entropy, error, weight and number of images."""

    def loss(scores, labels, reconstruction, images, weight):
        error = nn.functional.mse_loss(reconstruction, images)
        return rule(nn.functional.cross_entropy(scores, labels), error, weight, len(labels))

    return loss


RIGHT_JOINT = _joint(lambda a, b, w, n: a + w * b)
JOINT_MISTAKES = {
    "softmax seems to be taken twice: `cross_entropy` of PyTorch takes scores, and turns them into "
    "probabilities itself.": lambda scores, *rest: RIGHT_JOINT(scores.softmax(1), *rest),
    "the squared errors are summed over the pixels, not averaged: 784 times too loud.": [
        _joint(lambda a, b, w, n: a + w * b * 784),
        _joint(lambda a, b, w, n: a + w * b * 784 * n),
    ],
    "the weight is on the cross-entropy. With weight 0 only the cross-entropy should be left.": [
        _joint(lambda a, b, w, n: w * a + b),
        _joint(lambda a, b, w, n: (1 - w) * a + w * b),
        _joint(lambda a, b, w, n: w * (a + b)),
    ],
}


@exercise(
    "best_epoch(history)",
    "the number of an epoch",
    "which of the two lists tells how the network does on images it has not seen?",
)
def check_best_epoch(answer):
    """Which epoch to go back to: the one with the lowest validation loss. The first is 1.

    `history` is what `train` returns, a dict of two lists, "training_loss" and "validation_loss".
    """
    lists = [
        ([0.9, 0.5, 0.4], [0.8, 0.6, 0.7]),
        ([0.9, 0.7, 0.75, 0.5, 0.4, 0.3], [0.9, 0.7, 0.8, 0.5, 0.6, 0.65]),
        ([0.8, 0.6, 0.5, 0.3, 0.35], [0.4, 0.5, 0.45, 0.6, 0.7]),
        ([0.5, 0.4, 0.3, 0.2], [0.5, 0.4, 0.3, 0.2]),
    ]
    cases = [({"training_loss": one, "validation_loss": other},) for one, other in lists]
    answer.compare(cases, _by(lambda losses: 1 + np.argmin(losses)), EPOCH_MISTAKES)


def _by(rule, which="validation_loss"):
    return lambda history: rule(history[which])


def _before_first_rise(losses):
    return next((n for n in range(1, len(losses)) if losses[n] > losses[n - 1]), len(losses))


EPOCH_MISTAKES = {
    "you go by the training loss. It is lowest near the end almost always.": [
        _by(lambda losses: 1 + np.argmin(losses), "training_loss")
    ],
    "that is the last epoch; the lowest is asked for, not the latest.": _by(len),
    "that is the loss itself; which epoch was it in?": _by(min),
    "you stop where the loss first rises. It may fall lower later on.": _by(_before_first_rise),
}
