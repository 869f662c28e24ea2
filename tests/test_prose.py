"""A sentence of a lesson or of the README that says how much, or compares, is backed.

It stands in prose.csv with what backs it:

- `claim NAME ...`: claims of its lesson; their conditions bear it out.
- `test NAME ...`: it is about stored rows or what a lesson trains, and these tests hold it to that.
- `stored`: it is about the stored run of the benchmark, and a part of it is one of the sentences of
  test_benchmark_stored.py, which are held to that run.
- `bands`: it follows from numbers that `check` holds to their bands, here or in an earlier lesson.
- `data`: it is about MNIST, and the same for every draw.
- `published`: the original says so, or a paper or a documentation.
- `definition`: it follows from what words and formulas mean, as in a worked example.
- `code`: a cell or the `aelib` behind it does so, or we chose so.
- `hedged`: it is not said as a fact, but of our run, or as what may be.
- `advice`: it asks or tells the reader something, and says nothing about a run.
"""

import csv
import re

import jupytext
import pytest
from test_benchmark_stored import SENTENCES

from aelib.results import claim_counts, is_fact
from tools.lessons import ROOT

LESSONS = sorted((ROOT / "notebooks").glob("0[1-9]_*.py"))
SOURCES = {path.stem: path for path in [*LESSONS, ROOT / "README.md"]}
REASONS = ("bands", "data", "published", "definition", "code", "hedged", "advice")
#: A sentence ends with a mark and a space; the mark may stand inside a bracket, quotes or stars.
END = re.compile(r"(?<=[.?!])\s+|(?<=[.?!][)\"*])\s+")
#: What says nothing: code, formulas, addresses, tags, and names that have a number in them.
SILENT = re.compile(
    r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)|<[^>]*>|\b(?:lessons?|exercise|approach) \d(?: and \d)?", re.I
)
#: How many. After "the" or "these" such a word only names what was there before: "the two differ".
NUMBER = (
    r"\d|(?<!the )(?<!these )\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|\w+teen|"
    r"twenty|hundred\w*|thousand\w*|million|half|third|quarter|fifth|tenth|twice|times)\b"
)
#: What compares or counts and does not end as comparatives do, or is as short as "test".
COMPARISON = (
    r"\b(?:more|less|most|least|few|best|worse|worst|nearly|hardly|almost|mostly|never|always|none|"
    r"every|all|wins?|beat\w*|ahead|above|below|far from|"
    r"as (?:far|good|large|many|much|often|well))\b"
)
#: What ends as they do and compares nothing, or is a name as nearest neighbours are. The others are
#: told by their endings: a new word is flagged for nothing, at worst, and none is missed.
NOT_COMPARED = (
    "after|another|answer|autoencoder|border|buffer|classifier|compiler|cover|danger|decoder|"
    "differ|either|encoder|ever|filter|folder|honest|however|interest|later|layer|maintainer|"
    "matter|nearest|neither|number|optimizer|order|other|over|paper|per|power|remember|server|"
    "shoulder|teacher|together|under|upper|whatever|whenever|wherever|whether|whoever|wonder"
)
ENDING = rf"\b(?!(?:{NOT_COMPARED})\b)(?:\w+er|\w{{3,}}est)\b"
FLAG = re.compile(f"{NUMBER}|{COMPARISON}|{ENDING}", re.I)
#: Words for what held in some runs only, and those that leave it open in other ways.
SOMETIMES = r"mostly|sometimes|often|usually|may|in some runs|in our run|in \d+ of"
HEDGE = {
    "claim": re.compile(rf"\b(?:{SOMETIMES})\b", re.I),
    "hedged": re.compile(rf"\b(?:{SOMETIMES}|in our map|look for|probably|likely)\b", re.I),
}


def is_flagged(sentence):
    """Whether a sentence has a number or compares, and so needs something that backs it."""
    return FLAG.search(SILENT.sub("", sentence)) is not None


def prose(source):
    """The sentences of a lesson from its first cell of code to its exercises, or of a page of text,
    as they stand.

    Headings, tables, badges, blocks of code and lines of formulas are none, nor is what
    `make generate` writes; and a prediction is only asked for.
    """
    text = page(source) if source.suffix == ".md" else lesson(source)
    text = re.sub(r"(?m)^#.*$|^\$\$[^$]*\$\$", "\n", text)
    for paragraph in re.split(r"\n\s*\n|\n(?=- |\d\. \*\*)", text):
        if not paragraph.startswith(("|", "[![", "**Predict:**")):
            paragraph = re.sub(r"^(?:- |\d\. (?=\*\*))", "", paragraph)
            yield from END.split(" ".join(paragraph.split()))


