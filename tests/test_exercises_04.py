"""Right and wrong answers to the exercises of lesson 4."""

import copy

import numpy as np
import scipy
import torch
from learners import answer_tests, right, wrong
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from torch import nn

from aelib.exercises import (
    check_confusion,
    check_cross_entropy,
    check_linear_probe,
    check_train_head_only,
)


@right(check_train_head_only)
def train_head_only(encoder, head, batch):
    images, labels = batch
    encoder.requires_grad_(False).eval()
    optimizer = torch.optim.Adam(head.parameters())
    nn.functional.cross_entropy(head(encoder(images)), labels).backward()
    optimizer.step()


@right(check_train_head_only)
def on_codes(encoder, head, batch):
    images, labels = batch
    encoder.eval()
    with torch.no_grad():
        codes = encoder(images)
    encoder.train()
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(head(codes), labels)
        loss.backward()
        optimizer.step()
    return loss


@right(check_train_head_only)
def with_a_copy(encoder, head, batch):
    return train_head_only(copy.deepcopy(encoder), head, batch)


@right(check_train_head_only)
def with_the_whole_in_training_mode_first(encoder, head, batch):
    classifier = nn.Sequential(encoder, head).train()
    encoder.eval().requires_grad_(False)
    optimizer = torch.optim.Adam(classifier.parameters())
    nn.functional.cross_entropy(classifier(batch[0]), batch[1]).backward()
    optimizer.step()


@wrong(check_train_head_only, "a buffer")
def without_eval(encoder, head, batch):
    encoder.requires_grad_(False)
    optimizer = torch.optim.Adam(head.parameters())
    nn.functional.cross_entropy(head(encoder(batch[0])), batch[1]).backward()
    optimizer.step()


@wrong(check_train_head_only, "`no_grad` stand around")
def no_grad_around_all(encoder, head, batch):
    encoder.eval()
    optimizer = torch.optim.Adam(head.parameters())
    with torch.no_grad():
        loss = nn.functional.cross_entropy(head(encoder(batch[0])), batch[1])
    loss.backward()
    optimizer.step()


@wrong(check_train_head_only, "a later train()")
def train_last(encoder, head, batch):
    encoder.requires_grad_(False).eval()
    classifier = nn.Sequential(encoder, head)
    classifier.train()
    optimizer = torch.optim.Adam(head.parameters())
    nn.functional.cross_entropy(classifier(batch[0]), batch[1]).backward()
    optimizer.step()


@wrong(check_train_head_only, "Which weights does your optimizer know")
def everything_trained(encoder, head, batch):
    classifier = nn.Sequential(encoder, head)
    optimizer = torch.optim.Adam(classifier.parameters())
    nn.functional.cross_entropy(classifier(batch[0]), batch[1]).backward()
    optimizer.step()


@wrong(check_train_head_only, "the head has not moved")
def no_step(encoder, head, batch):
    encoder.requires_grad_(False).eval()
    nn.functional.cross_entropy(head(encoder(batch[0])), batch[1]).backward()


@wrong(check_train_head_only, "the head has not moved")
def a_copy_of_the_head(encoder, head, batch):
    train_head_only(encoder, copy.deepcopy(head), batch)


@wrong(check_train_head_only, "raises ValueError")
def nothing_to_optimize(encoder, head, batch):
    encoder.requires_grad_(False)
    torch.optim.Adam([])


@right(check_cross_entropy)
def cross_entropy(scores, labels):
    scores = scores - scores.max(1, keepdim=True).values
    logs = scores - scores.exp().sum(1, keepdim=True).log()
    return -logs[torch.arange(len(labels)), labels].mean()


@right(check_cross_entropy)
def cross_entropy_in_numpy(scores, labels):
    logs = scipy.special.log_softmax(scores.numpy(), axis=1)
    return -np.mean([row[label] for row, label in zip(logs, labels.tolist(), strict=True)])


@right(check_cross_entropy)
def cross_entropy_in_loops(scores, labels):
    total = 0.0
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        total += np.log(sum(np.exp(score - max(row)) for score in row)) + max(row) - row[label]
    return total / len(labels)


@right(check_cross_entropy)
def cross_entropy_of_torch(scores, labels):
    return nn.functional.cross_entropy(scores, labels)


def picked(values, labels):
    return values[torch.arange(len(labels)), labels]


