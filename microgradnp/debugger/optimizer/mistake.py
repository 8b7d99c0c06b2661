"""A mistake of an optimizer's rule, and the rules as the textbooks have them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.sites import Site

PLAIN = "gradient descent: W = W - lr * g"
MOMENTUM = "momentum: v = mu * v - lr * g, and then W = W + v"
NESTEROV = "Nesterov's momentum: v = mu * v - lr * g, where g is the gradient at W + mu * v; then W = W + v"
ADAM = (
    "Adam: m = b1 * m + (1 - b1) * g and v = b2 * v + (1 - b2) * g**2; "
    "then W = W - lr * m_hat / (sqrt(v_hat) + eps), where m_hat = m / (1 - b1**t) and v_hat = v / (1 - b2**t)"
)
SQUARES = "RMSProp: v = b * v + (1 - b) * g**2, and then W = W - lr * g / (sqrt(v) + eps)"
ADAGRAD = "AdaGrad: v = v + g**2, and then W = W - lr * g / (sqrt(v) + eps)"
DECAY = "weight decay: W = W - lr * g - lr * decay * W"


class Mistake(NamedTuple):
    """What is wrong with an optimizer's rule, where, and the rule as the textbooks have it."""

    argument: str
    site: Site
    says: str
    formula: str
    kind: str = ""  # the name of the judge, by which the ways to mend it are found
    mean: Site | None = None  # the expression that renews what is remembered, where that is another one
    twin: bool = False  # whether another mean decays by the same number
    cause: str = "optimizer_rule_wrong"


def number_of(operand: object) -> float | None:
    """The number that an operand is; None for arrays."""
    value = operand.value if type(operand) is Node else operand
    return float(value) if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) else None


def by_number(nodes: set[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: node.number)
