# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3. Reconstructions and the code
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/autoencoders-for-classification/tutorial/blob/main/notebooks/03_reconstructions.ipynb)
#
# **You will learn** what an autoencoder keeps of an image and what it loses, how it compares with
# principal component analysis (PCA) at the same size of code, and what the space of codes looks
# like from inside. At the end you move a code with your own hands.
#
# **You need** [lesson 2](02_autoencoder.ipynb). Its trained autoencoder is loaded, or trained again
# where it is not at hand.
#
# **Time** 35 minutes to read, about one to run.

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
# ## Originals and reconstructions
#
# **Predict:** the code is one sixteenth of the image. What will be gone: position, thickness, the
# sharpness of edges, the identity of the digit?

# %%
import torch
from sklearn.decomposition import PCA
from torch import nn

from aelib import figures
from aelib.data import load_data
from aelib.evaluation import reconstruction_errors
from aelib.figures import image_rows, show
from aelib.figures.play import both_approaches, play, strongest_directions
from aelib.lesson import check, predict, report
from aelib.pretrained import pretrained_autoencoder
from aelib.studies import code_size, read_rows
from aelib.training import infer, pick_device, train

training_settings = {"epochs": epochs, "batch_size": batch_size}
training_settings |= {"learning_rate": learning_rate, "seed": seed}
settings = {"train_size": train_size, "test_size": test_size, **training_settings}
data = load_data(source, train_size, test_size, seed)
device = pick_device()

# %% [markdown]
# Here is the autoencoder of lesson 2, and what it makes of the test images. Some pixels come out
# below 0 or above 1. No image can show that, so they are set to 0 and 1 (`clamp`), and the errors
# are those of the images that you see. That makes them a little smaller than the loss of lesson 2,
# which takes every pixel as it comes.

# %% tags=["pretrained"]
autoencoder, pretraining = pretrained_autoencoder(data, device, **training_settings)
images, labels = data.test
reconstructions = infer(autoencoder, images).clamp(0, 1)
errors = reconstruction_errors(reconstructions, images)

# %% tags=["readme"]
examples = [labels.tolist().index(digit) for digit in range(10)]  # The first of each digit.
ten_digits = image_rows({"image": images[examples], "reconstruction": reconstructions[examples]})
show(ten_digits, "One test image of each digit above its reconstruction.", data)

# %% [markdown]
# Position, slant and thickness survive, and nearly every digit can still be read. Edges are softer:
# an edge in the wrong place costs more squared error than a blurred one, so the network blurs where
# it is unsure.
#
# ## The best and the worst
#
# The ten test images with the smallest error, then the ten with the largest.
#
# **Predict:** which digit fills the row of the best? And what will the worst have in common?

# %%
order = errors.argsort()
for name, chosen in (("best", order[:10]), ("worst", order[-10:])):
    figure = image_rows(
        {"image": images[chosen], "reconstruction": reconstructions[chosen]},
        titles=[f"{error:.4f}" for error in errors[chosen]],
    )
    digits = " ".join(str(label) for label in labels[chosen].tolist())
    show(
        figure,
        f"The ten test images with the {name} reconstructions (digits {digits}), above these "
        f"reconstructions, with MSE from {errors[chosen[0]]:.4f} to {errors[chosen[-1]]:.4f}.",
        data,
    )

# %% [markdown]
# The best are all ones: few of their pixels are lit, and ones vary least, as you saw in lesson 1.
# The worst have more ink than most: look for bold digits and wide ones. Some are just odd. An image
# that resembles few others is often reconstructed badly, so an autoencoder can find the unusual;
# this use is called *anomaly detection*. But the MSE counts ink, too: a bold digit has more to get
# wrong.
#
# ## Error by digit, with PCA as the yardstick
#
# Are errors like those above good? Ask a method from 1901. **PCA** finds the 48 directions along
# which the training images vary most, and describes an image by its 48 positions along them: also a
# code of 48 numbers, but one where encoder and decoder are each a single matrix. On the images it
# is fitted to, no other 48 directions do better. If the autoencoder cannot beat it, what are its
# convolutions and ReLUs for?
#
# A direction in the space of images is itself a list of 784 numbers, one for each pixel. So it can
# be drawn like an image. To paint a digit, PCA takes the mean image, adds so much of the first
# picture, takes away so much of the second, and so on, 48 times. How much of each: that is the
# code.
#
# **Predict:** the first picture says in what training images differ most. What might it show?

