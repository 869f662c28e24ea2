"""A witness of what a lesson has done: its numbers computed once more, in another way.

Bands and claims say whether a number is possible. That it is what its name says, of these images,
by this method and in this order, is seen here: `make test` and `make refresh` let the witness look
at the variables of a lesson whose last cell has run.
"""

import json
import math
import sys
from collections import Counter
from itertools import pairwise
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch
from scipy.stats import binomtest
from torch import nn
from torch.nn.functional import cross_entropy

from aelib.data import load_data
from aelib.figures.showing import SHOWN
from aelib.models import Encoder
from aelib.results import PUBLISHED, results_folder
from aelib.training import infer, train

#: So many images are enough to tell one method from another.
FEW = 200


def look(name, variables):
    """Raise where the variables of a lesson are not what they should be.

    Raises:
        AssertionError: one is not; the line says which.
    """
    seen = SimpleNamespace(**variables)
    # The images of lesson 9 are a reader's own.
    WITNESSES[name](seen, same_data(seen) if "data" in variables else None)
    keep_coverage()


def same_data(seen):
    """The data of the parameters, which are to be those of the lesson."""
    source = "mnist" if seen.data.source == "MNIST" else "digits"
    data = load_data(source, seen.train_size, seen.test_size, seen.seed)
    for split in ("train", "validation", "test", "full_test"):
        for ours, theirs in zip(getattr(data, split), getattr(seen.data, split), strict=True):
            assert torch.equal(ours, theirs), f"{split} is not that of the parameters"
    return data


def keep_coverage():
    """Write down what coverage has measured, if it does: kernels are ended without a last word."""
    coverage = sys.modules.get("coverage")
    if coverage and (measuring := coverage.Coverage.current()):
        measuring.save()


def near(first, second, tolerance=1e-4):
    """Whether two numbers, or two rows of them, are the same but for rounding."""
    return np.allclose(np.asarray(first), np.asarray(second), rtol=tolerance, atol=1e-5)


def percent(answers, labels):
    """The share of answers that are right."""
    return 100 * sum(map(int, np.asarray(answers) == np.asarray(labels))) / len(labels)


def squared_error(painted, images):
    """The mean squared error of all pixels."""
    return float(((painted.double() - images.double()) ** 2).mean())


def lengths(seen, *histories):
    """Every training has had all its epochs."""
    for history in histories:
        assert len(history["training_loss"]) == seen.epochs


def figure_of(words):
    """The figure whose alternative text has these words."""
    [figure] = [figure for alt, figure in SHOWN.items() if words in alt]
    return figure


def paints(words, *rows):
    """The figure with these words shows these images, row by row, and in front of all others."""
    shown = [axis.images[0].get_array() for axis in figure_of(words).axes if axis.images]
    expected = np.concatenate([np.asarray(row).reshape(len(row), -1) for row in rows])
    assert near([one.ravel() for one in shown[: len(expected)]], expected, 1e-3)


def draws(words, lines):
    """The lines of the figure with these words are these, by their labels."""
    [axis] = figure_of(words).axes
    drawn = {line.get_label(): line.get_ydata() for line in axis.lines}
    assert drawn.keys() == lines.keys()
    assert all(near(drawn[label], values, 1e-3) for label, values in lines.items())


def curves(history, after=""):
    """The lines that a history should be drawn as."""
    names = {"training_loss": f"training{after}", "validation_loss": f"validation{after}"}
    return {name: history[key] for key, name in names.items() if len(history[key])}


def counts(words, *matrices):
    """The tables of the figure with these words are these, but for their diagonals."""
    tables = [axis.images[0].get_array() for axis in figure_of(words).axes]
    for table, matrix in zip(tables, matrices, strict=True):
        assert np.array_equal(table, matrix * (1 - np.eye(10, dtype=int)))


