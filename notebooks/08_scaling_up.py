# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 8. Scaling up: where the time goes
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/autoencoders-for-classification/tutorial/blob/main/notebooks/08_scaling_up.ipynb)
#
# **You will learn** what the time of a training is spent on, what each step to a faster one has
# bought, and how the same training runs on several cores, in several processes and on a GPU.
#
# **You need** [lesson 2](02_autoencoder.ipynb) for the training loop, and [lesson
# 5](05_joint_training.ipynb) for approach 2.
#
# **Time** 25 minutes to read, under one to run.
#
# Timings differ from machine to machine, and on one machine from minute to minute. So what is
# compared here was measured in turn, in one run of `make benchmark`. Its numbers are in a file, and
# what the text says of times holds for that run. A few cells measure on your machine, too.

# %% tags=["install"]
# In Colab, or wherever `aelib` is missing: install it. What it needs is there already.
import importlib.util
import os
import subprocess
import sys

if importlib.util.find_spec("aelib") is None:
    default = "git+https://github.com/autoencoders-for-classification/tutorial"
    address = os.environ.get("AELIB_INSTALL", default)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", address]
    subprocess.run(command, check=True)

# %% tags=["parameters"]
source = "auto"  # "mnist", "digits" (a stand-in that needs no network), or "auto"
train_size = 6_000
test_size = 1_000
seed = 0
batch_size = 100
learning_rate = 0.001

# %%
import copy
import inspect
import json
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode

from aelib.data import load_data, scaled
from aelib.evaluation import report
from aelib.figures import show
from aelib.models import MLP, Autoencoder, Classifier, Encoder
from aelib.settings import check_settings
from aelib.studies import replication, results_folder
from aelib.training import infer, join_processes, pick_device, train

# %%
data_settings = check_settings(source=source, train_size=train_size, test_size=test_size, seed=seed)
training_settings = check_settings(batch_size=batch_size, learning_rate=learning_rate, seed=seed)
data = load_data(**data_settings)
device = pick_device()
measured = json.loads(results_folder().joinpath("benchmark.json").read_text())
print("measured on:", measured["machine"])

# %% [markdown]
# ## The same network, five times
#
# Take the published classifier, its encoder and its MLP, and let five programs train it: the
# published loop, the `train` of these lessons, and three libraries that many people would reach
# for. Same layers, same batches of 100, same Adam, same precision.
#
# **Predict:** all five call the same routines of PyTorch for the arithmetic. How far apart can they
# be?

# %% tags=["readme"]
rates = dict(sorted(measured["images_per_second"].items(), key=lambda item: -item[1]))
figure, axis = plt.subplots(figsize=(7.5, 0.45 * len(rates) + 0.7))
colours = ["C1" if name == "ours" else "C0" for name in rates]
axis.barh(range(len(rates)), list(rates.values()), color=colours, height=0.6)
for place, (name, rate) in enumerate(rates.items()):
    times = "" if name == "ours" else f"  (ours: {measured['throughput_ratio'][name]:.1f} times)"
    axis.annotate(f" {rate:,.0f}{times}", (rate, place), va="center", size=9)
axis.set(yticks=range(len(rates)), yticklabels=rates, xlabel="images per second in training")
axis.set_xlim(0, 1.35 * max(rates.values()))
axis.invert_yaxis()
axis.grid(axis="y")
spoken = ", ".join(f"{name} {rate:,.0f}" for name, rate in rates.items())
show(figure, f"Images per second in training the published network: {spoken}.", "MNIST")

# %% [markdown]
# The arithmetic is the same for all; what surrounds it is not. The published loop is the slowest:
# it fetches image after image as a picture, and puts a hundred of them together for each step.
# Lightning, skorch and Keras were given tensors in memory, which is most of their advantage. They
# still collect and record more around each step than `train`, which does little but the arithmetic.
#
# Ours is not always ahead. On the codes of an encoder, scikit-learn can train the same MLP:

# %%
for name, value in measured["head_seconds"].items():
    print(f"20 epochs of the MLP on 6,000 codes, {name:<12} {value:.2f} s")

