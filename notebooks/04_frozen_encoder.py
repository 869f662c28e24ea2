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
# ## The plan
#
# Throw the decoder away. Keep the encoder exactly as it is, and put a small classifier behind its
# code: a **multilayer perceptron** (MLP), often called the *head*. Its 48 inputs go to a hidden
# layer of 120 numbers with ReLU, and those to 10 outputs. The labels train the head and nothing
# else.
#
# So these 48 numbers are all that the head will ever see of an image. Below each digit they are
# drawn as its three maps of 4 by 4: red above zero, blue below, white at zero.
#
# **Predict:** will the two codes of the same digit look alike? Could you tell 4 from 9 by them?

# %%
import copy
import time

import torch
from torch import nn

from aelib.baselines import NearestByAngle, RBFMachine
from aelib.data import deskewed, load_data
from aelib.evaluation import accuracy, score_line
from aelib.figures import code_tiles, confusion_matrices, loss_curve, score_chart, show
from aelib.figures.diagram import system_diagram
from aelib.lesson import check, predict, report
from aelib.models import Decoder, Encoder, freeze
from aelib.pretrained import pretrained_autoencoder
from aelib.training import infer, pick_device, train

training_settings = {"epochs": epochs, "batch_size": batch_size}
training_settings |= {"learning_rate": learning_rate, "seed": seed}
settings = {"train_size": train_size, "test_size": test_size, **training_settings}
data = load_data(source, train_size, test_size, seed)
device = pick_device()

# %% tags=["pretrained"]
autoencoder, pretraining = pretrained_autoencoder(data, device, **training_settings)
encoder = autoencoder.encoder
codes = infer(encoder, data.train.images)
images, labels = data.train
chosen = torch.cat([(labels == digit).nonzero()[:2, 0] for digit in (0, 1, 3, 4, 9)])
figure = code_tiles(images[chosen], {"code": codes[chosen]}, titles=labels[chosen].tolist())
show(figure, "Two images each of 0, 1, 3, 4 and 9 above their codes of 48 numbers.", data)

# %% [markdown]
# Codes of the same digit have something in common, but far from everything: in our run the two
# zeros differ in width, the two ones in slant, and their codes know it, while codes of a 4 and of a
# 9 are hard to tell apart by eye. The head has to do better.
#
# ## The head
#
# Here is the whole of it. A class of your own says in `__init__` what it is made of, and in
# `forward` what becomes of an input.
#
# There is one thing in it that you have not met. It looks at the codes *before* any training, and
# keeps two numbers for each of the 48: the mean and the standard deviation. In `forward` it
# subtracts the one and divides by the other. Why? The first layer multiplies each number by a
# weight and adds up. If one number ran from -30 to 30 and another from -0.1 to 0.1, the second
# would go unheard, and steps that suit one weight would be far too long or short for the other.
# `register_buffer` keeps the two with the head, on the same device and in the same file, without
# making them something to be trained.


# %% tags=["build"]
class MLP(nn.Module):
    """Codes `(N, 3, 4, 4)` to class scores `(N, 10)`."""

    def __init__(self, codes, width=120):
        super().__init__()
        codes = codes.flatten(1)  # (N, 48)
        self.register_buffer("mean", codes.mean(0))
        self.register_buffer("std", codes.std(0).clamp_min(1e-6))
        self.layers = nn.Sequential(nn.Linear(48, width), nn.ReLU(), nn.Linear(width, 10))

    def forward(self, codes):
        return self.layers((codes.flatten(1) - self.mean) / self.std)


# %% [markdown]
# Read `__init__` and `forward` as two moments. The first happens once, when you write `MLP(codes)`:
# layers are made with random weights, and the two measures are taken. The second happens each time
# that you call the network, more than a thousand times in a training. What has to last from one
# call to the next is stored on `self`. `nn.Module` looks after it: it finds every layer that you
# put there, hands the weights to the optimizer, and takes them along when you save the network or
# send it to a graphics card.
#
# (`clamp_min` is for a number that is the same for every image: its deviation is zero, and a
# division by zero gives no number.) A classifier of images is an encoder with this head behind it:


