"""The proof of a printed text: run, it returns what the graph returns."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.derivatives.trees import leaves
from microgradnp.emitter.families import Axis, Family
from microgradnp.emitter.question import Answer, Question
from microgradnp.emitter.sizes import Equal
from microgradnp.emitter.source import Source

ROUNDING = 100  # of this many units in the last place of the largest entry: sums are taken in another order


def returns(source: Source, question: Question, answer: Answer) -> bool:
    """Whether the text, called with the arguments of a question, returns the answer."""
    value, found = run(source, question)
    found = [leaf for leaf in leaves(found) if leaf is not None]
    return all(close(a, b) for a, b in zip([value, *found], [answer.value, *answer.gradients], strict=True))


def run(source: Source, question: Question) -> Any:
    """What the function of a text returns for the arguments of a question."""
    namespace: dict[str, Any] = {}
    exec(compile(source.text, f"<{source.name}>", "exec"), namespace)
    with np.errstate(all="ignore"):
        return namespace[source.name](*source.arguments(question))


def refuses_misfits(source: Source, family: Family) -> bool:
    """Whether the text raises an error when one axis of a family is longer than the others.

    Of most families that is known from their steps, and only the others are tried.
    """
    if family.proven or len(family.axes) < 2:
        return True
    for argument, axis in family.axes:
        shapes = [list(value.shape) for value in source.program.inputs]
        shapes[argument][axis] += 1
        try:
            run(source, source.question.resized([tuple(shape) for shape in shapes]))
        except Exception:  # NumPy refuses
            continue
        return False
    return True


def stretched_axes(source: Source, families: list[Family]) -> tuple[Equal, ...]:
    """The axes that NumPy would broadcast: the text would not sum their gradients."""
    found: list[Equal] = []
    undecided = []
    for family in families:
        axes = list(family.axes)
        loose = {axis for axis in axes if len(axes) > 1 and is_stretched(source, axis, axes)}
        if loose:
            undecided.append((family.axes, loose))
    for sizes, loose in sorted(undecided, key=lambda pair: len(pair[0]) == len(pair[1])):
        checked = {equal.axis[0] for equal in found}  # one check of a whole shape is shorter than two of its axes
        other = min(sizes, key=lambda axis: (axis in loose, axis[0] in checked))
        found += [Equal(axis, other, n - sizes[other]) for axis, n in sizes.items() if axis in loose and axis != other]
    return tuple(found)


def is_stretched(source: Source, axis: Axis, axes: list[Axis]) -> bool:
    """Whether the text runs when this axis alone has the length 1, or when all others of its family have it."""
    return runs_with_ones(source, [axis]) or runs_with_ones(source, [other for other in axes if other != axis])


def runs_with_ones(source: Source, ones: list[Axis]) -> bool:
    """Whether the text runs when these axes have the length 1."""
    shapes = [list(value.shape) for value in source.program.inputs]
    for argument, axis in ones:
        shapes[argument][axis] = 1
    try:
        run(source, source.question.resized([tuple(shape) for shape in shapes]))
    except Exception:  # NumPy refuses
        return False
    return True


def close(found: Any, expected: Any) -> bool:
    """Whether two results are equal up to rounding: 14 digits of the largest entry, in single precision 5."""
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return False
    if not np.all(np.isfinite(expected)):
        return bool(np.array_equal(found, expected, equal_nan=True))
    scale = np.max(np.absolute(expected), initial=0)
    return bool(np.max(np.absolute(found - expected), initial=0) <= ROUNDING * np.finfo(expected.dtype).eps * scale)
