"""Processes that train an epoch of approach 2 whenever they are told to.

    python -m benchmarks.epochs SOURCE TRAIN_SIZE

Each line on its standard input makes such a process train one more epoch and print its seconds.
Where the environment names a rank and a world size, as torchrun would set them, it is one of a
group that shares every batch.
"""

import atexit
import os
import socket
import subprocess
import sys

import torch
import torch.distributed

from aelib.data import load_data
from benchmarks.rounds import (
    first_images,
    new_classifier,
    seconds,
    source_setting,
    train_with_published_settings,
)


def main(source, train_size):
    if "RANK" in os.environ:
        torch.distributed.init_process_group("gloo")
    data = load_data(source, int(train_size), 100)
    images = first_images(int(train_size), data)
    model = new_classifier(images[0])
    train_with_published_settings(model, images)  # What happens once.
    for _ in sys.stdin:
        print(seconds(train_with_published_settings, model, images), flush=True)
    if torch.distributed.is_initialized():
        # A process that ends while gloo's threads still hold tensors can be aborted by them.
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


def start(data, count=1, group=False, **environment):
    """Start processes that wait for `epoch`; they end with this one.

    Args:
        group: whether they share every batch; else each trains a network of its own.
        environment: what is set in their environment, or None for what is not to be there.
    """
    size = str(min(6_000, len(data.train.labels)))
    if group:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        environment |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": str(count)}
    workers = []
    for rank in range(count):
        changed = os.environ | environment | ({"RANK": str(rank)} if group else {})
        changed["CUDA_VISIBLE_DEVICES"] = ""  # On the processor, whether or not there are GPUs.
        workers.append(
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.epochs", source_setting(data), size],
                env={name: value for name, value in changed.items() if value is not None},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
    atexit.register(stop, workers)
    return workers


def epoch(workers):
    """Let all of them train an epoch at once; the seconds of the slowest."""
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()
    return max(float(worker.stdout.readline()) for worker in workers)


def stop(workers):
    """End them all."""
    for worker in workers:
        worker.stdin.close()
    for worker in workers:
        worker.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
