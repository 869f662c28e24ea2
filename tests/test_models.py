"""The networks have the shapes that their comments promise, and every weight takes part."""

import inspect
import re

import pytest
import torch
from torch import nn

from aelib.models import (
    MLP,
    Autoencoder,
    Classifier,
    Decoder,
    Encoder,
    Noise,
    RandomAffine,
    count_parameters,
    freeze,
)

IMAGES = torch.rand(50, 1, 28, 28, generator=torch.Generator().manual_seed(0))
CODES = torch.rand(50, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 5 - 2


@pytest.mark.parametrize(("network", "tensor"), [(Encoder, IMAGES), (Decoder, CODES)])
def test_every_layer_returns_the_shape_in_its_comment(network, tensor):
    shape = r"\(N, (\d+), (\d+), (\d+)\)"
    commented = re.findall(rf"# {shape}", inspect.getsource(network))
    promised = {}
    for layer in (model := network()):
        tensor = layer(tensor)
        if not isinstance(layer, nn.ReLU):  # It keeps the shape, and has no comment.
            promised[layer] = tuple(map(str, tensor.shape[1:]))
    assert commented == list(promised.values())
    opening = re.findall(shape, model.__doc__)
    assert opening[1] == commented[-1]


def test_the_code_is_48_numbers_and_the_parameters_are_as_many_as_the_lessons_say():
    networks = (Encoder(), Decoder(), MLP(CODES))
    assert networks[0](IMAGES).flatten(1).shape == (50, 48)
    assert [count_parameters(network) for network in networks] == [17_587, 11_108, 7_090]
    freeze(networks[0])
    assert count_parameters(networks[0]) == 17_587


@pytest.mark.parametrize(("network", "tensor"), [(Encoder, IMAGES), (Decoder, CODES)])
def test_code_and_output_cannot_die(network, tensor):
    """With a ReLU behind it, a last layer far below zero would give nothing but zeros."""
    model = network()
    nn.init.constant_([layer for layer in model if hasattr(layer, "bias")][-1].bias, -100)
    assert model(tensor).max() < 0


def test_pooling_before_relu_computes_what_relu_before_pooling_does():
    encoder = Encoder()
    layers = list(encoder)
    [place] = [place for place, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d)]
    layers[place : place + 2] = layers[place + 1], layers[place]
    assert nn.Sequential(*layers)(IMAGES).equal(encoder(IMAGES))


@pytest.mark.parametrize("model", [Autoencoder(), Classifier(Encoder(), MLP(CODES))])
def test_gradients_reach_every_weight(model):
    for name, layer in list(model.named_modules()):
        if isinstance(layer, nn.ReLU):  # Which units are off at first is luck; let all through.
            model.set_submodule(name, nn.LeakyReLU(0.1))
    model(IMAGES).square().mean().backward()
    assert [name for name, weight in model.named_parameters() if (weight.grad == 0).any()] == []


def test_the_mlp_standardizes_its_codes():
    codes = CODES.clone()
    codes[:, 0, 0, 0] = 3.0  # A number of the code that never moves.
    mlp = MLP(codes)
    mlp.layers = nn.Identity()
    outputs = mlp(codes)
    assert outputs.shape == (50, 48)
    assert outputs.mean(0).abs().max() < 1e-5
    assert outputs[:, 0].equal(torch.zeros(50))
    assert (outputs[:, 1:].std(0) - 1).abs().max() < 1e-5


def test_a_code_can_be_wider():
    autoencoder = Autoencoder(code_channels=12)
    codes = autoencoder.encoder(IMAGES)
    assert codes.shape == (50, 12, 4, 4)
    assert autoencoder(IMAGES).shape == IMAGES.shape
    assert MLP(codes, width=7)(codes).shape == (50, 10)


@pytest.mark.parametrize("layer", [RandomAffine(), Noise(0.5)], ids=repr)
def test_images_are_changed_in_training_only(layer):
    assert layer.eval()(IMAGES) is IMAGES
    first, second = layer.train()(IMAGES), layer(IMAGES)
    assert first.shape == IMAGES.shape
    assert not first.equal(IMAGES)
    assert not first.equal(second)


def test_noise_has_the_deviation_it_says():
    assert (Noise(0.5).train()(IMAGES) - IMAGES).std().item() == pytest.approx(0.5, rel=0.02)


def test_a_frozen_model_has_no_gradients_and_is_in_evaluation_mode():
    model = Autoencoder()
    assert freeze(model.encoder) is model.encoder
    assert not any(parameter.requires_grad for parameter in model.encoder.parameters())
    assert not any(module.training for module in model.encoder.modules())
    assert all(parameter.requires_grad for parameter in model.decoder.parameters())
    with pytest.raises(RuntimeError, match="does not require grad"):
        model.encoder(IMAGES).sum().backward()
