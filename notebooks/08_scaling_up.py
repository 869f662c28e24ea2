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
# bought, and how the same training runs on several cores and on a GPU.
#
# **You need** [lesson 2](02_autoencoder.ipynb) for the training loop, and [lesson
# 5](05_joint_training.ipynb) for approach 2.
#
# **Time** 25 minutes to read, under one to run.
#
# Timings differ from machine to machine, and on one machine from minute to minute. So most of what
# is compared here was measured in one run of the benchmark of this project: in seven rounds or
# more, in random order, and medians are shown; only first steps, memory, and the published recipe
# from its first image to its last, in either loop, were measured once. Its rounds are in two files
# (in `once.json` is what the benchmark does not measure any more), and what the text says of times
# holds for that run, on the machine and with the threads named below. One cell measures on your
# machine, too.

# %% tags=["install"]
import os
import sys
from importlib.util import find_spec

if find_spec("aelib") is None:  # In Colab, for one, where all that it needs is there already.
    default = "git+https://github.com/autoencoders-for-classification/tutorial"
    address = os.environ.get("AELIB_INSTALL", default)
    if os.system(f'"{sys.executable}" -m pip install -qqq --no-deps {address}'):
        sys.exit(f"Cannot install {address}:\nconnect, or set AELIB_INSTALL to where a copy is.")

# %% tags=["parameters"]
source = "auto"  # "mnist", "digits" (a stand-in that needs no network), or "auto"
train_size = 6_000
test_size = 1_000
seed = 0
batch_size = 100
learning_rate = 0.001

# %% [markdown]
# ## The same network, five times
#
# Take the published classifier, its encoder and its MLP, and let five programs train it: the
# published loop, the `train` of these lessons, and three libraries that many people would reach
# for. Same layers, same batches of 100, Adam at the same learning rate, same precision. Each
# library twice: as most would write it, and **tuned**, as its guide advises for speed, with our
# memory layout and our Adam as well. (Keras runs on PyTorch here, but has an Adam of its own.)
#
# Then the same with a network of half a million weights, sixty times as many.
#
# **Predict:** all five leave the arithmetic to PyTorch. How far apart can they be? And does it
# matter more in the small network, or in the large one?

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
from aelib.evaluation import share_interval
from aelib.figures import show
from aelib.lesson import report
from aelib.models import MLP, Autoencoder, Classifier, Encoder
from aelib.results import results_folder
from aelib.studies import replication
from aelib.training import infer, pick_device, train

# %%
training_settings = {"batch_size": batch_size, "learning_rate": learning_rate, "seed": seed}
data = load_data(source, train_size, test_size, seed)
device = pick_device()
measured = json.loads(results_folder().joinpath("once.json").read_text())
measured |= json.loads(results_folder().joinpath("benchmark.json").read_text())
print(f"The stored run: {measured['machine']}; threads: {measured['threads']}")

# %%
names = sorted(measured["images_per_second"], key=measured["images_per_second"].get)
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3), sharey=True)
spoken = []
networks = {"published network": "", "half a million weights": "_large"}
for axis, (network, suffix) in zip(axes, networks.items(), strict=True):
    for index, (style, kind) in enumerate(
        {"as most would write it": "", "tuned": "_tuned"}.items()
    ):
        rates = measured[f"images_per_second{suffix}{kind}"]
        places = [names.index(name) + (0.2, -0.2)[index] for name in rates]
        axis.barh(places, list(rates.values()), height=0.36, label=style, color=f"C{index}")
        ratios = measured[f"throughput_ratio{suffix}{kind}"]
        for place, (name, rate) in zip(places, rates.items(), strict=True):
            label = f" {rate:,.0f}" + (f"  (1/{ratios[name]:.1f})" if name in ratios else "")
            axis.annotate(label, (rate, place), va="center", size=8)
        spoken += [f"{network}, {style}, {name}: {rate:,.0f}" for name, rate in rates.items()]
    axis.set(xlabel=f"images per second, {network}", yticks=range(len(names)), yticklabels=names)
    axis.set_xlim(0, 1.4 * axis.get_xlim()[1])
    axis.xaxis.set_major_formatter("{x:,.0f}")
    axis.grid(False)
