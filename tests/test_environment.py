"""What the project takes from others: one environment, its licences, and the rights of CI."""

import re
import sys
import tomllib

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement

from tools import licences
from tools.lessons import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
CORE = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
EXTRAS = PROJECT["project"]["optional-dependencies"]
ALL = CORE + [Requirement(line) for name in ("cluster", "dev", "nbgrader") for line in EXTRAS[name]]


@pytest.mark.parametrize(("folder", "needs", "indent"), [("aelib", CORE, " *"), ("tools", ALL, "")])
def test_what_is_imported_is_declared(folder, needs, indent):
    """In aelib within functions, too; there tools import what is in the extra for the site."""
    known = {one.name for one in needs} | {"aelib", "tools"} | set(sys.stdlib_module_names)
    names = {"sklearn": "scikit-learn", "PIL": "pillow", "IPython": "ipython"}
    pattern = re.compile(rf"^{indent}(?:from (\w+)[\w.]* import|import (\w+))", re.MULTILINE)
    for path in (ROOT / folder).rglob("*.py"):
        found = map("".join, pattern.findall(path.read_text(encoding="utf-8")))
        assert {names.get(one, one) for one in found} <= known, path


@pytest.mark.parametrize(
    ("system", "processor", "python"),
    [("linux", "x86_64", "3.11"), ("darwin", "arm64", "3.13"), ("win32", "AMD64", "3.12")],
)
def test_the_lock_covers_every_dependency_within_its_bounds(system, processor, python):
    machine = {"sys_platform": system, "platform_machine": processor}
    machine["python_full_version"] = f"{python}.5"
    locked, plain = {}, re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; [^;#/]+)?")
    for line in LOCK:
        assert plain.fullmatch(line), "no addresses, no paths, no options"
        assert not re.match("nvidia|cuda|triton", line), "torch pins them"
        pin, _, marker = line.partition(" ; ")
        if not marker or Marker(marker).evaluate(machine):
            name, version = pin.split("==")
            assert name not in locked, f"{name} is locked twice"
            locked[name] = version
    for one in ALL:
        assert [bound.operator for bound in one.specifier] == [">="], one
        assert one.specifier.contains(locked.get(one.name, "none")), (one, locked.get(one.name))


def test_a_workflow_is_pinned_and_gets_no_more_than_it_needs():
    """What an action is must not change under its name; only the job that publishes may write."""
    publish = {"pages": "write", "id-token": "write"}
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}
        assert "pull_request_target" not in workflow[True]  # YAML takes `on` for a truth value.
        for job in workflow["jobs"].values():
            assert job["timeout-minutes"] <= 60
            used = [step["uses"] for step in job["steps"] if "uses" in step]
            assert used and [u for u in used if not re.fullmatch(r"[^@]+@[0-9a-f]{40}", u)] == []
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False
            if "permissions" in job:
                assert (
                    job["permissions"] == publish and job["if"] == "github.ref == 'refs/heads/main'"
                )
                assert [one.split("@")[0] for one in used] == ["actions/deploy-pages"]


def test_the_licence_of_every_locked_package_is_listed():
    listed = licences.FILE.read_text(encoding="utf-8").splitlines()
    names = [re.match(r"\| ([\w.-]+) \|", row)[1] for row in listed[6:]]
    assert names == sorted({re.split("=| ", line)[0] for line in LOCK}), "run make licences"
    rows = [row for row in licences.rows() if "UNKNOWN" not in row]  # Of other systems.
    assert len(rows) > 50 and [row for row in rows if row not in listed] == [], "run make licences"
    bad = re.compile(r"UNKNOWN|\b(?:AGPL|Affero|SSPL|Proprietary)\b")
    assert [row for row in listed if bad.search(row)] == []