def answers_of_neighbours(train, images):
    """What three nearest neighbours say, or -1 where all three differ."""
    distances = torch.cdist(images.flatten(1).double(), train.images.flatten(1).double())
    three = train.labels[distances.topk(3, largest=False).indices].sort(1).values
    return torch.where((three[:, 0] == three[:, 1]) | (three[:, 1] == three[:, 2]), three[:, 1], -1)


def same_neighbours(train, images, answers):
    """The answers are those of three nearest neighbours, where these have a majority."""
    expected = answers_of_neighbours(train, images).numpy()
    told = expected >= 0
    assert np.array_equal(np.asarray(answers)[told], expected[told])


def ranked(codes):
    """For each code the positions of the others, the nearest first."""
    flat = codes.flatten(1).double()
    return torch.cdist(flat, flat).fill_diagonal_(-1).argsort(1)[:, 1:]


def principal(train):
    """A function that rebuilds images from 48 principal components, and how they deviate."""
    pixels = train.images.flatten(1).double()
    mean = pixels.mean(0)
    variances, vectors = torch.linalg.eigh((pixels - mean).T @ (pixels - mean) / (len(pixels) - 1))
    axes = vectors[:, -48:]

    def rebuilt(images):
        centred = images.flatten(1).double() - mean
        return (centred @ axes @ axes.T + mean).view_as(images)

    return rebuilt, variances[-48:].flip(0).sqrt()


def lesson_1(seen, data):
    for name, baseline in seen.baselines.items():
        for kind, split in (("accuracy", data.test), ("accuracy_full_test", data.full_test)):
            answers = seen.predictions[name][kind]
            assert near(seen.metrics[f"{name}_{kind}"], percent(answers, split.labels))
            few = split.images[:FEW].flatten(1)
            assert np.array_equal(answers[:FEW], baseline.predict(few))
    answers = seen.predictions["nearest_neighbours"]["accuracy_full_test"][:FEW]
    same_neighbours(data.train, data.full_test.images[:FEW], answers)
    images, labels = data.train
    for digit in range(10):
        assert near(seen.mean[digit], images[labels == digit].mean(0), 1e-3)
        assert near(seen.std[digit], images[labels == digit].std(0), 1e-3)
    paints("Top: the mean image", seen.mean, seen.std / seen.std.max())
    assert near(seen.black, (images == 0).float().mean())
    whole = seen.metrics["nearest_neighbours_accuracy_full_test"]
    assert near(seen.whole, whole)
    draws = np.asarray(seen.draws)
    assert draws.shape == (2_000,) and abs(10 * draws - (10 * draws).round()).max() < 1e-6
    share = whole / 100  # Of 10,000 images 1,000 are drawn and not put back.
    expected = 100 * math.sqrt(share * (1 - share) / 1_000 * 9_000 / 9_999)
    assert abs(draws.mean() - whole) < 0.1 and abs(draws.std() / expected - 1) < 0.05
    z = NormalDist().inv_cdf(0.975)
    share = round(10 * whole) / 1_000
    middle, half = share + z**2 / 2_000, z * math.sqrt(share * (1 - share) / 1_000 + z**2 / 4e6)
    ends = [100 * (middle + side * half) / (1 + z**2 / 1_000) for side in (-1, 1)]
    assert near((seen.low, seen.high), ends)
    assert near(seen.inside, ((draws >= ends[0]) & (draws <= ends[1])).mean())
    assert near(seen.spread_of_draws, draws.max() - draws.min())
    assert seen.order.tolist() == sorted(range(10), key=lambda digit: seen.std[digit].mean())
    assert seen.scores == {n: seen.metrics[f"{n}_accuracy_full_test"] for n in seen.baselines}


