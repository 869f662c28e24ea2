"""What the benchmark compares with does the whole work."""

import pytest
import torch

import peers


@pytest.mark.parametrize("pictures", [peers.Pictures, peers.PicturePairs])
def test_the_published_procedure_sees_every_picture_in_every_epoch(pictures):
    images = (torch.rand(10, 1, 28, 28) * 255).round() / 255
    seen = []

    def loss_function(outputs, targets):
        seen.extend(targets)
        return outputs.square().mean()

    batches = peers.loader(pictures(images, torch.arange(10)), batch_size=4)
    peers.fit(torch.nn.Conv2d(1, 1, 3), batches, loss_function, epochs=3)
    assert len(seen) == 30
    for epoch in (seen[:10], seen[10:20], seen[20:]):
        if pictures is peers.PicturePairs:
            assert sorted(map(torch.sum, epoch)) == sorted(image.sum() for image in images)
        else:
            assert sorted(epoch) == list(range(10))


@pytest.mark.parametrize("name", ["ours", *peers.PEERS])
def test_every_peer_trains_the_published_classifier(name, monkeypatch):
    if name in ("lightning", "skorch", "keras"):
        pytest.importorskip(name)
    counted = []
    original = torch.optim.Adam.step
    monkeypatch.setattr(
        torch.optim.Adam, "step", lambda *args, **kw: counted.append(1) or original(*args, **kw)
    )
    data = torch.rand(50, 1, 28, 28), torch.randint(10, (50,))
    getattr(peers, name.replace(" ", "_"))(data, 2, 10)
    assert len(counted) == 2 * 5 or name == "keras", "keras has an Adam of its own"
