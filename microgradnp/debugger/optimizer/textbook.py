"""Does an optimizer follow a textbook rule? Each rule is computed beside it, from its gradients and the numbers in its code.

The formulas are those of Polyak (1964) for momentum, Nesterov (1983) for the look-ahead, Duchi et al. (2011) for AdaGrad, Hinton
(2012) for RMSProp, Kingma and Ba (2015) for Adam, and Loshchilov and Hutter (2019) for the decay beside it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from microgradnp.debugger.optimizer.mistake import number_of
from microgradnp.debugger.optimizer.steps import Course, Stage
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.structure import read

EXACT, SINGLE = 1e-6, 1e-3  # relative error of the movements, in double and in single precision
SAME = 1e-4  # relative difference of two rates
MOST_NUMBERS = 12
LEAST_DECAY = 0.1  # a number below is no decay of what is remembered
MOST_EPS = 1e-3
MOST_WEIGHT_DECAY = 0.01
GRADIENT_DESCENT = "gradient descent"
Arrays = list[np.ndarray]


class Walk(NamedTuple):
    """Where a parameter is before and after each step, and the gradients there."""

    places: Arrays
    gradients: Arrays


class Rule(NamedTuple):
    """The name of a rule, and whether the parameter also decays: that is no part of the model's loss."""

    name: str
    decays: bool


def rules_of(course: Course) -> dict[str, str] | None:
    """The rule that each parameter follows in all steps: "Adam", say. None where one follows none.

    Weights may decay, and biases stay. That a bias decays beside larger weights that do not is no rule.
    """
    found, sizes = {}, {}
    for argument in course.arguments:
        walk = walk_of(course, argument)
        rule = rule_of(walk, numbers_of(course, argument)) if walk is not None else None
        if walk is None or rule is None:
            return None
        found[argument], sizes[argument] = rule, walk.places[0].size
    least = max((sizes[argument] for argument, rule in found.items() if not rule.decays), default=0)
    if any(rule.decays and sizes[argument] < least for argument, rule in found.items()):
        return None
    return {argument: rule.name for argument, rule in found.items()}


def rule_of(walk: Walk, known: list[float]) -> Rule | None:
    """The first rule that moves a parameter as it moves, at a rate that the code knows; None where none does."""
    numbers = [c for c in known if 0 < c < 1][:MOST_NUMBERS]
    for penalty in (0.0, *(c for c in numbers if c < 0.5)):
        gradients = [g + penalty * w for g, w in zip(walk.gradients, walk.places, strict=False)]
        for name, directions, decay in rules(gradients, numbers):
            rate, decays = rate_of(walk.places, directions)
            if rate and np.any(np.abs(rates(known, decay) - rate) <= SAME * rate):
                return Rule(name, decays or penalty > 0)
    return None


def rates(known: list[float], decay: float) -> np.ndarray:
    """The rates that some numbers make: one of them, the product of two, or that divided by a count.

    A velocity that is a mean takes 1 - decay of each gradient. A weight decay that comes after the step takes its share of the
    step, too. No rate is the square of one, or takes its own decay.
    """
    others = [c for c in known if abs(c - decay) > SAME * c]
    pairs = [a * b for a, b in itertools.combinations(others, 2)]
    counts = [1.0, *(c for c in known if c >= 2)]
    shares = [1.0, 1 - decay, *(1 - c for c in known if 0 < c <= MOST_WEIGHT_DECAY)]
    return np.array([a * share / n for a in (1.0, *others, *pairs) for share in shares for n in counts])


def rules(gradients: Arrays, numbers: list[float]) -> Iterator[tuple[str, Arrays, float]]:
    """(name, directions, the decay of a velocity that may be a mean) of every rule with every choice of numbers."""
    shares = list(dict.fromkeys(c for number in numbers for c in (number, 1 - number) if LEAST_DECAY <= c < 1))
    yield GRADIENT_DESCENT, gradients, 0.0
    for mu in shares:
        velocities = decaying(gradients, mu)
        yield "momentum", velocities, mu
        yield "Nesterov's momentum", [g + mu * v for g, v in zip(gradients, velocities, strict=True)], mu
    for name, directions in adaptive(gradients, shares, [0.0, *(c for c in numbers if c < MOST_EPS)]):
        yield name, directions, 0.0


def adaptive(gradients: Arrays, shares: list[float], tiny: list[float]) -> Iterator[tuple[str, Arrays]]:
    """The rules that divide by the root of a mean of squares. Adam corrects both of its means, or none."""
    squares = [g**2 for g in gradients]
    for eps in tiny:
        yield from over_roots("AdaGrad", gradients, decaying(squares, 1.0), eps)
        for rho in shares:
            yield from over_roots("RMSProp", gradients, [(1 - rho) * s for s in decaying(squares, rho)], eps)
        for b1, b2 in itertools.product(shares, shares):
            means = [(1 - b1) * v for v in decaying(gradients, b1)]
            spreads = [(1 - b2) * s for s in decaying(squares, b2)]
            if b1**2 > b2:  # then no proof of Adam holds: the two may be exchanged
                continue
            for first, second in ((corrected(means, b1), corrected(spreads, b2)), (means, spreads)):
                yield from over_roots("Adam", first, second, eps)
            scaled = [eps / np.sqrt(1 - b2**t) for t in range(1, len(means) + 1)]  # where the rate holds both corrections
            roots = [np.sqrt(s) + e for s, e in zip(corrected(spreads, b2), scaled, strict=True)]
            yield "Adam", [m / r for m, r in zip(corrected(means, b1), roots, strict=True)]


