"""The tables that lessons print are real ones on the pages in runs/."""

from itertools import pairwise

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_output

from tools import pages
from tools.lessons import ROOT, find_lessons
from tools.tables import CODE, parts, spans, with_tables

LESSONS = find_lessons(ROOT / "notebooks")
#: What is printed; how many rows of it are heads; the rows.
TABLES = {
    "names of columns in two lines": (
        "                   regression       neighbour\n"
        "                         each   one      each   one\n"
        "pixels                   40.7  44.3      38.0  43.0\n"
        "autoencoder's code       47.6  47.0      46.8  46.0 ",
        2,
        [
            ["", "regression", "", "neighbour", ""],
            ["", "each", "one", "each", "one"],
            ["pixels", "40.7", "44.3", "38.0", "43.0"],
            ["autoencoder's code", "47.6", "47.0", "46.8", "46.0"],
        ],
    ),
    "names above numbers and words": (
        "labels  method         accuracy   95 % interval\n"
        "   100  pixels           90.5 %   88.3 to  2.7\n"
        " 1,600  code, frozen     97.4 %   96.3 to 98.5",
        1,
        [
            ["labels", "method", "accuracy", "95 % interval"],
            ["100", "pixels", "90.5 %", "88.3 to 2.7"],
            ["1,600", "code, frozen", "97.4 %", "96.3 to 98.5"],
        ],
    ),
    "names in the middle above several": (
        "                      alone                    missing\n"
        "change             revived   points         revived   points\n"
        "<no decay>          8   +0.8 (+0.1)          8   +0.8 (+0.1)\n"
        "our layers         -1   -1.1 (-1.3)          0  +11.1 (-1.3)",
        2,
        [
            ["", "alone", "missing"],
            ["change", "revived points", "revived points"],
            ["<no decay>", "8 +0.8 (+0.1)", "8 +0.8 (+0.1)"],
            ["our layers", "-1 -1.1 (-1.3)", "0 +11.1 (-1.3)"],
        ],
    ),
    "cells missing": (
        "  none             95.32  95.54\n  one-cycle        96.17  96.06   gained +0.85",
        0,
        [["none", "95.32", "95.54", ""], ["one-cycle", "96.17", "96.06", "gained +0.85"]],
    ),
}


def printed(text):
    return new_output("stream", name="stdout", text=text)


def tables(html):
    """Each printed table of a page: how many of its rows are heads, and its rows."""
    return [
        (
            len(table.select("thead tr")),
            [[cell.get_text() for cell in row.find_all(["td", "th"])] for row in table("tr")],
        )
        for table in BeautifulSoup(html, "html.parser").select("table.printed")
    ]


@pytest.mark.parametrize(("text", "heads", "rows"), TABLES.values(), ids=TABLES)
def test_columns_are_found_where_they_stand(text, heads, rows):
    [part] = parts(printed(text))
    assert tables(part.data["text/html"]) == [(heads, rows)]


def test_what_stands_around_tables_stays_text_in_its_place():
    rows = "one   1\nthree 3\n\n", "one    1\nthree  3\n\n"
    [text] = parts(printed(rows[0]))
    assert text.text.split("\n")[:2] == rows[0].split("\n")[:2]
    text, table, more, other = parts(printed(f"10 labels\n{rows[1]}100  labels\n\n{rows[1]}"))
    assert text.text == "10 labels"
    assert more.text.strip() == "100  labels"
    for one in (table, other):
        assert tables(one.data["text/html"]) == [(0, [["one", "1"], ["three", "3"]])]


def test_numbers_stand_below_each_other_and_words_begin_so():
    [part] = parts(printed("one      1  1st\nthree   33  3rd"))
    soup = BeautifulSoup(part.data["text/html"], "html.parser")
    assert [cell.get("class") for cell in soup.tr] == [["left"], None, ["left"]]
    assert [(cell.name, cell.get("scope")) for cell in soup.tr][:2] == [("th", "row"), ("td", None)]


def test_code_and_errors_stay_as_they_are():
    code = printed("def two():\n    a = 1  # one\n    b = 2  # two\n")
    warning = new_output("stream", name="stderr", text="one    1\nthree  3")
    assert parts(code) == [code] and parts(warning) == [warning]


def streams(notebook):
    """All that a lesson prints, but for source code."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [output.text for output in outputs if output.get("name") == "stdout"]
    return [text for text in texts if not CODE.search(text)]


@pytest.mark.parametrize("path", LESSONS.values(), ids=LESSONS)
def test_of_a_lesson_every_word_is_kept_and_every_table_is_one(path):
    lesson = nbformat.read(path, as_version=4)
    changed = with_tables(lesson)
    assert lesson == nbformat.read(path, as_version=4)

    words = []
    for cell in changed.cells:
        for part in cell.get("outputs", []):
            html = part.get("data", {}).get("text/html", "")
            if 'class="printed"' in html:
                words += BeautifulSoup(html, "html.parser").get_text(" ").split()
            elif part.get("name") == "stdout" and not CODE.search(part.text):
                words += part.text.split()
    assert words == " ".join(streams(lesson)).split()
    left = [list(map(len, map(spans, text.splitlines()))) for text in streams(changed)]
    assert [text for text in left if any(min(two) > 1 for two in pairwise(text))] == []


@pytest.mark.slow
def test_a_page_has_the_tables_of_its_lesson(tmp_path):
    page = tmp_path / "06_replication.html"
    pages.export(nbformat.read(LESSONS["06_replication"], as_version=4), page)
    html = page.read_text("utf-8")
    found = tables(html)
    columns = ["", "min", "median", "max", "runs", "below 50 %", "published or better"]
    [runs] = [rows for heads, rows in found if heads == 1 and rows[0] == columns]
    names = [f"{count} images, approach {n}" for count in ("6,000", "60,000") for n in (1, 2)]
    assert [row[0] for row in runs[1:]] == names
    assert sum(rows[0][0].startswith("approach") for heads, rows in found if heads) == 2
    soup = BeautifulSoup(html, "html.parser")
    assert soup.title.string == "06_replication"
    assert all(table.find_parent(class_="jp-RenderedHTML") for table in soup.select(".printed"))
    assert not [pre for pre in soup("pre") if "no weight decay   " in pre.get_text()]