# %% tags=["build"]
class Classifier(nn.Module):
    """Images `(N, 1, 28, 28)` to class scores `(N, 10)`."""

    def __init__(self, encoder, mlp):
        super().__init__()
        self.encoder = encoder
        self.mlp = mlp

    def forward(self, images):
        return self.mlp(self.encoder(images))


# %%
figure = system_diagram(Encoder(), Decoder(), MLP(codes))
show(figure, "The autoencoder, and both approaches below it, layer by layer.", data)

# %% [markdown]
# Read it from the left: an image of 28 by 28 goes through the layers of the encoder that you built
# in lesson 2, and arrives as 3 maps of 4 by 4. The upper row goes on to a decoder, the other two to
# ten scores. The layers are the same in all three; what differs is which of them are trained, and
# by what. The middle row is this lesson: blue and dashed is what stays as it is, orange is what the
# labels train.
#
# ## The loss: cross-entropy
#
# The ten outputs are **scores** (*logits*), one for each digit, and the highest wins. How wrong is
# it? Counting mistakes is of no use for training: if a weight is moved a little, the count mostly
# stays as it is, and there is no gradient. So the scores are first turned into probabilities, by
# the **softmax**, and then the loss asks how much probability the *true* digit got:
#
# $$p_i = \frac{e^{s_i}}{\sum_j e^{s_j}} \qquad \text{loss} = -\ln p_\text{true}$$
#
# Take three classes, with the scores 2, 1 and -1. Raised to the power of e they are 7.39, 2.72 and
# 0.37, in sum 10.48. So the probabilities are 0.71, 0.26 and 0.04.
#
# **Predict:** what is the loss if the first class is the true one? And if the last one is?

# %%
example = torch.tensor([[2.0, 1.0, -1.0]])
print("probabilities:", [f"{p:.2f}" for p in example.softmax(1)[0].tolist()])
for true in range(3):
    loss = nn.functional.cross_entropy(example, torch.tensor([true]))
    print(f"loss if class {true} is the true one: {loss:.2f}")

# %% [markdown]
# A loss of 0.35 for being right and fairly sure, 3.35 for having given the true class a
# probability of 0.04. It grows without end as that probability goes to zero: a confident mistake is
# what cross-entropy punishes hardest. Keep that in mind for lesson 5. Whoever has no idea gives
# each of ten digits a tenth and pays the logarithm of 10, about 2.3.
#
# What does its gradient do? For every wrong class it pushes the score down, by just the probability
# that this class was given. It pushes the score of the true class up, by what its probability lacks
# to 1. In the example, with the first class the true one: 0.26 and 0.04 down, 0.29 up. An answer
# that is right and sure is hardly pushed at all, and one that is wrong and sure is pushed hard.
# That is the kind of teacher you want.
#
# `cross_entropy` takes the *scores*, not the probabilities. A softmax in front of it is a common
# mistake with PyTorch. It does not fail; it only learns badly.

# %% [markdown]
# ## What frozen means
#
# The encoder is to stay as it is. Two things have to be switched off.
#
# *Gradients*: `requires_grad_(False)` tells torch that these weights are not to be trained.
#
# *Training mode*: some layers behave differently while training, and `eval()` stops that. Our
# encoder has none of them, so it is easy to think that this does not matter. Look at an encoder
# that has one: *batch normalization* brings its inputs to one scale, and keeps a running mean of
# them as it trains. That mean is not a weight. It is a buffer, and moves without any gradient.
#
# **Predict:** no weight of this encoder may be trained. After one batch, has anything in it moved?

# %%
with_norm = nn.Sequential(nn.Conv2d(1, 3, kernel_size=7, stride=7), nn.BatchNorm2d(3))
with_norm.requires_grad_(False).eval()
model = Classifier(with_norm, MLP(infer(with_norm, images[:100])))

before = with_norm[1].running_mean.clone()
model.train()
model(images[:100])
print("after model.train(), the mean has moved:", not with_norm[1].running_mean.equal(before))

before = with_norm[1].running_mean.clone()
model.train()
with_norm.eval()
model(images[:100])
print("and with with_norm.eval() after it:     ", not with_norm[1].running_mean.equal(before))

