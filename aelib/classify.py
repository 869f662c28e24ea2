"""Name new images with the classifier that lesson 9 has saved.

    python -m aelib.classify runs/model.safetensors FOLDER [--output names.csv]

The CSV (file, class, probability) goes to the terminal, or to the file named. Files that cannot be
read are listed and left out.
"""

import argparse
import csv
import sys
from contextlib import nullcontext
from pathlib import Path

import torch

from aelib.contest.classifier import load_classifier
from aelib.data import DataError
from aelib.data.folder import prepare_all, readable, walk
from aelib.data.pictures import EXTENSIONS, turn
from aelib.training import infer


def main(arguments=None):
    """Do what the command line says; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m aelib.classify", description="Name the images in a folder."
    )
    parser.add_argument("model", type=Path, help="the file that lesson 9 has saved")
    parser.add_argument("folder", type=Path, help="where the images are, also in folders in it")
    parser.add_argument("--output", type=Path, help="a CSV file; the terminal without it")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"there is no folder {options.folder}")
    root = options.folder.resolve()
    try:
        model, classes, preparation = load_classifier(options.model)
        files, links = walk(root)
        target = options.output.open("w", newline="", encoding="utf-8") if options.output else None
    except (ValueError, DataError) as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"{options.output} cannot be written: {error.strerror}")
    skipped = [f"{readable(link.relative_to(root))}: a link out of the folder" for link in links]
    images = [path for path in files if path.suffix.lower() in EXTENSIONS]
    others = sorted(set(files) - set(images))
    skipped += [f"{readable(path.relative_to(root))}: no image by its name" for path in others]
    named = 0
    with target or nullcontext(sys.stdout) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "class", "probability"])
        for first in range(0, len(images), 1_000):
            some = images[first : first + 1_000]
            answers, reasons = classify(model, some, preparation)
            for path, (number, probability) in answers:
                name = readable(path.relative_to(root))
                writer.writerow([name, classes[number], f"{probability:.4f}"])
            skipped += [
                f"{readable(some[index].relative_to(root))}: {reason}"
                for index, reason in reasons.items()
            ]
            named += len(answers)
    print(f"{named:,} images named, {len(skipped):,} files left out.", file=sys.stderr)
    for line in skipped:
        print(f"  {line}", file=sys.stderr)
    return 0 if named else 1


def classify(model, paths, preparation):
    """The classes of images.

    Args:
        model: a module from images to class scores.
        preparation: what `load_classifier` says of it.

    Returns:
        A list of pairs of a path and (number of the class, probability), and a dict from the
        positions of those that cannot be read to the reason.
    """
    prepared, reasons = prepare_all(paths, preparation["size"], preparation["channels"])
    kept = [(path, one) for path, one in zip(paths, prepared, strict=True) if one]
    if not kept:
        return [], reasons
    pixels = [turn(one) if preparation["turned"] else one.pixels for _, one in kept]
    images = torch.stack([torch.from_numpy(one.copy()) for one in pixels])
    sure, numbers = infer(model, images).softmax(1).max(1)
    answers = zip(numbers.tolist(), sure.tolist(), strict=True)
    return list(zip((path for path, _ in kept), answers, strict=True)), reasons


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # Names of classes may have any letters.
    sys.exit(main())
