"""The page's program for any number of samples, so that a page trains with batches.

The recorded graph is run again with more rows of its data. Where the programs of three such runs differ in numbers only, and each
number grows evenly with the rows, it is printed as a formula of them. Anything else has no batches.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.context import confined
from microgradnp.core.graph import is_node
from microgradnp.core.record import record
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.variables import recorded

ROWS = "rows_"  # what the program calls the number of samples
MORE = 9  # rows: enough that no loop over samples is written out
MOST_NODES, MOST_ROWS = 200, 20_000
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])")


class Batched(NamedTuple):
    """A program whose variable `rows_` is the number of samples. Its arguments `leaves` have a row for each."""

    text: str
    rows: int
    leaves: list[int]


def batched(nodes: Sequence[Any], leaves: Sequence[int]) -> Batched | None:
    """The program of a graph for any number of samples. None where there is no such program.

    `nodes` are operands first, the loss last. `leaves` are the positions of the program's arguments.
    """
    from microgradnp.emitter.javascript import live_program

    rows, chosen = samples_of(nodes, leaves)
    if not chosen or len(nodes) > MOST_NODES or rows > MOST_ROWS:
        return None
    sizes = [rows + MORE + k for k in range(3)]
    try:
        for fewer in {1, rows // 2}:  # an index may be out of range
            with_rows(nodes, [leaves[k] for k in chosen], fewer)
        texts = [live_program(with_rows(nodes, [leaves[k] for k in chosen], size)).text for size in sizes]
    except Exception:  # an operation that takes these rows only, in whatever way it says so
        return None
    text = general(texts, sizes)
    return None if text is None else Batched(text, rows, chosen)


def samples_of(nodes: Sequence[Any], leaves: Sequence[int]) -> tuple[int, list[int]]:
    """The number of samples, and which leaves have a row for each: the length that most arrays of data have."""
    data = [(i, nodes[k]) for i, k in enumerate(leaves) if not getattr(nodes[k], "requires_grad", False) and nodes[k].ndim]
    lengths = collections.Counter(value.shape[0] for _, value in data if value.shape[0] > 1)
    if not lengths:
        return 0, []
    rows = lengths.most_common(1)[0][0]
    return rows, [i for i, value in data if value.shape[0] == rows]


@confined
def with_rows(nodes: Sequence[Any], sampled: Sequence[int], rows: int) -> Tensor:
    """The loss of the recorded graph with so many rows of its data, the first ones again where there are not as many."""
    copies: dict[int, Any] = {}
    with recorded(), np.errstate(all="ignore"):
        for k, node in enumerate(nodes):
            if k in sampled:
                array = np.asarray(node._array if is_node(node) else node)
                copies[id(node)] = np.take(array, np.arange(rows), axis=0, mode="wrap")
                if is_node(node):
                    copies[id(node)] = Tensor(copies[id(node)], name=node.name)
                    copies[id(node)].place = node.place
            elif getattr(node, "rule", None) is not None:
                copy = record(node.rule, tuple(copies.get(id(argument), argument) for argument in node.args), node.options)
                copy.name, copy.place, copy.scope = node.name, node.place, node.scope
                copies[id(node)] = copy
    loss: Tensor = copies[id(nodes[-1])]
    return loss


def general(texts: Sequence[str], sizes: Sequence[int]) -> str | None:
    """One text for all sizes. None where the texts differ in more than numbers that grow evenly.

    >>> general(["a(12, 3)", "a(16, 3)", "a(20, 3)"], [3, 4, 5])
    'a((4 * rows_), 3)'
    """
    parts, others = NUMBER.split(texts[0]), [NUMBER.split(text) for text in texts[1:]]
    if any(other != parts for other in others) or ROWS in texts[0]:
        return None
    formulas = [formula(found, sizes) for found in zip(*map(NUMBER.findall, texts), strict=True)]
    if None in formulas:
        return None
    return "".join(part + str(number) for part, number in zip(parts, [*formulas, ""], strict=True))


def formula(found: Sequence[str], sizes: Sequence[int]) -> str | None:
    """A number as a formula of the number of rows: constant, a multiple of it and a constant, or a constant divided by it."""
    if len(set(found)) == 1:
        return found[0]
    if all(text.isdecimal() for text in found):
        first, second, third = map(int, found)
        slope = second - first
        start = first - slope * sizes[0]
        if third != start + slope * sizes[2]:
            return None
        product = ROWS if slope == 1 else f"{slope} * {ROWS}"
        return (
            f"({product} + {start})"
            if start > 0
            else f"({product} - {-start})"
            if start
            else f"({product})"
            if slope > 1
            else ROWS
        )
    products = [float(text) * size for text, size in zip(found, sizes, strict=True)]
    return f"({products[0]:.15g} / {ROWS})" if np.ptp(products) <= 1e-13 * abs(products[0]) else None
