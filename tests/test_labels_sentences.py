"""What lesson 7 says about the rows of its newer studies, computed from them."""

import numpy as np
import pytest
import torch
from scipy.stats import ttest_1samp
from torch.utils.flop_counter import FlopCounterMode

from aelib.data import load_data
from aelib.evaluation import holm, mean_interval, win_interval, win_probability
from aelib.models import Encoder
from aelib.studies import few_labels, read_rows, recipe, scales, spread_labels

STAGES = ("spread_accuracy", "still_accuracy", "moved_accuracy", "again_accuracy")


@pytest.fixture(scope="module")
def by_scale():
    return read_rows("scales").set_index(["code", "labels", "seed"]).sort_index()


@pytest.fixture(scope="module")
def rows():
    rows = read_rows("spread_labels")
    return rows[rows.source == "mnist"]


@pytest.fixture(scope="module")
def all_images(rows):
    return rows[rows.unlabelled == spread_labels.ALL["unlabelled"]]


def plain_rows(choosing=False):
    """The contest's rows: those in which nothing was chosen, or all of the draws that chose."""
    rows = read_rows("few_labels")
    rows = rows[(rows.source == "mnist") & (rows.variant == "plain") & (rows.steps == 360)]
    return rows[rows.seed < 4] if choosing else few_labels.unchosen(rows)


def mean_scores(rows):
    """Mean accuracy, by number of labels and method."""
    return rows.pivot_table("accuracy", "labels", "method")


def paired(method, rival, labels):
    """The differences between two methods, draw by draw."""
    rows = plain_rows()
    wide = rows[rows.labels == labels].pivot(index="seed", columns="method", values="accuracy")
    return wide[method] - wide[rival]


def test_who_leads_with_few_labels_and_with_many():
    table = mean_scores(plain_rows())
    for count in few_labels.LABELS:
        order = table.loc[count].sort_values(ascending=False).index.tolist()
        if count <= 100:
            assert set(order[:2]) == {few_labels.FROZEN, few_labels.TUNED}
        if count >= 300:
            assert order[0] == few_labels.SCRATCH
    assert [round(table.loc[count].max()) for count in (10, 30, 100)] == [46, 64, 80]
    assert (paired(few_labels.PIXELS, few_labels.SCRATCH, 10) > 0).sum() == 35
    ten = table.loc[10].sort_values(ascending=False)
    assert ten.index[2] == few_labels.PIXELS
    assert 1 < ten.iloc[1] - ten.iloc[2] < 5
    assert ten[few_labels.SCRATCH] < ten[few_labels.PRINCIPAL] < ten[few_labels.PIXELS]


def test_choosing_changes_little_with_few_labels_and_more_with_many():
    rows = plain_rows(choosing=True).sort_values("validation_accuracy", kind="stable")
    best = rows.groupby(["labels", "method", "seed"]).accuracy.max().groupby(level=[0, 1]).mean()
    table = mean_scores(few_labels.unchosen(rows))
    gained = best.unstack() - table
    by_validation = rows.groupby(["labels", "method", "seed"]).accuracy.last()
    for scores in (table.stack(), by_validation.groupby(level=[0, 1]).mean(), best):
        leaders = scores.loc[10].nlargest(2).index
        assert set(leaders) == {few_labels.FROZEN, few_labels.TUNED}
    assert gained.loc[[10, 100]].max(axis=None) < 2.5
    others = [few_labels.PRINCIPAL, few_labels.RANDOM, few_labels.FROZEN, few_labels.TUNED]
    of_both = [
        scores - table.stack() for scores in (best, by_validation.groupby(level=[0, 1]).mean())
    ]
    assert all(round(gain[6_000, few_labels.SCRATCH], 1) == 0.4 for gain in of_both)
    gains = [gain[6_000, method] for gain in of_both for method in others]
    assert [round(min(gains), 1), round(max(gains), 1)] == [1.5, 2.7]


def test_with_a_hundred_labels_a_choice_shrinks_a_lead_that_four_draws_do_not_show():
    rows = plain_rows(choosing=True).sort_values("validation_accuracy", kind="stable")
    of_run = ["method", "seed"]
    rows = rows[rows.labels == 100]
    unchosen = few_labels.unchosen(rows).set_index(of_run).accuracy
    for method in (few_labels.FROZEN, few_labels.TUNED):
        leads = [
            scores[method] - scores[few_labels.SCRATCH]
            for scores in (
                unchosen,
                rows.groupby(of_run).accuracy.last(),
                rows.groupby(of_run).accuracy.max(),
            )
        ]
        without, *chosen = (lead.mean() for lead in leads)
        assert without > 1 > max(chosen) > min(chosen) > 0
        assert all(mean_interval(lead)[0] < 0 for lead in leads)


