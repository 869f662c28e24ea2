"""Histograms."""

import matplotlib.pyplot as plt
import numpy as np


def pixel_histogram(pixels):
    """Draw how many percent of the pixels, `(N,)` in [0, 1], are how bright, logarithmically."""
    figure, axis = plt.subplots(figsize=(6, 2.8))
    axis.hist(pixels, bins=32, weights=np.full(len(pixels), 100 / len(pixels)))
    axis.set(xlabel="pixel value (0 black, 1 white)", ylabel="pixels (%)", yscale="log")
    return figure


def draws_histogram(draws, whole, interval):
    """Draw the accuracies of many draws of 1,000 test images, in percent.

    Args:
        whole: the accuracy on all test images.
        interval: the ends of its interval, were it measured on 1,000.
    """
    figure, axis = plt.subplots(figsize=(9, 2.8))
    axis.hist(draws, bins=np.arange(min(draws), max(draws) + 0.2, 0.2), color="C5")
    axis.axvspan(*interval, color="C1", alpha=0.15, label="95 % interval for 1,000 images")
    axis.axvline(whole, color="C1", label="all 10,000 images")
    axis.set(xlabel="accuracy on 1,000 of the test images (%)", ylabel="draws")
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure
