"""Right and wrong answers to the exercises of lesson 2."""

import numpy as np
import torch
from learners import answer_tests, right, wrong
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from aelib.exercises import (
    check_build_encoder,
    check_is_dead,
    check_output_size,
    check_train_epoch,
)


@right(check_output_size)
def output_size(n, kernel, stride=1, padding=0):
    return (n + 2 * padding - kernel) // stride + 1


@right(check_output_size)
def output_size_by_walking(n, kernel, stride=1, padding=0):
    places, start = 0, -padding
    while start + kernel <= n + padding:
        places, start = places + 1, start + stride
    return places


@right(check_output_size)
def output_size_of_torch(n, kernel, stride=1, padding=0):
    layer = nn.Conv2d(1, 1, kernel, stride, padding)
    return torch.tensor(layer(torch.zeros(1, 1, n, n)).shape[-1])


@wrong(check_output_size, "Where is the kernel")
def sides_only(n, kernel, stride=1, padding=0):
    return n // stride


@wrong(check_output_size, "the kernel makes no difference")
def as_if_padded_to_the_same(n, kernel, stride=1, padding=0):
    return int(np.ceil(n / stride))


@wrong(check_output_size, "Both sides have it")
def padding_once(n, kernel, stride=1, padding=0):
    return (n + padding - kernel) // stride + 1


@wrong(check_output_size, "one too few: count positions")
def gaps(n, kernel, stride=1, padding=0):
    return (n + 2 * padding - kernel) // stride


@wrong(check_output_size, "one too many")
def rounded_up(n, kernel, stride=1, padding=0):
    return int(np.ceil((n + 2 * padding - kernel) / stride)) + 1


@wrong(check_output_size, "half a place")
def not_rounded(n, kernel, stride=1, padding=0):
    return (n + 2 * padding - kernel) / stride + 1


@wrong(check_output_size, "stride makes no difference")
def no_stride(n, kernel, stride=1, padding=0):
    return n + 2 * padding - kernel + 1


@wrong(check_output_size, "padding makes no difference")
def no_padding(n, kernel, stride=1, padding=0):
    return (n - kernel) // stride + 1


@wrong(check_output_size, "whatever the stride")
def first_place_divided(n, kernel, stride=1, padding=0):
    return (n + 2 * padding - kernel + 1) // stride


@wrong(check_output_size, "output_size(3, 1) gives 4, and 3 was expected")
def one_too_many(n, kernel, stride=1, padding=0):
    return (n + 2 * padding - kernel) // stride + 2


@wrong(check_output_size, "may be left out")
def no_defaults(n, kernel, stride, padding):
    return (n + 2 * padding - kernel) // stride + 1


@right(check_build_encoder)
def build_encoder(code_channels):
    return nn.Sequential(
        nn.Conv2d(1, 24, kernel_size=5, stride=2, padding=2),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(24, 64, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.Conv2d(64, code_channels, kernel_size=4),
    )


@right(check_build_encoder)
class OfLinearLayers(nn.Module):
    def __init__(self, code_channels):
        super().__init__()
        self.channels = code_channels
        self.layers = nn.Sequential(nn.Linear(784, 20), nn.BatchNorm1d(20), nn.ReLU())
        self.last = nn.Linear(20, 16 * code_channels)

    def forward(self, images):
        codes = self.last(self.layers(images.flatten(1)))
        return codes.view(-1, self.channels, 4, 4)


@right(check_build_encoder)
def with_strides(code_channels):
    layers = [nn.Conv2d(1, 8, 7, stride=7), nn.Tanh(), nn.Conv2d(8, code_channels, 1)]
    return nn.Sequential(*layers)


@wrong(check_build_encoder, "below 0")
def a_last_relu(code_channels):
    return nn.Sequential(*build_encoder(code_channels), nn.ReLU())


@wrong(check_build_encoder, "flattened")
def flattened(code_channels):
    return nn.Sequential(*build_encoder(code_channels), nn.Flatten())


@wrong(check_build_encoder, "Print the shape after each layer")
def seven_left(code_channels):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.MaxPool2d(2), nn.Conv2d(8, code_channels, 1)
    )


@wrong(check_build_encoder, "which layer has to know")
def always_three(code_channels):
    return build_encoder(3)


@wrong(check_build_encoder, "weights; fewer than 20,000")
def too_large(code_channels):
    return nn.Sequential(
        nn.Conv2d(1, 200, 7, stride=7), nn.Conv2d(200, code_channels, 5, padding=2)
    )


@wrong(check_build_encoder, "nothing to train")
def only_pooling(code_channels):
    return nn.Sequential(
        nn.InstanceNorm2d(1), nn.AvgPool2d(7), nn.Upsample(scale_factor=1), Repeat(code_channels)
    )


class Repeat(nn.Module):
    def __init__(self, times):
        super().__init__()
        self.times = times

    def forward(self, images):
        return images.repeat(1, self.times, 1, 1)


@wrong(check_build_encoder, "raises RuntimeError")
def does_not_fit(code_channels):
    return nn.Sequential(nn.Conv2d(1, 8, 7, stride=7), nn.Conv2d(4, code_channels, 1))


@wrong(check_build_encoder, "the class")
def the_class(code_channels):
    return OfLinearLayers


@wrong(check_build_encoder, "a list of")
def a_list(code_channels):
    return list(build_encoder(code_channels))


@right(check_train_epoch)
def train_epoch(model, inputs, targets, optimizer, batch_size, generator):
    total = 0.0
    for batch in torch.randperm(len(inputs), generator=generator).split(batch_size):
        loss = nn.functional.mse_loss(model(inputs[batch]), targets[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(inputs)


@right(check_train_epoch)
def train_epoch_by_a_loader(model, inputs, targets, optimizer, batch_size, generator):
    model.train()
    loader = DataLoader(
        TensorDataset(inputs, targets), batch_size, shuffle=True, generator=generator
    )
    losses, criterion = [], nn.MSELoss()
    for images, aims in loader:
        optimizer.zero_grad()
        loss = criterion(model(images), aims)
        loss.backward()
        optimizer.step()
        losses += [loss.item()] * len(images)
    return np.mean(losses)


@right(check_train_epoch)
def train_epoch_with_a_tensor(model, inputs, targets, optimizer, batch_size, generator):
    order = torch.randperm(len(inputs), generator=generator)
    total = torch.zeros(())
    for start in range(0, len(inputs), batch_size):
        batch = order[start : start + batch_size]
        errors = (model(inputs[batch]) - targets[batch]).square().flatten(1).mean(1)
        optimizer.zero_grad()
        errors.mean().backward()
        optimizer.step()
        total += errors.detach().sum()
    return total / len(inputs)


def epoch(
    order=None,
    clear=True,
    step=True,
    aim=lambda inputs, targets, batch: targets[batch],
    loss_function=nn.functional.mse_loss,
    value=lambda losses, sizes: float((losses * sizes).sum() / sizes.sum()),
    drop=False,
    batches=None,
):
    """An epoch that can go wrong in many ways."""

    def train_epoch(model, inputs, targets, optimizer, batch_size, generator):
        losses, sizes = [], []
        if order:
            places = order(len(inputs), generator)
        else:
            places = torch.randperm(len(inputs), generator=generator)
        for batch in places.split(batch_size)[:batches]:
            if drop and len(batch) < batch_size:
                continue
            loss = loss_function(model(inputs[batch]), aim(inputs, targets, batch))
            if clear:
                optimizer.zero_grad()
            loss.backward()
            if step:
                optimizer.step()
            losses.append(loss.item())
            sizes.append(len(batch))
        return value(np.array(losses), np.array(sizes))

    return train_epoch


MISTAKES = {
    "right after one step, wrong after two": epoch(clear=False),
    "weights have not moved": epoch(step=False),
    "mean of the batches' means": epoch(value=lambda losses, sizes: losses.mean()),
    "the loss of the last batch only": epoch(value=lambda losses, sizes: losses[-1]),
    "the sum of the batches' losses": epoch(value=lambda losses, sizes: losses.sum()),
    "a sum over samples": epoch(value=lambda losses, sizes: (losses * sizes).sum()),
    "as that of a full one": epoch(
        value=lambda losses, sizes: losses.sum() * max(sizes) / sum(sizes)
    ),
    "all samples, not by batches": epoch(value=lambda losses, sizes: losses @ sizes / len(sizes)),
    "Where does `return` stand": epoch(batches=1),
    "divides it once more": epoch(value=lambda losses, sizes: losses.sum() / sizes.sum()),
    "a mean or a sum": epoch(loss_function=lambda a, b: (a - b).square().sum()),
    "What are `targets` for": epoch(aim=lambda inputs, targets, batch: inputs[batch]),
    "taken in the same order": epoch(aim=lambda inputs, targets, batch: targets[: len(batch)]),
    "does not change with the seed": epoch(order=lambda count, _: torch.arange(count)),
    "Something is drawn without it": epoch(order=lambda count, _: torch.randperm(count)),
    "the last batch is left out": epoch(drop=True),
    "some were seen twice": epoch(
        order=lambda count, generator: torch.randint(count, (count,), generator=generator)
    ),
    "it trains, but returns nothing": epoch(value=lambda losses, sizes: None),
}
for number, (words, function) in enumerate(MISTAKES.items()):
    function.__name__ = f"epoch_{number}"
    wrong(check_train_epoch, words)(function)


@wrong(check_train_epoch, "still carries the graph")
def with_its_graph(model, inputs, targets, optimizer, batch_size, generator):
    total = 0
    for batch in torch.randperm(len(inputs), generator=generator).split(batch_size):
        loss = nn.functional.mse_loss(model(inputs[batch]), targets[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss * len(batch)
    return total / len(inputs)


@wrong(check_train_epoch, "one step for the whole epoch")
def one_step(model, inputs, targets, optimizer, batch_size, generator):
    total = 0
    for batch in torch.randperm(len(inputs), generator=generator).split(batch_size):
        loss = nn.functional.mse_loss(model(inputs[batch]), targets[batch])
        loss.backward()
        total += loss.item() * len(batch)
    optimizer.step()
    return total / len(inputs)


@wrong(check_train_epoch, "weights have not moved")
def cleared_too_late(model, inputs, targets, optimizer, batch_size, generator):
    total = 0
    for batch in torch.randperm(len(inputs), generator=generator).split(batch_size):
        loss = nn.functional.mse_loss(model(inputs[batch]), targets[batch])
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(inputs)


@wrong(check_train_epoch, "the batches had sizes [10]")
def one_batch(model, inputs, targets, optimizer, batch_size, generator):
    if len(inputs) < 10:
        return train_epoch(model, inputs, targets, optimizer, batch_size, generator)
    return train_epoch(model, inputs, targets, optimizer, len(inputs), generator)


@wrong(check_train_epoch, "weight 0")
def an_optimizer_of_its_own(model, inputs, targets, optimizer, batch_size, generator):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    return train_epoch(model, inputs, targets, optimizer, batch_size, generator)


@right(check_is_dead)
def is_dead(network, images):
    with torch.no_grad():
        return not (network(images) > 0).any()


@right(check_is_dead)
def is_dead_by_its_gradient(network, images):
    network.zero_grad()
    nn.functional.mse_loss(network(images), images).backward()
    return all(parameter.grad.abs().max() == 0 for parameter in network.parameters())


@right(check_is_dead)
def is_dead_in_a_loop(network, images):
    for image in images:
        if network(image[None]).detach().numpy().max() > 0:
            return np.bool_(False)
    return np.bool_(True)


@right(check_is_dead)
def is_dead_before_the_relu(network, images):
    return (network[:-1](images) <= 0).all()


@wrong(check_is_dead, "go by the bias")
def by_the_bias(network, images):
    return network[-2].bias.item() < 0


@wrong(check_is_dead, "one image only")
def by_the_first_image(network, images):
    return network(images[:1]).max().item() == 0


@wrong(check_is_dead, "one image that comes out black")
def any_black_image(network, images):
    return any(network(image[None]).max().item() == 0 for image in images)


@wrong(check_is_dead, "the other way round")
def is_alive(network, images):
    return (network(images) > 0).any()


@wrong(check_is_dead, "one pixel that is 0")
def any_black_pixel(network, images):
    return (network(images) == 0).any()


@wrong(check_is_dead, "True or False")
def the_output(network, images):
    return network(images)


@right(check_output_size)
def output_size_counted(n, kernel, stride=1, padding=0):
    return np.float64(len(range(-padding, n + padding - kernel + 1, stride)))


@wrong(check_output_size, "the padding is added to what comes out")
def padding_afterwards(n, kernel, stride=1, padding=0):
    return (n - kernel) // stride + 1 + 2 * padding


@wrong(check_output_size, "*transposed*")
def the_way_back(n, kernel, stride=1, padding=0):
    return (n - 1) * stride - 2 * padding + kernel


@wrong(check_output_size, "how many numbers come out")
def the_area(n, kernel, stride=1, padding=0):
    return output_size(n, kernel, stride, padding) ** 2


@right(check_build_encoder)
def one_layer(code_channels):
    return nn.Conv2d(1, code_channels, kernel_size=7, stride=7)


@wrong(check_build_encoder, "where does PyTorch have the channels")
def channels_last(code_channels):
    class Last(nn.Sequential):
        def forward(self, images):
            return super().forward(images).movedim(1, 3)

    return Last(one_layer(code_channels))


@right(check_train_epoch)
def train_epoch_in_numpy_batches(model, inputs, targets, optimizer, batch_size, generator):
    model.train()
    order = torch.randperm(len(inputs), generator=generator).numpy()
    squares = 0
    for batch in np.array_split(order, range(batch_size, len(order), batch_size)):
        errors = (model(inputs[batch]) - targets[batch]) ** 2
        errors.mean().backward()
        optimizer.step()
        model.zero_grad()
        squares += errors.detach().sum().item()
    return np.float64(squares / targets.numel())


@wrong(check_is_dead, "calls every network alive")
def below_zero(network, images):
    return bool((network(images) < 0).all())


@wrong(check_is_dead, "calls every network dead")
def always_dead(network, images):
    return True


@wrong(check_build_encoder, "Does its `forward` end with `return`")
def nothing_back(code_channels):
    class Nothing(nn.Sequential):
        def forward(self, images):
            super().forward(images)

    return Nothing(one_layer(code_channels))


@wrong(check_train_epoch, "the loss has no gradient")
def without_gradients(*arguments):
    with torch.no_grad():
        return train_epoch(*arguments)


@wrong(check_is_dead, "the last of twelve images gives True")
def the_first_ten(network, images):
    return is_dead(network, images[:10])


@wrong(check_is_dead, "one grey everywhere gives True")
def without_spread(network, images):
    return network(images).std() == 0


@wrong(check_is_dead, "gives 0.")
def the_largest(network, images):
    return network(images).max().item()


test_right, test_wrong = answer_tests(__name__)
