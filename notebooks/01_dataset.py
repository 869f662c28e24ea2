# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1. The dataset
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/autoencoders-for-classification/tutorial/blob/main/notebooks/01_dataset.ipynb)
#
# **You will learn** what is in MNIST, how to draw a fair sample from it, how far to trust an
# accuracy measured on 1,000 images, and which simple method any network has to beat. That method is
# hard to beat.
#
# **You need** a little Python. No machine learning yet.
#
# **Time** 30 minutes to read, and less than one to run.

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

# %% [markdown]
# The cell above holds the *parameters*. Change one, choose *Run All Cells*, and everything below
# follows. The `seed` fixes what is left to chance: the same seed gives the same run on the same
# machine. `aelib` is the small module of this tutorial; each lesson shows you the parts of it that
# matter.

# %% [markdown]
# ## What an image is
#
# MNIST holds scanned handwritten digits, collected from American census workers and high-school
# students and made into a dataset by Yann LeCun, Corinna Cortes and Christopher Burges. One image
# is a square of 28 by 28 grey pixels.
#
# **Predict:** how many numbers describe one image? And what shape does a stack of 6,000 of them
# have, if the convention is (images, channels, rows, columns)?

# %%
import numpy as np
import torch

from aelib.data import load_data
from aelib.evaluation import accuracy, accuracy_interval, score_line
from aelib.figures import draws_histogram, image_rows, pixel_histogram, show
from aelib.lesson import check, predict, report

settings = {"train_size": train_size, "test_size": test_size}
data = load_data(source, seed=seed, **settings)

# %%
image = data.train.images[0]
print("one image:  ", tuple(image.shape), "=", image.numel(), "numbers")
print("all of them:", tuple(data.train.images.shape), data.train.images.dtype)
print("labels:     ", tuple(data.train.labels.shape), data.train.labels.dtype)
print("darkest and brightest pixel:", image.min().item(), image.max().item())

# %% [markdown]
# One image is 784 numbers between 0 (black) and 1 (white). The `1` in the shape is the channel:
# grey images have one, colour images three. Labels are the digits 0 to 9 as whole numbers.
#
# ## Which images are in play
#
# MNIST comes as two sets: 60,000 images to train on, and 10,000 to test with. This tutorial takes
# 6,000 and 1,000 of them by default, and sets aside two more splits:
#
# | split | images | what it is for |
# |---|---|---|
# | training | 6,000 from the training set | the only images a model learns from |
# | validation | 1,000 others from the training set | watching the training, making choices |
# | test | 1,000 from the test set | numbers and figures of finished models |
# | full test | all 10,000 of the test set | the same, measured more precisely, but not balanced |
#
# No choice is ever made on test images.

# %% [markdown]
# Why those sizes? The work that this tutorial rebuilds, a published notebook named "Encoder-Decoder
# on MNIST", says in its README that it uses 7,000 images: 6,000 to train and 1,000 to test. There
# is something odd about that. Its stored outputs show 600 steps for one pass over the data at 100
# images a step, which makes 60,000. What is close to 6,000 and 1,000 is the number of images *of
# each digit*. So one sentence can be read in two ways, ten times apart; lesson 6 tries both.
#
# **Predict:** if you draw 6,000 images blindly, will every digit come up 600 times?

# %%
print("digit         ", *[f"{digit:>5}" for digit in range(10)])
for name in ("train", "validation", "test", "full_test"):
    counts = getattr(data, name).labels.bincount(minlength=10).tolist()
    print(f"{name:<14}", *[f"{count:>5}" for count in counts], f" sum {sum(counts):>6,}")

# %% [markdown]
# The set itself is not balanced: look at the line `full_test`, where the digits differ by about a
# quarter. So `load_data` draws the same number of every digit, at random but from a fixed seed.
# Accuracy then has a plain meaning: guessing gives 10 %.
#
# ## Look at them
#
# Always look before you train. Each column below is one digit, written five times.

# %%
rows = {}
for row in range(5):
    examples = [data.train.images[data.train.labels == digit][row] for digit in range(10)]
    rows[f"{row + 1}"] = np.stack(examples)
