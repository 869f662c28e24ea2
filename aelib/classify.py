"""Name new images with the classifier that lesson 9 has saved.

    python -m aelib.classify runs/model.safetensors FOLDER [--output names.csv]

Files that cannot be read are listed and left out. Only a network has a probability for its answer;
the column is empty where the classifier is a nearest neighbour or an RBF machine.
"""

import argparse
import csv
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch

from aelib.data import DataError
from aelib.own_images.folder import prepare_all, readable, walk
from aelib.own_images.methods import load_classifier
from aelib.own_images.pictures import is_picture
from aelib.threads import set_threads
from aelib.training import infer


def main(arguments=None):
    """Do what the command line says; return the exit status."""
    parser = argparse.ArgumentParser("python -m aelib.classify", description="Name new images.")
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
    skipped, named = dict.fromkeys(links, "a link out of the folder"), 0
    images = [path for path in files if is_picture(path)]
    skipped |= dict.fromkeys(sorted({*files} - {*images}), "no image by its name")
    with target or nullcontext(sys.stdout) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "class", "probability"])
        for first in range(0, len(images), 1_000):
            paths = images[first : first + 1_000]
            prepared, reasons = prepare_all(paths, preparation["size"], preparation["channels"])
            skipped |= {paths[place]: reason for place, reason in reasons.items()}
            kept = {path: one for path, one in zip(paths, prepared, strict=True) if one}
            if not kept:
                continue
            form = "turned" if preparation["turned"] else "pixels"
            pixels = torch.from_numpy(np.stack([getattr(one, form) for one in kept.values()]))
            scores = infer(model, pixels).softmax(1)
            for path, sure, number in zip(kept, *scores.max(1), strict=True):
                sure = f"{sure:.4f}" if [*model.parameters()] else ""
                writer.writerow([readable(path.relative_to(root)), classes[number], sure])
            named += len(kept)
    print(f"{named:,} images named, {len(skipped):,} files left out.", file=sys.stderr)
    for path, reason in skipped.items():
        print(f"  {readable(path.relative_to(root))}: {reason}", file=sys.stderr)
    return 0 if named else 1


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # Names of classes may have any letters.
    sys.exit(main())