# %% [markdown]
# Yes. `eval()` had been called, but `model.train()`, the first line of every training loop, goes
# down into all parts of a model and undoes it. So the loop has to put the frozen part back into
# evaluation mode, each time: that is what `aelib.training.train` does with every part whose weights
# are all frozen.
#
# The published notebook freezes nothing; it only leaves the encoder out of the list of weights that
# Adam is given. That works as long as nobody touches the list. So do not trust, measure: keep a
# copy of everything in the encoder, weights and buffers, train the whole classifier for an epoch,
# and compare bit for bit.
#
# **Predict:** the encoder has six tensors of weights. How many of them will have changed?

# %%
freeze(encoder)  # No gradients, evaluation mode.
torch.manual_seed(seed)
classifier = Classifier(encoder, MLP(codes)).to(device)
before = copy.deepcopy(encoder.state_dict())
one_epoch = {**training_settings, "epochs": 1}
loss_function = nn.functional.cross_entropy
from_images = train(classifier, data.train, loss_function, **one_epoch)
changed = [name for name, tensor in encoder.state_dict().items() if not tensor.equal(before[name])]
assert not changed, f"the frozen encoder has changed: {changed}"
print("tensors of the encoder that changed:", len(changed), "of", len(before))

# %% [markdown]
# Not one number of the encoder has changed. But then its codes do not change either, and in every
# epoch it would compute the same 6,000 once more. Once is enough: keep the codes, and train the
# head on them, from the same first weights.
#
# (Two habits to take along. Before each network that is to be compared with another stands the same
# `torch.manual_seed(seed)`, so that both begin from the same first weights, and a difference at the
# end is not one of luck at the beginning. And what is expensive and never changes is computed once
# and kept, as the codes are here: of the work per image the encoder does by far the larger part.)
#
# **Predict:** where does the loss start, and will it differ from the one on images? And over 20
# epochs, how close will the validation loss stay to the training loss, compared with the
# autoencoder's?

# %%
torch.manual_seed(seed)
head = MLP(codes).to(device)
start = time.perf_counter()
history = train(
    head,
    (codes, labels),
    loss_function,
    validation=(infer(encoder, data.validation.images), data.validation.labels),
    **training_settings,
)
learning = {"approach_1_accuracy": time.perf_counter() - start}  # In seconds.
figure = loss_curve(history, "cross-entropy")
show(figure, "Cross-entropy of the MLP against the epoch, in training and validation.", data)

# %% tags=["nbval-ignore-output"]
for name, losses in (("images", from_images), ("codes", history)):
    print(f"cross-entropy of the first epoch, from {name:<6}: {losses['training_loss'][0]:.6f}")

# %% [markdown]
# The loss of the first epoch is the same from images and from codes, up to rounding: the encoder
# only cost time. It is already below 2.3, as it is the mean over a whole epoch of learning. At
# first validation is the lower one, for the reason given in lesson 2. The lines meet and part
# again, whereas those of the autoencoder ended on top of each other: the head fits its training
# images better than new ones. That distance is the **generalization gap**. While the validation
# loss still falls, as it does here, it is no reason to stop.
#
# ## The accuracy
#
# Now the test images. No setting was chosen with their help.
#
# For each image the network gives ten scores, and `argmax(1)` gives the position of the highest,
# which is the digit. (For that no softmax is needed. It makes probabilities of scores, but never
# changes their order.) Each score below comes with an interval, for the reason that you saw in
# lesson 1: other test images would have given another number. The line for 1,000 images is the size
# of test that the original speaks of; the one for 10,000 is more precise.
#
# **Predict:** it sees 48 numbers in place of 784. In our run of lesson 1 nearest neighbours had
# 94.3 % with all pixels, and the best simple method 98.0 %. Where will approach 1 end?

# %% tags=["nbval-ignore-output"]
metrics, answering = {}, {}


def score(name, head, encode):
    """Score `head` behind `encode` on both test splits, and keep that as a metric, `name`."""
    for suffix, split in (("", data.test), ("_full_test", data.full_test)):
        start = time.perf_counter()
        predicted = infer(head, encode(split.images)).argmax(1)
        answering[name] = time.perf_counter() - start  # What stays is the larger split's.
        metrics[name + suffix] = accuracy(predicted, split.labels)
        print(score_line(name, metrics[name + suffix]))
    return predicted


