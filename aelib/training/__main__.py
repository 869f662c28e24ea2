"""Train approach 2 in several processes: on a machine's cores, on its GPUs or on many machines.

    torchrun --nproc-per-node=2 -m aelib.training --epochs 20

Every process has all the data and computes its share of each batch; their gradients are averaged.
The order of the images and the result are those of one process, up to rounding. A job that was
stopped goes on after its last whole epoch when it is started again.
"""

import argparse
import os
from pathlib import Path

import torch
import torch.distributed
from torch.nn.functional import cross_entropy

from aelib.data import load_data
from aelib.evaluation import accuracy
from aelib.models import MLP, Classifier, Encoder
from aelib.settings import NUMBERS, SOURCES, check_settings, project_folder
from aelib.training import infer, pick_device, save_checkpoint, train

DEFAULTS = {
    "train_size": 60_000,
    "test_size": 10_000,
    "seed": 0,
    "epochs": 20,
    "batch_size": 100,
    "learning_rate": 0.001,
}


def main(arguments=None):
    """Train, or go on, and write the trained classifier and its history to `--output`."""
    parser = argparse.ArgumentParser(prog="aelib.training", description=__doc__.splitlines()[0])
    parser.add_argument("--source", choices=SOURCES, default="auto")
    for name, default in DEFAULTS.items():
        kind = NUMBERS[name][0]
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=default, metavar="N")
    output = project_folder() / "runs" / "parallel.safetensors"
    parser.add_argument("--output", type=Path, default=output)
    settings = vars(parser.parse_args(arguments))
    output = settings.pop("output")
    try:
        check_settings(**settings)
    except ValueError as error:
        parser.error(str(error))

    device = pick_device()
    if "RANK" in os.environ:  # Started by torchrun.
        if device.type == "cuda":
            device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
            torch.cuda.set_device(device)
        torch.distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        train_in_processes(device, output, **settings)
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def train_in_processes(device, output, source, train_size, test_size, seed, **training_settings):
    """Do what `main` says, in this process, with its share of every batch."""
    state_file = output.with_suffix(".state")
    first = int(os.environ.get("RANK", 0)) == 0
    if first and state_file.exists():
        print(f"Going on after the last whole epoch, from {state_file}", flush=True)
    data = load_data(source, train_size, test_size, seed, as_bytes=True)
    torch.manual_seed(seed)
    encoder = Encoder().to(device)
    classifier = Classifier(encoder, MLP(infer(encoder, data.train.images))).to(device)
    history = train(
        classifier,
        data.train,
        cross_entropy,
        validation=(),
        seed=seed,
        state_file=state_file,
        **training_settings,
    )
    if first:
        save_checkpoint(output, classifier, history, training_settings)
        state_file.unlink()
        percent = accuracy(infer(classifier, data.test.images).argmax(1), data.test.labels)
        processes = os.environ.get("WORLD_SIZE", 1)
        print(f"{processes} processes: {percent:.2f} % of {len(data.test.labels):,} test images")


if __name__ == "__main__":
    main()
