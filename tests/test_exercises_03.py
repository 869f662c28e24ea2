"""Right and wrong answers to the exercises of lesson 3."""

import numpy as np
import scipy
import torch
from learners import answer_tests, right, wrong
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from torch import nn

from aelib.exercises import (
    check_neighbour_agreement,
    check_pca_codes_and_reconstruction,
    check_shift_beats_black,
    check_walk,
)


@right(check_pca_codes_and_reconstruction)
def pca_codes_and_reconstruction(train, images, k):
    mean = train.mean(0)
    components = torch.linalg.svd(train - mean, full_matrices=False).Vh[:k]
    codes = (images - mean) @ components.T
    return codes, codes @ components + mean


@right(check_pca_codes_and_reconstruction)
def pca_by_a_library(train, images, k):
    pca = PCA(n_components=k).fit(train.numpy())
    codes = pca.transform(images.numpy())
    return [codes, pca.inverse_transform(codes)]


@right(check_pca_codes_and_reconstruction)
def pca_by_the_covariance(train, images, k):
    train, images = train.flatten(1).numpy(), images.flatten(1).numpy()
    _, vectors = np.linalg.eigh(np.cov(train.T))
    vectors = vectors[:, ::-1][:, :k]
    codes = (images - train.mean(0)) @ vectors
    return codes, (codes @ vectors.T + train.mean(0)).reshape(len(images), 1, -1)


@wrong(check_pca_codes_and_reconstruction, "not centred")
def never_centred(train, images, k):
    components = torch.linalg.svd(train, full_matrices=False).Vh[:k]
    codes = images @ components.T
    return codes, codes @ components


@wrong(check_pca_codes_and_reconstruction, "the components are right, but what is subtracted")
def images_not_centred(train, images, k):
    components = torch.linalg.svd(train - train.mean(0), full_matrices=False).Vh[:k]
    codes = images @ components.T
    return codes, codes @ components + train.mean(0)


@wrong(check_pca_codes_and_reconstruction, "subtract before, and add after")
def projected_as_they_are(train, images, k):
    components = torch.linalg.svd(train - train.mean(0), full_matrices=False).Vh[:k]
    codes = images @ components.T
    return codes, codes @ components


@wrong(check_pca_codes_and_reconstruction, "on `images`, too")
def fitted_on_all(train, images, k):
    return pca_codes_and_reconstruction(torch.cat([train, images]), images, k)


@wrong(check_pca_codes_and_reconstruction, "too dark")
def mean_not_added(train, images, k):
    codes, images = pca_codes_and_reconstruction(train, images, k)
    return codes, images - train.mean(0)


@wrong(check_pca_codes_and_reconstruction, "on `images`. A yardstick")
def fitted_on_images(train, images, k):
    return pca_codes_and_reconstruction(images, images, min(k, len(images)))


@wrong(check_pca_codes_and_reconstruction, "vary least")
def smallest_first(train, images, k):
    mean = train.mean(0)
    _, vectors = torch.linalg.eigh((train - mean).T @ (train - mean))
    codes = (images - mean) @ vectors[:, :k]
    return codes, codes @ vectors[:, :k].T + mean


@wrong(check_pca_codes_and_reconstruction, "same spread")
def whitened(train, images, k):
    pca = PCA(n_components=k, whiten=True).fit(train.numpy())
    codes = pca.transform(images.numpy())
    return codes, pca.inverse_transform(codes)


@wrong(check_pca_codes_and_reconstruction, "own mean")
def own_mean(train, images, k):
    mean = train.mean(0)
    components = torch.linalg.svd(train - mean, full_matrices=False).Vh[:k]
    codes = (images - images.mean(0)) @ components.T
    return codes, codes @ components + mean


@wrong(check_pca_codes_and_reconstruction, "wrong order")
def turned_round(train, images, k):
    return pca_codes_and_reconstruction(train, images, k)[::-1]


@wrong(check_pca_codes_and_reconstruction, "two things")
def images_only(train, images, k):
    return pca_codes_and_reconstruction(train, images, k)[1]


