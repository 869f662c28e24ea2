# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 7. Labels: when does the code help?
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/autoencoders-for-classification/tutorial/blob/main/notebooks/07_labels.ipynb)
#
# **You will learn** whether an autoencoder helps when labels are few, how to compare methods that
# each depend on luck, what a hundred labels can do when the other images are used twice, and how
# far 6,000 labels go with the habits of today.
#
# **You need** [lesson 5](05_joint_training.ipynb) for the two approaches, and [lesson
# 6](06_replication.ipynb) for reading many runs at once.
#
# **Time** 50 minutes to read, one to run.

# %% [markdown]
# Readers of tutorials like this one ask two questions again and again: why a pretrained network
# does no better than one from scratch ([Keras, issue
# 1699](https://github.com/keras-team/keras/issues/1699)), and what an autoencoder is good for if it
# loses even with 500 labels ([handson-ml3, issue
# 89](https://github.com/ageron/handson-ml3/issues/89)). By the end of this lesson you can answer
# both.
#
# As in lesson 6, most of the training was done beforehand, on MNIST. Its results are in tables, and
# you run a row again yourself.
#
# What the text says of tables holds for the stored rows, which are of MNIST. What you run here may
# end a little differently on another processor.

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
# ## The contest
#
# Until now every digit had a label. Often that is not so: images are there in thousands, but
# somebody has to look at each and write down what it shows. So suppose you have 59,000 of MNIST's
# training images, and labels for only a few. The autoencoder may learn from *all* images, since it
# needs no labels. A network trained from scratch learns from the labelled ones only. This is where
# an autoencoder is said to shine.
#
# Seven methods, from 10 labels (one of each digit) to 6,000:
#
# - **pixels, logistic regression**: no code at all;
# - **PCA-48 + MLP**: the code is the first 48 principal components of all images;
# - **random encoder, frozen**: the code of an encoder that was never trained;
# - **autoencoder, frozen**: approach 1, with an autoencoder trained on all images, for three
#   epochs;
# - **autoencoder, fine-tuned**: the same, but the labels then train encoder and MLP together;
# - **from scratch**: approach 2, encoder and MLP from random weights;
# - **both losses together**: from scratch, and at each step the encoder also learns to reconstruct
#   50 images without labels.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import scipy
import torch

from aelib.data import load_data, random_affine
from aelib.evaluation import Measured, holm, mean_interval, win_interval, win_probability
from aelib.figures import image_rows, show
from aelib.lesson import report
from aelib.models import Noise
from aelib.studies import (
    check_row,
    few_labels,
    read_rows,
    recipe,
    run_row,
    same_settings,
    scales,
    spread_labels,
)

data = load_data(source, train_size, test_size, seed)
table = read_rows("few_labels")
rows = table[(table.source == "mnist") & (table.steps == few_labels.FIXED["steps"])]
plain = few_labels.unchosen(rows[rows.variant == "plain"])
draws = plain.groupby("labels").seed.nunique()
print(f"{len(table)} runs in the table; draws for each number of labels:")
print(draws.rename(index="{:,}".format).to_frame("draws").T)

# %% [markdown]
# The rules are the same for all. The head is the MLP of lesson 4, but for one thing: all numbers of
# a code are divided by *one* number, taken from images without labels. (The section after next says
# why.) Training on labels takes 360 steps, whatever the number of labels, at a learning rate that
# rises to 0.003 and then falls. (You will meet that habit below, as *one-cycle*.) Logistic
# regression has the penalty that scikit-learn gives it. **Nothing is chosen**: with ten labels
# there is nothing to choose by. Whether a choice would change the picture is asked further down.
#
# Each seed draws other labelled images and other first weights. Then all 10,000 test images are
# asked. There are forty seeds at 10, 30 and 100 labels, where luck decides most, and twenty
# elsewhere.
#
# **Predict:** with 10 labels, one picture of each digit, how many test images will the best method
# get right? Which method will it be? And which with 6,000?

# %% tags=["readme"]
figure, axis = plt.subplots(figsize=(5.2, 5.4))
for method, marker in zip(few_labels.METHODS, "sv^oDXP", strict=True):
    errors = 100 - plain[plain.method == method].groupby("labels").accuracy.mean()
    axis.loglog(errors.index, errors, f"{marker}-", label=method, markersize=6)
axis.set(xlabel="labelled images", ylabel="test error (%)")
axis.set(xticks=few_labels.LABELS, xticklabels=[f"{count:,}" for count in few_labels.LABELS])
axis.set(yticks=[2, 5, 10, 20, 50], yticklabels=["2", "5", "10", "20", "50"])
axis.minorticks_off()
figure.legend(loc="outside lower center", ncols=2)
show(
    figure,
    "Mean test error of seven methods against the number of labelled images, both on logarithmic "
    "scales.",
    "MNIST",
    exact=True,
)

# %%
means = plain.pivot_table("accuracy", "method", "labels", sort=False)
print(means.round(1).rename(columns="{:,}".format).rename_axis(index=None, columns=None))