axes[1].legend(loc="upper left", bbox_to_anchor=(1, 1))
alt = f"Images per second in training. {'; '.join(spoken)}."
show(figure, alt, measured["data"], exact=True)

# %%
rounds = measured["rounds"]["peers"]
print("of seven rounds ours is faster in")
for network, suffix in networks.items():
    for kind in ("", " (tuned)"):
        rivals = {name: rounds.get(f"{name}{kind}{suffix}") for name in names if name != "ours"}
        wins = {
            name: sum(ours > one for ours, one in zip(rounds[f"ours{suffix}"], rates, strict=True))
            for name, rates in rivals.items()
            if rates
        }
        counts = ", ".join(f"{name} {count}" for name, count in wins.items())
        print(f"{network + kind:<30} against {counts}")
for count in (5, 6, 7):
    low, high = share_interval(count, 7)
    print(f"{count} of 7 is {low:.0f} to {high:.0f} % of all rounds (exact 95 % interval)")

# %% [markdown]
# In brackets: which part of our rate it is. With the published network ours is the fastest, in each
# of the seven rounds if the others are as most would write them, and the slowest takes more than
# twice as long. The published loop fetches image after image as a picture, and makes each a tensor,
# a hundred for every step. Lightning and skorch wrap a loop of PyTorch for you, Keras brings layers
# and a loop of its own. They were given arrays in memory, though the first two still fetch image by
# image.
#
# Tuned, Lightning and skorch come closer: a part of our lead is what they can have as well. What is
# left is probably the price of being ready for everything: callbacks, other devices, other
# precisions.
#
# With the large network all of them come closer. Beside the tuned Lightning and skorch ours is
# ahead by two percent, and in five of seven rounds only: with so few rounds that is no lead. There
# more of the time is arithmetic, which is the same for all. So a lean loop is for small networks.
# For a large one, choose a library by what it does for you.
#
# And PyTorch itself is not always the fastest. scikit-learn trains an MLP of the same size, on the
# codes of an encoder, in less time:

# %%
for name, value in measured["head_seconds"].items():
    print(f"20 epochs of the MLP on 6,000 codes, {name:<12} {value:.2f} s")

# %% [markdown]
# With 48 inputs there is so little to compute that what counts is probably the price of starting
# each operation, and PyTorch's also keep a record for the gradients.
#
# ## What each step bought
#
# Now walk from the published loop to ours, one change at a time:
#
# - **images in memory**: all images are one tensor, and a batch is taken from it by index;
# - **fused Adam**: one operation updates all weights, in place of many for each layer;
# - **channels-last**: the numbers of all channels of a pixel lie side by side in memory. (This is a
#   property of the network, not of the loop. Our `Encoder` and `Decoder` have it.)
# - **pooling before ReLU**: the same function, on a quarter of the numbers. (This, too, is for the
#   network to have. Our `Encoder` has it, the published one has not.)
#
# **Predict:** which one brings most?

# %%
milliseconds = measured["step_milliseconds"]
before = milliseconds["published loop"]
for name, value in milliseconds.items():
    saved = f"{100 * (1 - value / before):.0f} % saved so far"
    print(f"{name:<22} {value:5.1f} ms a step, {saved}   {'#' * round(40 * value / before)}")

# %% [markdown]
# The first change brings the most: 37 % of the published loop's time went into fetching images,
# before anything was learned from them. Of fused Adam no gain is seen. All together save 61 % of
# the step. (Each change was made on top of those before it; in another order it may bring something
# else.)
#
# The last row is `train` with the network of the row *channels-last*. It does a little more than
# that loop: it stops when the loss is not a finite number, for one.
#
# ## Faster, and the same?
#
# A faster program is worth nothing if it computes something else. So train for an epoch the slow
# way and the fast way, from the same weights and in the same order of images. This is how
# torchvision hands out images: as pictures, each made a tensor when it is asked for. (Both loops
# get the published network in our memory layout, so they differ in nothing but the loop.)
#
# **Predict:** how far apart will the losses be? And the times, on your machine?