# %%
pca = PCA(n_components=48, random_state=0).fit(data.train.images.flatten(1).numpy())


def pca_reconstruct(images):
    """Images `(N, 1, 28, 28)` to their reconstructions from 48 principal components."""
    code = pca.transform(images.flatten(1).numpy())
    return torch.from_numpy(pca.inverse_transform(code)).float().view_as(images)


# %%
pictures = torch.from_numpy(pca.components_[:12]).float().view(12, 1, 28, 28)
pictures = figures.around_grey(pictures)
figure = image_rows({"1 to 6": pictures[:6], "7 to 12": pictures[6:]})
show(figure, "The first twelve principal components of the training images, as pictures.", data)

# %% [markdown]
# Grey is zero: there the component leaves the image as it is. Where it is bright, adding it adds
# paint; where it is dark, adding it takes paint away. Look at the first: on MNIST it has a ring of
# one kind around a blot of the other, so with it PCA can turn a round digit into a narrow one, from
# something like a 0 towards something like a 1. The later ones have more and smaller blots. They do
# the finer work, and each of them changes an image less.
#
# Some of them may remind you of a digit, or of two at once, a bright one and a dark one that share
# their place. But none is a stroke, a loop or anything else that a hand would draw. And each of
# them covers all of the image where there is ever any paint: PCA has no idea of *here* and *there*.
#
# **Predict:** which of the two has the lower error, PCA or the autoencoder? And on which digits
# most?

# %%
guess = predict("by how many percent the autoencoder's error is below PCA's", None)
pca_reconstructions = pca_reconstruct(images).clamp(0, 1)
pca_errors = reconstruction_errors(pca_reconstructions, images)
by_digit = [[e[labels == digit].mean() for digit in range(10)] for e in (errors, pca_errors)]
figure = figures.error_by_digit({"autoencoder": errors, "PCA-48": pca_errors}, labels)
show(
    figure,
    "Mean test MSE of each digit for the autoencoder and for PCA with 48 components.",
    data,
)

# %% tags=["nbval-ignore-output"]
full_test = data.full_test.images
full_errors = reconstruction_errors(infer(autoencoder, full_test).clamp(0, 1), full_test)
full_pca_errors = reconstruction_errors(pca_reconstruct(full_test).clamp(0, 1), full_test)
metrics = {
    "reconstruction_mse": errors.mean().item(),
    "reconstruction_mse_full_test": full_errors.mean().item(),
    "pca_mse": pca_errors.mean().item(),
    "pca_mse_full_test": full_pca_errors.mean().item(),
}
for name, value in metrics.items():
    print(f"{name:<30} {value:.4f}")
error, yardstick = metrics["reconstruction_mse_full_test"], metrics["pca_mse_full_test"]
guess.compare(100 * (1 - error / yardstick))

# %% [markdown]
# The autoencoder is below PCA for every digit, and by a tenth to a quarter on the whole, depending
# on the seed. Ones have the smallest error. The lead is real, but not dramatic: lesson 2's "always
# the mean image" is at 0.07, and PCA alone removes most of that. It needs no training loop, and it
# takes a second.
#
# And is plain PCA the best that can be had without a network? In lesson 1 three numbers of an image
# were enough to *deskew* it: where the middle of its ink lies, across and down, and how far it
# leans. PCA can have them, too. It gets the deskewed image and paints it from 45 numbers; the other
# three move and lean the picture back. That is a code of 48 numbers again.
#
# The cell has the `deskewed` of lesson 1 once more, with the way back. It mixes sixteen pixels in
# place of four (`bicubic`), which leaves the image sharper.
#
# **Predict:** what is left of the autoencoder's lead?


