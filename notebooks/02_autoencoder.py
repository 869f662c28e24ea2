# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2. The autoencoder
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/autoencoders-for-classification/tutorial/blob/main/notebooks/02_autoencoder.ipynb)
#
# **You will learn** how a convolutional encoder and decoder are built, layer by layer; what a
# training loop does; how to read a loss curve; and how one innocent ReLU can kill a network.
#
# **You need** [lesson 1](01_dataset.ipynb), and to have seen a neural network before: layers,
# gradients, ReLU.
#
# **Time** 30 minutes to read, about one to run.
#
# What the text says about figures holds for MNIST and the parameters as they stand.

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
epochs = 20
batch_size = 100
learning_rate = 0.001

# %%
import inspect

import torch
from torch import nn

from aelib import training
from aelib.data import load_data
from aelib.figures import image_rows, loss_curve, show
from aelib.lesson import check, report
from aelib.models import Autoencoder, Decoder, Encoder, count_parameters
from aelib.settings import check_settings

# %%
data_settings = check_settings(source=source, train_size=train_size, test_size=test_size, seed=seed)
training_settings = check_settings(
    epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed
)
settings = {**data_settings, **training_settings}
data = load_data(**data_settings)
device = training.pick_device()

# %% [markdown]
# ## The idea
#
# An autoencoder is two networks in a row. The **encoder** turns an image of 784 numbers into a
# **code** of 48. The **decoder** turns the code back into an image, the **reconstruction**. Both
# are trained together to make the reconstruction equal to the image.
#
# Nobody needs a copy of an image they already have. The point is the squeeze: to get 784 numbers
# through 48, the network must find out what digits have in common. No labels are involved. Whether
# what it finds also helps to *classify* is the question of lessons 4 and 5.
#
# ## The encoder, layer by layer
#
# This is all of it:

# %%
print(inspect.getsource(Encoder))

# %% [markdown]
# Three kinds of layer do the work:
#
# - `Conv2d` slides small filters over the image. Each filter looks at a patch of 5 by 5 (later 3 by
#   3, 4 by 4) pixels and answers with one number per place. With `stride=2` it visits every second
#   place only, along both sides.
# - `MaxPool2d(2)` keeps the largest of each 2 by 2 answers, so the image shrinks by half, and small
#   shifts of a stroke matter less.
# - `ReLU` sets negative numbers to zero. With nothing of that kind between them, several
#   convolutions amount to one.
#
# (The last line, `channels_last`, only asks for the order in memory that is fastest.)
#
# **Predict:** the second convolution has 64 filters of 3 by 3, and each looks at 24 channels. How
# many weights is that, with one bias per filter?


# %%
def walk_through(network, tensor):
    """Print each layer with the shape it returns and the number of its parameters."""
    print(f"{'input':<18} {str(tuple(tensor.shape)):<18}")
    for layer in network:
        tensor = layer(tensor)
        name, shape = type(layer).__name__, str(tuple(tensor.shape))
        print(f"{name:<18} {shape:<18} {count_parameters(layer):>6,}")
    print(f"{'in total':<37} {count_parameters(network):>6,}")


walk_through(Encoder(), data.train.images[:1])

# %% [markdown]
# `64 * (24 * 3 * 3) + 64 = 13,888`, most of the encoder. At the end stand 3 channels of 4 by 4: a
# code of 48 numbers, one sixteenth of the image. There is no ReLU after the code: a number that may
# be negative says more than one that may not.
#
# ## The decoder
#
# It runs the other way, from 4 by 4 pixels to 28 by 28:

# %%
print(inspect.getsource(Decoder))
walk_through(Decoder(), torch.zeros(1, 3, 4, 4))

# %% [markdown]
# `ConvTranspose2d` is a convolution backwards: each number of the code paints a patch of 4 by 4.
# `PixelShuffle(2)` makes an image twice as high and wide: it takes four channels and lays them out
# as squares of 2 by 2 pixels. So the convolution before it computes four pixels at each place. Most
# of the decoder's weights are in that convolution in the middle: 32 channels in, 32 out.
#
# `Autoencoder` is the two in a row. Before any training its weights are random.
#
# **Predict:** what comes out at the other end of a network that has learned nothing?

