"""A page that shows an executed lesson without Jupyter."""

import re
import threading
import warnings
from html import escape

from nbconvert import HTMLExporter

from aelib.files import write_whole
from tools.lessons import displayed_alt_texts
from tools.tables import with_tables

#: What nbconvert writes for every image: it does not look into an output's metadata.
NO_ALT = 'alt="No description has been provided for this image"'
#: Lines of at most 80 letters, links that can be told from text without colour, colours with the
#: contrast that WCAG 2 asks for, and room on a telephone: there lines of code and words of a table
#: are broken, but none of its numbers.
STYLE = """<style>
.jp-MarkdownOutput :is(p, li, h1, h2, h3) { max-width: 36em; }
.jp-RenderedHTMLCommon a { text-decoration: underline !important; }
.jp-InputPrompt, .jp-OutputPrompt { color: #505050 !important; opacity: 1 !important; }
.highlight :is(.c, .c1, .cm, .ch) { color: #2f6666 !important; }
.highlight :is(.o, .ow) { color: #8800cc !important; }
.highlight :is(.m, .mi, .mf, .mb, .mh, .nb, .k) { color: #006600 !important; }
.jp-OutputArea-output pre { overflow-x: auto; }
.jp-RenderedHTML table { margin-left: 0; font-variant-numeric: tabular-nums; }
.jp-RenderedHTML .left { text-align: left; }
.jp-RenderedHTML th[scope="row"] { font-weight: normal; }
@media (max-width: 600px) {
  .jp-Cell { padding: 4px; }
  .jp-InputPrompt { flex: 0 0 auto; min-width: 0; font-size: 10px; }
  .jp-OutputPrompt { display: none; }
  pre { white-space: pre-wrap !important; overflow-wrap: anywhere; }
  .jp-RenderedHTML table { font-size: 11px; }
  .jp-RenderedHTML :is(th, td) { padding: 3px 2px; }
  .jp-RenderedHTML :is(.left, th:first-child) { overflow-wrap: anywhere; }
}
</style>
"""


#: The same for all lessons, in turns: it reads its templates once. What it would clean, for a third
#: of its time, is code of our own that it has just escaped.
EXPORTER, TURN = HTMLExporter(filters={"clean_html": lambda html: html}), threading.Lock()


def export(notebook, path):
    """Write an executed lesson to `path` as HTML, with links to the pages of the others."""
    with TURN, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Your element with mimetype")  # The metrics have no HTML.
        html, _ = EXPORTER.from_notebook_node(
            with_tables(notebook), resources={"metadata": {"name": path.stem}}
        )
    for alt in displayed_alt_texts(notebook):
        html = html.replace(NO_ALT, f'alt="{escape(alt)}"', 1)
    html = re.sub(r'(href="\d\d_\w+)\.ipynb(?=["#])', r"\1.html", html)
    write_whole(path, html.replace("</head>", f"{STYLE}</head>", 1))
