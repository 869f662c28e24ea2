"""Every measured table: the spread over seeds, the rows of the studies, the benchmark."""

from importlib.resources import files


def results_folder():
    """The folder of the tables, in a clone as in an installed package."""
    return files("aelib.results")
