# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 4. Approach 1: an MLP on the frozen encoder
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/autoencoders-for-classification/tutorial/blob/main/notebooks/04_frozen_encoder.ipynb)
#
# **You will learn** how to classify with a code that was learned without labels, what *frozen*
# means and how to prove it, and how to find out whether the autoencoder deserves the credit.
#
# **You need** [lesson 3](03_reconstructions.ipynb). The autoencoder of lesson 2 is loaded, or
# trained again where it is not at hand.
#
# **Time** 25 minutes to read, about one to run.

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
from sklearn.decomposition import PCA
from torch import nn

from aelib.data import load_data
from aelib.evaluation import accuracy, accuracy_interval, check, report
from aelib.figures import loss_curve, mistakes, score_chart, show
from aelib.models import MLP, Autoencoder, Classifier, Encoder, count_parameters, freeze
from aelib.settings import check_settings
from aelib.training import infer, pick_device, train_or_load

draw = check_settings(source=source, train_size=train_size, test_size=test_size, seed=seed)
protocol = check_settings(
    epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed
)
settings = {**draw, **protocol}
data = load_data(**draw)
device = pick_device()

# %%
torch.manual_seed(seed)
autoencoder = Autoencoder().to(device)
train_or_load(
    "autoencoder",
    autoencoder,
    data.train.images,
    data.train.images,
    nn.functional.mse_loss,
    validation=(data.validation.images, data.validation.images),
    **protocol,
)
encoder = autoencoder.encoder

# %% [markdown]
# ## The plan
#
# Throw the decoder away. Keep the encoder exactly as it is, and put a small classifier behind its
# code: a **multilayer perceptron** (MLP) with one hidden layer of 120. The labels train the MLP and
# nothing else.

# %%
print(inspect.getsource(MLP))
print(inspect.getsource(Classifier))

# %% [markdown]
# The ten outputs are scores, one per digit; the highest wins. The loss for that is
# **cross-entropy**: it turns scores into probabilities, and is the smaller the more probability the
# true digit gets. For someone who has no idea it is the logarithm of 10, about 2.3.
#
# ## What frozen means
#
# Two things have to be switched off. *Gradients*: `requires_grad_(False)` tells torch that these
# weights are not to be trained. *Training mode*: `eval()` stops layers such as dropout or batch
# normalization from changing what they do. Our encoder has neither, but the habit costs nothing.

# %%
print(inspect.getsource(freeze))
freeze(encoder)
codes = infer(encoder, data.train.images)
torch.manual_seed(seed)
classifier = Classifier(encoder, MLP(codes)).to(device)
trainable = sum(p.numel() for p in classifier.parameters() if p.requires_grad)
print(f"parameters: {count_parameters(classifier):,}, of which {trainable:,} are trained")

# %% [markdown]
# The published notebook leaves the encoder out of the optimizer and freezes nothing. That happens
# to work, but it rests on nobody touching the optimizer. So do not trust, measure: keep a copy of
# the encoder's weights, train, and compare bit for bit.
#
# **Predict:** where does the loss start? And how close will the validation loss stay to the
# training loss, compared with the autoencoder's?

# %%
before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
history = train_or_load(
    "approach_1",
    classifier,
    data.train.images,
    data.train.labels,
    nn.functional.cross_entropy,
    validation=data.validation,
    **protocol,
)
moved = [name for name, tensor in encoder.state_dict().items() if not tensor.equal(before[name])]
assert not moved, f"the frozen encoder has moved: {moved}"
print("tensors of the encoder that moved:", len(moved), "of", len(before))

# %%
figure = loss_curve(history, "cross-entropy")
show(
    figure,
    "Cross-entropy of the MLP against the epoch: both lines fall steeply and then level off, the "
    f"training loss at {history['training_loss'][-1]:.2f}.",
    data.source,
)

# %% [markdown]
# Not one number of the encoder has moved. The loss falls within a few epochs to a small fraction of
# its start, and then goes down slowly. The lines part a little at the end: the MLP begins to fit
# its training images better than new ones. That is mild overfitting, and no reason to stop.
#
# ## The accuracy
#
# Now, and only now, the test images.

# %% tags=["nbval-ignore-output"]
metrics = {}


def score(name, model, inputs=lambda images: images):
    """Score `model` on both test splits, print it, and keep it as a metric called `name`."""
    for suffix, split in (("", data.test), ("_full_test", data.full_test)):
        predicted = infer(model, inputs(split.images)).argmax(1)
        metrics[name + suffix] = accuracy(predicted, split.labels)
        low, high = accuracy_interval(metrics[name + suffix], len(split.labels))
        place = f"({low:.1f} to {high:.1f}) on {len(split.labels):,} images"
        print(f"{name:<24} {metrics[name + suffix]:.2f} %  {place}")
    return predicted