figure = image_rows(rows, titles=range(10))
show(figure, "Five handwritten examples of each digit from 0 to 9.", data, exact=True)

# %% [markdown]
# Strokes are thick or thin, upright or slanted; a 1 stands or leans, a 2 has a loop or none. A
# *classifier*, a program that names the digit, has to ignore all that. Yet every digit sits in the
# middle and just fits a box of 20 by 20 pixels: the makers of the set have scaled each digit into
# that box and moved its centre of mass to the centre of the image. Much of the hard work has been
# done for us.
#
# ## What is typical, and what varies
#
# **Predict:** average all the zeros, pixel by pixel. What will it look like? Which digit will give
# the sharpest average, and which the foggiest?

# %%
groups = [data.train.images[data.train.labels == digit] for digit in range(10)]
mean = np.stack([group.mean(0) for group in groups])
std = np.stack([group.std(0) for group in groups])
figure = image_rows({"mean": mean, "std": std / std.max()}, titles=range(10))
show(
    figure,
    "Top: the mean image of each digit. Bottom: the standard deviation of each "
    "pixel, bright around the strokes.",
    data,
)
for digit in np.argsort(std.mean((1, 2, 3))):
    print(f"digit {digit}: mean standard deviation of a pixel {std[digit].mean():.2f}")

# %% [markdown]
# The mean of a digit is still readable: most writers agree on where its strokes run. The lower row
# shows the *standard deviation*: how far a pixel usually is from its mean, brighter where the
# images differ more. Look at the 0 and the 1: a darker line runs inside the bright stroke. Writers
# agree on the middle of a stroke and differ at its edges. Some means, such as that of the 5, are
# foggier than others. The 1 varies least, as it is little more than a line, though a line that
# leans: see the hourglass in its mean image.
#
# The list does not say how foggy a mean looks, though. Longer strokes have more edge, so a 0 comes
# late in the list in spite of its clear mean. A number sums up; look at the picture, too.
#
# ## What the pixels are
#
# **Predict:** what share of all pixels is pure black?

# %%
pixels = data.train.images.flatten().numpy()
show(
    pixel_histogram(pixels),
    "Histogram of pixel values.",
    data,
    exact=True,
)
print(f"pure black: {100 * (pixels == 0).mean():.0f} %")
print(f"mean {pixels.mean():.2f}, standard deviation {pixels.std():.2f}")

# %% [markdown]
# The axis is logarithmic: each step up is ten times as many pixels. Four pixels in five are black.
# Of the rest, many are almost white, and the others, at the edges of strokes, are spread fairly
# evenly between. Remember this in lesson 2. A network that paints *every* image black is
# right about most pixels, and that is a trap it can fall into.
#
# ## Baselines: what a network has to beat
#
# Two methods that need no network at all:
#
# - **Nearest neighbours** compares a test image with all training images, pixel by pixel, and lets
#   the three most similar ones vote.
# - **Logistic regression** learns one weight per pixel and digit, multiplies each pixel by its
#   weight, adds up, and takes the digit with the highest sum.
#
# These two are known best, but they are not the best simple methods. Those come at the end of this
# lesson, and they are hard to beat: remember them whenever a network is praised.
#
# **Predict:** the first is "just look it up", the second is the simplest model that learns. Which
# one wins? In the first line below you can note your number for it.

# %%
guess = predict("accuracy of nearest neighbours (%)", None)  # Put your number in the place of None.
import time

from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier


def nearest_neighbours(examples, labels, new):
    return KNeighborsClassifier(n_neighbors=3).fit(examples, labels).predict(new)


def logistic_regression(examples, labels, new):
    return LogisticRegression(C=0.1, solver="newton-cg").fit(examples, labels).predict(new)


# %%
asked = {"validation": data.validation, "test": data.test, "full_test": data.full_test}
splits = [data.train, *asked.values()]
forms = {"pixels": [split.images.flatten(1) for split in splits]}
answers, seconds = {}, {}


