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
from aelib.training import train

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


def test_a_frozen_model_has_no_gradients_and_is_in_evaluation_mode():
    model = Autoencoder()
    assert freeze(model.encoder) is model.encoder
    assert not any(parameter.requires_grad for parameter in model.encoder.parameters())
    assert not any(module.training for module in model.encoder.modules())
    assert all(parameter.requires_grad for parameter in model.decoder.parameters())
    with pytest.raises(RuntimeError, match="does not require grad"):
        model.encoder(IMAGES).sum().backward()


# Other images -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("channels", "size"), [(3, 32), (1, 64), (1, 16), (2, 28)])
def test_images_can_have_other_sizes_and_colours(channels, size):
    """Trained for a few steps on images of one colour each, so that it has something to learn."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(40, channels, 1, 1, generator=generator).expand(-1, -1, size, size)
    torch.manual_seed(0)
    model = Autoencoder(image_channels=channels, image_size=size)
    assert model.encoder(images).shape == (40, 3, 4, 4)
    assert model(images).shape == images.shape
    settings = {"epochs": 8, "batch_size": 10, "learning_rate": 0.005, "seed": 0}
    history = train(model, (images, images), nn.functional.mse_loss, validation=(), **settings)
    assert history["training_loss"][-1] < 0.5 * history["training_loss"][0]
    moved = RandomAffine().train()(images)
    assert moved.shape == images.shape


def test_by_default_the_weights_are_those_of_plain_layers():
    """The sizes are computed, but the first weights are drawn as ever, in the same order."""
    torch.manual_seed(5)
    plain = [
        nn.Conv2d(1, 24, 5, stride=2, padding=2),
        nn.Conv2d(24, 64, 3, padding=1),
        nn.Conv2d(64, 3, 4),
        nn.ConvTranspose2d(3, 32, 4),
        nn.Conv2d(32, 32, 3, padding=1),
        nn.Conv2d(8, 4, 3, padding=1),
    ]
    torch.manual_seed(5)
    weights = list(Autoencoder().parameters())
    expected = [weight for layer in plain for weight in layer.parameters()]
    assert [one.equal(other) for one, other in zip(weights, expected, strict=True)] == [True] * 12


@pytest.mark.slow
@pytest.mark.parametrize("model", [Autoencoder(), Classifier(Encoder(), MLP(CODES))])
def test_the_networks_can_be_exported_for_any_number_of_images(model):
    batch = {0: torch.export.Dim("images", min=2)}
    exported = torch.export.export(model.eval(), (IMAGES,), dynamic_shapes=(batch,)).module()
    assert exported(IMAGES[:7]).allclose(model(IMAGES[:7]), atol=1e-6)


def test_a_slice_of_a_network_is_a_row_of_its_layers():
    encoder, decoder = Encoder(), Decoder()
    assert type(encoder[:3]) is nn.Sequential and list(encoder[:3]) == list(encoder)[:3]
    assert decoder[1:](decoder[0](CODES)).equal(decoder(CODES))


@pytest.mark.parametrize("size", [12, 30, 0])
def test_an_image_size_without_a_kernel_is_refused(size):
    with pytest.raises(ValueError, match=f"image_size={size} cannot be used: a multiple of 4"):
        Autoencoder(image_size=size)


def test_an_mlp_can_have_other_classes():
    assert MLP(CODES, classes=2)(CODES.flatten(1)).shape == (50, 2)


def test_the_mlp_has_its_relu_between_its_layers():
    codes = torch.randn(20, 3, 4, 4)
    model = MLP(codes, width=7)
    first, last = [layer for layer in model.layers if isinstance(layer, nn.Linear)]
    flat = codes.flatten(1)
    hidden = ((flat - flat.mean(0)) / flat.std(0)) @ first.weight.T + first.bias
    expected = hidden.clamp_min(0) @ last.weight.T + last.bias
    assert torch.allclose(model(codes), expected, atol=1e-5)
