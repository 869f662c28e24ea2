"""Measure the training: against what people would use instead, and against the machine's limit.

    PYTHONPATH=tools python benchmarks/benchmark.py

All of it runs in one go, side by side where two things are compared, since machines are noisy. It
prints a table, and writes runs/benchmark.json and runs/benchmark.png.
"""

import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
import warnings
from contextlib import contextmanager
from datetime import datetime
from importlib.resources import files

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import torch
from nbclient import NotebookClient
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils.flop_counter import FlopCounterMode

import peers
from aelib.data import load_data
from aelib.evaluation import accuracy
from aelib.models import MLP, Autoencoder, Classifier, Encoder, freeze
from aelib.settings import project_folder
from aelib.studies import read_rows, replication
from aelib.training import infer, pick_device, train
from lessons import KERNEL, ROOT, find_lessons, set_environment, write_whole

#: How often each comparison is repeated; medians are reported.
ROUNDS = 3
PUBLISHED = {1: 87.34, 2: 93.18}


def seconds(function, *arguments, **settings):
    """The wall time of one call; a GPU is waited for."""
    start = time.perf_counter()
    function(*arguments, **settings)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


@contextmanager
def threads(count):
    """Let torch use this many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


# Against what people would use instead ----------------------------------------------------------


def throughput(data):
    """Images per second in training the published classifier, by name, and ours over each."""
    few = tuple(tensor[:6_000] for tensor in data.train)
    names = {"published loop": None, "lightning": "lightning", "skorch": "skorch", "keras": "keras"}
    missing = [name for name, package in names.items() if package and not installed(package)]
    functions = {"ours": peers.ours} | {
        name: peers.PEERS[name] for name in names if name not in missing
    }
    rates = {name: [] for name in functions}
    for function in functions.values():  # What happens once is not counted.
        function(tuple(tensor[:500] for tensor in few), 1, 100)
    for _ in range(ROUNDS):
        for name, function in functions.items():
            rates[name].append(2 * len(few[0]) / seconds(function, few, 2, 100))
    ratios = {
        name: statistics.median(
            ours / other for ours, other in zip(rates["ours"], values, strict=True)
        )
        for name, values in rates.items()
        if name != "ours"
    }
    return {
        "images_per_second": {name: statistics.median(values) for name, values in rates.items()},
        "throughput_ratio": ratios,
        "not_installed": missing,
    }


def installed(package):
    """Whether a package can be imported."""
    return importlib.util.find_spec(package) is not None


def head(data):
    """The MLP of approach 1 on 6,000 codes for 20 epochs: scikit-learn's and ours, in seconds."""
    torch.manual_seed(0)
    labels = data.train.labels[:6_000]
    codes = infer(Encoder(), data.train.images[:6_000])
    flat = codes.flatten(1).numpy()
    warnings.simplefilter("ignore", ConvergenceWarning)  # It stops after 20 epochs, as asked.
    times = {"scikit-learn": [], "ours": []}
    for _ in range(ROUNDS):
        peer = MLPClassifier(120, batch_size=100, max_iter=20, tol=0, n_iter_no_change=100)
        times["scikit-learn"].append(seconds(peer.fit, flat, labels.numpy()))
        times["ours"].append(seconds(train_briefly, MLP(codes), (codes, labels), epochs=20))
    return {"head_seconds": {name: statistics.median(values) for name, values in times.items()}}


def train_briefly(model, data, loss_function=cross_entropy, epochs=1, **changed):
    """Train with the published settings, one epoch if nothing else is said."""
    settings = {"batch_size": 100, "learning_rate": 0.001, "seed": 0, **changed}
    train(model, data, loss_function, validation=(), epochs=epochs, **settings)


# The time to the published accuracies -----------------------------------------------------------