# %%
from torchvision.transforms.functional import to_pil_image, to_tensor


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
# The same loss, to the last digit or nearly, whatever the times. Same numbers, same order: only the
# way to them is shorter. That is what makes it a faster program, and not another one. (The loss is
# mostly not far below 2.3, that of someone who has no idea: one epoch of 6,000 images is little for
# this network.)
#
# ## The limit of the machine
#
# How much faster could it get? A processor is limited in two ways: by how many additions and
# multiplications it can do in a second, and by how many bytes it can carry from memory and back.
# The benchmark has measured both at their best, by large matrix products and convolutions, and by
# copying a large array. And PyTorch can count the additions and multiplications of a step.
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
print(f"this machine at its best: {measured['peak_gflops']:.0f} billion a second")
print(f"in a training step, measured: {step['operations'] / step['seconds'] / 1e9:.0f} billion")
print(f"that is {100 * step['share_of_peak']:.0f} % of the best")
moved = 100 * step["share_of_copy_rate"]
print(f"bytes it moves: {moved:.0f} % of what could be copied in that time")

# %% [markdown]
# Close to a billion, and the step does much less than the machine can do at its best. Nor is it the
# memory: far more bytes could be moved in that time. So where does the time go? The benchmark has
# run each layer by itself, forward and backward.
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
largest = shares["arithmetic"].argsort()[-2:]
large = {label: values[largest].sum() for label, values in shares.items()}
show(
    figure,
    "Share of each layer of the autoencoder in arithmetic and in time. Two convolutions hold "
    f"{large['arithmetic']:.0f} % of the arithmetic and {large['time']:.0f} % of the time.",
    measured["data"],
    exact=True,
)

# %% [markdown]
# Yes, but less than their share. ("Conv2d 24 x 7² to 64 x 7²" makes 64 maps of 7 by 7 of 24.) The
# two large convolutions hold five sixths of the arithmetic, and less of the time. The four small
# ones have four channels or fewer on one side, and take more of the time than their sixth of the
# arithmetic. Pooling, ReLU and PixelShuffle take the rest: they compute so little that none of it
# is counted, but they carry every number from place to place.
#
# The likely reasons: a processor multiplies many numbers at once, which a layer with three channels
# cannot make use of; and each operation has a price to start. A wider network would probably reach
# a higher share of the best, and take longer. The share is not the goal: the time is.
#
# ## What was left out
#
# Three habits that often help are not used here. They were measured on our classifier, in the same
# run:
#
# - **bfloat16**: the layers compute with numbers of 16 bits in place of 32;
# - **torch.compile**: the whole network becomes one program, made for it by a C++ compiler;
# - **four seeds in one model**: the weights of four networks side by side, trained in one step,
#   whose time is divided by four here.
#
# **Predict:** which of them pays in a training of 1,200 steps?

# %%
print("On", measured["measured_once_on"])
for name, ratio in measured["step_over_plain_step"].items():
    start = measured["first_step_seconds"][name]
    verdict = "pays" if ratio < 0.95 else "does not pay"
    print(f"{name:<24} {ratio:5.2f} times the plain step: {verdict}; first step {start:5.1f} s")

# %% [markdown]
# bfloat16 was the faster one in each of the seven rounds, the compiled network in none: its later
# steps are slower as well, and its first one takes longer than two thousand plain ones.
#
# These answers do not travel. bfloat16 can pay only on a processor with instructions for it (Linux
# calls them `avx512_bf16` or `amx_bf16`); without them it takes many times as long. `torch.compile`
# can pay only where a training is long. Four seeds in one model save the starting of operations,
# and lose where a layer for four networks is slower than four layers.
#
# ## A faster loop, and another recipe
#
# How long does it take to reach the published accuracies, 87.34 % for approach 1 and 93.18 % for
# approach 2? The published procedure takes 20 epochs of 60,000 images for each network, and 10 for
# the MLP. The same recipe can be followed with our loop. And there is another recipe: a larger
# network, other batches, a learning rate that rises and falls (as in lesson 3, *A code that fits on
# paper*), and only as many images as needed.
#
# **Predict:** the loop is faster. How long does each of the three take?