@wrong(check_pca_codes_and_reconstruction, "the codes have the shape (3, 16)")
def all_codes(train, images, k):
    return pca_codes_and_reconstruction(train, images, min(train.shape))


@right(check_walk)
def walk(decoder, a, b, steps):
    shares = torch.linspace(0, 1, steps).view(-1, 1, 1, 1)
    return decoder(a + shares * (b - a))


@right(check_walk)
def walk_one_by_one(decoder, a, b, steps):
    frames = []
    for step in range(steps):
        code = torch.lerp(a, b, step / (steps - 1))
        frames.append(decoder(code[None])[0].detach().numpy())
    return frames


@wrong(check_walk, "blend the images")
def blended(decoder, a, b, steps):
    first, last = decoder(torch.stack([a, b]))
    return torch.stack([first + share * (last - first) for share in torch.linspace(0, 1, steps)])


@wrong(check_walk, "the last frame is not b")
def without_its_end(decoder, a, b, steps):
    return torch.stack([decoder((a + i / steps * (b - a))[None])[0] for i in range(steps)])


@wrong(check_walk, "the first frame is not a")
def without_its_start(decoder, a, b, steps):
    return torch.stack([decoder((a + (i + 1) / steps * (b - a))[None])[0] for i in range(steps)])


@wrong(check_walk, "neither end")
def without_both(decoder, a, b, steps):
    return walk(decoder, a, b, steps + 2)[1:-1]


@wrong(check_walk, "from b to a")
def backwards(decoder, a, b, steps):
    return walk(decoder, b, a, steps)


@wrong(check_walk, "these are codes")
def not_decoded(decoder, a, b, steps):
    return a + torch.linspace(0, 1, steps).view(-1, 1, 1, 1) * (b - a)


@wrong(check_walk, "there are 3 images")
def one_too_many(decoder, a, b, steps):
    return walk(decoder, a, b, steps + 1)


@wrong(check_walk, "in equal steps")
def on_an_arc(decoder, a, b, steps):
    shares = torch.linspace(0, 1, steps).view(-1, 1, 1, 1) ** 2
    return decoder(a + shares * (b - a))


@wrong(check_walk, "it changes what it is given")
def in_place(decoder, a, b, steps):
    frames = [decoder(a[None])[0]]
    difference = (b - a) / (steps - 1)
    for _ in range(steps - 1):
        a += difference
        frames.append(decoder(a[None])[0])
    return torch.stack(frames)


@right(check_neighbour_agreement)
def neighbour_agreement(codes, labels, k=5):
    distances = torch.cdist(codes, codes).fill_diagonal_(torch.inf)
    nearest = distances.topk(k, largest=False).indices
    return (labels[nearest] == labels[:, None]).float().mean()


@right(check_neighbour_agreement)
def neighbour_agreement_by_a_library(codes, labels, k=5):
    codes, labels = codes.numpy(), labels.numpy()
    nearest = NearestNeighbors(n_neighbors=k).fit(codes).kneighbors(return_distance=False)
    return np.mean(labels[nearest] == labels[:, None])


@right(check_neighbour_agreement)
def neighbour_agreement_in_loops(codes, labels, k=5):
    codes, labels, shares = codes.tolist(), labels.tolist(), []
    for i, code in enumerate(codes):
        others = [j for j in range(len(codes)) if j != i]
        others.sort(key=lambda j: sum((x - y) ** 2 for x, y in zip(code, codes[j], strict=True)))
        shares.append(sum(labels[j] == labels[i] for j in others[:k]) / k)
    return sum(shares) / len(shares)


def agreement(nearest, labels):
    return (labels[nearest] == labels[:, None]).float().mean().item()


@wrong(check_neighbour_agreement, "with k = 1 it is 100 %")
def counts_itself(codes, labels, k=5):
    return agreement(torch.cdist(codes, codes).topk(k, largest=False).indices, labels)


