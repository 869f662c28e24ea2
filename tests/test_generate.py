"""What is generated is up to date, and the public address is one setting."""

import io
import re
import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from tools import generate, readme
from tools.generate import generated
from tools.lessons import ROOT
from tools.website import readme_text, teaching_text

#: What is generated and does not name the address.
WITHOUT = ("environment.yml", "CONTRIBUTING.md")
OTHER = "https://github.com/somebody/else"


@pytest.fixture(scope="module")
def contents():
    """What should be on disk, by path."""
    return {path.relative_to(ROOT): content for path, content in generated().items()}


def test_files_on_disk_are_as_generated(contents):
    assert len(contents) >= 8  # Five lessons, the README and its pictures.
    stale = [str(path) for path in contents if (ROOT / path).read_bytes() != contents[path]]
    assert stale == [], "run make generate"


def test_the_address_is_one_setting(contents, tmp_path):
    """Change it in a copy of what `generated` reads, and no trace of the old one is left."""
    metadata = (ROOT / "pyproject.toml").read_text()
    [address] = re.findall(r'^Repository = "(.*)"$', metadata, flags=re.M)
    (tmp_path / "pyproject.toml").write_text(metadata.replace(address, OTHER))
    for path in (
        "README.md",
        "CONTRIBUTING.md",
        "TEACHING.md",
        "CITATION.cff",
        "aelib",
        "notebooks",
    ):
        copy = shutil.copytree if (ROOT / path).is_dir() else shutil.copy
        copy(ROOT / path, tmp_path / path)
    old, new = (one.removeprefix("https://github.com/").encode() for one in (address, OTHER))
    for path, content in generated(tmp_path).items():
        before = contents[path.relative_to(tmp_path)]
        assert (content.count(old), content.count(new)) == (0, before.count(old)), path
        assert before.count(old) > 0 or path.name in WITHOUT or path.suffix == ".png"


def test_each_lesson_of_the_student_edition_has_a_badge(contents):
    page = contents[Path("TEACHING.md")].decode()
    badges = re.findall(r"badge\.svg\)\]\(\S+/blob/main/(student/\S+)\)", page)
    files = sorted((ROOT / "student").glob("*.ipynb"))
    assert badges == [path.relative_to(ROOT).as_posix() for path in files] != []


def test_on_the_site_each_lesson_of_the_student_edition_is_a_download(contents):
    """It has no page there, and a badge's picture would be asked of another host."""
    page = teaching_text(contents[Path("TEACHING.md")].decode())
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "student").glob("*.ipynb")]
    assert sorted(re.findall(r"{download}`[^<`]+ <(student/\S+)>`", page)) == sorted(files) != []
    assert "](student/" not in page and "badge.svg" not in page


def test_the_environment_for_conda_has_the_dependencies_and_one_channel(contents):
    conda = yaml.safe_load(contents[Path("environment.yml")])
    assert conda["channels"] == ["conda-forge", "nodefaults"]
    *packages, pip, by_pip = conda["dependencies"]
    assert (pip, by_pip) == ("pip", {"pip": ["-e ."]})
    assert {"python>=3.11", "ruff>=0.8", "distributed>=2024.8"} < set(packages)
    assert [line for line in packages if line.startswith("torch>") or "::" in line] == []
    assert any(line.startswith("pytorch>=") for line in packages)


def test_every_picture_of_the_readme_is_generated(contents):
    page = contents[Path("README.md")].decode()
    shown = re.findall(r'(?:\]\(|src="|srcset=")(images/[^)"]+\.png)[)"]', page)
    assert len(shown) >= 2
    assert sorted(shown) == sorted(path.as_posix() for path in contents if path.suffix == ".png")


def test_only_what_has_changed_is_written(tmp_path, monkeypatch, capsys):
    (tmp_path / "same").write_bytes(b"one")
    (tmp_path / "other").write_bytes(b"two")
    wanted = {tmp_path / "same": b"one", tmp_path / "other": b"three", tmp_path / "new": b"four"}
    before = (tmp_path / "same").stat().st_mtime_ns
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "generated", lambda: wanted)
    generate.main()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == wanted
    assert (tmp_path / "same").stat().st_mtime_ns == before
    assert capsys.readouterr().out == "written: other\nwritten: new\n"


def test_a_lesson_without_the_figure_of_the_readme_is_named(tmp_path):
    cells = [new_code_cell("1", metadata={"tags": ["readme"]}, outputs=[])]
    (tmp_path / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=cells), tmp_path / "notebooks" / "01_one.ipynb")
    with pytest.raises(SystemExit, match="01_one.ipynb has no figure for the README"):
        generate.readme_figures(tmp_path)


def test_the_drawing_is_there_for_dark_pages_and_as_legible(contents):
    light, dark = (
        np.asarray(Image.open(io.BytesIO(contents[Path(f"images/{name}.png")])).convert("RGB"))
        for name in (readme.DRAWING, f"{readme.DRAWING}_dark")
    )
    assert light[0, 0].tolist() == [255, 255, 255] and dark[0, 0].max() < 20
    for line, paper in ((light, 255), (dark, dark[0, 0, 0])):
        contrast = np.abs(line.astype(float) - paper).max(axis=2)
        assert (contrast > 150).sum() > 2_000
    assert ((light != light[0, 0]).any(axis=2) == (dark != dark[0, 0]).any(axis=2)).all()


def test_on_the_site_a_picture_is_one_that_sphinx_finds(contents):
    page = readme_text(contents[Path("README.md")].decode())
    assert "<picture>" not in page and f"](images/{readme.DRAWING}.png)" in page
