"""The simple methods that a network has to beat: what is fast, and learns no representation.

Each is a module from features to class scores, so that it can be scored, saved and put behind an
encoder like any MLP.
"""

import torch
from torch import nn
from torch.nn.functional import normalize


class NearestByAngle(nn.Module):
    """Features `(N, D)` to class scores `(N, classes)`: of each class the cosine of the angle to
    its nearest example, of the `M` that it is given: `(M, D)` and labels `(M,)`."""

    def __init__(self, examples, labels, classes=10):
        super().__init__()
        self.register_buffer("examples", normalize(examples.flatten(1)))
        self.register_buffer("labels", labels)
        self.classes = classes

    def forward(self, features):
        cosines = normalize(features.flatten(1)) @ self.examples.T
        scores = cosines.new_full((len(features), self.classes), -1)
        return scores.scatter_reduce(1, self.labels.expand_as(cosines), cosines, "amax")


class RBFMachine(nn.Module):
    """Features `(N, D)` to class scores `(N, classes)`: a support vector machine whose kernel is a
    Gaussian of the distance (Cortes and Vapnik, 1995; trained by scikit-learn's `SVC`).

    Args:
        examples: `(M, D)`.
        labels: `(M,)`, at least two classes.
        classes: how many class scores there are; a class without an example never wins.
        strength: the inverse of the penalty, scikit-learn's `C`.

    The width is scikit-learn's, by the variance of all numbers of the examples.
    """

    def __init__(self, examples, labels, classes=10, strength=10.0):
        from sklearn.svm import SVC  # Slow, so not above.

        super().__init__()
        examples = examples.flatten(1)
        self.register_buffer("examples", examples)
        self.register_buffer("width", examples[0].numel() * examples.var(correction=0).clamp(1e-9))
        kernel = self.kernel(examples).double().numpy()
        machine = SVC(C=strength, kernel="precomputed").fit(kernel, labels)
        # For each pair of classes, how much each example counts: scikit-learn keeps them by class.
        present, support = torch.tensor(machine.classes_), torch.tensor(machine.support_)
        ends = torch.tensor(machine.n_support_).cumsum(0)
        sign = -1 if len(present) == 2 else 1  # scikit-learn's are the other way round for two.
        pairs = torch.combinations(torch.arange(len(present)))
        weights = torch.zeros(len(examples), len(pairs))
        counts = torch.tensor(machine.dual_coef_).float()
        for place, (first, second) in enumerate(pairs.tolist()):
            for own, row in ((first, second - 1), (second, first)):
                members = slice(ends[own - 1] if own else 0, ends[own])
                weights[support[members], place] = sign * counts[row, members]
        self.register_buffer("weights", weights)
        self.register_buffer("intercepts", torch.tensor(sign * machine.intercept_).float())
        self.register_buffer("pairs", present[pairs])
        self.classes = classes

    def kernel(self, features):
        """The similarity of features `(N, D)` to each example, `(N, M)`, 1 where they are equal."""
        return torch.cdist(features.flatten(1), self.examples).square().div(-self.width).exp()

    def forward(self, features):
        margins = self.kernel(features) @ self.weights + self.intercepts
        first, second = self.pairs.T
        votes = margins.new_zeros(len(features), self.classes)
        sure = margins / (1 + margins.abs()) / len(self.pairs)  # It decides where votes are equal.
        votes = votes.index_add(1, first, (margins > 0).float() + sure / 2)
        return votes.index_add(1, second, (margins <= 0).float() - sure / 2)
