"""The quantities of the model that hand-written code may hold, at two inputs.

Beside values and adjoints, the parts of adjoints count: the share of one use, a running sum of shares, one sample's share, a row,
a block. What the model computes in the rounds of a loop also counts as one array.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.debugger.derive.terms import by_terms
from microgradnp.debugger.match.references import Evaluation, inside_of_sigmoids, local_derivative, squashed, users_of

MOST_PARTS = 4000
MOST_ENTRIES = 20_000  # of an array over all rounds
GATES = (2, 3, 4)  # of a recurrent layer, or queries, keys and values
Pair = tuple[Any, Any]


class Quantity(NamedTuple):
    """A quantity of the model, at both inputs: "value", "slope", "adjoint", "share", "lack" or "row" (of an adjoint)."""

    kind: str
    number: int  # of the node of the model
    argument: str  # the argument of the model that it belongs to, or ""
    pair: tuple[np.ndarray, np.ndarray]
    text: str = ""
    slot: int = 0  # which row or share
    stacked: bool = False  # over the rounds of a loop: an array may have its entries in another shape


def quantities(first: Evaluation, second: Evaluation) -> Iterator[Quantity]:
    """All quantities of the model that hand-written code may hold, each once."""
    if len(first.nodes) != len(second.nodes):
        return
    seen: set[tuple[str, str, bytes]] = set()
    for quantity in itertools.islice(every_quantity(first, second), MOST_PARTS):
        array = np.asarray(quantity.pair[0], float)
        if not array.size or not np.any(array):
            continue
        if quantity.kind == "value" and (array == np.round(array)).all():
            continue  # counts, labels and masks: too much is equal to them
        if (
            array.size > 1
            and np.ptp(array) == 0
            and np.ptp(np.asarray(quantity.pair[1], float)) == 0
            and quantity.kind != "adjoint"
        ):
            continue
        both = array.tobytes() + np.asarray(quantity.pair[1], float).tobytes()  # weights of zeros give many samples one value
        mark = (quantity.kind[0] if quantity.kind in ("value", "slope") else "g", quantity.argument, both)
        if mark not in seen:
            seen.add(mark)
            yield quantity


def every_quantity(first: Evaluation, second: Evaluation) -> Iterator[Quantity]:
    """The values of the model at both inputs, the gradients with respect to them, and the slopes and shares; then their parts."""
    users = users_of(first)
    twins = list(zip(first.nodes, second.nodes, strict=True))
    whole = [*of_nodes(first, second, twins, users), *of_sigmoids(first, second)]
    shares = list(of_uses(first, second, twins, users))
    yield from whole
    yield from shares
    for node, uses in users.items():
        number, argument = number_of(first, node)
        held = first.nodes[number]
        turned = held.rule is not None and held.rule.name == "transpose" and len(held.shape) == 2 and is_turned(held, first)
        argument = held.args[0].name if turned else argument
        for share in (s for use, place in uses for s in by_samples((first, second), twins, use, place, number, argument)):
            yield share._replace(pair=(share.pair[0].T, share.pair[1].T)) if turned else share
    yield from stacks(first, second)
    yield from through_terms(first, second, twins, users)
    adjoints = (q for q in whole if q.kind == "adjoint" and (q.argument or is_turned(first.nodes[q.number], first)))
    yield from (block for quantity in (*adjoints, *shares) for block in blocks_of(quantity))
    yield from (row for quantity in whole for row in rows_of(quantity))


def number_of(evaluation: Evaluation, node: int) -> tuple[int, str]:
    """The number of a node that is known by its id, and the argument of the model that it is, or ""."""
    number = next(k for k, held in enumerate(evaluation.nodes) if id(held) == node)
    held = evaluation.nodes[number]
    return number, held.name if held.rule is None else ""


def of_nodes(
    first: Evaluation, second: Evaluation, twins: list[tuple[Any, Any]], users: dict[int, list[tuple[int, int]]]
) -> Iterator[Quantity]:
    """The value of each node, the gradient with respect to it, and its slope."""
    spelled_out = set(inside_of_sigmoids(first, users))
    for number, (a, b) in enumerate(twins):
        argument = a.name if a.rule is None and a.name in first.values else ""
        text = first.names[id(a)]
        values = [np.asarray(n._array) for n in (a, b)]
        if all(v.dtype.kind in "fiub" for v in values) and values[0].shape == values[1].shape:
            yield Quantity("value", number, argument, (values[0], values[1]), text)
        adjoints = first.adjoints.get(id(a)), second.adjoints.get(id(b))
        turned = a.rule is not None and a.rule.name == "negative"  # of -z: that of z is enough, with its sign
        is_own = (a.rule is not None or argument) and not turned and number not in spelled_out
        if adjoints[0] is not None and adjoints[1] is not None and is_own:
            yield Quantity("adjoint", number, argument, (np.asarray(adjoints[0]), np.asarray(adjoints[1])), f"dL/d{text}")
        slope = slope_of(a), slope_of(b)
        if slope[0] is not None and slope[1] is not None:
            yield Quantity("slope", number, "", (slope[0], slope[1]), f"{text}'")


def of_sigmoids(first: Evaluation, second: Evaluation) -> Iterator[Quantity]:
    """The values of sigmoids and softmaxes of which the model has the logits."""
    for a, b in zip(squashed(first), squashed(second), strict=False):
        node = first.nodes[a.node]
        inner = node.rule is not None and node.rule.name in ("negative", "exp")  # a step of a sigmoid that the model spells out
        if np.shape(a.array) == np.shape(b.array) and not inner:
            yield Quantity("value", a.node, "", (a.array, b.array), a.text)


def of_uses(
    first: Evaluation, second: Evaluation, twins: list[tuple[Any, Any]], users: dict[int, list[tuple[int, int]]]
) -> Iterator[Quantity]:
    """What each use of a node that is used several times adds to its gradient, and the running sums of that."""
    for node, uses in users.items():
        if len(uses) < 2:
            continue
        (number, argument), text = number_of(first, node), first.names[node]
        found = [share_of(first, second, twins, use, place, first.nodes[number]) for use, place in uses]
        shares = completed(found, first.adjoints[node], second.adjoints[id(second.nodes[number])])
        for slot, share in enumerate(shares):
            yield Quantity("share", number, argument, share, f"a share of dL/d{text}", slot)
        for order in (shares, shares[::-1]) if len(shares) == len(uses) else ():
            total = order[0]
            for share in order[1:-1]:
                total = total[0] + share[0], total[1] + share[1]
                yield Quantity("share", number, argument, total, f"a running sum of dL/d{text}")


def slope_of(node: Any) -> np.ndarray | None:
    """f'(z) of an elementwise operation, along the chain of such operations that leads to it."""
    found = elementwise_slope(node)
    if found is None:
        return None
    slope, current = found
    while (before := elementwise_slope(current)) is not None:
        slope, current = slope * before[0], before[1]
    return slope


