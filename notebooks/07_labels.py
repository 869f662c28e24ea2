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
#
# Readers of tutorials like this one ask two questions again and again. "Why does my pretrained
# network do no better than one from scratch?" ([Keras, issue
# 1699](https://github.com/keras-team/keras/issues/1699)) And: "Even with 500 labels the autoencoder
# loses. What is it good for?" ([handson-ml3, issue
# 89](https://github.com/ageron/handson-ml3/issues/89)) By the end of this lesson you can answer
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
# - **autoencoder, frozen**: approach 1, with an autoencoder trained on all images, three times
#   each;
# - **autoencoder, fine-tuned**: the same, but the labels then train encoder and MLP together;
# - **from scratch**: approach 2, encoder and MLP from random weights;
# - **both losses together**: from scratch, and at each step the encoder also learns to reconstruct
#   50 images without labels.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from aelib.data import load_data, random_affine
from aelib.evaluation import Measured, mean_interval, win_probability
from aelib.figures import image_rows, show
from aelib.lesson import report
from aelib.models import Noise
from aelib.studies import check_row, few_labels, read_rows, recipe, run_row, same_settings, scales
from aelib.studies import spread_labels as twice

data = load_data(source, train_size, test_size, seed)
table = read_rows("few_labels")
rows = table[table.source == "mnist"]
plain = rows[rows.variant == "plain"]
print(f"{len(rows)} runs in the table, {rows.seed.nunique()} seeds")

# %% [markdown]
# The rules are the same for all. The MLP is that of lesson 4, and takes the scale of its codes from
# images without labels. Training on labels takes 360 steps, whatever the number of labels, at a
# learning rate that rises and then falls. (You will meet that habit below, as *one-cycle*.) And
# each method may choose one setting of its own among three values, by the accuracy on 1,000
# validation images: the learning rate, for *both losses together* the weight of the reconstruction
# error (its learning rate stays 0.003), for logistic regression its penalty. (With ten labels to
# train on, a thousand for choosing is a luxury that you would not have. It is the same for all.)
#
# Each of ten seeds draws other labelled images and other first weights. Then all 10,000 test images
# are asked.
#
# **Predict:** with 10 labels, one picture of each digit, how many test images will the best method
# get right? Which method will it be? And which with 6,000?

# %% tags=["readme"]
figure, axis = plt.subplots(figsize=(7.5, 4.4))
for method, marker in zip(few_labels.METHODS, "sv^oDXP", strict=True):
    errors = 100 - plain[plain.method == method].groupby("labels").accuracy.mean()
    axis.loglog(errors.index, errors, f"{marker}-", label=method, markersize=6)
axis.set(xlabel="labelled images", ylabel="test error (%)")
axis.set(xticks=few_labels.LABELS, xticklabels=[f"{count:,}" for count in few_labels.LABELS])
axis.set(yticks=[2, 5, 10, 20, 50], yticklabels=["2", "5", "10", "20", "50"])
axis.minorticks_off()
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
show(
    figure,
    "Mean test error of seven methods against the number of labelled images, both on logarithmic "
    "scales. All fall; the curves cross.",
    "MNIST",
    exact=True,
)

# %%
means = plain.pivot_table("accuracy", "method", "labels", sort=False)
print(means.round(1).rename(columns="{:,}".format).rename_axis(index=None, columns=None))

# %% [markdown]
# Both axes are logarithmic: a straight line down means that ten times the labels divide the error
# by a fixed number. With 10 and 30 labels the two curves with a trained autoencoder are lowest,
# with about 45 and 63 % of the test images right. From 300 on the network from scratch is lowest.
# In between the curves cross. And look at logistic regression on pixels: with ten labels only the
# two autoencoders are above it, by some two points. PCA, which keeps as many numbers as the
# autoencoder, comes last. Is it that bad? Before you believe a comparison, ask what else differs.
#
# ## A scale is a choice, too
#
# The MLP of lesson 4 divides each number of a code by its own standard deviation. For the code of
# an autoencoder this changes little. But principal components are sorted by their spread: the first
# is many times as large as the last, which is little but noise. Divided by their own deviations
# (*whitened*) all 48 are equally loud. Dividing all by one number keeps what PCA has found out.
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
# ten labels, whichever way you classify. With one scale it is no longer last. And with one scale
# the autoencoder's code is ahead of PCA's and of the pixels at ten labels in all three ways, though
# by less than the first table made you believe. So "PCA came last" was true of whitened PCA only.
#
# **What to keep:** where methods are compared, their codes need one scale; and the one to beat is
# the best simple method, not the weakest.

