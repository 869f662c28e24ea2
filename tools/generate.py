"""Write what is generated: badges and install cells of the lessons, environment.yml, the README.

    python -m tools.generate

The address comes from pyproject.toml, numbers from the spread over seeds and the stored benchmark,
and titles and times from the lessons.
"""

import base64
import json
import re
import tomllib

import nbformat
import numpy as np

from aelib.evaluation import mean_interval
from aelib.files import draft_of
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
#: What the README's table of results shows: a label, its key, how many digits, and the unit.
RESULTS = [
    ("reconstruction error (MSE), autoencoder", "reconstruction_mse_full_test", 4, ""),
    ("reconstruction error (MSE), PCA-48", "pca_mse_full_test", 4, ""),
    ("logistic regression on pixels", "logistic_regression_accuracy_full_test", 2, " %"),
    ("3 nearest neighbours on pixels", "nearest_neighbours_accuracy_full_test", 2, " %"),
    ("random encoder, frozen, + MLP", "random_encoder_accuracy_full_test", 2, " %"),
    ("PCA-48 + MLP", "pca_mlp_accuracy_full_test", 2, " %"),
    ("**approach 1**: autoencoder, frozen, + MLP", "approach_1_accuracy_full_test", 2, " %"),
    ("**approach 2**: encoder and MLP together", "approach_2_accuracy_full_test", 2, " %"),
]
PUBLISHED = {"approach_1_accuracy_full_test": "87.34 %", "approach_2_accuracy_full_test": "93.18 %"}


def main():
    for path, content in generated().items():
        if not path.exists() or path.read_bytes() != content:
            with draft_of(path) as draft:
                draft.write_bytes(content)
            print(f"written: {path.relative_to(ROOT)}")


def generated(root=ROOT):
    """The content of every file that is generated or has generated parts, by path."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = project["urls"]["Repository"]
    spread = json.loads((root / "aelib" / "results" / "spread.json").read_text(encoding="utf-8"))
    texts = {
        path: lesson(path, address) for path in find_lessons(root / "notebooks", ".py").values()
    }
    rows = [readme_row(path, text, address) for path, text in texts.items()]
    readme = (root / "README.md").read_text(encoding="utf-8")
    head = "| | lesson | what you learn | time on a laptop | |\n|---|---|---|---|---|"
    readme = fill(readme, "lessons", "\n".join([head, *rows]))
    readme = fill(readme, "results", results(spread))
    benchmark = json.loads(
        (root / "aelib" / "results" / "benchmark.json").read_text(encoding="utf-8")
    )
    readme = fill(readme, "speed", speed(benchmark))
    pictures = {}
    for name, (png, alt) in readme_figures(root).items():
        readme = fill(readme, name, f"![{alt}](images/{name}.png)")
        pictures[root / "images" / f"{name}.png"] = png
    texts[root / "README.md"] = readme
    texts[root / "environment.yml"] = environment(project)
    return {path: text.encode() for path, text in texts.items()} | pictures


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
            *lines(extras["cluster"] + extras["dev"]),
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
                output = next(o for o in cell.outputs if "image/png" in o.get("data", {}))
                png = base64.b64decode(output.data["image/png"])
                figures[name] = png, output.metadata["image/png"]["alt"]
    return figures


def colab(path, address):
    """The badge that opens a lesson in Colab."""
    repository = address.removeprefix("https://github.com/")
    target = f"https://colab.research.google.com/github/{repository}/blob/main/notebooks"
    image = "https://colab.research.google.com/assets/colab-badge.svg"
    return f"[![Open in Colab]({image})]({target}/{path.stem}.ipynb)"


def lesson(path, address):
    """The source of a lesson with its badge below the title, and its install cell."""
    text = re.sub(r"# \[!\[Open in Colab.*\n#\n", "", path.read_text(encoding="utf-8"))
    text = re.sub(r"^(# # .*\n#\n)", rf"\1# {colab(path, address)}\n#\n", text, flags=re.M)
    text = re.sub(r'# %% tags=\["install"\]\n.*?\n\n(?=# %%)', "", text, flags=re.S)
    parameters = '# %% tags=["parameters"]\n'
    return text.replace(parameters, f"{INSTALL.format(address=address)}\n{parameters}", 1)


def readme_row(path, text, address):
    """A lesson's row in the README: number, title, what it teaches, time, badge."""
    number, title = re.search(r"^# # (\d)\. (.*)$", text, flags=re.M).groups()
    learn = re.search(r"\*\*You will learn\*\* (.*?)\n#\n", text, flags=re.S)[1]
    learn = re.sub(r"\s*\n# ", " ", learn).removesuffix(".")
    time = re.search(r"\*\*Time\*\* (.*)\.\n", text)[1]
    link = f"[{title}](notebooks/{path.stem}.ipynb)"
    return f"| {number} | {link} | {learn} | {time} | {colab(path, address)} |"


def results(spread):
    """The table of results: means over seeds, with the 95 % interval of the mean."""
    runs = spread["runs"]["MNIST"]
    count = len(runs["approach_1_accuracy_full_test"])
    rows = [
        f"| mean of {count} runs, all 10,000 test images | this tutorial | original, one run |",
        "|---|---|---|",
    ]
    for label, key, digits, unit in RESULTS:
        values = runs[key]
        low, high = mean_interval(values)
        ours = f"{np.mean(values):.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"
        rows.append(f"| {label} | {ours} | {PUBLISHED.get(key, '')} |")
    return "\n".join(rows)


def speed(benchmark):
    """The table of one run of the benchmark."""
    rows = [f"| measured in one run on {benchmark['machine']} | |", "|---|---|"]
    for name, ratio in benchmark["throughput_ratio"].items():
        what = "the MLP on codes" if name == "scikit-learn" else "the published network"
        rows.append(f"| training {what}, against {name} | {ratio:.1f} times as fast |")
    for approach, accuracy in ((1, "87.34 %"), (2, "93.18 %")):
        keys = ("published_seconds", "seconds", "time_ratio")
        theirs, ours, ratio = (benchmark[f"{key}_approach_{approach}"] for key in keys)
        result = f"{ours:.2f} s; the published procedure takes {theirs:.0f} s, {ratio:.0f} times"
        rows.append(f"| approach {approach}, to the published {accuracy} | {result} |")
    share, growth = benchmark["share_of_peak"], benchmark["growth_60k_over_6k"]
    rows += [
        f"| a training step, of the machine's best rate | {100 * share:.0f} % |",
        f"| 60,000 images, against 6,000 | {growth:.1f} times the time |",
        f"| memory with 60,000 images, at most | {benchmark['peak_rss_mb_60k']:,.0f} MB |",
        f"| all lessons, nothing in the cache | {benchmark['lessons_seconds']:.0f} s |",
    ]
    return "\n".join(rows)


def fill(text, name, content):
    """Put `content` between the two comments that name a generated part."""
    start, end = f"<!-- {name}: made by `make generate` -->", f"<!-- end of {name} -->"
    before, rest = text.split(start)
    return f"{before}{start}\n{content}\n{end}{rest.split(end)[1]}"


if __name__ == "__main__":
    main()
