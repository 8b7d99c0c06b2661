"""Mistakes of an optimizer's rule that numbers show: how what is remembered decays, and how it moves a parameter."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from microgradnp.debugger.judge.judged import quantity
from microgradnp.debugger.optimizer.by_graph import PRODUCTS, QUOTIENTS, is_correction, is_power_of_decay
from microgradnp.debugger.optimizer.memory import EXACT, Chain, law_of
from microgradnp.debugger.optimizer.mistake import ADAM, MOMENTUM, NESTEROV, PLAIN, SQUARES, Mistake, by_number, number_of
from microgradnp.debugger.optimizer.steps import Course, Stage, filled
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.structure import SUMS


def corrected_and_kept(course: Course, chains: list[Chain]) -> Iterator[Mistake]:  # noqa: ARG001  # all judges are called alike
    """The running mean is divided by 1 - b**t and stays so: the next step corrects it again."""
    for chain in chains:
        if not chain.degree or any(law.decay <= 0 or law.share <= 0 for law in chain.laws):
            continue
        sums = [law.decay + law.share for law in chain.laws]
        rates = [law.decay / total for law, total in zip(chain.laws, sums, strict=True)]
        left = [1 - 1 / total for total in sums]
        steady = abs(rates[0] - rates[1]) <= EXACT and 0 < rates[0] < 1
        site = chain.links[-1].site
        if steady and left[0] > 1e-6 and abs(left[1] - rates[0] * left[0]) <= EXACT * left[0] and site is not None:
            says = "the corrected mean is kept as the running one, and is corrected again in every step"
            yield Mistake(chain.argument, site, says, ADAM)


def grows(course: Course, chains: list[Chain]) -> Iterator[Mistake]:
    """A velocity is multiplied by more than one in each step; or a gradient is added to the one before and to more of it."""
    stage = course.stages[-1]
    for chain in chains:
        decay, site = chain.laws[0].decay, chain.links[-1].site
        if chain.degree == 1 and chain.is_steady and decay > 1 + EXACT and site is not None:
            says = f"the old velocity is multiplied by {decay:.6g}: it grows without end"
            readers = [n for n in stage.structure.consumers[chain.links[-2].number] if n.number > stage.start]
            if any(n.name in SUMS | {"iadd"} and n.site is not None for n in readers):
                says = "the gradient of an earlier step is still in it, and grows"
                yield Mistake(chain.argument, site, says, PLAIN, cause="gradient_accumulated_across_steps")
            else:
                yield Mistake(chain.argument, site, says, MOMENTUM)


def reverses(course: Course, chains: list[Chain]) -> Iterator[Mistake]:
    """A velocity turns round in each step: it is multiplied by a positive number, and then subtracted.

    A negative momentum that is written as a negative number is a variant.
    """
    stage = course.stages[-1]
    for chain in chains:
        decay, site = chain.laws[0].decay, chain.links[-1].site
        if chain.degree != 1 or not chain.is_steady or not -1 <= decay < 0 or site is None:
            continue
        products = [p for p in stage.structure.consumers[chain.links[-2].number] if p.name in PRODUCTS]
        factors = [number_of(arg) for p in products for arg in p.args]
        if any(c is not None and abs(c + decay) <= EXACT for c in factors):
            says = f"the old velocity is multiplied by {decay:.6g}: it turns round in every step"
            yield Mistake(chain.argument, site, says, MOMENTUM)


def subtracts_squares(course: Course, chains: list[Chain]) -> Iterator[Mistake]:  # noqa: ARG001
    """The square of the gradient is taken away from a mean of squares."""
    for chain in chains:
        site = chain.links[-1].site
        if chain.degree == 2 and all(law.share < 0 < law.decay for law in chain.laws) and site is not None:
            yield Mistake(chain.argument, site, "the square of the gradient is subtracted from the mean of squares", SQUARES)


def corrected_by_another(course: Course, chains: list[Chain]) -> Iterator[Mistake]:
    """A mean that decays by b is corrected by 1 - c**t with another number c."""
    for chain, correction, node in corrections(course, chains):
        base, decay = number_of(correction.args[0]), chain.laws[0].decay
        if node.name in QUOTIENTS and base is not None and abs(base - decay) > EXACT and node.site is not None:
            others = [c.laws[0].decay for c in chains if c is not chain]
            twin = any(abs(other - decay) <= EXACT for other in others) and not any(
                abs(other - base) <= EXACT for other in others
            )
            says = f"the mean decays by {decay:.6g}, and is corrected by 1 - {base:.6g}**t"
            yield Mistake(chain.argument, node.site, says, ADAM, mean=chain.links[-1].site, twin=twin)


def corrected_upside_down(course: Course, chains: list[Chain]) -> Iterator[Mistake]:
    """A mean that decays by b is multiplied by 1 - b**t."""
    for chain, correction, node in corrections(course, chains):
        base = number_of(correction.args[0])
        if node.name in PRODUCTS and base is not None and abs(base - chain.laws[0].decay) <= EXACT and node.site is not None:
            yield Mistake(chain.argument, node.site, f"the mean is multiplied by 1 - {base:.6g}**t, not divided", ADAM)


def corrections(course: Course, chains: list[Chain]) -> Iterator[tuple[Chain, Node, Node]]:
    """(mean, the b**t, the quotient or product) wherever a mean meets a 1 - b**t."""
    stage = course.stages[-1]
    for chain in chains:
        if not chain.degree or not chain.is_steady or not 0 < abs(chain.laws[0].decay) < 1:
            continue
        mean = chain.links[-1]
        for node in stage.structure.consumers[mean.number]:
            if (
                node.name not in QUOTIENTS + PRODUCTS
                or len(node.args) != 2
                or (node.name in QUOTIENTS and node.args[0] is not mean)
            ):
                continue
            other = node.args[1] if node.args[0] is mean else node.args[0]
            is_power = is_correction if node.name in QUOTIENTS else is_power_of_decay
            powers = [p for p in stage.record.parents(other) if is_power(p, stage)] if type(other) is Node else []
            if len(powers) == 1:
                yield chain, powers[0], node


def weighted_by_another(course: Course, chains: list[Chain]) -> Iterator[Mistake]:
    """A mean that decays by b takes 1 - c of each gradient, where c is the decay of another mean."""
    for chain in chains:
        law, site = chain.laws[0], chain.links[-1].site
        others = [c.laws[0].decay for c in chains if c is not chain and abs(c.laws[0].decay - law.decay) > EXACT]
        borrowed = next((c for c in others if abs(1 - c - law.share) <= EXACT and 0 < c < 1), None)
        counts = chain.degree == 2 or any(c is chain for c, _, _ in corrections(course, chains))
        if borrowed is not None and counts and chain.is_steady and 0 < law.decay < 1 and site is not None:
            says = f"the mean decays by {law.decay:.6g}, and takes 1 - {borrowed:.6g} of each new value"
            yield Mistake(chain.argument, site, says, ADAM if chain.degree == 1 or len(chains) > 1 else SQUARES)


def overshoots(course: Course, chains: list[Chain]) -> Iterator[Mistake]:
    """The old velocity moves the parameter by more than plain momentum would, backwards, or not at all.

    Nesterov's rule, and a mean of momentum and plain descent, take less of it, and never a negative part.
    """
    stage = course.stages[-1]
    for chain in chains:
        own, end = chain.laws[0], stage.ends[chain.argument]
        if chain.degree != 1 or not chain.is_steady or not 0 < own.decay < 1 or end.site is None:
            continue
        moves = law_of(chain.links[-2], end, stage)
        if moves is None or moves.degree != 1:
            continue
        part = moves.decay / moves.share / (own.decay / own.share)  # of the old velocity, as against plain momentum
        if EXACT < part <= 1 + EXACT:
            continue
        how = "more than plain momentum does" if part > 1 else "backwards" if part < -EXACT else "by nothing: it cancels out"
        yield Mistake(chain.argument, end.site, f"the old velocity moves the parameter {how}", NESTEROV)


def without_root(course: Course, chains: list[Chain]) -> Iterator[Mistake]:
    """Adam, in which the step is divided by the mean of squares itself."""
    stage = course.stages[-1]
    first = [c for c in chains if c.degree == 1 and 0 < c.laws[0].decay < 1]
    second = [c for c in chains if c.degree == 2 and 0 < c.laws[0].decay < 1]
    if not first or not second or not any(is_correction(n, stage) for n in stage.update(second[0].argument)):
        return
    chain, link = second[0], second[0].links[-1]
    end, value = stage.ends[chain.argument], link.value
    large = 10 * max(1.0, float(np.max(value)))  # eps is nothing beside it
    runs = [quantity(end, stage.replayed(end, None, {link: filled(value, c)})) for c in (large, 4 * large, 1e12 * large)]
    if any(run is None for run in runs):
        return
    moves = [run - runs[2] for run in runs[:2] if run is not None]
    if np.any(moves[0]) and np.allclose(moves[1], moves[0] / 4, rtol=0.02, atol=0):
        site = next((n.site for n in by_number(readers_below(link, stage, end)) if n.site is not None), None)
        if site is not None:
            yield Mistake(chain.argument, site, "the step is divided by the mean of squares, not by its root", ADAM)


def readers_below(link: Node, stage: Stage, end: Node) -> set[Node]:
    """The divisions on the way from a mean to the parameter, by something that is made from it."""
    way = stage.structure.after([link]) & stage.structure.before([end])
    quotients = {n for n in way if n.name in QUOTIENTS and len(n.args) == 2 and n.args[1] in way}
    return {n for n in quotients if n.args[0] not in way}
