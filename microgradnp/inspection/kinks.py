"""Which kinks did a gradient pass through? `mg.kinks(loss)` counts them and lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.core.entries import KINKS
from microgradnp.core.origin import locate
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.gradients import sweep_and_keep


@dataclass(frozen=True)
class Found:
    """The kinks of one operation through which a gradient other than zero passed."""

    operation: str
    place: str  # file and line
    count: int
    size: int  # entries of the result
    indices: tuple[tuple[int, ...], ...]  # of the first few
    convention: str  # the gradient that the rule gives there

    def __str__(self) -> str:
        where = ", ".join(str(index) for index in self.indices) + (", ..." if self.count > len(self.indices) else "")
        return f"{self.operation} at {self.place}: {self.count} of {self.size} entries ({where}); gradient {self.convention}"


class Kinks(list[Found]):
    """One entry for each operation with kinks, in the order of the computation. True when there is any."""

    @property
    def total(self) -> int:
        """Number of kinks in all operations."""
        return sum(found.count for found in self)

    def __str__(self) -> str:
        return "\n".join(map(str, self)) if self else "no kink: the gradient is a derivative in every operation"


FIRST = 3  # indices that are listed


def kinks(loss: Tensor) -> Kinks:
    """List the operations without a derivative at their arguments, such as relu at 0, through which a gradient passed.

    The gradient at a kink is a convention, which the list names. Takes one backward pass and keeps the graph: call it before
    `backward`, or after `backward(retain_graph=True)`.

    Raises RuntimeError when the graph was freed.

    >>> import numpy as np, microgradnp as mg
    >>> x = mg.Tensor([-1.0, 0.0, 0.0], requires_grad=True)
    >>> found = mg.kinks(np.sum(np.abs(x)))
    >>> found.total, found[0].indices, found[0].convention
    (2, ((1,), (2,)), '0 at 0')
    """
    found = [passed(node, g) for node, g, _ in sweep_and_keep(loss) if node.rule and node.rule.function in KINKS]
    return Kinks(entry for entry in found[::-1] if entry is not None)


def passed(node: Any, g: Any) -> Found | None:
    """The kinks of one node through which the gradient `g` of its result passed; None when there is none."""
    kink = KINKS[node.rule.function]
    with np.errstate(all="ignore"):
        on = np.broadcast_to(kink.at(node.numpy(), *node.values, **node.options), node.shape) & (np.asarray(g) != 0)
    if not np.any(on):
        return None
    first = tuple(tuple(int(k) for k in index) for index in np.argwhere(on)[:FIRST])
    origin = locate(node.place)
    return Found(node.rule.name, str(origin) if origin else "?", int(np.sum(on)), on.size, first, kink.convention)
