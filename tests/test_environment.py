"""pyproject.toml and requirements.lock describe one environment; environment.yml is generated."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text().splitlines()
MACHINES = [
    {"sys_platform": system, "platform_machine": machine, "python_full_version": f"{python}.5"}
    for python in ("3.11", "3.12", "3.13")
    for system, machine in (
        ("linux", "x86_64"),
        ("linux", "aarch64"),
        ("darwin", "arm64"),
        ("win32", "AMD64"),
    )
]


def dependencies():
    metadata = PROJECT["project"]
    extras = metadata["optional-dependencies"]
    installed = (metadata["dependencies"], *map(extras.get, ("cluster", "dev", "nbgrader")))
    return [Requirement(line) for lines in installed for line in lines]


def test_every_lower_bound_is_given_and_nothing_is_pinned():
    for one in dependencies():
        assert [bound.operator for bound in one.specifier] == [">="], one


def test_the_lock_is_plain_lines():
    """No addresses, no paths, no options: a name, a version, and when it applies."""
    plain = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; [^;#/]+)?")
    assert len(LOCK) > 50
    assert [line for line in LOCK if not plain.fullmatch(line)] == []
    assert [line for line in LOCK if re.match("nvidia|cuda|triton", line)] == []  # torch pins them.
    assert sorted(LOCK, key=lambda line: line.split("==")[0]) == LOCK


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: "-".join(machine.values()))
def test_the_lock_covers_every_dependency_within_its_bounds(machine):
    locked = {}
    for line in LOCK:
        pin, _, marker = line.partition(" ; ")
        if not marker or Marker(marker).evaluate(machine):
            name, version = pin.split("==")
            assert name not in locked, f"{name} is locked twice"
            locked[name] = version
    # setuptools, too: aelib itself is built in the environment.
    build = [Requirement(line) for line in PROJECT["build-system"]["requires"]]
    for one in dependencies() + build:
        assert one.specifier.contains(locked.get(one.name, "none")), (one, locked.get(one.name))


def test_actions_are_those_of_a_commit_and_only_the_one_that_publishes_may_write():
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        used = re.findall(r"uses: (\S+)", text)
        assert [action for action in used if not re.fullmatch(r"[^@]+@[0-9a-f]{40}", action)] == []
        workflow = yaml.safe_load(text)
        assert workflow["permissions"] == {"contents": "read"}
        for job in workflow["jobs"].values():
            if "permissions" in job:
                assert job["permissions"] == {"pages": "write", "id-token": "write"}
                assert [step["uses"].split("@")[0] for step in job["steps"]] == [
                    "actions/deploy-pages"
                ]
                assert job["if"] == "github.ref == 'refs/heads/main'"
