"""`np.einsum`: its path, and its gradient, which is an einsum again."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import numpy as np

from microgradnp.core.entries import variadic_rule

LOOP = 100_000  # multiplications that NumPy's plain loop does in the time that a path costs
COPIES = 2**28  # bytes of views that a path may copy


def contract(subscripts: Any, *operands: Any, **options: Any) -> Any:
    """`np.einsum`, by matrix products and in the cheapest order where that is faster. An `optimize=` of the caller is kept."""
    if not isinstance(subscripts, str):
        raise TypeError(
            "einsum: lists of axis numbers have no gradient rule; write the subscripts as a string, such as 'ij,jk->ik'"
        )
    if not options:
        path = cheapest_path(subscripts, tuple([getattr(a, "shape", ()) for a in operands]))
        if path and can_be_paired(operands):
            options = {"optimize": path}
    return np.einsum(subscripts, *operands, **options)


@functools.lru_cache(maxsize=1024)
def cheapest_path(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> Any:
    """NumPy's order of pairwise contractions for these shapes, or False where one loop over all letters is as fast.

    The loop is as fast where numbers are few, and where each is read only once or twice.
    """
    sizes = [math.prod(shape) for shape in shapes]
    if math.prod(sizes) <= LOOP:
        return False
    try:
        operands = [np.broadcast_to(0.0, shape) for shape in shapes]
        inputs, output = parse(subscripts, operands)
        path = np.einsum_path(subscripts, *operands)[0]
    except (TypeError, ValueError):  # np.einsum says what is wrong
        return False
    lengths: dict[str, int] = {}
    for letter, n in zip("".join(inputs), itertools.chain(*shapes), strict=True):
        lengths[letter] = max(n, lengths.get(letter, 1))
    multiplications = (len(inputs) - 1) * math.prod(lengths.values())
    numbers = sum(sizes) + math.prod(lengths[letter] for letter in output)
    by_pairs = len(path[1]) == 2
    return path if by_pairs and multiplications > max(LOOP, 1.5 * numbers) else False


def can_be_paired(operands: tuple[Any, ...]) -> bool:
    """Whether matrix products suit these operands: arrays of one dtype, and no views of overlapping windows that fill memory.

    A path would round the product of two float32 arrays before it meets a float64 one. A matrix product copies views.
    """
    return (
        all(type(a) is np.ndarray or isinstance(a, np.generic) for a in operands)
        and {a.dtype.char for a in operands} in ({"f"}, {"d"}, {"F"}, {"D"})
        and sum(a.nbytes for a in operands if not a.flags.forc) <= COPIES
    )


def einsum(position: int, g: Any, y: Any, *operands: Any, optimize: Any = None) -> Any:
    """The gradient of an einsum is an einsum: the operand's letters become the output, the result's letters an input.

    A letter that occurs only in this operand was summed: the gradient is constant along it. A letter that occurs twice in it
    picks a diagonal: the gradient lies on that diagonal.
    """
    options = {} if optimize is None else {"optimize": bool(optimize)}
    subscripts, *arrays = operands
    inputs, output = parse(subscripts, arrays)
    mine = inputs[position - 1]
    target = arrays[position - 1]
    others = [(letters, array) for k, (letters, array) in enumerate(zip(inputs, arrays, strict=True)) if k != position - 1]
    unique = "".join(dict.fromkeys(mine))
    reachable = set(output).union(*(letters for letters, _ in others))
    kept = "".join(letter for letter in unique if letter in reachable)
    terms = ",".join([output, *(letters for letters, _ in others)])
    full = contract(f"{terms}->{kept}", g, *(array for _, array in others), **options)
    sizes = dict(zip(mine, target.shape, strict=True))
    for axis, letter in enumerate(unique):
        if letter not in kept:
            full = np.expand_dims(full, axis)
        elif sizes[letter] == 1 and full.shape[axis] != 1:  # broadcast to the size that the letter has elsewhere
            full = np.sum(full, axis=axis, keepdims=True)
    full = np.broadcast_to(full, tuple(sizes[letter] for letter in unique))
    if unique == mine:
        return full
    for axis, letter in enumerate(mine):  # put the gradient onto the diagonal of each repeated letter
        if mine.index(letter) != axis:
            full = np.expand_dims(full, axis)
    mask = diagonal_mask(mine, target.shape)
    return np.broadcast_to(full, target.shape) * mask.astype(g.dtype)


def diagonal_mask(letters: str, shape: tuple[int, ...]) -> Any:
    """A mask that is True where equal letters have equal indices."""
    indices = np.indices(shape, sparse=True)
    mask = np.ones(shape, bool)
    for axis, letter in enumerate(letters):
        mask = mask & (indices[axis] == indices[letters.index(letter)])
    return mask


def parse(subscripts: str, arrays: list[Any]) -> tuple[list[str], str]:
    """The letters of each input, and of the output. `...` is written out in letters that are used nowhere else."""
    if not isinstance(subscripts, str):
        raise TypeError(
            "einsum: lists of axis numbers have no gradient rule; write the subscripts as a string, such as 'ij,jk->ik'"
        )
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    if not arrow:
        letters = left.replace(",", "").replace(".", "")
        output = ("..." if "..." in left else "") + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in subscripts]
    depth = max(
        (np.ndim(a) - len(term.replace("...", "")) for term, a in zip(inputs, arrays, strict=True) if "..." in term), default=0
    )
    batch = "".join(free[:depth])
    written = []
    for term, array in zip(inputs, arrays, strict=True):
        own = np.ndim(array) - len(term.replace("...", ""))
        written.append(term.replace("...", batch[depth - own :] if own else ""))
    return written, output.replace("...", batch)


variadic_rule(np.einsum, einsum, plain=contract)