def elementwise_slope(node: Any) -> tuple[np.ndarray, Any] | None:
    """(f'(z), z) of an elementwise operation of one array or number."""
    if node.shape != ():
        return local_derivative(node)
    inputs = [k for k, a in enumerate(node.args if node.rule is not None else ()) if isinstance(a, Tensor) and a.requires_grad]
    if len(inputs) != 1 or node.args[inputs[0]].shape != ():
        return None
    try:
        slope = node.rule.vjps[inputs[0]](np.ones_like(node._array), node._array, *node.values, **node.options)
    except Exception:  # a rule that needs more than its own arguments has no local derivative to show
        return None
    return np.asarray(slope, float), node.args[inputs[0]]


def rows_of(whole: Quantity) -> Iterator[Quantity]:
    """The slices of a quantity along each axis, and its entries."""
    pair, shape = whole.pair, np.shape(whole.pair[0])
    if not shape or np.size(pair[0]) > 600 or np.shape(pair[1]) != shape:
        return
    part = whole._replace(kind="row" if whole.kind == "adjoint" else whole.kind)
    for axis in range(len(shape)):
        if len(shape) > 1 and shape[axis] > 1:
            for k in range(shape[axis]):
                row = np.take(pair[0], k, axis), np.take(pair[1], k, axis)
                yield part._replace(pair=row, text=f"{whole.text}[{k}]", slot=k)
    if np.size(pair[0]) <= 150:
        for k in range(np.size(pair[0])):
            entry = np.ravel(pair[0])[k], np.ravel(pair[1])[k]
            yield part._replace(pair=entry, text=f"{whole.text}[{k}]", slot=k)