def by_rate():
    """With 6,000 labels, the mean accuracy of four draws, by method, variant, steps and rate."""
    rows = read_rows("few_labels")
    rows = rows[(rows.source == "mnist") & (rows.labels == 6_000) & (rows.seed < 4)]
    return rows.groupby(["method", "variant", "steps", "choice"]).accuracy.mean().unstack()


def test_fine_tuned_and_scratch_want_other_rates_and_end_alike():
    table = by_rate()
    tuned, scratch = (
        table.loc[method, "plain", 360] for method in (few_labels.TUNED, few_labels.SCRATCH)
    )
    assert tuned.idxmax() == 0.03 and scratch.idxmax() == 0.01
    assert scratch[0.03] < 90 < tuned[0.03]
    assert round(scratch[0.01], 1) == 97.9
    assert 0.2 < scratch.max() - tuned.max() < 0.5
    same_scale = table.loc[few_labels.SCRATCH, "scale of the code", 360]
    leads = [round(one[0.003] - tuned[0.003], 1) for one in (scratch, same_scale)]
    assert leads == [1.5, 0.2] and same_scale[0.03] > 97
    head_first = table.loc[few_labels.TUNED, "head first", 360]
    assert 0.7 < tuned.max() - head_first.max() < 1
    costs = tuned - table.loc[few_labels.TUNED, "encoder at a tenth", 360]
    assert round(costs[0.03], 1) == 0.3 and 0.9 < costs[:0.01].min() < costs[:0.01].max() < 2
    # One of four runs breaks down at 0.03, and the others lose points; none does with that scale.
    rows = read_rows("few_labels")
    rows = rows[(rows.source == "mnist") & (rows.labels == 6_000) & (rows.steps == 360)]
    rows = rows[(rows.method == few_labels.SCRATCH) & (rows.seed < 4)]
    runs = rows.pivot(index="seed", columns=["variant", "choice"], values="accuracy")
    assert (runs["plain", 0.03] < 20).sum() == 1
    assert (runs["plain", 0.01] - runs["plain", 0.03]).min() > 1
    assert runs["scale of the code", 0.03].min() > 97
    long = [table.loc[m, "plain", 1_440].max() for m in (few_labels.TUNED, few_labels.SCRATCH)]
    assert abs(long[0] - long[1]) < 0.1


@pytest.mark.parametrize("count", [10, 100])
def test_an_encoder_at_a_tenth_of_the_rate_shows_no_effect_with_few_labels(count):
    rows = read_rows("few_labels")
    rows = rows[(rows.source == "mnist") & (rows.labels == count) & (rows.steps == 360)]
    rows = few_labels.unchosen(rows[(rows.method == few_labels.TUNED) & (rows.seed < 10)])
    wide = rows.pivot(index="seed", columns="variant", values="accuracy")
    low, high = mean_interval(wide["encoder at a tenth"] - wide["plain"])
    assert low < 0 < high


def test_what_remedies_do_with_a_hundred_labels():
    rows = read_rows("few_labels")
    rows = rows[(rows.labels == 100) & (rows.steps == 360) & (rows.source == "mnist")]
    rows = few_labels.unchosen(rows[rows.seed < 10])
    wide = rows.pivot(index="seed", columns=["variant", "method"], values="accuracy")
    plain, moved = wide["plain"], wide["affine moves"]
    gains = {name: (wide[name] - plain).mean() for name in few_labels.REMEDIES}
    for method in (few_labels.TUNED, few_labels.SCRATCH):
        best, *others = (gains[name].get(method, 0) for name in reversed(few_labels.REMEDIES))
        assert best > 3 * np.nanmax(others)
    assert gains["affine moves"][few_labels.SCRATCH] > gains["affine moves"][few_labels.TUNED]
    assert (moved[few_labels.TUNED] < moved[few_labels.SCRATCH]).all()
    for name, rival in (("denoising", "plain"), ("wide code", "wide code")):
        lead = wide[name, few_labels.TUNED] - wide[rival, few_labels.SCRATCH]
        assert round(lead.mean(), 1) == {"denoising": 1.4, "wide code": 0.3}[name]
        assert mean_interval(lead)[0] < 0 and (lead > 0).sum() == 5
        gain = wide[name] - plain
        assert mean_interval(gain[few_labels.TUNED])[0] < 0 < gain[few_labels.TUNED].mean()
    gain = wide["denoising", few_labels.FROZEN] - plain[few_labels.FROZEN]
    assert round(gain.mean()) == 1 and mean_interval(gain)[0] > 0 and (gain > 0).sum() == 9
    gain = wide["wide code", few_labels.FROZEN] - plain[few_labels.FROZEN]
    assert mean_interval(gain)[0] < 0 < gain.mean() < 1