def ask(method, form):
    """Show a method the training images and their labels, and let it name those of each split."""
    examples, *new = forms[form]
    start = time.perf_counter()
    said = torch.as_tensor(method(examples, data.train.labels, torch.cat(new)))
    seconds[method, form] = time.perf_counter() - start
    answers[method, form] = dict(zip(asked, said.split([len(one) for one in new]), strict=True))


# %% tags=["nbval-ignore-output"]
metrics = {}
for method in (nearest_neighbours, logistic_regression):
    ask(method, "pixels")
    for key, split in (("accuracy", "test"), ("accuracy_full_test", "full_test")):
        score = accuracy(answers[method, "pixels"][split], asked[split].labels)
        metrics[f"{method.__name__}_{key}"] = score
        print(score_line(method.__name__, score))
guess.compare(metrics["nearest_neighbours_accuracy_full_test"])

# %% [markdown]
# Nearest neighbours wins, without learning anything. (`C` says how freely the weights of logistic
# regression may grow to fit the training images; the smaller it is, the closer they are held to
# zero. 0.1 was chosen on validation images, among 1, 0.1, 0.03 and 0.01.)
#
# ## How sure is an accuracy?
#
# The brackets above are 95 % intervals (Wilson's). What you want to know is the accuracy on
# endlessly many such images. If many people test with images of their own, and each makes an
# interval in this way, 95 in 100 of these intervals contain it. They are wide for 1,000 images. And
# they cover the choice of the test images only: another draw of training images moves the score as
# well.
#
# You need not believe a formula; you can watch it. The next cell scores the same nearest-neighbour
# predictions on many different draws of 1,000 of the 10,000 test images.
#
# **Predict:** how far apart will the luckiest and the unluckiest draw be? Less than a percentage
# point (the step from 94 % to 95 % is one)? Three?

# %%
predicted = answers[nearest_neighbours, "pixels"]["full_test"]
correct = (predicted == data.full_test.labels).numpy()
rng = np.random.default_rng(seed)
draws = [100 * rng.choice(correct, 1_000, replace=False).mean() for _ in range(2_000)]
whole = 100 * correct.mean()
low, high = accuracy_interval(whole, 1_000)
show(
    draws_histogram(draws, whole, (low, high)),
    f"2,000 draws of 1,000 test images give accuracies from {min(draws):.1f} to "
    f"{max(draws):.1f} %, around {whole:.1f} % on all 10,000; most lie in the interval.",
    data,
)

# %% [markdown]
# Nineteen draws in twenty lie in the interval; that is what its 95 % mean. It is one and the same
# classifier, and yet several points lie between the luckiest and the unluckiest draw, only because
# other images were drawn. So, in this tutorial:
#
# - a score on 1,000 images always comes with its interval;
# - two methods are compared on the *same* images, where the luck of the draw largely cancels out
#   (in lesson 5);
# - the number for all 10,000 images stands beside it, with an interval a third as wide.
#
# ## Upright digits
#
# You have seen that writers slant their digits, and that a classifier has to ignore it. So why not
# take the slant away first? Nobody has to learn how: an image can be put upright by itself. That is
# called **deskewing**, and it was done to these very digits in 1998 (LeCun and others).
#
# Think of the brightness of a pixel as its amount of ink. Three steps:
#
# 1. Find the *centre of mass*: the mean column and the mean row, where each pixel counts by its
#    ink.
# 2. Find how far the ink *leans*: by how many columns it moves to the right, from one row to the
#    next one down. It is the slope of the straight line that fits the ink best.
# 3. *Shear* the image: push each row back by just as much, as you would push a leaning pile of
#    cards. The centre of mass comes to the middle.
#
# For the last step torch has two functions. For each pixel of the result, `affine_grid` says at
# which place of the image to look; `grid_sample` looks there, and mixes the four pixels around a
# place that lies between them. Both measure places from -1, at the left or top, to 1.


# %% tags=["build"]
from torch.nn.functional import affine_grid, grid_sample


