"""The code to play with: its sliders without a browser, and what stands where none can be."""

import statistics
import time

import pytest
import torch
from ipywidgets import HTML, Button, Dropdown, FloatSlider
from sklearn.decomposition import PCA
from torch import nn

from aelib import play as playing
from aelib.data import load_data
from aelib.figures import showing
from aelib.models import MLP, Autoencoder, Classifier, Encoder, freeze
from aelib.play import both_approaches, play, playground, still_grid, strongest_directions
from aelib.training import checkpoints, infer, pretrained_autoencoder, train_or_load

SETTINGS = {"epochs": 1, "batch_size": 100, "learning_rate": 0.001, "seed": 0}
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def data():
    return load_data("digits", 300, 100, 0)


@pytest.fixture(scope="module")
def toy(data):
    """What `play` needs, of networks that have learned nothing but answer differently."""
    torch.manual_seed(0)
    autoencoder = Autoencoder()
    directions = strongest_directions(infer(autoencoder.encoder, data.train.images))
    classifiers = {}
    for name in ("approach 1", "approach 2"):
        encoder = Encoder()
        classifiers[name] = Classifier(encoder, MLP(infer(encoder, data.train.images)))
    return autoencoder, classifiers, 50 * directions, data


def parts(widget, kind):
    """All parts of a kind in a widget."""
    found = [widget] if isinstance(widget, kind) else []
    return found + [one for child in getattr(widget, "children", ()) for one in parts(child, kind)]


