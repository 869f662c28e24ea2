"""With few labels, what decides more: which images have a label, or the first weights?

In the contest of `few_labels` a seed draws both. Here each draw of labelled images meets each set
of first weights, those of the autoencoder among them.
"""

from aelib.data import Split
from aelib.evaluation import accuracy
from aelib.studies import few_labels

METHODS = (few_labels.FROZEN, few_labels.SCRATCH)
#: Of labelled images; there are as many sets of first weights.
DRAWS = range(6)
JOBS = [
    ({**few_labels.FIXED, "labels": labels, "method": method, "draw": draw}, seed)
    for seed in DRAWS
    for labels in (10, 100)
    for method in METHODS
    for draw in DRAWS
]


def run(settings, seed):
    """Train by one method, which chooses nothing, on the labelled images of one draw.

    Args:
        settings: those of `few_labels` that a method without variant and choice has, and the draw,
            from 0: the seed of the row in `few_labels` that has the same labelled images.
        seed: the one of the row in `few_labels` that has the same first weights.

    Returns:
        The accuracy on all test images, in percent.
    """
    images = settings["source"], settings["unlabelled"]
    data = few_labels.load(*images, settings["draw"])
    drawn = few_labels.draw(data.train.labels, settings["labels"], settings["draw"])
    labelled = Split(data.train.images[drawn], data.train.labels[drawn])
    predict = few_labels.train_by(
        settings["method"],
        *("plain", few_labels.UNCHOSEN_RATE, labelled, (*images, seed), settings["steps"], seed),
    )
    test = data.full_test
    return {"accuracy": accuracy(predict(test.images), test.labels)}