def test_other_ways_to_pretrain_change_little_and_moves_much():
    rows = read_rows("few_labels")
    rows = rows[(rows.source == "mnist") & (rows.steps == 360) & (rows.seed < 4)]
    wide = few_labels.unchosen(rows).pivot(
        index=["labels", "seed"], columns=["variant", "method"], values="accuracy"
    )
    frozen, tuned, scratch = few_labels.FROZEN, few_labels.TUNED, few_labels.SCRATCH
    for variant in few_labels.PRETRAINING:
        gain = {method: wide[variant, method] - wide["plain", method] for method in (frozen, tuned)}
        means = {method: one.groupby("labels").mean() for method, one in gain.items()}
        if variant == "moves throughout":
            assert means[frozen][[10, 100]].min() > 2 and means[tuned].min() > 0.8
            continue
        assert means[frozen][list(few_labels.CHOOSING)].abs().max() < 1
        if few_labels.PRETRAINING[variant]:  # Patches are masked.
            assert 1.4 < -means[tuned][10] < 4.1 and 0.5 < means[tuned][6_000] < 1.1
    lead = wide["moves throughout", tuned] - wide["affine moves", scratch]
    assert 2.5 < lead[10].min() < lead[10].max() < 11
    assert lead[100].max() < 0 and lead[6_000].max() < 0


def test_what_the_paired_differences_say():
    frozen, tuned, scratch = few_labels.FROZEN, few_labels.TUNED, few_labels.SCRATCH
    for labels, draws in plain_rows().groupby(["labels", "method"]).size().groupby("labels"):
        assert draws.eq(40 if labels in (10, 30, 100) else 20).all()
    for method in (frozen, tuned):
        for count in (10, 30):
            lead = paired(method, scratch, count)
            assert 3.9 < lead.mean() < 7 and round(win_probability(lead), 1) == 0.9
            assert win_interval(lead)[0] > 0.75
        for count in few_labels.LABELS[3:]:
            lag = -paired(method, scratch, count)
            assert 0.65 < lag.mean() < (4 if method == frozen else 1.55)
            assert mean_interval(lag)[0] > 0
    assert (paired(tuned, scratch, 300) > 0).sum() == 4
    for method, wins, draws in ((frozen, 23, 20), (tuned, 32, 10)):
        lead = paired(method, scratch, 100)
        assert mean_interval(lead)[0] > 0 and (lead > 0).sum() == wins
        assert 0.5 < lead.mean() < 1 if method == frozen else 1.5 < lead.mean() < 2
        assert mean_interval(lead[:draws])[0] < 0, "which made a tie of it, after so many"
    assert round(-paired(frozen, scratch, 300).mean()) == 1
    assert -paired(frozen, scratch, 6_000).mean() > 3.5
    leads = [paired(frozen, few_labels.PIXELS, count) for count in (10, 30)]
    assert 2.4 < leads[0].mean() < 2.7 and 2.9 < leads[1].mean() < 3.2
    assert [(lead > 0).sum() for lead in leads] == [35, 38]
    for rival in (few_labels.PIXELS, few_labels.PRINCIPAL):
        lead = paired(frozen, rival, 100)
        assert (lead > 0).all() and round(lead.mean()) == 4
    leads = [paired(frozen, few_labels.PRINCIPAL, count) for count in few_labels.LABELS]
    assert all((lead > 0).all() for lead in leads)
    assert leads[0].mean() > 4 and 0.75 < leads[-1].mean() < 1
    both = [paired(few_labels.BOTH, scratch, count) for count in few_labels.LABELS]
    assert all(one.mean() < 0 for one in both)
    unsure = dict(
        zip(few_labels.LABELS, holm([ttest_1samp(one, 0).pvalue for one in both]), strict=True)
    )
    for count in (100, 6_000):
        assert 0.04 < unsure.pop(count) < 0.06
    assert max(unsure.values()) < 0.03


