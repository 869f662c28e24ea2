"""The surroundings of every test."""

import os
import signal

from joblib import cpu_count

os.environ["AELIB_PROGRESS"] = "off"
# A shell starts its background jobs with interrupts ignored, and their children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers(config):
    """As many as there are cores to use: in a container those of its quota."""
    return cpu_count()
