"""What the tables of odd calls share: a call is refused by `aelib` itself, clearly, or is right."""

import traceback
from datetime import date

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import strategies as st

#: Values that are no class, no number, no image and no setting.
NOTHING_LIKE_IT = {
    "None": None,
    "a text": "three",
    "bytes": b"three",
    "a dict": {"a": 1},
    "a set": {1, 2, 3},
    "an object": object(),
    "a type": int,
    "a generator": (i for i in range(3)),
    "a date": date(2020, 1, 1),
    "complex": 1j,
    "texts": ["a", "b", "c"],
    "ragged": [[1], [2, 3], [4]],
    "Nones": [None, None, None],
    "a table": pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3]}),
    "sparse": torch.eye(3).to_sparse(),
}


class Unspeakable:
    def __repr__(self):
        raise RuntimeError


#: What somebody may set a setting to, from the most usual to what nobody would.
ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-5, 70_000)
    | st.floats()
    | st.floats(-0.1, 1.1)
    | st.text()
    | st.binary()
    | st.sampled_from(["auto", "mnist", "digits", "MNIST", " mnist", b"mnist", ["auto"], {"auto"}])
    | st.sampled_from([10**5_000, 6_000.0, "6000", np.int64(6_000), np.bool_(True), 1 + 0j])
    | st.sampled_from(
        [np.array(["auto", "mnist"]), np.arange(3), torch.ones(2), Unspeakable(), str]
    )
    | st.lists(st.integers())
)


def assert_refused(function, *args, says, **kwargs):
    """The call ends in one clear error, raised by a line of aelib, that names `says`."""
    with pytest.raises((ValueError, TypeError)) as caught:
        function(*args, **kwargs)
    where = traceback.extract_tb(caught.tb)[-1]
    assert "/aelib/" in where.filename.replace("\\", "/"), where
    assert where.line.startswith("raise"), where
    message = str(caught.value)
    assert says in message
    assert 15 < len(message) < 400
    assert caught.value.__cause__ is None
    return message


def same(first, second):
    return np.array_equal(np.asarray(first), np.asarray(second))