def test_the_directions_are_the_principal_ones_and_as_long_as_codes_vary():
    codes = torch.randn(200, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    codes *= torch.linspace(1, 5, 48).view(3, 4, 4)
    directions = strongest_directions(codes, 4).flatten(1)
    pca = PCA(4).fit(codes.flatten(1).numpy())
    sizes, axes = (torch.tensor(one).float() for one in (pca.singular_values_, pca.components_))
    assert torch.allclose(directions.norm(dim=1), sizes / 199**0.5)
    along = nn.functional.normalize(directions) * axes
    assert torch.allclose(along.sum(1).abs(), torch.ones(4), atol=1e-5)
    assert (directions.gather(1, directions.abs().argmax(1, keepdim=True)) > 0).all()


def test_a_slider_moves_the_picture_and_both_opinions(toy):
    autoencoder, classifiers, directions, data = toy
    widget = playground(*toy, digit=3)
    [view], sliders = parts(widget, HTML), parts(widget, FloatSlider)
    assert len(sliders) == len(directions)
    before, seen = view.value, {parts(widget, HTML)[0].value}
    for slider in sliders:
        slider.value = 2
        seen.add(view.value)
    assert len(seen) == 1 + len(sliders)
    image = data.test.images[data.test.labels == 3][:1]
    code = infer(autoencoder.encoder, image) + 2 * directions.sum(0)
    painted = infer(autoencoder.decoder, code).clamp(0, 1)
    for name, model in classifiers.items():
        shares = infer(model, painted)[0].softmax(0)
        assert f"{name} says {shares.argmax()} ({shares.max():.0%})" in view.value
        assert all(f"<td>{share:.0%}</td>" in view.value for share in shares.tolist())
    assert view.value.count("<img") == 1 and playing._png(torch.cat([image, painted])) in view.value
    parts(widget, Button)[0].click()
    assert [slider.value for slider in sliders] == [0] * len(sliders)
    assert view.value == before


def test_another_digit_can_be_chosen(toy):
    widget = playground(*toy, digit=3)
    [view], [chosen] = parts(widget, HTML), parts(widget, Dropdown)
    assert chosen.options == tuple(range(10)) and chosen.value == 3
    assert "class 3" in view.value
    chosen.value = 7
    assert "class 7" in view.value and "class 3" not in view.value
    assert view.value == parts(playground(*toy, digit=7), HTML)[0].value


def test_a_move_takes_less_than_50_ms_on_one_core(toy):
    slider = parts(playground(*toy, digit=3), FloatSlider)[0]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    seconds = []
    try:
        for value in range(1, 21):
            begin = time.perf_counter()
            slider.value = value / 10
            seconds.append(time.perf_counter() - begin)
    finally:
        torch.set_num_threads(threads)
    print(f"{1000 * statistics.median(seconds):.1f} ms")
    assert statistics.median(seconds) < 0.05


@pytest.mark.slow
def test_the_grid_shows_every_direction_and_what_both_say(toy):
    autoencoder, classifiers, directions, data = toy
    figure = still_grid(*toy, digit=3)
    image = data.test.images[data.test.labels == 3][:1]
    assert len(figure.axes) == len(directions) * len(playing.SHIFTS)
    for place, axis in enumerate(figure.axes):
        row, column = divmod(place, len(playing.SHIFTS))
        code = infer(autoencoder.encoder, image) + playing.SHIFTS[column] * directions[row]
        painted = infer(autoencoder.decoder, code).clamp(0, 1)
        drawn = torch.tensor(axis.images[0].get_array())
        assert torch.allclose(drawn.squeeze(), painted.squeeze(), atol=1e-5)
        said = [infer(model, painted).argmax().item() for model in classifiers.values()]
        assert axis.get_title("center") == f"{said[0]} | {said[1]}"


@pytest.mark.slow
@pytest.mark.parametrize("watched", ["on", "off"])
def test_a_grid_stands_where_no_widget_can_run(toy, watched, monkeypatch):
    shown = []
    for module in (showing, playing):
        monkeypatch.setattr(module, "in_notebook", lambda: True)
    monkeypatch.setattr(showing, "display_bundle", lambda *pair: shown.append(pair))
    monkeypatch.setenv("AELIB_PROGRESS", watched)
    play(*toy, digit=3)
    [(bundle, metadata)] = shown
    assert bundle["image/png"] in bundle["text/html"]
    assert "directions" in metadata["image/png"]["alt"] in bundle["text/html"]
    assert "direction 6: 7 images" in bundle["text/plain"]
    assert (WIDGET in bundle) == (watched == "on")


@pytest.mark.slow
def test_lesson_5_finds_what_was_trained_to_play_with(data, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "project_folder", lambda: tmp_path)
    autoencoder, _ = pretrained_autoencoder(data, "cpu", **SETTINGS)
    before = {name: tensor.clone() for name, tensor in autoencoder.state_dict().items()}
    classifiers = both_approaches(autoencoder, data, "cpu", **SETTINGS)
    files = sorted((tmp_path / "runs" / "checkpoints").glob("*.safetensors"))
    assert [file.name.rsplit("-", 1)[0] for file in files] == [
        "approach_1",
        "approach_2",
        "autoencoder",
    ]
    assert all(tensor.equal(before[name]) for name, tensor in autoencoder.state_dict().items())
    assert all(weight.requires_grad for weight in autoencoder.parameters())

    # As in lesson 5.
    frozen = freeze(autoencoder.encoder)
    codes = infer(frozen, data.train.images)
    torch.manual_seed(0)
    approach_1 = Classifier(frozen, MLP(codes))
    train_or_load(
        "approach_1",
        approach_1.mlp,
        (codes, data.train.labels),
        nn.functional.cross_entropy,
        validation=(infer(frozen, data.validation.images), data.validation.labels),
        **SETTINGS,
    )
    torch.manual_seed(0)
    encoder = Encoder()
    approach_2 = Classifier(encoder, MLP(infer(encoder, data.train.images)))
    loss = nn.functional.cross_entropy
    train_or_load(
        "approach_2", approach_2, data.train, loss, validation=data.validation, **SETTINGS
    )
    assert sorted((tmp_path / "runs" / "checkpoints").glob("*.safetensors")) == files
    for ours, theirs in zip((approach_1, approach_2), classifiers.values(), strict=True):
        images = data.test.images
        assert infer(ours, images).equal(infer(theirs, images))
