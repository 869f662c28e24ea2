"""What of a lesson's metadata is stored: nothing that differs between machines."""

METADATA = {
    # As in jupytext.toml. JupyterLab opens a .py whose .ipynb is newer if both have the same cells;
    # it compares them by what the .ipynb itself says here, and without it finds all pairs unlike.
    "jupytext": {
        "cell_metadata_filter": "tags,-all",
        "notebook_metadata_filter": "kernelspec,-all",
    },
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
#: Tags, and how jupytext knows the blank lines of the .py: where they differ it sees an edit.
KEPT = {"tags", "lines_to_next_cell"}


def tidy(notebook):
    """Leave a notebook its cells with what is `KEPT` and their outputs, and `METADATA`.

    Timings, the version of Python and the state of widgets go, and outputs without content, which
    progress bars leave.
    """
    for cell in notebook["cells"]:
        if "outputs" in cell:
            cell["outputs"] = [one for one in cell["outputs"] if one.get("data") != {}]
        for key in set(cell["metadata"]) - KEPT:
            del cell["metadata"][key]
    notebook["metadata"].clear()
    notebook["metadata"].update(METADATA)