def code(images):
    return infer(encoder, images)


predicted = score("approach_1_accuracy", head, code)

# %% [markdown]
# Between the two: it is ahead of nearest neighbours, with 48 numbers that were not made for this
# purpose, and behind the best simple method. The end of this lesson finds out why. The original
# reports 87.34 %.
#
# ## Which digits does it confuse?
#
# **Predict:** look back at the map of lesson 3. Which two digits will be mixed up most often?

# %%
confusions = confusion_matrices({"approach 1": predicted}, data.full_test.labels)
show(
    confusions,
    "Mistakes of approach 1 on the full test split: true class down, predicted class across.",
    data,
)

# %% [markdown]
# Such a table is called a **confusion matrix**. A score is one number for ten digits; the table
# says where it was lost. Read a row to learn what becomes of one digit: of all true fours, so many
# were taken for a nine. Read a column to learn how far an answer can be trusted: of all that were
# called nine, so many were something else. In a full table the diagonal holds the correct answers,
# more than eight hundred in each cell, and all else would be pale beside it. So here it is left
# empty.
#
# In both directions together, 4 and 9 are mixed up most often. The map of lesson 3 has hinted at
# that, but not at the other dark cells. It is a drawing of 48 dimensions on paper: digits that
# overlap there can still be told apart by the MLP, which gets most fours right.

# %% [markdown]
# ## Who deserves the credit?
#
# The MLP does well on the autoencoder's code. Is that due to what the autoencoder has *learned*?
# There are two ways to find out, with the same MLP, the same 48 numbers and the same training:
#
# - on the 48 numbers of **PCA**, which needs no network at all;
# - on the code of an encoder with **random weights**, which has learned nothing.
#
# Such rivals are called *controls*. Each takes away one thing that could be the reason. If PCA does
# as well, the network was not needed. If random weights do as well, the *training* of the network
# was not needed, and its convolutions and its pooling alone did the work. Only what is left after
# both can be due to what the autoencoder has learned. The second control is also cheap: it costs a
# single pass through a network that is never trained.
#
# **Predict:** put the three in order. How far above the 10 % of guessing is the random encoder?

# %%
from sklearn.decomposition import PCA

pca = PCA(n_components=48, random_state=0).fit(data.train.images.flatten(1).numpy())


def pca_code(images):
    """Images `(N, 1, 28, 28)` to their 48 principal components, `(N, 48)`."""
    return torch.from_numpy(pca.transform(images.flatten(1).numpy())).float()


torch.manual_seed(seed)
random_encoder = freeze(Encoder().to(device))


def random_code(images):
    return infer(random_encoder, images)


# %%
guess = predict("accuracy on a random encoder (%)", None)  # Put your number in the place of None.
heads, histories = [], []
for name, encode in (("pca_mlp_accuracy", pca_code), ("random_encoder_accuracy", random_code)):
    start = time.perf_counter()
    other_codes = encode(images)
    torch.manual_seed(seed)
    heads.append(MLP(other_codes).to(device))
    pair = (other_codes, labels)
    histories.append(train(heads[-1], pair, loss_function, **training_settings))
    learning[name] = time.perf_counter() - start

# %% tags=["nbval-ignore-output"]
score("pca_mlp_accuracy", heads[0], pca_code)
score("random_encoder_accuracy", heads[1], random_code)
guess.compare(metrics["random_encoder_accuracy_full_test"])

# %% [markdown]
# The random encoder is far from guessing: a network that has learned nothing already makes a usable
# code, and the MLP does the rest. PCA does well too. With this head the autoencoder adds a point or
# two over PCA, and more than twice as much over random weights. (The random encoder is one throw of
# weights: see the README for means over many seeds.)
#
# ## The same code, another head
#
# All three had the same head. But who says that it is the best one? In lesson 1 the RBF
# machine was ahead of all other methods. It can take the place of the MLP, and then the same
# comparison is made once more: the autoencoder's code against PCA-48, both with an RBF machine as
# head. Beside them stand two methods of lesson 1 that look at deskewed images, in which no network
# has a part.
#
# **Predict:** which matters more for the accuracy, the code or the head? And will the autoencoder's
# code be ahead of PCA-48 this time?

