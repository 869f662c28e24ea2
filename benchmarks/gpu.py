"""How long do both approaches take on a GPU, where there is one?"""

from functools import partial

import torch
from torch.nn.functional import mse_loss

from aelib.data import Split
from aelib.models import MLP, Autoencoder, Classifier, freeze
from aelib.training import infer, pick_device
from benchmarks.rounds import (
    first_images,
    medians,
    new_classifier,
    seconds,
    train_with_published_settings,
)

#: What the names of cases begin with.
TIME, LAUNCH = "seconds: ", "launch share: "


def cases(data, quick):
    """Seconds for 20 epochs of all training images, and the share of time without a kernel."""
    device = pick_device()
    if device.type != "cuda":
        return {}
    images, result = Split(*first_images(6_000, data)), {}
    for approach in (approach_1, approach_2):
        approach(images, device, epochs=1)  # What happens once.
        name = approach.__name__
        result[TIME + name] = partial(seconds, approach, data.train, device, 20)
        result[LAUNCH + name] = partial(launch_share, approach, images, device)
    return result


def launch_share(approach, images, device):
    """The share of an epoch's time in which no kernel runs, by torch's profiler."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        took = seconds(approach, images, device, epochs=1)
    busy = sum(event.self_device_time_total for event in profile.key_averages()) / 1e6
    return 1 - busy / took


def approach_1(data, device, epochs):
    """The autoencoder on a device, then the MLP on its codes."""
    autoencoder = Autoencoder().to(device)
    train_with_published_settings(autoencoder, (data.images, data.images), mse_loss, epochs)
    codes = infer(freeze(autoencoder.encoder), data.images)
    mlp = MLP(codes).to(device)
    train_with_published_settings(mlp, (codes, data.labels), epochs=epochs)
    return Classifier(autoencoder.encoder, mlp)


def approach_2(data, device, epochs):
    """Encoder and MLP together on a device."""
    model = new_classifier(data.images).to(device)
    train_with_published_settings(model, data, epochs=epochs)
    return model


def results(rounds):
    if not rounds:
        return {}
    result = {"gpu": torch.cuda.get_device_name()}
    for name, value in medians(rounds).items():
        key = "gpu_seconds_" if name.startswith(TIME) else "gpu_launch_share_"
        result[key + name.split(": ")[1]] = value
    return result