def lesson(source):
    """The text of a lesson from its first cell of code to its exercises."""
    cells = jupytext.read(source).cells
    set_up = {"install", "parameters"}
    code = [n for n, one in enumerate(cells) if one.cell_type == "code"]
    first = next(n for n in code if not set_up & set(cells[n].metadata.get("tags", [])))
    last = next(n for n, one in enumerate(cells) if one.source.startswith("## Exercises"))
    return "\n\n".join(one.source for one in cells[first:last] if one.cell_type == "markdown")


def page(source):
    """The text of a page without what is generated and without blocks of code."""
    blocks = r"(?s)<!-- ([^\n]*): made by .*?<!-- end of \1 -->|```.*?```"
    return re.sub(blocks, "\n\n", source.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def flagged():
    """The sentences that need a row, with their lessons."""
    return [
        (lesson, one) for lesson, path in SOURCES.items() for one in prose(path) if is_flagged(one)
    ]


@pytest.fixture(scope="module")
def rows():
    """What stands in prose.csv: lessons, sentences and what backs them, as a word and names."""
    with (ROOT / "tests" / "prose.csv").open(encoding="utf-8", newline="") as file:
        return [
            (row["lesson"], row["sentence"], *row["backed_by"].partition(" ")[::2])
            for row in csv.DictReader(file)
        ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("It reaches 94 % (see [lesson 2](02_autoencoder.ipynb)).", True),
        ("It is right about two of them.", True),
        ("The network is a better judge.", True),
        ("It is Worst on ones.", True),
        ("Approach 2 does as well.", True),
        ("The two differ, as lessons 4 and 5 said.", False),
        ("With `n = 3` and $k = 4$ see [there](03_there.ipynb).", False),
        ("The encoder is another one.", False),
    ],
)
def test_what_is_flagged(sentence, expected):
    assert is_flagged(sentence) is expected


def test_every_sentence_with_a_number_or_a_comparison_is_backed(flagged, rows):
    backed = {row[:2] for row in rows}
    missing = [f"{lesson}: {one}" for lesson, one in flagged if (lesson, one) not in backed]
    assert not missing, (
        "These sentences are backed by nothing. Make a claim of each, soften it, or give a reason, "
        "and write a row of prose.csv:\n" + "\n".join(missing)
    )


def test_every_row_is_a_sentence_of_its_lesson_and_in_its_place(flagged, rows):
    listed = [row[:2] for row in rows]
    gone = [f"{lesson}: {one}" for lesson, one in listed if (lesson, one) not in flagged]
    assert not gone, "No lesson says so any more. Look what backs it now:\n" + "\n".join(gone)
    assert listed == [one for one in flagged if one in listed], "the rows are in another order"


def test_what_backs_a_sentence_is_there(rows):
    claims = {
        lesson: set(re.findall(r'\bclaim\(\s*"(\w+)"', path.read_text(encoding="utf-8")))
        for lesson, path in SOURCES.items()
    }
    tests = {
        name
        for path in (ROOT / "tests").glob("test_*.py")
        for name in re.findall(r"(?m)^def (test_\w+)", path.read_text(encoding="utf-8"))
    }
    for lesson, sentence, kind, names in rows:
        if kind == "claim":
            there = bool(names) and set(names.split()) <= claims[lesson]
        elif kind == "test":
            there = bool(names) and set(names.split()) <= tests
        elif kind == "stored":
            there = not names and any(one in sentence for one in SENTENCES)
        else:
            there = kind in REASONS and not names
        backing = f"{kind} {names}".strip()
        assert there, f"{lesson}: {backing} is not there, or not about this: {sentence}"


def test_what_held_too_seldom_is_not_said_as_a_fact(rows):
    counts = claim_counts("MNIST")
    weak = {name for name, pair in counts.items() if not is_fact(*pair)}
    flat = [
        f"{lesson}, {kind} {names}: {sentence}"
        for lesson, sentence, kind, names in rows
        if kind == "hedged" or weak & set(names.split())
        if not HEDGE[kind].search(sentence)
    ]
    assert not flat, "Say mostly, in some runs or the like, or claim less:\n" + "\n".join(flat)