# %%
upright = deskewed(data.train.images).flatten(1).numpy()
upright_pca = PCA(n_components=48, random_state=0).fit(upright)


def upright_pca_code(images):
    """Images `(N, 1, 28, 28)` to the 48 principal components of what they look like upright."""
    return torch.from_numpy(upright_pca.transform(deskewed(images).flatten(1).numpy())).float()


simple = {
    "autoencoder + RBF machine": (code, RBFMachine),
    "PCA-48 + RBF machine": (pca_code, RBFMachine),
    "deskewed PCA-48 + RBF machine": (upright_pca_code, RBFMachine),
    "deskewed + nearest by angle": (deskewed, NearestByAngle),
}

# %%
titles = {
    "autoencoder + MLP (approach 1)": "approach_1_accuracy",
    "PCA-48 + MLP": "pca_mlp_accuracy",
    "random encoder + MLP": "random_encoder_accuracy",
}
scores = {title: metrics[f"{name}_full_test"] for title, name in titles.items()}
seconds = {title: (learning[name], answering[name]) for title, name in titles.items()}
test, named = data.full_test, {}
few = slice(10_000)  # A machine for 60,000 examples would take 40 GB.
for title, (encode, method) in simple.items():
    start = time.perf_counter()
    fitted = method(encode(images[few]), labels[few])
    learned = time.perf_counter()
    named[title] = infer(fitted, encode(test.images)).argmax(1)
    seconds[title] = (learned - start, time.perf_counter() - learned)
    scores[title] = accuracy(named[title], test.labels)

# %%
spoken = ", ".join(f"{title} {score:.1f} %" for title, score in scores.items())
show(
    score_chart(scores),
    f"Accuracy on the full test split with 95 % intervals: {spoken}.",
    data,
)

# %% tags=["nbval-ignore-output"]
print(f"{'seconds':32}to learn   to name {len(test.labels):,} images")
for title, (learned, answered) in seconds.items():
    print(f"{title:32}{learned:6.1f} {answered:10.1f}   {scores[title]:6.2f} %")

# %% [markdown]
# Compare the two rows of PCA-48. The head decides more than the code: the step from the MLP to the
# RBF machine gains about two points and a half.
#
# Now compare the two RBF machines on images as they are. The head is the same, the images are the
# same, and only the code is another: this is the fair test of a code. The autoencoder's code and
# PCA-48 are less than a point apart, mostly less than half a point. So much of the autoencoder's
# lead over PCA came from a head that makes less of PCA-48 than there is in it. And the RBF machine
# on PCA-48, with no network at all, beats approach 1 by about a point.
#
# Deskewing is a larger step than any code. After it the same machine beats approach 1 by about two
# points and a half, and nearest neighbour by angle beats it too, though it learns nothing. The
# seconds say what each row costs; not counted is the training of the autoencoder itself. Lesson 7
# makes the fair test of the code with fewer labels, down to ten.
#
# ## Check
#
# One line compares your numbers with those of twenty runs with other seeds.

# %% tags=["nbval-check-output", "spread"]
check(data, settings, metrics, pretraining, history, *histories)

# %% [markdown]
# ## Exercises
#
# ### 1. Cross-entropy by hand
#
# `cross_entropy(scores, labels)` gets scores `(N, C)` and labels `(N,)`, and returns the mean over
# the images of minus the logarithm of the true class's probability. The check also hands over
# scores around 1,000. What is e to the power of 1,000, for a computer? And does a softmax change
# if you subtract the same number from all scores of an image?

# %%
from aelib.exercises import (
    check_confusion,
    check_cross_entropy,
    check_linear_probe,
    check_train_head_only,
)


def cross_entropy(scores, labels):
    ### BEGIN SOLUTION
    scores = scores - scores.max(1, keepdim=True).values
    log_probabilities = scores - scores.exp().sum(1, keepdim=True).log()
    return -log_probabilities[torch.arange(len(labels)), labels].mean()
    ### END SOLUTION


check_cross_entropy(cross_entropy)