# %%
images = data.train.images
torch.manual_seed(seed)
untrained = Autoencoder().to(device)
shown = torch.cat([images[:10], training.infer(untrained, images[:10])])
low, high = shown[10:].min(), shown[10:].max()
figure = image_rows({"image": shown[:10], "reconstruction": (shown[10:] - low) / (high - low)})
show(
    figure,
    "Ten images above what an untrained autoencoder makes of them: the same pattern for all.",
    data.source,
)
print(f"lowest and highest pixel of the reconstructions: {low:.2f} and {high:.2f}")

# %% [markdown]
# The same pattern for every image: the decoder paints a pattern of its own, and next to nothing of
# the image comes through. (In truth these pixels are all close to 0; the figure stretches them from
# black to white.) Training has to change that, and for this it needs a number to make smaller.
#
# ## The loss
#
# How far is a reconstruction from its image? The **mean squared error** (MSE) is the mean of the
# squared differences over all pixels: 0 for a perfect copy. To know what a number means, you need
# two cheap ones beside it.
#
# **Predict:** which is worse, to paint every image black, or to paint the mean of all images?

# %% tags=["nbval-ignore-output"]
loss_function = nn.functional.mse_loss
black = loss_function(torch.zeros_like(images), images).item()
mean_image = loss_function(images.mean(0, keepdim=True).expand_as(images), images).item()
print(f"always black:          MSE {black:.4f}")
print(f"always the mean image: MSE {mean_image:.4f}")

# %% [markdown]
# These are the marks to beat. Black costs about two thirds more than the mean image. That is bad,
# but not hopeless: four pixels in five *are* black, as you saw in lesson 1.
#
# ## The training loop
#
# All training in this tutorial goes through one function. Read the part inside the two `for` loops:
# it is the heart of nearly every deep-learning program. Draw a batch, compute the loss, clear the
# gradients of the step before (`zero_grad`), compute the new ones (`backward`), move the weights a
# little against them (`step`), repeat.

# %%
print(inspect.getsource(training.train))

# %% [markdown]
# An **epoch** is one pass over all training images, in a new random order. With the default 6,000
# images in batches of 100 it takes 60 steps, and 20 epochs make 1,200. **Adam** is the rule that
# turns gradients into steps. The validation images are never trained on: they tell you how the
# network does on images it has not seen. `infer` runs the model without gradients, a thousand
# images at a time; everything else is bookkeeping.
#
# ## A wrong turn
#
# Pixels are never negative. So it seems natural to end the decoder with a ReLU, which makes
# negative outputs impossible. The published notebook does so. Here is its network:


# %%
def published_network():
    """The autoencoder of the published notebook, without the ReLU on its output."""
    return nn.Sequential(
        nn.Conv2d(1, 8, kernel_size=2, stride=1, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, kernel_size=2, stride=2, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 3, kernel_size=1),
        nn.ReLU(),  # the code, (N, 3, 4, 4)
        nn.ConvTranspose2d(3, 16, kernel_size=3, stride=1),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 8, kernel_size=3, stride=2),
        nn.ReLU(),
        nn.ConvTranspose2d(8, 1, kernel_size=4, stride=2),
    )


# %% [markdown]
# Train it twice for two epochs, with the ReLU and without, from the same initial weights. (They are
# those of seed 0, one of the unlucky seeds.)
#
# **Predict:** what will the reconstructions look like with the ReLU?

# %%
reconstructions, losses = {"image": images[:10]}, {}
for name, last in {"with ReLU": [nn.ReLU()], "without": []}.items():
    torch.manual_seed(0)
    network = nn.Sequential(*published_network(), *last).to(device)
    history = training.train(
        network,
        (images, images),
        loss_function,
        validation=(data.validation.images, data.validation.images),
        **{**training_settings, "epochs": 2},
    )
    reconstructions[name] = training.infer(network, images[:10]).clamp(0, 1)
    losses[name] = history["training_loss"]
figure = image_rows(reconstructions)
show(
    figure,
    "Ten images; below each, its reconstruction by the network with a ReLU on the output (black on "
    "MNIST), and by the one without (a grey blot on MNIST).",
    data.source,
)

# %% tags=["nbval-ignore-output"]
for name, values in losses.items():
    print(f"{name:<10} MSE in each epoch:", *[f"{value:.4f}" for value in values])

# %% [markdown]
# With the ReLU, every reconstruction is black, the loss is that of black images, and it does not
# move. The network is dead: two more epochs or two thousand would not help.
#
# Why? Look at what reaches that last ReLU before any training, and at the gradient.