def time_to_accuracy(data):
    """How long the published procedure takes, and ours to the accuracy that it published.

    The published procedure runs once, with its 20 and 10 epochs on all training images. What its
    seeds reach is known from the study of lesson 6: most never reach the published accuracy, so
    the time of the whole procedure is the least that it takes. Ours runs with ten seeds.
    """
    whole = {1: seconds(published_approach_1, data), 2: seconds(published_approach_2, data)}
    rows = read_rows("replication")
    rows = rows[(rows.train_size == 60_000) & (rows.change == "as published")]
    result = {}
    for approach, ours in ((1, fast_approach_1), (2, fast_approach_2)):
        ours(data, 99)
        runs = []
        for seed in range(10):
            start = time.perf_counter()
            model = ours(data, seed)
            took = time.perf_counter() - start
            reached = accuracy(infer(model, data.full_test.images).argmax(1), data.full_test.labels)
            runs.append((took, reached))
        failed = sum(reached < PUBLISHED[approach] for _, reached in runs)
        published = rows[f"approach_{approach}"]
        median = statistics.median(took for took, _ in runs)
        result |= {
            f"published_seconds_approach_{approach}": whole[approach],
            f"published_seeds_below_approach_{approach}": int(
                (published < PUBLISHED[approach]).sum()
            ),
            f"published_seeds_approach_{approach}": len(published),
            f"seconds_approach_{approach}": median,
            f"accuracy_approach_{approach}": statistics.median(reached for _, reached in runs),
            f"seeds_below_approach_{approach}": failed,
            f"seeds_approach_{approach}": len(runs),
            f"time_ratio_approach_{approach}": whole[approach] / median,
        }
    return result


def published_approach_1(data):
    """The published procedure: autoencoder, then MLP, of which only Adam knows."""
    torch.manual_seed(1)
    layout = {"memory_format": torch.contiguous_format}
    encoder = replication.published_encoder().to(**layout)
    autoencoder = nn.Sequential(encoder, replication.published_decoder().to(**layout))
    pairs = peers.loader(peers.PicturePairs(*data.train), 100)
    peers.fit(autoencoder, pairs, mse_loss, 20)
    mlp = replication.published_mlp()
    batches = peers.loader(peers.Pictures(*data.train), 100)
    peers.fit(nn.Sequential(encoder, mlp), batches, cross_entropy, 10, trained=mlp)


def published_approach_2(data):
    """The published procedure: encoder and MLP together."""
    peers.published_loop(data.train, 20, 100)


def fast_approach_1(data, seed):
    """An autoencoder trained for 0.6 epochs of 6,000 images, an MLP for three of its codes."""
    images, labels = (tensor[:6_000] for tensor in data.train)
    torch.manual_seed(seed)
    autoencoder = Autoencoder()
    few = images[:3_600]
    fast = {"one_cycle": True, "seed": seed}
    train_briefly(autoencoder, (few, few), mse_loss, learning_rate=0.005, **fast)
    codes = infer(freeze(autoencoder.encoder), images)
    mlp = MLP(codes)
    train_briefly(mlp, (codes, labels), epochs=3, learning_rate=0.01, **fast)
    return Classifier(autoencoder.encoder, mlp)


def fast_approach_2(data, seed):
    """Encoder and MLP trained together for one epoch of 6,000 images."""
    few = tuple(tensor[:6_000] for tensor in data.train)
    torch.manual_seed(seed)
    encoder = Encoder()
    model = Classifier(encoder, MLP(infer(encoder, few[0][:1_000])))
    train_briefly(model, few, batch_size=60, learning_rate=0.01, one_cycle=True, seed=seed)
    return model


# Against the machine ----------------------------------------------------------------------------


