"""Hand-written gradients on the graph: which are right, which are wrong, and which is the first wrong one."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.checking.compare import Entry, chosen, judge
from microgradnp.inspection.heatmap import packed, written
from microgradnp.viewer.contents import Contents, Json


@dataclass(frozen=True)
class Mark:
    """The verdict on one node's gradient. `ok` is None where a hand-written value is shown without a verdict."""

    name: str  # of the hand-written array
    ok: bool | None
    says: str
    hand: Any = None
    expected: Any = None
    digits: float = 0.0
    where: tuple[str, int, str] | None = None  # file, line and source of the hand-written code


def of_arrays(
    contents: Contents, hand_written: Mapping[str, Any], variables: dict[int, str], rtol: float | None
) -> dict[int, Mark]:
    """The mark of each node with a hand-written array. Arrays are matched, and errors raised, as `compare` does."""
    if contents.backward.why_not:
        raise ValueError(f"view: cannot compare gradients: {contents.backward.why_not}")
    nodes = [value for value in contents.outline.values if id(value) in contents.backward.gradients]
    marks: dict[int, Mark] = {}
    for label, (target, array) in chosen(nodes, hand_written, variables, "view").items():
        true = contents.backward.gradients[id(target)]
        entry: Entry = judge(label, array, np.asarray(true), rtol)
        marks[contents.index[id(target)]] = Mark(label, entry.ok, entry.verdict, array, np.asarray(true), entry.digits)
    return marks


def overlay(contents: Contents, marks: dict[int, Mark], first: int | None = None) -> Json:
    """Marks for the page. Without `first`, the first wrong one is the one that the backward pass completes first."""
    if not marks:
        return {}
    wrong = [node for node, mark in marks.items() if mark.ok is False]
    if first is None and wrong:
        first = min(wrong, key=lambda node: (completed(contents).get(node, -1), -node))
    return {"over": {node: row(mark) for node, mark in marks.items()}, "first": first}


def completed(contents: Contents) -> dict[int, int]:
    """Node -> the step of the backward pass that completes its gradient."""
    return {contents.index[id(s.argument)]: k for k, (_, step) in enumerate(contents.backward.steps, 1) for s in step}


def row(mark: Mark) -> Json:
    found: Json = {"name": mark.name, "ok": mark.ok, "says": mark.says, "digits": written(mark.digits)}
    if mark.where is not None:
        found["where"] = [*mark.where, os.path.basename(mark.where[0])]
    if mark.hand is not None:
        found["hand"] = packed(np.asarray(mark.hand))
        hand, expected = np.asarray(mark.hand), np.asarray(mark.expected)
        if mark.expected is not None and hand.shape == expected.shape:
            found["difference"] = packed(hand - expected)
            found["error"] = written(largest(hand - expected))
    return found


def largest(array: np.ndarray[Any, Any]) -> float:
    size = float(np.max(np.abs(array), initial=0.0))
    return size if math.isfinite(size) else math.inf
