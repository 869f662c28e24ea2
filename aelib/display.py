"""How a result reaches its reader: in a notebook in several forms, in a terminal as text."""

from IPython import get_ipython
from IPython.display import display
from IPython.terminal.interactiveshell import TerminalInteractiveShell


def in_notebook():
    """Whether what is displayed is drawn: in Jupyter, Colab or VS Code, and not in a terminal."""
    shell = get_ipython()
    return shell is not None and not isinstance(shell, TerminalInteractiveShell)


def display_bundle(bundle, metadata=None):
    """Display one thing in several forms, a dict from MIME type to content; else print its text."""
    if in_notebook():
        display(bundle, metadata=metadata, raw=True)
    else:
        print(bundle["text/plain"])


def source_of(data):
    """What the images of a `Data` are called; a name stays as it is."""
    return data if isinstance(data, str) else data.source