def deskewed(images):
    """Images `(N, 1, 28, 28)`, each sheared until it stands upright."""
    places = (torch.arange(28) + 0.5) / 14 - 1  # Of the columns and of the rows.
    ink = images[:, 0] / images.sum((1, 2, 3)).clamp_min(1e-6).view(-1, 1, 1)  # Its sum is 1.
    x, y = ink.sum(1) @ places, ink.sum(2) @ places  # The centre of mass.
    right = places - x.view(-1, 1, 1)  # How far each column is from it,
    down = places.view(28, 1) - y.view(-1, 1, 1)  # and each row.
    covariance, variance = (ink * right * down).sum((1, 2)), (ink * down**2).sum((1, 2))
    lean = covariance / variance.clamp_min(1e-6)
    zero, one = torch.zeros_like(lean), torch.ones_like(lean)
    where = torch.stack([one, lean, x, zero, one, y], 1).view(-1, 2, 3)  # Two rows an image.
    grid = affine_grid(where, images.shape, align_corners=False)
    return grid_sample(images, grid, align_corners=False)


# %% [markdown]
# The two rows of `where` say for the place (u, v) of the result: look at u + lean · v + x in the
# image, and at v + y. (`clamp_min` is for an image that is all black, or has a single row of ink: a
# division by zero gives no number.) `aelib.data` has the same function, for later lessons.
#
# **Predict:** which digits will hardly change? Is there one that becomes *harder* to read?

# %%
leaning = torch.stack([data.train.images[data.train.labels == digit][0] for digit in range(10)])
upright = deskewed(leaning)
show(
    image_rows({"before": leaning, "after": upright}, titles=range(10)),
    "Ten digits before and after deskewing: strokes that lean come to stand upright.",
    data,
)

# %% [markdown]
# A digit that leaned stands upright now: look at the 1. One that stood before has hardly changed.
# Seen closely, the lower row is a little softer, since its pixels are mixtures. Not everything that
# leans was slanted by its writer: the long stroke of a 7 leans anyway, and some are now too steep.
# But all sevens are sheared in the same way, so they come out more alike than they were, and that
# is what a classifier needs. Nothing was learned for this, and no other image was looked at.
#
# ## The best simple method
#
# So an image can be handed to a method in more than one form. There is another one that you will
# meet again: **PCA**, *principal component analysis*, finds the 48 directions in which the training
# images differ most, and describes each image by 48 numbers, one for each of them, in place of 784.
# (Lesson 3 says more about it.) And there are two more methods:
#
# - **Nearest neighbour by angle** takes an image for an arrow in a space with 784 axes. The most
#   similar training image is the one at the smallest angle to the new one. Brighter ink makes an
#   arrow longer, but does not turn it.
# - A **support vector machine with an RBF kernel**, from here on *RBF machine*, also compares a new
#   image with the training images, but lets many of them vote.
#
# In an RBF machine the *kernel* says how similar two images are: 1 for equal images, and falling
# towards 0 with their distance, slowly at first, then fast, along the curve of a bell. (RBF is for
# *radial basis function*: only the distance counts.) Training finds out how much weight the vote of
# each training image should have. Most of those that lie far from any other digit get none; those
# that are left, near the borders, are the *support vectors*. `C` says how hard the machine tries to
# get every single training image right; here it is 10, chosen on validation images among 1, 10 and
# 100.
#
# **Predict:** which helps more, a better method or a better form of the images?

# %%
from sklearn.decomposition import PCA

from aelib.baselines import NearestByAngle, RBFMachine
from aelib.training import infer


def nearest_by_angle(examples, labels, new):
    return infer(NearestByAngle(examples, labels), new).argmax(1)


def rbf_machine(examples, labels, new):
    few = slice(10_000)  # It compares all pairs of examples: 60,000 would take 40 GB.
    return infer(RBFMachine(examples[few], labels[few]), new).argmax(1)


def pca_48(images):
    """Pixels of each split, `(N, 784)`, to 48 numbers; the training images decide which."""
    pca = PCA(n_components=48, random_state=0).fit(images[0].numpy())
    return [torch.from_numpy(pca.transform(one.numpy())).float() for one in images]


