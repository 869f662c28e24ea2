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
# **You will learn** whether an autoencoder helps when labels are few, how to compare methods that
# each depend on luck, and how far 6,000 labels go with the habits of today.
#
# **You need** [lesson 5](05_joint_training.ipynb) for the two approaches, and [lesson
# 6](06_replication.ipynb) for reading many runs at once.
#
# **Time** 40 minutes to read, under one to run.
#
# As in lesson 6, most of the training was done beforehand, on MNIST. Its results are in tables, and
# you run a row again yourself.
#
# What the text says about figures holds for MNIST and the parameters as they stand.

# %% tags=["parameters"]
source = "auto"  # "mnist", "digits" (a stand-in that needs no network), or "auto"
train_size = 6_000
test_size = 1_000
seed = 0

# %%
import inspect

import matplotlib.pyplot as plt
import torch

from aelib.data import load_data, random_affine
from aelib.evaluation import mean_interval, report, win_probability
from aelib.figures import image_rows, show
from aelib.models import Noise
from aelib.settings import check_settings
from aelib.studies import check_row, labels, read_rows, recipe, run_row, same_settings

# %%
data_settings = check_settings(source=source, train_size=train_size, test_size=test_size, seed=seed)
data = load_data(**data_settings)
table = read_rows("labels")
rows = table[table.source == "mnist"]
plain = rows[rows.variant == "plain"]
print(f"{len(rows)} runs in the table, {rows.seed.nunique()} seeds")

# %% [markdown]
# ## The contest
#
# Until now every digit had a label. Often that is not so: images are there in thousands, but
# somebody has to look at each and write down what it shows. So suppose you have all of MNIST's
# training images and labels for only a few. The autoencoder may learn from *all* images, since it
# needs no labels. A network trained from scratch sees only the labelled ones. This is where an
# autoencoder is said to shine.
#
# Seven methods, from 10 labels (one of each digit) to 6,000:
#
# - **pixels, logistic regression**: no code at all;
# - **PCA-48 + MLP**: the code is the first 48 principal components of all images;
# - **random encoder, frozen**: the code of an encoder that was never trained;
# - **autoencoder, frozen**: approach 1, with an autoencoder trained on all images;
# - **autoencoder, fine-tuned**: the same, but the labels then train encoder and MLP together;
# - **from scratch**: approach 2, encoder and MLP from random weights;
# - **both losses together**: from scratch, and at each step the encoder also learns to reconstruct
#   50 images without labels.

# %% [markdown]
# The rules are the same for all. The MLP is that of lesson 4. Training on labels takes 360 steps,
# whatever the number of labels. And each method may choose one setting of its own among three
# values, by the accuracy on 1,000 validation images: the learning rate, for *both losses together*
# the weight of the reconstruction error, for logistic regression its penalty. (With ten labels to
# train on, a thousand for choosing is a luxury that you would not have. It is the same for all.)
#
# Each of ten seeds draws other labelled images and other first weights. Then all 10,000 test images
# are asked.
#
# **Predict:** with 10 labels, one picture of each digit, how many test images will the best method
# get right? Which method will it be? And which with 6,000?

# %% tags=["readme"]
figure, axis = plt.subplots(figsize=(7.5, 4.4))
for method, marker in zip(labels.METHODS, "sv^oDXP", strict=True):
    errors = 100 - plain[plain.method == method].groupby("labels").accuracy.mean()
    axis.loglog(errors.index, errors, f"{marker}-", label=method, markersize=6)
axis.set(xlabel="labelled images", ylabel="test error (%)")
axis.set(xticks=labels.LABELS, xticklabels=[f"{count:,}" for count in labels.LABELS])
axis.set(yticks=[2, 5, 10, 20, 50], yticklabels=["2", "5", "10", "20", "50"])
axis.minorticks_off()
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
show(
    figure,
    "Mean test error of seven methods against the number of labelled images, both on logarithmic "
    "scales. All fall; the curves cross.",
    "MNIST",
)

# %%
means = plain.pivot_table("accuracy", "method", "labels", sort=False)
print(means.round(1).rename(columns="{:,}".format).rename_axis(index=None, columns=None))

# %% [markdown]
# READ1
#
# ## Luck, taken out
#
# With few labels the draw decides a lot: ten good examples or ten odd ones. But the seven methods
# of a seed had the *same* draw. So take the difference first, seed by seed, and average then: most
# of the luck cancels. That is a **paired** comparison.
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
compared = (labels.FROZEN, labels.TUNED, labels.BOTH)


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
    for count in labels.LABELS:
        pair = scores.loc[count]
        print(f"{count:>6,}  {compare(pair[method] - pair[labels.SCRATCH])}")

# %%
figure, axis = plt.subplots(figsize=(7.5, 3.4))
for method, marker, nudge in zip(compared, "oDP", (0.94, 1.0, 1.06), strict=True):
    differences = scores[method] - scores[labels.SCRATCH]
    mean = differences.groupby("labels").mean()
    lows, highs = zip(*(mean_interval(differences[count]) for count in labels.LABELS), strict=True)
    axis.errorbar(
        [count * nudge for count in labels.LABELS],
        mean,
        [mean - lows, highs - mean],
        fmt=f"{marker}-",
        markersize=5,
        label=method,
    )
