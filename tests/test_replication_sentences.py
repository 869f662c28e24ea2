"""What lesson 6 says about the rows of its study, computed from them."""

import math
import random
from itertools import pairwise

import jupytext
import pytest
import torch
from torch import nn

from aelib.data import load_data
from aelib.evaluation import mean_interval
from aelib.results import PUBLISHED
from aelib.studies import read_rows, replication
from aelib.training import train
from tools.lessons import ROOT


@pytest.fixture(scope="module")
def rows():
    rows = read_rows("replication")
    return rows[(rows.source == "mnist") & (rows.epochs == 20)]


@pytest.fixture(scope="module")
def published(rows):
    """Of the published recipe, accuracies by seed; columns are an approach and a size."""
    rows = rows[rows.change == "as published"]
    return rows.pivot(index="seed", columns="train_size")[[*PUBLISHED]]


@pytest.fixture(scope="module")
def chain(rows):
    """With 6,000 images, accuracies on all test images by seed, of an approach and a change."""
    rows = rows[rows.train_size == 6_000]
    wide = rows.pivot(index="seed", columns="change")
    return {name: wide[f"{name}_full_test"] for name in PUBLISHED}


def gains(scores, before, after):
    """What those gain that live before and after."""
    pair = scores[[before, after]].dropna()
    pair = pair[pair.min(axis=1) >= 50]
    return pair[after] - pair[before]


def test_two_seeds_reach_the_first_number_one_the_second_and_seed_13_both(published):
    reached = {name: published[name, 60_000] >= value for name, value in PUBLISHED.items()}
    assert [int(one.sum()) for one in reached.values()] == [2, 1]
    both = reached["approach_1"] & reached["approach_2"]
    assert both[both].index.tolist() == [13]
    for name, value in PUBLISHED.items():
        assert published[name, 6_000].max() < value - 5


def test_with_60_000_images_the_runs_fall_into_two_groups(published):
    first, second = (published[name, 60_000] for name in PUBLISHED)
    collapsed, living = first[first < 50], first[first >= 50]
    assert len(collapsed) == len(living) == 8
    assert (round(collapsed.min()), round(collapsed.max())) == (11, 22)
    # The share of ones among the test images.
    assert (collapsed == 11.35).sum() == 6
    away = living - PUBLISHED["approach_1"]
    assert away.abs().max() < 4 and (away.abs() < 1).sum() == 1 and (away > 0).sum() == 2
    collapsed, away = second[second < 50], second[second >= 50] - PUBLISHED["approach_2"]
    assert len(collapsed) == 3 and collapsed.min() > 8 and collapsed.max() < 12
    assert len(away) == 13 and (away > 0).sum() == 1 and ((away < 0) & (away > -1)).sum() == 6
    assert round(second[second >= 50].min()) == 88


def test_the_collapsed_are_those_whose_autoencoder_has_learned_next_to_nothing(rows):
    for _, runs in rows[rows.change == "as published"].groupby("train_size"):
        errors = runs.set_index("seed").mse_full_test
        dead = (runs.approach_1 < 50).to_numpy()
        # Seven that have never learned have one error, that of black images.
        assert (errors[dead] - errors[0] > -1e-6).sum() == 7
        assert 0.1 < errors[15] < errors[0] - 0.01 and errors[~dead].max() < 0.045


@pytest.mark.slow
def test_seven_autoencoders_are_dead_before_the_first_step():
    images, dead = images_for(0).train.images[:1_000], []
    for seed in range(16):
        torch.manual_seed(seed)
        network = nn.Sequential(replication.published_encoder(), replication.published_decoder())
        if not replication.can_learn(network, images):
            dead.append(seed)
    assert dead == [0, 2, 3, 5, 6, 11, 14]


def images_for(seed):
    """MNIST as the lesson draws it; without it the test is skipped."""
    data = load_data("auto", 6_000, 1_000, seed)
    if data.source != "MNIST":
        pytest.skip("it is about MNIST, which is not at hand")
    return data


@pytest.mark.slow
def test_one_network_is_dead_and_one_dies_of_the_decay_whatever_the_draw_of_images():
    seed = random.randrange(1_000)
    print("seed", seed)
    names = {"data": images_for(seed), "replication": replication, "train": train}
    names |= {"torch": torch, "nn": nn}
    names["training_settings"] = {"batch_size": 100, "learning_rate": 0.001, "seed": seed}
    for cell in jupytext.read(ROOT / "notebooks" / "06_replication.py").cells:
        if cell.source.startswith(("def watch", "brightest = ", "differences, losses = ")):
            exec(cell.source, names)
    dead, living = names["brightest"].values()
    assert max(dead) < 0 and max(dead) - min(dead) < 0.002
    assert 0 < living[0] < 0.2 and 0.6 < living[-1] < 1.2
    decayed, free = names["differences"].values()
    assert free[-1] > 200 * free[0] and decayed[-1] < decayed[0] / 100
    decayed, free = names["losses"].values()
    assert all(abs(loss - math.log(10)) < 0.002 for loss in decayed[1:]) and free[-1] < 1.2