# %% [markdown]
# Both axes are logarithmic: a straight line down means that ten times the labels divide the error
# by a fixed number. With 10, 30 and 100 labels the two curves with a trained autoencoder are
# lowest, and the better of them has some 46, 64 and 80 % of the test images right. From 300 on the
# network from scratch is lowest. And look at the simple methods: with ten labels the next best is
# logistic regression on the pixels, ahead of PCA and, in 35 of 40 draws, of the network from
# scratch. Where labels are few that network is a weak rival, and to beat it says little.
#
# ## A scale is a choice, too
#
# The MLP of lesson 4 divides each number of a code by its own standard deviation. For the code of
# an autoencoder this changes little. But principal components are sorted by their spread: the first
# varies several times as much as the last, which tells less of the digit. Divided by their own
# deviations (*whitened*) all 48 are equally loud. Dividing all by one number keeps what PCA has
# found out.
#
# The next table changes this alone: five draws, the same labelled images, three ways to classify
# (logistic regression, MLP, nearest neighbour), none of which chooses anything. "each" divides
# every number by its own deviation, "one" all by the same.
#
# **Predict:** which of the four codes loses most by "each"? And which code is best when all have
# one scale?

# %%
scale_rows = read_rows("scales")
headings = ["regression", "MLP", "neighbour"]
ways = [f"{scale}_{head}" for head in scales.HEADS for scale in scales.SCALES]
for count in scales.LABELS:
    by_code = scale_rows[scale_rows.labels == count].groupby("code", sort=False)[ways].mean()
    by_code.columns = pd.MultiIndex.from_product([headings, scales.SCALES])
    print(f"{count} labels\n{by_code.round(1).rename_axis(index=None)}\n")

# %% [markdown]
# Look down the columns "each" and then down those called "one". Whitening costs PCA many points at
# ten labels, whichever way you classify: with the MLP of lesson 4 it would have come last in the
# contest, behind the pixels, and somebody would have concluded that PCA is bad. With one scale the
# autoencoder's code is ahead of PCA's and of the pixels at ten labels in all three ways, though by
# less than the whitened comparison says.
#
# **What to keep:** where methods are compared, divide each code by one number; and the one to beat
# is the best simple method, not the weakest.

# %% [markdown]
# ## Would a choice have changed it?
#
# A method may have been unlucky with the learning rate that it was given. So on four of the draws
# each was trained with four rates, 0.001, 0.003, 0.01 and 0.03 (logistic regression with three
# penalties, *both losses* with three weights), and all of it is in the table. Now any rule of
# choice can be tried afterwards: none; the setting that is best on 1,000 validation images, a
# luxury with ten labels; or, with a look at the test answers, the best setting of all.
#
# **Predict:** where is most to be gained by choosing, with few labels or with many?

# %%
by_run = ["labels", "method", "seed"]
four = rows[(rows.variant == "plain") & (rows.seed < 4)]
four = four.sort_values("validation_accuracy", kind="stable")
rules = {
    "none": few_labels.unchosen(four).set_index(by_run).accuracy,
    "validation": four.groupby(by_run).accuracy.last(),
    "best there was": four.groupby(by_run).accuracy.max(),
}
rules = pd.DataFrame(rules).groupby(["labels", "method"]).mean()
for count in few_labels.CHOOSING:
    by_rule = rules.loc[count].loc[list(few_labels.METHODS)]
    print(f"{count:,} labels, by rule of choice\n{by_rule.round(1).rename_axis(None)}\n")

# %% [markdown]
# With ten and a hundred labels a choice changes little, at most some two points. At ten, frozen and
# fine-tuned autoencoder lead under every rule. At a hundred they lead the network from scratch by
# more than a point without a choice and by less with one, and four draws are too few to call either
# a lead. So what is said below of a hundred labels may hang on a choice; who leads at ten does not.
# With 6,000 labels it is another matter: PCA, the random code and both ways to use the
# autoencoder's gain 1.5 to 2.7 points, the network from scratch 0.4. So the right end of the first
# figure partly shows which methods a rate of 0.003 suits. The section on fine-tuning comes back to
# that.

# %% [markdown]
# ## Luck, taken out
#
# With few labels the draw decides a lot: ten good examples or ten odd ones. But the seven methods
# of a seed had the *same* draw. So take the difference first, seed by seed, and average then: the
# luck that two methods share cancels. That is a **paired** comparison.
#
# From the mean and the spread of the differences also follows how likely the next draw is to come
# out the same way: the probability that a new difference is above zero, if they are spread like a
# normal distribution. It has an interval of its own, a wide one. The column `p` is the probability
# of a mean at least so far from zero if both methods were equally good. Who looks at eight numbers
# of labels may find a "significant" one by luck. So `p` is corrected for that (**Holm's** method:
# the smallest of eight is multiplied by eight, the next by seven, and so on), within each table.
#
# **Predict:** at which numbers of labels does the fine-tuned autoencoder beat the network from
# scratch in every draw?

# %%
scores = plain.pivot(index=["labels", "seed"], columns="method", values="accuracy")


def compare(method, rival):
    """Print what paired differences, method minus rival, say at each number of labels."""
    print(f"\n{method}, minus {rival}")
    print("labels   mean    95 % interval    wins        p    probability to win")
    differences = [(scores[method] - scores[rival])[count].dropna() for count in few_labels.LABELS]
    tests = holm([scipy.stats.ttest_1samp(one, 0).pvalue for one in differences])
    for count, gains, p in zip(few_labels.LABELS, differences, tests, strict=True):
        low, high = mean_interval(gains)
        chance = "{:.2f} ({:.2f} to {:.2f})".format(win_probability(gains), *win_interval(gains))
        line = f"{count:>6,} {gains.mean():+6.1f}  ({low:+5.1f} to {high:+5.1f})"
        print(f"{line}  {(gains > 0).sum():>2} of {len(gains)}  {p:7.1g}   {chance}")


compared = (few_labels.FROZEN, few_labels.TUNED, few_labels.BOTH)
for method in compared:
    compare(method, few_labels.SCRATCH)
