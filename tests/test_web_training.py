"""The networks of the page "Draw a digit" are trained, and what it knows of them is measured."""

import json
from dataclasses import replace

import numpy as np
import pytest

from aelib.data import load_data
from aelib.evaluation import accuracy, reconstruction_errors
from aelib.training import infer
from web import train_networks


@pytest.mark.slow
def test_networks_are_trained_and_what_the_page_knows_of_them_is_so(tmp_path, monkeypatch):
    data, networks = load_data("digits", 300, 1_000, 0), {}
    data = replace(data, full_test=data.test)
    monkeypatch.setattr(train_networks, "load_data", lambda *_, **__: data)
    monkeypatch.setattr(train_networks, "EPOCHS", dict.fromkeys(train_networks.EPOCHS, 1))
    monkeypatch.setattr(train_networks, "FOLDER", tmp_path / "networks")
    monkeypatch.setattr(train_networks, "export", lambda found, where: networks.update(found))
    train_networks.main()
    for name, fresh in train_networks.untrained().items():
        before, after = (list(network.parameters()) for network in (fresh, networks[name]))
        assert [one.shape for one in before] == [one.shape for one in after], name
        assert not all(one.equal(other) for one, other in zip(before, after, strict=True)), name
        assert all(one.requires_grad for one in after) == (name != "encoder")

    facts = json.loads((tmp_path / "networks" / "facts.json").read_text())
    images, labels = data.full_test
    codes = infer(networks["encoder"], images)
    scores = infer(networks["approach1"], codes), infer(networks["approach2"], images)
    assert facts["accuracy"] == [accuracy(one.argmax(1), labels) for one in scores]
    errors = reconstruction_errors(infer(networks["decoder"], codes), images)
    assert (errors > facts["threshold"]).sum() == 5  # Half a per cent.
    assert facts["most_ink"] == pytest.approx(images.mean((1, 2, 3)).max().item(), abs=1e-4)
    heights = [int((image[0] > 0.1).any(1).sum()) for image in images]
    assert facts["least_height"] == min(heights)
    codes = infer(networks["encoder"], data.train.images).flatten(1).double().numpy()
    assert np.allclose(facts["mean"], codes.mean(0), atol=1e-4)
    assert np.mean(np.abs(codes) <= facts["limit"]) == pytest.approx(0.99, abs=0.001)
    names = ("vector", "deviation", "share")
    vectors, deviations, shares = ([one[name] for one in facts["directions"]] for name in names)
    vectors = np.array(vectors)
    assert vectors.shape == (6, 48) and np.allclose(vectors @ vectors.T, np.eye(6), atol=1e-4)
    found = (codes @ vectors.T).std(0, ddof=1)
    assert np.allclose(deviations, found, rtol=1e-3)
    assert deviations == sorted(deviations, reverse=True)
    assert np.allclose(shares, found**2 / codes.var(0, ddof=1).sum(), atol=1e-3)