def test_the_same_seeds_die_with_either_number_of_images(published):
    dead = {"approach_1": [0, 2, 3, 5, 6, 11, 14, 15], "approach_2": [0, 5, 14]}
    for name, seeds in dead.items():
        for size in (6_000, 60_000):
            collapsed = published[name, size] < 50
            assert collapsed[collapsed].index.tolist() == seeds


def test_with_60_000_images_the_same_kills_and_without_decay_all_pass_the_numbers(rows):
    large = rows[(rows.train_size == 60_000) & (rows.seed < 8)]
    large = large.pivot(index="change", columns="seed", values=[*PUBLISHED])
    published, output, code, decay, epochs = replication.CHANGES[:5]
    assert [(large.loc[published, name] < 50).sum() for name in PUBLISHED] == [5, 2]
    dead = [(large.loc[change, "approach_2"] < 50).sum() for change in (output, code, decay)]
    assert dead == [2, 1, 0]
    first = large["approach_1"]
    without = first.loc[output]
    assert without.min() > 82.5 and 86.5 <= without.max() < PUBLISHED["approach_1"]
    for name, points in (("approach_1", (1, 5)), ("approach_2", (3, 4))):
        beyond = large.loc[decay, name] - PUBLISHED[name]
        assert len(beyond) == 8 and (round(beyond.min()), round(beyond.max())) == points
    gained = first.loc[epochs] - first.loc[decay]
    assert 0.5 < gained.min() <= gained.max() < 2.5


def test_the_output_without_relu_cures_and_does_not_improve(chain, rows):
    rows = rows[rows.train_size == 6_000]
    errors = rows[rows.change == "no ReLU on the output"].mse_full_test
    assert len(errors) == 16 and errors.max() < 0.05
    moved = gains(chain["approach_1"], "as published", "no ReLU on the output")
    assert len(moved) == 8 and (chain["approach_1"]["no ReLU on the output"] > 50).all()
    assert (round(moved.min(), 1), round(moved.max(), 1)) == (-2.4, 3.7)
    low, high = mean_interval(moved)
    assert low < 0 < high and round(moved.mean(), 1) == 0.8
    same = chain["approach_2"]
    assert (same["as published"] == same["no ReLU on the output"]).all()


def test_the_code_without_relu_brings_a_point_to_approach_1_only(chain):
    before, after = "no ReLU on the output", "no ReLU on the code"
    assert 0.5 < gains(chain["approach_1"], before, after).mean() < 1.5
    two = chain["approach_2"]
    assert ((two[before] < 50).sum(), (two[after] < 50).sum()) == (3, 2)
    moved = gains(two, before, after)
    assert (round(moved.min(), 1), round(moved.max(), 1)) == (-5.3, 7.6)
    assert mean_interval(moved)[0] < 0 < mean_interval(moved)[1] and abs(moved.mean()) < 0.5


def test_weight_decay_was_a_brake(chain):
    before, after = "no ReLU on the code", "no weight decay"
    one = gains(chain["approach_1"], before, after)
    assert len(one) == 16 and (one > 0).all() and 0.5 < one.mean() < 1.5
    assert (chain["approach_2"][after] > 50).all()
    two = [
        gains(chain["approach_2"], *pair).mean()
        for pair in zip(replication.CHANGES[:3], replication.CHANGES[1:4], strict=True)
    ]
    assert two[-1] == max(two) > 7


