"""Collects answers that learners might give, for the tests of the exercises."""

import pytest

#: Pairs of a check and a right answer; triples with a wrong one and words of the hint it deserves.
RIGHT, WRONG = [], []


def right(check):
    """Mark the function below as an answer that has to pass `check`."""

    def keep(function):
        RIGHT.append((check, function))
        return function

    return keep


def wrong(check, words):
    """Mark the function below as a mistake that `check` answers by the hint with these `words`."""

    def keep(function):
        WRONG.append((check, function, words))
        return function

    return keep


def hint(check, function, capsys):
    """What `check` prints of a wrong answer; it is one line and no more than it returns."""
    verdict = check(function)
    printed = capsys.readouterr()
    assert printed.out == verdict.text + "\n" and printed.err == ""
    assert not verdict, f"{check.__name__} passes {function.__name__}"
    assert "Traceback" not in verdict.text and "could not be read" not in verdict.text
    return verdict.text


def answer_tests(module):
    """The two tests of the answers that stand in `module`."""
    rights = [one for one in RIGHT if one[1].__module__ == module]
    wrongs = [one for one in WRONG if one[1].__module__ == module]

    @pytest.mark.parametrize("check, function", rights, ids=[f.__name__ for _, f in rights])
    def test_a_right_answer_passes(check, function, capsys):
        verdict = check(function)
        assert verdict, verdict.text
        assert capsys.readouterr().out.startswith("Right")

    @pytest.mark.parametrize(
        "check, function, words", wrongs, ids=[f.__name__ for _, f, _ in wrongs]
    )
    def test_a_mistake_gets_its_own_hint_and_no_other(check, function, words, capsys):
        text = hint(check, function, capsys)
        assert words in text
        others = {other for one, _, other in wrongs if one is check} - {words}
        assert [other for other in others if other in text] == []

    return test_a_right_answer_passes, test_a_mistake_gets_its_own_hint_and_no_other
