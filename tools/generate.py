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
COLAB = "https://colab.research.google.com/assets/colab-badge.svg"


def main():
    for path, content in generated().items():
        if not path.exists() or path.read_bytes() != content:
            write_whole(path, content)
            print(f"written: {path.relative_to(ROOT)}")


def generated(root=ROOT):
    """The content of every file that is generated or has generated parts, by path."""

    def text(path):
        return (root / path).read_text(encoding="utf-8")

    project = tomllib.loads(text("pyproject.toml"))["project"]
    address = project["urls"]["Repository"]
    sources = find_lessons(root / "notebooks", ".py")
    texts = {path: lesson(path, address) for path in sources.values()}
    titles, reading = (
        {path.stem: re.search(pattern, source, flags=re.M)[1] for path, source in texts.items()}
        for pattern in (r"^# # \d\. (.*)$", r"\*\*Time\*\* (\d+) minutes to read")
    )
    runs = json.loads(text("aelib/results/spread.json"))["runs"]["MNIST"]
    benchmark = json.loads(text("aelib/results/benchmark.json"))
    pictures, ci = readme_figures(root), f"{address}/actions/workflows/ci.yml"
    parts = {
        "README.md": {
            "badge": badge(f"{ci}/badge.svg", ci, "CI"),
            "answer": readme.answer(runs),
            "lessons": readme.lessons(titles, runs, partial(colab, address)),
            "results": readme.results(runs),
            **{name: readme.picture(name, alt) for name, (_, alt) in pictures.items()},
        },
        "TEACHING.md": {
            "timings": readme.timings(titles, reading, benchmark),
            "student edition": student_badges(titles, address),
        },
        "CONTRIBUTING.md": {"speed": speed(benchmark)},
    }
    for name, filled in parts.items():
        page = text(name)
        for part, content in filled.items():
            page = fill(page, part, content)
        texts[root / name] = page
    line = f"repository-code: {address}"
    citation = re.sub("^repository-code: .*$", line, text("CITATION.cff"), flags=re.M)
    texts[root / "CITATION.cff"] = citation
    texts[root / "environment.yml"] = environment(project)
    images = {f"{name}.png": png for name, (png, _) in pictures.items()}
    images[f"{readme.DRAWING}_dark.png"] = readme.darkened(images[f"{readme.DRAWING}.png"])
    return {path: content.encode() for path, content in texts.items()} | {
        root / "images" / name: png for name, png in images.items()
    }


def environment(project):
    """The environment of pyproject.toml for conda."""
    extras = project["optional-dependencies"]

    def lines(dependencies):
        # What conda-forge calls differently.
        return sorted(re.sub(r"^torch>", "pytorch>", line) for line in dependencies)

    head = (
        "# Made from pyproject.toml by `make generate`: conda env create -f environment.yml\n"
        "name: aelib\nchannels:\n  - conda-forge\n  - nodefaults\ndependencies:"
    )
    needed = [f"python{project['requires-python']}", *lines(project["dependencies"])]
    tools = lines(extras["cluster"] + extras["dev"] + extras["nbgrader"])
    comment = "# What it takes to run, check and refresh the lessons."
    items = [f"- {one}" for one in needed] + [comment] + [f"- {one}" for one in tools]
    items += ["# aelib itself.", "- pip", "- pip:", "    - -e ."]
    return "\n".join([head, *(f"  {item}" for item in items), ""])


def readme_figures(root):
    """The figures of cells tagged `readme`, as PNG and alt text, by the name of the lesson."""
    figures = {}
    for name, path in find_lessons(root / "notebooks").items():
        for cell in nbformat.read(path, as_version=4).cells:
            if "readme" in cell.metadata.get("tags", []):
                shown = [one for one in cell.outputs if "image/png" in one.get("data", {})]
                if not shown:
                    raise SystemExit(f"{path.name} has no figure for the README: make refresh.")
                png = base64.b64decode(shown[0].data["image/png"])
                figures[name] = png, shown[0].metadata["image/png"]["alt"]
    return figures


def colab(address, name, folder="notebooks"):
    """The address that opens a lesson in Colab."""
    repository = address.removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{repository}/blob/main/{folder}/{name}.ipynb"


def badge(image, target, text="Open in Colab"):
    """A picture that leads somewhere."""
    return f"[![{text}]({image})]({target})"


def student_badges(titles, address):
    """A line for each lesson of the edition for students, with its badge."""
    return "\n".join(
        f"{number}. [{title}](student/{name}.ipynb) {badge(COLAB, colab(address, name, 'student'))}"
        for number, (name, title) in enumerate(titles.items(), 1)
    )


def lesson(path, address):
    """The source of a lesson with its badge below the title, and its install cell."""
    shown = badge(COLAB, colab(address, path.stem))
    text = re.sub(r"# \[!\[Open in Colab.*\n#\n", "", path.read_text(encoding="utf-8"))
    text = re.sub(r"^(# # .*\n#\n)", rf"\1# {shown}\n#\n", text, flags=re.M)
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
    rest = (
        "| a training step, of the machine's best rate | {percent:.0f} % |\n"
        "| 60,000 images, against 6,000 | {growth_60k_over_6k:.1f} times the time |\n"
        "| memory with 60,000 images, at most | {peak_rss_mb_60k:,.0f} MB |\n"
        "| all lessons side by side, nothing in the cache, on {lessons_machine} | "
        "{lessons_seconds:.0f} s |"
    )
    percent = 100 * benchmark["share_of_peak"]
    return "\n".join([*rows, rest.format(**benchmark, percent=percent)])


def fill(text, name, content):
    """Put `content` between the two comments that name a generated part."""
    start, end = f"<!-- {name}: made by `make generate` -->", f"<!-- end of {name} -->"
    before, rest = text.split(start)
    return f"{before}{start}\n{content}\n{end}{rest.split(end)[1]}"


if __name__ == "__main__":
    main()
