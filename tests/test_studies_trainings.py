"""What each row of a study trains, on what and how: as it was when that was last stored.

The rows took hours. A slip in the code that made them would leave them standing, and only what is
said of them would be wrong. So each kind of row is run small, and compared with what is stored;
whether the code then was that of the rows, `test_a_random_row_is_true` asks.
After a study was changed and run again, `python -m tests.test_studies_trainings` stores it anew.
"""

import json
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import pytest

from aelib.data import Split, load_data
from aelib.studies import few_labels, run_row, spread_labels
from aelib.training import checkpoints, loop
from tools.studies import STUDIES

STORED = Path(__file__).with_name("trainings.json")
#: The settings of a small row, where it has them.
SMALL = {"source": "digits", "train_size": 200, "test_size": 100, "epochs": 5, "steps": 10}
SMALL |= {"unlabelled": 300, "in_graph": 250}
SEED = 1
#: Longer trainings end, as it were, after so many epochs.
EPOCHS = 2


def small_rows(name):
    """Each kind of row once, small, with 10 or 100 labels and without what a method can choose."""
    kinds = {}
    for settings, _ in import_module(f"aelib.studies.{name}").JOBS:
        one = settings | {key: SMALL[key] for key in SMALL if key in settings}
        if one.get("labels", 10) not in (10, 100) or one.get("draw", 1) != 1:
            continue
        choice = few_labels.UNCHOSEN.get(one.get("method"), few_labels.UNCHOSEN_RATE)
        if one.get("choice", choice) == choice:
            kinds[json.dumps(one)] = one
    return kinds


@lru_cache(maxsize=1)
def few_images(*arguments):
    """What `load_data` returns, with few images to measure on."""
    data = load_data(*arguments)
    return replace(data, full_test=Split(*(part[:100] for part in data.full_test)))


def trainings(name, settings):
    """What a row trains, on what and how, and what it measures in the end."""
    study, seen = import_module(f"aelib.studies.{name}"), []
    originals = {one: getattr(loop, one) for one in ("check_training", "check_loss", "train_epoch")}

    def check_training(model, training_data, validation, loss_function, **how):
        originals["check_training"](model, training_data, validation, loss_function, **how)
        trained = [one for one in model.parameters() if one.requires_grad]
        how["weights"] = [sum(one.numel() for one in trained)]
        how["weights"] += [sum(one.detach().abs().sum().item() for one in trained)]
        how["data"] = [list(one.shape) for one in (*training_data, *validation)]
        how["means"] = [one.float().mean().item() for one in training_data]
        seen.append({**how, "losses": []})

    def check_loss(loss, *arguments):
        originals["check_loss"](loss, *arguments)
        if len(seen[-1]["losses"]) < EPOCHS:
            seen[-1]["losses"].append(loss)

    def train_epoch(*arguments):
        losses = seen[-1]["losses"]
        return losses[-1] if len(losses) == EPOCHS else originals["train_epoch"](*arguments)

    def identity(*arguments):
        raise checkpoints.CannotTellError("nothing is kept here")

    caches = [few_labels.load, few_labels.principal_components]
    caches += [few_labels.pretrained, spread_labels.pretrained]
    with pytest.MonkeyPatch.context() as patch:
        for mine in (check_training, check_loss, train_epoch):
            patch.setattr(loop, mine.__name__, mine)
        patch.setattr(checkpoints, "identity", identity)
        for module in (study, few_labels):
            if hasattr(module, "load_data"):
                patch.setattr(module, "load_data", few_images)
        try:
            for cache in caches:
                cache.cache_clear()
            row = run_row(study, settings, SEED)
        finally:
            for cache in caches:
                cache.cache_clear()
    row = {key: value for key, value in row.items() if key not in (*settings, "torch")}
    return {"trainings": seen, "row": row}


def alike(new, old, rel=0.002):
    """Whether two are the same, but for what another processor makes of their numbers."""
    if isinstance(old, dict):
        return new.keys() == old.keys() and all(
            alike(new[key], old[key], 0.05 if key == "losses" else rel) for key in old
        )
    if isinstance(old, list):
        return len(new) == len(old) and all(map(alike, new, old, [rel] * len(old)))
    return new == (pytest.approx(old, rel=rel) if isinstance(old, float) else old)


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_each_kind_of_row_trains_what_it_trained_when_it_was_stored(name):
    stored = json.loads(STORED.read_text(encoding="utf-8"))[name]
    rows = small_rows(name)
    assert list(rows) == list(stored)
    seen = []
    for kind, settings in rows.items():
        new = trainings(name, settings)
        measured, before = new.pop("row"), stored[kind].pop("row")
        assert alike(new, stored[kind]), f"{name}, {kind}: {new}"
        for metric, value in before.items():  # Of a hundred images a few may change sides.
            other = 0.0005 if "mse" in metric else 4
            assert abs(measured[metric] - value) <= other, f"{name}, {kind}: {measured}"
        seen.append(json.dumps([new, measured]))
    assert len(set(seen)) == len(rows)  # No two kinds are one.


def test_a_number_that_moved_is_not_alike():
    assert alike([7.001], [7.0]) and not alike([7.1], [7.0])
    old = {"losses": [0.5, 0.25], "epochs": 5}
    assert alike({"losses": [0.51, 0.25], "epochs": 5}, old)
    assert not alike({"losses": [0.53, 0.25], "epochs": 5}, old)
    assert not alike({"losses": [0.5], "epochs": 5}, old)
    assert not alike({"losses": [0.5, 0.25], "epochs": 6}, old)
    assert not alike({"losses": [0.5, 0.25]}, old)


def store():
    """Write what each kind of row trains now, a line each."""
    studies = []
    for name in STUDIES:
        lines = [
            f"{json.dumps(kind)}: {json.dumps(rounded(trainings(name, settings)))}"
            for kind, settings in small_rows(name).items()
        ]
        studies.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
    STORED.write_text("{" + ",\n".join(studies) + "}\n", encoding="utf-8")


def rounded(value):
    """With six digits of each number."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


if __name__ == "__main__":
    store()
