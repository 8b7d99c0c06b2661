"""Hints for a gradient, from vague to plain: which variable, then its shape and its rule, then its formula."""

from __future__ import annotations

import re

import numpy as np

from microgradnp.derivation.derive import Derivation, Step, derive
from microgradnp.derivation.notations import Text
from microgradnp.practice.exercise import Exercise, recorded_forward
from microgradnp.practice.judge import Check

READING = "A space is a matrix product, * multiplies entry by entry, ^T transposes."


def hints_for(exercise: Exercise, check: Check, depth: int) -> list[str]:
    """The first `depth` hints for one gradient."""
    steps = {step.name: step for step in derivation_of(exercise).steps}
    step = steps.get(check.of)
    if step is None or depth == 0:
        return []
    told = [f"{check.variable} has the shape of {check.of}, {step.shape}. Its rule: {step.rule}.", *step.says]
    told += [f"Yours: {check.how}."] if check.how else []
    return [*told, f"Formula: {'; '.join(formulas(step, steps))}. {READING}"] if depth > 1 else told


def formulas(step: Step, steps: dict[str, Step]) -> list[str]:
    """The equation of a step, and those of what it needs and has no name in the exercise."""
    notation = Text()
    found = [step.written(notation), *(f"{e.name} = {notation.write(e.term)[0]}" for e in step.where)]
    for equation in found:  # which grows
        needed = re.findall(r"dL/d(v\d+)", equation.partition(" = ")[2])
        found += [text for name in needed if name in steps and (text := steps[name].written(notation)) not in found]
    return found


def derivation_of(exercise: Exercise) -> Derivation:
    """The backward pass as mathematics, in the names of the exercise."""
    loss, _, nodes = recorded_forward(exercise.model, exercise.model.draw(np.random.default_rng(exercise.seed)))
    for name, node in nodes.items():
        node.name = name
    return derive(loss)
