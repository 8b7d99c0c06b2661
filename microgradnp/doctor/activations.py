"""The nonlinear functions of a graph that act on each number alone: sigmoid, tanh and relu, also those written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.doctor.patient import Array

NAMED = frozenset(["sigmoid", "tanh", "relu"])
STEEPEST = {"sigmoid": 0.25, "tanh": 1.0}
LINEAR = frozenset(["identity", "reshape", "transpose", "getitem", "sum", "mean", "matmul", "concatenate", "stack"])


@dataclass(eq=False)
class Activation:
    """A nonlinear elementwise function in the graph: its argument z, its result h, and the slope dh/dz, all of one shape."""

    node: Tensor
    kind: str  # "sigmoid", "tanh", "relu" or "other", also where it is written by hand
    z: Array
    h: Array
    slope: Array
    channel_axis: int

    def by_unit(self, array: Array) -> Array:
        """An array of this shape as (samples, units)."""
        moved = np.moveaxis(array, self.channel_axis, -1) if array.ndim > 1 else array[:, None]
        return moved.reshape(-1, moved.shape[-1])

    @cached_property
    def saturated(self) -> float:
        """The share of slopes under 5 % of the steepest."""
        steepest = STEEPEST.get(self.kind)
        return float(np.mean(np.abs(self.slope) < 0.05 * steepest)) if steepest else 0.0

    @cached_property
    def dead(self) -> float:
        """The share of units that are 0 for every sample."""
        return float(np.mean(np.all(self.by_unit(self.h) <= 0, axis=0))) if self.kind == "relu" else 0.0

    @cached_property
    def alike(self) -> bool:
        """Whether all units compute the same."""
        h = self.by_unit(self.h)
        return h.shape[1] > 1 and bool(np.allclose(h, h[:, :1], rtol=1e-9, atol=1e-12))

    @cached_property
    def rms(self) -> float:
        return float(np.sqrt(np.mean(self.h**2)))

    @cached_property
    def spread(self) -> float:
        """How much the units differ from sample to sample: their mean standard deviation."""
        return float(np.mean(np.std(self.by_unit(self.h), axis=0)))


def chain_of(node: Any) -> Iterator[Any]:
    """A node and those before it that belong to its elementwise function."""
    yield node
    while (step := elementwise(node)) is not None:
        node = step[1]
        yield node


def elementwise(node: Any) -> tuple[Array, Any] | None:
    """(slope, argument) of an elementwise operation on one array; None for anything else."""
    if node.rule is None or node.rule.name in LINEAR or not node.ndim or node.rule.variadic:
        return None
    several = [k for k, a in enumerate(node.args) if isinstance(a, Tensor) and a.requires_grad]
    if len({id(node.args[k]) for k in several}) != 1 or node.args[several[0]].shape != node.shape:
        return None
    try:
        parts = [node.rule.vjps[k](np.ones_like(node._array), node._array, *node.values, **node.options) for k in several]
    except Exception:  # a formula that needs more than its arguments has no slope to show
        return None
    slope = np.asarray(sum(parts[1:], parts[0]))
    return (slope, node.args[several[0]]) if slope.shape == node.shape else None


def kind_of(z: Array, h: Array, slope: Array) -> str | None:
    """Which function maps z to h with this slope; None for a linear one."""
    if not (np.isfinite(h).all() and np.isfinite(slope).all()):
        return "other"
    on = z > 0
    if near(h, np.where(on, z, 0)) and near(slope[z != 0], on[z != 0]):
        return "relu"
    if near(h, np.tanh(z)):
        return "tanh"
    if near(h, 0.5 * (1 + np.tanh(0.5 * z))):
        return "sigmoid"
    return "other" if np.ptp(slope) > 1e-9 * (np.abs(slope).max() + 1e-300) else None


def near(a: Array, b: Array) -> bool:
    """Whether two arrays are equal to four digits."""
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-6))


def channel_axis(node: Any) -> int:
    """The axis of the units: the second of images, else the last."""
    return 1 if node.ndim == 4 else -1