# %%
rows = {
    "published": "published_seconds",
    "same recipe, our loop": "same_recipe_seconds",
    "another recipe": "seconds",
}
figure, axis = plt.subplots(figsize=(7.5, 2.8))
spoken = []
for place, (row, key) in enumerate(rows.items()):
    values = [measured[f"{key}_approach_{approach}"] for approach in (1, 2)]
    for index, (value, marker) in enumerate(zip(values, "os", strict=True)):
        point = value, place + 0.24 * index - 0.12
        axis.plot(*point, marker, color=f"C{index}")
        axis.annotate(f"  {value:.1f} s", point, va="center", size=9)
    spoken.append(f"{row}: {values[0]:.3g} and {values[1]:.3g}")
axis.set(yticks=range(len(rows)), yticklabels=rows, xlabel="seconds of training")
axis.set(xscale="log", xlim=(0.1, 5_000), ylim=(len(rows) - 0.5, -0.5))
axis.set(xticks=[0.1, 1, 10, 100, 1_000], xticklabels=["0.1", "1", "10", "100", "1,000"])
axis.legend(["approach 1", "approach 2"], loc="upper left", bbox_to_anchor=(1, 1))
alt = f"Seconds of training, approach 1 and 2, on a logarithmic scale. {'; '.join(spoken)}."
show(figure, alt, measured["data"], exact=True)

# %%
for approach in (1, 2):
    of = {key: value for key, value in measured.items() if key.endswith(f"approach_{approach}")}
    of = {key.removesuffix(f"_approach_{approach}"): value for key, value in of.items()}
    faster = of["published_seconds"] / of["same_recipe_seconds"]
    print(
        f"approach {approach}: the same recipe, our loop: {faster:.1f} times as fast.\n"
        f"    Another recipe takes {of['seconds']:.1f} s and reaches a median of "
        f"{of['accuracy']:.2f} %.\n    Below the published accuracy (in % of all seeds):"
    )
    for recipe, which in (("another", ""), ("published", "published_")):
        below, count = of[f"{which}seeds_below"], of[f"{which}seeds"]
        low, high = share_interval(below, count)
        print(f"    {recipe:>11} recipe {below} of {count} seeds ({low:.0f} to {high:.0f})")

# %% [markdown]
# Mind the logarithmic axis. Two things have to be kept apart.
#
# The **same recipe with our loop** is faster by the factor above, and that is all a program can
# claim: same network, same images, same steps. (For the MLP of approach 1 our loop computes the
# codes once in place of ten times, since the encoder does not change.)
#
# **Another recipe** passes the published accuracies within two seconds. That is not a faster
# program. It is another network with another head, another schedule and batch size, and it sees far
# fewer images and labels: the published procedure shows 1,200,000 to the autoencoder, 600,000 to
# its MLP, and 1,200,000 to encoder and MLP together. This one shows 3,600 to the autoencoder, ten
# times 6,000 codes to the MLP, and 9,000 images to approach 2. What makes that possible is probably
# a network that does not collapse (lesson 6), codes on one scale (lesson 4), and a high learning
# rate that rises and falls. All of it changed at once here, so this comparison cannot say what each
# brought.
#
# Some words of caution. The published time is that of the whole procedure, whether it arrives or
# not, and with most seeds it does not. It was measured once.
#
# And the other recipe's numbers of images were found by trying: on images of the training file that
# were set aside, until ten seeds out of ten arrived. The autoencoder's was raised once more, when
# one seed of a first benchmark fell short. The time of that search is not counted.

# %% [markdown]
# ## More images, more cores
#
# **Predict:** ten times the images: ten times the time? And twice the cores: half the time? There
# are two ways to use a second core: two **threads** in one process, or two **trainings at once**
# that know nothing of each other.

