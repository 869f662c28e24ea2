"""The page is put together from what lies in the repository, without a browser.

`tests/web` and `tests/site` build page and site with npm and Sphinx.
"""

import json
import re
import shutil
import zlib

import pytest

from tools import web
from tools.lessons import ROOT


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
