"""What is generated is up to date, and the public address is one setting."""

import re
import shutil

import pytest

from generate import generated
from lessons import ROOT

OTHER = "https://github.com/somebody/else"


@pytest.fixture(scope="module")
def texts():
    """What should be on disk, by path."""
    return {path.relative_to(ROOT): text for path, text in generated().items()}


def test_files_on_disk_are_as_generated(texts):
    assert len(texts) >= 6
    stale = [
        str(path) for path in texts if (ROOT / path).read_text(encoding="utf-8") != texts[path]
    ]
    assert stale == [], "run tools/generate.py"


def test_the_address_is_one_setting(texts, tmp_path):
    """Change it in a copy of what `generated` reads, and no trace of the old one is left."""
    metadata = (ROOT / "pyproject.toml").read_text()
    [address] = re.findall(r'^Repository = "(.*)"$', metadata, flags=re.M)
    (tmp_path / "pyproject.toml").write_text(metadata.replace(address, OTHER))
    for path in ("README.md", "aelib", "notebooks"):
        copy = shutil.copytree if (ROOT / path).is_dir() else shutil.copy
        copy(ROOT / path, tmp_path / path)
    old, new = (one.removeprefix("https://github.com/") for one in (address, OTHER))
    for path, text in generated(tmp_path).items():
        before = texts[path.relative_to(tmp_path)]
        assert before.count(old) > 0
        assert (text.count(old), text.count(new)) == (0, before.count(old)), path
