"""The simple methods that networks are compared with, and deskewing."""

import numpy as np
import pytest
import torch
from sklearn.svm import SVC

from aelib.baselines import NearestByAngle, RBFMachine
from aelib.data import deskewed, load_data


@pytest.fixture(scope="module")
def data():
    return load_data("digits", train_size=300, test_size=500, seed=0)


@pytest.mark.parametrize("classes", [(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (3, 8), (1, 4, 9)])
def test_an_rbf_machine_says_what_that_of_scikit_learn_says(data, classes):
    some, new = torch.isin(data.train.labels, torch.tensor(classes)), data.test.images.flatten(1)
    examples, labels = data.train.images[some].flatten(1), data.train.labels[some]
    scores = RBFMachine(examples, labels)(new)
    theirs = SVC(C=10, break_ties=True).fit(examples, labels).predict(new)
    assert scores.shape == (500, 10) and np.mean(scores.argmax(1).numpy() == theirs) > 0.995
    assert {*scores.argmax(1).tolist()} == {*classes}  # No class wins that has no example.


def test_the_nearest_by_angle_is_that_of_a_loop_whatever_the_lengths(data):
    new, examples = (split.images[:40].flatten(1) for split in (data.test, data.train))
    scores = NearestByAngle(3 * examples, data.train.labels[:40])(new / 7)
    for image, score in zip(new, scores, strict=True):
        cosines = [float(image @ one / image.norm() / one.norm()) for one in examples]
        assert score.max().item() == pytest.approx(max(cosines), abs=1e-5)
        assert score.argmax() == data.train.labels[np.argmax(cosines)]


def bar(lean, middle=(13.5, 13.5), width=2):
    """A bar of 16 rows, soft at its sides, each `lean` columns to the right of the one above."""
    rows, columns = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    off = (columns - middle[1] - lean * (rows - middle[0])).abs()
    return ((width - off).clamp(0, 1) * ((rows - middle[0]).abs() < 8)).view(1, 1, 28, 28)


BARS = [bar(0), bar(0.4), bar(-0.7), bar(0.3, middle=(10.5, 17)), 0.3 * bar(-0.2)]


@pytest.mark.parametrize("image", BARS)
def test_a_bar_comes_to_stand_upright_in_the_middle(image):
    assert torch.allclose(deskewed(image) / image.max(), bar(0), atol=0.15)
    black = torch.zeros_like(image)
    together = deskewed(torch.cat([black, image]))  # No image looks at another.
    assert together[:1].equal(black) and torch.allclose(together[1:], deskewed(image), atol=1e-6)