# %%
for title, key in (
    ("images", "epoch_seconds"),
    ("threads, 6,000 images", "epoch_seconds_by_threads"),
    ("trainings at once, 6,000 images each", "epoch_seconds_by_trainings_at_once"),
):
    print(f"seconds for an epoch of approach 2, by number of {title}:")
    for count, value in measured[key].items():
        print(f"{int(count):>10,}  {value:6.2f}")
print(f"60,000 images take {measured['growth_60k_over_6k']:.1f} times as long as 6,000")
print(f"and, kept as bytes, a peak of {measured['peak_rss_mb_60k']:,.0f} MB of memory,", end=" ")
print(f"{measured['peak_rss_mb_import']:,.0f} of it to import PyTorch")

# %% [markdown]
# Nearly in proportion: ten times the images are ten times the steps, and a small run also pays for
# what happens once. Two threads are faster than one, but not twice as fast. Probably the small
# layers cannot be split well, and one core alone starts every operation.
#
# The best use of two cores is two trainings at once: the last of the three tables says how much
# longer each takes than one alone. So the studies of lessons 6 and 7, hundreds of trainings with
# many seeds, run one on each core, and with **Dask** on the cores of many machines. It is also why
# each training of these lessons takes one thread: a class on one server is many trainings at once.
#
# What if one training is too large, or too slow, for one machine?
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
print("largest difference below 1/100,000 of the largest gradient:", (difference < 1e-5).item())

# %% [markdown]
# It is the same, up to rounding: a mean over a hundred is the mean of two means over fifty. (If the
# shares are not equally large, each counts by its size.) PyTorch has all of it ready: a network
# that is wrapped in `DistributedDataParallel` takes the mean of all gradients at every step, and
# `torchrun` starts the processes. It is for steps that take long. With networks as small as these,
# two processes were slower than one: an epoch took 1.4 times as long, and longer in six of seven
# rounds, probably since they exchange their gradients at every step.
#
# ## On a GPU
#
# The code is the same: `pick_device` finds the GPU, and network and images are moved there once. In
# the loop nothing makes the processor wait for the GPU before the epoch ends. (In the published
# loop `loss.item()` does, at every step, and every batch has to be moved.) What remains is to start
# each operation. With networks as small as these, expect a GPU to spend much of its time waiting
# for the next one.

# %%
print(inspect.getsource(pick_device))
print(inspect.getsource(scaled))

# %% [markdown]
# `scaled` is the last piece: with `load_data(..., as_bytes=True)` the images stay bytes, a quarter
# of the memory and of the way to the GPU, until a batch needs them as numbers from 0 to 1.
#
# ## Check

# %% tags=["nbval-check-output"]
assert abs(slow_loss - fast_loss) < 1e-4 * slow_loss, (slow_loss, fast_loss)
print("ok: the slow and the fast loop have the same loss")
assert difference < 1e-5, difference
print("ok: the gradients of the shares have the gradient of the batch as their mean")

# %% [markdown]
# ## Exercises
#
# ### 1. Count the arithmetic
#
# Write `convolution_operations(size, channels_in, channels_out, kernel, stride=1, padding=0)`: how
# many additions and multiplications does a convolution take for one square image of `size` by
# `size`? Count as PyTorch does, two for each weight that meets a number, and none for a bias.
#
# **Predict:** with stride 2 in place of 1, what becomes of the count?

# %%
from aelib.exercises import (
    check_convolution_operations,
    check_median_seconds,
    check_speed_up,
)


def convolution_operations(size, channels_in, channels_out, kernel, stride=1, padding=0):
    ### BEGIN SOLUTION
    side = (size + 2 * padding - kernel) // stride + 1
    products = channels_in * kernel**2  # For one number of the output.
    return 2 * products * channels_out * side**2
    ### END SOLUTION


check_convolution_operations(convolution_operations)

# %% [markdown]
# ### 2. Take the time
#
# `median_seconds(work, clock, rounds)` gets a function `work()`, a function `clock()` that says
# what time it is in seconds, and an odd number of rounds. Let it call `work` once without counting
# it, for what happens only the first time, then `rounds` times, each between two looks at the
# clock. It returns the median of these times.


