"""The networks of the page "Draw a digit" are trained, and what it knows of them is measured."""

import json

import numpy as np
import pytest
import torch

from aelib.data import load_data
from aelib.evaluation import accuracy, reconstruction_errors
from aelib.training import infer
from tools import web_networks


@pytest.fixture(scope="module")
def data():
    return load_data("digits", 300, 100, 0)


@pytest.fixture(scope="module")
def measured(data, tmp_path_factory):
    """Networks trained for an epoch, what was exported of them, and the facts on disk."""
    folder = tmp_path_factory.mktemp("web") / "networks"
    exported = {}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(web_networks, "load_data", lambda *_, **__: data)
        monkeypatch.setattr(web_networks, "EPOCHS", dict.fromkeys(web_networks.EPOCHS, 1))
        monkeypatch.setattr(web_networks, "FOLDER", folder)
        monkeypatch.setattr(
            web_networks,
            "export",
            lambda networks, where: where == folder and exported.update(networks),
        )
        web_networks.main()
    return exported, json.loads((folder / "facts.json").read_text())


@pytest.mark.slow
def test_all_four_networks_have_learned(measured):
    networks, _ = measured
    assert list(networks) == ["encoder", "decoder", "approach1", "approach2"]
    for name, fresh in web_networks.untrained().items():
        before, after = (
            torch.cat([weight.flatten() for weight in network.parameters()])
            for network in (fresh, networks[name])
        )
        assert before.shape == after.shape and not before.equal(after), name
    assert not any(weight.requires_grad for weight in networks["encoder"].parameters())
    assert all(weight.requires_grad for weight in networks["approach2"].parameters())
    assert networks["approach1"].layers[0].out_features == 1_000
    assert networks["approach2"].mlp.layers[0].out_features == 120


@pytest.mark.slow
def test_what_the_page_knows_is_so(measured, data):
    networks, facts = measured
    images, labels = data.full_test
    codes = infer(networks["encoder"], images)
    right = [
        accuracy(infer(networks["approach1"], codes).argmax(1), labels),
        accuracy(infer(networks["approach2"], images).argmax(1), labels),
    ]
    assert facts["accuracy"] == right
    errors = reconstruction_errors(infer(networks["decoder"], codes), images)
    assert (errors > facts["threshold"]).sum() == 50  # Half a per cent of 10,000.
    assert facts["most_ink"] == pytest.approx(images.mean((1, 2, 3)).max().item(), abs=1e-4)
    heights = [int((image[0] > 0.1).any(1).sum()) for image in images]
    assert facts["least_height"] == min(heights)
    codes = infer(networks["encoder"], data.train.images).flatten(1).double().numpy()
    assert np.allclose(facts["mean"], codes.mean(0), atol=1e-4)
    assert np.mean(np.abs(codes) <= facts["limit"]) == pytest.approx(0.99, abs=0.001)
    directions = facts["directions"]
    vectors = np.array([one["vector"] for one in directions])
    assert vectors.shape == (6, 48) and np.allclose(vectors @ vectors.T, np.eye(6), atol=1e-4)
    along = (codes - codes.mean(0)) @ vectors.T
    deviations = along.std(0, ddof=1)
    assert np.allclose([one["deviation"] for one in directions], deviations, rtol=1e-3)
    assert list(deviations) == sorted(deviations, reverse=True)
    shares = deviations**2 / codes.var(0, ddof=1).sum()
    assert np.allclose([one["share"] for one in directions], shares, atol=1e-3)
