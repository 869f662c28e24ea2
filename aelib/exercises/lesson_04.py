"""What the exercises of lesson 4, the MLP on the frozen encoder, are checked by."""

import copy
from unittest import mock

import numpy as np
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from aelib.exercises.answers import Wrong, exercise
from aelib.exercises.words import kind


@exercise(
    "cross_entropy(scores, labels)",
    "the mean cross-entropy, one number",
    "first turn each row of scores into ten probabilities that sum to 1. Which of them counts?",
)
def check_cross_entropy(answer):
    """Cross-entropy by hand: how little probability went to the true class, on average.

    Scores are `(N, C)`, some around 1,000 or -1,000, and labels `(N,)`. The logarithm is natural.
    """
    cases = [(torch.tensor([[2.0, 0.0, 1.0]]), torch.tensor([0]))]
    cases += [(torch.tensor([[2.0, 0.0, 1.0], [0.5, 1.0, 3.0]]), torch.tensor([2, 1]))]
    cases += [(3 * torch.randn(8, 10), torch.tensor([3, 1, 4, 1, 5, 9, 2, 6]))]
    answer.compare(cases, _entropy, ENTROPY_MISTAKES, shape=())
    for (scores, labels), hint in LARGE_SCORES:
        came = float(answer.array(answer(scores, labels), ()))
        right = _entropy(scores, labels).item()
        if not np.isclose(came, right, rtol=1e-4, atol=1e-4):
            rows = scores.int().tolist()
            raise Wrong(f"with the scores {rows} {came:.6g} came, not {right:.6g}. {hint}")


LARGE_SCORES = [
    (
        (torch.tensor([[1000.0, 0, 998]]), torch.tensor([0])),
        "exp(1000) is too large. What may be subtracted from a row, and its softmax stays?",
    ),
    (
        (torch.tensor([[1000.0, 0, 998], [-1000, -1001, -999]]), torch.tensor([0, 1])),
        "A row alone comes out right. Is one maximum taken for all? Each row needs its own.",
    ),
    (
        (torch.tensor([[1000.0, 0, -1000], [0, 5, 0]]), torch.tensor([1, 1])),
        "A probability can be so small that it is rounded to 0, which has no logarithm, and a "
        "small number added to it hides how wrong the scores are. Do you need the probability for "
        "its logarithm?",
    ),
]


_entropy = nn.functional.cross_entropy


def _picked(values, labels):
    return values[torch.arange(len(labels)), labels]


ENTROPY_MISTAKES = {
    "each row of the softmax should sum to 1. Along which side do yours?": [
        lambda scores, labels: -_picked(scores.softmax(0), labels).log().mean(),
    ],
    "softmax seems to be taken twice. Then the loss stays near 1.5 for ten classes however sure "
    "the scores are.": lambda scores, labels: _entropy(scores.softmax(1), labels),
    "that is the mean probability, or what it lacks to 1: where is the logarithm?": [
        lambda scores, labels: -_picked(scores.softmax(1), labels).mean(),
        lambda scores, labels: 1 - _picked(scores.softmax(1), labels).mean(),
    ],
}


@exercise(
    "train_head_only(encoder, head, batch)",
    "nothing in particular",
    "which weights does the optimizer have to know? And what changes without an optimizer?",
)
def check_train_head_only(answer):
    """Take a training step that leaves the encoder as it is, to the last number.

    The encoder has batch normalization and is in training mode; the head goes from its codes to
    scores `(N, 10)`; the batch is a pair of images `(N, 1, 28, 28)` and labels `(N,)`.
    """
    for seed in range(2):
        encoder, head, batch = _frozen_parts(seed)
        before, old_head = copy.deepcopy(encoder.state_dict()), copy.deepcopy(head)
        with torch.no_grad():
            codes = copy.deepcopy(encoder).eval()(batch[0])
        answer(
            *(encoder, head, batch),
            may_change=("encoder", "head"),
            may_be_none=True,
            raised={
                "does not require grad": "The head needs a gradient: what should `no_grad` stand "
                "around, and what not?"
            },
        )
        changed = [n for n, one in encoder.state_dict().items() if not torch.equal(one, before[n])]
        if changed and changed[0] in dict(encoder.named_parameters()):
            raise Wrong(
                f"the encoder's weights have moved ({changed[0]}, for one). Which weights does "
                "your optimizer know, and which of them may be trained?"
            )
        if changed:
            raise Wrong(
                f"`{changed[0]}` has moved. It is a buffer and no weight, so it needs no gradient "
                "to change: it follows each batch that passes in training mode. If you called "
                "eval(), does a later train() of the whole undo it?"
            )
        if not any(map(torch.Tensor.any, _steps(old_head, head))):
            raise Wrong(f"nothing of the head has moved. First hint: {answer.first_hint}")
        loss = nn.functional.cross_entropy(old_head(codes), batch[1])
        slopes = torch.autograd.grad(loss, [*old_head.parameters()])
        if sum((a * b).sum() for a, b in zip(_steps(old_head, head), slopes, strict=True)) > 0:
            raise Wrong("the head has moved, but uphill: the cross-entropy of the batch rises.")


def _steps(before, after):
    return [b - a for a, b in zip(before.parameters(), after.parameters(), strict=True)]


def _frozen_parts(seed):
    torch.default_generator.manual_seed(seed)
    encoder = nn.Sequential(nn.Conv2d(1, 3, 7, stride=7), nn.BatchNorm2d(3), nn.Dropout(0.1))
    head = nn.Sequential(nn.Flatten(), nn.Linear(48, 10))
    return encoder, head, (torch.rand(20, 1, 28, 28), torch.arange(20) % 10)