# %%
def median_seconds(work, clock, rounds):
    ### BEGIN SOLUTION
    work()
    times = []
    for _ in range(rounds):
        start = clock()
        work()
        times.append(clock() - start)
    return sorted(times)[rounds // 2]
    ### END SOLUTION


check_median_seconds(median_seconds)

# %% [markdown]
# Use it: `median_seconds(lambda: autoencoder(batch), time.perf_counter, 21)`. Divide by it what you
# have counted in the forward pass, and you have the rate of your machine. (The layers stand in
# lesson 2, with what goes in and comes out.)
#
# ### 3. The limit of a speed-up
#
# You make a part of a program faster. How much faster is the whole? `speed_up(share, factor)` gets
# the share of the time that the part took, from 0 to 1, and how many times as fast it has become.
# It returns how many times as fast the whole is. This is known as **Amdahl's law**. The factor may
# be `math.inf`: a part that takes no time any more. (Then its share is below 1.)
#
# **Predict:** fetching images takes a quarter of the time. Two cores fetch them, twice as fast. How
# many times as fast is the training?


# %%
def speed_up(share, factor):
    ### BEGIN SOLUTION
    return 1 / ((1 - share) + share / factor)
    ### END SOLUTION


check_speed_up(speed_up)

# %% [markdown]
# ### 4. Predict, change, run
#
# Set `batch_size = 1_000`, a tenth of the steps. Does either loop become faster? And what does it
# cost? Then set it back, and put `.detach()` in the place of `.item()` in `slow_epoch`. Does it
# become faster on your machine? Where would it?
#
# <details><summary>Answers</summary>
#
# With large batches neither, on the machine of these outputs. The slow loop still fetches every
# image by itself. The fast one even lost: probably the numbers of 1,000 images no longer fit into
# the processor's fastest memory. And after 6 steps in place of 60 the network has learned next to
# nothing. Without `.item()` a processor is hardly faster: each operation is done when the next line
# begins, so there is nothing to wait for. A GPU works behind the program's back, and `.item()`
# makes the program wait for it.
#
# </details>
#
# ### 5. An open question
#
# Somebody shows you that their program trains twice as fast as another. What would you ask before
# you believe it? Make a list, and go through this lesson's first figure with it.

# %% [markdown]
# ## Three questions
#
# <details><summary>On two cores two trainings run side by side, each as fast as one alone. Has a
# training become faster?</summary>
#
# No, each takes as long as before. But twice as many are done in that time. Latency is how long one
# takes, throughput how many are done: ask which of them you are waiting for.
#
# </details>
# <details><summary>A layer holds half of the arithmetic. Will the training be twice as fast without
# it?</summary>
#
# Only if time went with arithmetic, and in small networks it does not: starting operations and
# carrying numbers take their part. Measure the layer's share of the *time*.
#
# </details>
# <details><summary>Two processes have 70 and 30 images of a batch. Is the mean of their gradients
# that of the batch?</summary>
#
# No: the mean loss of 100 is 0.7 times that of the 70 plus 0.3 times that of the 30, and so are the
# gradients. Each share has to count by its size.
#
# </details>

# %% [markdown]
# ## Summary
#
# - Measure before you make anything faster, and compare in turn, in one run.
# - In small networks much of the time is not arithmetic: it is fetching data and starting routines.
# - In large ones more of it is arithmetic, and the libraries come closer.
# - A faster loop and a better recipe are two things: say which one a number is of.
# - Several trainings use several cores best; one training in several processes is a mean of
#   gradients, and the same result up to rounding.
# - The numbers of the benchmark:

# %% tags=["nbval-ignore-output"]
shown = ("seconds_approach_1", "seconds_approach_2", "share_of_peak", "growth_60k_over_6k")
metrics = {f"benchmark_{name}": measured[name] for name in shown}
report(data.source, metrics, heading=f"From one run of the benchmark: {measured['machine']}")

# %% [markdown]
# What you have now: a question, simple methods to beat, a network you can explain layer by layer,
# numbers with their spread, and a loop whose time you can account for. Take your own images next:
# [lesson 9](09_your_own_images.ipynb).