def lesson_2(seen, data):
    lengths(seen, seen.history)
    images, held_out = data.train.images, data.validation.images
    assert near(seen.black, (images**2).mean())
    assert near(seen.mean_image, squared_error(images.mean(0).expand_as(images), images))
    assert near(seen.history["training_loss"][0], seen.their_history["training_loss"][0], 1e-3)
    assert near(seen.ten.cpu(), images[:10]) and near(seen.others.cpu(), images[10:20])
    assert near(seen.seen, infer(seen.pupil, images[:10]))
    assert near(seen.on_others, squared_error(infer(seen.pupil, images[10:20]), images[10:20]))
    assert list(seen.snapshots) == [0, *(one for one in (1, 3, 10, 20) if one <= seen.epochs)]
    errors = [squared_error(one, images[:1]) for one in seen.snapshots.values()]
    assert near(seen.drops, [before - after for before, after in pairwise(errors)])
    if seen.epochs in seen.snapshots:
        assert near(errors[-1], squared_error(infer(seen.autoencoder, images[:1]), images[:1]))
    if len(held_out):
        error = squared_error(infer(seen.autoencoder, held_out), held_out)
        assert near(seen.metrics["autoencoder_validation_loss"], error, 1e-3)
    assert seen.metrics["autoencoder_training_loss"] == seen.history["training_loss"][-1]
    assert near(seen.flat, np.ptp([seen.black, *seen.losses["with ReLU"]]))
    figures_of_lesson_2(seen, images)


def figures_of_lesson_2(seen, images):
    ten, others = images[:10], images[10:20]
    raw = infer(seen.untrained, ten)
    paints("an untrained autoencoder", ten, (raw - raw.min()) / (raw.max() - raw.min()))
    paints("The ten images of the training", ten, infer(seen.pupil, ten).clamp(0, 1))
    paints("Ten other images", others, infer(seen.pupil, others).clamp(0, 1))
    mark = {"always the mean image": [seen.mean_image] * 2}
    draws("Training and validation MSE", {**curves(seen.history), **mark})
    paints("more and more epochs", images[:1], *(s.clamp(0, 1) for s in seen.snapshots.values()))
    paints(
        "with ReLU and without", ten, seen.rows["with ReLU"], infer(seen.network, ten).clamp(0, 1)
    )


def lesson_3(seen, data):
    lengths(seen, seen.pretraining, seen.narrow_training)
    rebuilt, deviations = principal(data.train)
    for suffix, split in (("", data.test), ("_full_test", data.full_test)):
        error = squared_error(infer(seen.autoencoder, split.images).clamp(0, 1), split.images)
        assert near(seen.metrics[f"reconstruction_mse{suffix}"], error, 1e-3)
        error = squared_error(rebuilt(split.images).clamp(0, 1), split.images)
        assert near(seen.metrics[f"pca_mse{suffix}"], error, 3e-3)
    ours, theirs = (seen.metrics[f"{one}_mse_full_test"] for one in ("reconstruction", "pca"))
    assert near(seen.gain, (theirs - ours) / theirs)
    assert near(seen.pca_std, deviations, 5e-3)
    error = squared_error(rebuilt(data.train.images), data.train.images)
    assert near(seen.pca_training, error, 3e-3)
    images, labels = data.test
    each = (infer(seen.autoencoder, images).clamp(0, 1) - images).square().mean((1, 2, 3))
    assert near(seen.errors[seen.order], each.sort().values, 1e-3)
    for digit in range(10):
        mine = labels == digit
        assert near(seen.by_digit[0][digit], each[mine].mean(), 1e-3)
        error = squared_error(rebuilt(images[mine]).clamp(0, 1), images[mine])
        assert near(seen.by_digit[1][digit], error, 5e-3)
    assert labels[seen.examples].tolist() == [*range(10)]
    assert labels[seen.chosen].tolist() == [2, 3, 4, 5, 8]
    assert torch.equal(seen.start, images[labels == 3][0])
    assert torch.equal(seen.end, images[labels == 8][0])
    codes = infer(seen.autoencoder.encoder, images)
    assert near(seen.codes, codes) and near(seen.std, codes.flatten(1).std(0))
    code, raised = codes[seen.examples[5]], torch.zeros(48)
    raised[16 + 2 * 4 + 3] = 3 * seen.std[16 + 2 * 4 + 3]  # Second channel, third row, fourth.
    pair = torch.stack([code + raised.view(3, 4, 4), code])
    more, less = infer(seen.autoencoder.decoder, pair).flatten(1)
    drawn = (seen.change[1, 2, 3] - 0.5).flatten()
    assert torch.cosine_similarity(more - less, drawn, 0) > 0.999
    figures_of_lesson_3(seen, images)
    claims_of_lesson_3(seen, data)