@wrong(check_cross_entropy, "should sum to 1")
def along_the_batch(scores, labels):
    return -picked(scores.softmax(0), labels).log().mean()


@wrong(check_cross_entropy, "NaN comes out")
def exponents_too_large(scores, labels):
    powers = scores.exp()
    return -(picked(powers, labels) / powers.sum(1)).log().mean()


@wrong(check_cross_entropy, "the loss is infinite")
def rounded_to_zero(scores, labels):
    return -picked(scores.softmax(1), labels).log().mean()


@wrong(check_cross_entropy, "keeps the logarithm from infinity")
def with_an_epsilon(scores, labels):
    return -(picked(scores.softmax(1), labels) + 1e-9).log().mean()


@wrong(check_cross_entropy, "softmax seems to be taken twice")
def softmax_twice(scores, labels):
    return nn.functional.cross_entropy(scores.softmax(1), labels)


@wrong(check_cross_entropy, "that is a sum")
def summed(scores, labels):
    return nn.functional.cross_entropy(scores, labels, reduction="sum")


@wrong(check_cross_entropy, "the sign")
def negative(scores, labels):
    return -cross_entropy(scores, labels)


@wrong(check_cross_entropy, "natural logarithm")
def in_bits(scores, labels):
    return cross_entropy(scores, labels) / np.log(2)


@wrong(check_cross_entropy, "only the true one should")
def over_all_classes(scores, labels):
    return -scores.softmax(1).log().mean()


@wrong(check_cross_entropy, "divide by the images")
def divided_by_classes(scores, labels):
    truth = nn.functional.one_hot(labels, scores.shape[1])
    return -(truth * scores.log_softmax(1)).mean()


@wrong(check_cross_entropy, "what makes them probabilities")
def scores_only(scores, labels):
    return nn.functional.nll_loss(scores, labels)


@wrong(check_cross_entropy, "where is the logarithm")
def without_logarithm(scores, labels):
    return 1 - picked(scores.softmax(1), labels).mean()