for rival in (few_labels.PRINCIPAL, few_labels.PIXELS):
    compare(few_labels.FROZEN, rival)


# %%
figure, axis = plt.subplots(figsize=(7.5, 3.4))
for method, marker, nudge in zip(compared, "oDX", (0.94, 1.0, 1.06), strict=True):
    differences = scores[method] - scores[few_labels.SCRATCH]
    mean = differences.groupby("labels").mean().to_numpy()
    intervals = [mean_interval(differences[count]) for count in few_labels.LABELS]
    lows, highs = zip(*intervals, strict=True)
    places = [count * nudge for count in few_labels.LABELS]
    errors = [mean - lows, highs - mean]
    axis.errorbar(places, mean, errors, fmt=f"{marker}-", markersize=5, label=method)
axis.axhline(0, color="0.3", linestyle="--")
axis.set(xscale="log", xlabel="labelled images", ylabel="accuracy minus that from scratch")
axis.set(xticks=few_labels.LABELS, xticklabels=[f"{count:,}" for count in few_labels.LABELS])
axis.minorticks_off()
axis.legend()
show(
    figure,
    "Test accuracy of three methods with an autoencoder minus that of the network from scratch, "
    "mean and 95 % interval of paired differences, against the number of labels.",
    "MNIST",
    exact=True,
)

# %% [markdown]
# So the answer depends on the number of labels:
#
# - **10 and 30 labels:** both ways to use the code beat the network from scratch, by four to seven
#   points, and the next draw will come out that way with a probability near 0.9 (the intervals
#   begin at 0.75 or above). Against the best simple method, logistic regression on the pixels, the
#   frozen code gains two and a half points and three, in 35 and 38 of 40 draws.
# - **100:** fine-tuned it is still ahead, by almost two points and in 32 of 40 draws; frozen, by
#   less than one and in 23, hardly more than half. Against both simple methods the frozen code is
#   some four points ahead, in every draw.
# - **From 300 on** the network from scratch is ahead, of the frozen code by one point at first and
#   by almost four in the end, of the fine-tuned one by 0.7 to 1.5.
# - **Against PCA** the frozen code wins every draw at every number of labels, by more than four
#   points at first and by almost one in the end. So it does hold something that PCA does not find.
#
# Both losses together are behind at every number of labels; after the correction that is sure at
# all but 100 and 6,000, where `p` is about 0.05. (Of the first ten draws the interval of fine-tuned
# against from scratch at 100 labels includes zero, of the first twenty that of frozen. So more were
# drawn; but who draws until an interval excludes zero, finds one by luck more often. The last
# twenty draws alone say that fine-tuned is ahead, by 2.0 points (1.0 to 2.9), and of frozen, +1.0
# (-0.1 to +2.0), that nobody knows yet.)
#
# Two columns say different things. An interval of the mean that excludes zero does not promise a
# win in the next draw: fine-tuned at 300 labels, it lies below zero, and still four of twenty draws
# are won.

# %% [markdown]
# ### Which luck is it?
#
# A seed draws two things: which images have a label, and the first weights (those of the
# autoencoder, too). To tell them apart, let each of six draws of labelled images meet each of six
# sets of first weights: 36 trainings for a method. How far apart are the means of the draws, how
# far those of the weights, and what is left that neither explains?
#
# **Predict:** with ten labels, which of the two decides more?

# %%
crossed_rows = read_rows("crossed")
luck = {}
for (labels, method), runs in crossed_rows.groupby(["labels", "method"]):
    grid = runs.pivot(index="draw", columns="seed", values="accuracy")
    by_draw, by_weights = grid.mean(axis=1), grid.mean()
    rest = grid.sub(by_draw, axis=0).sub(by_weights, axis=1) + by_draw.mean()
    rest = (rest**2).to_numpy().sum() / (len(by_draw) - 1) / (len(by_weights) - 1)
    # The means of a few runs differ by the rest alone, too.
    own = [max(0, one.var() - rest / len(one)) ** 0.5 for one in (by_draw, by_weights)]
    luck[labels, method] = [*own, rest**0.5]
luck = pd.DataFrame(luck, index=["the draw", "the first weights", "the rest"]).T
print("standard deviations, in points\n", luck.round(1).rename_axis(index=[None, None]))

# %% [markdown]
# For the frozen code it is the draw, with ten labels and with a hundred: its deviation is four
# times that of the first weights, or more. The network from scratch is another matter. With ten
# labels its first weights decide more than the draw here (six of each are too few to be sure), and
# most is what neither explains alone: which weights suit which images. With a hundred the first
# weights hardly matter for either. So pairing takes out most of the luck where two codes are
# compared, since they share the draw, and less where one of the two is a network from scratch. And
# ten seeds on *one* draw would say little: they would all share its luck.

# %% [markdown]
# ## What could make it win?
#
# That was the plain autoencoder. Three remedies are often named; try them at 100 labels, where its
# lead is small, on ten of the draws:
#
# - **denoising**: the encoder gets images with noise on them, and the decoder has to give back the
#   clean ones (Vincent et al., 2008). The hope is that, to see through the noise, the code must
#   know what a digit looks like;
# - **a wider code**: 192 numbers instead of 48, so that less is lost on the way. The network from
#   scratch gets them, too;
# - **affine moves** of the labelled images: at every step each is turned, stretched and shifted a
#   little, at random. Also for the network from scratch. No autoencoder is needed for that, only
#   the knowledge that a tilted 3 is still a 3.

