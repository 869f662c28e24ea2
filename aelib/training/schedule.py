"""How the learning rate moves in the course of a training."""

from torch.optim.lr_scheduler import OneCycleLR


def one_cycle_schedule(optimizer, highest, steps):
    """Let the rate of `optimizer` rise to `highest` over the first 30 % of its `steps`, and fall to
    almost nothing over the rest (Smith, 2017, arXiv:1708.07120). It moves with each step."""
    schedule = OneCycleLR(optimizer, highest, total_steps=steps)
    optimizer.register_step_post_hook(lambda *_: schedule.step())
    return schedule
