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
# **You will learn** how to build a convolutional encoder and decoder, layer by layer; how to write
# the loop that trains them; how to read a loss curve; and how one innocent ReLU can kill a network.
#
# **You need** [lesson 1](01_dataset.ipynb), and to have seen a neural network before: layers,
# gradients, ReLU.
#
# **Time** 30 minutes to read, about one to run.

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
epochs = 20
batch_size = 100
learning_rate = 0.001

# %% [markdown]
# ## The idea
#
# An autoencoder is two networks in a row. The **encoder** turns an image of 784 numbers into a
# **code** of 48 (also called the *latent* code, or a *representation* of the image). The
# **decoder** turns the code back into an image, the **reconstruction**. Both are trained together
# to make the reconstruction equal to the image.
#
# Nobody needs a copy of an image they already have. The point is the squeeze, the *bottleneck*: to
# get 784 numbers through 48, the network must find out what digits have in common. No labels are
# involved, so this is *unsupervised* learning. Whether what it finds also helps to *classify* is
# the question of lessons 4 and 5.
#
# In this lesson you build all of it yourself: first the encoder, layer by layer, then the decoder,
# then the loop that trains them. Every network stands in a cell. Change it, rerun the cells below
# it, and see what happens.

# %%
import copy

import torch
from torch import nn

from aelib.data import load_data
from aelib.figures import image_rows, loss_curve, show, stretched
from aelib.figures.diagram import system_diagram
from aelib.lesson import check, predict, report
from aelib.models import MLP, Decoder, Encoder, count_parameters
from aelib.training import infer, pick_device, train

data = load_data(source, train_size, test_size, seed)
device = pick_device()
training_settings = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
settings = {"train_size": train_size, "test_size": test_size, **training_settings}

# %% tags=["readme"]
figure = system_diagram(Encoder(), Decoder(), MLP(torch.rand(2, 48)))
show(figure, "The autoencoder, and both approaches below it, layer by layer.", None)

# %% [markdown]
# This is what you are going to build, drawn from the networks themselves. In this lesson it is the
# upper row; the other two are for lessons 4 and 5. Each square is as large as the picture that a
# layer makes. On the way to the code the pictures become smaller, and at its end three of 4 by 4
# are left.
#
# ## One layer, one size
#
# Start with a single image and a single layer. `Conv2d` slides small **filters** over the image.
# Each filter here looks at a patch of 5 by 5 pixels (its *receptive field*) and answers with one
# number for each place. `padding=2` puts a frame of two black pixels around the image, so that the
# filter can also sit at the border. `stride=2` moves it by two pixels at a time, so it visits every
# second place only, along both sides.
#
# How large is the picture of its answers, the *feature map*? Count the places: with `n` pixels, a
# padding of `p` on both sides and a filter of `k`, the filter can start at `n + 2p - k + 1` places.
# With a stride of `s` it uses every `s`-th of them, beginning with the first:
#
# $$\text{size} = \left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# **Predict:** `n` is 28, `k` is 5, `p` is 2 and `s` is 2. What comes out? And how many pictures,
# with 24 filters?

# %%
images = data.train.images.to(device)
image = images[:1]  # (1, 1, 28, 28)
convolution = nn.Conv2d(1, 24, kernel_size=5, stride=2, padding=2).to(device)
print("from", tuple(image.shape), "to", tuple(convolution(image).shape))

# %% [markdown]
# `(28 + 4 - 5) / 2` is 13.5; rounded down and one added, 14. So there are 24 feature maps of 14 by
# 14, one for each filter. In the shape `(1, 24, 14, 14)` the first number counts images, the second
# *channels*.
#
# ## The encoder
#
# Three kinds of layer are enough:
#
# - `Conv2d`, as above. A later one looks at patches in *all* channels at once.
# - `MaxPool2d(2)` keeps the largest of each 2 by 2 answers. The maps shrink by half, and a stroke
#   that is shifted a little matters less.
# - `ReLU` sets negative numbers to zero. With nothing of that kind between them, several
#   convolutions in a row amount to a single one.
#
# The sizes that come out are 28, 14, 7, 7 and 4. Check each with the formula. (For pooling, the
# filter is 2 and the stride is 2.) Only the last one needs a thought: a filter of 4 by 4 without
# padding has 7 - 4 + 1 = 4 places along each side.

