"""Why a step of the backward pass is as it is: the name of its rule, and sentences made from facts about the arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.core.typing import Array

SMALL_SLOPE = 0.01
NAMED = {
    "matmul": "product rule for matrices",
    "dot": "product rule for matrices",
    "multiply": "product rule",
    "divide": "quotient rule",
    "power": "power rule",
    "add": "sum rule",
    "add_bias": "sum rule",
    "subtract": "sum rule",
    "negative": "sum rule",
    "sum": "sum rule",
    "mean": "sum rule, divided by the number of entries",
    "sse": "derivative of the squared error",
    "cross_entropy": "softmax minus target",
    "softmax_cross_entropy": "softmax minus target",
    "where": "the gradient goes to the entries that were chosen",
    "maximum": "the gradient goes to the entries that were chosen",
    "minimum": "the gradient goes to the entries that were chosen",
    "max": "the gradient goes to the largest entries",
    "min": "the gradient goes to the smallest entries",
    "getitem": "the gradient goes back to where the entries were taken from",
}
MOVING = ("transpose", "reshape", "swapaxes", "moveaxis", "ravel", "squeeze", "expand_dims", "flip", "roll", "rot90")
JOINING = ("concatenate", "stack", "hstack", "vstack", "append_bias_unit", "pad")
SLOPES = ("sigmoid", "tanh", "relu", "softplus", "elu", "gelu", "silu", "leaky_relu", "softsign", "hard_tanh")
KINKED = ("relu", "hard_tanh")


def is_chain(node: Any) -> bool:
    """Whether a step applies one function to every entry of one array."""
    ufunc = isinstance(node.rule.function, np.ufunc) and node.rule.function.nin == 1
    return len(node.args) == 1 and node.shape == node.args[0].shape and (ufunc or node.rule.name in SLOPES)


def rule_of(node: Any) -> str:
    """The name of the rule by which a step hands its gradient on."""
    name = str(node.rule.name)
    if name == "negative" or name in NAMED:
        return NAMED[name]
    if is_chain(node):
        return f"chain rule through the {name}" if name in SLOPES else f"chain rule through {name}"
    if name in MOVING:
        return "the entries move back"
    return "the parts go back to where they came from" if name in JOINING else f"rule of {name}"


Names = Callable[[Any], str]


def sentences(value: Any, name_of: Names, steps: list[Any], contributions: list[str], gradient: Array) -> Iterator[str]:
    """Sentences about the gradient of `value`. `steps` use it, and each gives one of its contributions."""
    name = name_of(value)
    if len(steps) > 1:
        yield f"{name} is used {times(len(steps))}, so {len(steps)} contributions are added."
    for step, text in zip(steps, contributions, strict=True):
        yield from about(step, value, name_of, text)
    size = int(np.size(gradient))
    zeros = size - int(np.count_nonzero(gradient))
    lost = size - int(np.count_nonzero(np.isfinite(gradient)))
    if lost:
        yield f"{lost:,} of {size:,} entries of the gradient are NaN or infinite."
    elif zeros == size and size:
        yield f"The whole gradient of {name} is 0."


def about(step: Any, value: Any, name_of: Names, text: str) -> Iterator[str]:
    """Sentences about one contribution."""
    name = name_of(value)
    operation, size = step.rule.name, int(np.size(step._array))
    if operation in KINKED and is_chain(step):
        cut = size - int(np.count_nonzero(slope_of(step)))
        if cut:
            yield f"{cut:,} of {size:,} entries of {operation} are cut off, their gradient is 0."
    elif operation in ("sigmoid", "tanh") and is_chain(step):
        flat = int(np.count_nonzero(np.abs(slope_of(step)) < SMALL_SLOPE))
        if flat:
            yield f"{flat:,} of {size:,} entries of {operation} are saturated, their slope is below {SMALL_SLOPE}."
    elif operation == "matmul" and step.args[1] is value and np.ndim(step.values[0]) == np.ndim(value) == 2:
        yield f"The product sums over the {step.shape[0]:,} rows of {name_of(step.args[0])}."
    shape = np.shape(value)
    if ".sum(" in text and shape != step.shape and operation in ("add", "add_bias", "subtract", "multiply", "divide"):
        copies = size // max(1, int(np.prod(shape, dtype=int)))
        yield f"{name} was broadcast to {copies:,} places, so their gradients are summed."
    if operation in ("mean", "sum") and step.shape == ():
        yield f"Every entry of {name} counts the same."


def slope_of(step: Any) -> Array:
    y = step._array
    if step.rule.name == "sigmoid":
        return np.asarray(y * (1 - y))
    if step.rule.name == "tanh":
        return np.asarray(1 - y**2)
    x = step.values[0]
    return np.asarray((x > 0) if step.rule.name == "relu" else (np.abs(x) < 1))


def times(count: int) -> str:
    return {2: "twice", 3: "three times"}.get(count, f"{count} times")
