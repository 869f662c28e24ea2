"""Right and wrong answers to the exercises of lesson 5."""

import copy
from math import comb

import numpy as np
import torch
from learners import answer_tests, right, wrong
from scipy.stats import binom, binomtest, chi2
from torch import nn

from aelib.evaluation import paired_comparison
from aelib.exercises import check_best_epoch, check_fine_tuned, check_joint_loss, check_mcnemar
from aelib.models import MLP, Classifier, Encoder


def split(first, second, labels):
    only_first = ((first == labels) & (second != labels)).sum().item()
    only_second = ((first != labels) & (second == labels)).sum().item()
    return only_first, only_second


@right(check_mcnemar)
def mcnemar(first, second, labels):
    only_first, only_second = split(first, second, labels)
    count = only_first + only_second
    tail = sum(comb(count, heads) for heads in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail / 2**count)


@right(check_mcnemar)
def mcnemar_by_a_library(first, second, labels):
    only_first, only_second = split(first.numpy(), second.numpy(), labels.numpy())
    count = only_first + only_second
    return binomtest(only_first, count) if count else 1.0


@right(check_mcnemar)
def mcnemar_of_the_lesson(first, second, labels):
    return paired_comparison(first, second, labels)


@right(check_mcnemar)
def mcnemar_by_all_outcomes(first, second, labels):
    only_first, only_second = split(first, second, labels)
    count = only_first + only_second
    uneven = np.abs(2 * np.arange(count + 1) - count)
    chosen = uneven >= abs(only_first - only_second)
    return torch.tensor(binom.pmf(np.arange(count + 1), count, 0.5)[chosen].sum())


@wrong(check_mcnemar, "Only disagreements toss the coin")
def all_images(first, second, labels):
    return binomtest(split(first, second, labels)[0], len(labels)).pvalue


@wrong(check_mcnemar, "Only disagreements toss the coin")
def all_right_ones(first, second, labels):
    right = (first == labels).sum().item(), (second == labels).sum().item()
    return binomtest(right[0], sum(right)).pvalue


@wrong(check_mcnemar, "one-sided")
def one_sided(first, second, labels):
    only_first, only_second = split(first, second, labels)
    count = only_first + only_second
    return binom.cdf(min(only_first, only_second), count, 0.5) if count else 1


@wrong(check_mcnemar, "one-sided")
def only_if_the_second_is_better(first, second, labels):
    only_first, only_second = split(first, second, labels)
    count = only_first + only_second
    return binomtest(only_first, count, alternative="less").pvalue if count else 1


@wrong(check_mcnemar, "no probability")
def twice_the_middle(first, second, labels):
    only_first, only_second = split(first, second, labels)
    return 2 * binom.cdf(min(only_first, only_second), only_first + only_second, 0.5)


@wrong(check_mcnemar, "two ways, seem to count")
def both_wrong_as_well(first, second, labels):
    only_first = split(first, second, labels)[0]
    return binomtest(only_first, max(1, (first != second).sum().item())).pvalue


@wrong(check_mcnemar, "chi-squared")
def approximated(first, second, labels):
    only_first, only_second = split(first, second, labels)
    count = only_first + only_second
    return chi2.sf((abs(only_first - only_second) - 1) ** 2 / count, 1) if count > 1 else 1


@wrong(check_mcnemar, "exactly this split")
def exactly_this(first, second, labels):
    only_first, only_second = split(first, second, labels)
    return binom.pmf(only_first, only_first + only_second, 0.5)


@wrong(check_mcnemar, "the two never disagree")
def without_disagreements(first, second, labels):
    only_first, only_second = split(first, second, labels)
    share = only_first / (only_first + only_second)
    return mcnemar(first, second, labels) + 0 * share


@wrong(check_mcnemar, "a probability, one number")
def counts_too(first, second, labels):
    return split(first, second, labels)


@right(check_fine_tuned)
def fine_tuned(autoencoder, codes):
    encoder = copy.deepcopy(autoencoder.encoder).requires_grad_(True)
    return Classifier(encoder, MLP(codes))


@right(check_fine_tuned)
def fine_tuned_by_a_state(autoencoder, codes):
    encoder = Encoder()
    encoder.load_state_dict(autoencoder.encoder.state_dict())
    return nn.Sequential(encoder, nn.Flatten(), nn.Linear(48, 120), nn.ReLU(), nn.Linear(120, 10))


@right(check_fine_tuned)
def fine_tuned_in_eval_mode(autoencoder, codes):
    model = Classifier(copy.deepcopy(autoencoder.encoder), MLP(codes)).eval()
    for parameter in model.parameters():
        parameter.requires_grad = True
    return model


@wrong(check_fine_tuned, "moved the autoencoder, too")
def no_copy(autoencoder, codes):
    return Classifier(autoencoder.encoder.requires_grad_(True), MLP(codes))


@wrong(check_fine_tuned, "moved the autoencoder, too")
def no_copy_and_frozen(autoencoder, codes):
    return Classifier(autoencoder.encoder, MLP(codes))


@wrong(check_fine_tuned, "still frozen")
def still_frozen(autoencoder, codes):
    return Classifier(copy.deepcopy(autoencoder.encoder), MLP(codes))


@wrong(check_fine_tuned, "approach 2, not fine-tuning")
def fresh(autoencoder, codes):
    return Classifier(Encoder(), MLP(codes))


@wrong(check_fine_tuned, "can be trained now")
def unfrozen_first(autoencoder, codes):
    return Classifier(copy.deepcopy(autoencoder.encoder.requires_grad_(True)), MLP(codes))


class WithoutGradient(Classifier):
    def forward(self, images):
        with torch.no_grad():
            codes = self.encoder(images)
        return self.mlp(codes)


