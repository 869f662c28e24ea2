"""One training in several processes."""

import torch
import torch.distributed

# Before there is a process group: its functions take that of the moment of import as a default, so
# that no group ever ends, gloo's threads with it, and now and then Python is aborted by them while
# it ends. PyTorch imports it by itself, but only with the first optimizer.
import torch.distributed.nn
from torch import nn
from torch.nn.parallel import DistributedDataParallel


def join_processes(model, loss_function, smallest_batch):
    """What `train_epoch` works with in a `torch.distributed` process group; outside of one, the
    `model` and the `loss_function` as they are.

    Returns:
        A model that takes a whole batch, computes the share of this process and, going backward,
        averages the gradients of all; and a loss function for it. The average over the processes
        of its losses is the loss of the whole batch.

    Raises:
        ValueError: there are more processes than images in the smallest batch.
    """
    rank, processes = rank_and_processes()
    if processes == 1:
        return model, loss_function
    if smallest_batch < processes:
        raise ValueError(
            f"{processes} processes cannot share the last batch of an epoch, which has "
            f"{smallest_batch} images: choose another batch size."
        )

    def loss_of_share(outputs, targets):
        share = targets[rank::processes]
        return loss_function(outputs, share) * (len(share) * processes / len(targets))

    return _Share(DistributedDataParallel(model), rank, processes), loss_of_share


class _Share(nn.Module):
    """A network that is given a whole batch and computes every n-th image of it."""

    def __init__(self, network, first, step):
        super().__init__()
        self.network = network
        self.first, self.step = first, step

    def forward(self, inputs):
        return self.network(inputs[self.first :: self.step])


def rank_and_processes():
    """Which process this is, and of how many."""
    if not torch.distributed.is_initialized():
        return 0, 1
    return torch.distributed.get_rank(), torch.distributed.get_world_size()


def mean_over_processes(number, device):
    """The mean of the numbers that the processes call this with."""
    _, processes = rank_and_processes()
    if processes == 1:
        return number
    total = torch.tensor(number, dtype=torch.float32, device=device)
    torch.distributed.all_reduce(total)
    return total.item() / processes