# %% [markdown]
# `aelib.baselines` has these two methods in a form in which lesson 4 can put them behind an
# encoder; `infer` hands them the images in portions, to spare memory. Each entry of the table is an
# accuracy on all 10,000 test images, and the time for learning and for naming all images.

# %% tags=["nbval-ignore-output"]
forms["PCA-48"] = pca_48(forms["pixels"])
forms["deskewed"] = [deskewed(split.images).flatten(1) for split in splits]
forms["deskewed PCA-48"] = pca_48(forms["deskewed"])
table = {}
print(" " * 20, *[f"{form:>17}" for form in forms])
for method in (logistic_regression, nearest_neighbours, nearest_by_angle, rbf_machine):
    for form in forms:
        if (method, form) not in answers:
            ask(method, form)
        table[method, form] = accuracy(answers[method, form]["full_test"], data.full_test.labels)
    entries = [f"{table[method, form]:6.2f} % {seconds[method, form]:5.1f} s" for form in forms]
    print(f"{method.__name__:20}", *[f"{entry:>17}" for entry in entries])

# %% [markdown]
# Compare the columns first. Deskewing helps every method. Nearest neighbours gains more by it than
# it would take to reach the RBF machine on pixels: the better form of the images helps more. PCA-48
# costs no method as much as a point, and it saves most of the time, since there is less to compute
# for 48 numbers than for 784. Then compare the rows: in every column the RBF machine is ahead.
#
# Which of the sixteen is the best? The table must not say so: whoever picks the highest of sixteen
# test scores has made a choice by test images. So let the validation images choose, and look up the
# test score of what they have chosen.

# %% tags=["nbval-ignore-output"]
held_out = {
    entry: (said["validation"] == data.validation.labels).float().mean().item()
    for entry, said in answers.items()
}
best = max(held_out, key=held_out.get)
metrics["simple_best_accuracy"] = table[best]
print(f"chosen: {best[0].__name__}, {best[1]}, with {100 * held_out[best]:.1f} % in validation")
print(score_line("simple_best", table[best]))

# %% [markdown]
# In our run the choice is the RBF machine on PCA-48 of deskewed images. If yours is another column,
# that makes little difference. It makes fewer than half of the mistakes that nearest neighbours
# makes on the pixels, and it takes some seconds.
#
# This is the number to beat. There is no network in it, only somebody's knowledge of what varies in
# these images while the digit stays the same. Where nobody has such knowledge, there is nothing to
# put upright. That is where a network that learns from the images themselves may have something to
# add, and lesson 7 asks whether it does.
#
# ## Check
#
# One line compares your numbers with those of twenty runs with other seeds.

# %% tags=["nbval-check-output", "spread"]
check(data, settings, metrics)

# %% [markdown]
# ## Exercises
#
# Each of the next cells holds a function for you to write, and a check that answers: right, or a
# hint at what went wrong. Write, run the cell, read the answer, and try again. What you see between
# the two marks is our solution; the [student edition](../student) has a gap there. Nothing further
# down depends on these cells.
#
# ### 1. A balanced draw
#
# `load_data` draws the same number of every digit. Write the heart of it.
# `balanced_indices(labels, per_class, generator)` gets `labels`, a tensor `(N,)` of digits, a
# number, and a `torch.Generator`. It returns the indices of `per_class` images of each digit, none
# of them twice, in any order. All chance comes from the generator: another seed, other images.

# %%
from aelib.exercises import check_balanced_indices, check_images_needed, check_nearest_mean


def balanced_indices(labels, per_class, generator):
    ### BEGIN SOLUTION
    chosen = []
    for digit in range(10):
        members = (labels == digit).nonzero().flatten()
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen)
    ### END SOLUTION


check_balanced_indices(balanced_indices)