@wrong(check_neighbour_agreement, "one neighbour too many")
def counts_itself_too(codes, labels, k=5):
    return agreement(torch.cdist(codes, codes).topk(k + 1, largest=False).indices, labels)


@wrong(check_neighbour_agreement, "the strangers")
def strangers(codes, labels, k=5):
    return agreement(torch.cdist(codes, codes).topk(k).indices, labels)


@wrong(check_neighbour_agreement, "the strangers")
def strangers_but_the_first(codes, labels, k=5):
    return agreement(torch.cdist(codes, codes).topk(k + 1).indices[:, 1:], labels)


@wrong(check_neighbour_agreement, "percent came")
def in_percent(codes, labels, k=5):
    return 100 * neighbour_agreement(codes, labels, k)


@wrong(check_neighbour_agreement, "let the neighbours vote")
def vote(codes, labels, k=5):
    distances = torch.cdist(codes, codes).fill_diagonal_(torch.inf)
    votes = labels[distances.topk(k, largest=False).indices].mode(1).values
    return (votes == labels).float().mean()


@wrong(check_neighbour_agreement, "k makes no difference")
def always_five(codes, labels, k=5):
    return neighbour_agreement(codes, labels, min(5, len(codes) - 1))


@wrong(check_neighbour_agreement, "products of codes")
def by_products(codes, labels, k=5):
    products = (codes @ codes.T).fill_diagonal_(-torch.inf)
    return agreement(products.topk(k).indices, labels)


@wrong(check_neighbour_agreement, "disagree")
def disagreement(codes, labels, k=5):
    return 1 - neighbour_agreement(codes, labels, k)


@wrong(check_neighbour_agreement, "the shape (7,) came")
def one_each(codes, labels, k=5):
    distances = torch.cdist(codes, codes).fill_diagonal_(torch.inf)
    nearest = distances.topk(k, largest=False).indices
    return (labels[nearest] == labels[:, None]).float().mean(1)


@right(check_shift_beats_black)
def shift_beats_black(image):
    moved = nn.functional.pad(image[..., :-1], (1, 0))
    return nn.functional.mse_loss(moved, image) < nn.functional.mse_loss(0 * image, image)


@right(check_shift_beats_black)
def shift_beats_black_by_a_library(image):
    moved = scipy.ndimage.shift(image.numpy(), (0, 0, 1), order=0)
    return bool(np.mean((moved - image.numpy()) ** 2) < np.mean(image.numpy() ** 2))


@right(check_shift_beats_black)
def shift_beats_black_to_the_left(image):
    moved = image.roll(-1, 2)
    moved[..., -1] = 0
    return ((moved - image) ** 2).sum() < (image**2).sum()


@right(check_shift_beats_black)
def both_errors(image):
    moved = torch.zeros(1, 28, 28)
    moved[:, :, 1:] = image[:, :, :-1]
    return (moved - image).square().mean().item(), image.square().mean().item()


@wrong(check_shift_beats_black, "Keep 28 x 28")
def cropped(image):
    error = nn.functional.mse_loss(image[..., :-1], image[..., 1:])
    return error < image.square().mean()


@right(check_shift_beats_black)  # The column that is left out is black in both.
def cropped_both(image):
    error = nn.functional.mse_loss(image[..., :-1], image[..., 1:])
    return error < image[..., 1:].square().mean()


@wrong(check_shift_beats_black, "comes back on the other")
def wraps_round(image):
    return nn.functional.mse_loss(image.roll(1, -1), image) < image.square().mean()


@wrong(check_shift_beats_black, "the other way round")
def black_beats_shift(image):
    return not shift_beats_black(image)


@wrong(check_shift_beats_black, "Keep 28 x 28")
def cropped_errors(image):
    moved, rest = image[..., :-1], image[..., 1:]
    return (moved - rest).square().mean(), image.square().mean()


@wrong(check_shift_beats_black, "Keep 28 x 28")
def both_cropped_errors(image):
    moved, rest = image[..., :-1], image[..., 1:]
    return (moved - rest).square().mean(), rest.square().mean()


