"""When does the code help? Accuracy against the number of labels, by method.

Every method sees the same few labelled images, and those that learn without labels the same 59,000
images besides. All have the same number of steps and, but for logistic regression, the same head,
whose inputs are divided by one number. A row is one training: each of the settings that a method
could choose among has its own, so that any rule of choice can be looked at afterwards.
"""

import copy
from functools import lru_cache

import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.nn.utils import parametrize

from aelib.data import Split, balanced_draw, load_data
from aelib.evaluation import accuracy
from aelib.models import Autoencoder, Classifier, Encoder, Noise, RandomAffine, freeze
from aelib.studies.parts import Reconstruction, head, principal_components, reconstruction_error
from aelib.training import infer, train

LABELS = (10, 30, 100, 300, 500, 1_000, 3_000, 6_000)
#: How many draws there are: more where luck decides most.
DRAWS = dict.fromkeys(LABELS, 20) | dict.fromkeys((10, 30, 100), 40)
#: Of how many draws there is everything that a method can choose.
CHOOSING = {10: 4, 100: 4, 6_000: 4}
PIXELS = "pixels, logistic regression"
PRINCIPAL = "PCA-48 + MLP"
RANDOM = "random encoder, frozen"
FROZEN = "autoencoder, frozen"
TUNED = "autoencoder, fine-tuned"
SCRATCH = "from scratch"
BOTH = "both losses together"
METHODS = (PIXELS, PRINCIPAL, RANDOM, FROZEN, TUNED, SCRATCH, BOTH)
#: What a method can choose: an inverse penalty, the weight of the reconstruction error beside the
#: cross-entropy (its learning rate stays `UNCHOSEN_RATE`), or the highest learning rate.
CHOICES = {PIXELS: (0.01, 0.1, 1.0), BOTH: (0.1, 1.0, 10.0)}
LEARNING_RATES = (0.001, 0.003, 0.01, 0.03)
#: What a method gets that chooses nothing: scikit-learn's penalty, both losses alike, or a rate.
UNCHOSEN, UNCHOSEN_RATE = {PIXELS: 1.0, BOTH: 1.0}, 0.003
#: What is tried to make the autoencoder win, and for which methods it means something.
REMEDIES = {
    "denoising": (FROZEN, TUNED),
    "wide code": (FROZEN, TUNED, SCRATCH),
    "affine moves": (FROZEN, TUNED, SCRATCH),
}
#: What is made equal, or given time, to see why fine-tuning helps or harms.
FAIRNESS = {
    "scale of the code": (SCRATCH,),
    "head first": (TUNED,),
    "encoder at a tenth": (TUNED,),
}
#: Other ways to pretrain. In the last one the labelled images are moved as well.
PRETRAINING = {
    "a quarter masked": 0.25,
    "half masked": 0.5,
    "three quarters masked": 0.75,
    "ten epochs": None,
    "pretrained on moves": None,
    "moves throughout": None,
}
VARIANTS = {**REMEDIES, **FAIRNESS, **dict.fromkeys(PRETRAINING, (FROZEN, TUNED))}
#: Those in which the labelled images are moved.
MOVED = ("affine moves", "moves throughout")
FIXED = {"source": "mnist", "unlabelled": 59_000, "steps": 360}
LONG = {**FIXED, "steps": 1_440}
#: What lesson 7 runs again, on either source.
LIVE = {"labels": 100, "variant": "plain", "method": SCRATCH, "choice": UNCHOSEN_RATE}
STAND_IN = {**FIXED, "source": "digits", "unlabelled": 6_000, **LIVE}


def jobs(fixed, labels, variants, seeds, choosing):
    """The jobs of some variants, each a dict from a name to methods: for the first `choosing` seeds
    one for all that a method can choose, for the others what it gets if it chooses nothing."""
    return [
        ({**fixed, "labels": labels, "variant": variant, "method": method, "choice": choice}, seed)
        for variant, methods in variants.items()
        for method in methods
        for choice in CHOICES.get(method, LEARNING_RATES)
        for seed in seeds
        if seed < choosing or choice == UNCHOSEN.get(method, UNCHOSEN_RATE)
    ]