def is_turned(node: Any, evaluation: Evaluation) -> bool:
    """Whether a node of the model is an argument in another shape."""
    operands = [a for a in node.args if isinstance(a, Tensor)] if node.rule is not None else []
    return (
        len(operands) == 1
        and operands[0].rule is None
        and operands[0].name in evaluation.values
        and node.size == operands[0].size
    )


def blocks_of(whole: Quantity) -> Iterator[Quantity]:
    """The equal blocks of an array along each axis: a layer with gates may hold their weights in one array, or each by itself."""
    shape = np.shape(whole.pair[0])
    part = whole._replace(kind="row" if whole.kind == "adjoint" else whole.kind)
    for axis, count in itertools.product(range(len(shape)), GATES):
        if shape[axis] % count or np.size(whole.pair[0]) == count:
            continue
        blocks = zip(*(np.split(np.asarray(array), count, axis) for array in whole.pair), strict=True)
        yield from (part._replace(pair=block, text=f"{whole.text}, block {k}", slot=k) for k, block in enumerate(blocks))


def through_terms(
    first: Evaluation, second: Evaluation, twins: list[tuple[Any, Any]], users: dict[int, list[tuple[int, int]]]
) -> Iterator[Quantity]:
    """What each term of a loss over time adds to the gradients, in all and through each use of a parameter, and running sums."""
    for order in (1, -1) if any(True for _ in rounds(first)) else ():
        sums: dict[int, Pair] = {}
        for slot, terms in list(enumerate(by_terms(first, second)))[::order]:
            for number, (a, b) in enumerate(twins):
                argument = a.name if a.rule is None and a.name in first.values else ""
                adjoints = terms[0].adjoints.get(id(a)), terms[1].adjoints.get(id(b))
                if adjoints[0] is None or adjoints[1] is None or (a.rule is None and not argument):
                    continue
                text = f"the share of one term in dL/d{first.names[id(a)]}"
                yield Quantity("share", number, argument, (adjoints[0], adjoints[1]), text, slot)
                uses = sorted(users.get(id(a), ()), key=lambda use: -first.nodes[use[0]].age) if argument else []
                for use, place in uses if len(uses) > 1 else ():
                    share = share_of(*terms, twins, use, place, a) if id(first.nodes[use]) in terms[0].adjoints else None
                    if share is not None and np.any(share[0]):
                        before = sums.get(number, (0.0, 0.0))
                        sums[number] = before[0] + share[0], before[1] + share[1]
                        yield Quantity("share", number, argument, share, text, slot)
                        yield Quantity("share", number, argument, sums[number], f"a running sum of dL/d{first.names[id(a)]}")


def share_of(
    first: Evaluation, second: Evaluation, twins: list[tuple[Any, Any]], use: int, place: int, reader: Any
) -> tuple[np.ndarray, np.ndarray] | None:
    """What one use of a node adds to its adjoint, at both inputs."""
    found = []
    for node, evaluation in zip(twins[use], (first, second), strict=True):
        try:
            share = np.asarray(
                node.rule.vjps[place](evaluation.adjoints[id(node)], node._array, *node.values, **node.options), float
            )
            share = summed_to(share, reader.shape)
        except Exception:  # a rule that needs more than its own arguments
            return None
        if share.shape != tuple(reader.shape):
            return None
        found.append(share)
    return found[0], found[1]