# %%
generator = torch.Generator().manual_seed(seed)
torch.manual_seed(seed)
digits = data.train.images[:10]
figure = image_rows(
    {
        "as they are": digits,
        "noisy": Noise(0.5)(digits).clamp(0, 1),
        "moved": random_affine(digits, generator),
    }
)
show(
    figure,
    "Ten digits: as they are, with strong noise, and each turned, stretched and shifted a little.",
    data,
)

# %% [markdown]
# **Predict:** which remedy helps the fine-tuned autoencoder most at 100 labels? And will it then
# beat a network from scratch that has had the same remedy?


# %%
def means_of(rows):
    """The mean accuracy of each variant by each method that has variants, in percent: a text."""
    methods = [few_labels.FROZEN, few_labels.TUNED, few_labels.SCRATCH]
    order = [name for name in ("plain", *few_labels.VARIANTS) if name in set(rows.variant)]
    wide = rows.pivot_table("accuracy", "variant", "method").reindex(order, columns=methods)
    return wide.round(1).rename_axis(index=None, columns=None).to_string(na_rep="")


remedies = rows[rows.variant.isin(("plain", *few_labels.REMEDIES))]
hundred = remedies[(remedies.labels == 100) & (remedies.seed < 10)]
print(f"100 labels, ten draws\n{means_of(few_labels.unchosen(hundred))}")

# %%
wide = few_labels.unchosen(hundred).pivot(index="seed", columns=["variant", "method"])["accuracy"]
print("100 labels, fine-tuned minus from scratch, which has had the same remedy if it could")
for variant in ("plain", *few_labels.REMEDIES):
    rival = (variant if (variant, few_labels.SCRATCH) in wide else "plain", few_labels.SCRATCH)
    gains = wide[variant, few_labels.TUNED] - wide[rival]
    low, high = mean_interval(gains)
    wins = f"wins {(gains > 0).sum()} of {len(gains)}"
    print(f"{variant:<14} {gains.mean():+5.1f} ({low:+.1f} to {high:+.1f})   {wins}")

# %% [markdown]
# **Affine moves** help most, by far. But they help the network from scratch even more, and the
# autoencoder, which has never seen a moved image before, now loses every draw. **Denoising** and
# **a wider code** change little: the fine-tuned autoencoder is ahead by 1.4 and 0.3 points, both
# intervals include zero, and it wins five of ten draws. Ten draws tell neither from the plain one;
# only the frozen code is better for denoising, by a point and in nine of ten draws. (A network from
# scratch cannot have the first remedy: it reconstructs nothing.)
#
# ### Other ways to pretrain
#
# Denoising is not the only other task. Since He et al. (2022, [arXiv
# 2111.06377](https://arxiv.org/abs/2111.06377)) one hides **patches**: here each of the 49 squares
# of 4x4 pixels is made black with a probability of a quarter, a half or three quarters, and the
# decoder has to fill it in. Or pretrain for ten epochs instead of three, or on moved images; and,
# last, let the labelled images be moved as well (*moves throughout*). Nothing else changes, and
# there are four draws.
#
# **Predict:** which of these makes the frozen code better at ten labels?

# %%
for count in few_labels.CHOOSING:
    these = rows[(rows.labels == count) & (rows.seed < 4)]
    others = these.variant.isin(("plain", "affine moves", *few_labels.PRETRAINING))
    print(f"{count:,} labels, four draws\n{means_of(few_labels.unchosen(these[others]))}\n")

# %% [markdown]
# None of these tasks changes the frozen code by a point, up or down. Fine-tuned, a network that
# learned to fill in patches is 1.5 to 4 points worse with ten labels, and half a point to a point
# better with 6,000, at the rate of 0.003, which is low for it there (see the next section). What
# pays is to move the *labelled* images, and then the autoencoder helps where labels are fewest:
# with ten, fine-tuned and with moves throughout, it beats the network from scratch that has the
# same moves in all four draws, by 3 to 11 points. With 100 and 6,000 it loses all four.
#
# ## Fine-tuned or from scratch: one thing at a time
#
# The two differ in their first weights, and that is the question. But they differ in something else
# as well: the MLP divides all codes by one number, and the codes of a fresh encoder are tiny, so it
# divides them by a tiny number. What its training changes is made larger by that. And a start from
# an autoencoder may want another learning rate, a head that has settled before the encoder moves,
# or more time. The rows below change one of these at a time, at every rate, with 6,000 labels.
#
# **Predict:** which of the two wants the higher learning rate?

# %%
tuned, scratch = few_labels.TUNED, few_labels.SCRATCH
arms = {
    "fine-tuned": (tuned, "plain", 360),
    "from scratch": (scratch, "plain", 360),
    "from scratch, the code's scale": (scratch, "scale of the code", 360),
    "fine-tuned, head first": (tuned, "head first", 360),
    "fine-tuned, encoder at a tenth": (tuned, "encoder at a tenth", 360),
    "fine-tuned, 1,440 steps": (tuned, "plain", 1_440),
    "from scratch, 1,440 steps": (scratch, "plain", 1_440),
}
many = table[(table.source == "mnist") & (table.labels == 6_000) & (table.seed < 4)]
many = many.groupby(["method", "variant", "steps", "choice"]).accuracy.mean()
by_rate = pd.DataFrame({name: many.loc[arm] for name, arm in arms.items()}).T
print("6,000 labels, mean of four draws, by the highest learning rate")
print(by_rate.round(2).rename_axis(columns=None))
slow = few_labels.unchosen(rows[(rows.method == tuned) & (rows.seed < 10)])
slow = slow.pivot(index=["labels", "seed"], columns="variant", values="accuracy")
for count in (10, 100):
    gains = (slow["encoder at a tenth"] - slow["plain"])[count]
    low, high = mean_interval(gains)
    line = f"gained {gains.mean():+.1f} ({low:+.1f} to {high:+.1f}), wins {(gains > 0).sum()}"
    print(f"{count} labels, encoder at a tenth: {line} of {len(gains)}")

