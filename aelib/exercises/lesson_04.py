"""What the exercises of lesson 4, the MLP on the frozen encoder, are checked by."""

import numpy as np
import torch
from torch import nn

from aelib.exercises.answers import Raised, Wrong, close, exercise
from aelib.exercises.words import kind, shown_call


@exercise(
    "train_head_only(encoder, head, batch)",
    returns="nothing in particular",
    first_hint="which weights does the optimizer have to know? And what in an encoder changes even "
    "without an optimizer?",
)
def check_train_head_only(answer):
    """Take a training step that leaves the encoder as it is, to the last number.

    `train_head_only(encoder, head, batch)` gets an encoder with batch normalization, in training
    mode; a head, from its codes to scores `(N, 10)`; and a batch, a pair of images
    `(N, 1, 28, 28)` and labels `(N,)`. It takes one or more steps of any optimizer on the
    cross-entropy of the batch. After it the head has moved, and of the encoder's `state_dict()`,
    weights and buffers, nothing has. What it returns does not matter.
    """
    for seed in range(2):
        encoder, head, batch = _frozen_parts(seed)
        before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
        head_before = {name: tensor.clone() for name, tensor in head.state_dict().items()}
        failed, value = None, None
        try:
            changing = ("encoder", "head")
            value = answer(encoder, head, batch, may_change=changing, may_be_none=True)
        except Raised as raised:
            if "does not require grad" not in str(raised.error):
                raise
            failed = raised
        changed = [n for n, one in encoder.state_dict().items() if not torch.equal(one, before[n])]
        moved = any(not torch.equal(one, head_before[n]) for n, one in head.state_dict().items())
        names = {name for name, _ in encoder.named_parameters()}
        if failed:
            raise Wrong(
                "the loss has no gradient for anything: the head needs one. What should "
                "`no_grad` stand around, and what not?"
            )
        if names & set(changed):
            raise Wrong(
                f"the encoder's weights have moved ({sorted(names & set(changed))[0]}, for one). "
                "Which weights does your optimizer know, and which of them may be trained?"
            )
        if changed and encoder.modes.count(False) and encoder.modes[-1]:
            raise Wrong(
                f"`{changed[0]}` has moved: eval() was called, and then a later train() undid it. "
                "What does it reach, if it is called on the whole?"
            )
        if changed:
            raise Wrong(
                f"`{changed[0]}` has moved. It is a buffer and no weight, so it needs no gradient "
                "to change: it follows each batch that passes in training mode."
            )
        if moved and _uphill(encoder, head, head_before, batch):
            raise Wrong(
                "the head has moved, but uphill: along its step the cross-entropy of the batch "
                "rises. What is minimized, and of which labels?"
            )
        if not moved and value is None and not encoder.calls:
            raise Wrong(f"nothing has happened yet. First hint: {answer.first_hint}")
        if not moved:
            raise Wrong(
                "the head has not moved. Is a step taken, by an optimizer that knows the head's "
                "weights, after `backward()`?"
            )


