"""What a running training is asked: each check returns one line where something exact is wrong, or nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.inspection.names import made_at
from microgradnp.optim import Optimizer

DEAD = 0.75  # share of the units of a layer
CLIPPED = 5.0  # how many times the limit the gradient's median norm is
LEAST = 100  # steps
LOST = 0.5  # share of the entries whose steps round away
RECTIFIERS = frozenset(["relu", "maximum", "where"])
WRAPPING = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "negative": np.negative}


class Layer:
    """The rectified units made at one place of the code: which of them have fired, in how many looks."""

    def __init__(self, number: int, node: Any) -> None:
        self.number, self.name = number, f"{node.rule.name}{made_at(node)}"
        self.fired = np.zeros(units_of(node).shape[-1], bool)
        self.looks = 0

    @property
    def dead(self) -> float:
        return float(np.mean(~self.fired))


class Seen:
    """What the looks at a training have shown so far."""

    def __init__(self, optimizer: Optimizer, clip_norm: float | None, clip_value: float | None) -> None:
        self.optimizer, self.clip_norm, self.clip_value = optimizer, clip_norm, clip_value
        self.parameters = optimizer.parameters
        self.still = {name: np.array(p.numpy()) for name, p in self.parameters.items()}  # those that have not moved, at the start
        self.low = {name: value for name, value in self.still.items() if value.dtype.itemsize < 8}
        self.layers: dict[Any, Layer] = {}
        self.rows = 0
        self.wrapped = ""

    def graph(self, nodes: list[Any], rows: int) -> None:
        """Note which units fire, and whether an operation on whole numbers wraps around."""
        looked = set()
        for node in nodes:
            if node.rule is None or node.ndim < 1:
                continue
            if node.dtype.kind in "iu" and node.rule.name in WRAPPING and not self.wrapped:
                self.wrapped = wrapped(node)
            elif node.rule.name in RECTIFIERS and node.requires_grad and node.ndim > 1 and node.dtype.kind == "f":
                units = units_of(node)
                key = (node.place, units.shape[-1])
                if key not in self.layers and np.any(units < 0):
                    continue
                if key not in self.layers:
                    self.layers[key] = Layer(len(self.layers) + 1, node)
                self.layers[key].fired |= (units > 0).any(0)
                looked.add(key)
        for key in looked:
            self.layers[key].looks += 1
        self.rows += rows


def units_of(node: Any) -> Any:
    """The values of a node as (samples, units)."""
    array = node.numpy()
    array = np.moveaxis(array, 1, -1) if array.ndim == 4 else array
    return array.reshape(-1, array.shape[-1])


def wrapped(node: Any) -> str:
    """Where whole numbers wrapped around: the operation, its type, the two results. Empty where they did not."""
    exact = WRAPPING[node.rule.name](*(np.asarray(v).astype(object) for v in node.values))
    apart = np.argwhere(np.asarray(exact != node.numpy(), bool))
    if not len(apart):
        return ""
    at = tuple(apart[0])
    made = f"{node.rule.name}{made_at(node)} gives {node.numpy()[at]} for {exact[at]}"
    return f"{made}: whole numbers of type {node.dtype} wrap around"


# ------------------------------------------------------------------------------------------------------------- the checks


def units_that_never_fire(seen: Seen, _history: Any, iteration: int) -> str:
    """Rectified units that were 0 in every row of several looks."""
    for layer in seen.layers.values():
        if layer.looks >= 3 and layer.dead >= DEAD:
            return (
                f"{layer.dead:.0%} of the {layer.fired.size} units of layer {layer.number} never fire: {layer.name} gave 0 for "
                f"them in {layer.looks} looks at {seen.rows} rows, up to step {iteration}"
            )
    return ""


def whole_numbers_that_wrap(seen: Seen, _history: Any, _iteration: int) -> str:
    """An operation on whole numbers whose result does not fit into their type."""
    return f"{seen.wrapped}. Convert the data: x.astype(float)" if seen.wrapped else ""


def parameters_that_never_move(seen: Seen, history: Any, iteration: int) -> str:
    """Parameters that are what they were at the start, to the last bit."""
    seen.still = {name: before for name, before in seen.still.items() if np.array_equal(before, seen.parameters[name].numpy())}
    if not seen.still or iteration < LEAST or not any(history.learning_rate[-LEAST:]):
        return ""
    names = [name for name, before in seen.still.items() if before.size]
    if not names:
        return ""
    listed = ", ".join(name + why_still(seen, name) for name in names[:3])
    return f"{len(names)} of {len(seen.parameters)} parameters have not moved in {iteration} steps: {listed}"


def why_still(seen: Seen, name: str) -> str:
    """Why a parameter does not move, in parentheses, where its gradient tells."""
    p = seen.parameters[name]
    if p.grad is None:  # a compiled loop keeps no gradients
        return " (it gets no gradient)" if any(q.grad is not None for q in seen.parameters.values()) else ""
    largest = float(np.abs(p.grad).max())
    return (
        f" (its gradient is up to {largest:.2g}, and each step rounds away in {p.dtype})" if largest else " (its gradient is 0)"
    )


def steps_that_round_away(seen: Seen, _history: Any, iteration: int) -> str:
    """Entries of float16 or float32 parameters that have a gradient, and have not changed."""
    for name, before in seen.low.items():
        p = seen.parameters[name]
        if p.grad is None or name in seen.still or iteration < LEAST:
            continue
        pulled = np.asarray(p.grad) != 0
        lost = float(np.mean((before == p.numpy())[pulled])) if pulled.any() else 0.0
        if lost > LOST:
            return (
                f"{lost:.0%} of the entries of {name} with a gradient are as they were {iteration} steps ago: "
                f"their steps round away in {p.dtype}"
            )
    return ""


def gradients_that_are_always_clipped(seen: Seen, history: Any, iteration: int) -> str:
    """Gradients over the limit in every step, and far over it in most."""
    if seen.clip_norm is not None and iteration >= LEAST:
        norms = np.asarray(history.gradient_norm)
        if norms.min() > seen.clip_norm and np.median(norms) > CLIPPED * seen.clip_norm:
            return (
                f"the gradient was clipped in all {iteration} steps: its norm was {norms.min():.3g} to {norms.max():.3g}, "
                f"the limit is {seen.clip_norm:g}. Every step has the same length"
            )
    if seen.clip_value is not None and iteration >= LEAST:
        grads = [np.asarray(p.grad).ravel() for p in seen.parameters.values() if p.grad is not None]
        share = float(np.mean(np.abs(np.concatenate(grads)) >= seen.clip_value)) if grads else 0.0
        if share > 0.9:
            return f"{share:.0%} of the gradient's entries are cut off at {seen.clip_value:g}: only their signs are left"
    return ""


def rates_of_zero(_seen: Seen, history: Any, iteration: int) -> str:
    """A learning rate that is 0 for the last steps."""
    rates = history.learning_rate
    if len(rates) < 20 or any(rates[-20:]):
        return ""
    since = next((k for k in range(len(rates) - 1, -1, -1) if rates[k]), -1) + 2
    return f"the learning rate is 0 since step {since}: the steps up to {iteration} change nothing"


CHECKS = (
    units_that_never_fire,
    whole_numbers_that_wrap,
    parameters_that_never_move,
    steps_that_round_away,
    gradients_that_are_always_clipped,
    rates_of_zero,
)