# %% [markdown]
# The fine-tuned network wants a higher rate, 0.01 or 0.03. The network from scratch is best at
# 0.01, and at 0.03 one of its four runs breaks down and the others lose points. At 0.003, the rate
# of the contest, the fine-tuned one is more than a point behind; where each has its best rate, less
# than half a point. Now give the network from scratch the scale of the autoencoder's code. At 0.003
# its lead falls from 1.5 points to 0.2, and at 0.03 it no longer breaks down. So most of what
# looked like harm done by the autoencoder at the contest's rate was the scale, which decides what
# rate suits. Training the head first costs almost a point, and an encoder that moves at a tenth of
# the head's rate costs one to two points at three rates and three tenths at the highest; with 10
# and 100 labels it shows no effect. With four times the steps, each at its best rate, nothing is
# left between the two. (The best rates were picked by the test images, of four draws: differences
# of a few tenths are not to be trusted.) With 6,000 labels, then, a start from this autoencoder
# does neither harm nor good, once rate and time suit it.
#
# So far the images without labels have served at most to learn a code. Then they were put away.

# %% [markdown]
# ## The images without labels, used twice
#
# Neighbours in the code mostly show the same digit: you saw that in lesson 3. So let labelled
# images hand their label to their neighbours, these to theirs, and so on. That is **label
# spreading** (Zhou et al., 2004): a graph joins each of 20,000 images to the ten nearest in the
# code (of an autoencoder that, this time, has seen moved images), and labels flow along it. Then
# take the images whose label is surest, 70 % of each class, as if somebody had labelled them, and
# train the classifier of approach 2 on these, with affine moves. Its own code has seen labels, if
# only such as were spread. So build the graph once more, on that code, and train again, this time
# on the surest 90 %.
#
# No row looks at a label that it was not given, and none chooses a setting: they are the same for
# all numbers of labels. (They were tried out beforehand, on seed 0 and with the true labels of
# training images. That is a luxury, too. Seed 0 is among the draws below and, with ten labels, the
# best of them; without it their mean would be 91.3 instead of 91.5 %.)

# %%
print(inspect.getsource(spread_labels.spread))

# %% [markdown]
# `label_distributions_` says how much of each class has reached an image. Here `equal_classes` is
# true: all digits are about as frequent, so what each class has sent out is first brought to the
# same amount.
#
# **Predict:** with ten labels the best method so far got 46 % of the test images right. How many of
# 20,000 images get their right label when ten labels are spread? And a hundred?

# %%
stages = {
    "spread_accuracy": "labels spread",
    "still_accuracy": "trained on them",
    "moved_accuracy": "trained with moves",
    "spread_again_accuracy": "spread again",
    "again_accuracy": "trained again",
}
spread_rows = read_rows("spread_labels")
by_pool = spread_rows[spread_rows.source == "mnist"].query("code == @spread_labels.AUTOENCODER")
all_images = by_pool[by_pool.unlabelled == spread_labels.ALL["unlabelled"]]
by_stage = all_images.groupby("labels")[list(stages)].mean().rename(columns=stages).T
draws = all_images.seed.nunique()
in_graph = spread_labels.ALL["in_graph"]
print(f"{in_graph:,} images in the graph; means of {draws} draws, in percent")
print("labels spread: of the graph's own images; trained: of all 10,000 test images")
print(by_stage.round(1).rename_axis(columns=None))

# %%
best_before = means.max()
figure, axis = plt.subplots(figsize=(7.5, 3.6))
axis.loglog(best_before.index, 100 - best_before, "s-", label="best of the seven methods above")
for stage, marker in (("labels spread", "^"), ("trained again", "o")):
    axis.loglog(by_stage.columns, 100 - by_stage.loc[stage], f"{marker}-", label=stage)
axis.set(xlabel="labelled images", ylabel="error (%)", yticks=[2, 5, 10, 20, 50])
axis.set(xticks=few_labels.LABELS, xticklabels=[f"{count:,}" for count in few_labels.LABELS])
axis.set(yticklabels=["2", "5", "10", "20", "50"])
axis.minorticks_off()
axis.legend()
show(
    figure,
    "Mean error against the number of labels, both on logarithmic scales: the best of seven "
    "methods, labels spread over a graph, and a classifier trained twice on spread labels.",
    "MNIST",
    exact=True,
)

# %% [markdown]
# ### How many labels is that worth?
#
# Points are hard to weigh: from 50 to 60 % is not from 90 to 100 %. So ask instead how many labels
# the best of the seven methods needs to get as far; between the counts that were measured, read it
# off the straight line that joins two dots. (The seven had no moves; the table of remedies says
# what these alone bring to a network from scratch. And they had the contest's rate: at 0.01 a
# network from scratch gets 97.9 % with 6,000 labels, more than any row here. So "6,000" means as
# many as that method had at that rate.)

# %%
for count, score in by_stage.loc["trained again"].items():
    logarithms = np.interp(score, best_before, np.log(best_before.index))
    worth = np.exp(logarithms)
    more = "at least " if score > best_before.max() else ""
    print(f"{count:>3} labels, used so: {score:.1f} %, worth {more}{worth:5,.0f} of the others'")
ends = all_images[all_images.labels == 10].again_accuracy
print(f"the draws of 10 labels end between {ends.min():.1f} and {ends.max():.1f} %")