def figures_of_lesson_3(seen, images):
    ours, theirs = seen.reconstructions, seen.pca_reconstructions
    paints("One test image of each digit", images[seen.examples], ours[seen.examples])
    for words, some in (("the best", seen.order[:10]), ("the worst", seen.order[-10:])):
        paints(words, images[some], ours[some])
    draws("Mean test MSE", dict(zip(("autoencoder", "PCA-48"), seen.by_digit, strict=True)))
    mark = {"PCA-48, training images": [seen.pca_training] * 2}
    draws("on a logarithmic axis", {**curves(seen.pretraining), **mark})
    paints("Five test digits", images[seen.chosen], ours[seen.chosen], theirs[seen.chosen])
    paints("For each of the 48", *(seen.change[:, row].flatten(0, 1) for row in range(4)))
    steps = torch.linspace(0, 1, 9).view(-1, 1, 1, 1)
    codes = seen.code_start + steps * (seen.code_end - seen.code_start)
    walk = infer(seen.autoencoder.decoder, codes).clamp(0, 1)
    paints("A walk from", walk, seen.start + steps * (seen.end - seen.start))


def claims_of_lesson_3(seen, data):
    images, labels = data.test
    losses, mark = seen.pretraining["training_loss"], float(seen.pca_training)
    assert seen.crossed == next((n for n, loss in enumerate(losses, 1) if loss < mark), 1)
    ours, theirs = (one.numpy() for one in (seen.reconstructions, images))
    ratio = np.mean((ours[..., 1:] - ours[..., :-1]) ** 2)
    assert near(seen.softness, ratio / np.mean((theirs[..., 1:] - theirs[..., :-1]) ** 2), 1e-3)
    painted = [one.numpy()[theirs == 0] for one in (seen.reconstructions, seen.pca_reconstructions)]
    assert near(seen.dark, [np.mean(one**2) for one in painted], 1e-3)

    def around(place):
        return slice(max(7 * place - 7, 0), 7 * place + 14)

    work = (seen.change[:, :, :, 0].numpy() - 0.5) ** 2
    inside = sum(
        work[:, row, column, around(row), around(column)].sum()
        for row in range(4)
        for column in range(4)
    )
    assert near(seen.share, inside / work.sum(), 1e-3)
    order = ranked(seen.codes)
    assert near(seen.same, (labels[order[:, 0]] == labels).double().mean(), 1e-2)
    foreign = (labels[order] != labels[:, None]).int().argmax(1, keepdim=True)
    strangers = labels[order.gather(1, foreign).squeeze(1)]
    assert (strangers == seen.nearest_stranger).double().mean() > 0.99
    away = seen.codes - seen.codes.mean(0)
    for place, axis in enumerate(seen.directions):
        assert near(seen.away[:, place], (away * axis).sum((1, 2, 3)) / (axis**2).sum(), 1e-3)
    both = infer(seen.classifiers["approach 2"], seen.reconstructions)
    assert torch.equal(seen.read, both.argmax(1))


