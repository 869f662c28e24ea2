"""Every measured table: the spread over seeds, the rows of the studies, the benchmark."""

import json
from importlib.resources import files

#: The accuracies that the published notebook prints, in percent, each of one run on all of MNIST.
PUBLISHED = {"approach_1": 87.34, "approach_2": 93.18}


def results_folder():
    """The folder of the tables, in a clone as in an installed package."""
    return files("aelib.results")


def claim_counts(source):
    """In how many runs on `source` each claim of the lessons held, and of how many, by name.

    They lie in `claims.json`, as `{source: {name: [held, runs]}}`, beside the `conditions` that
    were counted, which `tests/test_lesson_code.py` compares with those of the lessons.
    """
    path = results_folder() / "claims.json"
    counts = json.loads(path.read_text()) if path.is_file() else {}
    return {name: tuple(pair) for name, pair in counts.get(source, {}).items()}


def is_fact(held, runs):
    """Whether a claim may stand as fact: it held in 19 of 20 runs or more."""
    return runs > 0 and 20 * held >= 19 * runs