def test_equal_epochs_layers_and_scale_bring_what_is_said(chain, rows):
    *_, decay, epochs, same, layers, scale = replication.CHANGES
    assert 2 < gains(chain["approach_1"], decay, epochs).mean() < 4
    assert (chain["approach_1"][epochs] == chain["approach_1"][same]).all()
    initial = gains(chain["approach_2"], epochs, same)
    assert mean_interval(initial)[0] < 0 < mean_interval(initial)[1] and 4 < initial.abs().max() < 5
    ours = {name: gains(scores, same, layers).mean() for name, scores in chain.items()}
    steps = [gains(chain["approach_1"], *pair).mean() for pair in pairwise(replication.CHANGES)]
    assert ours["approach_1"] == max(steps) > 3 * sorted(steps)[-2]
    decayed = gains(chain["approach_2"], "no ReLU on the code", decay).mean()
    assert abs(ours["approach_2"] - decayed) < 2
    errors = rows[rows.train_size == 6_000].groupby("change").mse_full_test.median()
    assert 0.2 < errors[layers] / errors[same] < 0.3
    last = {name: gains(scores, layers, scale) for name, scores in chain.items()}
    assert (last["approach_2"] > 0).all() and round(last["approach_2"].mean(), 1) == 0.9
    assert last["approach_2"].mean() > (100 - chain["approach_2"][layers]).mean() / 4
    assert round(last["approach_1"].mean(), 2) == 0.15 and (last["approach_1"] > 0).sum() == 11


def test_in_the_first_three_rows_the_approaches_cannot_be_told_apart(chain, published):
    for change in replication.CHANGES:
        one, two = (scores[change] for scores in chain.values())
        living = (one >= 50) & (two >= 50)
        lead = (two - one)[living]
        if change in replication.CHANGES[:3]:
            assert mean_interval(lead)[0] < 0 < mean_interval(lead)[1]
        else:
            assert living.all() and (lead > 0).all()
            assert lead.mean() > 5 or 1 < lead.mean() < 2.2
    large = published.xs(60_000, axis=1, level="train_size")
    large = large[large.min(axis=1) >= 50]
    assert len(large) == 8 and (large.approach_2 > large.approach_1).all()


def effects(chain, approach, change):
    """A change alone on the published recipe and missing from ours: seeds dead before and after,
    and what those gain that live in both."""
    changes = replication.CHANGES
    alone = change if change == changes[1] else f"only {change}"
    others = changes[-2] if change == changes[-1] else f"all but {change}"
    scores = chain[approach].loc[:7]
    for before, after in ((changes[0], alone), (others, changes[-1])):
        dead = [int((scores[name] < 50).sum()) for name in (before, after)]
        yield dead, gains(scores, before, after).mean()


def test_several_changes_cure_the_same_symptom(chain, rows):
    living = [int((scores["as published"].loc[:7] >= 50).sum()) for scores in chain.values()]
    assert living == [3, 6]
    (alone, _), _ = effects(chain, "approach_1", "standardized codes")
    assert alone == [5, 0]
    (alone, _), _ = effects(chain, "approach_1", "our layers")
    assert alone == [5, 1]
    (alone, _), (missing, lost) = effects(chain, "approach_1", "no ReLU on the output")
    assert alone == [5, 0] and missing == [0, 0] and abs(lost) < 0.2
    errors = rows[rows.train_size == 6_000].pivot(index="seed", columns="change", values="mse")
    errors = errors.loc[[0, 2, 3, 5, 6]]  # The dead ones.
    assert (errors["only our layers"] < 0.03).sum() == 4
    assert (errors["only standardized codes"] > 0.1).all()
    (alone, _), _ = effects(chain, "approach_2", "same initial encoder")
    assert alone == [2, 3]  # The -1 of the table.
    reached = chain["approach_1"]["only standardized codes"].loc[errors.index]
    assert 52 <= reached.min() < 53 and 77 <= reached.max() < 78


def test_the_relu_on_the_code_should_stay_away(chain):
    _, (missing, lost) = effects(chain, "approach_1", "no ReLU on the code")
    assert missing == [1, 0] and lost > 1
    _, (_, lost) = effects(chain, "approach_2", "no ReLU on the code")
    assert lost > 1


def test_layers_are_the_largest_step_and_the_decay_depends_on_the_rest(chain):
    for approach in PUBLISHED:
        steps = [list(effects(chain, approach, change)) for change in replication.CHANGES[1:]]
        for side in (0, 1):
            sizes = [step[side][1] for step in steps]
            assert max(sizes) == sizes[replication.CHANGES.index("our layers") - 1]
    (_, alone), (_, missing) = effects(chain, "approach_2", "no weight decay")
    assert round(alone) == 8 and 0 < missing < 1
    (_, alone), (_, missing) = effects(chain, "approach_1", "no weight decay")
    assert round(alone) == 1 and 1.5 < missing < 2


def test_the_decay_alone_does_not_hide_the_lead(chain):
    one, two = (scores["all but no weight decay"].dropna() for scores in chain.values())
    assert ((two - one) > 0).sum() == len(one) == 8 and round((two - one).mean()) == 3
