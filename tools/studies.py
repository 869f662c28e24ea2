"""Run the studies: every job once, side by side, into aelib/results/NAME.csv.

    python -m tools.studies [STUDY ...]

Rows are kept in runs/studies/ as they come, and a study that was stopped goes on from there. Rows
that its CSV has already are not run again; to measure them anew, delete it. The jobs run on this
machine's cores or, where the environment variable AELIB_SCHEDULER has the address of a Dask
scheduler, on its workers.
"""

import contextlib
import csv
import importlib
import os
import shutil
import sys

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky import process_executor
from tqdm import tqdm

from aelib.files import write_whole
from aelib.studies import run_row
from tools.lessons import ROOT, set_environment

STUDIES = (
    "replication",
    "representations",
    "graphs",
    "spread_labels",
    "recipe",
    "code_size",
)
CONNECT_SECONDS = 20


class OtherColumns(Exception):
    """A row has not the columns that the rows before it have."""


def main(names, root=ROOT):
    """Run the studies named, or all of them."""
    for name in names:
        if name not in STUDIES:
            raise SystemExit(f"{name!r} is not a study. The studies are: {', '.join(STUDIES)}.")
    set_environment()
    with workers():
        for name in names or STUDIES:
            study = importlib.import_module(f"aelib.studies.{name}")
            target = root / "aelib" / "results" / f"{name}.csv"
            run_study(study, root / "runs" / "studies" / f"{name}.csv", target)


@contextlib.contextmanager
def workers():
    """What joblib runs on: the Dask cluster that AELIB_SCHEDULER names, or this machine."""
    address = os.environ.get("AELIB_SCHEDULER")
    if not address:
        yield
        return
    try:
        from distributed import Client

        client = Client(address, timeout=CONNECT_SECONDS)
    except ImportError:
        sys.exit("AELIB_SCHEDULER is set, but Dask is not installed: pip install -e '.[cluster]'.")
    except (OSError, ValueError) as error:
        sys.exit(f"No Dask scheduler answers at AELIB_SCHEDULER={address}: {error}")
    with client, parallel_config("dask"):
        yield


def run_study(study, draft, target):
    """Run those of the study's jobs that `draft` lacks, then make `target` of it, in order."""
    draft.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and not draft.exists():
        shutil.copyfile(target, draft)
    header, done = read_draft(draft)
    jobs = [job for job in study.JOBS if key(*job) not in done]
    rows = Parallel(n_jobs=-1, return_as="generator_unordered", batch_size=1)(
        delayed(new_row)(study, header, *job) for job in jobs
    )
    bar = {"desc": target.stem, "total": len(study.JOBS), "initial": len(done), "smoothing": 0}
    with draft.open("a", newline="") as file:
        try:
            for row in tqdm(rows, file=sys.stdout, **bar):
                writer = csv.DictWriter(file, list(row), lineterminator="\n")
                if not header:
                    writer.writeheader()
                    header = ",".join(row)
                writer.writerow(row)
                file.flush()
        except OtherColumns:
            sys.exit(f"{draft} has other columns than this study: delete it and {target}.")
    header, done = read_draft(draft)
    lines = [header, *(done[key(*job)] for job in study.JOBS)]
    target.parent.mkdir(exist_ok=True)
    write_whole(target, "\n".join(lines) + "\n")
    draft.unlink()


def new_row(study, header, *job):
    """A row. Other columns than those in `header` are an error, at which joblib ends the others."""
    # It ends a worker that has grown by 300 MB, as if that was a leak. The images of two seeds are
    # more, and each new worker would import PyTorch and load them again, row after row.
    process_executor._MAX_MEMORY_LEAK_SIZE = float("inf")
    row = run_row(study, *job)
    if header and header != ",".join(row):
        raise OtherColumns
    return row


def read_draft(draft):
    """The header of an unfinished study, and its lines by `key`; half a line at the end is cut."""
    text = draft.read_text() if draft.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        write_whole(draft, whole)
    header, *lines = whole.splitlines() or [""]
    count = header.split(",").index("seed") + 1 if lines else 0
    values = csv.reader(lines)  # A value may have a comma in it.
    return header, {tuple(row[:count]): line for row, line in zip(values, lines, strict=True)}


def key(settings, seed):
    """What tells a row from all others, as it stands in the CSV."""
    return (*map(str, settings.values()), str(seed))


if __name__ == "__main__":
    main(sys.argv[1:])