# %% [markdown]
# With 48 inputs there is so little to compute that the time goes into starting PyTorch's routines,
# dozens in each step. scikit-learn starts fewer.
#
# ## What each step bought
#
# Now walk from the published loop to ours, one change at a time:
#
# - **images in memory**: all images are one tensor, and a batch is taken from it by index;
# - **fused Adam**: one routine moves all weights, in place of a dozen for each layer;
# - **channels-last**: the numbers of all channels of a pixel lie side by side in memory;
# - **pooling before ReLU**: the same function, on a quarter of the numbers. (This changes the
#   network's code, so `train` cannot do it for you. Our own `Encoder` has it.)
#
# **Predict:** which one brings most?

# %%
milliseconds = measured["step_milliseconds"]
before = milliseconds["published loop"]
for name, value in milliseconds.items():
    print(f"{name:<22} {value:5.1f} ms a step   {'#' * round(40 * value / before)}")

# %% [markdown]
# The first change brings by far the most: two thirds of the published loop's time went into
# fetching images, before anything was learned from them. The others together save another quarter
# or so of what is left. `train`, in the last row, has all of them but the pooling, and does a
# little more: it takes shares for several processes, and stops if the loss is no number any more.
#
# ## Faster, and the same?
#
# A faster program is worth nothing if it computes something else. So train for an epoch the slow
# way and the fast way, from the same weights and in the same order of images. This is how
# torchvision hands out images: as pictures, each made a tensor when it is asked for.
#
# **Predict:** how far apart will the losses be? And the times, on your machine?


# %%
class Pictures(torch.utils.data.Dataset):
    """Images as torchvision's datasets give them, one at a time."""

    def __init__(self, images, labels):
        self.bytes = images.mul(255).byte()
        self.labels = labels.tolist()

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return to_tensor(to_pil_image(self.bytes[index])), self.labels[index]