class _NormalizedEncoder(nn.Sequential):
    """An encoder with batch normalization that remembers how it was used."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 3, kernel_size=7, stride=7), nn.BatchNorm2d(3), nn.ReLU(), nn.Dropout(0.1)
        )
        self.modes, self.calls = [], 0

    def train(self, mode=True):
        self.modes.append(mode)
        return super().train(mode)

    def forward(self, images):
        self.calls += 1
        return super().forward(images)


def _uphill(encoder, head, before, batch):
    """Whether the head went from `before` to where the cross-entropy is larger, by its gradient."""
    images, labels = batch
    start = {name: tensor.clone().requires_grad_() for name, tensor in before.items()}
    with torch.no_grad():
        codes = encoder.eval()(images)
    loss = nn.functional.cross_entropy(torch.func.functional_call(head, start, (codes,)), labels)
    slopes = dict(zip(start, torch.autograd.grad(loss, start.values()), strict=True))
    after = head.state_dict()
    return sum(((after[name] - before[name]) * slopes[name]).sum() for name in start) > 0


def _frozen_parts(seed):
    torch.default_generator.manual_seed(seed)
    encoder = _NormalizedEncoder()
    head = nn.Sequential(nn.Flatten(), nn.Linear(48, 10))
    generator = torch.Generator().manual_seed(seed)
    return encoder, head, (torch.rand(20, 1, 28, 28, generator=generator), torch.arange(20) % 10)


@exercise(
    "cross_entropy(scores, labels)",
    returns="the mean cross-entropy, one number",
    first_hint="first turn each row of scores into ten probabilities that sum to 1. Which of them "
    "counts?",
)
def check_cross_entropy(answer):
    """Cross-entropy by hand: how little probability went to the true class, on average.

    `cross_entropy(scores, labels)` gets scores `(N, C)`, any numbers, some of them around 1,000 or
    -1,000, and labels `(N,)`. It returns the mean over the images of minus the natural logarithm of
    the probability that the softmax of the scores gives to the true class.
    """
    generator = torch.Generator().manual_seed(0)
    plain = [
        (torch.tensor([[2.0, 0.0, 1.0]]), torch.tensor([0])),
        (torch.tensor([[2.0, 0.0, 1.0], [0.5, 1.0, 3.0]]), torch.tensor([2, 1])),
        (3 * torch.randn(8, 10, generator=generator), torch.tensor([3, 1, 4, 1, 5, 9, 2, 6])),
    ]
    large = [
        (torch.tensor([[1000.0, 0.0, 998.0]]), torch.tensor([0])),
        (torch.tensor([[-1000.0, -1001.0, -999.0]]), torch.tensor([1])),
        (torch.tensor([[1000.0, 0.0, -1000.0], [0.0, 5.0, 0.0]]), torch.tensor([1, 1])),
    ]
    numbers = [float(answer.array(answer(*case), ())) for case in plain]
    expected = [nn.functional.cross_entropy(*case).item() for case in plain]
    if not close(np.array(numbers), np.array(expected), 1e-4):
        answer.compare(plain, nn.functional.cross_entropy, _entropy_mistakes(), shape=())
    for case in large:
        number = float(answer.array(answer(*case), ()))
        right = nn.functional.cross_entropy(*case).item()
        if np.isclose(number, right, rtol=1e-4, atol=1e-4):
            continue
        if np.isnan(number):
            raise Wrong(
                "with scores of 1,000 NaN comes out: exp(1000) is infinite. What can you subtract "
                "from all scores of a row without changing its softmax?"
            )
        if np.isinf(number):
            raise Wrong(
                "with scores of 1,000 the loss is infinite. exp(1000) is too large for a float: "
                "subtract the largest score first. And a probability can be so small that it is "
                "rounded to 0, which has no logarithm: do you need the probability for it?"
            )
        if number < right and right > 100:
            raise Wrong(
                f"the loss should be {right:.6g} for scores 1,000 apart, but {number:.4g} came: a "
                "small number that keeps the logarithm from infinity also hides how wrong the "
                "scores are."
            )
        shown = shown_call(answer.name, case)
        raise Wrong(answer.difference(shown, np.array(number), np.array(right)))


def _entropy_mistakes():
    entropy, softmax = nn.functional.cross_entropy, torch.softmax

    def picked(probabilities, labels):
        return probabilities[torch.arange(len(labels)), labels]

    return [
        (
            "each row of the softmax should sum to 1. Along which side do yours?",
            lambda scores, labels: -picked(softmax(scores, 0), labels).log().mean(),
        ),
        (
            "each row of the softmax should sum to 1. Along which side do yours?",
            lambda scores, labels: (
                -picked(softmax(scores.flatten(), 0).view_as(scores), labels).log().mean()
            ),
        ),
        (
            "you take the largest probability of each image; that of its true class is asked for.",
            lambda scores, labels: -softmax(scores, 1).amax(1).log().mean(),
        ),
        (
            "each image is held against the labels of all images: with `[:, labels]` you take "
            "whole columns. One number a row is asked for.",
            lambda scores, labels: -softmax(scores, 1)[:, labels].log().mean(),
        ),
        (
            "softmax seems to be taken twice. Then the loss stays near 1.5 for ten classes however "
            "sure the scores are.",
            lambda scores, labels: entropy(softmax(scores, 1), labels),
        ),
        (
            "that is a sum; the mean over the images is asked for.",
            lambda scores, labels: entropy(scores, labels, reduction="sum"),
        ),
        (
            "the sign: a logarithm of a probability is below 0, a loss is above.",
            lambda scores, labels: -entropy(scores, labels),
        ),
        (
            "the natural logarithm is asked for, not that of base 2 or 10.",
            lambda scores, labels: entropy(scores, labels) / np.log(2),
        ),
        (
            "the natural logarithm is asked for, not that of base 2 or 10.",
            lambda scores, labels: entropy(scores, labels) / np.log(10),
        ),
        (
            "that is the mean probability of the true class, or what it lacks to 1: where is the "
            "logarithm?",
            lambda scores, labels: 1 - picked(softmax(scores, 1), labels).mean(),
        ),
        (
            "that is the mean probability of the true class, or what it lacks to 1: where is the "
            "logarithm?",
            lambda scores, labels: picked(softmax(scores, 1), labels).mean(),
        ),
        (
            "that is the mean probability of the true class, or what it lacks to 1: where is the "
            "logarithm?",
            lambda scores, labels: -picked(softmax(scores, 1), labels).mean(),
        ),
        (
            "these are the scores themselves; what makes them probabilities?",
            lambda scores, labels: -picked(scores, labels).mean(),
        ),
        (
            "the logarithm stands outside of the mean; each image has a logarithm of its own.",
            lambda scores, labels: -picked(softmax(scores, 1), labels).mean().log(),
        ),
        (
            "the mean is taken over all classes, too. Only the true class counts: divide by the "
            "images.",
            lambda scores, labels: entropy(scores, labels) / scores.shape[1],
        ),
        (
            "all classes count in yours; only the true one should.",
            lambda scores, labels: -softmax(scores, 1).log().mean(),
        ),
    ]


@exercise(
    "linear_probe(codes, labels)",
    returns="a trained network, an `nn.Module` from codes `(M, 48)` to scores `(M, 10)`",
    first_hint="a linear probe is one `nn.Linear`, trained on the codes by cross-entropy.",
)
def check_linear_probe(answer):
    """What one linear layer reads from codes: a linear probe.

    `linear_probe(codes, labels)` gets codes `(N, 48)` and labels `(N,)`, trains one `nn.Linear` on
    them, 490 weights, and returns a network that turns any codes `(M, 48)` into scores `(M, 10)`,
    as those of a single image. If it brings the codes to one scale first, then by numbers of the
    training codes. The codes of the check are easy: 80 % of new ones should come out right.
    """
    codes, labels, new, truth = _easy_codes()
    probe = answer(codes, labels)
    if isinstance(probe, type) or not callable(probe) and not hasattr(probe, "decision_function"):
        raise Wrong(f"it should return {answer.returns}, but {kind(probe)} came.")
    weights = None
    if isinstance(probe, nn.Module):
        probe.eval()
        weights = sum(parameter.numel() for parameter in probe.parameters())
    elif hasattr(probe, "decision_function"):  # A fitted estimator of scikit-learn.
        weights, probe = probe.coef_.size + probe.intercept_.size, probe.decision_function
    if weights == 480:
        raise Wrong("it has 480 weights: the layer has no bias.")
    if weights == 490 + 2 * 48:
        raise Wrong(
            "it has 586 weights: batch normalization has a scale and a shift of its own for each "
            "number. Without them (`affine=False`) it only brings codes to one scale."
        )
    if weights not in (None, 490):
        more = " A hidden layer makes it an MLP." if weights > 490 else ""
        raise Wrong(f"it has {weights:,} weights; one linear layer has 490.{more}")
    scores = _scores(answer, probe, new)
    single = np.concatenate([_scores(answer, probe, new[i : i + 1]) for i in range(5)])
    if not np.isfinite(single).all():
        raise Wrong(
            "for the code of a single image NaN comes out: a single image has no spread. Whose "
            "mean and spread should scale new codes?"
        )
    if not np.isfinite(scores).all():
        raise Wrong("some of the scores are not finite numbers.")
    if np.abs(single - scores[:5]).max() > 1e-3 * (1 + np.abs(scores[:5]).max()):
        raise Wrong(
            "the scores of an image depend on which others are asked about with it. Whose mean and "
            "spread should scale new codes?"
        )
    share = 100 * (scores.argmax(1) == truth.numpy()).mean()
    known = 100 * (_scores(answer, probe, codes).argmax(1) == labels.numpy()).mean()
    if share < 25:
        raise Wrong(
            f"{share:.0f} % of new codes come out right, where guessing has 10 %. Has the layer "
            "that you return been trained, and on all labels?"
        )
    if share < 80:
        raise Wrong(
            f"{share:.0f} % of new codes come out right ({known:.0f} % of those it was trained "
            "on); 80 % are asked for. Are the steps many and large enough for this scale?"
        )


def _easy_codes():
    """Codes in ten groups, on scales that differ, with labels; and new ones of the same kind."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(10, 48, generator=generator)
    labels = torch.randint(10, (2_000,), generator=generator)
    codes = centres[labels] + 1.6 * torch.randn(2_000, 48, generator=generator)
    codes = codes * torch.linspace(0.5, 1.5, 48) + torch.linspace(-0.5, 0.5, 48)
    return codes[:1_500], labels[:1_500], codes[1_500:], labels[1_500:]


