"""Build the site into runs/site/: the lessons as pages, and a page where you draw a digit.

    python -m tools.website

Its own pages are in web/site/, the rest is what lies in the repository. No lesson is run; the page
of results is, which takes seconds, as it only reads stored rows. The first time it takes a network,
as `python -m tools.web` does.
"""

import re
import shutil
import tempfile
from pathlib import Path

import jupytext
import nbformat

from tools import web
from tools.lessons import ROOT, execute, find_lessons, set_environment

SOURCES = ROOT / "web" / "site"
#: What the pages in `SOURCES` take their parts of, and link to.
PARTS = ("*.md", "images/*.png", "student/*.ipynb", "aelib/results/*.csv", "aelib/results/*.json")


def build(target):
    """Build the site into the folder `target`, which is emptied first.

    Raises:
        SystemExit: Sphinx warns of something, or a package is missing and cannot be installed.
    """
    from sphinx.cmd.build import build_main  # Of the extra for the site, which few have.

    shutil.rmtree(target, ignore_errors=True)
    web.build(target / "draw", "../notebooks/01_dataset.html", "../index.html")
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder)
        gather(sources)
        cache = ["-d", f"{sources}/.doctrees"]
        if build_main(["-q", "-W", "--keep-going", *cache, folder, str(target)]):
            raise SystemExit("The site could not be built without a warning; see above.")


def gather(sources):
    """Put everything that Sphinx reads into the folder `sources`, where links expect it."""
    shutil.copytree(SOURCES, sources, dirs_exist_ok=True)
    nbformat.write(executed(sources / "results.py"), sources / "results.ipynb")
    (sources / "notebooks").mkdir()
    for file in (file for pattern in PARTS for file in ROOT.glob(pattern)):
        copy(file, sources / file.relative_to(ROOT))
    for page, for_site in (
        (sources / "README.md", readme_text),
        (sources / "TEACHING.md", teaching_text),
    ):
        page.write_text(for_site(page.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.make_archive(sources / "student", "zip", ROOT, "student")
    copy(ROOT / "web" / "icon.svg", sources / "static" / "icon.svg")
    for name in ("LICENSE", "es5/tex-svg.js"):
        mathjax = ROOT / "web" / "node_modules" / "mathjax"
        copy(mathjax / name, sources / "static" / "mathjax" / name)
    for name, path in find_lessons(ROOT / "notebooks").items():
        copy(path, sources / "downloads" / path.name)
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = page_text(cell.source, name, web.repository())
        nbformat.write(notebook, sources / "notebooks" / path.name)


def executed(page):
    """A page with code, run, whose cells can be unfolded.

    Raises:
        RuntimeError: a cell raised.
    """
    notebook = jupytext.read(page)
    set_environment()
    execute(notebook, ROOT)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata.tags = ["hide-input"]
    return notebook


def copy(file, place):
    """Copy a file to `place`, in folders that are made."""
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, place)


def readme_text(text):
    """The README for the site: Sphinx knows pictures, but not that there may be a second one."""
    shown = r'<picture>\n.*\n<img alt="([^"]*)" src="([^"]*)">\n</picture>'
    return re.sub(shown, r"![\1](\2)", text)


def teaching_text(text):
    """The teacher's page for the site: the edition for students is no page there, and a badge would
    be asked of another host."""
    shown = r"\[([^]]*)\]\((student/\S+\.ipynb)\) \[!\[Open in Colab\]\([^)]*\)\]\(([^)]*)\)"
    return re.sub(shown, r"{download}`\1 <\2>` · [Open in Colab](\3)", text)


def page_text(text, name, repository):
    """A lesson's text for its page: links for its badge, which another host would be asked for."""
    links = (
        rf"[Open in Colab](\1) · {{download}}`Download .ipynb <../downloads/{name}.ipynb>` · "
        f"[Source]({repository}/blob/main/notebooks/{name}.py)"
    )
    text = re.sub(r"\[!\[Open in Colab\]\([^)]*\)\]\(([^)]*)\)", links, text)
    return text.replace("](../student)", "](../student.md)")


if __name__ == "__main__":
    folder = ROOT / "runs" / "site"
    build(folder)
    web.tell(folder, "The site")
