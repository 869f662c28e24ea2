"""What the project takes from others: under which licences, from where, and with which rights."""

import re
import subprocess
import sys
from email.message import Message

import pytest
import yaml

from tools import licences as packages
from tools.lessons import ROOT
from tools.licences import licences

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

#: Imports every module of aelib where whatever asks for a network ends the process.
OFFLINE = """
import importlib, pkgutil, sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "urllib.Request"):
        sys.exit(f"{event} {arguments}")
sys.addaudithook(refuse)
import aelib
for module in pkgutil.walk_packages(aelib.__path__, "aelib."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(len([name for name in sys.modules if name.startswith("aelib")]))
"""


@pytest.mark.slow
def test_nothing_is_fetched_when_aelib_is_imported():
    command = [sys.executable, "-c", OFFLINE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 40


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_is_pinned_and_gets_no_more_than_it_needs(path):
    """What an action is must not change under its name; what may write is in `test_environment`."""
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in workflow[True]  # YAML takes `on` for a truth value.
    steps = []
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        steps += job["steps"]
    used = [step for step in steps if "uses" in step]
    assert used
    for step in used:
        assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
        if step["uses"].startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_the_licence_of_every_locked_package_is_listed():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = re.findall(r"^([\w.-]+)==", lock, flags=re.M)
    listed = (ROOT / "LICENCES.md").read_text(encoding="utf-8")
    names = re.findall(r"^\| ([\w.-]+) \|", listed, flags=re.M)
    assert [name for name in locked if name not in names] == [], "run make licences"
    assert "UNKNOWN" not in listed
    assert re.findall(r"^\|.*\b(?:AGPL|Affero|SSPL|Proprietary)\b.*$", listed, flags=re.M) == []


def test_the_licences_listed_are_those_of_what_is_installed():
    listed = (ROOT / "LICENCES.md").read_text(encoding="utf-8").splitlines()
    rows = [f"| {name} | {licence} |" for name, licence in licences().items()]
    assert len(rows) > 50
    assert [row for row in rows if row not in listed] == [], "run make licences"


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ([("License-Expression", "MIT"), ("License", "a text")], "MIT"),
        ([("Classifier", "License :: OSI Approved :: BSD License")], "BSD License"),
        ([("Classifier", "License :: OSI Approved"), ("License", "MIT\nmore")], "MIT"),
        (
            [
                ("Classifier", "License :: OSI Approved :: MIT License"),
                ("Classifier", "Programming Language :: Python"),
                ("Classifier", "License :: OSI Approved :: BSD License"),
            ],
            "MIT License, BSD License",
        ),
        ([("License", "x" * 99)], "x" * 80),
        ([], "UNKNOWN"),
    ],
)
def test_a_licence_is_what_metadata_say_of_it(fields, licence):
    about = Message()
    for name, value in fields:
        about[name] = value
    assert packages.licence(about) == licence


def test_the_list_of_licences_has_a_row_for_each_locked_package(monkeypatch, tmp_path):
    monkeypatch.setattr(packages, "FILE", tmp_path / "LICENCES.md")
    packages.main()
    lines = packages.FILE.read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["# Licences of what this project installs", ""]
    names = [line.split(" | ")[0].removeprefix("| ") for line in lines[6:]]
    assert sorted(set(names)) == sorted(set(packages.locked())) and len(names) > 100
    assert "| appnope | BSD-2-Clause |" in lines  # Of macOS.
