"""Right and wrong answers to the exercises of lesson 1."""

import numpy as np
import torch
from learners import answer_tests, right, wrong
from sklearn.neighbors import NearestCentroid

from aelib.exercises import check_balanced_indices, check_images_needed, check_nearest_mean


@right(check_balanced_indices)
def balanced_indices(labels, per_class, generator):
    chosen = []
    for digit in range(10):
        places = (labels == digit).nonzero().flatten()
        chosen.append(places[torch.randperm(len(places), generator=generator)[:per_class]])
    return torch.cat(chosen)


@right(check_balanced_indices)
def balanced_by_a_walk(labels, per_class, generator):
    counts, chosen = {}, []
    for place in torch.randperm(len(labels), generator=generator).tolist():
        digit = int(labels[place])
        if counts.get(digit, 0) < per_class:
            counts[digit] = counts.get(digit, 0) + 1
            chosen.append(place)
    return chosen


@right(check_balanced_indices)
def balanced_by_numpy(labels, per_class, generator):
    rng = np.random.default_rng(generator.initial_seed())
    digits = labels.numpy()
    every = [rng.choice(np.flatnonzero(digits == d), per_class, replace=False) for d in range(10)]
    return np.sort(np.concatenate(every))


@wrong(check_balanced_indices, "Count each digit")
def not_balanced(labels, per_class, generator):
    return torch.randperm(len(labels), generator=generator)[: 10 * per_class]


@wrong(check_balanced_indices, "Count each digit")
def too_few(labels, per_class, generator):
    return balanced_indices(labels, per_class, generator)[:per_class]


@wrong(check_balanced_indices, "appear twice")
def put_back(labels, per_class, generator):
    chosen = []
    for digit in range(10):
        places = (labels == digit).nonzero().flatten()
        drawn = torch.randint(len(places), (per_class,), generator=generator)
        chosen.append(places[drawn])
    return torch.cat(chosen)


@wrong(check_balanced_indices, "very same images")
def the_first_of_each(labels, per_class, generator):
    return torch.cat([(labels == d).nonzero().flatten()[:per_class] for d in range(10)])


@wrong(check_balanced_indices, "very same images")
def the_first_of_each_mixed(labels, per_class, generator):
    first = the_first_of_each(labels, per_class, generator)
    return first[torch.randperm(len(first), generator=generator)]


@wrong(check_balanced_indices, "very same images")
def a_seed_of_its_own(labels, per_class, generator):
    return balanced_indices(labels, per_class, torch.Generator().manual_seed(0))


@wrong(check_balanced_indices, "with the `generator`")
def global_chance(labels, per_class, generator):
    places = [(labels == d).nonzero().flatten() for d in range(10)]
    return torch.cat([one[torch.randperm(len(one))[:per_class]] for one in places])


@wrong(check_balanced_indices, "among the images of one digit")
def places_within_a_digit(labels, per_class, generator):
    counts = labels.bincount(minlength=10).tolist()
    return torch.cat([torch.randperm(n, generator=generator)[:per_class] for n in counts])


@wrong(check_balanced_indices, "a mask")
def a_mask(labels, per_class, generator):
    mask = torch.zeros(len(labels), dtype=torch.bool)
    mask[balanced_indices(labels, per_class, generator)] = True
    return mask


@wrong(check_balanced_indices, "never came up")
def never_the_last(labels, per_class, generator):
    each = []
    for digit in range(10):
        places = (labels == digit).nonzero().flatten()
        last = max(len(places) - 1, per_class)
        each.append(places[torch.randperm(last, generator=generator)[:per_class]])
    return torch.cat(each)


@right(check_nearest_mean)
def nearest_mean(train_images, train_labels, images):
    means = torch.stack([train_images[train_labels == d].mean(0).flatten() for d in range(10)])
    return torch.cdist(images.flatten(1), means).argmin(1)


@right(check_nearest_mean)
def nearest_mean_in_loops(train_images, train_labels, images):
    means = [train_images[train_labels == digit].numpy().mean(axis=0) for digit in range(10)]
    classes = []
    for image in images.numpy():
        classes.append(min(range(10), key=lambda digit: ((image - means[digit]) ** 2).mean()))
    return classes


@right(check_nearest_mean)
def nearest_mean_by_a_library(train_images, train_labels, images):
    model = NearestCentroid().fit(train_images.flatten(1).numpy(), train_labels.numpy())
    return model.predict(images.flatten(1).numpy())


@wrong(check_nearest_mean, "brightness")
def mean_over_all_axes(train_images, train_labels, images):
    means = torch.stack([train_images[train_labels == d].mean() for d in range(10)])
    return (images.flatten(1).mean(1)[:, None] - means).abs().argmin(1)


@wrong(check_nearest_mean, "worse than guessing")
def farthest_mean(train_images, train_labels, images):
    means = torch.stack([train_images[train_labels == d].mean(0).flatten() for d in range(10)])
    return torch.cdist(images.flatten(1), means).argmax(1)