# %%
def sheared(images, like, back=False):
    """Images `(N, 1, 28, 28)`, put upright as those of `like` have to be, or leant back."""
    places = (torch.arange(28) + 0.5) / 14 - 1
    ink = like[:, 0] / like.sum((1, 2, 3)).view(-1, 1, 1)
    x, y = ink.sum(1) @ places, ink.sum(2) @ places
    right, down = places - x.view(-1, 1, 1), places.view(28, 1) - y.view(-1, 1, 1)
    lean = (ink * right * down).sum((1, 2)) / (ink * down**2).sum((1, 2))
    zero, one = torch.zeros_like(lean), torch.ones_like(lean)
    where = [one, lean, x, zero, one, y]
    if back:
        where = [one, -lean, lean * y - x, zero, one, -y]
    where = torch.stack(where, 1).view(-1, 2, 3)
    grid = nn.functional.affine_grid(where, images.shape, align_corners=False)
    return nn.functional.grid_sample(images, grid, mode="bicubic", align_corners=False)


# %% tags=["nbval-ignore-output"]
pca_45 = PCA(n_components=45, random_state=0)
pca_45.fit(sheared(data.train.images, data.train.images).flatten(1).numpy())
upright_codes = pca_45.transform(sheared(full_test, full_test).flatten(1).numpy())
painted = torch.from_numpy(pca_45.inverse_transform(upright_codes)).float().view_as(full_test)
painted = sheared(painted, full_test, back=True).clamp(0, 1)
deskewed_error = reconstruction_errors(painted, full_test).mean().item()
print(f"all test images: autoencoder {error:.4f}, PCA-48 {yardstick:.4f}", end=", ")
print(f"deskewed, PCA-45 and three numbers {deskewed_error:.4f}")

# %% [markdown]
# Hardly anything: the two errors are within a tenth of each other. So three numbers, chosen by
# somebody who knows how digits vary, are worth as much as the network. What speaks for the network
# is that nobody had to know it. You would train it in the same way on images that do not lean.
#
# How long did the autoencoder have to train for its lead? Here is its loss curve again, with the
# error of PCA on the same training images as a dotted line (both without `clamp`, as in training).
# This time the axis is **logarithmic**: the same step up is always the same factor. On a plain
# axis, as in lesson 2, all that comes after the first few epochs is pressed into a flat line at the
# bottom. On this one you can see whether the network is still learning.
#
# **Predict:** after how many epochs does the curve cross the dotted line? And is it flat by then?

# %%
pca_training = reconstruction_errors(pca_reconstruct(data.train.images), data.train.images).mean()
figure = figures.loss_curve(
    pretraining, "MSE", marks={"PCA-48, training images": pca_training}, logarithmic=True
)
show(
    figure,
    "Training and validation MSE of the autoencoder against the epoch on a logarithmic axis, with "
    "the error of PCA as a dotted line.",
    data,
)

# %% [markdown]
# Look for the epoch in which the blue curve goes below the dotted line. Until then the network was
# worse than a method without any training. It took hundreds of steps to learn what PCA computes at
# once, and only what came after that is its own. Look also at the right end: in our run the
# curve still points downwards. Twenty epochs are what fits into a lesson, not what is best.
#
# Compare how the two fail:

# %%
chosen = [examples[digit] for digit in (2, 3, 4, 5, 8)]
two_methods = image_rows(
    {
        "image": images[chosen],
        "autoencoder": reconstructions[chosen],
        "PCA-48": pca_reconstructions[chosen],
    }
)
show(
    two_methods,
    "Five test digits, their reconstructions by the autoencoder, and by PCA, which leaves a faint "
    "haze of waves around the strokes.",
    data,
)