@wrong(check_fine_tuned, "stand still")
def no_grad_inside(autoencoder, codes):
    return WithoutGradient(copy.deepcopy(autoencoder.encoder).requires_grad_(True), MLP(codes))


@wrong(check_fine_tuned, "the shape (20, 3, 4, 4)")
def no_head(autoencoder, codes):
    return copy.deepcopy(autoencoder.encoder).requires_grad_(True)


@right(check_joint_loss)
def joint_loss(scores, labels, reconstruction, images, weight):
    entropy = nn.functional.cross_entropy(scores, labels)
    return entropy + weight * nn.functional.mse_loss(reconstruction, images)


@right(check_joint_loss)
def joint_loss_in_steps(scores, labels, reconstruction, images, weight):
    logs = scores.log_softmax(1)
    total = 0
    for image in range(len(labels)):
        errors = (reconstruction[image] - images[image]) ** 2
        total = total + weight * errors.sum() / 784 - logs[image, labels[image]]
    return (total / len(labels)).view(1)


@wrong(check_joint_loss, "no gradient reaches the reconstruction")
def detached(scores, labels, reconstruction, images, weight):
    return joint_loss(scores, labels, reconstruction.detach(), images, weight)


@wrong(check_joint_loss, "carries no gradient")
def a_plain_number(scores, labels, reconstruction, images, weight):
    return joint_loss(scores, labels, reconstruction, images, weight).item()


@wrong(check_joint_loss, "784 times too loud")
def summed(scores, labels, reconstruction, images, weight):
    errors = nn.functional.mse_loss(reconstruction, images, reduction="sum")
    return nn.functional.cross_entropy(scores, labels) + weight * errors


@wrong(check_joint_loss, "784 times too loud")
def summed_for_each_image(scores, labels, reconstruction, images, weight):
    errors = (reconstruction - images).square().flatten(1).sum(1).mean()
    return nn.functional.cross_entropy(scores, labels) + weight * errors


@wrong(check_joint_loss, "taken from the cross-entropy as well")
def mixed(scores, labels, reconstruction, images, weight):
    entropy = nn.functional.cross_entropy(scores, labels)
    return (1 - weight) * entropy + weight * nn.functional.mse_loss(reconstruction, images)


@wrong(check_joint_loss, "on the other loss")
def weight_on_the_other(scores, labels, reconstruction, images, weight):
    entropy = nn.functional.cross_entropy(scores, labels)
    return weight * entropy + nn.functional.mse_loss(reconstruction, images)


@wrong(check_joint_loss, "weight makes no difference")
def weight_forgotten(scores, labels, reconstruction, images, weight):
    return joint_loss(scores, labels, reconstruction, images, 1)


@wrong(check_joint_loss, "their squares are asked for")
def absolute(scores, labels, reconstruction, images, weight):
    errors = nn.functional.l1_loss(reconstruction, images)
    return nn.functional.cross_entropy(scores, labels) + weight * errors


@right(check_best_epoch)
def best_epoch(history):
    losses = history["validation_loss"]
    return losses.index(min(losses)) + 1


@right(check_best_epoch)
def best_epoch_in_torch(history):
    return torch.tensor(history["validation_loss"]).argmin() + 1


@wrong(check_best_epoch, "counts from 0, and epochs count from 1")
def from_zero(history):
    return np.argmin(history["validation_loss"])


@wrong(check_best_epoch, "lowest near the end almost always.")
def by_training_loss(history):
    return history["training_loss"].index(min(history["training_loss"])) + 1


@wrong(check_best_epoch, "the last epoch; the lowest is asked for, not the latest")
def the_last(history):
    return len(history["validation_loss"])


@wrong(check_best_epoch, "highest loss")
def the_worst(history):
    return history["validation_loss"].index(max(history["validation_loss"])) + 1


@wrong(check_best_epoch, "the loss itself")
def the_loss(history):
    return min(history["validation_loss"])


@wrong(check_best_epoch, "first rises")
def at_the_first_rise(history):
    losses = history["validation_loss"]
    for epoch in range(1, len(losses)):
        if losses[epoch] > losses[epoch - 1]:
            return epoch
    return len(losses)


@wrong(check_best_epoch, "changes what it is given")
def by_sorting(history):
    losses = list(history["validation_loss"])
    history["validation_loss"].sort()
    return losses.index(history["validation_loss"][0]) + 1


@right(check_fine_tuned)
def with_a_linear_head(autoencoder, codes):
    model = nn.Sequential(copy.deepcopy(autoencoder.encoder), nn.Flatten(), nn.Linear(48, 10))
    for parameter in model.parameters():
        parameter.requires_grad = True
    return model


@wrong(check_fine_tuned, "with an MLP behind it")
def the_head_alone(autoencoder, codes):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 120), nn.ReLU(), nn.Linear(120, 10))


@right(check_joint_loss)
def joint_loss_image_by_image(scores, labels, reconstruction, images, weight=1.0):
    loss = 0
    for row, label, mine, theirs in zip(scores, labels, reconstruction, images, strict=True):
        loss = loss - row.log_softmax(0)[label] + weight * (mine - theirs).pow(2).mean()
    return loss / len(labels)


@wrong(check_joint_loss, "softmax seems to be taken twice")
def softmax_twice(scores, labels, reconstruction, images, weight):
    mse = nn.functional.mse_loss(reconstruction, images)
    return nn.functional.cross_entropy(scores.softmax(1), labels) + weight * mse


@wrong(check_joint_loss, "the number of pixels twice")
def divided_twice(scores, labels, reconstruction, images, weight):
    mse = nn.functional.mse_loss(reconstruction, images) / images[0].numel()
    return nn.functional.cross_entropy(scores, labels) + weight * mse


test_right, test_wrong = answer_tests(__name__)