predicted = score("approach_1_accuracy", classifier)

# %% [markdown]
# The original reports 87.34 % for this approach. (It divides by the number of images plus one, a
# slip that costs a hundredth of a point.) Compare with the baselines of lesson 1: logistic
# regression on the pixels, and nearest neighbours.
#
# ## Which digits does it confuse?
#
# **Predict:** look back at the map of lesson 3. Which two digits will be mixed up most often?

# %%
figure = mistakes({"approach 1": predicted}, data.full_test.labels)
show(
    figure,
    "Mistakes of approach 1 on the full test split: true class down, predicted class across; the "
    "darkest cells are 4 taken for 9 and its like.",
    data.source,
)

# %% [markdown]
# Each cell counts images of the true digit (row) taken for another (column); correct answers are
# left out. The dark cells are pairs that overlapped on the map: on MNIST, 4 and 9 above all, and
# mix-ups among 3, 5 and 8 and between 7 and 9. What the code does not keep apart, no MLP can.
#
# ## Who deserves the credit?
#
# The MLP does well on the autoencoder's code. Is that due to what the autoencoder has *learned*?
# There are two ways to find out, with the same MLP, the same 48 numbers and the same training:
#
# - on the 48 numbers of **PCA**, which needs no network at all;
# - on the code of an encoder with **random weights**, which has learned nothing.
#
# **Predict:** put the three in order. How far above the 10 % of guessing is the random encoder?

# %%
pca = PCA(n_components=48, random_state=0).fit(data.train.images.flatten(1).numpy())


def pca_code(images):
    """Images `(N, 1, 28, 28)` to their 48 principal components, `(N, 48)`."""
    return torch.from_numpy(pca.transform(images.flatten(1).numpy())).float()


torch.manual_seed(seed)
random_encoder = freeze(Encoder().to(device))
encoders = {
    "pca_mlp_accuracy": pca_code,
    "random_encoder_accuracy": lambda images: infer(random_encoder, images),
}
mlps = {}
for name, encode in encoders.items():
    torch.manual_seed(seed)
    mlps[name] = MLP(encode(data.train.images)).to(device)
    train_or_load(
        name,
        mlps[name],
        encode(data.train.images),
        data.train.labels,
        nn.functional.cross_entropy,
        validation=(encode(data.validation.images), data.validation.labels),
        **protocol,
    )

# %% tags=["nbval-ignore-output"]
for name, encode in encoders.items():
    score(name, mlps[name], encode)

# %%
names = {
    "approach_1_accuracy": "autoencoder + MLP",
    "pca_mlp_accuracy": "PCA-48 + MLP",
    "random_encoder_accuracy": "random encoder + MLP",
}
count = len(data.full_test.labels)
scores = {}
for name, title in names.items():
    percent = metrics[f"{name}_full_test"]
    scores[title] = (percent, *accuracy_interval(percent, count))
figure = score_chart(scores)
spoken = ", ".join(f"{title} {percent:.1f} %" for title, (percent, *_) in scores.items())
show(figure, f"Accuracy on the full test split with 95 % intervals: {spoken}.", data.source)

# %% [markdown]
# This is a figure most tutorials leave out. The random encoder is far from guessing: convolutions
# and pooling alone, with weights straight from the dice, already make a usable code, and the MLP
# does the rest. PCA does well too. What the autoencoder adds is the distance between the dots, a
# few points at most. An honest claim is about that distance, not about the score alone.
#
# ## Check

# %% tags=["nbval-check-output"]
check(data.source, settings, metrics)

# %% [markdown]
# ## Exercises
#
# 1. Leave out `freeze(encoder)` and run all cells. Which cell complains, and what does it say?
# 2. Set `train_size = 600`. The autoencoder and the MLP now both have 600 images. Which of the
#    three bars falls most?
# 3. Give the MLP nothing but the mean brightness of an image, repeated 48 times. How far above
#    guessing can it get?
#
# <details><summary>Answers</summary>
#
# 1. The cell after the training: it names the tensors of the encoder that have moved.
# 2. Try it; the order may surprise you. With few images, less learning can be the safer bet.
# 3. Somewhat above 10 %: a 1 needs less ink than a 0. That is a baseline, too.
#
# </details>
#
# ## Summary
#
# - Approach 1 trains an MLP on codes that were learned without labels.
# - Frozen means: no gradients, evaluation mode, and a check that not one weight has moved.
# - A random encoder and PCA show how much of the score the autoencoder has earned.
# - The numbers of this run:

# %% tags=["nbval-ignore-output"]
report(data.source, metrics)

# %% [markdown]
# **Next:** in [lesson 5](05_joint_training.ipynb) the labels may train the encoder as well.