# %% [markdown]
# Each label is worth many others. How many is uncertain with ten, where luck in the draw still
# decides a lot, as the last line shows. Is it the autoencoder that does it? Take it apart: the same
# graph, the same training, and another code for the first graph.

# %%
first = same_settings(spread_rows, spread_labels.ALL).query("seed < 2")
for count in (10, 100):
    by_code = first[first.labels == count].groupby("code", sort=False)[list(stages)].mean()
    print(f"{count} labels, two draws, by the code of the first graph")
    print(by_code.rename(columns=stages).round(1).rename_axis(index=None).T, "\n")
by_size = by_pool[by_pool.labels.isin((10, 100)) & (by_pool.seed < 3)]
by_size = by_size.groupby(["unlabelled", "labels"]).again_accuracy.mean().unstack()
print("trained again, three draws: images without a label, against labels")
print(by_size.round(1).rename(index="{:,}".format).rename_axis(index=None, columns=None))

# %% [markdown]
# These are the first two or three of the twenty draws, so the means differ from those above: with
# ten labels the second draw is the worst of all. In the row "labels spread" only the graph has
# worked, and there the code matters: the autoencoder's is best, then PCA's, then the pixels, and
# the random code is last, at both counts. In the row "trained again" pixels and PCA have caught up.
# The second graph is made of the classifier's own code, and which of these three the first one came
# from hardly matters any more; only the random code stays behind, clearly with ten labels. (Two
# draws are enough to see that the gap is gone, not to say who is ahead now.)
#
# So here is the answer to the question of this whole tutorial, as far as these rows reach: images
# without labels are worth a great deal if labels are spread over them. That a network has first
# learned to reconstruct them helps the first graph, and shows no more at the end. And you need not
# have 59,000: on these three draws 20,000 do as well, and with 6,000 the same procedure gets nearly
# as far with a hundred labels, and two points less far with ten. Even 1,000 images without labels
# take a hundred labels to 93 %, and ten to 80 %.
#
# What others found agrees. The code of a variational autoencoder with a transductive support vector
# machine, which looks at the images twice, too, got 88 % with 100 labels (Kingma et al., 2014);
# pretraining pays where unlabelled images far outnumber labelled ones, and can hurt where not
# (Paine et al., 2014, [arXiv 1412.6597](https://arxiv.org/abs/1412.6597)); a code that reconstructs
# better need not classify better (Alberti et al., 2017, [arXiv
# 1703.04332](https://arxiv.org/abs/1703.04332)); and large validation sets flatter methods that
# learn from few labels (Oliver et al., 2018), which is why the contest chose nothing.

# %% [markdown]
# ## What to expect from your own data
#
# - Few labels and many images without: spread the labels over a graph, train on what is surest,
#   with moves, and do it again. That was worth far more than any code alone.
# - A code alone, used once: with one to ten labels per class it was some points ahead of the best
#   simple method and, as a start for fine-tuning, of a network from scratch.
# - Thousands of labels: train from scratch, with moves, if a moved image keeps its label.
# - Spreading takes images of the same classes, and a label for each class: a class without one gets
#   no image at all, and its images go to others.
#
# The crossing will lie elsewhere for your data; one data set cannot say where. Find it as here:
# draw labels twenty times at two or three sizes, train both networks on the same draws with the
# same moves, and count who wins. One thing is worth asking first: does what you want to know fill
# much of the image? A reconstruction is asked for pixels, so what few pixels show costs it little
# to lose.
#
# ## Is the table true?
#
# Run one of its rows again: 100 labels, the network from scratch, this lesson's seed.

# %% tags=["nbval-ignore-output"]
live_settings = few_labels.STAND_IN
if data.source == "MNIST":
    live_settings = {**few_labels.FIXED, **few_labels.LIVE}
live = run_row(few_labels, live_settings, seed)
known = same_settings(table, live_settings).query("seed == @seed")
for name in ("training_accuracy", "validation_accuracy", "accuracy"):
    stored = f"{known[name].item():.3f}" if len(known) else "none"
    print(f"{name:<20} in the table {stored:>7}, now {live[name]:7.3f}")

# %% tags=["nbval-check-output"]
check_row(table, live_settings, {"accuracy": live["accuracy"]})

# %% [markdown]
# ## The better recipe
#
# Lessons 4 and 5 had 6,000 labels, 20 epochs and a code of 48 numbers, and got some 95.5 and
# 97.5 %. How far do the same labels and epochs go with what people do today? (Not the same
# arithmetic: the better encoder of the last row takes almost seven times as much for an image.)
# Lesson 6 has
# one such habit already: standardized codes (each number by its own deviation, which for the
# autoencoder's code changes little). Here are five more, each tried on top of those before it:
#
# 1. **one-cycle**: the learning rate rises and then falls to almost nothing, instead of standing
#    still. In between it is five times as high for approach 1, ten times for approach 2;
# 2. **wide head**: 1,000 hidden numbers in the MLP instead of 120;
# 3. **affine moves**, as above; the autoencoder reconstructs moved images, too;
# 4. **label smoothing**: the target is not "certainly a 3", but 91 % a 3 and 1 % each other digit;
# 5. **better encoder**: wider, one more layer, and batch normalization, which standardizes each
#    channel at every step.

# %%
print(inspect.getsource(recipe.better_encoder))

# %% [markdown]
# A habit is kept if it raises the mean accuracy on the *validation* images. If not, the next one is
# tried without it. The test images only say in the end what came of it.
#
# **Predict:** which habit brings most to approach 1? To approach 2? Which does not pay?

