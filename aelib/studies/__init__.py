"""The studies behind the last lessons: functions of settings and a seed, run over many seeds.

Each module has `JOBS`, a list of pairs of settings (a dict) and seed, and `run(settings, seed)`,
which returns the metrics of one. `make study` runs them all; the rows are CSV files in
`aelib/results/`.
"""

import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from aelib.arguments import kind, whole_number
from aelib.evaluation import check_value
from aelib.results import results_folder
from aelib.settings import SOURCE_NAMES, SOURCES


def read_rows(name):
    """The rows of a study, as a data frame: its settings, the seed, the metrics, the versions.

    Raises:
        ValueError: there is no such study, or its rows were not installed.
    """
    tables = [file.name for file in results_folder().iterdir() if file.name.endswith(".csv")]
    if f"{name}.csv" not in tables:
        known = ", ".join(sorted(table.removesuffix(".csv") for table in tables))
        raise ValueError(f"{name!r} is not a study with rows: there are {known}")
    return pd.read_csv(results_folder() / f"{name}.csv")


def check_study_settings(settings, **allowed):
    """Say which setting of a row is unknown, missing, or has a value that means nothing.

    Args:
        allowed: for each setting beside the source its values, or `int` for a number from 1, or
            `str` for a text that the study itself looks at.

    Raises:
        TypeError, ValueError: there is one.
    """
    if not isinstance(settings, dict) or set(settings) != {"source", *allowed}:
        found = ", ".join(map(str, settings)) if isinstance(settings, dict) else kind(settings)
        raise ValueError(f"a row needs the settings source, {', '.join(allowed)}; it has: {found}")
    for name, values in {"source": SOURCES, **allowed}.items():
        if values is int:
            if whole_number(name, settings[name]) < 1:
                raise ValueError(f"{name}={settings[name]} cannot be used: 1 or more can")
        elif values is str:
            if not isinstance(settings[name], str):
                raise TypeError(f"{name} is {kind(settings[name])}: give a text")
        elif settings[name] not in list(values):
            said = ", ".join(map(repr, values))
            raise ValueError(f"{name}={settings[name]!r} is unknown: use one of {said}")


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
    """Those of the rows that have these settings, whatever their seed.

    Raises:
        ValueError: a setting that the rows do not have.
    """
    _check_columns(rows, settings)
    return rows[(rows[list(settings)] == pd.Series(settings)).all(axis=1)]


def check_row(rows, settings, metrics):
    """Check each metric of a new row against the rows with the same settings, whatever their seed.

    Raises:
        AssertionError: one is where a run ends less than once in 1,000.
        ValueError: a setting or a metric that the rows do not have.
    """
    known = same_settings(rows, settings)
    if known.empty:
        print("Not checked: the table has no rows with these settings.")
        return
    _check_columns(rows, metrics)
    for name, value in metrics.items():
        check_value(name, value, known[name], SOURCE_NAMES[known.source.iloc[0]])


def _check_columns(rows, names):
    unknown = [name for name in names if name not in rows]
    if unknown:
        raise ValueError(f"no column is called {unknown[0]!r}: there are {', '.join(rows)}")
