"""Every measured table: the spread over seeds, the rows of the studies, the benchmark."""

from importlib.resources import files

#: The accuracies that the published notebook prints, in percent, each of one run on all of MNIST.
PUBLISHED = {"approach_1": 87.34, "approach_2": 93.18}


def results_folder():
    """The folder of the tables, in a clone as in an installed package."""
    return files("aelib.results")
