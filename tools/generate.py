"""Write what is generated: badges and install cells of the lessons, environment.yml, the README,
timings and badges in TEACHING.md.

    python -m tools.generate

The address comes from pyproject.toml, numbers from the spread over seeds and the stored benchmark,
and titles and times from the lessons.
"""

import base64
import json
import re
import tomllib
from functools import partial

import nbformat

from aelib.files import write_whole
from tools import readme
from tools.lessons import ROOT, find_lessons

INSTALL = """# %% tags=["install"]
import os
import sys
from importlib.util import find_spec

if find_spec("aelib") is None:  # In Colab, for one, where all that it needs is there already.
    default = "git+{address}"
    address = os.environ.get("AELIB_INSTALL", default)
    if os.system(f'"{{sys.executable}}" -m pip install -qqq --no-deps {{address}}'):
        sys.exit(f"Cannot install {{address}}:\\nconnect, or set AELIB_INSTALL to where a copy is.")
"""
#: What conda-forge calls differently.
CONDA_NAMES = {"torch": "pytorch"}


def main():
    for path, content in generated().items():
        if not path.exists() or path.read_bytes() != content:
            write_whole(path, content)
            print(f"written: {path.relative_to(ROOT)}")


def generated(root=ROOT):
    """The content of every file that is generated or has generated parts, by path."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = project["urls"]["Repository"]
    texts = {
        path: lesson(path, address) for path in find_lessons(root / "notebooks", ".py").values()
    }
    titles = {
        path.stem: re.search(r"^# # \d\. (.*)$", text, flags=re.M)[1]
        for path, text in texts.items()
    }
    reading = {
        path.stem: re.search(r"\*\*Time\*\* (\d+) minutes to read", text)[1]
        for path, text in texts.items()
    }
    runs = stored(root, "spread")["runs"]["MNIST"]
    page = (root / "README.md").read_text(encoding="utf-8")
    page = fill(page, "badge", ci_badge(address))
    page = fill(page, "answer", readme.answer(runs))
    page = fill(page, "lessons", readme.lessons(titles, runs, partial(colab, address)))
    page = fill(page, "results", readme.results(runs))
    pictures = {}
    for name, (png, alt) in readme_figures(root).items():
        page = fill(page, name, readme.picture(name, alt))
        pictures[root / "images" / f"{name}.png"] = png
        if name == readme.DRAWING:
            pictures[root / "images" / f"{name}_dark.png"] = readme.darkened(png)
    texts[root / "README.md"] = page
    path = root / "TEACHING.md"
    page = path.read_text(encoding="utf-8")
    benchmark = stored(root, "benchmark")
    page = fill(page, "timings", readme.timings(titles, reading, benchmark))
    texts[path] = fill(page, "student edition", student_badges(titles, address))
    path = root / "CONTRIBUTING.md"
    speeds = speed(benchmark)
    texts[path] = fill(path.read_text(encoding="utf-8"), "speed", speeds)
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    line = f"repository-code: {address}"
    texts[root / "CITATION.cff"] = re.sub("^repository-code: .*$", line, citation, flags=re.M)
    texts[root / "environment.yml"] = environment(project)
    return {path: text.encode() for path, text in texts.items()} | pictures


def stored(root, name):
    """A measured table in JSON."""
    path = root / "aelib" / "results" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def environment(project):
    """The environment of pyproject.toml for conda."""
    extras = project["optional-dependencies"]

    def lines(dependencies):
        split = [re.fullmatch(r"([a-z0-9-]+)(.*)", line).groups() for line in dependencies]
        return sorted(f"  - {CONDA_NAMES.get(name, name)}{bound}" for name, bound in split)

    return "\n".join(
        [
            "# Made from pyproject.toml by `make generate`: conda env create -f environment.yml",
            "name: aelib",
            "channels:",
            "  - conda-forge",
            "  - nodefaults",
            "dependencies:",
            f"  - python{project['requires-python']}",
            *lines(project["dependencies"]),
            "  # What it takes to run, check and refresh the lessons.",
            *lines(extras["cluster"] + extras["dev"] + extras["nbgrader"]),
            "  # aelib itself.",
            "  - pip",
            "  - pip:",
            "      - -e .",
            "",
        ]
    )


def readme_figures(root):
    """The figures of cells tagged `readme`, as PNG and alt text, by the name of the lesson."""
    figures = {}
    for name, path in find_lessons(root / "notebooks").items():
        for cell in nbformat.read(path, as_version=4).cells:
            if "readme" in cell.metadata.get("tags", []):
                shown = [one for one in cell.outputs if "image/png" in one.get("data", {})]
                if not shown:
                    raise SystemExit(f"{path.name} has no figure for the README: make refresh.")
                output = shown[0]
                png = base64.b64decode(output.data["image/png"])
                figures[name] = png, output.metadata["image/png"]["alt"]
    return figures


def ci_badge(address):
    """The badge that says whether continuous integration is green."""
    workflow = f"{address}/actions/workflows/ci.yml"
    return f"[![CI]({workflow}/badge.svg)]({workflow})"


def colab(address, name, folder="notebooks"):
    """The address that opens a lesson in Colab."""
    repository = address.removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{repository}/blob/main/{folder}/{name}.ipynb"


def colab_badge(*where):
    """The badge that opens a lesson in Colab, from the arguments of `colab`."""
    image = "https://colab.research.google.com/assets/colab-badge.svg"
    return f"[![Open in Colab]({image})]({colab(*where)})"


def student_badges(titles, address):
    """A line for each lesson of the edition for students, with its badge."""
    return "\n".join(
        f"{number}. [{title}](student/{name}.ipynb) {colab_badge(address, name, 'student')}"
        for number, (name, title) in enumerate(titles.items(), 1)
    )


def lesson(path, address):
    """The source of a lesson with its badge below the title, and its install cell."""
    badge = colab_badge(address, path.stem)
    text = re.sub(r"# \[!\[Open in Colab.*\n#\n", "", path.read_text(encoding="utf-8"))
    text = re.sub(r"^(# # .*\n#\n)", rf"\1# {badge}\n#\n", text, flags=re.M)
    text = re.sub(r'# %% tags=\["install"\]\n.*?\n\n(?=# %%)', "", text, flags=re.S)
    parameters = '# %% tags=["parameters"]\n'
    return text.replace(parameters, f"{INSTALL.format(address=address)}\n{parameters}", 1)


def speed(benchmark):
    """The table of one run of the benchmark."""
    rows = [f"| measured in one run on {benchmark['machine']} | |", "|---|---|"]
    for network, suffix in (("the published network", ""), ("half a million weights", "_large")):
        tuned = benchmark[f"throughput_ratio{suffix}_tuned"]
        for name, ratio in benchmark[f"throughput_ratio{suffix}"].items():
            what = "the MLP on codes" if name == "scikit-learn" else network
            text = f"{ratio:.1f} times as fast"
            text += f", {tuned[name]:.1f} times where {name} is tuned" if name in tuned else ""
            rows.append(f"| training {what}, against {name} | {text} |")
    share, growth = benchmark["share_of_peak"], benchmark["growth_60k_over_6k"]
    lessons = benchmark["lessons_seconds"]
    rows += [
        f"| a training step, of the machine's best rate | {100 * share:.0f} % |",
        f"| 60,000 images, against 6,000 | {growth:.1f} times the time |",
        f"| memory with 60,000 images, at most | {benchmark['peak_rss_mb_60k']:,.0f} MB |",
        f"| all lessons side by side, nothing in the cache | {lessons:.0f} s |",
    ]
    return "\n".join(rows)


def fill(text, name, content):
    """Put `content` between the two comments that name a generated part."""
    start, end = f"<!-- {name}: made by `make generate` -->", f"<!-- end of {name} -->"
    before, rest = text.split(start)
    return f"{before}{start}\n{content}\n{end}{rest.split(end)[1]}"


if __name__ == "__main__":
    main()