# %% tags=["build"]
torch.manual_seed(seed)
encoder = nn.Sequential(
    nn.Conv2d(1, 24, kernel_size=5, stride=2, padding=2),  # (N, 24, 14, 14)
    nn.MaxPool2d(2),  # (N, 24, 7, 7)
    nn.ReLU(),
    nn.Conv2d(24, 64, kernel_size=3, padding=1),  # (N, 64, 7, 7)
    nn.ReLU(),
    nn.Conv2d(64, 3, kernel_size=4),  # (N, 3, 4, 4): the code
)

# %% [markdown]
# At the end stand 3 channels of 4 by 4: a code of 48 numbers, one sixteenth of the image. There is
# no ReLU after the code: a number that may be negative can say more than one that may not.
#
# **Predict:** the second convolution has 64 filters of 3 by 3, and each looks at 24 channels. How
# many weights is that, with one *bias* (a number to add) for each filter?


# %%
def walk_through(network, tensor):
    """Print each layer with the shape it returns and the number of its weights."""
    for layer in network:
        tensor = layer(tensor)
        name, shape = type(layer).__name__, str(tuple(tensor.shape))
        print(f"{name:<18} {shape:<18} {count_parameters(layer):>6,}")
    print(f"{'in total':<37} {count_parameters(network):>6,}")


walk_through(encoder, data.train.images[:1])

# %% [markdown]
# `64 * (24 * 3 * 3) + 64 = 13,888`, most of the encoder. Pooling and ReLU have no weights at all:
# there is nothing in them to learn.
#
# ## The decoder
#
# It runs the other way, from 4 by 4 numbers to 28 by 28 pixels. Something has to make small maps
# larger, and there are two ways to do it:
#
# - `ConvTranspose2d` is a convolution backwards. Each number of the code paints a patch of 4 by 4,
#   and patches that overlap add up: from 4 to (4 - 1) + 4 = 7.
# - `PixelShuffle(2)` takes four channels and lays them out as squares of 2 by 2 pixels, so that 32
#   maps of 7 by 7 become 8 maps of 14 by 14. The convolution before it computes four pixels at each
#   place.

# %% tags=["build"]
decoder = nn.Sequential(
    nn.ConvTranspose2d(3, 32, kernel_size=4),  # (N, 32, 7, 7)
    nn.ReLU(),
    nn.Conv2d(32, 32, kernel_size=3, padding=1),  # (N, 32, 7, 7)
    nn.PixelShuffle(2),  # (N, 8, 14, 14)
    nn.ReLU(),
    nn.Conv2d(8, 4, kernel_size=3, padding=1),  # (N, 4, 14, 14)
    nn.PixelShuffle(2),  # (N, 1, 28, 28)
)
untrained = nn.Sequential(encoder, decoder).to(device, memory_format=torch.channels_last)

# %% [markdown]
# The last line puts the two in a row. (`channels_last` asks for the order in memory in which
# convolutions are fastest on a processor. The numbers mean the same.)
#
# **Predict:** its weights are random still. What comes out at the other end of a network that has
# learned nothing?

