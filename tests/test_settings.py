"""Settings: what is accepted is right, and anything else is named."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from odd_calls import NOTHING_LIKE_IT, assert_refused

from aelib import settings
from aelib.settings import (
    CHOICES,
    NUMBERS,
    check_settings,
    data_root,
    project_folder,
    shown,
)

ODD = NOTHING_LIKE_IT | {
    "a truth value": True,
    "a number as text": "100",
    "a list": [100],
    "an array": np.array([100]),
    "NaN": float("nan"),
    "infinity": float("inf"),
    "zero, below any": -1,
    "beyond any": 10**12,
    "a source in an array": np.array(["auto"]),
}


@pytest.mark.parametrize("name", ["source", *NUMBERS])
@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_odd_values_are_refused_by_name(name, value):
    assert_refused(check_settings, **{name: value}, says=f"{name}=")


@pytest.mark.slow
@pytest.mark.parametrize("name", NUMBERS)
@hypothesis_settings(max_examples=300, derandomize=True)
@given(value=st.integers() | st.floats())
def test_numbers_are_accepted_up_to_their_limits_and_not_beyond(name, value):
    kind, low, high = NUMBERS[name]
    if (kind is float or isinstance(value, int)) and low <= value <= high:
        assert check_settings(**{name: value}) == {name: value}
    else:
        assert_refused(check_settings, **{name: value}, says=f"from {low} to {high}")


@given(name=st.text(min_size=1).filter(lambda name: name not in (*CHOICES, "images", *NUMBERS)))
def test_a_misspelt_name_is_refused(name):
    assert_refused(check_settings, **{name: 1}, says="the settings are source, train_size")


def test_several_settings_come_back_as_they_are():
    given = {"source": "digits", "train_size": 100, "learning_rate": 1, "seed": 0}
    assert check_settings(**given) == given
    assert check_settings() == {}


def test_the_data_root_is_where_the_person_says(monkeypatch, tmp_path):
    monkeypatch.setenv("AELIB_DATA", str(tmp_path))
    assert data_root() == tmp_path
    monkeypatch.setenv("AELIB_DATA", "~/images")
    assert data_root() == Path.home() / "images"
    monkeypatch.setenv("AELIB_DATA", "")
    assert data_root() == project_folder() / "data"


def test_where_aelib_is_installed_alone_the_project_is_the_current_folder(monkeypatch, tmp_path):
    assert (project_folder() / "pyproject.toml").is_file()
    monkeypatch.setattr(settings, "__file__", str(tmp_path / "site-packages/aelib/settings.py"))
    monkeypatch.chdir(tmp_path)
    assert project_folder() == tmp_path


@pytest.mark.parametrize(
    ("name", "lowest", "highest", "step"),
    [
        ("train_size", 100, 60_000, 1),  # MNIST has no more.
        ("test_size", 100, 10_000, 1),
        ("seed", 0, 2_147_483_647, 1),
        ("epochs", 1, 1_000, 1),
        ("batch_size", 1, 60_000, 1),
        ("learning_rate", 1e-7, 1.0, 1e-8),
    ],
)
def test_the_limits_are_those_that_make_sense(name, lowest, highest, step):
    for value in (lowest, highest):
        assert check_settings(**{name: value}) == {name: value}
    for value in (lowest - step, highest + step):
        assert_refused(check_settings, **{name: value}, says=f"{name}=")


def test_a_long_value_is_shown_in_eighty_letters():
    assert shown("x" * 78) == repr("x" * 78)
    assert shown("x" * 79) == "'" + "x" * 76 + "..."
    assert shown(10**5_000) == "(int)"