# %% [markdown]
# PCA adds and subtracts the same 48 fixed pictures for every image, and what does not cancel stays
# as a haze around the strokes. A ReLU can switch paint off, and the autoencoder's background is
# cleaner.
#
# ## How large a code?
#
# Why 48 numbers, and not 12 or 192? Nothing in the method says so. We have trained the same
# autoencoder with codes of five sizes, each with three seeds, and kept the errors. Only the two
# layers next to the code are other ones. PCA was given as many components each time.
#
# **Predict:** with four times as many numbers, will the error be a quarter? And with more and more
# numbers, which of the two will come out ahead?

# %%
figure = figures.error_by_size(read_rows("code_size"))
show(
    figure,
    "Error on all test images against the number of numbers in the code, from 12 to 192, for the "
    "autoencoder and for PCA, both axes logarithmic.",
    "MNIST",
    exact=True,
)

# %% [markdown]
# Both errors fall as the code grows, but not in step. Up to 48 numbers the autoencoder is ahead of
# plain PCA, with each of the three seeds, and with 12 and 24 of them by far: if there are few, it
# pays to use them in a cleverer way than adding up fixed pictures. With 96 PCA is ahead, again with
# each seed, and with 192 it has less than half the error. It loses nothing on the way: with 784
# components it would copy every image. The layers of the autoencoder, though, are as large as
# before, and it was trained for the same 20 epochs. By now the layers and the training probably set
# the limit, and no longer the code.
#
# (The codes of 12 and 24 numbers are maps of 2 by 2, the others of 4 by 4.)
#
# For this tutorial a code is of interest *because* it is small. The 48 are those of the published
# network, and a size at which the network still has its lead over plain PCA.
#
# ## Inside the code: are all 48 numbers at work?
#
# A **dead unit** is a number of the code that is the same for every image. It carries nothing. The
# published encoder ends with a ReLU, which can kill units just as you saw in lesson 2. Ours has no
# ReLU there.
#
# **Predict:** how many of the 48 are dead?

# %%
codes = infer(autoencoder.encoder, images)
std = codes.flatten(1).std(0)
show(
    figures.code_spread(std),
    "Standard deviation of each of the 48 code numbers over the test images, sorted.",
    data,
)
print("dead units:", (std <= 1e-3 * std.max()).sum().item(), "of 48")
pca_std = pca.explained_variance_**0.5
print(f"PCA's first number varies {pca_std[0] / pca_std[-1]:.0f} times as much as its last")

# %% [markdown]
# None. All of them vary, and the largest deviation is less than three times the smallest. That is
# not so for every code: of PCA's 48 numbers the first varies several times as much as the last. So
# that no number counts for more than another, the classifier of lesson 4 brings its codes to one
# scale first.
#
# ## What does each number do?
#
# All 48 are at work, then. At what work? Ask the decoder: take the code of one image, raise a
# single number by three of its standard deviations, decode, and subtract what came out before. What
# is left is what this one number paints and wipes away. Then take the next number.
#
# The 48 pictures are laid out like the code itself: three blocks side by side, one for each
# channel, and in each block four rows and four columns. As above, grey is no change, bright is
# paint added, dark is paint taken away.
#
# **Predict:** can the number at the top left of its channel change the bottom of the image?

# %%
code = codes[examples[5]]  # (3, 4, 4), of a five
moved = code + torch.diag(3 * std).view(48, 3, 4, 4)
change = infer(autoencoder.decoder, moved) - infer(autoencoder.decoder, code[None])
change = figures.around_grey(change).view(3, 4, 4, 1, 28, 28)
rows = {f"row {row + 1}": change[:, row].flatten(0, 1) for row in range(4)}
titles = [f"{channel}, {column}" for channel in (1, 2, 3) for column in (1, 2, 3, 4)]
show(
    image_rows(rows, titles),
    "For each of the 48 numbers of a five's code, what raising it changes in the decoded image; "
    "above each column stand the channel and the column of the number.",
    data,
)