# %%
def slow_epoch(model, order):
    """The mean loss of an epoch of the published loop."""
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    total = 0.0
    for images, labels in DataLoader(Pictures(*data.train), batch_size, sampler=order.tolist()):
        optimizer.zero_grad()
        loss = cross_entropy(model(images.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
    return total / len(order)


# %% tags=["nbval-ignore-output"]
from torchvision.transforms.functional import to_pil_image, to_tensor

torch.manual_seed(seed)
network = torch.nn.Sequential(replication.published_encoder(), replication.published_mlp())
twin = copy.deepcopy(network.to(device))
start = time.perf_counter()
order = torch.randperm(train_size, generator=torch.Generator().manual_seed(seed))
slow_loss = slow_epoch(network, order)
middle = time.perf_counter()
history = train(twin, data.train, cross_entropy, validation=(), epochs=1, **training_settings)
fast_loss = history["training_loss"][0]
end = time.perf_counter()
print(f"slow: loss {slow_loss:.6f}, {middle - start:.2f} s")
print(f"fast: loss {fast_loss:.6f}, {end - middle:.2f} s")

# %% [markdown]
# The same loss, to the last digit or nearly. Same numbers, same order: only the way to them is
# shorter. That is what makes it a faster program, and not another one.
#
# ## The limit of the machine
#
# How much faster could it get? A processor can do only so many additions and multiplications a
# second. PyTorch can count those that a step takes.
#
# **Predict:** how many does one training step of our autoencoder take, for 100 images? A million? A
# billion?

# %%
autoencoder = Autoencoder()
batch = data.train.images[:100]
with FlopCounterMode(display=False) as counter:
    mse_loss(autoencoder(batch), batch).backward()
print(f"{counter.get_total_flops():,} additions and multiplications in a step")
step = measured["training_steps"]["autoencoder"]
print(f"at best, in large products of matrices: {measured['peak_gflops']:.0f} billion a second")
print(f"in a training step, measured: {step['operations'] / step['seconds'] / 1e9:.0f} billion")
print(f"that is {100 * step['share_of_peak']:.0f} % of the best")
print(f"bytes moved: {100 * step['share_of_copy_rate']:.0f} % of what copying would reach")

# %% [markdown]
# So the step is bound neither by arithmetic alone nor by memory alone. Where is the rest? Measure
# each layer by itself, forward and backward.
#
# **Predict:** will the layers with the most arithmetic take the most time?

# %%
layers = measured["layers"]
names = [name.replace("x28x28", " x 28²").replace("x14x14", " x 14²") for name in layers]
names = [name.replace("x7x7", " x 7²").replace("x4x4", " x 4²") for name in names]
shares = {}
for key, label in (("operations", "arithmetic"), ("seconds", "time")):
    values = np.array([layer[key] for layer in layers.values()])
    shares[label] = 100 * values / values.sum()
figure, axis = plt.subplots(figsize=(8, 4.6))
places = np.arange(len(layers))
for (label, values), shift in zip(shares.items(), (-0.2, 0.2), strict=True):
    axis.barh(places + shift, values, height=0.38, label=label)
axis.set(yticks=places, yticklabels=names, xlabel="share of all layers (%)")
axis.invert_yaxis()
axis.grid(axis="y")
axis.legend()
show(
    figure,
    "Share of each layer of the autoencoder in arithmetic and in time. Two convolutions hold most "
    "of the arithmetic and less of the time.",
    "MNIST",
)

# %% [markdown]
# No. The two convolutions in the middle hold five sixths of the arithmetic and less than half of
# the time: there the machine does what it is good at. The rest of the time goes to layers with
# hardly any arithmetic. Layers with three or four channels leave the processor's wide registers
# half empty. Pooling, ReLU and PixelShuffle compute next to nothing, and only carry numbers from
# place to place. And every routine has a price to start.
#
# A wider network would reach a higher share of the peak, and take longer. The share is not the
# goal: the time is.
#
# ## What did not pay
#
# Three habits that often help were measured on our classifier, too, and left out:
#
# - **bfloat16**: numbers of 16 bits, half the memory;
# - **torch.compile**: the whole network becomes one program, made for it by a C++ compiler;
# - **four seeds in one model**: the weights of four networks side by side, trained in one step.
#
# **Predict:** which of them pays in a training of 1,200 steps?

# %%
for name, ratio in measured["step_over_plain_step"].items():
    start = measured["first_step_seconds"][name]
    print(f"{name:<24} {ratio:5.2f} times the plain step; its first step {start:5.1f} s")

# %% [markdown]
# None, on this machine. bfloat16 pays on processors with instructions for it; this one has none,
# and takes many times as long. The compiled network is no faster, as nearly all of the work is in
# routines that are compiled already, and its first step takes seconds. And four seeds side by side
# take longer than one after the other: a batch of 100 keeps two cores busy as it is. Elsewhere the
# answers may be others, so the benchmark asks again.
#
# ## Fewer steps beat faster steps
#
# How long does it take to reach the published accuracies, 87.34 % for approach 1 and 93.18 % for
# approach 2? The published procedure takes 20 epochs of 60,000 images for each network, and 10 for
# the MLP. Ours: a larger network, a learning rate that rises and falls (lesson 7), and only as many
# images as needed.
#
# **Predict:** the loop is a few times faster. How much faster is the whole?

# %%
whole = {name: [] for name in ("published", "published, our loop", "ours")}
for approach in (1, 2):
    published = measured[f"published_seconds_approach_{approach}"]
    whole["published"].append(published)
    whole["published, our loop"].append(published / measured["throughput_ratio"]["published loop"])
    whole["ours"].append(measured[f"seconds_approach_{approach}"])
figure, axis = plt.subplots(figsize=(7.5, 2.8))
for place, values in enumerate(whole.values()):
    for approach, marker, shift in ((1, "o", -0.12), (2, "s", 0.12)):
        value = values[approach - 1]
        label = f"approach {approach}" if place == 0 else None
        axis.plot(value, place + shift, marker, color=f"C{approach - 1}", label=label)
        axis.annotate(f"  {value:.3g} s", (value, place + shift), va="center", size=9)
axis.set(yticks=range(3), yticklabels=whole, xlabel="seconds to the published accuracy")
axis.set(xscale="log", xlim=(0.2, 1_500), ylim=(2.5, -0.5))
axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
spoken = "; ".join(f"{name}: {one:.3g} and {two:.3g}" for name, (one, two) in whole.items())
show(figure, f"Seconds to the published accuracy, approach 1 and 2. {spoken}.", "MNIST")

# %%
for approach in (1, 2):
    found = {name: measured[f"{name}_approach_{approach}"] for name in ("seeds", "seeds_below")}
    theirs = [measured[f"published_{name}_approach_{approach}"] for name in found]
    collapsed = measured[f"published_seeds_collapsed_approach_{approach}"]
    print(
        f"approach {approach}: ours is {measured[f'time_ratio_approach_{approach}']:.0f} times as "
        f"fast, with a median of {measured[f'accuracy_approach_{approach}']:.2f} %.\n"
        f"    Below the published accuracy: {found['seeds_below']} of {found['seeds']} seeds of "
        f"ours; {theirs[1]} of {theirs[0]} published, {collapsed} of them collapsed."
    )

# %% [markdown]
# Mind the logarithmic axis. The loop is good for a factor of three to four; the rest, a factor of
# about a hundred, comes from taking fewer steps. The published procedure shows 1,200,000 images to
# the autoencoder, and as many to encoder and MLP together. Ours shows the autoencoder 3,600, the
# MLP ten times 6,000 codes, and approach 2 sees 9,000 images. A network that does not die, codes on
# one scale, and a learning rate that is high in the middle and low at the end are worth more than
# any tuning of the loop.
#
# Two words of caution. The published time is that of the whole procedure, whether it arrives or
# not, and with most seeds it does not. And the row in the middle is reckoned, not measured: the
# published time, divided by what the loop alone brings.
#
# ## More images, more cores, more processes
#
# **Predict:** ten times the images: ten times the time? And twice the cores: half the time?

# %%
for title, key in (
    ("images", "epoch_seconds"),
    ("threads, 6,000 images", "epoch_seconds_by_threads"),
    ("processes of one thread, 6,000 images", "epoch_seconds_by_processes"),
):
    print(f"seconds for an epoch of approach 2, by number of {title}:")
    for count, value in measured[key].items():
        print(f"{int(count):>10,}  {value:6.2f}")
print(f"60,000 images take {measured['growth_60k_over_6k']:.1f} times as long as 6,000")
print(f"and a peak of {measured['peak_rss_mb_60k']:,.0f} MB of memory,", end=" ")
print(f"{measured['peak_rss_mb_import']:,.0f} of it to import PyTorch")

# %% [markdown]
# The cost grows in proportion to the images: that is what a fixed price per step means. Two threads
# are faster than one, though not twice as fast: the small layers cannot be split well, and both
# cores share one memory. And two processes gain even less, or nothing. They exchange their
# gradients at every step, and wait for each other; a step of a few thousandths of a second is over
# before that has paid. Processes are for steps that take long: larger networks and batches, several
# GPUs.
#
# Threads live in one process and share its memory, so they end at the edge of the machine. To go on
# beyond it, you start several **processes**, each with a copy of the network. Each takes a share of
# every batch, computes the gradient of its share, and the mean of all gradients moves all copies
# alike. That is all there is to **distributed data-parallel** training.
#
# **Predict:** split a batch in two. Is the mean of the two gradients the gradient of the batch, or
# only close to it?

# %%
torch.manual_seed(seed)
encoder = Encoder()
classifier = Classifier(encoder, MLP(infer(encoder, data.train.images)))


def gradient(images, labels):
    """The gradient of the mean loss over some images, all weights in a row."""
    classifier.zero_grad()
    cross_entropy(classifier(images), labels).backward()
    return torch.cat([weights.grad.flatten() for weights in classifier.parameters()])


images, labels = (tensor[:100] for tensor in data.train)
batch_gradient = gradient(images, labels)
shares_gradient = sum(gradient(images[rank::2], labels[rank::2]) for rank in range(2)) / 2
difference = (batch_gradient - shares_gradient).abs().max() / batch_gradient.abs().max()
print("largest difference below a millionth of the largest gradient:", (difference < 1e-6).item())

# %% [markdown]
# It is the same, up to rounding: a mean over a hundred is the mean of two means over fifty. (If the
# shares are not equally large, each counts by its size; `train` sees to that.) So the loop need not
# change, but for one line: the network is wrapped in `DistributedDataParallel`, which takes the
# mean of the gradients while they are being computed.

# %%
print(inspect.getsource(join_processes))

# %% [markdown]
# To start it, say how many processes you want; on a machine with several GPUs each process takes
# one of its own. The same command with an address starts a process group of several machines.
#
# ```
# .venv/bin/torchrun --standalone --nproc-per-node=2 -m aelib.parallel --epochs 20
# ```
#
# If one process dies, all end, and the same command goes on after the last whole epoch. The tests
# of this project do just that: they kill one of two processes, start again, and compare the losses
# with those of a single process.
#
# ## On a GPU
#
# The code is the same: `pick_device` finds the GPU, and network and images are moved there once. In
# the loop nothing makes the processor wait for the GPU before the epoch ends. (In the published
# loop `loss.item()` does, at every step.) What remains is to start each operation. With networks as
# small as these, expect a GPU to spend much of its time waiting for the next one; on a machine that
# has a GPU the benchmark measures how much.

# %%
print(inspect.getsource(pick_device))
print(inspect.getsource(scaled))
gpu = [f"{name}: {value}" for name, value in measured.items() if name.startswith("gpu")]
print("\n".join(gpu or ["The machine of the benchmark had no GPU, so there is nothing to show."]))

# %% [markdown]
# `scaled` is the last piece: with `load_data(..., as_bytes=True)` the images stay bytes, a quarter
# of the memory and of the way to the GPU, until a batch needs them as numbers from 0 to 1.
#
# ## Check

# %% tags=["nbval-check-output"]
assert abs(slow_loss - fast_loss) < 1e-3 * slow_loss, (slow_loss, fast_loss)
print("ok: the slow and the fast loop have the same loss")
assert difference < 1e-5, difference
print("ok: the gradients of the shares have the gradient of the batch as their mean")

# %% [markdown]
# ## Exercises
#
# 1. Set `batch_size = 1_000`. Which of the two loops gains more, and why?
# 2. Leave out the `.item()` in `slow_epoch`. Does it become faster on your machine? And would it on
#    a GPU?
# 3. Compare `cross_entropy` of 100 images with the mean of two parts of 70 and 30. What has to be
#    added to make the gradients equal?
#
# <details><summary>Answers</summary>
#
# 1. The fast one: with a tenth of the steps it pays the fixed price of a step a tenth as often. The
#    slow one still fetches every image by itself.
# 2. On a processor hardly: each operation is done when the next line begins, so there is nothing to
#    wait for. A GPU works behind the program's back, and `.item()` makes the program wait for it.
# 3. The mean of 100 is 0.7 times the mean of the 70 plus 0.3 times the mean of the 30, and so are
#    the gradients. `train` multiplies each share's loss in this way.
#
# </details>

# %% [markdown]
# ## Summary
#
# - Measure before you make anything faster, and compare in turn, in one run.
# - In small networks much of the time is not arithmetic: it is fetching data and starting routines.
# - The largest gain is to need fewer steps.
# - Data-parallel training is a mean of gradients, and the same result up to rounding.
# - The numbers of the benchmark:

# %% tags=["nbval-ignore-output"]
ratios = ("time_ratio_approach_1", "time_ratio_approach_2", "share_of_peak", "growth_60k_over_6k")
metrics = {f"benchmark_{name}": measured[name] for name in ratios}
report(data.source, metrics, heading=f"From one run of the benchmark: {measured['machine']}")

# %% [markdown]
# This was the last lesson. What you have now: a question, two baselines, a network you can explain
# layer by layer, numbers with their spread, and a loop that fits on a page. Take your own images,
# and begin with [lesson 1](01_dataset.ipynb) again: look at them first.
