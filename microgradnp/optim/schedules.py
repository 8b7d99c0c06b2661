"""Learning rates as functions of the iteration, which counts from 0: `optimizer.lr = schedule(iteration)`."""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[int], float]


def constant(lr: float) -> Schedule:
    """The same rate at all iterations.

    Returns a function: the number of an iteration, counted from 0 -> the rate.

    >>> import microgradnp as mg
    >>> round(mg.optim.constant(0.1)(5), 6)
    0.1
    """
    return lambda iteration: lr


def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """lr * factor ** (iteration // every).

    Returns a function: the number of an iteration, counted from 0 -> the rate.

    >>> import microgradnp as mg
    >>> round(mg.optim.step_decay(0.1, 10)(10), 6)
    0.01
    """
    return lambda iteration: lr * factor ** (iteration // every)


def exponential(lr: float, factor: float) -> Schedule:
    """lr * factor ** iteration.

    Returns a function: the number of an iteration, counted from 0 -> the rate.

    >>> import microgradnp as mg
    >>> round(mg.optim.exponential(0.1, 0.5)(2), 6)
    0.025
    """
    return lambda iteration: lr * factor**iteration


def cosine(lr: float, iterations: int, lowest: float = 0.0) -> Schedule:
    """Half a cosine from `lr` down to `lowest`, where it stays: I. Loshchilov and F. Hutter, "SGDR" (2017), equation 5.

    Returns a function: the number of an iteration, counted from 0 -> the rate.

    >>> import microgradnp as mg
    >>> round(mg.optim.cosine(0.1, 100)(50), 6)
    0.05
    """
    return lambda iteration: between(lr, lowest, min(iteration / iterations, 1.0))


def warm_up(schedule: Schedule, iterations: int) -> Schedule:
    """A straight line from nearly 0 up to the schedule's first rate, and then the schedule from its beginning.

    Returns a function: the number of an iteration, counted from 0 -> the rate.

    >>> import microgradnp as mg
    >>> round(mg.optim.warm_up(mg.optim.constant(0.1), 10)(4), 6)
    0.045455
    """
    return lambda k: schedule(0) * (k + 1) / (iterations + 1) if k < iterations else schedule(k - iterations)


def one_cycle(highest: float, iterations: int, *, rise: float = 0.3, start: float = 25.0, end: float = 1e4) -> Schedule:
    """Half a cosine from highest / start up to `highest`, and another one down to highest / start / end.

    `rise` is the share of the iterations that the rate rises. The numbers are PyTorch's. L. N. Smith and N. Topin,
    "Super-convergence" (2018).

    Returns a function: the number of an iteration, counted from 0 -> the rate.

    >>> import microgradnp as mg
    >>> round(mg.optim.one_cycle(0.1, 100)(29), 6)
    0.1
    """
    top = rise * iterations - 1

    def lr(iteration: int) -> float:
        if iteration <= top:
            return between(highest / start, highest, iteration / top)
        return between(highest, highest / start / end, min((iteration - top) / (iterations - 1 - top), 1.0))

    return lr


def between(first: float, last: float, part: float) -> float:
    """The value at a part of the way, from 0 to 1, on half a cosine."""
    return last + (first - last) * (1 + math.cos(math.pi * part)) / 2
