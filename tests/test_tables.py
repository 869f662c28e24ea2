"""The tables that lessons print are real ones on the pages in runs/."""

from itertools import pairwise

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_output

from tools.lessons import ROOT, find_lessons
from tools.tables import CODE, parts, spans, with_tables

LESSONS = find_lessons(ROOT / "notebooks")
PRINTED = """\
                      alone                    missing
change             revived   points         revived   points
our <layers>       -1   -1.1 (-1.3)          0  +11.1 (-1.3)"""


def printed(text):
    return new_output("stream", name="stdout", text=text)


def rows(soup):
    return [[cell.get_text() for cell in row.find_all(["td", "th"])] for row in soup("tr")]


def test_columns_are_found_where_they_stand():
    [part] = parts(printed(PRINTED))
    soup = BeautifulSoup(part.data["text/html"], "html.parser")
    assert len(soup.select("thead tr")) == 2 and rows(soup) == [
        ["", "alone", "missing"],
        ["change", "revived points", "revived points"],
        ["our <layers>", "-1 -1.1 (-1.3)", "0 +11.1 (-1.3)"],
    ]


def test_what_stands_around_tables_and_what_is_none_stays_as_it_is():
    table = "one      1  1st\nthree   33  3rd\n\n"
    text, first, more, second = parts(printed(f"10 labels\n{table}100  labels\n\n{table}"))
    assert (text.text, more.text.strip()) == ("10 labels", "100  labels")
    assert first == second
    soup = BeautifulSoup(first.data["text/html"], "html.parser")
    # Numbers stand below each other, and words begin so.
    assert [cell.get("class") for cell in soup.tr] == [["left"], None, ["left"]]
    assert [(cell.name, cell.get("scope")) for cell in soup.tr][:2] == [("th", "row"), ("td", None)]
    code = printed("def two():\n    a = 1  # one\n    b = 2  # two\n")
    warning = new_output("stream", name="stderr", text="one    1\nthree  3")
    assert parts(code) == [code] and parts(warning) == [warning]


@pytest.mark.parametrize("path", LESSONS.values(), ids=LESSONS)
def test_of_a_lesson_every_word_is_kept_and_every_table_is_one(path):
    lesson, words, before = nbformat.read(path, as_version=4), [], []
    for cell in with_tables(lesson).cells:
        for part in cell.get("outputs", []):
            html = part.get("data", {}).get("text/html", "")
            if 'class="printed"' in html:
                words += BeautifulSoup(html, "html.parser").get_text(" ").split()
            elif part.get("name") == "stdout" and not CODE.search(part.text):
                words += part.text.split()
                several = [len(spans(line)) > 1 for line in part.text.splitlines()]
                assert not any(map(all, pairwise(several))), part.text
    for output in (one for cell in lesson.cells for one in cell.get("outputs", [])):
        if output.get("name") == "stdout" and not CODE.search(output.text):
            before += output.text.split()
    assert words == before
