"""How fast is the training loop, against what people would use instead?

With the published network, where what surrounds the arithmetic counts most, and with one of half a
million weights, where it should count least.
"""

import statistics
from functools import partial
from importlib.util import find_spec

from benchmarks import peers
from benchmarks.networks import Large, Published
from benchmarks.rounds import first_images, seconds

#: By the suffix that the numbers of a network have: its class, how many images, how many epochs.
NETWORKS = {"": (Published, 6_000, 2), "_large": (Large, 3_000, 1)}
#: What follows a name where a library is called as its guide advises for speed.
TUNED = " (tuned)"


def installed():
    """The peers that are here, by name."""
    return {
        name: train
        for name, train in peers.PEERS.items()
        if name not in peers.LIBRARIES or find_spec(name)
    }


def cases(data, quick):
    """Each peer on each network: the images that it trains on in a second."""
    result = {}
    for suffix, (network, count, epochs) in NETWORKS.items():
        count, epochs = (100, 1) if quick else (count, epochs)
        for name, train in installed().items():
            variants = {name: train}
            if name in peers.LIBRARIES:
                variants[name + TUNED] = partial(train, tuned=True)
            for variant, function in variants.items():
                function(network, first_images(100, data), 1, 50)  # What happens once.
                result[variant + suffix] = partial(
                    rate, function, network, first_images(count, data), epochs
                )
    return result


def rate(function, network, images, epochs):
    """Images a second."""
    return epochs * len(images[1]) / seconds(function, network, images, epochs, 100)


def results(rounds):
    """The median rates, and how many times as fast ours is: the median over the rounds."""
    measured = [name for name in peers.PEERS if name in rounds]
    result = {"not_installed": sorted(set(peers.LIBRARIES) - set(measured))}
    for suffix in NETWORKS:
        ours = rounds["ours" + suffix]
        for tuned in ("", "_tuned"):
            names = [name for name in measured if not tuned or name in peers.LIBRARIES]
            own = {name: name + (TUNED if tuned else "") + suffix for name in names}
            result[f"images_per_second{suffix}{tuned}"] = {
                name: statistics.median(rounds[case]) for name, case in own.items()
            }
            result[f"throughput_ratio{suffix}{tuned}"] = {
                name: statistics.median(a / b for a, b in zip(ours, rounds[case], strict=True))
                for name, case in own.items()
                if name != "ours"
            }
    return result
