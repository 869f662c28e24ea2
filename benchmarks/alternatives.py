"""What was tried on our classifier and not kept: does it pay on this machine?"""

from functools import partial

import torch
from torch.nn.functional import cross_entropy

from benchmarks.rounds import first_images, new_classifier, ratios, seconds

#: How many steps are measured in a row.
STEPS = 50


def cases(data, quick):
    """Seconds for fifty training steps, and for the first one ever.

    torch.compile is left out where there is no compiler.
    """
    batch, labels = first_images(100, data)
    plain, in_16_bits, compiled = (new_classifier(batch) for _ in range(3))

    def with_autocast(images):
        with torch.autocast("cpu", torch.bfloat16):
            return in_16_bits(images)

    steps = {
        "plain": one_step(plain, plain, batch, labels),
        "bfloat16": one_step(in_16_bits, with_autocast, batch, labels),
        "torch.compile": one_step(compiled, torch.compile(compiled), batch, labels),
        "four seeds in one model": step_of_four_seeds(batch, labels),
    }
    if quick:  # The compiler takes longer than all other questions.
        del steps["torch.compile"]
    first = {}
    for name, step in steps.items():
        try:
            with torch._inductor.config.patch(force_disable_caches=True):  # As if never run before.
                first[name] = seconds(step)
        except torch._dynamo.exc.BackendCompilerFailed:
            print(f"Left out, since it takes a C++ compiler: {name}")
    return {name: partial(measure, steps[name], first[name]) for name in first}


def measure(step, first_step_seconds):
    return {"first_step_seconds": first_step_seconds, "seconds": seconds(repeat, step)}


def repeat(step):
    for _ in range(STEPS):
        step()


def one_step(model, forward, batch, labels):
    """A training step, as a function without arguments."""
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def step():
        optimizer.zero_grad()
        cross_entropy(forward(batch), labels).backward()
        optimizer.step()

    return step


def step_of_four_seeds(batch, labels):
    """A step of four classifiers with weights of their own, batched by torch.func."""
    models = [new_classifier(batch, seed) for seed in range(4)]
    parameters, buffers = torch.func.stack_module_state(models)
    optimizer = torch.optim.Adam(parameters.values(), fused=True)

    def loss(parameters, buffers):
        scores = torch.func.functional_call(models[0], (parameters, buffers), (batch,))
        return cross_entropy(scores, labels)

    def step():
        optimizer.zero_grad()
        torch.vmap(loss)(parameters, buffers).sum().backward()
        optimizer.step()

    return step


def results(rounds):
    """The time of each over that of the plain step.

    The model of four seeds does the work of four: its time is divided by as many.
    """
    took = {name: [one["seconds"] for one in values] for name, values in rounds.items()}
    over_plain = ratios(took, "plain")
    over_plain["four seeds in one model"] /= 4
    first = {name: values[0]["first_step_seconds"] for name, values in rounds.items()}
    return {"step_over_plain_step": over_plain, "first_step_seconds": first}