# %%
ladder = read_rows("recipe")
figure, axes = plt.subplots(1, 2, figsize=(10, 3.4))
for axis, approach in zip(axes, (1, 2), strict=True):
    names = recipe.ladder(approach)
    last = [name.split(" + ")[-1] for name in names]
    for place, (name, habit) in enumerate(zip(names, last, strict=True)):
        runs = ladder[(ladder.approach == approach) & (ladder.habits == name)].accuracy
        kept = name == "none" or habit in recipe.KEPT[approach]
        axis.plot(runs, [place] * len(runs), "o", color="0.75", markersize=3)
        axis.plot(runs.mean(), place, "D" if kept else "X", color="C0" if kept else "C1")
        text, above = f"{runs.mean():.2f}", {"textcoords": "offset points", "ha": "center"}
        axis.annotate(text, (runs.mean(), place), (0, 6), size=8, **above)
    labelled = [f"lesson {3 + approach}", *(f"+ {habit}" for habit in last[1:])]
    axis.set(yticks=range(len(names)), yticklabels=labelled, ylim=(-0.7, len(names) - 0.5))
    axis.set(title=f"approach {approach}", xlabel="test accuracy (%)")
    axis.invert_yaxis()
show(
    figure,
    "Test accuracy of ten seeds after each habit, for both approaches. A diamond marks the mean "
    "of a habit that was kept, a cross that of one that was not.",
    "MNIST",
    exact=True,
)

# %%
for approach in (1, 2):
    print(f"approach {approach}: mean accuracy on validation and test images")
    seeds = ladder[ladder.approach == approach].pivot(index="seed", columns="habits")
    validation, test = seeds["validation_accuracy"], seeds["accuracy"]
    best = "none"
    for name in recipe.ladder(approach):
        line = (
            f"  {name.split(' + ')[-1]:<16} {validation[name].mean():.2f}  {test[name].mean():.2f}"
        )
        if name != "none":
            gains = validation[name] - validation[best]
            low, high = mean_interval(gains)
            line += f"   gained {gains.mean():+.2f} ({low:+.2f} to {high:+.2f}) on validation"
        if name == "none" or name.split(" + ")[-1] in recipe.KEPT[approach]:
            best = name
        else:
            line += ", not kept"
        print(line)

# %% [markdown]
# A diamond is the mean of a habit that was kept, a cross that of one that was not; mind the two
# scales. For **approach 1** every habit raises the mean on validation images: the first three by
# about 0.8 points each, the better encoder by so little that its interval just includes zero. Its
# mean on test images goes from 95.5 to 98.5 %, with a code of 48 numbers and not one label for the
# encoder. For **approach 2** the wide head does not pay on the validation images and is left out;
# moves pay most, and the end is 99.3 % instead of 97.5. Of seven mistakes, five are gone.
#
# In points the distance between the approaches shrinks from two to less than one. In mistakes it
# grows: without the habits approach 1 makes 1.8 times as many as approach 2, with them 2.2 times,
# and in each of the ten seeds that ratio has grown. Yet with the habits approach 1 is ahead of
# approach 2 without. None of them was invented for autoencoders, but three of the five (one-cycle,
# moves, better encoder) change how the autoencoder itself is trained. In another order each would
# probably bring another share.
#
# One question is left: does a good recipe still gain from an autoencoder? Take approach 2 with all
# that it keeps, and begin it from an encoder that was trained as that of approach 1 (20 epochs on
# the same 6,000 images, moved). Everything else is the same.
#
# **Predict:** above 99.3 %, below, or the same?

# %%
seeds = ladder[ladder.habits == recipe.PRETRAINED["habits"]]
seeds = seeds.pivot(index="seed", columns="approach", values="accuracy")
pretrained, scratch_mean = seeds[3].mean(), seeds[2].mean()
print(f"pretrained {pretrained:.2f} %, from scratch {scratch_mean:.2f} %, of ten seeds")
gains = seeds[3] - seeds[2]
low, high = mean_interval(gains)
print(f"gained {gains.mean():+.2f} ({low:+.2f} to {high:+.2f}), more in {(gains > 0).sum()} of 10")

# %% [markdown]
# The same. Seven seeds of ten end a little higher and two clearly lower; the mean gain is less than
# a hundredth of a point, and its interval has zero in it. So with 6,000 labels and a good recipe a
# start from an autoencoder, trained on the same images, neither helps nor harms. (The highest rate,
# 0.01, is the one of approach 2; no other was tried for the pretrained start.)

# %% [markdown]
# ## Exercises
#
# ### 1. A stratified draw
#
# The draws of this lesson are balanced, so many of each digit. That is a luxury: to balance a draw
# you would have to know the classes already. Where they are known, but unequal, one often wants a
# **stratified** draw, in which each class has the share that it has among all images.
# `stratified_draw(labels, count, generator)` gets the classes of all images, `(N,)`, a number of
# images, and a `torch.Generator`. It returns the indices of `count` different images. Of a class
# with the share p it takes `count * p`, rounded down or up where that is not whole.

# %%
import numpy as np

from aelib.exercises import check_labels_needed, check_paired_interval, check_stratified_draw


def stratified_draw(labels, count, generator):
    ### BEGIN SOLUTION
    fair = count * labels.bincount() / len(labels)
    numbers = fair.floor().long()
    missing = count - numbers.sum()
    numbers[(fair - numbers).argsort(descending=True)[:missing]] += 1  # The largest rests first.
    drawn = []
    for label, number in enumerate(numbers):
        places = (labels == label).nonzero().flatten()
        drawn.append(places[torch.randperm(len(places), generator=generator)[:number]])
    return torch.cat(drawn)
    ### END SOLUTION


