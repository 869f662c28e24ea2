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

from aelib.data import DataError
from aelib.own_images.classifier import load_classifier
from aelib.own_images.folder import prepare_all, readable, walk
from aelib.own_images.pictures import is_picture
from aelib.threads import set_threads
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
    set_threads()
    root = options.folder.resolve()
    try:
        model, classes, preparation = load_classifier(options.model)
        files, links = walk(root)
        target = options.output.open("w", newline="", encoding="utf-8") if options.output else None
    except (ValueError, DataError) as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"{options.output} cannot be written: {error.strerror}")
    skipped = dict.fromkeys(links, "a link out of the folder")
    images = [path for path in files if is_picture(path)]
    skipped |= dict.fromkeys(sorted({*files} - {*images}), "no image by its name")
    named = 0
    with target or nullcontext(sys.stdout) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "class", "probability"])
        for first in range(0, len(images), 1_000):
            answers, reasons = classify(model, images[first : first + 1_000], preparation)
            for path, (number, probability) in answers.items():
                name = readable(path.relative_to(root))
                writer.writerow([name, classes[number], f"{probability:.4f}"])
            skipped |= reasons
            named += len(answers)
    print(f"{named:,} images named, {len(skipped):,} files left out.", file=sys.stderr)
    for path, reason in skipped.items():
        print(f"  {readable(path.relative_to(root))}: {reason}", file=sys.stderr)
    return 0 if named else 1


def classify(model, paths, preparation):
    """The classes of images, by a model that was saved with a `preparation`.

    Returns:
        A dict from path to (number of the class, probability), and one from the paths of those that
        cannot be read to the reason.
    """
    prepared, reasons = prepare_all(paths, preparation["size"], preparation["channels"])
    kept = {path: one for path, one in zip(paths, prepared, strict=True) if one}
    answers = {}
    if kept:
        pixels = [one.turned if preparation["turned"] else one.pixels for one in kept.values()]
        images = torch.stack([torch.from_numpy(one.copy()) for one in pixels])
        sure, numbers = infer(model, images).softmax(1).max(1)
        answers = zip(numbers.tolist(), sure.tolist(), strict=True)
    return dict(zip(kept, answers, strict=True)), {
        paths[place]: reasons[place] for place in reasons
    }


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # Names of classes may have any letters.
    sys.exit(main())