def test_which_luck_it_is():
    luck = {}
    for of, runs in read_rows("crossed").groupby(["labels", "method"]):
        grid = runs.pivot(index="draw", columns="seed", values="accuracy").to_numpy()
        assert grid.shape == (6, 6)
        rest = grid - grid.mean(1, keepdims=True) - grid.mean(0) + grid.mean()
        rest = (rest**2).sum() / 25
        own = [max(0, grid.mean(1 - side).var(ddof=1) - rest / 6) ** 0.5 for side in (0, 1)]
        luck[of] = *own, rest**0.5
    for count in (10, 100):
        draw, weights, _ = luck[count, few_labels.FROZEN]
        assert draw > 4 * weights
    draw, weights, rest = luck[10, few_labels.SCRATCH]
    assert draw < weights < rest
    for method in (few_labels.FROZEN, few_labels.SCRATCH):
        assert luck[100, method][1] < 0.3
    assert luck[10, few_labels.FROZEN][0] > 3  # "With few labels the draw decides a lot."


@pytest.mark.parametrize("count", [10, 100])
def test_pairing_takes_out_most_of_the_luck_of_two_codes_and_less_with_scratch(count):
    rows = plain_rows()
    wide = rows[rows.labels == count].pivot(index="seed", columns="method", values="accuracy")

    def left(rival):
        pair = wide[[few_labels.FROZEN, rival]]
        return pair.diff(axis=1).iloc[:, 1].var() / pair.var().sum()

    assert left(few_labels.PRINCIPAL) < 0.2 < 0.3 < left(few_labels.SCRATCH)


@pytest.mark.parametrize("head", scales.HEADS)
def test_whitening_costs_pca_many_points_with_ten_labels(by_scale, head):
    costs = by_scale[f"one_{head}"] - by_scale[f"each_{head}"]
    assert (costs[scales.PRINCIPAL, 10] > 0).all()
    means = {code: costs[code, 10].mean() for code in scales.CODES}
    assert means[scales.PRINCIPAL] > 5
    assert abs(means[scales.AUTOENCODER]) < 3


@pytest.mark.parametrize("head", scales.HEADS)
def test_in_one_scale_the_autoencoder_is_ahead_with_ten_labels(by_scale, head):
    means = by_scale[f"one_{head}"].groupby(["code", "labels"]).mean()
    ours = means[scales.AUTOENCODER, 10]
    assert ours > means[scales.PRINCIPAL, 10]
    assert ours > means[scales.PIXELS, 10]
    assert means[scales.PRINCIPAL, 10] > means[scales.RANDOM, 10] - 3
    whitened = by_scale[f"each_{head}"].groupby(["code", "labels"]).mean()
    for rival in (scales.PRINCIPAL, scales.PIXELS):
        by_less = ours - means[rival, 10]
        assert by_less < whitened[scales.AUTOENCODER, 10] - whitened[rival, 10]


def test_whitened_pca_would_have_come_last_in_the_contest(by_scale):
    rows = plain_rows()
    draws = by_scale.index.unique("seed")
    contest = rows[(rows.labels == 10) & rows.seed.isin(draws)].groupby("method").accuracy.mean()
    assert by_scale.each_mlp[scales.PRINCIPAL, 10].mean() < contest.min()


def test_used_twice_few_labels_are_worth_many(all_images):
    best = mean_scores(plain_rows()).max(axis=1)
    ours = all_images[all_images.code == spread_labels.AUTOENCODER]
    means = ours.groupby("labels")[list(STAGES)].mean()
    for count, row in means.iterrows():
        worth = np.exp(np.interp(row.again_accuracy, best, np.log(best.index)))
        assert worth > 10 * count, (count, worth)
        assert row.again_accuracy > row.moved_accuracy > row.still_accuracy
    # Settings were tried out on seed 0.
    ten = ours[ours.labels == 10].set_index("seed").again_accuracy
    assert ten.idxmax() == 0 and ten.idxmin() == 1
    assert [round(one.mean(), 1) for one in (ten.drop(0), ten)] == [91.3, 91.5]
    assert ours.groupby("labels").seed.nunique().eq(20).all()
    # "With ten, luck in the draw still decides a lot."
    deviations = ours.groupby("labels").again_accuracy.std()
    assert deviations[10] > 5 > 1 > deviations[100]
    assert set(best.index) == set(few_labels.LABELS)


@pytest.mark.parametrize("count", [10, 100])
def test_the_code_matters_for_the_first_graph_and_hardly_after_the_second(all_images, count):
    means = all_images[(all_images.labels == count) & (all_images.seed < 2)]
    means = means.groupby("code")[list(STAGES)].mean()
    order = (
        spread_labels.AUTOENCODER,
        spread_labels.PRINCIPAL,
        spread_labels.PIXELS,
        spread_labels.RANDOM,
    )
    first, last = means.spread_accuracy[list(order)], means.again_accuracy
    assert (first.diff().dropna() < 0).all()
    ours = last[spread_labels.AUTOENCODER]
    assert last[spread_labels.PIXELS] > ours - 1
    assert last[spread_labels.PRINCIPAL] > ours - 1
    behind = last.drop(spread_labels.RANDOM).min() - last[spread_labels.RANDOM]
    assert behind > (2 if count == 10 else 0)