def _scores(answer, probe, codes):
    def ask(codes):
        with torch.no_grad():
            return probe(codes)

    shown = f"what linear_probe returned, on codes {tuple(codes.shape)},"
    scores = answer.array(answer.run(ask, codes, shown=shown)[0])
    if scores.shape != (len(codes), 10):
        raise Wrong(
            f"for codes {tuple(codes.shape)} the shape {scores.shape} came; ten scores for each "
            f"image were expected, {(len(codes), 10)}."
        )
    return scores


@exercise(
    "confusion(true, predicted)",
    returns="a table of 10 rows and 10 columns of counts",
    first_hint="the cell in row t and column p counts the images of digit t that were taken for p.",
)
def check_confusion(answer):
    """Count who is taken for whom: a confusion matrix.

    `confusion(true, predicted)` gets the true and the predicted digits, both `(N,)`. It returns a
    table `(10, 10)`: row t, column p counts the images of digit t that were taken for p.
    """
    generator = torch.Generator().manual_seed(0)
    digits = torch.arange(10)
    small = (digits, torch.tensor([0, 1, 2, 3, 9, 5, 6, 7, 8, 9]))
    twice = (torch.cat([digits, torch.tensor([4, 4])]), torch.cat([small[1], torch.tensor([9, 7])]))
    truth = torch.cat([digits, torch.randint(10, (190,), generator=generator)])
    guesses = torch.where(torch.rand(200, generator=generator) < 0.7, truth, truth.square() % 10)
    large = (truth, guesses)

    answer.compare(
        [small, twice, large],
        _confusion,
        [
            ("rows are the truth, columns what was predicted.", lambda t, p: _confusion(p, t)),
            (
                "pairs that repeat count once. With lists of places on the left, `+=` reads all "
                "cells first and writes each one once.",
                lambda t, p: _confusion(t, p).clip(max=1),
            ),
            (
                "these are shares; counts are asked for.",
                lambda t, p: _confusion(t, p) / _confusion(t, p).sum(1, keepdims=True),
            ),
            (
                "these are shares; counts are asked for.",
                lambda t, p: _confusion(t, p) / _confusion(t, p).sum(0, keepdims=True),
            ),
            ("these are shares; counts are asked for.", lambda t, p: _confusion(t, p) / len(t)),
            (
                "the diagonal is empty: right answers count as well here.",
                lambda t, p: _confusion(t, p) * (1 - np.eye(10)),
            ),
            (
                "all rows are alike: is it one row, ten times? `[row] * 10` makes no copies.",
                lambda t, p: np.tile(_confusion(t, p).sum(0), (10, 1)),
            ),
            (
                "only right answers are counted. Mistakes are what the table is for.",
                lambda t, p: _confusion(t, p) * np.eye(10),
            ),
            (
                "rows are the truth, and pairs that repeat should count each time.",
                lambda t, p: _confusion(p, t).clip(max=1),
            ),
        ],
    )


def _confusion(true, predicted):
    table = np.zeros((10, 10))
    np.add.at(table, (true.numpy(), predicted.numpy()), 1)
    return table