def decaying(values: Arrays, decay: float) -> Arrays:
    """The running sums s = decay * s + value."""
    sums = values[:1]
    for value in values[1:]:
        sums = [*sums, decay * sums[-1] + value]
    return sums


def corrected(means: Arrays, decay: float) -> Arrays:
    """m / (1 - decay**t) with t = 1, 2, ..."""
    return [m / (1 - decay**t) for t, m in enumerate(means, 1)]


def over_roots(name: str, tops: Arrays, squares: Arrays, eps: float) -> Iterator[tuple[str, Arrays]]:
    """The quotients with eps beside the root, and inside of it."""
    with np.errstate(all="ignore"):
        yield name, [m / (np.sqrt(s) + eps) for m, s in zip(tops, squares, strict=True)]
        if eps:
            yield name, [m / np.sqrt(s + eps) for m, s in zip(tops, squares, strict=True)]


def rate_of(places: Arrays, directions: Arrays) -> tuple[float, bool]:
    """The rate, where each step is -rate * direction - decay * parameter, and whether it decays; (0, False) where it is not."""
    moves = np.concatenate([(b - a).ravel() for a, b in itertools.pairwise(places)])
    ways = np.concatenate([d.ravel() for d in directions[: len(places) - 1]])
    if not (np.isfinite(ways).all() and np.isfinite(moves).all() and np.any(moves)):
        return 0.0, False
    columns = np.stack([ways, np.concatenate([w.ravel() for w in places[:-1]])], axis=1)
    single = all(place.dtype == np.float32 for place in places)
    allowed = (SINGLE if single else EXACT) * np.max(np.abs(moves))
    for used in (columns[:, :1], columns):
        factors, *_ = np.linalg.lstsq(used.astype(float), moves.astype(float), rcond=None)
        if np.max(np.abs(used @ factors - moves)) <= allowed and factors[0] < 0 and np.all(factors[1:] <= 0):
            return -float(factors[0]), len(factors) > 1
    return 0.0, False


# ----------------------------------------------------------------------------------------------- what the record shows


def walk_of(course: Course, argument: str) -> Walk | None:
    """The way of a parameter, as far as it is known whole. None where its entries are not found in the array that moves."""
    stages = course.stages
    nodes = [*(stage.before[argument] for stage in stages), *([stages[-1].ends[argument]] if len(stages) <= 3 else [])]
    values = [np.asarray(node.value) for node in nodes]
    shape = np.squeeze(np.asarray(stages[0].gradients[argument].value)).shape
    if any(np.squeeze(value).shape != shape for value in values):
        where = entries_of(course, argument, values[0])
        if where is None:
            return None
        values = [value.ravel()[where] for value in values]
    signs = [np.sign(stage.factors[argument]) for stage in stages]
    gradients = [s * np.asarray(stage.gradients[argument].value) for s, stage in zip(signs, stages, strict=True)]
    flat = [g.reshape(values[0].shape) for g in gradients[: len(values) - 1]]
    return Walk(values, flat) if np.any(flat[0]) else None


def entries_of(course: Course, argument: str, held: np.ndarray) -> np.ndarray | None:
    """Where the entries of a parameter lie in a flat array of all parameters. None where their values do not tell."""
    value, flat = np.asarray(read(course.first.before[argument], course.first.values)), held.ravel()
    order = np.argsort(flat)
    ranked = flat[order]
    if np.any(ranked[1:] == ranked[:-1]) or not np.isin(value, flat).all():
        return None
    where: np.ndarray = order[np.searchsorted(ranked, value.ravel())]
    return where


def numbers_of(course: Course, argument: str) -> list[float]:
    """The numbers with which the update of a parameter computes."""
    found: dict[float, None] = {}
    for stage in course.stages[:2]:
        found |= dict.fromkeys(number for number in numbers_in(stage, argument) if number > 0)
    return sorted(found, reverse=True)


def numbers_in(stage: Stage, argument: str) -> Iterator[float]:
    """Every number of the program that is an operand in an update."""
    for node in sorted(stage.update(argument), key=lambda node: node.number):
        for operand in node.args if isinstance(node.args, tuple) else ():
            is_made = type(operand) is Node and operand.kind == "operation"  # as 1 - b and b**t are
            if not is_made and (number := number_of(operand)) is not None:
                yield number
