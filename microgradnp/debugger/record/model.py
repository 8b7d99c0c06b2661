"""Where the model's forward pass meets the program: the last values of the model that the program computes, too."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.debugger.match.references import Evaluation

PRODUCTS = frozenset(["matmul", "dot", "inner", "outer", "tensordot", "einsum", "convolve", "correlate", "vdot"])
Locate = Callable[[np.ndarray, np.ndarray], list[Any]]  # (value, which entries matter) -> the recorded nodes that hold it


def outputs_of(
    evaluation: Evaluation, moving: set[str], locate: Locate, skipped: Collection[int] = (), through: str = ""
) -> list[tuple[Any, list[Any]]]:
    """(node of the model, recorded nodes that hold it): the last values before the loss that the program computes, too.

    Nodes of the model whose ids are `skipped` are no ends. With `through`, only what this argument reaches is looked at.

    Every way from a parameter to the loss leads through one of them, and no parameter comes in behind them. Empty where that is
    not so: then the forward passes differ. A penalty need not be computed, nor what the loss does not look at.
    """
    loss = evaluation.nodes[-1]
    makers = makers_of(evaluation)
    found: list[tuple[Any, list[Any]]] = []
    todo, seen = [loss], set()
    while todo:
        node = todo.pop()
        if id(node) in seen or not is_deep(node, makers) or (through and through not in makers[id(node)]):
            continue
        seen.add(id(node))
        adjoint = evaluation.adjoints.get(id(node))
        if adjoint is None or not np.any(adjoint):
            continue
        hits = [] if node is loss or id(node) in skipped else located(node, adjoint, locate)
        if hits:
            found.append((node, hits))
            continue
        parents = [a for a in node.args if isinstance(a, Tensor)]
        adds = node.shape == () and node.rule.name in ("add", "subtract")
        late = [a for a in parents if not is_deep(a, makers) and makers[id(a)] and not (adds and a.shape == ())]
        if any(makers[id(a)] & moving or (not moving and node.rule.name in PRODUCTS) for a in late) and not is_penalty(
            node, makers
        ):
            return []
        deep = [a for a in parents if is_deep(a, makers) and not is_penalty(a, makers)]
        if not deep and not is_penalty(node, makers):
            return []
        todo += deep
    return found


def is_penalty(node: Any, makers: dict[int, frozenset[str]]) -> bool:
    """Whether a single number is put together from numbers that each come from one argument: sums of squared weights, say."""
    todo = [node]
    while todo:
        node = todo.pop()
        if not is_deep(node, makers):
            continue
        if node.shape != () or node.rule.name not in ("add", "subtract", "multiply", "divide", "negative"):
            return False
        todo += [a for a in node.args if isinstance(a, Tensor)]
    return True


def makers_of(evaluation: Evaluation) -> dict[int, frozenset[str]]:
    """id of a node -> the arguments that it is made from."""
    makers: dict[int, frozenset[str]] = {}
    for node in evaluation.nodes:
        if node.rule is None:
            makers[id(node)] = frozenset([node.name]) if node.name in evaluation.values else frozenset()
        else:
            makers[id(node)] = frozenset().union(*(makers.get(id(a), frozenset()) for a in node.args if isinstance(a, Tensor)))
            if any(isinstance(value, np.ndarray) and value.dtype.kind in "iu" and value.size for value in node.args):
                makers[id(node)] |= {"indices"}  # an embedding that was looked up
    return makers


def is_deep(node: Any, makers: dict[int, frozenset[str]]) -> bool:
    """Whether a value is made from several arguments."""
    return node.rule is not None and len(makers[id(node)]) > 1


def located(node: Any, adjoint: np.ndarray, locate: Locate) -> list[Any]:
    """The recorded nodes that hold a value of the model, or the probabilities of which it is the logits."""
    value = np.asarray(node._array, float)
    if hits := locate(value, adjoint):
        return hits
    if value.ndim and np.all(np.abs(value) < 500):
        forms = [1 / (1 + np.exp(-value))]
        for axis in (k for k in range(value.ndim) if value.shape[k] > 1):
            e = np.exp(value - value.max(axis, keepdims=True))
            forms.append(e / e.sum(axis, keepdims=True))
        for form in forms:
            if hits := locate(form, adjoint):
                return hits
    return []