# %% [markdown]
# ## Luck, taken out
#
# With few labels the draw decides a lot: ten good examples or ten odd ones. But the seven methods
# of a seed had the *same* draw. So take the difference first, seed by seed, and average then: the
# luck that two methods share cancels. That is a **paired** comparison.
#
# From the mean and the spread of the differences also follows how likely the next draw is to come
# out the same way: the probability that a new difference is above zero, if they are spread like a
# normal distribution.
#
# **Predict:** at which numbers of labels does the fine-tuned autoencoder beat the network from
# scratch in every one of ten draws?

# %%
print(inspect.getsource(win_probability))
scores = plain.pivot(index=["labels", "seed"], columns="method", values="accuracy")
compared = (few_labels.FROZEN, few_labels.TUNED, few_labels.BOTH)


def compare(differences):
    """What ten differences, first minus second, say: as a line of text."""
    low, high = mean_interval(differences)
    return (
        f"{differences.mean():+6.1f}  ({low:+5.1f} to {high:+5.1f})  "
        f"{(differences > 0).sum():>2} of {len(differences)}  {win_probability(differences):6.2f}"
    )


for method in compared:
    print(f"\n{method}, minus from scratch")
    print("labels    mean     95 % interval    wins    probability to win")
    for count in few_labels.LABELS:
        pair = scores.loc[count]
        print(f"{count:>6,}  {compare(pair[method] - pair[few_labels.SCRATCH])}")

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
    "mean and 95 % interval of ten paired differences, against the number of labels.",
    "MNIST",
    exact=True,
)

# %% [markdown]
# So the answer depends on the number of labels:
#
# - **10 and 30 labels:** the autoencoder beats the network from scratch, by about five points, and
#   the next draw will say so with a probability of about three in four. (That network is a weak
#   rival there: it is below logistic regression on pixels.) Frozen or fine-tuned makes little
#   difference. Yet in no row does the fine-tuned one win every draw.
# - **100:** a tie. The intervals include zero, and the next draw is a toss-up: 0.59 for fine-tuned,
#   0.45 for frozen.
# - **500:** it loses, by about a point fine-tuned and two frozen. Still, one draw in five will go
#   to the fine-tuned one.
# - **6,000:** it loses, frozen by two points; fine-tuned the difference is small, but nearly every
#   draw shows it: its probability to win is 0.06. Why a start from an autoencoder should do harm,
#   these runs do not say; exercise 1 of lesson 5 has a suspect, the scale of the codes.
#
# Both losses together lose with 10 and 30 labels, and win clearly nowhere. (Their fixed learning
# rate may be part of it.) Mind the difference between two columns: an interval of the mean that
# excludes zero does not promise a win in the next draw.

# %% [markdown]
# ## What could make it win?
#
# The autoencoder that lost at many labels was the plain one. Three remedies are often named:
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
# **Predict:** which remedy helps the fine-tuned autoencoder most at 100 labels? Which at 6,000? And
# will it then beat a network from scratch that has had the same remedy?

# %%
wide = rows.pivot(index=["labels", "seed"], columns=["variant", "method"], values="accuracy")
for count in (100, 6_000):
    print(f"\n{count:,} labels" + "frozen  fine-tuned  from scratch".rjust(52 - len(f"{count:,}")))
    for variant in ("plain", *few_labels.VARIANTS):
        cells = [
            f"{wide.loc[count][variant, method].mean():.1f}"
            if (variant, method) in wide
            else "the same"
            for method in (few_labels.FROZEN, few_labels.TUNED, few_labels.SCRATCH)
        ]
        print(f"{variant:<20}" + "{:>13}{:>12}{:>14}".format(*cells))

# %%
print("fine-tuned minus from scratch, with the same remedy")
for count in (100, 6_000):
    print(f"{count:,} labels        mean     95 % interval    wins    probability to win")
    for variant in ("plain", *few_labels.VARIANTS):
        scratch = variant if few_labels.SCRATCH in few_labels.VARIANTS.get(variant, ()) else "plain"
        runs = wide.loc[count]
        differences = runs[variant, few_labels.TUNED] - runs[scratch, few_labels.SCRATCH]
        print(f"  {variant:<14} {compare(differences)}")