def test_a_tenth_of_the_images_gets_nearly_as_far_with_a_hundred_labels(rows):
    rows = rows[(rows.code == spread_labels.AUTOENCODER) & (rows.seed < 3)]
    means = rows.groupby(["labels", "unlabelled"]).again_accuracy.mean()
    for labels in (10, 100):
        assert means[labels, 20_000] > means[labels, 59_000] - 0.1
    assert means[100, 59_000] - 1 < means[100, 6_000] < means[100, 59_000]
    assert round(means[10, 59_000] - means[10, 6_000]) == 2
    assert [round(means[labels, 1_000]) for labels in (100, 10)] == [93, 80]


def test_more_labels_at_a_higher_rate_beat_every_row_of_few_that_were_spread(all_images):
    ours = all_images[all_images.code == spread_labels.AUTOENCODER]
    best = ours.groupby("labels").again_accuracy.mean().max()
    assert by_rate().loc[few_labels.SCRATCH, "plain", 360][0.01] > best


def test_the_better_recipe_closes_the_distance_in_points_and_not_in_mistakes():
    rows = read_rows("recipe").pivot(index="seed", columns=["approach", "habits"])
    validation, test = rows["validation_accuracy"], rows["accuracy"]
    ladders = {approach: recipe.ladder(approach) for approach in (1, 2)}
    first, last = (
        {approach: test[approach, names[end]] for approach, names in ladders.items()}
        for end in (0, -1)
    )
    assert [round(one.mean(), 1) for one in (*first.values(), *last.values())] == [
        95.5, 97.5, 98.5, 99.3
    ]  # fmt: skip
    assert round((first[2] - first[1]).mean()) == 2 and (last[2] - last[1]).mean() < 1
    before, after = ((100 - end[1]) / (100 - end[2]) for end in (first, last))
    assert [round(one.mean(), 1) for one in (before, after)] == [1.8, 2.2]
    assert (after > before).all() and last[1].mean() > first[2].mean()
    # "Of seven mistakes, five are gone."
    assert abs((100 - last[2]).mean() / (100 - first[2]).mean() - 2 / 7) < 0.02
    # Each is tried on what was kept before it.
    kept = [name for name in ladders[1] if validation[1, name].notna().all()]
    gains = [(validation[1, b] - validation[1, a]) for a, b in zip(kept, kept[1:], strict=False)]
    assert all(gain.mean() > 0 for gain in gains)
    assert all(0.6 < gain.mean() < 1 for gain in gains[:3])
    assert mean_interval(gains[-1])[0] < 0
    wide = validation[2, ladders[2][2]] - validation[2, ladders[2][1]]
    assert wide.mean() <= 0  # Not kept.
    kept = [name for name in ladders[2] if name != ladders[2][2]]
    for scores in (validation[2], test[2]):
        gains = [(scores[b] - scores[a]).mean() for a, b in zip(kept, kept[1:], strict=False)]
        assert "moves" in kept[gains.index(max(gains)) + 1].split(" + ")[-1]


def test_with_all_habits_a_start_from_an_autoencoder_changes_nothing():
    rows = read_rows("recipe")
    rows = rows[rows.habits == recipe.PRETRAINED["habits"]]
    wide = rows.pivot(index="seed", columns="approach", values="accuracy")
    gains = wide[3] - wide[2]
    low, high = mean_interval(gains)
    assert low < 0 < high and abs(gains.mean()) < 0.01
    assert (gains > 0).sum() == 7 and gains.max() < 0.1 and (gains < -0.1).sum() == 2


def test_the_codes_of_a_fresh_encoder_are_tiny():
    images = load_data("digits", 600, 100, 0).train.images
    torch.manual_seed(0)
    with torch.no_grad():
        assert Encoder()(images).std(0).mean() < 0.05


def test_the_better_encoder_takes_almost_seven_times_the_arithmetic():
    operations = []
    for encoder in (Encoder(), recipe.better_encoder()):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            encoder.eval()(torch.zeros(1, 1, 28, 28))
        operations.append(counter.get_total_flops())
    assert 6.5 < operations[1] / operations[0] < 7