axis.axhline(0, color="0.3", linestyle="--")
axis.set(xscale="log", xlabel="labelled images", ylabel="points above from scratch")
axis.set(xticks=labels.LABELS, xticklabels=[f"{count:,}" for count in labels.LABELS])
axis.minorticks_off()
axis.legend()
show(
    figure,
    "Test accuracy of three methods with an autoencoder minus that of the network from scratch, "
    "mean and 95 % interval of ten paired differences, against the number of labels.",
    "MNIST",
)

# %% [markdown]
# READ2
#
# ## What could make it win?
#
# The autoencoder that lost at many labels was the plain one. Three remedies are often named:
#
# - **denoising**: the encoder gets images with noise on them, and the decoder has to give back the
#   clean ones (Vincent et al., 2008). To see through the noise, the code must know what a digit
#   looks like;
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
    data.source,
)

# %% [markdown]
# **Predict:** which remedy helps the fine-tuned autoencoder most at 100 labels? Which at 6,000? And
# will it then beat a network from scratch that has had the same remedy?

# %%
wide = rows.pivot(index=["labels", "seed"], columns=["variant", "method"], values="accuracy")
for count in (100, 6_000):
    print(f"\n{count:,} labels" + "frozen  fine-tuned  from scratch".rjust(46 - len(f"{count:,}")))
    for variant in ("plain", *labels.VARIANTS):
        cells = [
            f"{wide.loc[count][variant, method].mean():.1f}"
            if (variant, method) in wide
            else "the same"
            for method in (labels.FROZEN, labels.TUNED, labels.SCRATCH)
        ]
        print(f"{variant:<20}" + "{:>13}{:>12}{:>14}".format(*cells))

# %%
print("fine-tuned minus from scratch, with the same remedy")
for count in (100, 6_000):
    print(f"{count:,} labels        mean     95 % interval    wins    probability to win")
    for variant in ("plain", *labels.VARIANTS):
        scratch = variant if labels.SCRATCH in labels.VARIANTS.get(variant, ()) else "plain"
        runs = wide.loc[count]
        differences = runs[variant, labels.TUNED] - runs[scratch, labels.SCRATCH]
        print(f"  {variant:<14} {compare(differences)}")

# %% [markdown]
# READ3
#
# ## What to expect from your own data
#
# READ4
#
# ## Is the table true?
#
# Run one of its rows again: 100 labels, the network from scratch, this lesson's seed. It trains
# three times, once with each learning rate to choose from.

# %% tags=["nbval-ignore-output"]
live_settings = labels.STAND_IN if data.source != "MNIST" else {**labels.FIXED, **labels.LIVE}
live = run_row(labels, live_settings, seed)
known = same_settings(table, live_settings)
known = known[known.seed == seed]
for name in ("choice", "validation_accuracy", "accuracy"):
    stored = f"{known[name].item():.3f}" if len(known) else "none"
    print(f"{name:<20} in the table {stored:>7}, now {live[name]:7.3f}")

# %% tags=["nbval-check-output"]
check_row(table, live_settings, {"accuracy": live["accuracy"]})

# %% [markdown]
# ## The better recipe
#
# Lessons 4 and 5 had 6,000 labels, 20 epochs and a code of 48 numbers, and got some 95.5 and 97 %.
# How far does the same budget go with what people do today? Lesson 6 has one such habit already:
# standardized codes. Here are five more, each tried on top of those before it:
#
# 1. **one-cycle**: the learning rate rises and then falls to almost nothing, instead of standing
#    still. It may be ten times as high in between;
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
figure, axes = plt.subplots(1, 2, figsize=(10, 3.2))
for axis, approach in zip(axes, (1, 2), strict=True):
    names = recipe.ladder(approach)
    last = [name.split(" + ")[-1] for name in names]
    for place, (name, habit) in enumerate(zip(names, last, strict=True)):
        runs = ladder[(ladder.approach == approach) & (ladder.habits == name)].accuracy
        kept = name == "none" or habit in recipe.KEPT[approach]
        axis.plot(runs, [place] * len(runs), "o", color="0.75", markersize=3)
        axis.plot(runs.mean(), place, "D" if kept else "X", color="C0" if kept else "C1")
        axis.annotate(
            f"{runs.mean():.2f}", (runs.mean(), place), (0, 6),
            textcoords="offset points", ha="center", size=8,
        )  # fmt: skip
    axis.set(yticks=range(len(names)), yticklabels=[f"lesson {3 + approach}", *last[1:]])
    axis.set(title=f"approach {approach}", xlabel="test accuracy (%)")
    axis.invert_yaxis()
show(
    figure,
    "Test accuracy of ten seeds after each habit, for both approaches. A diamond marks the mean "
    "of a habit that was kept, a cross that of one that was not.",
    "MNIST",
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
# READ5
#
# ## Exercises
#
# EX
#
# ## Summary
#
# SUM

# %% tags=["nbval-ignore-output"]
best = {approach: " + ".join(recipe.KEPT[approach]) for approach in (1, 2)}
metrics = {
    f"better_approach_{approach}_accuracy": ladder[ladder.habits == best[approach]]
    .query("approach == @approach")
    .accuracy.mean()
    for approach in (1, 2)
}
for count in labels.LABELS:
    differences = scores.loc[count][labels.TUNED] - scores.loc[count][labels.SCRATCH]
    metrics[f"labels_{count}_finetuned_minus_scratch"] = float(differences.mean())
report(data.source, metrics, heading="From the tables: means of 10 runs each, on MNIST")

# %% [markdown]
# END