JOBS = [
    job
    for labels in LABELS
    for job in jobs(
        FIXED, labels, {"plain": METHODS}, range(DRAWS[labels]), CHOOSING.get(labels, 0)
    )
]
for count, draws, choosing in ((100, 10, 0), (6_000, 4, 4)):
    JOBS += jobs(FIXED, count, {**REMEDIES, **FAIRNESS}, range(draws), choosing)
    JOBS += jobs(LONG, count, {"plain": (TUNED, SCRATCH)}, range(draws), choosing)
JOBS += jobs(FIXED, 10, {"affine moves": REMEDIES["affine moves"]}, range(4), 0)
JOBS += jobs(FIXED, 10, {"encoder at a tenth": (TUNED,)}, range(10), 0)
for count in CHOOSING:
    JOBS += jobs(FIXED, count, dict.fromkeys(PRETRAINING, (FROZEN, TUNED)), range(4), 0)
JOBS += [(STAND_IN, seed) for seed in range(10)]
# Two seeds at a time, so that two cores train two autoencoders rather than both the same.
JOBS.sort(key=lambda job: (job[0]["source"], -(job[1] // 2)), reverse=True)


def run(settings, seed):
    """Train by one method on a few labels.

    Args:
        settings: the source, how many images there are without labels and how many with, the
            number of steps, a method, a variant of it, and what it is said to have chosen.

    Returns:
        The accuracy on the labelled images, on 1,000 validation images and on all test images, in
        percent.
    """
    images = settings["source"], settings["unlabelled"], seed
    data = load(*images)
    drawn = draw(data.train.labels, settings["labels"], seed)
    labelled = Split(data.train.images[drawn], data.train.labels[drawn])
    how = settings["method"], settings["variant"], settings["choice"]
    predict = train_by(*how, labelled, images, settings["steps"], seed)
    splits = {"training_": labelled, "validation_": data.validation, "": data.full_test}
    return {
        f"{name}accuracy": accuracy(predict(split.images), split.labels)
        for name, split in splits.items()
    }


def draw(labels, count, seed):
    """The places of `count` of the labels, `(count,)`, as many of each class as can be."""
    return balanced_draw(labels, count, torch.Generator().manual_seed(seed))


def train_by(method, variant, choice, labelled, images, steps, seed):
    """Train by `method`; returns a function from images to predicted classes.

    Args:
        images: what `load` takes for the images without labels.
    """
    unlabelled = load(*images).train.images
    if method == PIXELS:
        from sklearn.linear_model import LogisticRegression  # Slow, so not above.

        regression = LogisticRegression(C=choice, max_iter=300)
        regression.fit(labelled.images.flatten(1), labelled.labels)
        return lambda images: torch.from_numpy(regression.predict(images.flatten(1)))

    torch.manual_seed(seed)
    if method == PRINCIPAL:
        encoder = projection(*images)
    elif method in (FROZEN, TUNED):
        encoder = copy.deepcopy(pretrained(*images, variant).encoder)
    else:
        encoder = Encoder(code_channels(variant))
    of_scale = pretrained(*images, "plain").encoder if variant == "scale of the code" else encoder
    torch.manual_seed(seed)  # Again, since the autoencoder is trained only once.
    # The scale needs no labels.
    model = Classifier(encoder, head(infer(of_scale, unlabelled[:6_000]), classes=10))
    trained, loss_function = model, cross_entropy
    inputs, labels = labelled
    if method in (PRINCIPAL, RANDOM, FROZEN):
        freeze(encoder)
        if variant not in MOVED:  # Then the codes do not change from step to step.
            trained, inputs = model.mlp, infer(encoder, inputs)
    if variant in MOVED:
        trained = nn.Sequential(RandomAffine(), model)
    if variant == "encoder at a tenth":
        slow_down(encoder, 0.1)
    if method == BOTH:
        trained = BothLosses(model, Autoencoder().decoder, unlabelled)

        def loss_function(outputs, labels):
            scores, error = outputs
            return cross_entropy(scores, labels) + choice * error

    # Small batches where there are few labels: a fifth of them, from 10 to 100.
    batch_size = min(max(len(labels) // 5, 10), 100)

    def fit(steps):
        train(
            trained,
            (inputs, labels),
            loss_function,
            epochs=steps * batch_size // len(labels),
            batch_size=batch_size,
            learning_rate=UNCHOSEN_RATE if method == BOTH else choice,
            one_cycle=True,
            seed=seed,
        )

    if variant == "head first":
        freeze(encoder)
        fit(steps // 2)
        encoder.requires_grad_(True)
        steps -= steps // 2
    fit(steps)
    return lambda images: infer(model, images).argmax(1)


def unchosen(rows):
    """Those of the rows in which a method had what it gets if it chooses nothing."""
    return rows[rows.choice == rows.method.map(UNCHOSEN).fillna(UNCHOSEN_RATE)]


def slow_down(network, share):
    """Let Adam move the weights of `network` at `share` of its learning rate.

    Adam moves what it trains by about its rate, however large the gradient (Kingma and Ba, 2015,
    arXiv:1412.6980, section 2.1). So it gets a stand-in for each weight, whose moves count `share`.
    """
    for module in list(network.modules()):
        for name, weight in list(module.named_parameters(recurse=False)):
            parametrize.register_parametrization(module, name, _Slow(weight.detach(), share))


class _Slow(nn.Module):
    def __init__(self, first, share):
        super().__init__()
        self.register_buffer("first", first.clone())
        self.share = share

    def forward(self, stand_in):
        return self.first.lerp(stand_in, self.share)


class BothLosses(nn.Module):
    """The class scores of a batch, and the reconstruction error of 50 images without labels."""

    def __init__(self, classifier, decoder, unlabelled):
        super().__init__()
        self.classifier = classifier
        self.decoder = decoder
        self.unlabelled = unlabelled

    def forward(self, images):
        drawn = self.unlabelled[torch.randint(len(self.unlabelled), (50,))]
        reconstructions = self.decoder(self.classifier.encoder(drawn))
        return self.classifier(images), mse_loss(reconstructions, drawn)


class Masked(nn.Module):
    """Images `(N, 1, 28, 28)`, in training with each of their 49 patches of 4x4 pixels made black
    with probability `share` (He et al., 2022, arXiv:2111.06377, mask as many for good)."""

    def __init__(self, share):
        super().__init__()
        self.share = share

    def forward(self, images):
        if not self.training:
            return images
        kept = torch.rand(len(images), 1, 7, 7, device=images.device) >= self.share
        return images * kept.repeat_interleave(4, 2).repeat_interleave(4, 3)

    def extra_repr(self):
        return f"{self.share}"


def code_channels(variant):
    """A code of 192 numbers for "wide code", else one of 48."""
    return 12 if variant == "wide code" else 3


@lru_cache(maxsize=2)
def load(source, unlabelled, seed):
    """The images of a seed; kept, since row after row needs them."""
    return load_data(source, unlabelled, 1_000, seed)


@lru_cache(maxsize=2)
def projection(source, unlabelled, seed):
    """The projection on the principal components of all images."""
    return principal_components(load(source, unlabelled, seed).train.images, "auto")


@lru_cache(maxsize=4)
def pretrained(source, unlabelled, seed, variant):
    """An autoencoder trained for three epochs on all images, without labels; kept."""
    images = load(source, unlabelled, seed).train.images
    torch.manual_seed(seed)
    autoencoder = Autoencoder(code_channels(variant))
    model, loss_function = autoencoder, mse_loss
    if variant == "denoising":
        model = nn.Sequential(Noise(0.5), autoencoder)
    elif PRETRAINING.get(variant):
        model = nn.Sequential(Masked(PRETRAINING[variant]), autoencoder)
    elif variant in ("pretrained on moves", "moves throughout"):
        model, loss_function = Reconstruction([RandomAffine()], autoencoder), reconstruction_error
    train(
        model,
        (images, images),
        loss_function,
        epochs=10 if variant == "ten epochs" else 3,
        batch_size=100,
        learning_rate=0.005,
        one_cycle=True,
        seed=seed,
    )
    return autoencoder