def machine(data):
    """The rate of our training step, in floating-point operations, against the machine's best."""
    peak = max(best_rate(matrix_product(size), 2 * size**3) for size in (1_024, 2_048))
    layer = nn.Conv2d(64, 64, 3, padding=1).to(memory_format=torch.channels_last)
    images = torch.rand(64, 64, 28, 28).to(memory_format=torch.channels_last)
    with torch.no_grad():
        operations = 2 * 64 * 64 * 9 * 64 * 28 * 28
        peak = max(peak, best_rate(lambda: layer(images), operations))
    source, target = torch.rand(2, 64_000_000)
    copy_rate = best_rate(lambda: target.copy_(source), 2 * 4 * len(source))

    batch, labels = data.train.images[:100], data.train.labels[:100]
    encoder = Encoder()
    steps = {
        "autoencoder": (Autoencoder(), batch, mse_loss, batch),
        "approach 2": (
            Classifier(encoder, MLP(infer(encoder, batch))),
            batch,
            cross_entropy,
            labels,
        ),
    }
    shares = {}
    for name, (model, inputs, loss_function, targets) in steps.items():
        optimizer = torch.optim.Adam(model.parameters(), fused=True)

        def step(
            model=model,
            inputs=inputs,
            loss_function=loss_function,
            targets=targets,
            optimizer=optimizer,
        ):
            optimizer.zero_grad()
            loss_function(model(inputs), targets).backward()
            optimizer.step()

        with FlopCounterMode(display=False) as counter:
            step()
        operations = counter.get_total_flops()
        rate = best_rate(step, operations)
        shares[name] = {
            "operations_per_step": operations,
            "seconds_per_step": operations / rate,
            "share_of_peak": rate / peak,
        }
    return {
        "peak_gflops": peak / 1e9,
        "copy_gbytes_per_second": copy_rate / 1e9,
        "steps": shares,
        "share_of_peak": shares["autoencoder"]["share_of_peak"],
    }


def matrix_product(size):
    """A function that multiplies two square matrices."""
    left, right = torch.rand(2, size, size)
    return lambda: left @ right


def best_rate(function, amount, budget=1.0):
    """`amount` over the shortest time of one call, of all calls in a second."""
    function()
    times, end = [], time.perf_counter() + budget
    while time.perf_counter() < end:
        times.append(seconds(function))
    return amount / min(times)


# How the cost grows -----------------------------------------------------------------------------


def growth(data):
    """Seconds for an epoch of approach 2, by number of images and by number of threads."""

    def epoch(size):
        few = tuple(tensor[:size] for tensor in data.train)
        torch.manual_seed(0)
        encoder = Encoder()
        model = Classifier(encoder, MLP(infer(encoder, few[0][:1_000])))
        return seconds(train_briefly, model, few)

    epoch(600)
    runs = [{size: epoch(size) for size in (600, 6_000, 60_000)} for _ in range(ROUNDS)]
    by_threads = {count: [] for count in range(1, (os.cpu_count() or 1) + 1)}
    for _ in range(ROUNDS):
        for count, times in by_threads.items():
            with threads(count):
                times.append(epoch(6_000))
    return {
        "epoch_seconds": {size: statistics.median(run[size] for run in runs) for size in runs[0]},
        "growth_60k_over_6k": statistics.median(run[60_000] / run[6_000] for run in runs),
        "epoch_seconds_by_threads": {
            count: statistics.median(times) for count, times in by_threads.items()
        },
    }


