"""What the exercises of lesson 5, encoder and MLP together, are checked by."""

import numpy as np
import torch
from torch import nn

from aelib.exercises.answers import Raised, Wrong, exercise
from aelib.exercises.words import kind
from aelib.models import Autoencoder


@exercise(
    "fine_tuned(autoencoder, codes)",
    returns="a classifier, an `nn.Module` from images to scores `(N, 10)`",
    first_hint="a classifier is an encoder and an MLP. Which encoder, and what has to be done to "
    "it before it may learn?",
)
def check_fine_tuned(answer):
    """Make a classifier for fine-tuning: it starts from the autoencoder's encoder, which may move.

    `fine_tuned(autoencoder, codes)` gets a trained `Autoencoder`, frozen as lesson 4 has left it,
    and the codes of its training images `(N, 3, 4, 4)`, for an `MLP(codes)`, say. It returns a
    classifier of images `(N, 1, 28, 28)`, `(N, 10)`, whose encoder begins with the same weights.
    Everything in the classifier can be trained, and training it leaves the autoencoder as it is.
    """
    torch.default_generator.manual_seed(1)
    autoencoder = Autoencoder().requires_grad_(False).eval()
    images = torch.rand(20, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(20) % 10
    with torch.no_grad():
        codes = autoencoder.encoder(images).clone()
    before = {name: tensor.clone() for name, tensor in autoencoder.state_dict().items()}
    model = answer(autoencoder, codes)
    if not isinstance(model, nn.Module):
        more = " Add brackets and its arguments." if isinstance(model, type) else ""
        raise Wrong(f"it should return {answer.returns}, but {kind(model)} came.{more}")

    own = {name: (tensor, tensor.data_ptr()) for name, tensor in model.named_parameters()}
    start = {name: tensor.detach().clone() for name, (tensor, _) in own.items()}
    theirs = {tensor.data_ptr() for tensor in autoencoder.parameters()}
    if any(pointer in theirs for _, pointer in own.values()):
        raise Wrong(
            "the classifier holds the autoencoder's own weights. Train it, and you have moved the "
            "autoencoder, too."
        )
    if any(parameter.requires_grad for parameter in autoencoder.parameters()):
        raise Wrong(
            "the autoencoder that was handed in can be trained now. Whoever relies on its being "
            "frozen would be surprised: change only what is yours."
        )
    found = {
        name: [key for key, tensor in start.items() if torch.equal(tensor, weights)]
        for name, weights in autoencoder.encoder.named_parameters()
    }
    sizes = {tuple(tensor.shape) for tensor in start.values()}
    if not all(tuple(one.shape) in sizes for one in autoencoder.encoder.parameters()):
        raise Wrong(
            "no part of it has the shape of the autoencoder's encoder. A classifier is an encoder "
            "with an MLP behind it."
        )
    if not all(found.values()):
        raise Wrong(
            "its encoder does not begin with the autoencoder's weights. A fresh encoder is "
            "approach 2, not fine-tuning; and to train it is not asked for yet."
        )
    still = [name for name, (tensor, _) in own.items() if not tensor.requires_grad]
    if still:
        more = "A copy of what is frozen is frozen." if len(still) < len(own) else ""
        raise Wrong(
            f"{len(still)} of its {len(own)} tensors are still frozen ({still[0]}, for one). {more}"
        )

    def step(images):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scores = model(images)
        nn.functional.cross_entropy(answer_shape(scores), labels).backward()
        optimizer.step()

    def answer_shape(scores):
        if tuple(scores.shape) != (20, 10):
            raise Wrong(f"for 20 images the shape {tuple(scores.shape)} came, not (20, 10).")
        return scores

    try:
        answer.run(step, images, shown="a training step of what fine_tuned returned")
    except Raised as raised:
        if isinstance(raised.error, Wrong):
            raise raised.error from None
        if "does not require grad" in str(raised.error):
            raise Wrong("its scores carry no gradient: is something in it done without?") from None
        raise
    after = dict(model.named_parameters())
    unmoved = [keys[0] for keys in found.values() if torch.equal(after[keys[0]], start[keys[0]])]
    if unmoved:
        raise Wrong(
            f"after a training step {len(unmoved)} tensors of its encoder stand still "
            f"({unmoved[0]}, for one). Does the gradient reach them?"
        )
    if any(not torch.equal(one, before[name]) for name, one in autoencoder.state_dict().items()):
        raise Wrong("after a training step of the classifier the autoencoder has moved, too.")


@exercise(
    "joint_loss(scores, labels, reconstruction, images, weight)",
    returns="a loss, one number in a tensor that carries its gradient",
    first_hint="there are two losses that you know, one for the scores and one for the "
    "reconstruction. How much does each count?",
)
def check_joint_loss(answer):
    """One loss for two aims: to name the digit, and to rebuild the image.

    `joint_loss(scores, labels, reconstruction, images, weight)` gets scores `(N, 10)`, labels
    `(N,)`, reconstructions and images `(N, 1, 28, 28)`, and a number. It returns the cross-entropy
    plus `weight` times the mean squared error per pixel, as a tensor whose `backward()` reaches
    both the scores and the reconstruction.
    """
    settings = [(1, 0.0), (1, 1.0), (4, 0.0), (4, 0.5), (7, 10.0), (7, 784.0)]
    cases = [_joint_case(*setting) for setting in settings]
    values = [answer(*case) for case in cases]
    got = [float(answer.array(value, ())) for value in values]
    entropy, mse = nn.functional.cross_entropy, nn.functional.mse_loss

    def parts(scores, labels, reconstruction, images, weight):
        with torch.no_grad():
            return entropy(scores, labels).item(), mse(reconstruction, images).item(), weight

    measured = [parts(*case) for case in cases]
    expected = [a + w * b for a, b, w in measured]
    twice = [
        entropy(case[0].softmax(1), case[1]).item() + case[4] * mse(*case[2:4]).item()
        for case in cases
    ]
    if np.allclose(got, twice, rtol=1e-4, atol=1e-5):
        raise Wrong(
            "softmax seems to be taken twice: `cross_entropy` of PyTorch takes scores, and turns "
            "them into probabilities itself."
        )
    absolute = [
        a + w * nn.functional.l1_loss(*case[2:4]).item()
        for case, (a, _, w) in zip(cases, measured, strict=True)
    ]
    if np.allclose(got, absolute, rtol=1e-4, atol=1e-5):
        raise Wrong(
            "the differences of the pixels come in as they are; their squares are asked for."
        )
    if not np.allclose(got, expected, rtol=1e-4, atol=1e-5):
        counts = [len(case[0]) for case in cases]
        _raise_joint_mistake(got, measured, counts)
        place = int(np.argmax(~np.isclose(got, expected, rtol=1e-4, atol=1e-5)))
        a, b, w = measured[place]
        raise Wrong(
            f"with {counts[place]} images, cross-entropy {a:.4g}, MSE {b:.4g} and weight {w:g}, "
            f"{got[place]:.4g} came and {expected[place]:.4g} was expected."
        )
    case, value = cases[3], values[3]
    if not isinstance(value, torch.Tensor) or not value.requires_grad:
        raise Wrong(
            "the value is right, but it carries no gradient, so nothing can be trained by it. What "
            "turns a tensor into a plain number, or cuts it off from where it came?"
        )
    value.sum().backward()
    for name, tensor in (("reconstruction", case[2]), ("scores", case[0])):
        if tensor.grad is None or not tensor.grad.abs().sum() > 0:
            part = {"reconstruction": "decoder", "scores": "classifier"}[name]
            raise Wrong(
                f"the value is right, but no gradient reaches the {name}: the {part} would learn "
                "nothing. Is it detached somewhere?"
            )


def _joint_case(count, weight):
    generator = torch.Generator().manual_seed(count)
    scores = torch.randn(count, 10, generator=generator).requires_grad_()
    images = torch.rand(count, 1, 28, 28, generator=generator)
    reconstruction = torch.rand(count, 1, 28, 28, generator=generator).requires_grad_()
    return scores, torch.arange(count), reconstruction, images, weight


def _raise_joint_mistake(got, measured, counts):
    mistakes = {
        "the squared errors are summed over the pixels, not averaged: 784 times too loud.": [
            lambda a, b, w, n: a + w * b * 784,
            lambda a, b, w, n: a + w * b * 784 * n,
        ],
        "the squared errors are summed over the images, not averaged.": [
            lambda a, b, w, n: a + w * b * n
        ],
        "the squared errors are divided by the number of pixels twice: a mean is one already.": [
            lambda a, b, w, n: a + w * b / 784
        ],
        "the cross-entropy is summed over the images, not averaged.": [
            lambda a, b, w, n: a * n + w * b
        ],
        "the weight makes no difference in yours.": [lambda a, b, w, n: a + b],
        "the weight is on the other loss. With weight 0 only the cross-entropy should be left.": [
            lambda a, b, w, n: w * a + b
        ],
        "the weight is taken from the cross-entropy as well. Only the error of the reconstruction "
        "is weighted.": [
            lambda a, b, w, n: (1 - w) * a + w * b,
            lambda a, b, w, n: w * (a + b),
            lambda a, b, w, n: w * a + (1 - w) * b,
        ],
        "that is the root of the mean squared error; its square is asked for.": [
            lambda a, b, w, n: a + w * b**0.5
        ],
        "only the cross-entropy is there. Where is the reconstruction?": [lambda a, b, w, n: a],
        "only the error of the reconstruction is there. Where are the scores?": [
            lambda a, b, w, n: w * b
        ],
        "the two losses are multiplied or subtracted; they should add up.": [
            lambda a, b, w, n: a - w * b,
            lambda a, b, w, n: a * w * b,
        ],
    }
    for hint, ways in mistakes.items():
        for way in ways:
            wrong = [way(*one, count) for one, count in zip(measured, counts, strict=True)]
            if np.allclose(got, wrong, rtol=1e-4, atol=1e-5):
                raise Wrong(hint)


@exercise(
    "best_epoch(history)",
    returns="the number of an epoch",
    first_hint="which of the two lists tells how the network does on images it has not seen?",
)
def check_best_epoch(answer):
    """Which epoch to go back to: the one with the lowest validation loss.

    `best_epoch(history)` gets what `train` returns, a dict of two lists with a number per epoch,
    "training_loss" and "validation_loss". It returns the epoch in which the validation loss was
    lowest. The first epoch is 1.
    """
    lists = [
        ([0.9, 0.5, 0.4], [0.8, 0.6, 0.7]),
        ([0.9, 0.7, 0.75, 0.5, 0.4, 0.3], [0.9, 0.7, 0.8, 0.5, 0.6, 0.65]),
        ([0.8, 0.6, 0.5, 0.3, 0.35], [0.4, 0.5, 0.45, 0.6, 0.7]),
        ([2.0, 1.5, 1.2, 1.1, 0.5, 0.9, 0.4], [3.0, 2.5, 2.1, 2.6, 2.2, 2.0, 2.4]),
        ([0.5, 0.4, 0.3, 0.2], [0.5, 0.4, 0.3, 0.2]),
    ]
    answer.compare(
        [({"training_loss": one, "validation_loss": other},) for one, other in lists],
        lambda history: 1 + int(np.argmin(history["validation_loss"])),
        [
            (
                "one too few: yours counts from 0, and epochs count from 1.",
                lambda history: int(np.argmin(history["validation_loss"])),
            ),
            (
                "you go by the training loss. It is lowest near the end almost always.",
                lambda history: 1 + int(np.argmin(history["training_loss"])),
            ),
            (
                "you go by the training loss, which is lowest near the end almost always, and "
                "count from 0.",
                lambda history: int(np.argmin(history["training_loss"])),
            ),
            (
                "that is the last epoch; the lowest is asked for, not the latest.",
                lambda history: len(history["validation_loss"]),
            ),
            (
                "that is the last epoch, counted from 0; the lowest is asked for, not the latest.",
                lambda history: len(history["validation_loss"]) - 1,
            ),
            (
                "that is the epoch with the highest loss. A loss is better when it is low.",
                lambda history: 1 + int(np.argmax(history["validation_loss"])),
            ),
            (
                "that is the loss itself; which epoch was it in?",
                lambda history: min(history["validation_loss"]),
            ),
            (
                "you stop where the loss first rises. It may fall lower later on.",
                _before_first_rise,
            ),
            (
                "you take the gap between the two losses for the measure. How low is the "
                "validation loss itself?",
                lambda history: (
                    1
                    + int(
                        np.argmin(
                            np.abs(
                                np.subtract(history["validation_loss"], history["training_loss"])
                            )
                        )
                    )
                ),
            ),
        ],
    )


def _before_first_rise(history):
    losses = history["validation_loss"]
    for epoch in range(1, len(losses)):
        if losses[epoch] > losses[epoch - 1]:
            return epoch
    return len(losses)
