"""Print the peak of this process's memory in MB: after the imports, and with a training.

python -m benchmarks.peak_memory SOURCE TRAIN_SIZE
"""

import resource
import sys
from pathlib import Path

from aelib.data import load_data
from aelib.training import infer
from benchmarks.rounds import first_images, new_classifier, train_with_published_settings


def peak():
    status = Path("/proc/self/status")
    if status.exists():  # On Linux getrusage begins with the peak of the process before.
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(source, train_size):
    print(peak())
    data = load_data(source, int(train_size), 10_000, as_bytes=True)
    model = new_classifier(first_images(1_000, data)[0])
    train_with_published_settings(model, data.train)
    infer(model, data.full_test.images)
    print(peak())


if __name__ == "__main__":
    main(*sys.argv[1:])
