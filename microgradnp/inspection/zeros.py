"""Why is a gradient zero, or missing? `mg.explain_zero(x, loss)` follows the backward pass and names where it became zero."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.graph import parents
from microgradnp.core.messages import describe
from microgradnp.core.sweep import contribution, fit_to
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.gradients import sweep_and_keep
from microgradnp.inspection.names import made_at
from microgradnp.rules import functional

SATURATED = {functional.sigmoid, np.tanh, np.arctan, np.exp, functional.softmax}
MASKED = {np.where, np.clip, np.maximum, np.minimum, np.fmax, np.fmin, functional.relu}
CHOSEN = {np.max, np.min, np.amax, np.amin, np.sort, np.median, np.quantile}
PRODUCTS = {np.multiply, np.matmul, np.dot, np.einsum, np.divide}


@dataclass(frozen=True)
class Explanation:
    """Why entries of a gradient are zero, one reason a line. True when there is a reason to give."""

    name: str
    zeros: int  # -1 when there is no gradient
    size: int
    reasons: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.reasons)

    def __str__(self) -> str:
        if not self.reasons:
            return f"{self.name}: no entry of its gradient is zero"
        amount = "has no gradient" if self.zeros < 0 else f"{self.zeros} of {self.size} entries of its gradient are zero"
        return "\n".join([f"{self.name}: {amount}", *(f"  {reason}" for reason in self.reasons)])


def explain_zero(x: Tensor, loss: Tensor | None = None) -> Explanation:
    """Explain why the gradient of `x` is missing, or zero in some entries.

    A gradient is missing when no path leads from `x` to the loss, or an operation cuts the path. It is zero at a saturated
    sigmoid or tanh, in a branch that was not taken, in a unit that is dead for every row, at a factor of zero, and in entries
    that no index selects. Contributions may also cancel. For any other cause only the operation is named.

    Parameters
    ----------
    x : Tensor
        The Tensor whose gradient is explained.
    loss : Tensor, optional
        The loss, with its graph: call this before `backward`, or keep the graph. Without a loss the answer rests on `x` alone.

    >>> import numpy as np, microgradnp as mg
    >>> x = mg.Tensor([-1.0, 2.0], requires_grad=True, name="x")
    >>> print(mg.explain_zero(x, np.sum(mg.relu(x))))
    x: 1 of 2 entries of its gradient are zero
      1: masked by relu ...: it takes the other branch there
    """
    name = x.name or "the Tensor"
    if loss is None:
        return Explanation(name, -1, x.size, tuple(known_alone(x)))
    if not x.requires_grad:
        return Explanation(name, -1, x.size, (f"{describe(x)} has requires_grad=False{why_not(x)}",))
    missing = no_path(x, loss)
    if missing:
        return Explanation(name, -1, x.size, (missing,))
    flow = Flow(loss)
    g = flow.gradients[id(x)]
    zero = np.asarray(g == 0)
    reasons = tuple(f"{count}: {reason}" for count, reason in flow.reasons(x, zero)) if np.any(zero) else ()
    return Explanation(name, int(np.sum(zero)), x.size, reasons)


def known_alone(x: Tensor) -> Iterator[str]:
    """Reasons that can be given without the loss."""
    if not x.requires_grad:
        yield f"requires_grad is False{why_not(x)}"
    elif x._grad is None and x.is_leaf:
        yield "no backward pass has reached it: none was run yet, or the loss does not depend on it. Pass the loss to learn which"
    elif x._grad is None:
        yield "it is not a leaf, and only leaves keep their gradient: call .retain_grad() before backward"
    elif not np.all(x._grad):
        yield f"{np.sum(x._grad == 0)} of {x.size} entries are zero. Pass the loss, with its graph kept, to learn why"


def why_not(x: Tensor) -> str:
    """Why a Tensor requires no gradient, after a colon."""
    if x.is_leaf:
        return ": it is a leaf. Create it with requires_grad=True. Note that .detach() and .numpy() cut the path"
    return f": {cut_at(x) or 'nothing it was computed from requires a gradient'}"


def operation(node: Any) -> str:
    """The operation of a node and its source line."""
    return f"{node.rule.name}{made_at(node)}"


def cut_at(root: Any) -> str | None:
    """The first operation between Tensors that require a gradient and `root` that passes none on."""
    for node in graph.walk(root):
        if node.rule is not None and not node.requires_grad and any(p.requires_grad for p in parents(node)):
            kind = "has derivative zero" if node.rule.constant else "was recorded without a gradient"
            return f"the path is cut by {operation(node)}, which {kind}"
    return None


def no_path(x: Tensor, loss: Tensor) -> str | None:
    """Why no gradient flows from the loss to x; None when one does."""
    if not loss.requires_grad:
        return cut_at(loss) or "the loss requires no gradient: it was computed under no_grad, or from detached values"
    nodes = graph.walk(loss)
    if not any(node is x for node in nodes):
        return "the loss does not use it, or only its value (.numpy(), .detach(), float(), no_grad)"
    connected = {id(x)}
    for node in nodes:  # arguments before results
        if node is not x and any(id(node.args[k]) in connected for k in node.needs):
            connected.add(id(node))
    if id(loss) in connected:
        return None
    for node in nodes:
        if node.rule is not None and not node.requires_grad and any(id(p) in connected for p in parents(node)):
            return f"the path is cut by {operation(node)}, which has derivative zero"
    return "every path from it to the loss is cut"


class Flow:
    """One backward pass: the gradient of each node, and the operations that use each node."""

    def __init__(self, loss: Tensor) -> None:
        self.gradients: dict[int, Any] = {}
        self.users: dict[int, list[tuple[Any, int]]] = {}  # id of a node -> (operation, position of the argument)
        for node, g, _ in sweep_and_keep(loss):
            self.gradients[id(node)] = np.array(g)
            for position in node.needs:
                self.users.setdefault(id(node.args[position]), []).append((node, position))

    def share(self, node: Any, position: int) -> Any:
        """What one operation contributes to the gradient of its argument."""
        g = self.gradients[id(node)]
        part = contribution(node, position, (g, node.numpy(), *node.values), record=False)
        return fit_to(part, node.args[position], node, position)

    def reasons(self, x: Any, zero: Any) -> Iterator[tuple[int, str]]:
        """Pairs (number of entries, reason) for the entries of x's gradient where `zero` holds."""
        users = self.users.get(id(x), [])
        shares = [np.asarray(self.share(node, position)) for node, position in users]
        if len(users) > 1:
            cancelled = zero & np.any([share != 0 for share in shares], axis=0)
            if np.any(cancelled):
                names = " and ".join(operation(node) for node, _ in users)
                yield int(np.sum(cancelled)), f"the contributions of {names} cancel"
                zero = zero & ~cancelled
        for node, position in users:
            if np.any(zero):
                yield from self.one_reason(x, node, position, zero)

    def one_reason(self, x: Any, node: Any, position: int, zero: Any) -> Iterator[tuple[int, str]]:
        """The reason in one operation, or further on towards the loss."""
        above = self.gradients[id(node)]
        count = int(np.sum(zero))
        if not np.any(above):
            deeper = list(self.reasons(node, np.ones(node.shape, bool)))
            if deeper:
                yield count, f"nothing reaches {operation(node)}, because its own gradient is zero: {deeper[0][1]}"
            return
        function = node.rule.function
        classify: Callable[..., str] | None = next((why for known, why in CAUSES if function in known), None)
        yield count, classify(x, node, position, zero) if classify else f"zero in {operation(node)}"


