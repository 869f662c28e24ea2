"""A page that shows an executed lesson without Jupyter."""

import warnings
from html import escape

from nbconvert import HTMLExporter

from aelib.files import write_whole
from tools.lessons import displayed_alt_texts

#: What nbconvert writes for every image: it does not look into an output's metadata.
NO_ALT = 'alt="No description has been provided for this image"'


def export(notebook, path):
    """Write an executed lesson to `path` as HTML."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Your element with mimetype")  # The metrics have no HTML.
        html, _ = HTMLExporter().from_notebook_node(notebook)
    for alt in displayed_alt_texts(notebook):
        html = html.replace(NO_ALT, f'alt="{escape(alt)}"', 1)
    write_whole(path, html)
