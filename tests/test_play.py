"""The code to play with: its sliders without a browser, and what stands where none can be."""

import pytest
import torch
from ipywidgets import HTML, Button, Dropdown, FloatSlider

from aelib.data import Data, Split
from aelib.figures import play as playing
from aelib.figures import showing
from aelib.figures.play import play, playground, still_grid, strongest_directions
from aelib.models import MLP, Autoencoder, Classifier, Encoder
from aelib.training import infer

SETTINGS = {"epochs": 1, "batch_size": 50, "learning_rate": 0.001, "seed": 3}


@pytest.fixture(scope="module")
def toy():
    """What `play` needs, of networks that have learned nothing but answer differently."""
    torch.manual_seed(0)
    split = Split(torch.rand(100, 1, 28, 28), torch.arange(100) % 10)
    autoencoder = Autoencoder()
    codes = infer(autoencoder.encoder, split.images)
    names = ("approach 1", "approach 2")
    classifiers = {name: Classifier(Encoder(), MLP(codes)) for name in names}
    return autoencoder, classifiers, 50 * strongest_directions(codes), Data("MNIST", *[split] * 4)


def parts(widget, kind):
    """All parts of a kind in a widget."""
    found = [widget] if isinstance(widget, kind) else []
    return found + [one for child in getattr(widget, "children", ()) for one in parts(child, kind)]


def test_the_directions_are_the_principal_ones_and_as_long_as_codes_vary():
    codes = torch.randn(200, 3, 4, 4) * torch.logspace(0, 2, 48).view(3, 4, 4)
    directions = strongest_directions(codes, 4).flatten(1)
    variances, axes = torch.linalg.eigh(codes.flatten(1).T.cov())
    assert torch.allclose(directions.square().sum(1), variances.flip(0)[:4], rtol=1e-3)
    along = (torch.nn.functional.normalize(directions) * axes.T.flip(0)[:4]).sum(1)
    assert torch.allclose(along.abs(), torch.ones(4), atol=1e-4)
    assert (directions.gather(1, directions.abs().argmax(1, keepdim=True)) > 0).all()


def test_a_slider_moves_the_picture_and_both_opinions(toy):
    autoencoder, classifiers, directions, data = toy
    widget = playground(*toy, digit=3)
    [view], [chosen] = parts(widget, HTML), parts(widget, Dropdown)
    before, seen = view.value, {view.value}
    for slider in parts(widget, FloatSlider):
        slider.value = 2
        seen.add(view.value)
    assert len(seen) == 1 + len(directions)
    image = data.test.images[3:4]
    painted = infer(autoencoder.decoder, infer(autoencoder.encoder, image) + 2 * directions.sum(0))
    painted = painted.clamp(0, 1)
    for name, model in classifiers.items():
        shares = infer(model, painted)[0].softmax(0)
        assert f"{name} says {shares.argmax()} ({shares.max():.0%})" in view.value
        assert all(f"<td>{share:.0%}</td>" in view.value for share in shares.tolist())
    assert playing._png(torch.cat([image, painted])) in view.value
    assert '<img alt="Left: a test image of class 3.' in view.value
    parts(widget, Button)[0].click()
    assert view.value == before
    chosen.value = 7
    assert view.value == parts(playground(*toy, digit=7), HTML)[0].value != before


@pytest.mark.slow
def test_a_grid_of_every_direction_stands_where_no_widget_can_run(toy, monkeypatch):
    autoencoder, classifiers, directions, data = toy
    figure, shown = still_grid(*toy, digit=3), []
    code = infer(autoencoder.encoder, data.test.images[3:4])
    assert len(figure.axes) == 6 * 7
    for place, axis in enumerate(figure.axes):
        row, column = divmod(place, 7)
        painted = infer(autoencoder.decoder, code + (column - 3) * directions[row]).clamp(0, 1)
        drawn = torch.tensor(axis.images[0].get_array())
        assert torch.allclose(drawn.squeeze(), painted.squeeze(), atol=1e-5)
        said = [infer(model, painted).argmax().item() for model in classifiers.values()]
        assert axis.get_title("center") == f"{said[0]} | {said[1]}"
    for module in (showing, playing):
        monkeypatch.setattr(module, "in_notebook", lambda: True)
    monkeypatch.setattr(showing, "display_bundle", lambda *pair: shown.append(pair))
    for disabled in ("", "1"):
        monkeypatch.setenv("TQDM_DISABLE", disabled)
        play(autoencoder, classifiers, directions[:1], data, digit=3)
        bundle, metadata = shown.pop()
        assert "1 directions" in metadata["image/png"]["alt"]
        assert "direction 1: 7 images" in bundle["text/plain"]
        assert ("application/vnd.jupyter.widget-view+json" in bundle) == (not disabled)
