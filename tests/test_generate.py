"""What is generated is up to date, and the public address is one setting."""

import io
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from tools import generate, readme
from tools.generate import generated
from tools.lessons import ROOT

#: What is generated and does not name the address.
WITHOUT = ("environment.yml", "CONTRIBUTING.md")
OTHER = "https://github.com/somebody/else"


@pytest.fixture(scope="module")
def contents():
    """What should be on disk, by path."""
    return {path.relative_to(ROOT): content for path, content in generated().items()}


def test_files_on_disk_are_as_generated(contents):
    stale = [str(path) for path in contents if (ROOT / path).read_bytes() != contents[path]]
    assert stale == [], "run make generate"


def test_the_address_is_one_setting(contents, tmp_path):
    """Change it in a copy of what `generated` reads, and no trace of the old one is left."""
    metadata = (ROOT / "pyproject.toml").read_text()
    [address] = re.findall(r'^Repository = "(.*)"$', metadata, flags=re.M)
    for path in ("README.md", "CONTRIBUTING.md", "TEACHING.md", "CITATION.cff"):
        shutil.copy(ROOT / path, tmp_path / path)
    for path in ("aelib/results", "notebooks"):
        shutil.copytree(ROOT / path, tmp_path / path)
    (tmp_path / "pyproject.toml").write_text(metadata.replace(address, OTHER))
    old, new = (one.removeprefix("https://github.com/").encode() for one in (address, OTHER))
    for path, content in generated(tmp_path).items():
        before = contents[path.relative_to(tmp_path)]
        assert (content.count(old), content.count(new)) == (0, before.count(old)), path
        assert before.count(old) > 0 or path.name in WITHOUT or path.suffix == ".png"
    badges = re.findall(r"/blob/main/(student/\S+)\)", contents[Path("TEACHING.md")].decode())
    files = sorted((ROOT / "student").glob("*.ipynb"))
    assert badges == [path.relative_to(ROOT).as_posix() for path in files] != []


def test_the_environment_for_conda_has_the_dependencies_and_one_channel(contents):
    conda = yaml.safe_load(contents[Path("environment.yml")])
    assert conda["channels"] == ["conda-forge", "nodefaults"]
    *packages, pip, by_pip = conda["dependencies"]
    assert (pip, by_pip) == ("pip", {"pip": ["-e ."]})
    assert {"python>=3.11", "ruff>=0.8", "distributed>=2024.8", "pytorch>=2.8"} < set(packages)
    assert [line for line in packages if line.startswith("torch>") or "::" in line] == []


def test_every_picture_of_the_readme_is_generated_and_the_drawing_is_as_legible_dark(contents):
    page = contents[Path("README.md")].decode()
    shown = re.findall(r'(?:\]\(|src="|srcset=")(images/[^)"]+\.png)[)"]', page)
    assert sorted(shown) == sorted(path.as_posix() for path in contents if path.suffix == ".png")
    light, dark = (
        np.asarray(Image.open(io.BytesIO(contents[Path(f"images/{name}.png")])).convert("RGB"))
        for name in (readme.DRAWING, f"{readme.DRAWING}_dark")
    )
    assert light[0, 0].tolist() == [255, 255, 255] and dark[0, 0].max() < 20
    for line, paper in ((light, 255), (dark, dark[0, 0, 0])):
        contrast = np.abs(line.astype(float) - paper).max(axis=2)
        assert (contrast > 150).sum() > 2_000
    assert ((light != light[0, 0]).any(axis=2) == (dark != dark[0, 0]).any(axis=2)).all()


def test_only_what_has_changed_is_written(tmp_path, monkeypatch, capsys):
    wanted = {tmp_path / "same": b"one", tmp_path / "other": b"three", tmp_path / "new": b"four"}
    (tmp_path / "same").write_bytes(b"one")
    (tmp_path / "other").write_bytes(b"two")
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "generated", lambda: wanted)
    generate.main()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == wanted
    assert capsys.readouterr().out == "written: other\nwritten: new\n"