# %% [markdown]
# At 100 labels **affine moves** help most, by far. But they help the network from scratch even
# more, and the autoencoder, which has never seen a moved image before, now loses every draw. At
# 6,000 they help both equally. **Denoising** raises the difference from +0.5 to +1.1 at 100 labels
# and from -0.3 to +0.1 at 6,000; both intervals include zero, so call it a tie. **A wider code**
# helps the network from scratch as well: at 100 labels the autoencoder now loses, at 6,000 it still
# does not win.
#
# So none of the three makes the autoencoder win where it had not won before. But all these methods
# look at the images without labels once, to learn a code, and then put them away.
#
# ## The images without labels, used twice
#
# Neighbours in the code mostly show the same digit: you saw that in lesson 3. So let labelled
# images hand their label to their neighbours, these to theirs, and so on. That is **label
# spreading** (Zhou et al., 2004): a graph joins each image to the ten nearest in the code, and
# labels flow along it. Then take the images whose label is surest, 70 % of each class, as if
# somebody had labelled them, and train the classifier of approach 2 on these, with affine moves.
# Its own code has seen labels, if only such as were spread. So build the graph once more, on that
# code, and train again, this time on the surest 90 %.
#
# No row looks at a label that it was not given, and none chooses a setting: they are the same for
# all numbers of labels. (They were tried out beforehand, on seed 0 and with the true labels of
# training images. That is a luxury, too, if a small one; seed 0 is among the draws below.)

# %%
print(inspect.getsource(twice.spread))

# %% [markdown]
# `label_distributions_` says how much of each class has reached an image. One more line corrects
# it: all digits are about as frequent, so what each class has sent out is first brought to the same
# amount.
#
# **Predict:** with ten labels the best method so far got 45 % of the test images right. How many of
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
by_pool = spread_rows[(spread_rows.source == "mnist") & (spread_rows.code == twice.AUTOENCODER)]
all_images = by_pool[by_pool.unlabelled == twice.ALL["unlabelled"]]
by_stage = all_images.groupby("labels")[list(stages)].mean().rename(columns=stages).T
draws = all_images.seed.nunique()
print(f"{twice.ALL['in_graph']:,} images in the graph; means of {draws} draws, in percent")
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
# off the straight line that joins two dots. (The seven had no moves; the table of remedies
# says what these alone bring to a network from scratch.)

# %%
for count, score in by_stage.loc["trained again"].items():
    logarithms = np.interp(score, best_before, np.log(best_before.index))
    worth = np.exp(logarithms)
    more = "at least " if score > best_before.max() else ""
    print(f"{count:>3} labels, used so: {score:.1f} %, worth {more}{worth:5,.0f} of the others'")
ends = all_images[all_images.labels == 10].again_accuracy
print(f"the draws of 10 labels end between {ends.min():.1f} and {ends.max():.1f} %")

# %% [markdown]
# Each label is worth a great many. With ten, luck in the draw still decides a lot, as the last line
# shows. Is it the autoencoder that does it? Take it apart: the same graph, the same training, and
# another code for the first graph.

# %%
first = spread_rows[(spread_rows.unlabelled == twice.ALL["unlabelled"]) & (spread_rows.seed < 2)]
for count in (10, 100):
    by_code = first[first.labels == count].groupby("code", sort=False)[list(stages)].mean()
    print(f"{count} labels, two draws, by the code of the first graph")
    print(by_code.rename(columns=stages).round(1).rename_axis(index=None).T, "\n")
by_size = by_pool[by_pool.labels.isin((10, 100)) & (by_pool.seed < 3)]
by_size = by_size.groupby(["unlabelled", "labels"]).again_accuracy.mean().unstack()
print("trained again, three draws: images without a label, against labels")
print(by_size.round(1).rename(index="{:,}".format).rename_axis(index=None, columns=None))

# %% [markdown]
# In the row "labels spread" only the graph has worked, and there the code matters: the
# autoencoder's is best, then PCA's, then the pixels, and the random code is last, at both counts.
# In the row "trained again" pixels and PCA have caught up. The second graph is made of the
# classifier's own code, and where the first one came from hardly matters any more. (Two draws are
# enough to see that the gap is gone, not to say who is ahead now.)
#
# So here is the answer to the question of this whole tutorial, as far as these rows reach: the
# images without labels are worth a great deal, if you use them twice. That a network has learned to
# reconstruct them is the smaller part of it. And you need not have 59,000: with 6,000 the same
# procedure gets nearly as far, above all with a hundred labels.
#
# What others found agrees. The code of a variational autoencoder with a transductive support vector
# machine got 88 % with 100 labels (Kingma et al., 2014); pretraining pays where unlabelled images
# far outnumber labelled ones, and can hurt where not (Paine et al., 2014, [arXiv
# 1412.6597](https://arxiv.org/abs/1412.6597)); a code that reconstructs better need not classify
# better (Alberti et al., 2017, [arXiv 1703.04332](https://arxiv.org/abs/1703.04332)); and large
# validation sets flatter methods that learn from few labels (Oliver et al., 2018), which is why
# nothing was chosen here.