# %% [markdown]
# ### 2. Frozen means frozen
#
# `train_head_only(encoder, head, batch)` gets an encoder *with batch normalization*, in training
# mode, a head, and a batch of images and labels. Take a step of training on the cross-entropy,
# after which the head has moved and nothing in the encoder has: no weight, and no buffer either.


# %%
def train_head_only(encoder, head, batch):
    ### BEGIN SOLUTION
    images, labels = batch
    encoder.eval()
    with torch.no_grad():
        batch_codes = encoder(images)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.001)
    optimizer.zero_grad()
    nn.functional.cross_entropy(head(batch_codes), labels).backward()
    optimizer.step()
    ### END SOLUTION


check_train_head_only(train_head_only)

# %% [markdown]
# ### 3. A linear probe
#
# How much of the score is due to the head? Replace it by the smallest one there is: a single linear
# layer, 490 weights, known as a **linear probe**. `linear_probe(codes, labels)` trains one on codes
# `(N, 48)` and returns a network from codes `(M, 48)` to scores `(M, 10)`.
#
# **Predict:** trained on `codes.flatten(1)` and scored on the test codes, how far below the MLP
# will it be?


# %%
def linear_probe(codes, labels):
    ### BEGIN SOLUTION
    layer = nn.Linear(codes.shape[1], 10)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.01)
    for _ in range(300):
        optimizer.zero_grad()
        nn.functional.cross_entropy(layer(codes), labels).backward()
        optimizer.step()
    return layer
    ### END SOLUTION


check_linear_probe(linear_probe)

# %% [markdown]
# ### 4. Who is taken for whom
#
# `confusion(true, predicted)` gets true and predicted digits `(N,)`, and returns a table
# `(10, 10)`: row `t`, column `p` counts the images of digit `t` that were taken for `p`.


# %%
def confusion(true, predicted):
    ### BEGIN SOLUTION
    table = torch.zeros(10, 10, dtype=torch.int64)
    for t, p in zip(true.tolist(), predicted.tolist(), strict=True):
        table[t, p] += 1
    return table
    ### END SOLUTION


check_confusion(confusion)

# %% [markdown]
# ### 5. Predict, change, run
#
# Set `train_size = 600`. The autoencoder and the heads now all have 600 images. Which of the scores
# falls most? (Something else has changed: 20 epochs of 600 images are 120 steps, not 1,200.)
#
# ### 6. An open question
#
# A random encoder gets surprisingly far. What does a convolution with random filters keep of an
# image, and what does it lose? How would you find out?
#
# ## Three questions
#
# <details><summary>You have called <code>encoder.requires_grad_(False)</code>. Is it frozen?
# </summary>
#
# Its weights are. But layers such as batch normalization have buffers that move whenever the
# encoder is in training mode, and the next `classifier.train()` puts it there. Compare everything
# in its `state_dict()` before and after.
#
# </details>

# %% [markdown]
# <details><summary>The loss of your classifier stays near 1.5, however long it trains, though it
# gets most digits right. What do you look for?</summary>
#
# A softmax in front of `cross_entropy`, which applies one of its own. The scores it gets are then
# probabilities, never more than 1 apart, and the second softmax can make little of that: the loss
# cannot go below about 1.46.
#
# </details>
# <details><summary>Why are the codes of the training images used for mean and deviation, and not
# those of the images to be classified?</summary>
#
# A single image has no spread, and its answer must not depend on which others are asked about at
# the same time.
#
# </details>

# %% [markdown]
# ## Summary
#
# - Approach 1 trains an MLP on codes that were learned without labels.
# - Frozen means: no gradients, evaluation mode, and a check that not one weight has changed.
# - A random encoder and PCA show how much of the score the autoencoder has earned: with an MLP as
#   head a point or two, with an RBF machine mostly less than half a point.
# - The head decides more than the code. A fair test of a code has the same head on the same images.
# - With 6,000 labels the best simple method, on deskewed images, is ahead of approach 1.
# - The numbers of this run:

# %% tags=["nbval-ignore-output"]
report(data, metrics)

# %% [markdown]
# *The text describes MNIST with the parameters as they stand; single images and last digits differ
# from run to run, and from processor to processor.*
#
# **Next:** in [lesson 5](05_joint_training.ipynb) the labels may train the encoder as well.
