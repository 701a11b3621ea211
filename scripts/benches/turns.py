"""Competitors take turns within one run: what else the machine does meanwhile slows all of them."""

import statistics
from collections.abc import Callable, Mapping, Sequence

Sampler = Callable[[int], Sequence[float]]
"""Takes so many samples, each in seconds."""


def take_turns(samplers: Mapping[str, Sampler], *, rounds: int, samples: int) -> dict[str, list[float]]:
    """Give each sampler's median of each round; a first round warms up and is thrown away."""
    found: dict[str, list[float]] = {name: [] for name in samplers}
    names = list(samplers)
    for turn in range(rounds + 1):
        first = turn % len(names)  # so that nobody always follows the same one
        for name in names[first:] + names[:first]:
            median = statistics.median(samplers[name](samples))
            if turn:
                found[name].append(median)
    return found
