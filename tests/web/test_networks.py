"""The page's networks compute what PyTorch does, wherever on the paper an image is."""

import json

import numpy as np
import pytest
import torch
from driving import mnist

from aelib.data import load_data
from aelib.models import freeze
from aelib.training import infer
from tools.lessons import ROOT
from web.train_networks import FOLDER, export, measure, untrained

pytestmark = pytest.mark.slow
onnx = pytest.importorskip("onnx", reason="`make test-web` installs onnx")
SIDE = 400


def exported_networks(folder=FOLDER):
    """The networks in `folder` as the modules that the lessons train, from the weights there."""
    networks = untrained()
    for name, network in networks.items():
        weights = onnx.load(folder / f"{name}.onnx").graph.initializer
        arrays = {w.name: torch.tensor(onnx.numpy_helper.to_array(w)) for w in weights}
        absent = network.load_state_dict(arrays, strict=False)
        # What batch normalization counts while it is trained is not exported.
        assert [key for key in absent.missing_keys if "num_batches" not in key] == []
        freeze(network)
    return networks


RUN = """async ([name, count]) => {
    const { loaded } = await import("/networks.js");
    const { run } = await (window.networks ??= loaded());
    const bytes = new Uint8Array(await (await fetch("/mnist")).arrayBuffer());
    const scores = [];
    for (let from = 0; from < count; from += 500) {
        const batch = bytes.subarray(784 * from, 784 * (from + 500));
        const images = Float32Array.from(batch, (byte) => byte / 255);
        const last = name === "approach2" ? images : await run("encoder", images, [500, 1, 28, 28]);
        const shape = name === "approach2" ? [500, 1, 28, 28] : [500, 3, 4, 4];
        scores.push(...(await run(name, last, shape)));
    }
    return scores;
}"""


@pytest.mark.parametrize("name", ["approach1", "approach2"])
def test_scores_of_all_test_images_are_those_of_pytorch(shared_page, name):
    networks = exported_networks()
    images = mnist().images
    if name == "approach1":
        images = infer(networks["encoder"], images)
    expected = infer(networks[name], images)
    scores = torch.tensor(shared_page.evaluate(RUN, [name, 10_000])).view(-1, 10)
    assert scores.shape == (10_000, 10)
    assert (scores - expected).abs().max() < 1e-3
    assert torch.equal(scores.argmax(1), expected.argmax(1))
    facts = json.loads((ROOT / "web" / "networks" / "facts.json").read_text())
    right = (scores.argmax(1) == mnist().labels).double().mean().item()
    assert 100 * right == pytest.approx(facts["accuracy"][int(name[-1]) - 1])


def test_what_the_page_knows_of_its_networks_is_what_they_do():
    mnist()  # Skips where there is none.
    networks = exported_networks()
    stored = json.loads((FOLDER / "facts.json").read_text())
    facts = json.loads(json.dumps(measure(networks, load_data("mnist", train_size=60_000))))
    assert facts.keys() == stored.keys()
    found, expected = facts.pop("directions"), stored.pop("directions")
    for name, value in stored.items():
        assert facts[name] == pytest.approx(value, rel=1e-3, abs=3e-5), name
    assert stored["percentile"] == 99.5
    for one, other in zip(found, expected, strict=True):
        assert one["deviation"] == pytest.approx(other["deviation"], abs=1e-2)
        # Whether a direction points one way or the other is chance.
        assert abs(np.dot(one["vector"], other["vector"])) == pytest.approx(1, abs=1e-3)


def test_a_network_comes_back_from_its_export_which_names_no_folder(tmp_path):
    pytest.importorskip("onnxscript", reason="`make test-web` installs onnxscript")
    networks = untrained()
    export(networks, tmp_path)
    for name, network in exported_networks(tmp_path).items():
        for ours, theirs in zip(networks[name].parameters(), network.parameters(), strict=True):
            assert torch.equal(ours, theirs)
    for file in (*tmp_path.iterdir(), *FOLDER.glob("*.onnx")):
        content = file.read_bytes()
        assert b".py" not in content and str(ROOT).encode() not in content


PLACE = """async (places) => {
    const { loaded } = await import("/networks.js");
    const { grey } = await import("/strokes.js");
    const { prepared } = await import("/prepare.js");
    const { look } = await (window.networks ??= loaded());
    const bytes = new Uint8Array(await (await fetch("/mnist")).arrayBuffer());
    const [small, paper] = [28, 400].map((side) => {
        const canvas = document.createElement("canvas");
        canvas.width = canvas.height = side;
        return canvas.getContext("2d", { willReadFrequently: true });
    });
    paper.imageSmoothingQuality = "high";
    const answers = [];
    for (const [i, [side, left, top]] of places.entries()) {
        const picture = new ImageData(28, 28);
        for (let k = 0; k < 784; k++) {
            picture.data.set([...Array(3).fill(bytes[784 * i + k]), 255], 4 * k);
        }
        small.putImageData(picture, 0, 0);
        paper.fillRect(0, 0, 400, 400);
        paper.drawImage(small.canvas, left, top, side, side);
        const { scores } = await look(prepared(grey(paper)));
        answers.push(scores.map((list) => list.indexOf(Math.max(...list))));
    }
    return answers;
}"""


def test_a_test_image_keeps_its_class_anywhere_and_at_any_size(shared_page):
    images, labels = (tensor[:1_000] for tensor in mnist())
    random = np.random.default_rng(0)
    sides = random.integers(40, SIDE + 1, 1_000)
    places = [[int(side), *map(int, random.integers(0, SIDE - side + 1, 2))] for side in sides]
    networks = exported_networks()
    before = [
        infer(networks["approach1"], infer(networks["encoder"], images)).argmax(1),
        infer(networks["approach2"], images).argmax(1),
    ]
    after = torch.tensor(shared_page.evaluate(PLACE, places))
    for approach in (0, 1):
        right = before[approach] == labels
        kept = after[right, approach] == labels[right]
        print(f"approach {approach + 1}: {100 * kept.double().mean():.1f} % kept")
        assert kept.double().mean() >= 0.99
