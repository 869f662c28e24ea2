"""The tables that lessons print, as HTML, for pages that are read on a telephone, too."""

import copy
import re
from html import escape
from itertools import groupby

from nbformat.v4 import new_output

#: A cell of a printed table: words with one blank between them.
CELL = re.compile(r"\S+(?: \S+)*")
NUMBER = re.compile(r"[-+(]*[ ]*[\d.]")
#: Printed source code is no table, though its comments may stand in a column.
CODE = re.compile(r"^\s*(def|class) ", re.MULTILINE)


def with_tables(notebook):
    """A copy of an executed lesson in which each printed table is an output of its own, in HTML."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [part for output in cell.outputs for part in parts(output)]
    return notebook


def parts(output):
    """A printed output cut into its tables and the text between them; any other as it is."""
    if output.get("name") != "stdout" or CODE.search(output.text):
        return [output]
    found = []
    for tabular, lines in groupby(output.text.splitlines(), lambda line: len(spans(line)) > 1):
        lines = list(lines)
        table = html_table(lines) if tabular else None
        if table:
            found.append(new_output("display_data", {"text/html": table}))
        elif found and "text" in found[-1]:
            found[-1].text += "\n".join(["", *lines])
        else:
            found.append(new_output("stream", name="stdout", text="\n".join(lines)))
    return [part for part in found if "text" not in part or part.text.strip()]


def spans(line):
    """Where the cells of a printed line begin and end."""
    return [match.span() for match in CELL.finditer(line)]


def html_table(lines):
    """A printed table in HTML, or None where the lines do not have two columns in common.

    Cells of which one stands above the other, be it in part, are in one column.
    """
    columns = []
    for start, end in sorted(span for line in lines for span in spans(line)):
        if columns and start < columns[-1][1]:
            columns[-1][1] = max(columns[-1][1], end)
        else:
            columns.append([start, end])
    if len(lines) < 2 or len(columns) < 2:
        return None
    cells = [[line[start:end] for start, end in columns] for line in lines]
    rows = [[" ".join(text.split()) for text in row] for row in cells]
    left = [all(t[0] != " " for t in column if t.strip()) for column in zip(*cells, strict=True)]
    heads = next(at for at, row in enumerate(rows) if not is_head(row, rows[at + 1 :]))
    html = [html_row(row, left, at < heads) for at, row in enumerate(rows)]
    head = f"<thead>{''.join(html[:heads])}</thead>" if heads else ""
    return f'<table class="printed">{head}<tbody>{"".join(html[heads:])}</tbody></table>'


def is_head(row, below):
    """Whether a row is empty where others have their name, or has a text above numbers only."""
    columns = zip(row, *below, strict=True)
    names = (text and not NUMBER.match(text) and all(map(NUMBER.match, n)) for text, *n in columns)
    return below != [] and (not row[0] or any(names))


def html_row(texts, left, head):
    """A row in HTML; `left` says of each column whether it is aligned there."""
    row = ""
    for place, text in enumerate(texts):
        side = ' class="left"' if left[place] else ""
        named = text and (head or place == 0)
        kind = f'th scope="{"col" if head else "row"}"' if named else "td"
        row += f"<{kind}{side}>{escape(text)}</{kind[:2]}>"
    return f"<tr>{row}</tr>"
