"""List the licences of all locked packages in LICENCES.md, from the metadata of those installed.

python -m tools.licences
"""

import re
from importlib.metadata import PackageNotFoundError, metadata

from aelib.files import write_whole
from tools.lessons import ROOT

FILE = ROOT / "LICENCES.md"
#: Of packages that are for other systems or versions of Python, as their metadata say.
ELSEWHERE = {"aiohappyeyeballs": "Python Software Foundation License"}
ELSEWHERE |= {"aiohttp": "Apache-2.0 AND MIT", "aiosignal": "Apache Software License"}
ELSEWHERE |= {"appnope": "BSD-2-Clause", "colorama": "BSD License", "pywinpty": "MIT License"}
ELSEWHERE |= dict.fromkeys(("frozenlist", "multidict", "propcache", "yarl"), "Apache-2.0")
HEAD = """# Licences of what this project installs

Made by `make licences`.

| package | licence |
|---|---|
"""


def main():
    """Write the list."""
    write_whole(FILE, HEAD + "".join(f"{row}\n" for row in sorted(rows())))


def rows():
    """A row of the table for each package of the lock."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for name in dict.fromkeys(re.findall(r"^([\w.-]+)==", lock, flags=re.M)):
        try:
            said = licence(metadata(name))
        except PackageNotFoundError:
            said = ELSEWHERE.get(name, "UNKNOWN")
        yield f"| {name} | {said} |"


def licence(about):
    """The licence as metadata have it: an expression, classifiers, or the first line of a text."""
    expression = about.get("License-Expression")
    classified = [
        one.split(" :: ")[-1]
        for one in about.get_all("Classifier", [])
        if one.startswith("License :: ") and one != "License :: OSI Approved"
    ]
    text = (about.get("License") or "UNKNOWN").strip().splitlines()[0][:80]
    return expression or ", ".join(classified) or text


if __name__ == "__main__":
    main()
