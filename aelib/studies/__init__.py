"""The studies behind the last lessons: functions of settings and a seed, run over many seeds.

Each module has `JOBS`, a list of pairs of settings (a dict) and seed, and `run(settings, seed)`,
which returns the metrics of one. `make study` runs them all; the rows are CSV files in
`aelib/results/`.
"""

import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from aelib.evaluation import check_value
from aelib.results import results_folder
from aelib.settings import SOURCE_NAMES


def read_rows(name):
    """The rows of a study, as a data frame: its settings, the seed, the metrics, the versions."""
    return pd.read_csv(results_folder() / f"{name}.csv")


def run_row(study, settings, seed):
    """One row of a study, as a dict, measured on one core of this machine.

    With one thread a row does not depend on how many cores there are, or on what else they do.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            metrics = study.run(settings, seed)
    finally:
        torch.set_num_threads(threads)
    return {**settings, "seed": seed, **metrics, "torch": torch.__version__}


def same_settings(rows, settings):
    """Those of the rows that have these settings, whatever their seed."""
    return rows[(rows[list(settings)] == pd.Series(settings)).all(axis=1)]


def check_row(rows, settings, metrics):
    """Check each metric of a new row against the rows with the same settings, whatever their seed.

    Raises:
        AssertionError: one is where a run ends less than once in 1,000.
    """
    known = same_settings(rows, settings)
    if known.empty:
        print("Not checked: the table has no rows with these settings.")
        return
    for name, value in metrics.items():
        check_value(name, value, known[name], SOURCE_NAMES[known.source.iloc[0]])
