"""What lesson 6 says about the rows of its study, computed from them."""

import pytest

from aelib.evaluation import mean_interval
from aelib.results import PUBLISHED
from aelib.studies import read_rows, replication


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


def test_the_same_seeds_die_with_either_number_of_images(published):
    dead = {"approach_1": [0, 2, 3, 5, 6, 11, 14, 15], "approach_2": [0, 5, 14]}
    for name, seeds in dead.items():
        for size in (6_000, 60_000):
            collapsed = published[name, size] < 50
            assert collapsed[collapsed].index.tolist() == seeds


def test_the_output_without_relu_cures_and_does_not_improve(chain):
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
    assert mean_interval(moved)[0] < 0 < mean_interval(moved)[1]


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
    assert mean_interval(initial)[0] < 0 < mean_interval(initial)[1] and initial.abs().max() < 5
    ours = {name: gains(scores, same, layers).mean() for name, scores in chain.items()}
    assert ours["approach_1"] > 10
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