# %%
def fresh_network(seed):
    """The outputs of a fresh network before its last ReLU, and its largest gradient."""
    torch.manual_seed(seed)
    network = published_network()
    outputs = network(images[:200])
    loss_function(outputs.relu(), images[:200]).backward()
    gradients = [parameter.grad.abs().max().item() for parameter in network.parameters()]
    return outputs, max(gradients)


outputs, largest_gradient = fresh_network(seed=0)
print("outputs above zero:", (outputs > 0).sum().item(), "of", outputs.numel())
print("largest gradient of any weight:", largest_gradient)
print("seeds from 0 to 15 that start so:", [s for s in range(16) if fresh_network(s)[1] == 0])

# %% [markdown]
# By the luck of the first weights, the last layer starts with a negative bias, and its output is
# below zero everywhere. ReLU turns all of it to 0, and where ReLU is at 0 its slope is 0 too. So
# every gradient in the whole network is exactly zero. Nothing will ever move. This is the **dying
# ReLU**. Other seeds live: the failure comes and goes with the seed, which is why one run that
# works proves little.
#
# **The fix** is the lower row: leave the output without a ReLU. After two epochs it shows no more
# than grey blots, but its loss is falling: it is alive. Values slightly below 0 cost almost nothing
# in MSE. Our decoder ends this way.
#
# ## Train the autoencoder
#
# The target is the image itself. `train_or_load` calls the loop above, or loads its result from
# `runs/checkpoints/` where the very same training has been run before.
#
# **Predict:** how many epochs will it take to get below the mean image's loss? Will the validation
# loss stay close to the training loss, or part from it?

# %%
torch.manual_seed(seed)
autoencoder = Autoencoder().to(device)
history = training.train_or_load(
    "autoencoder",
    autoencoder,
    (images, images),
    loss_function,
    validation=(data.validation.images, data.validation.images),
    **training_settings,
)
figure = loss_curve(history, "MSE")
figure.axes[0].axhline(mean_image, color="0.5", linestyle=":", label="always the mean image")
figure.axes[0].legend()
show(
    figure,
    "Training and validation MSE against the epoch. Both fall steeply at first, then slowly, and "
    f"stay close together; the last training loss is {history['training_loss'][-1]:.4f}.",
    data.source,
)

# %% tags=["nbval-ignore-output"]
first, last = history["training_loss"][0], history["training_loss"][-1]
print(f"training MSE: first epoch {first:.4f}, last epoch {last:.4f}")
if history["validation_loss"]:
    print(f"validation MSE after the last epoch: {history['validation_loss'][-1]:.4f}")

# %% [markdown]
# Read the curve from left to right. By the end of the first epoch the network is below the mean
# image: see the validation loss. Then the gains become smaller and smaller, but have not ended:
# more epochs would still help a little. The two lines run together, so the network has not learned
# the training images by heart: 28,695 weights have little room for 6,000 times 784 pixels.
#
# One detail: the training loss of an epoch is a mean over its steps, *while* the weights improve.
# The validation loss is measured at its end. That is why validation can be the lower one.
#
# ## Check

# %% tags=["nbval-check-output"]
metrics = {f"autoencoder_{name}": values[-1] for name, values in history.items() if values}
check(data, settings, metrics)

# %% [markdown]
# ## Exercises
#
# 1. Set `epochs = 5` and run all cells. How much of the way down has the loss come by then?
# 2. Set `learning_rate = 0.1`. What does the first line below the loss curve say?
# 3. In *A wrong turn*, what do the seeds that start dead have in common? Have `fresh_network` print
#    `network[-1].bias`.
#
# <details><summary>Answers</summary>
#
# 1. Most of it: the first epochs bring the largest gains.
# 2. The first steps throw the weights so far off that the mean loss of the first epoch is above ten
#    thousand. After all twenty epochs it is still above the mean image's.
# 3. Every dead one has a negative bias. But not every negative bias kills (see seed 15): it has to
#    outweigh all that the layer adds to it.
#
# </details>

# %% [markdown]
# ## Summary
#
# - An encoder of convolutions and max-pooling turns 784 numbers into a code of 48; a decoder turns
#   them back. No labels are needed.
# - A training loop is: batch, loss, gradients, step.
# - A ReLU on the output can be dead from the first step on. Leave it out.
# - Your own loss, from this run:

# %% tags=["nbval-ignore-output"]
report(data, metrics)

# %% [markdown]
# **Next:** a small loss is a number. In [lesson 3](03_reconstructions.ipynb) you look at what the
# network keeps of an image, and what it loses.