# %%
walk_through(decoder, encoder(data.train.images[:1]))
painted = infer(untrained, images[:10])
low, high = painted.min(), painted.max()
figure = image_rows({"image": images[:10], "reconstruction": (painted - low) / (high - low)})
show(
    figure,
    "Ten images above what an untrained autoencoder makes of them.",
    data,
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
# These are the two numbers to beat. Black is worse, but not hopeless: four pixels in five *are*
# black, as you saw in lesson 1. That makes it a trap, and further down a network falls into it.
#
# ## The loop
#
# Here is the heart of nearly every deep-learning program. Take some images, a **batch**. Compute
# the loss. Clear the gradients of the step before (`zero_grad`), since torch adds new ones to those
# that are there. Compute the new ones (`backward`): for every weight, whether the loss would rise
# or fall if that weight were a little larger. Let the **optimizer** move every weight a little in
# the direction that lowers the loss (`step`). Repeat, until every image has had its turn once: that
# is an **epoch**.
#
# Each epoch takes the images in a new random order, drawn by a generator with a seed of its own, so
# that you can have the same order again. The loss of an epoch is a mean over images. So each
# batch's mean is weighted by the number of its images; the last batch may be smaller.


# %% tags=["build"]
def train_epoch(model, inputs, targets, optimizer, batch_size, generator):
    """Show `model` every input once, in a new random order; return its mean loss."""
    model.train()
    total = 0.0
    for batch in torch.randperm(len(inputs), generator=generator).split(batch_size):
        loss = loss_function(model(inputs[batch]), targets[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(inputs)


# %% [markdown]
# Go through it line by line; it is short enough to know by heart, and exercise 3 asks you to.
#
# - `model.train()` puts the network in training mode. For the layers of this lesson it makes no
#   difference. For others it does, and lesson 4 has one of them.
# - `randperm` deals the indices of all images like a shuffled pack of cards, and `split` cuts the
#   pack into batches.
# - `model(inputs[batch])` is the way forward: images in, reconstructions out. On the way torch
#   notes down what it computes, so that `backward` can go the same way in reverse.
# - `zero_grad`, `backward`, `step`: always these three, and always in this order after the loss.
# - `loss.item()` takes the bare number out of the tensor. Without it, `total` would keep the notes
#   of every batch in memory until the end of the epoch.
#
# (Elsewhere you will meet a `DataLoader` in this place: `for inputs, targets in DataLoader(...)`.
# It is made for images that lie on a disk, are too many for memory and have to be prepared one by
# one. Ours fit into memory many times over. Then drawing a batch by its numbers, `inputs[batch]`,
# is the same thing, shorter and faster.)

# %% [markdown]
# ### First on ten images
#
# Before you train for long, find out in a second whether the network and the loop work at all: give
# them ten images only, again and again. A network with 28,695 weights should get to know ten images
# by heart. If it does not, something is wrong, and you have lost a second and not an hour.
#
# **Adam** is the rule that turns gradients into steps, a refinement of plain *stochastic gradient
# descent* (SGD); 0.001 is how long the steps are, the **learning rate**. The target of an
# autoencoder is the image itself, so `inputs` and `targets` are the same.
#
# Two small helpers are in the cell. `copy.deepcopy` makes a copy to train, so that the untrained
# network is kept, since the real training is to begin from the very same weights. And `infer` is
# for using a network without training it: it switches to evaluation mode, keeps no notes for
# `backward`, and goes through the images in batches, so that any number of them fits into memory.
#
# **Predict:** after 300 steps the network will know the ten by heart. What will this network make
# of ten images that it has *not* seen?

# %%
pupil = copy.deepcopy(untrained)
optimizer = torch.optim.Adam(pupil.parameters(), lr=0.001)
generator = torch.Generator().manual_seed(seed)
ten, others = images[:10], images[10:20]
for _ in range(300):
    loss_on_ten = train_epoch(pupil, ten, ten, optimizer, 10, generator)
seen, unseen = infer(pupil, ten), infer(pupil, others)
figure = image_rows({"known by heart": ten, "reconstruction": seen.clamp(0, 1)})
show(figure, "The ten images of the training, above their reconstructions.", data)
figure = image_rows({"never seen": others, "reconstruction": unseen.clamp(0, 1)})
show(figure, "Ten other images, above their reconstructions.", data)

# %% tags=["nbval-ignore-output"]
print(f"MSE on the ten images: {loss_on_ten:.4f}")
print(f"MSE on ten others:     {loss_function(unseen, others.cpu()):.4f}")
print(f"the mean image, again: {mean_image:.4f}")

# %% [markdown]
# In our run it is nearly perfect on the ten. The others come out broken, with pieces of the ten
# images that it knows, and its error on them is mostly more than ten times as large, not far from
# that of the mean image. So the loop works, and you have seen the most important lesson of machine
# learning in a second: *memorising is not understanding*. What helps is more images, so many that
# learning them by heart is no longer the easy way.
#
# ### Then on all of them
#
# Now the real training: the whole training split, `epochs` times, from the untrained weights that
# you built above. After every epoch it measures the loss on the **validation** images as well,
# which it is never trained on. They tell you how the network does on images that it has not seen.
# And it takes a few snapshots on the way, for you to watch one digit appear.
#
# It may take half a minute, depending on your machine. If that is too long, interrupt it (Kernel >
# Interrupt), make `epochs` smaller in the parameters, and run both cells again.
#
# **Predict:** how many epochs will it take to get below the mean image's loss? Will the validation
# loss stay close to the training loss, or part from it?


# %% tags=["build"]
def validation_loss(model):
    """The loss on the validation images, without training on them."""
    held_out = data.validation.images
    return loss_function(infer(model, held_out), held_out).item()


guess = predict("MSE of the last epoch", None)  # Put your number in the place of None.

# %% tags=["build"]
autoencoder = copy.deepcopy(untrained)
optimizer = torch.optim.Adam(autoencoder.parameters(), lr=learning_rate, fused=True)
generator = torch.Generator().manual_seed(seed)
history = {"training_loss": [], "validation_loss": []}
snapshots = {0: infer(autoencoder, images[:1])}
for epoch in range(1, epochs + 1):
    loss = train_epoch(autoencoder, images, images, optimizer, batch_size, generator)
    history["training_loss"].append(loss)
    history["validation_loss"].append(validation_loss(autoencoder))
    if epoch in (1, 3, 10, 20):
        snapshots[epoch] = infer(autoencoder, images[:1])

# %%
figure = loss_curve(history, "MSE", marks={"always the mean image": mean_image})
show(figure, "Training and validation MSE against the epoch.", data)

# %% tags=["nbval-ignore-output"]
for name, losses in history.items():
    print(f"{name:<16} epoch 1: {losses[0]:.4f}   epoch {len(losses)}: {losses[-1]:.4f}")
guess.compare(history["training_loss"][-1])

# %% [markdown]
# There are two kinds of line. The solid one is the loss on the images that the network is trained
# on, the dashed one the loss on images that it only gets to see for measuring. As long as the two
# stay together, what the network learns holds for digits in general. If the dashed line turned up
# while the solid one went on falling, the network would have begun to learn its own images by
# heart. You will see that happen in lesson 5.
#
# Now read the curve from left to right. By the end of the first epoch the network is below the mean
# image: see the validation loss. Then the gains become smaller and smaller, but have not ended: the
# last epoch still lowers the error. And the two lines run together, so the network does as well on
# images it has not seen as on those it has. Ten images it could learn by heart; six thousand it
# cannot, not in twenty epochs.
#
# One detail: the training loss of an epoch is a mean over its steps, *while* the weights improve.
# The validation loss is measured at its end. That is why, at first, validation is the lower one.
#
# Here are the snapshots of one digit: the same image each time, painted by the network as it was
# after so many epochs. Epoch 0 is before any training.
#
# **Predict:** what does the network learn first, and what last?

# %%
figure = image_rows(
    {"": torch.cat([images[:1].cpu(), *snapshots.values()]).clamp(0, 1)},
    titles=["image", *(f"epoch {epoch}" for epoch in snapshots)],
)
show(figure, "A training image and its reconstruction after more and more epochs.", data)

# %% [markdown]
# After a single epoch the place and the rough shape are there. Then comes the course of the
# strokes, and sharp edges come last. From snapshot to snapshot the error falls, by less each time.
#
# ## What the filters have become
#
# You have trained a network that works. What has it learned to look at? Weights of later layers are
# hard to read, as they look at the answers of layers before them. Those of the first layer look at
# pixels, so they can be drawn like a piece of an image.
#
# The first convolution has 24 filters of 5 by 5. They began as random numbers. Below each filter
# you see its answer to the digit above, its feature map: bright where the patch looks like the
# filter. (Each picture is stretched from its own darkest to its own brightest number.)
#
# **Predict:** what would you look for in a digit, if you could only see patches of 5 by 5 pixels?

# %%
first_layer = autoencoder[0][0]
filters = stretched(first_layer.weight.detach().cpu())  # (24, 1, 5, 5)
answers = stretched(infer(first_layer, images[:1]).transpose(0, 1))  # (24, 1, 14, 14)
half = len(filters) // 2
figure = image_rows(
    {
        "filters": filters[:half],
        "their answers": answers[:half],
        "other filters": filters[half:],
        "answers of these": answers[half:],
    }
)
show(figure, "The 24 filters of the first layer, and what each answers to a digit.", data)

# %% [markdown]
# In our run the filters themselves still look much like noise. Their answers tell you more. In some
# the stroke is bright and everything else dark. Others look embossed: bright along one side of the
# stroke, dark along the other. Such a filter answers to an *edge*, and to edges of one direction
# only. You may find one in which the stroke is darker than the background; the ReLU will set most
# of it to zero, and what is left says where there is *no* stroke. Nobody has told the network to
# look for any of this. It lowers the error, that is all.
#
# ## The same loop, in `aelib`
#
# You have now written what the later lessons use. `aelib.models.Autoencoder` is this network, and
# `aelib.training.train` is this loop, with a progress bar.
#
# ## A wrong turn
#
# Pixels are never negative. So it seems natural to end the decoder with a ReLU, which makes
# negative outputs impossible. The [published notebook](https://github.com/ekaraali/Autoencoder)
# that this tutorial rebuilds does so. Here is its network. Train it twice for two epochs, with that
# ReLU and without, from the same first weights. (They are those of seed 0; with other seeds it may
# go better, as you will see.)
#
# **Predict:** what will the reconstructions look like with the ReLU?


# %%
def published_autoencoder(relu_on_output):
    """The published network, with the ReLU on its output or without it."""
    last = [nn.ReLU()] if relu_on_output else []
    return nn.Sequential(
        nn.Conv2d(1, 8, kernel_size=2, padding=1),  # (N, 8, 29, 29)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 8, 14, 14)
        nn.Conv2d(8, 16, kernel_size=2, stride=2, padding=1),  # (N, 16, 8, 8)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 16, 4, 4)
        nn.Conv2d(16, 3, kernel_size=1),  # (N, 3, 4, 4)
        nn.ReLU(),
        nn.ConvTranspose2d(3, 16, kernel_size=3),  # (N, 16, 6, 6)
        nn.ReLU(),
        nn.ConvTranspose2d(16, 8, kernel_size=3, stride=2),  # (N, 8, 13, 13)
        nn.ReLU(),
        nn.ConvTranspose2d(8, 1, kernel_size=4, stride=2),  # (N, 1, 28, 28)
        *last,
    ).to(device, memory_format=torch.channels_last)


# %%
two_epochs = {**training_settings, "epochs": 2, "seed": seed}
rows, losses = {"image": images[:10]}, {}
for name, relu in (("with ReLU", True), ("without", False)):
    torch.manual_seed(0)
    network = published_autoencoder(relu)
    losses[name] = train(network, (images, images), loss_function, **two_epochs)["training_loss"]
    rows[name] = infer(network, images[:10]).clamp(0, 1)
figure = image_rows(rows)
show(figure, "Ten images; below each, its reconstruction with ReLU and without.", data)

# %% tags=["nbval-ignore-output"]
for name, values in losses.items():
    print(f"{name:<10} MSE in each epoch:", *[f"{value:.4f}" for value in values])

# %% [markdown]
# With the ReLU, every reconstruction is black, the loss is that of black images, and it does not
# move. The network is dead: two more epochs or two thousand would not help. This is the trap.
#
# Why? Look at what reaches that last ReLU before any training, and at the gradient.


# %%
def largest_gradient(seed):
    """The largest gradient of any weight of the published network, fresh from `seed`."""
    torch.manual_seed(seed)
    network = published_autoencoder(relu_on_output=True)
    loss_function(network(images[:200]), images[:200]).backward()
    return max(weight.grad.abs().max().item() for weight in network.parameters())


torch.manual_seed(0)
outputs = infer(published_autoencoder(relu_on_output=False), images[:200])
print("outputs above zero:", (outputs > 0).sum().item(), "of", outputs.numel())
print("largest gradient of any weight:", largest_gradient(0))
print("seeds from 0 to 15 that start so:", [s for s in range(16) if largest_gradient(s) == 0])

# %% [markdown]
# Follow it with numbers small enough for your head. Let a pixel be `relu(0.5 * x - 0.2)`, with `x`
# from the layer before. With an `x` of 0.3 there is -0.05 before the ReLU and 0 after it. Make the
# weight 0.51 instead of 0.5, or the bias -0.19 instead of -0.2: still below zero, so still 0 after
# the ReLU. The loss has not changed at all. Ask a gradient which way would be better, and its
# answer is: either, it makes no difference. One pixel like that is no harm. Here it is every pixel
# of every image.
#
# By the luck of the first weights, the last layer starts with a negative bias, and its output is
# below zero everywhere. ReLU turns all of it to 0, and where ReLU is at 0 its slope is 0 too. So
# every gradient in the whole network is exactly zero. Nothing will ever move. This is the **dying
# ReLU**. Other seeds start above zero: the failure comes and goes with the seed, which is why one
# run that works proves little. (Seven of sixteen seeds start so. Of all the seeds that there are it
# may be 20 to 70 %; lesson 6 says more about such counts.)
#
# **The fix** is the lower row: leave the output without a ReLU. After two epochs it shows no more
# than grey blots, but its loss is falling: it is alive. Values slightly below 0 cost almost nothing
# in MSE. Your decoder ends this way.
#
# ## Check
#
# One line compares your numbers with those of twenty runs with other seeds.

# %% tags=["nbval-check-output", "spread"]
metrics = {"autoencoder_training_loss": history["training_loss"][-1]}
if len(data.validation.images):  # Not where all 60,000 images are trained on.
    metrics["autoencoder_validation_loss"] = history["validation_loss"][-1]
check(data, settings, metrics, history)

# %% [markdown]
# ## Exercises
#
# ### 1. What comes out?
#
# Write the formula of this lesson as a function. `output_size(n, kernel, stride=1, padding=0)` gets
# the side of an image and the settings of a `Conv2d`, and returns the side of what comes out.

# %%
from aelib.exercises import check_build_encoder, check_is_dead, check_output_size, check_train_epoch


def output_size(n, kernel, stride=1, padding=0):
    ### BEGIN SOLUTION
    return (n + 2 * padding - kernel) // stride + 1
    ### END SOLUTION


check_output_size(output_size)

# %% [markdown]
# ### 2. An encoder of your own
#
# `build_encoder(code_channels)` returns a network from images `(N, 1, 28, 28)` to codes
# `(N, code_channels, 4, 4)`, with fewer than 20,000 weights for three channels. Numbers of the code
# may be negative. Take other filters, other strides, more layers or fewer: whatever you like, as
# long as the sizes work out. Do it on paper first.


# %%
def build_encoder(code_channels):
    ### BEGIN SOLUTION
    return nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=4, stride=2, padding=1),  # (N, 16, 14, 14)
        nn.ReLU(),
        nn.Conv2d(16, 32, kernel_size=4, stride=2, padding=1),  # (N, 32, 7, 7)
        nn.ReLU(),
        nn.Conv2d(32, code_channels, kernel_size=4),  # (N, code_channels, 4, 4)
    )
    ### END SOLUTION


check_build_encoder(build_encoder)

# %% [markdown]
# ### 3. The loop, without looking
#
# Scroll until you cannot see the loop any more, and write it again:
# `train_epoch(model, inputs, targets, optimizer, batch_size, generator)`, with the mean squared
# error as its loss. The check trains a small network by yours and by ours, and compares the
# weights.


# %%
def my_train_epoch(model, inputs, targets, optimizer, batch_size, generator):
    ### BEGIN SOLUTION
    total = 0.0
    for batch in torch.randperm(len(inputs), generator=generator).split(batch_size):
        loss = nn.functional.mse_loss(model(inputs[batch]), targets[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(inputs)
    ### END SOLUTION


check_train_epoch(my_train_epoch)

# %% [markdown]
# ### 4. Dead or alive?
#
# A negative bias kills some of the published networks, but not others. Write a test that is always
# right: `is_dead(network, images)` gets a network that ends with a ReLU, and images; it says
# whether that ReLU is at zero everywhere, for all of them.


# %%
def is_dead(network, images):
    ### BEGIN SOLUTION
    with torch.no_grad():
        return bool((network(images) == 0).all())
    ### END SOLUTION


check_is_dead(is_dead)

# %% [markdown]
# ### 5. Predict, change, run
#
# Give the first convolution 8 filters instead of 24 (the second has to know of it), and run all
# cells below. How much worse will the error be? Then go back, and set `learning_rate = 0.1` in the
# parameters. What do the two lines printed below the loss curve say?
#
# ### 6. An open question
#
# The code has 48 numbers in three maps of 4 by 4. You could also flatten it and let a linear layer
# make 48 numbers of it that belong to no place at all. What would be easier for such a network, and
# what harder?
#
# ## Three questions
#
# <details><summary>Your loss falls on ten images and stays where it is on 6,000. What does that
# tell you?</summary>
#
# Loop and network are wired correctly, or the ten would not have been learned. So look at what
# differs: too few epochs, a learning rate that is too high or too low, or a network that is too
# small for the task.
#
# </details>

# %% [markdown]
# <details><summary>Why is the validation loss of the first epoch lower than the training loss?
# </summary>
#
# The training loss is a mean over the whole epoch, its bad beginning included. The validation loss
# is measured at the end of the epoch, with better weights.
#
# </details>
# <details><summary>What happens if you forget <code>optimizer.zero_grad()</code>?</summary>
#
# The first step is right. From the second on, every step follows the sum of all gradients so far,
# as torch adds new ones to the old. Training goes on, badly, and nothing complains.
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
# *The text describes MNIST with the parameters as they stand; single images and last digits differ
# from run to run, and from processor to processor.*
#
# **Next:** a small loss is a number. In [lesson 3](03_reconstructions.ipynb) you look at what the
# network keeps of an image, and what it loses.
