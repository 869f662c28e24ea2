"""What the lessons say of their runs is in them, was counted, and is looked at.

`make test` and `make refresh` look at each run itself, see `lessons/look.py`.
"""

import re
from contextlib import nullcontext
from types import SimpleNamespace

import jupytext
import pytest
from lessons.look import look

from tools.claims import claim_counts, conditions, is_fact
from tools.lessons import ROOT, find_lessons, has_tag

LESSONS = find_lessons(ROOT / "notebooks", ".py")
#: Words with one of which a lesson says what does not hold in nearly every run.
HEDGES = "mostly|often|usually|sometimes|seldom|rarely|in our run|in this run|in most runs|may"


@pytest.mark.parametrize("path", LESSONS.values(), ids=LESSONS)
def test_sentences_stand_in_their_lesson_as_often_as_they_hold(path):
    facts, hedged = conditions(ROOT, path.stem)
    text = " ".join(one.source for one in jupytext.read(path).cells if one.cell_type == "markdown")
    text = " ".join(text.split())
    assert [one for one in (*facts, *hedged) if one not in text] == []
    assert [one for one in hedged if not re.search(rf"\b({HEDGES})\b", one, re.IGNORECASE)] == []
    if has_tag(path, "spread"):
        counts, counted = claim_counts(ROOT, "MNIST"), claim_counts(ROOT, "conditions")
        assert [one for one in facts if not is_fact(*counts.get(one, (0, 0)))] == []
        changed = [one for one, now in (facts | hedged).items() if counted.get(one) != now]
        assert changed == [], "how it is computed has changed since it was counted: run make spread"


CHECKS = """
def half(v):
    return v.score > LEAST

LEAST = 50
FACTS = {
    "It gets more than "
    "half.": half,
    "Lower is better.": lambda v: v.score < 90,
    "It is whole.": lambda v: v.score == round(v.score),
}
HEDGED = {"Mostly it is even.": lambda v: v.score % 2 == 0}

def second_look(v):
    answers = [1, 1, 0, 0]
    assert v.score == 100 * sum(answers) / len(answers) + v.wrong, "by counting"
"""
COUNTS = '{"MNIST": {"It gets more than half.": [19, 20], "Lower is better.": [18, 20]}}'


@pytest.fixture
def fake(tmp_path):
    """A project with a file of checks."""
    files = {"tests/lessons/lesson_01.py": CHECKS, "aelib/results/claims.json": COUNTS}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("score", "wrong", "source", "says"),
    [
        (60, 10, "MNIST", None),
        (61, 11, "MNIST", None),  # It need not be even.
        (60, 0, "MNIST", "second look at 01_fake .* line 1[0-9]: assert v.score == .*by counting"),
        (60, 0, "digits", "second look"),
        (40, -10, "MNIST", "not so in this run: .'It gets more than half.'"),
        (40, -10, "digits", None),
        (60.5, 10.5, "MNIST", "'It is whole.'"),  # Nobody has counted it.
        ([60], 10, "digits", "second look .* line 1[0-9]: assert v.score == .*TypeError|counting"),
        (60 + 1j, 10 + 1j, "MNIST", "second look .* return v.score > LEAST .TypeError"),
    ],
)
def test_a_look_at_a_run_says_what_is_not_as_the_lesson_says(fake, score, wrong, source, says):
    variables = {"score": score, "wrong": wrong, "data": SimpleNamespace(source=source)}
    with pytest.raises(AssertionError, match=says) if says else nullcontext():
        look("01_fake", variables, storing=True, root=fake)
    if says and "half" in says:  # Another processor may meet the one run of twenty.
        look("01_fake", variables, root=fake)


@pytest.mark.parametrize(
    ("old", "new", "moved"),
    [
        ("LEAST = 50", "LEAST = 50  # Only a remark.", []),
        ("< 90", "<= 90", ["Lower is better."]),
        ("score > LEAST", "score >= LEAST", ["It gets more than half."]),
        ("% 2 == 0", "% 2 != 1", ["Mostly it is even."]),
        ("sum(answers)", "max(answers)", []),
    ],
)
def test_a_condition_has_another_digest_once_it_or_what_it_calls_has_changed(fake, old, new, moved):
    before = conditions(fake, "01_fake")
    assert [len(one) for one in before] == [3, 1]
    (fake / "tests" / "lessons" / "lesson_01.py").write_text(CHECKS.replace(old, new))
    after = conditions(fake, "01_fake")
    assert [one for i in (0, 1) for one in before[i] if after[i][one] != before[i][one]] == moved