#: Measured in processes of their own.
ALONE = {
    "import_torch_seconds": "import torch",
    "import_aelib_seconds": "import aelib.data, aelib.training, aelib.evaluation, aelib.figures",
}
MEMORY = """
import resource
from benchmark import train_briefly
from aelib.data import load_data
from aelib.models import MLP, Classifier, Encoder
from aelib.training import infer
data = load_data("auto", 60_000, 10_000)
encoder = Encoder()
train_briefly(Classifier(encoder, MLP(infer(encoder, data.train.images[:6_000]))), data.train)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
FIRST_STEP = """
import time
import torch
from benchmark import train_briefly
from aelib.models import Autoencoder
images = torch.rand(100, 1, 28, 28)
start = time.perf_counter()
train_briefly(Autoencoder(), (images, images), torch.nn.functional.mse_loss)
print(time.perf_counter() - start)
"""


def start_up():
    """What a process pays before it trains, and the memory it takes with 60,000 images."""
    result = {
        name: statistics.median(seconds(run_alone, code) for _ in range(ROUNDS))
        for name, code in {"python_seconds": "pass", **ALONE}.items()
    }
    result["first_training_seconds"] = float(run_alone(FIRST_STEP))
    result["peak_rss_mb_60k"] = float(run_alone(MEMORY))
    return result


def run_alone(code):
    """What `code` prints in a new process."""
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


# The lessons ------------------------------------------------------------------------------------

#: What a cell does, told by the first of these words in it.
PARTS = {
    "imports": ("import ",),
    "training": ("train(", "train_or_load(", "pretrained_autoencoder(", "run_row(", ".fit("),
    "data": ("load_data(", "read_rows("),
    "figures": ("show(",),
}


def lessons():
    """The wall time of every lesson, with nothing in the cache, and what it is spent on."""
    shutil.rmtree(project_folder() / "runs" / "checkpoints", ignore_errors=True)
    set_environment()
    result = {}
    for name, path in find_lessons(ROOT / "notebooks").items():
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(notebook, **KERNEL, resources={"metadata": {"path": path.parent}})
        took = seconds(client.execute)
        parts = dict.fromkeys((*PARTS, "other"), 0.0)
        times = [cell_seconds(cell) for cell in notebook.cells]
        for cell, (start, end) in zip(notebook.cells, times, strict=True):
            words = [part for part, words in PARTS.items() if any(w in cell.source for w in words)]
            parts[(words or ["other"])[0]] += end - start
        figures = [
            end
            for cell, (_, end) in zip(notebook.cells, times, strict=True)
            if "image/png" in str(cell.get("outputs"))
        ]
        begin = min(start for start, _ in times if start)
        parts["kernel"] = took - sum(parts.values())
        result[name] = {
            "seconds": took,
            **parts,
            "first_figure": parts["kernel"] + figures[0] - begin,
        }
    total = sum(one["seconds"] for one in result.values())
    return {"lessons": result, "lessons_seconds": total}


def cell_seconds(cell):
    """When the execution of a cell began and ended, in seconds; zeros for text."""
    moments = cell.metadata.get("execution", {})
    if not moments:
        return 0.0, 0.0
    first, last = moments["iopub.execute_input"], moments["iopub.status.idle"]
    return tuple(datetime.fromisoformat(moment).timestamp() for moment in (first, last))


# The report -------------------------------------------------------------------------------------


def main():
    """Measure everything and write it down."""
    data = load_data("auto", 60_000, 10_000)
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}",
        "device": str(pick_device()),
        "data": data.source,
    }
    for measure in (machine, throughput, head, growth, time_to_accuracy):
        print(f"{measure.__name__} ...", flush=True)
        result |= measure(data)
    for measure in (start_up, lessons):
        print(f"{measure.__name__} ...", flush=True)
        result |= measure()
    runs = project_folder() / "runs"
    runs.mkdir(exist_ok=True)
    write_whole(runs / "benchmark.json", json.dumps(result, indent=1) + "\n")
    print_table(result)
    draw(result).savefig(runs / "benchmark.png")


def print_table(result, indent=0):
    """Print every number, a line each."""
    for name, value in result.items():
        if isinstance(value, dict):
            print(f"{'':<{indent}}{name}")
            print_table(value, indent + 2)
        else:
            shown = f"{value:,.4g}" if isinstance(value, float) else value
            print(f"{'':<{indent}}{name:<{44 - indent}} {shown}")


def draw(result):
    """How fast each trains the published classifier, and what the lessons' time is spent on."""
    plt.style.use(files("aelib") / "aelib.mplstyle")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.2), layout="constrained")
    rates = result["images_per_second"]
    left.barh(list(rates), list(rates.values()))
    left.set(xlabel="images per second, published classifier")
    left.invert_yaxis()
    bottom = np.zeros(len(result["lessons"]))
    for part in ("kernel", *PARTS, "other"):
        values = np.array([lesson[part] for lesson in result["lessons"].values()])
        right.barh(list(result["lessons"]), values, left=bottom, label=part)
        bottom += values
    right.set(xlabel="seconds")
    right.invert_yaxis()
    right.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


if __name__ == "__main__":
    main()