@exercise(
    "linear_probe(codes, labels)",
    "a trained network, an `nn.Module` from codes `(M, 48)` to scores `(M, 10)`",
    "a linear probe is one `nn.Linear`, trained on the codes by cross-entropy.",
)
def check_linear_probe(answer):
    """What one linear layer reads from codes: a linear probe.

    It has 490 weights and learns from codes `(N, 48)`, labels `(N,)`. If it scales codes, then by
    numbers of the training codes. 80 % of new codes should come out right.
    """
    codes, labels, new, truth = _easy_codes()
    with _Training() as training:
        probe = answer(codes, labels)
    if isinstance(probe, type) or not callable(probe) and not hasattr(probe, "decision_function"):
        raise Wrong(f"it should return {answer.returns}, but {kind(probe)} came.")
    weights = None
    if isinstance(probe, nn.Module):
        probe.eval()
        weights = sum(parameter.numel() for parameter in probe.parameters())
    elif hasattr(probe, "decision_function"):  # A fitted estimator of scikit-learn.
        weights, probe = probe.coef_.size + probe.intercept_.size, probe.decision_function
    if weights not in (None, 490):
        raise Wrong(f"it has {weights:,} weights; one linear layer, its bias included, has 490.")
    scores = _scores(answer, probe, new)
    single = np.concatenate([_scores(answer, probe, new[i : i + 1]) for i in range(5)])
    if not np.allclose(single, scores[:5], rtol=1e-3, atol=1e-3 * np.abs(scores[:5]).max()):
        raise Wrong(
            "the scores of an image depend on which others are asked about with it, and a single "
            "image has no spread. Whose mean and spread should scale new codes?"
        )
    if training.softmax or _are_probabilities(torch.as_tensor(scores)):
        raise Wrong(
            "softmax seems to be taken twice: `cross_entropy` of PyTorch takes scores, and turns "
            "them into probabilities itself."
        )
    if training.uncleared:
        raise Wrong("the gradients of one step add to those of the next. Which line clears them?")
    share = 100 * (scores.argmax(1) == truth.numpy()).mean()
    if share < 80:
        raise Wrong(
            f"{share:.0f} % of new codes come out right, where guessing has 10 %; 80 % are asked "
            "for. Has the layer been trained, and are the steps many and large enough?"
        )


class _Training:
    """Notes two mistakes while PyTorch's cross-entropy and optimizers are at work."""

    def __enter__(self):
        self.softmax = self.uncleared = False
        self.stepped = []
        self.patch = mock.patch.object(nn.functional, "cross_entropy", self.loss)
        self.patch.start()
        self.hook = register_optimizer_step_pre_hook(self.before_step)
        return self

    def __exit__(self, *_):
        self.patch.stop()
        self.hook.remove()

    def loss(self, scores, *args, **kwargs):
        self.softmax |= _are_probabilities(scores)
        loss = _entropy(scores, *args, **kwargs)
        if loss.requires_grad:
            loss.register_hook(self.before_backward)
        return loss

    def before_backward(self, _):
        """Look at the first gradients after a step: later ones may add up on purpose."""
        self.uncleared |= any(one.grad is not None and one.grad.any() for one in self.stepped)
        self.stepped = []

    def before_step(self, optimizer, *_):
        self.stepped = [one for group in optimizer.param_groups for one in group["params"]]


def _are_probabilities(scores):
    rows = scores.detach().sum(1)
    return bool((scores >= 0).all() and torch.allclose(rows, torch.ones_like(rows), atol=1e-3))


def _easy_codes():
    """Codes in ten groups, on scales that differ, with labels; and new ones of the same kind."""
    centres, labels = torch.randn(10, 48), torch.randint(10, (2_000,))
    codes = centres[labels] + 1.6 * torch.randn(2_000, 48)
    codes = codes * torch.linspace(0.5, 1.5, 48) + torch.linspace(-0.5, 0.5, 48)
    return codes[:1_500], labels[:1_500], codes[1_500:], labels[1_500:]


def _scores(answer, probe, codes):
    shown = f"what linear_probe returned, on codes {tuple(codes.shape)},"
    with torch.no_grad():
        return answer.array(answer.run(probe, codes, shown=shown)[0], (len(codes), 10))


@exercise(
    "confusion(true, predicted)",
    "a table of 10 rows and 10 columns of counts",
    "the cell in row t and column p counts the images of digit t that were taken for p.",
)
def check_confusion(answer):
    """Count who is taken for whom: a confusion matrix.

    Digits are `(N,)`. Row t, column p counts the images of digit t that were taken for p.
    """
    small = (torch.arange(10), torch.tensor([0, 1, 2, 3, 9, 5, 6, 7, 8, 9]))
    truth = torch.cat([torch.arange(10), torch.randint(10, (190,))])
    large = (truth, torch.where(torch.rand(200) < 0.7, truth, truth.square() % 10))
    without_nine = (torch.tensor([0, 3, 3, 8]), torch.tensor([0, 3, 5, 3]))
    answer.compare([small, large, without_nine], _confusion, CONFUSION_MISTAKES)


def _confusion(true, predicted):
    table = np.zeros((10, 10))
    np.add.at(table, (true.numpy(), predicted.numpy()), 1)
    return table


CONFUSION_MISTAKES = {
    "pairs that repeat count once. A cell is to be counted up, not set to 1; and with lists of "
    "places on the left even `+=` writes each cell only once.": [
        lambda t, p: _confusion(t, p).clip(max=1),
        lambda t, p: _confusion(p, t).clip(max=1),
    ],
}
