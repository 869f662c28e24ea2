"""What lesson 7 says about the rows of its newer studies, computed from them."""

import numpy as np
import pytest

from aelib.studies import few_labels, read_rows, scales, spread_labels

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


def test_used_twice_few_labels_are_worth_many(all_images):
    plain = read_rows("few_labels")
    plain = plain[(plain.source == "mnist") & (plain.variant == "plain")]
    best = plain.groupby(["labels", "method"]).accuracy.mean().groupby("labels").max()
    ours = all_images[all_images.code == spread_labels.AUTOENCODER]
    means = ours.groupby("labels")[list(STAGES)].mean()
    for count, row in means.iterrows():
        worth = np.exp(np.interp(row.again_accuracy, best, np.log(best.index)))
        assert worth > 10 * count, (count, worth)
        assert row.again_accuracy > row.moved_accuracy > row.still_accuracy
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


def test_a_tenth_of_the_images_gets_nearly_as_far_with_a_hundred_labels(rows):
    ours = rows[(rows.code == spread_labels.AUTOENCODER) & (rows.labels == 100) & (rows.seed < 3)]
    few, many = ours.groupby("unlabelled").again_accuracy.mean()
    assert many - 1 < few