def lesson_4(seen, data):
    lengths(seen, seen.pretraining, seen.history, *seen.histories)
    labels = data.full_test.labels
    assert seen.pca.n_components_ == 48
    assert near(seen.pca.mean_, data.train.images.flatten(1).mean(0), 1e-3)
    torch.manual_seed(seen.seed)
    fresh = Encoder().state_dict()
    for name, tensor in seen.random_encoder.state_dict().items():
        assert near(fresh[name], tensor.cpu())
    answers = {
        "approach_1": lambda images: infer(seen.approach_1, images),
        "pca_mlp": lambda images: infer(seen.heads["pca_mlp_accuracy"], seen.pca_code(images)),
        "random_encoder": lambda images: infer(
            seen.heads["random_encoder_accuracy"], infer(seen.random_encoder, images)
        ),
    }
    titles = ("autoencoder + MLP", "PCA-48 + MLP", "random encoder + MLP")
    for (name, score), title in zip(answers.items(), titles, strict=True):
        for suffix, split in (("", data.test), ("_full_test", data.full_test)):
            right = percent(score(split.images).argmax(1), split.labels)
            assert near(seen.metrics[f"{name}_accuracy{suffix}"], right)
        assert near(seen.scores[title], right)
    assert torch.equal(seen.predicted, infer(seen.approach_1, data.full_test.images).argmax(1))
    counted = pd.crosstab(labels.numpy(), seen.predicted.numpy())
    counted = counted.reindex(index=range(10), columns=range(10), fill_value=0).to_numpy()
    assert np.array_equal(seen.pairs, counted)
    assert seen.mixed_up[4, 9] == counted[4, 9] + counted[9, 4]
    counts("Mistakes of approach 1", counted)
    draws("Cross-entropy of the MLP", curves(seen.history))
    paints("Two images each", data.train.images[seen.chosen])
    assert data.train.labels[seen.chosen].tolist() == [0, 0, 1, 1, 3, 3, 4, 4, 9, 9]
    scores = list(seen.scores.values())
    assert near((seen.over_pca, seen.over_random), (scores[0] - scores[1], scores[0] - scores[2]))
    assert seen.held_out[seen.lowest - 1] == min(seen.held_out)
    assert seen.first == seen.from_images["training_loss"][0]
    assert seen.trained == seen.history["training_loss"]
    # From the same first weights it is the same training, from images or from their codes.
    assert near(seen.first, seen.trained[0], 1e-3)


