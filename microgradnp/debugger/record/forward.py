"""What a program computes in its forward pass with numbers that are not the user's, and what it began with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.capture.fresh import fresh_numbers
from microgradnp.debugger.capture.program import Program, seeded
from microgradnp.debugger.capture.values import as_array
from microgradnp.debugger.record.nodes import Group, Node, Record, nodes_in
from microgradnp.debugger.record.record import run_recorded

MOST_NODES = 5_000  # of the program's forward pass
CLOSE = 1e-8  # as two numbers are close that were computed in another order
CLOSE_IN_SINGLE = 1e-4


@dataclass(frozen=True, eq=False)
class Forward:
    """What a program computes with generic numbers, and what it began with."""

    present: dict[str, Any]  # expression -> value; in the order of the first use
    known: dict[str, Any]  # argument -> value, of the arguments that were found by their names
    places: dict[str, str] = field(default_factory=dict)  # argument -> expression, of those that are present
    marks: dict[int, np.ndarray] = field(default_factory=dict)  # number of entries -> a row for each array of the program
    close: float = CLOSE
    had_zeros: bool = False  # whether the program began with arrays of zeros

    def value(self, argument: str, path: str) -> Any:
        """What an argument holds when it is the variable of that path; by its name where there is no path."""
        return self.present[path] if path else self.known[argument]

    def has(self, array: np.ndarray) -> bool:
        """Whether the program computes this, whole or for one sample, or something larger that it is a part of, in any layout."""
        return any(self.holds(rows[:1]) for rows in parts_of(array))

    def holds(self, row: np.ndarray) -> bool:
        """Whether an array of the program, or a part of one, has these numbers, in any order."""
        known = self.marks.get(row.size)
        return known is not None and bool(are_close(known, marks_of(row), self.close).any())


def marks_of(rows: np.ndarray) -> np.ndarray:
    """Four numbers for each row that rows with the same entries have in common."""
    return np.stack([rows.sum(1), np.abs(rows).sum(1), np.sqrt(np.square(rows).sum(1)), rows.max(1)], 1)


def parts_of(array: np.ndarray) -> Iterator[np.ndarray]:
    """The entries of an array as one row, and those along its first axes, as code has them that goes sample by sample."""
    yield np.asarray(array, float).reshape(1, -1)
    for axis in range(min(array.ndim, 2)) if array.ndim > 1 else ():
        yield np.moveaxis(np.asarray(array, float), axis, 0).reshape(array.shape[axis], -1)


def are_close(rows: np.ndarray, mark: np.ndarray, close: float) -> np.ndarray:
    """Which marks are another one but for rounding."""
    return np.all(np.abs(rows - mark) <= close * mark[:, 1], axis=1)


def forward_of(program: Program, wanted: Wanted, until: float, zeros: bool = True) -> Forward:
    """The forward pass of a program on other numbers than the user's. Without `zeros`, arrays of zeros stay, as states do."""
    rng, had_zeros = np.random.default_rng(1), False

    def generic(value: Any) -> Any:
        nonlocal had_zeros
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.flags.writeable or not value.ndim:
            return value
        had_zeros |= not value.any()
        fresh = fresh_numbers(np.asarray(value), rng, True) if zeros or value.any() else None
        if fresh is not None:
            value[...] = fresh
        return value

    with np.errstate(all="ignore"), seeded(0), program.recordable() as (_, line):
        made, _ = run_recorded(program.reached, MOST_NODES, generic, wanted, until, line=line, draws=False)
    held = {a: v.history[0].value for a in wanted.arguments if (v := made.sightings.variable(a)) is not None and v.history}
    known = {a: value for a, operand in held.items() if is_argument(value := plain_value(operand))}
    read = {operand for node in made.nodes if node.kind == "operation" for operand in nodes_in(node.args)}
    leaves = {path: leaf for path, leaf in made.leaves.items() if leaf in read and is_expression(path)}
    paths = {leaf: path for path, leaf in leaves.items()}
    places = {a: paths[operand] for a, operand in held.items() if a in known and type(operand) is Node and operand in paths}
    present = {path: leaf.value for path, leaf in leaves.items() if isinstance(leaf.value, (np.ndarray, float))}
    single = any(node.value.dtype == np.float32 for node in made.nodes if isinstance(node.value, np.ndarray))
    with np.errstate(all="ignore"):
        return Forward(present, known, places, numbers_of(made), CLOSE_IN_SINGLE if single else CLOSE, had_zeros)


def is_argument(value: Any) -> bool:
    """Whether a value may be an argument of a model: an array, or what makes one; or a setting."""
    return as_array(value) is not None or isinstance(value, (str, bool, type(None)))


def plain_value(operand: Any) -> Any:
    """The numbers of an operand of a record."""
    if type(operand) is Node:
        return np.array(operand.value) if isinstance(operand.value, np.ndarray) else operand.value
    if type(operand) is Group:
        return [plain_value(item) for item in operand.items]
    return operand


def is_expression(path: str) -> bool:
    """Whether the place of a number can be written in the code: no default of a parameter, no variable of another module."""
    try:
        compile(path, "<bind>", "eval")
    except SyntaxError:
        return False
    return "__" not in path and " " not in path


def numbers_of(made: Record) -> dict[int, np.ndarray]:
    """The marks of all arrays that a program computed, and of their parts, by the number of their entries."""
    found: dict[int, list[np.ndarray]] = {}
    for node in made.nodes:
        array = np.asarray(node.value) if isinstance(node.value, (np.ndarray, float, np.floating)) else np.zeros(0)
        for rows in parts_of(array) if array.dtype.kind == "f" and array.size else ():
            found.setdefault(rows.shape[1], []).append(marks_of(rows))
    return {size: np.concatenate(rows) for size, rows in found.items()}
