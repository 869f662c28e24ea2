"""One training in several processes."""

import torch.distributed
from torch.nn.parallel import DistributedDataParallel


def join_processes(model, last_batch):
    """What `train` has to know of the process group it runs in, if it runs in one.

    Args:
        last_batch: how many images the smallest batch has.

    Returns:
        The rank of this process, the number of processes, and the model; among several processes
        one that averages the gradients of all.

    Raises:
        ValueError: there are more processes than images in the last batch.
    """
    if not torch.distributed.is_initialized():
        return 0, 1, model
    processes = torch.distributed.get_world_size()
    if last_batch < processes:
        raise ValueError(
            f"{processes} processes cannot share the last batch of an epoch, which has "
            f"{last_batch} images: choose another batch size."
        )
    return torch.distributed.get_rank(), processes, DistributedDataParallel(model)