@right(check_linear_probe)
def linear_probe(codes, labels, layers=lambda: nn.Linear(48, 10), epochs=20, rate=0.01):
    model = layers()
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(epochs):
        for batch in torch.randperm(len(codes)).split(100):
            loss = nn.functional.cross_entropy(model(codes[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


class Scaled(nn.Module):
    def __init__(self, codes):
        super().__init__()
        self.register_buffer("mean", codes.mean(0))
        self.register_buffer("std", codes.std(0))
        self.layer = nn.Linear(48, 10)

    def forward(self, codes):
        return self.layer((codes.flatten(1) - self.mean) / self.std)


@right(check_linear_probe)
def scaled_by_training_codes(codes, labels):
    return linear_probe(codes, labels, lambda: Scaled(codes))


@right(check_linear_probe)
def at_once(codes, labels):
    model = nn.Sequential(nn.Flatten(), nn.Linear(48, 10))
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=30)

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(codes), labels)
        loss.backward()
        return loss

    optimizer.step(closure)
    return model


@right(check_linear_probe)
def of_a_library(codes, labels):
    fitted = LogisticRegression().fit(codes.numpy(), labels.numpy())
    model = nn.Linear(48, 10)
    with torch.no_grad():
        model.weight.copy_(torch.from_numpy(fitted.coef_))
        model.bias.copy_(torch.from_numpy(fitted.intercept_))
    return model


@right(check_linear_probe)
def the_fitted_library(codes, labels):
    return LogisticRegression().fit(codes, labels)


@wrong(check_linear_probe, "makes it an MLP")
def hidden_layer(codes, labels):
    def layers():
        return nn.Sequential(nn.Linear(48, 120), nn.ReLU(), nn.Linear(120, 10))

    return linear_probe(codes, labels, layers)


class ScaledByItself(nn.Linear):
    def forward(self, codes):
        return super().forward((codes - codes.mean(0)) / codes.std(0))


@wrong(check_linear_probe, "a single image has no spread")
def scaled_by_themselves(codes, labels):
    return linear_probe(codes, labels, lambda: ScaledByItself(48, 10))


class CentredByItself(nn.Linear):
    def forward(self, codes):
        return super().forward(codes - codes.mean(0))


@wrong(check_linear_probe, "depend on which others")
def centred_by_themselves(codes, labels):
    return linear_probe(codes, labels, lambda: CentredByItself(48, 10))


@wrong(check_linear_probe, "where guessing has 10 %")
def not_trained(codes, labels):
    return nn.Linear(48, 10)


@wrong(check_linear_probe, "large enough")
def one_small_epoch(codes, labels):
    return linear_probe(codes, labels, epochs=5, rate=0.001)


@wrong(check_linear_probe, "no bias")
def without_bias(codes, labels):
    return linear_probe(codes, labels, lambda: nn.Linear(48, 10, bias=False))


@wrong(check_linear_probe, "came")
def its_scores(codes, labels):
    return linear_probe(codes, labels)(codes)


@right(check_confusion)
def confusion(true, predicted):
    return (10 * true + predicted).bincount(minlength=100).view(10, 10)


@right(check_confusion)
def confusion_in_a_loop(true, predicted):
    table = [[0] * 10 for _ in range(10)]
    for t, p in zip(true, predicted, strict=True):
        table[t][p] += 1
    return table


@right(check_confusion)
def confusion_by_a_library(true, predicted):
    return confusion_matrix(true, predicted)


@right(check_confusion)
def confusion_by_products(true, predicted):
    return torch.eye(10)[true].T @ torch.eye(10)[predicted]


@wrong(check_confusion, "rows are the truth, columns")
def transposed(true, predicted):
    return confusion(predicted, true)


@wrong(check_confusion, "pairs that repeat count once")
def repeated_once(true, predicted):
    table = torch.zeros(10, 10)
    table[true, predicted] += 1
    return table


@wrong(check_confusion, "these are shares")
def shares(true, predicted):
    return confusion_matrix(true, predicted, normalize="true")


@wrong(check_confusion, "the diagonal is empty")
def mistakes_only(true, predicted):
    return confusion(true, predicted).fill_diagonal_(0)


@wrong(check_confusion, "Mistakes are what the table is for")
def right_ones_only(true, predicted):
    return confusion(true, predicted).diag().diag()


@wrong(check_confusion, "gives 10 at [0, 0], and 1 was expected")
def nonsense(true, predicted):
    return torch.full((10, 10), 10)


@wrong(check_confusion, "the shape (100,)")
def flat(true, predicted):
    return confusion(true, predicted).flatten()


@right(check_cross_entropy)
def cross_entropy_of_lists(scores, labels):
    total = 0
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        largest = max(row)
        total += largest + np.log(sum(np.exp(score - largest) for score in row)) - row[label]
    return np.float32(total / len(labels))


@wrong(check_cross_entropy, "should sum to 1")
def one_softmax_for_all(scores, labels):
    weights = (scores - scores.max()).exp()
    return -(weights / weights.sum())[torch.arange(len(labels)), labels].log().mean()


@wrong(check_cross_entropy, "you take the largest probability")
def of_the_predicted(scores, labels):
    return -scores.log_softmax(1).amax(1).mean()


@wrong(check_cross_entropy, "whole columns")
def all_rows_at_all_labels(scores, labels):
    return -scores.log_softmax(1)[:, labels].mean()


@right(check_train_head_only)
def train_a_copy_of_its_output(encoder, head, batch):
    images, labels = batch
    codes = copy.deepcopy(encoder).eval()(images).detach()
    parameters = list(head.parameters())
    slopes = torch.autograd.grad(nn.functional.cross_entropy(head(codes), labels), parameters)
    with torch.no_grad():
        for parameter, slope in zip(parameters, slopes, strict=True):
            parameter -= 0.01 * slope


@wrong(check_train_head_only, "uphill")
def minus_the_loss(encoder, head, batch):
    images, labels = batch
    encoder.eval()
    optimizer = torch.optim.Adam(head.parameters())
    (-nn.functional.cross_entropy(head(encoder(images).detach()), labels)).backward()
    optimizer.step()


@wrong(check_linear_probe, "a scale and a shift of its own")
def normalized_by_a_layer(codes, labels):
    return nn.Sequential(nn.BatchNorm1d(48), linear_probe(codes, labels))


@wrong(check_confusion, "`[row] * 10` makes no copies")
def one_row_ten_times(true, predicted):
    table = [[0] * 10] * 10
    for row, column in zip(true.tolist(), predicted.tolist(), strict=True):
        table[row][column] += 1
    return table


test_right, test_wrong = answer_tests(__name__)