def saturated(x: Any, node: Any, position: int, zero: Any) -> str:
    at = tuple(np.argwhere(zero)[0])
    index = tuple(int(k) for k in at)
    return f"saturated in {operation(node)}: at {index} the argument is {x.numpy()[at]:.4g}, where the function is flat"


def masked(x: Any, node: Any, position: int, zero: Any) -> str:
    text = f"masked by {operation(node)}: it takes the other branch there"
    dead = np.flatnonzero(np.all(zero, axis=0)) if zero.ndim == 2 and zero.shape[0] > 1 else np.array([])
    return f"{text}; dead for every row: units {', '.join(map(str, dead[:8]))}" if dead.size else text


def not_chosen(x: Any, node: Any, position: int, zero: Any) -> str:
    return f"not chosen by {operation(node)}: it takes another entry"


def not_selected(x: Any, node: Any, position: int, zero: Any) -> str:
    rows = np.flatnonzero(np.all(np.reshape(zero, (zero.shape[0], -1)), axis=1)) if zero.ndim else np.array([])
    which = f": rows {', '.join(map(str, rows[:8]))}{', ...' if rows.size > 8 else ''}" if rows.size else ""
    return f"not selected by {operation(node)}{which}"


def times_zero(x: Any, node: Any, position: int, zero: Any) -> str:
    others = [value for k, value in enumerate(node.values) if k != position and not isinstance(value, str)]
    factor = "a factor that is zero" if any(not np.all(value) for value in others) else "factors that underflow"
    return f"multiplied in {operation(node)} by {factor} there"


CAUSES: list[tuple[set[Any], Callable[..., str]]] = [
    (SATURATED, saturated),
    (MASKED, masked),
    (CHOSEN, not_chosen),
    ({operator.getitem}, not_selected),
    (PRODUCTS, times_zero),
]