# %% [markdown]
# A number does most of its work in its own neighbourhood. Its reach is limited: the decoder is
# built of convolutions, and each of them passes a number on only to places nearby. Count it out for
# the number at the top left: layer by layer it reaches 4, 5, 10, 11 and at last 22 rows. The last
# six rows of pixels are out of its reach, whatever the weights. So a code of this kind is still a
# small picture: it says *where*. PCA's numbers do not, as each of them changes the whole image.
#
# Now compare the three blocks at the same place. Look for a channel that adds a stroke where
# another wipes it away, or that shifts it to one side (bright along one edge, dark along the
# other). But do not look for a number that means *loop* or *slant*. Nothing in the loss asks for
# numbers with a meaning, and what they do depends on the other 47, as there are ReLUs on the way.
#
# ## A map of the code space
#
# Each image is a point in a space of 48 dimensions. **t-SNE** draws such points on paper so that
# neighbours stay neighbours. Trust who is next to whom; do not trust distances between far groups.
# The network was never told a label.
#
# **Predict:** will the digits form groups? Which ones will touch?

# %%
figure = figures.code_maps({"": codes[:500]}, labels[:500])
show(
    figure,
    "t-SNE map of the codes of 500 test images, each drawn as its digit.",
    data,
)

# %% [markdown]
# Groups appear though no label was used: images of one digit look alike, so they get similar codes.
# (The pixels themselves would show groups, too: exercise 3.) In our map some digits stand nearly
# alone, while 4 and 9 run into each other. A guess for lesson 4: a classifier on this code will
# confuse these two.
#
# ## A code that fits on paper
#
# A map of 48 dimensions on paper loses much of them. What if the code itself had only two numbers?
# Then it *is* a place on paper, and nothing is lost in drawing it. The next cell trains such an
# autoencoder. It is that of lesson 2, except for the two layers next to the code: the last
# convolution has two filters of 7 by 7, as large as the maps before it, so that two numbers remain.
# (Five epochs are enough here, with a learning rate that first rises to 0.01 and then falls to
# almost 0: `one_cycle`.)
#
# With a plane you can do what no one can do with 48 dimensions: decode all of it. On the left
# below is where the codes of the test images lie. On the right the same piece of the plane is
# covered with a grid, and in each place stands what the decoder paints from the two numbers of that
# place.
#
# **Predict:** will ten digits find room next to each other? What will the decoder paint where no
# training image has its code?

# %%
torch.manual_seed(seed)
narrow = code_size.autoencoder_with(2).to(device)
pair = (data.train.images, data.train.images)
short = {**training_settings, "epochs": min(epochs, 5)}
steeper = {**short, "learning_rate": 0.01}
train(narrow, pair, nn.functional.mse_loss, **steeper, one_cycle=True)
to_code, from_code = narrow[:6], narrow[6:]  # Encoder and decoder.
figure = figures.code_plane(infer(to_code, images), labels, lambda codes: infer(from_code, codes))
show(
    figure,
    "Left, the codes of the test images in the plane of two numbers, each drawn as its digit. "
    "Right, what a grid of places in that plane decodes to.",
    data,
)

# %% [markdown]
# Hold the two side by side. Where one digit has a region to itself on the left, the pictures on the
# right look like it. Where several lie on top of each other, the decoder cannot know which of them
# is meant, and paints something in between. Go along a row on the right: one picture turns into the
# next, mostly without a jump, whether there is a digit halfway or not. And at the rim, and in gaps
# where hardly any image lies, you may find shapes that are no digit at all. Nobody asked the
# decoder for anything there.
#
# Two numbers are too few to say which digit it is *and* how it was written; 48 are enough for a
# good deal of both. The other observations may well hold for the larger code, too, but there you
# cannot see it.
#
# ## Walking between two digits
#
# Take two images, go from the code of one to that of the other in equal steps, and decode every
# step. For comparison, do the same with the pixels.
#
# **Predict:** what lies halfway between a 3 and an 8?