# %% [markdown]
# ### 2. The simplest classifier
#
# You have seen the mean image of each digit. Give every new image the digit whose mean image is
# closest to it. `nearest_mean(train_images, train_labels, images)` gets images `(N, 1, 28, 28)`
# with labels `(N,)`, and images `(M, 1, 28, 28)` to classify. It returns a class for each of these,
# `(M,)`. *Closest* means: the smallest mean squared difference over all pixels.
#
# **Predict:** nearest neighbours keeps 6,000 images, this method only ten. How much will that cost?


# %%
def nearest_mean(train_images, train_labels, images):
    ### BEGIN SOLUTION
    means = [train_images[train_labels == digit].mean(0) for digit in range(10)]
    differences = images.unsqueeze(1) - torch.stack(means)  # (M, 10, 1, 28, 28)
    return differences.square().flatten(2).mean(2).argmin(1)
    ### END SOLUTION


check_nearest_mean(nearest_mean)

# %% [markdown]
# If yours is right, score it: `accuracy(nearest_mean(data.train.images, data.train.labels,
# data.test.images), data.test.labels)`. It comes out at 80 %, give or take a few points, where
# guessing gets 10 %: ten mean images already say most of what there is to say. But a mean is a poor
# portrait of a digit that can be written in two ways.
#
# ### 3. How many test images?
#
# `images_needed(accuracy, half_width)` gets an accuracy and half the width of its 95 % interval,
# both as fractions, and returns how many test images it takes. You need to know that the interval
# reaches about 1.96 standard errors to either side, and that the standard error of a share `p` of
# `n` images is the square root of `p * (1 - p) / n`.
#
# **Predict:** to be sure to within a tenth of a point at 94 %, will 10,000 images do?


# %%
def images_needed(accuracy, half_width):
    ### BEGIN SOLUTION
    return 1.96**2 * accuracy * (1 - accuracy) / half_width**2
    ### END SOLUTION


check_images_needed(images_needed)

# %% [markdown]
# For a tenth of a point it takes `images_needed(0.94, 0.001)`, some 217,000 images. MNIST's test
# file has 10,000. Whoever reports that one method beats another on it by a tenth of a point has
# reported nothing yet.
#
# ### 4. Predict, change, run
#
# Set `train_size = 600` in the parameters and run all cells. Before you do: which of the two
# baselines loses more, and why? Then set it back, set `seed = 1`, and see which outputs change and
# which do not.
#
# ### 5. An open question
#
# The test file was written by other people than the training file. Why should that matter, and how
# would you notice if some of them had written for both?
#
# ## Three questions
#
# <details><summary>Nearest neighbours gets 94 % on your test images, a network 94.5 %, on 1,000
# images each. Is the network better?</summary>
#
# You cannot know from these two numbers: each is uncertain by more than a point to either side. If
# both have faced the *same* images, you can count those on which they differ. Lesson 5 does.
#
# </details>

# %% [markdown]
# <details><summary>Somebody tries 200 settings and reports the best accuracy on the test images.
# What is wrong with it?</summary>
#
# The best of 200 is partly the luckiest of 200: it was chosen *because* these images were kind to
# it. On new images it will do worse. Choose on validation images, and touch the test images once.
#
# </details>
# <details><summary>A method is right on 80 % of all pixels of an image. Is that good?</summary>
#
# Not in this dataset: black everywhere is right on four pixels in five. A number means something
# only beside the number that costs nothing.
#
# </details>

# %% [markdown]
# ## Summary
#
# - MNIST images are 784 numbers in [0, 1]; most of them are 0, and digits are centred.
# - You draw balanced splits by a seed, and make no choice on test images.
# - An accuracy on 1,000 images is known to within one or two percentage points; say so.
# - Deskewing takes away what varies without a meaning. With it a simple method is hard to beat.
# - The reference is the best simple method, chosen on validation images, not the best-known one.
# - The numbers to beat, from this run:

# %% tags=["nbval-ignore-output"]
report(data, metrics)

# %% [markdown]
# *The text describes MNIST with the parameters as they stand; single images and last digits differ
# from run to run, and from processor to processor.*
#
# **Next:** in [lesson 2](02_autoencoder.ipynb) you build a network that squeezes those 784 numbers
# into 48 and back.
