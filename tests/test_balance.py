"""Lessons 1 to 5 are texts with code in them, and not the other way round."""

import io
import re
import tokenize

import jupytext
import pytest

from tools.lessons import ROOT

SOURCES = sorted((ROOT / "notebooks").glob("0[1-5]_*.py"))


def prose_words(lesson):
    """The words of a lesson's text, without addresses and formulas."""
    text = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)|<[^>]*>", "", text)
    return len(re.findall(r"\w[\w'’.,-]*", text))


def code_words(lesson):
    """Names, keywords and numbers in its code, without the install cell and solutions.

    What the claims and the check at the end are made of is not counted, either: readers are told to
    look at what it prints.
    """
    words = 0
    for cell in lesson.cells:
        installs = "install" in cell.metadata.get("tags", [])
        claims = re.search(r"^claim\(", cell.source, re.M)
        if cell.cell_type == "code" and not installs and not claims:
            solution = r"^ *### BEGIN SOLUTION.*?### END SOLUTION$"
            source = re.sub(solution, "", cell.source, flags=re.M | re.S)
            tokens = tokenize.generate_tokens(io.StringIO(source).readline)
            words += sum(one.type in (tokenize.NAME, tokenize.NUMBER) for one in tokens)
    return words


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_there_are_four_to_seven_words_of_prose_for_a_word_of_code(source):
    lesson = jupytext.read(source)
    prose, code = prose_words(lesson), code_words(lesson)
    print(f"{prose} / {code} = {prose / code:.2f}")
    assert 4 <= prose / code <= 7