# %%
start, end = images[labels == 3][0], images[labels == 8][0]
steps = torch.linspace(0, 1, 9).view(-1, 1, 1, 1)
code_start, code_end = infer(autoencoder.encoder, torch.stack([start, end]))
walk = infer(autoencoder.decoder, code_start + steps * (code_end - code_start))
figure = image_rows(
    {"through codes": walk.clamp(0, 1), "through pixels": start + steps * (end - start)},
    titles=[f"{step:.0%}" for step in steps.flatten().tolist()],
)
show(
    figure,
    "A walk from a 3 to an 8 in nine steps, through codes and, below, through pixels.",
    data,
)

# %% [markdown]
# Through pixels you see a double exposure. Through codes the strokes bend a little, yet in our run
# the middle is no clean digit either: nothing in the loss asks that points *between* codes decode
# to something sensible. Variational autoencoders, made to generate images, add just that. For
# classifying we do not need it.
#
# ## Your turn: move a code
#
# So far you have moved one number of the code at a time, or all of them towards another image.
# There is a third way: along the directions in which the codes of the training images vary most.
# You know how to find them. It is PCA again, this time on codes in place of pixels. Moving by 1
# means by one standard deviation, so -3 to 3 is about as far as real codes go.
#
# And you get company. Two classifiers look over your shoulder: those that you build in lessons 4
# and 5, here with five epochs of training. Both learn from the same 6,000 images with their labels,
# see the picture that you see, and say which digit it is and how sure they are.
#
# Choose a digit, and move. (The sliders need a running notebook: run the cell. Without one you see
# a grid of pictures.) Each row of the grid moves along one direction, from -3 on the left to 3 on
# the right, with the unmoved code in the middle. Above each picture stand the answers of approach 1
# and approach 2, bold where one of them is not the digit that you began with.
#
# **Predict:** how far can you move a 4 until one of the two calls it something else? And will they
# change their minds at the same moment?

# %%
classifiers = both_approaches(autoencoder, data, device, **short)
directions = strongest_directions(infer(autoencoder.encoder, data.train.images))
play(autoencoder, classifiers, directions, data, digit=4)

# %% [markdown]
# Things to try, and to look for:
#
# - The direction that changes the picture most: does it make the digit rounder, slanted, thicker?
# - A place where the two disagree. Which of them do you side with? Look at how sure each one is.
#   One that is wrong and sure of it is the costlier kind, as you will see in lesson 5.
# - A picture that is no digit at all, and what they say to it. Neither can say "none of these": the
#   ten shares always add up to 100 %.
#
# ## Check
#
# One line compares your numbers with those of twenty runs with other seeds.

# %% tags=["nbval-check-output", "spread"]
check(data, settings, metrics, pretraining)

# %% [markdown]
# ## Exercises
#
# ### 1. PCA by hand
#
# Take the images as rows of 784 numbers. Subtract the mean image of the training images; the
# singular value decomposition (`torch.linalg.svd`) of what is left returns three tensors, of which
# the last has the directions as its rows, the most important first.
# `pca_codes_and_reconstruction(train, images, k)` gets two tables of rows, `(N, D)` and `(M, D)`.
# It fits PCA to `train` alone, and returns the codes of `images`, `(M, k)`, and their
# reconstructions, `(M, D)`.

# %%
from aelib.exercises import (
    check_neighbour_agreement,
    check_pca_codes_and_reconstruction,
    check_shift_beats_black,
    check_walk,
)


def pca_codes_and_reconstruction(train, images, k):
    ### BEGIN SOLUTION
    mean = train.mean(0)
    _, _, directions = torch.linalg.svd(train - mean, full_matrices=False)
    codes = (images - mean) @ directions[:k].T
    return codes, codes @ directions[:k] + mean
    ### END SOLUTION


check_pca_codes_and_reconstruction(pca_codes_and_reconstruction)

# %% [markdown]
# ### 2. A walk of your own
#
# `walk(decoder, a, b, steps)` gets a decoder and two codes `(3, 4, 4)`. It returns `steps` images:
# the first is the decoded `a`, the last the decoded `b`, and the codes between are equally far
# apart.