check_stratified_draw(stratified_draw)

# %% [markdown]
# ### 2. The interval of a paired difference
#
# `paired_interval(first, second)` gets the accuracies of two methods on the same draws, a list
# each. It returns the mean of first minus second, and the lower and the upper end of its 95 %
# interval. With few draws the spread is only estimated, so the interval reaches further than 1.96
# standard errors: `scipy.stats.t.ppf(0.975, degrees_of_freedom)` says how many.
#
# **Predict:** by how much is the interval wider if you forget that the draws are the same?


# %%
def paired_interval(first, second):
    ### BEGIN SOLUTION
    from scipy import stats

    differences = np.subtract(first, second)
    error = differences.std(ddof=1) / len(differences) ** 0.5
    reach = stats.t.ppf(0.975, len(differences) - 1) * error
    return differences.mean(), differences.mean() - reach, differences.mean() + reach
    ### END SOLUTION


check_paired_interval(paired_interval)

# %% [markdown]
# ### 3. What is it worth in labels?
#
# Points are hard to pay with; labels cost time. So ask how many labels another method would need to
# get as far. `labels_needed(counts, accuracies, target)` gets numbers of labels and the accuracy
# with each, both rising, and reads off how many labels it takes to reach `target`: on a straight
# line between the two neighbouring points, if the axis of labels is logarithmic. Where the target
# is below the first accuracy or above the last, nobody has measured: return `float("nan")`.


# %%
def labels_needed(counts, accuracies, target):
    ### BEGIN SOLUTION
    if not accuracies[0] <= target <= accuracies[-1]:
        return float("nan")
    return float(np.exp(np.interp(target, accuracies, np.log(counts))))
    ### END SOLUTION


check_labels_needed(labels_needed)

# %% [markdown]
# With `few_labels.LABELS` and `means.loc[few_labels.SCRATCH].tolist()`: how many labels does the
# network from scratch need for what the frozen autoencoder gets with 30? And how many does logistic
# regression on pixels? What they need beyond 30 is what the autoencoder has saved you.
#
# ### 4. Predict, change, run
#
# How much luck does the pairing take out at 10 labels? Take the standard deviation of the
# difference of fine-tuned and scratch, draw by draw. Compare it with what it would be if each had
# draws of its own: then the variances of both would add up. And at 30 labels?
#
# <details><summary>Answers</summary>
#
# With `pair = scores.loc[10][[few_labels.TUNED, few_labels.SCRATCH]]` they are
# `pair.diff(axis=1).iloc[:, 1].std()` and `pair.var().sum() ** 0.5`. The first is smaller if the
# two methods are lucky in the same draws, and by as much as they are: `pair.corr()` says how much.
# At 30 labels pairing takes out less.
#
# </details>
#
# ### 5. An open question
#
# In the contest nothing was chosen. You have ten labels in all, and a learning rate to choose. How
# would you do it? What could you look at that needs no label?

# %% [markdown]
# ## Three questions
#
# <details><summary>Of ten draws the new method wins seven, and its mean is two points better. Is it
# better?</summary>
#
# It may be. Seven heads or more of ten tosses are no rarity: a fair coin has them in one of six.
# Look at the interval of the paired differences; if it includes zero, draw more often.
#
# </details>
# <details><summary>The interval of the mean difference excludes zero. Will the method win with your
# labels?</summary>
#
# Likely, not surely. The interval is about the mean of many draws, and you have one. How often a
# single draw comes out that way is what the probability to win says.
#
# </details>
# <details><summary>Why must both methods be given the same moved images if you ask whether an
# autoencoder helps?</summary>
#
# Otherwise two things change at once. Moves help a network from scratch as well, so their gain
# would be credited to the autoencoder.
#
# </details>

# %% [markdown]
# ## Summary
# - Used once, the code of an autoencoder helps with ten or thirty labels, and at a hundred a
#   little, as a start for fine-tuning. From 300 on a network from scratch is better, at the one
#   learning rate that all had. With 6,000 the frozen code is behind; as a start for fine-tuning it
#   neither helps nor harms, given a rate and a time that suit it.
# - With labels spread over a graph and a classifier trained on them, images without labels are
#   worth far more; whether the first graph is made of codes or of pixels hardly matters in the end.
# - Where codes are compared, divide each by one number; and compare with the best simple method.
# - Compare methods on the same draws, and look at how many draws each wins.
# - Today's habits lift approach 1 above what approach 2 has without them.
# - The numbers of the tables:

# %% tags=["nbval-ignore-output"]
best = {approach: " + ".join(recipe.KEPT[approach]) for approach in (1, 2)}
metrics = {
    f"better_approach_{approach}_accuracy": Measured(
        ladder[ladder.habits == best[approach]].query("approach == @approach").accuracy.mean(), "%"
    )
    for approach in (1, 2)
}
for count in few_labels.LABELS:
    differences = scores.loc[count][few_labels.TUNED] - scores.loc[count][few_labels.SCRATCH]
    metrics[f"labels_{count}_finetuned_minus_scratch"] = float(differences.mean())
for count, score in by_stage.loc["trained again"].items():
    metrics[f"labels_{count}_best"] = Measured(score, "%")
report(data.source, metrics, heading="From the tables: means over their draws, on MNIST")

# %% [markdown]
# **Next:** in [lesson 8](08_scaling_up.ipynb) you see where the time of a training goes, and how it
# scales.
