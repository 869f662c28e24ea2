"""Right and wrong answers to the exercises of lesson 3."""

import numpy as np
import scipy
import torch
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from torch import nn


def pca_codes_and_reconstruction(train, images, k):
    mean = train.mean(0)
    components = torch.linalg.svd(train - mean, full_matrices=False).Vh[:k]
    codes = (images - mean) @ components.T
    return codes, codes @ components + mean


def pca_by_a_library(train, images, k):
    pca = PCA(n_components=k).fit(train.numpy())
    codes = pca.transform(images.numpy())
    return [codes, pca.inverse_transform(codes)]


def never_centred(train, images, k):
    components = torch.linalg.svd(train, full_matrices=False).Vh[:k]
    codes = images @ components.T
    return codes, codes @ components


def project(train, images, rows):
    codes = (images - train.mean(0)) @ rows.T
    return codes, codes @ rows + train.mean(0)


def own_mean(train, images, k):
    mean = train.mean(0)
    components = torch.linalg.svd(train - mean, full_matrices=False).Vh[:k]
    codes = (images - images.mean(0)) @ components.T
    return codes, codes @ components + mean


def walk(decoder, a, b, steps):
    shares = torch.linspace(0, 1, steps).view(-1, 1, 1, 1)
    return decoder(a + shares * (b - a))


def blended(decoder, a, b, steps):
    first, last = decoder(torch.stack([a, b]))
    return torch.stack([first + share * (last - first) for share in torch.linspace(0, 1, steps)])


def neighbour_agreement(codes, labels, k=5):
    distances = torch.cdist(codes, codes).fill_diagonal_(torch.inf)
    nearest = distances.topk(k, largest=False).indices
    return (labels[nearest] == labels[:, None]).float().mean()


def neighbour_agreement_by_a_library(codes, labels, k=5):
    codes, labels = codes.numpy(), labels.numpy()
    nearest = NearestNeighbors(n_neighbors=k).fit(codes).kneighbors(return_distance=False)
    return np.mean(labels[nearest] == labels[:, None])


def agreement(nearest, labels):
    return (labels[nearest] == labels[:, None]).float().mean().item()


def shift_beats_black(image):
    moved = nn.functional.pad(image[..., :-1], (1, 0))
    return nn.functional.mse_loss(moved, image) < nn.functional.mse_loss(0 * image, image)


def shift_beats_black_by_a_library(image):
    moved = scipy.ndimage.shift(image.numpy(), (0, 0, 1), order=0)
    return bool(np.mean((moved - image.numpy()) ** 2) < np.mean(image.numpy() ** 2))


def shift_beats_black_to_the_left(image):
    moved = image.roll(-1, 2)
    moved[..., -1] = 0
    return ((moved - image) ** 2).sum() < (image**2).sum()


def both_errors(image):
    moved = torch.zeros(1, 28, 28)
    moved[:, :, 1:] = image[:, :, :-1]
    return (moved - image).square().mean().item(), image.square().mean().item()


def cropped(image):
    error = nn.functional.mse_loss(image[..., :-1], image[..., 1:])
    return error < image.square().mean()


def walk_in_numpy(decoder, a, b, steps):
    codes = np.linspace(a.numpy(), b.numpy(), steps)
    with torch.inference_mode():
        return decoder(torch.tensor(codes, dtype=torch.float32)).numpy()


RIGHT = {
    "check_pca_codes_and_reconstruction": [pca_by_a_library],
    "check_walk": [walk_in_numpy],
    "check_neighbour_agreement": [neighbour_agreement_by_a_library],
    "check_shift_beats_black": [shift_beats_black_by_a_library, both_errors],
}

WRONG = {
    "check_pca_codes_and_reconstruction": {
        "not centred. PCA looks at": never_centred,
        "PCA was fitted on `images`.": lambda x, z, k: pca_codes_and_reconstruction(
            torch.cat([x, z]), z, k
        ),
        "these are the components along": lambda x, z, k: project(
            x, z, torch.linalg.svd(x - x.mean(0))[2][-k:]
        ),
        "new images are centred by": own_mean,
        "the two results are in": lambda x, z, k: pca_codes_and_reconstruction(x, z, k)[::-1],
        "its first k *rows* are the components": lambda x, z, k: project(
            x, z, torch.linalg.svd(x - x.mean(0))[2][:, :k].T
        ),
    },
    "check_walk": {
        "you decode the two ends": blended,
        "an end is missing: a": lambda f, a, b, n: torch.stack(
            [f((a + i / n * (b - a))[None])[0] for i in range(n)]
        ),
        "the numbers are right, and": lambda f, a, b, n: walk(f, b, a, n),
        "with steps = 2 there": lambda f, a, b, n: walk(f, a, b, n + 1),
    },
    "check_neighbour_agreement": {
        "who is nearest to you?": lambda x, y, k=5: agreement(
            torch.cdist(x, x).topk(k, largest=False).indices, y
        ),
        "percent came": lambda x, y, k=5: 100 * neighbour_agreement(x, y, k),
        "the other way round: True": lambda x, y, k=5: 1 - neighbour_agreement(x, y, k),
    },
    "check_shift_beats_black": {
        "you compare only what is": cropped,
        "it wraps round: what leaves": lambda z: (
            nn.functional.mse_loss(z.roll(1, -1), z) < z.square().mean()
        ),
        "the other way round: True": lambda z: not shift_beats_black(z),
        "the numbers are right, and": lambda z: both_errors(z)[::-1],
        "it shifts to another side.": shift_beats_black_to_the_left,
        "does not stay": lambda z: bool(
            (z[..., :-1] - z[..., 1:]).square().sum() < z.square().sum()
        ),
    },
}