@wrong(check_nearest_mean, "nearest single image")
def nearest_image(train_images, train_labels, images):
    distances = torch.cdist(images.flatten(1), train_images.flatten(1))
    return train_labels[distances.argmin(1)]


@wrong(check_nearest_mean, "without dividing")
def nearest_sum(train_images, train_labels, images):
    sums = torch.stack([train_images[train_labels == d].sum(0).flatten() for d in range(10)])
    return torch.cdist(images.flatten(1), sums).argmin(1)


@wrong(check_nearest_mean, "multiply images")
def largest_product(train_images, train_labels, images):
    means = torch.stack([train_images[train_labels == d].mean(0).flatten() for d in range(10)])
    return (images.flatten(1) @ means.T).argmax(1)


@wrong(check_nearest_mean, "the shape (1, 10)")
def distances_for_classes(train_images, train_labels, images):
    means = torch.stack([train_images[train_labels == d].mean(0).flatten() for d in range(10)])
    return torch.cdist(images.flatten(1), means)


@right(check_images_needed)
def images_needed(accuracy, half_width):
    return 1.96**2 * accuracy * (1 - accuracy) / half_width**2


@right(check_images_needed)
def images_needed_as_a_rule_of_thumb(accuracy, half_width):
    return int(np.ceil(4 * accuracy * (1 - accuracy) / half_width**2))


@right(check_images_needed)
def images_needed_by_trying(accuracy, half_width):
    low, high = 1, 10**9
    while high - low > 1:
        middle = (low + high) // 2
        wide = 1.95996 * np.sqrt(accuracy * (1 - accuracy) / middle) > half_width
        low, high = (middle, high) if wide else (low, middle)
    return torch.tensor(high)


@wrong(check_images_needed, "square root")
def linear(accuracy, half_width):
    return 1.96 * (accuracy * (1 - accuracy)) ** 0.5 / half_width


@wrong(check_images_needed, "fractions or percent")
def in_percent(accuracy, half_width):
    return 1.96**2 * accuracy * (1 - accuracy) / (100 * half_width) ** 2


@wrong(check_images_needed, "fractions or percent")
def accuracy_taken_for_percent(accuracy, half_width):
    return 1.96**2 * accuracy * (100 - accuracy) / half_width**2


@wrong(check_images_needed, "Half or whole")
def full_width(accuracy, half_width):
    return 1.96**2 * accuracy * (1 - accuracy) / (2 * half_width) ** 2


@wrong(check_images_needed, "is one enough")
def one_standard_error(accuracy, half_width):
    return accuracy * (1 - accuracy) / half_width**2


@wrong(check_images_needed, "90, 99")
def ninety_nine_percent(accuracy, half_width):
    return 2.576**2 * accuracy * (1 - accuracy) / half_width**2


@wrong(check_images_needed, "a coin")
def the_worst_case(accuracy, half_width):
    return 1.96**2 / 4 / half_width**2


@wrong(check_images_needed, "the accuracy alone")
def only_one_factor(accuracy, half_width):
    return 1.96**2 * accuracy / half_width**2


@right(check_balanced_indices)
def balanced_by_weights(labels, per_class, generator):
    weights = [(labels == digit).float() for digit in range(10)]
    return torch.cat([torch.multinomial(one, per_class, generator=generator) for one in weights])


@wrong(check_balanced_indices, "these are the digits themselves")
def the_digits(labels, per_class, generator):
    return labels[balanced_indices(labels, per_class, generator)]


@wrong(check_balanced_indices, "the shape (10, 1)")
def a_row_for_each_digit(labels, per_class, generator):
    return balanced_indices(labels, per_class, generator).view(10, per_class)


@wrong(check_nearest_mean, "In a mean *squared* difference")
def absolute_differences(train_images, train_labels, images):
    means = torch.stack([train_images[train_labels == d].mean(0) for d in range(10)])
    return torch.cdist(images.flatten(1), means.flatten(1), p=1).argmin(1)


@wrong(check_nearest_mean, "Average the images first")
def mean_of_distances(train_images, train_labels, images):
    distances = torch.cdist(images.flatten(1), train_images.flatten(1)).square()
    return torch.stack([distances[:, train_labels == d].mean(1) for d in range(10)], 1).argmin(1)


@wrong(check_nearest_mean, "as a cosine does")
def by_the_angle(train_images, train_labels, images):
    means = torch.stack([train_images[train_labels == d].mean(0).flatten() for d in range(10)])
    normalize = torch.nn.functional.normalize
    return (normalize(images.flatten(1)) @ normalize(means).T).argmax(1)


@wrong(check_images_needed, "the share of errors alone")
def errors_only(accuracy, half_width):
    return 1.96**2 * (1 - accuracy) / half_width**2


@wrong(check_images_needed, "comes in squared")
def root_forgotten(accuracy, half_width):
    return (1.96 * accuracy * (1 - accuracy) / half_width) ** 2


@wrong(check_images_needed, "still stands under its root")
def root_left(accuracy, half_width):
    return (1.96 / half_width) ** 2 * (accuracy * (1 - accuracy)) ** 0.5


test_right, test_wrong = answer_tests(__name__)