def lesson_5(seen, data):
    lengths(seen, seen.pretraining, seen.history_1, seen.history_2)
    models = {"approach_1": seen.approach_1, "approach_2": seen.approach_2}
    for suffix, split in (("", data.test), ("_full_test", data.full_test)):
        for name, model in models.items():
            answers = infer(model, split.images).argmax(1)
            assert torch.equal(seen.predictions[name + suffix], answers)
            assert near(seen.metrics[f"{name}_accuracy{suffix}"], percent(answers, split.labels))
    images, labels = data.full_test
    right = [seen.predictions[f"{name}_full_test"] == labels for name in models]
    gained, lost = right[1] & ~right[0], right[0] & ~right[1]
    assert torch.equal(seen.groups["gained"], gained) and torch.equal(seen.groups["lost"], lost)
    assert (seen.only_1, seen.only_2) == (lost.sum(), gained.sum())
    one, two = (seen.predictions[name] == data.test.labels for name in models)
    for p, first, second in ((seen.probability, *right), (seen.small, one, two)):
        firsts, differ = int((first & ~second).sum()), int((first != second).sum())
        assert math.isclose(p, binomtest(firsts, differ).pvalue if differ else 1, rel_tol=1e-6)
    assert lost[seen.chosen].all() and (seen.wrong != labels)[seen.chosen].all()
    assert near(seen.gain, 100 * (right[1].double().mean() - right[0].double().mean()))
    for place, (name, model) in enumerate(models.items()):
        answers, outputs = seen.predictions[f"{name}_full_test"], infer(model, images)
        pairs = zip(labels.tolist(), answers.tolist(), strict=True)
        mistakes = [10 * true + said for true, said in pairs if true != said]
        counted = (seen.wrong_1, seen.wrong_2)[place]
        assert np.array_equal(counted, np.bincount(mistakes, minlength=100))
        cost = -outputs.log_softmax(1)[range(len(labels)), labels]
        assert near(seen.costs[place], cost[~right[place]].mean(), 1e-3)
        codes = infer(model.encoder, data.test.images)
        assert near(seen.test_codes[f"codes of {name.replace('_', ' ')}"], codes)
    assert near(seen.loss_to_end, cost.mean(), 1e-3)  # Of approach 2, the last one.
    outputs = infer(seen.stopped, images)
    assert near(seen.loss_stopped, -outputs.log_softmax(1)[range(len(labels)), labels].mean(), 1e-3)
    assert near(seen.stopped_at, percent(outputs.argmax(1), labels))
    counts("Mistakes of both", *(wrong.reshape(10, 10) for wrong in (seen.wrong_1, seen.wrong_2)))
    beside = curves(seen.history_1, ", approach 1")
    draws("Cross-entropy of both", {**curves(seen.history_2), **beside})
    paints("Ten digits, above their codes", seen.shown)
    for name, group in (("gained", gained), ("lost", lost)):
        first = group.nonzero().squeeze(1)[:10]
        paints(f"test digits {name}", images[first])
        said = seen.predictions[f"approach_{1 if name == 'gained' else 2}_full_test"]
        pairs = zip(labels[first].tolist(), said[first].tolist(), strict=True)
        titles = [axis.get_title() for axis in figure_of(f"test digits {name}").axes]
        assert titles == [f"{true}, not {no}" for true, no in pairs]
    losses = seen.history_2["validation_loss"] or seen.history_2["training_loss"]
    assert losses[seen.best_epoch - 1] == min(losses)
    for title, baseline in seen.baselines.items():
        answers = baseline.predict(images.flatten(1))
        assert near(seen.scores[title], percent(answers, labels))
    same_neighbours(data.train, images[:FEW], answers[:FEW])  # Nearest neighbours are the last one.
    for name, published in PUBLISHED.items():
        title = name.replace("_", " ")
        assert seen.scores[title] == seen.metrics[f"{name}_accuracy_full_test"]
        assert seen.scores[f"{title}, published"] == published
    torch.manual_seed(seen.seed)
    assert near(seen.both["untrained"], infer(Encoder(), seen.shown))
    assert near(seen.both["autoencoder"], infer(seen.autoencoder.encoder, seen.shown))
    for name, span in seen.spans.items():
        assert near(span, seen.both[name].flatten(1).numpy().std(0, ddof=1).mean(), 1e-3)
    labels = data.test.labels
    for codes, share in zip(seen.test_codes.values(), seen.agreeing, strict=True):
        assert near(share, (labels[ranked(codes)[:, 0]] == labels).double().mean(), 1e-2)
    cells = list(zip(seen.wrong_1, seen.wrong_2, strict=True))
    assert seen.shrunk == sum(two < one for one, two in cells)
    assert seen.grown == sum(two > one for one, two in cells)


def table(name):
    """The stored rows of MNIST of a study."""
    rows = pd.read_csv(results_folder() / f"{name}.csv")
    return rows[rows.source == "mnist"]


def lesson_6(seen, data):
    from aelib.studies import replication

    live = (seen.live[name] for name in ("source", "train_size", "test_size", "seed"))
    source = "mnist" if data.source == "MNIST" else "digits"
    assert [*live] == [source, seen.train_size, seen.test_size, seen.seed]
    rows = table("replication").query("change == 'as published'")
    for size, suffix in ((6_000, ""), (60_000, "_60000")):
        for name in PUBLISHED:
            values = sorted(rows[rows.train_size == size][name])
            assert len(values) == 16
            dead = seen.metrics[f"replication_collapse_share_{name}{suffix}"]
            assert dead == sum(value < 50 for value in values) / 16
            median = seen.metrics[f"replication_median_accuracy_{name}{suffix}"]
            assert near(median, (values[7] + values[8]) / 2)
    steps = math.ceil(seen.train_size / seen.batch_size)
    assert {len(values) for values in seen.brightest.values()} == {2 * steps}
    assert {len(values) for values in seen.differences.values()} == {6 * steps}
    for decay in (0.01, 0.0):
        losses = seen.losses[f"weight decay {decay:g}"]
        torch.manual_seed(2)
        network = nn.Sequential(replication.published_encoder(), replication.published_mlp())
        settings = {"batch_size": seen.batch_size, "learning_rate": seen.learning_rate}
        settings |= {"epochs": len(losses), "seed": seen.seed, "weight_decay": decay}
        again = train(network, data.train, cross_entropy, **settings)["training_loss"]
        assert near(losses, again)