# %% [markdown]
# ## What to expect from your own data
#
# - Few labels and many images without: spread the labels over a graph, train on what is surest,
#   with moves, and do it again. That was worth far more than any code alone.
# - A code alone, used once: it helped with one or three labels per class, by little against a
#   simple method. With ten labels per class it was a toss-up.
# - Thousands of labels: train from scratch, with moves, if a moved image keeps its label.
# - Spreading takes images of the same classes, and a label for each class: a class without one gets
#   no image at all, and its images go to others.
#
# The crossing will lie elsewhere for your data; one data set cannot say where. Find it as here:
# draw labels ten times at two or three sizes, train both networks on the same draws with the same
# moves, and count who wins. One thing is worth asking first: does what you want to know fill much
# of the image? A reconstruction is asked for pixels, so what few pixels show costs it little to
# lose.
#
# ## Is the table true?
#
# Run one of its rows again: 100 labels, the network from scratch, this lesson's seed. It trains
# three times, once with each learning rate to choose from. And a row of the second study: 100
# labels spread over 6,000 images.

# %% tags=["nbval-ignore-output"]
live_settings, spread_settings = few_labels.STAND_IN, twice.STAND_IN
if data.source == "MNIST":
    live_settings = {**few_labels.FIXED, **few_labels.LIVE}
    spread_settings = {**twice.FEW, **twice.LIVE}
live = run_row(few_labels, live_settings, seed)
spread_live = run_row(twice, spread_settings, seed)
known = same_settings(table, live_settings)
known = known[known.seed == seed]
for name in ("choice", "validation_accuracy", "accuracy"):
    stored = f"{known[name].item():.3f}" if len(known) else "none"
    print(f"{name:<20} in the table {stored:>7}, now {live[name]:7.3f}")
print(f"trained again on spread labels, now {spread_live['again_accuracy']:.2f}")

# %% tags=["nbval-check-output"]
check_row(table, live_settings, {"accuracy": live["accuracy"]})
check_row(spread_rows, spread_settings, {"again_accuracy": spread_live["again_accuracy"]})

# %% [markdown]
# ## The better recipe
#
# Lessons 4 and 5 had 6,000 labels, 20 epochs and a code of 48 numbers, and got some 95.5 and 97 %.
# How far do the same labels and epochs go with what people do today? (Not the same arithmetic: the
# better encoder of the last row takes almost seven times as much for an image.) Lesson 6 has one
# such habit already: standardized codes. Here are five more, each tried on top of those before it:
#
# 1. **one-cycle**: the learning rate rises and then falls to almost nothing, instead of standing
#    still. In between it is five times as high for approach 1, ten times for approach 2;
# 2. **wide head**: 1,000 hidden numbers in the MLP instead of 120;
# 3. **affine moves**, as above; the autoencoder reconstructs moved images, too;
# 4. **label smoothing**: the target is not "certainly a 3", but 91 % a 3 and 1 % each other digit;
# 5. **better encoder**: wider, one more layer, and batch normalization, which brings each channel
#    to one scale at every step.

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
# probably bring another share. And one arm is missing: to pretrain with all habits, and then to let
# the labels train the encoder on. So these rows do not say whether a good recipe still gains from
# an autoencoder.

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
# regression on pixels? The rest are the labels that the autoencoder has saved you.
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
#
# </details>
#
# ### 5. An open question
#
# Each method chose its setting by 1,000 labelled validation images. You have ten labels in all. How
# would you choose? What could you look at that needs no label?

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
#
# - Used once, the code of a plain autoencoder helps with ten or thirty labels, against a network
#   from scratch; at a hundred it is a tie, from 300 on it loses.
# - Used twice, with labels spread over a graph, images without labels are worth far more.
# - Codes are compared in one scale, and with the best simple method.
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