# %%
def walk(decoder, a, b, steps):
    ### BEGIN SOLUTION
    shares = torch.linspace(0, 1, steps).view(-1, 1, 1, 1)
    return decoder(a + shares * (b - a))
    ### END SOLUTION


check_walk(walk)

# %% [markdown]
# Walk between two different images of the *same* digit. Is the middle cleaner now? Why?
#
# ### 3. Who are the neighbours?
#
# The map shows groups. Put a number to it, one that needs no map:
# `neighbour_agreement(codes, labels, k=5)` gets codes `(N, D)` and labels `(N,)`. For every code it
# finds the `k` nearest *other* codes, and takes the share of them that has the same label. It
# returns the mean of these shares.
#
# **Predict:** it can be applied to pixels as well, `images.flatten(1)`. Which is higher, the
# agreement of codes or of pixels?


# %%
def neighbour_agreement(codes, labels, k=5):
    ### BEGIN SOLUTION
    distances = torch.cdist(codes, codes).fill_diagonal_(torch.inf)
    nearest = distances.topk(k, largest=False).indices
    return (labels[nearest] == labels.unsqueeze(1)).float().mean().item()
    ### END SOLUTION


check_neighbour_agreement(neighbour_agreement)

# %% [markdown]
# ### 4. What the error does not see
#
# Move a digit by a single pixel. It is the same digit, perfectly readable. `shift_beats_black` gets
# an image `(1, 28, 28)` and moves it to the right by one pixel. It says whether, by the mean
# squared error, the moved image is closer to the original than an all-black one is.


# %%
def shift_beats_black(image):
    ### BEGIN SOLUTION
    moved = torch.zeros_like(image)
    moved[..., 1:] = image[..., :-1]
    return bool((moved - image).square().mean() < image.square().mean())
    ### END SOLUTION


check_shift_beats_black(shift_beats_black)

# %% [markdown]
# Count how many test images it holds for. There are thin digits for which a network is rewarded
# more for painting nothing at all than for painting the right digit one pixel beside its place.
#
# ### 5. Predict, change, run
#
# Set `epochs = 3`. Is the autoencoder still better than PCA? And what does the decoder make of a
# code of 48 zeros, and of 48 random numbers with the mean and standard deviation of real codes?
#
# ### 6. An open question
#
# The worst reconstructions are of images that look like few others. How would you use that to find
# images in a collection that do not belong there, and what would you miss?
#
# ## Three questions
#
# <details><summary>Autoencoder A has a lower reconstruction error than B. Will its code classify
# better?</summary>
#
# Nobody can tell from that. The error counts pixels, wherever they are; a class may hang on few of
# them, such as the gap at the top of a 4. The two go together in some experiments and part in
# others. Measure what you want to know.
#
# </details>

# %% [markdown]
# <details><summary>Why may PCA not be fitted on the test images, although it uses no labels?
# </summary>
#
# It would know how these very images vary. New images will not do you that favour. A yardstick is
# held to the same rules as what it measures.
#
# </details>
# <details><summary>On the t-SNE map, the ones are far from the zeros. What follows?</summary>
#
# Nothing. t-SNE takes care of neighbours; how far apart two groups are drawn is mostly chance.
#
# </details>

# %% [markdown]
# ## Summary
#
# - 48 numbers keep shape, place, slant and thickness of a digit, and lose sharp edges.
# - PCA with 48 components is the yardstick; the autoencoder's error is a tenth to a quarter lower.
#   PCA of deskewed images gets as far.
# - In the code space, images of one digit are mostly neighbours, though no label was used.
# - The numbers of this run:

# %% tags=["nbval-ignore-output"]
report(data, metrics)

# %% [markdown]
# *The text describes MNIST with the parameters as they stand; single images and last digits differ
# from run to run, and from processor to processor.*
#
# **Next:** in [lesson 4](04_frozen_encoder.ipynb) a classifier gets nothing but these 48 numbers.