def lesson_7(seen, _):
    from aelib.studies import few_labels, recipe, spread_labels

    ladder = table("recipe")
    for approach in (1, 2):
        rows = ladder[ladder.approach == approach].set_index("habits").accuracy
        mean = rows[" + ".join(recipe.KEPT[approach])].mean()
        assert near(seen.metrics[f"better_approach_{approach}_accuracy"], mean)
    rows = table("few_labels").query("variant == 'plain'")
    rows = few_labels.unchosen(rows[rows.steps == few_labels.FIXED["steps"]])
    for count in few_labels.LABELS:
        mean = rows[rows.labels == count].groupby("method").accuracy.mean()
        gain = mean[few_labels.TUNED] - mean[few_labels.SCRATCH]
        assert near(seen.metrics[f"labels_{count}_finetuned_minus_scratch"], gain)
    rows = table("spread_labels")
    rows = rows[rows.code == spread_labels.AUTOENCODER]
    rows = rows[rows.unlabelled == rows.unlabelled.max()]
    for count, mean in rows.groupby("labels").again_accuracy.mean().items():
        assert near(seen.metrics[f"labels_{count}_best"], mean)


def lesson_8(seen, _):
    stored = json.loads((results_folder() / "benchmark.json").read_text(encoding="utf-8"))
    names = ("seconds_approach_1", "seconds_approach_2", "share_of_peak", "growth_60k_over_6k")
    assert seen.metrics == {f"benchmark_{name}": stored[name] for name in names}


def lesson_9(seen, _):
    images, labels, classes = seen.mine.images, seen.mine.labels.tolist(), seen.mine.classes
    frequent = Counter(label for label in labels if label >= 0)
    assert seen.counts.tolist() == [frequent[label] for label in range(len(classes))]
    assert near(seen.guessing, 100 * max(frequent.values()) / frequent.total())
    errors = ((infer(seen.autoencoder, images[:FEW]) - images[:FEW] / 255) ** 2).mean((1, 2, 3))
    assert near(seen.errors[:FEW], errors, 1e-3)
    assert seen.errors[seen.worst].tolist() == sorted(seen.errors.tolist(), reverse=True)
    paints("the largest reconstruction error", images[seen.worst[:20]])
    paints("whose neighbours", images[seen.suspects[:20]])
    titles = [axis.get_title() for axis in figure_of("whose neighbours").axes]
    # Of a long name the beginning stands there.
    own = [classes[labels[one]] for one in seen.suspects[:20].tolist()]
    assert all(title.startswith(name[:6]) for title, name in zip(titles, own, strict=False))
    means = seen.rows.groupby(["labels", "method"]).accuracy.mean()
    for row in seen.verdict["contest"]:
        assert near(row["accuracy"], means[row["labels"], row["method"]])


WITNESSES = {
    "01_dataset": lesson_1,
    "02_autoencoder": lesson_2,
    "03_reconstructions": lesson_3,
    "04_frozen_encoder": lesson_4,
    "05_joint_training": lesson_5,
    "06_replication": lesson_6,
    "07_labels": lesson_7,
    "08_scaling_up": lesson_8,
    "09_your_own_images": lesson_9,
}