def completed(shares: list[Any], *wholes: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """The shares that are known; where one is not, it is what the others leave of the whole."""
    known = [share for share in shares if share is not None]
    if known and len(known) == len(shares) - 1:
        rest = tuple(np.asarray(whole) - sum(share[k] for share in known) for k, whole in enumerate(wholes))
        known.insert(shares.index(None), rest)
    return known


def summed_to(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The array summed over the axes along which the operand was broadcast."""
    while array.ndim > len(shape):
        array = array.sum(0)
    for axis, size in enumerate(shape):
        if size == 1 and array.shape[axis] > 1:
            array = array.sum(axis, keepdims=True)
    return array


def has_sum(array: np.ndarray, total: np.ndarray) -> bool:
    """Whether the sum of an array over the axes along which the total was broadcast is the total."""
    if np.ndim(total) > np.ndim(array):
        return False
    summed = summed_to(np.asarray(array), np.shape(total))
    return summed.shape == np.shape(total) and np.allclose(summed, total)


def by_samples(both: Pair, twins: list[tuple[Any, Any]], use: int, place: int, number: int, argument: str) -> Iterator[Quantity]:
    """The outer products that a matrix product adds up in the gradient of a factor: one for each sample, and their sums."""
    node = twins[use][0]
    if node.rule.name not in ("matmul", "dot") or len(node.args) != 2 or np.ndim(node.values[1 - place]) != 2:
        return
    parts: list[list[np.ndarray]] = []
    for twin, evaluation in zip(twins[use], both, strict=True):
        other = np.asarray(twin.values[1 - place], float)
        adjoint = evaluation.adjoints.get(id(twin))
        if adjoint is None or np.ndim(adjoint) != 2:
            return
        count = other.shape[0] if place == 1 else other.shape[1]
        if not 2 <= count <= 60 or count * twin.values[place].size > 20000:
            return
        if place == 1:  # other @ W: the samples are rows
            parts.append([np.outer(other[k], adjoint[k]) for k in range(count)])
        else:
            parts.append([np.outer(adjoint[:, k], other[:, k]) for k in range(count)])
    pairs = list(zip(*parts, strict=True))
    if argument:
        for slot, (a, b) in enumerate(pairs):
            yield Quantity("share", number, argument, (a, b), f"sample {slot}'s share of dL/d{argument}", slot)
        for order in (pairs, pairs[::-1]):
            total = (np.zeros_like(pairs[0][0]), np.zeros_like(pairs[0][1]))
            for a, b in order[:-1]:
                total = (total[0] + a, total[1] + b)
                yield Quantity("share", number, argument, total, f"a running sum of dL/d{argument}")


# ------------------------------------------------------------------------------------------------------ rounds of a loop


def stacks(first: Evaluation, second: Evaluation) -> Iterator[Quantity]:
    """What the model computes in each round of a loop, as one array: a program may hold all steps of time together.

    The rounds may be the first axis of the array, the last, or one between them.
    """
    for numbers in rounds(first):
        text = first.names[id(first.nodes[numbers[0]])]
        for kind, said in (("value", text), ("adjoint", f"dL/d{text}"), ("slope", f"{text}'")):
            held = [[part_of(kind, evaluation, number) for number in numbers] for evaluation in (first, second)]
            parts = [[np.asarray(part) for part in of_one if part is not None] for of_one in held]
            if any(len(of_one) < len(numbers) for of_one in parts) or len({p.shape for of_one in parts for p in of_one}) != 1:
                continue
            for axis in range(parts[0][0].ndim + 1):
                pair = np.stack(parts[0], axis), np.stack(parts[1], axis)
                yield Quantity(kind, numbers[0], "", pair, f"{said} of all steps", stacked=True)


def part_of(kind: str, evaluation: Evaluation, number: int) -> np.ndarray | None:
    """The value, gradient or slope of a node."""
    node = evaluation.nodes[number]
    if kind == "value":
        return np.asarray(node._array) if np.asarray(node._array).dtype.kind in "fiub" else None
    return slope_of(node) if kind == "slope" else evaluation.adjoints.get(id(node))


def rounds(evaluation: Evaluation) -> Iterator[list[int]]:
    """The nodes that one operation of the model's code makes in the rounds of its loops, in their order."""
    found: dict[Any, list[int]] = {}
    for number, node in enumerate(evaluation.nodes):
        if node.rule is not None and node.place is not None and node.shape:
            found.setdefault((node.place, node.rule.name, node.shape), []).append(number)
    for numbers in found.values():
        numbers.sort(key=lambda number: evaluation.nodes[number].age)
        size = evaluation.nodes[numbers[0]].size
        if len(numbers) > 1 and len(numbers) * size <= MOST_ENTRIES:
            yield numbers