@wrong(check_shift_beats_black, "a white image")
def beats_white(image):
    moved = nn.functional.pad(image[..., :-1], (1, 0))
    return nn.functional.mse_loss(moved, image) < (1 - image).square().mean()


@wrong(check_shift_beats_black, "the other way round")
def errors_turned_round(image):
    return both_errors(image)[::-1]


@wrong(check_shift_beats_black, "False comes for every image")
def never(image):
    return False


@right(check_pca_codes_and_reconstruction)
def pca_in_numpy(train, images, k):
    train, images = train.numpy(), images.numpy()
    rows = np.linalg.svd(train - train.mean(axis=0))[2][:k]
    codes = (images - train.mean(axis=0)) @ -rows.T
    return [codes, codes @ -rows + train.mean(axis=0)]


def pca_around(centre, train, images, k, scale=1):
    rows = torch.linalg.svd((train - centre(train)) / scale)[2][:k]
    codes = (images - centre(images)) / scale @ rows.T
    return codes, codes @ rows * scale + centre(images)


@wrong(check_pca_codes_and_reconstruction, "one number is subtracted from all pixels")
def one_mean(train, images, k):
    return pca_around(lambda rows: train.mean(), train, images, k)


@wrong(check_pca_codes_and_reconstruction, "the mean of its own pixels")
def mean_along_the_other_side(train, images, k):
    return pca_around(lambda rows: rows.mean(1, keepdim=True), train, images, k)


@wrong(check_pca_codes_and_reconstruction, "pixels are divided by")
def standardized(train, images, k):
    return pca_around(lambda rows: train.mean(0), train, images, k, scale=train.std(0))


@right(check_walk)
def walk_in_numpy(decoder, a, b, steps):
    codes = np.linspace(a.numpy(), b.numpy(), steps)
    with torch.inference_mode():
        return decoder(torch.tensor(codes, dtype=torch.float32)).numpy()


@wrong(check_walk, "the last image is not the decoded b")
def b_on_top_of_a(decoder, a, b, steps):
    return decoder(a + torch.linspace(0, 1, steps).view(-1, 1, 1, 1) * b)


@wrong(check_neighbour_agreement, "the places of neighbours with labels")
def places_for_labels(codes, labels, k=5):
    nearest = torch.cdist(codes, codes).topk(k + 1, largest=False).indices[:, 1:]
    return (nearest == labels[:, None]).float().mean()


@wrong(check_neighbour_agreement, "enough in yours, or all have to")
def any_neighbour(codes, labels, k=5):
    nearest = torch.cdist(codes, codes).topk(k + 1, largest=False).indices[:, 1:]
    return (labels[nearest] == labels[:, None]).any(1).float().mean()


@wrong(check_neighbour_agreement, "enough in yours, or all have to")
def all_neighbours(codes, labels, k=5):
    nearest = torch.cdist(codes, codes).topk(k + 1, largest=False).indices[:, 1:]
    return (labels[nearest] == labels[:, None]).all(1).float().mean()


@wrong(check_pca_codes_and_reconstruction, "are the images themselves")
def restored_from_all(train, images, k):
    return pca_in_numpy(train, images, k)[0], images


@wrong(check_neighbour_agreement, "leave yourself out after taking k")
def one_neighbour_less(codes, labels, k=5):
    nearest = torch.cdist(codes, codes).topk(k, largest=False).indices[:, 1:]
    return (labels[nearest] == labels[:, None]).float().mean()


@wrong(check_neighbour_agreement, "you compare directions")
def by_the_angle(codes, labels, k=5):
    return by_products(torch.nn.functional.normalize(codes), labels, k)


@wrong(check_shift_beats_black, "True comes for every image")
def always(image):
    return True


@wrong(check_shift_beats_black, "absolute differences")
def by_absolute_differences(image):
    moved = torch.nn.functional.pad(image, (1, 0))[..., :28]
    return bool((moved - image).abs().mean() < image.mean())


test_right, test_wrong = answer_tests(__name__)
