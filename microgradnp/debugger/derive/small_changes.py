"""The name of a mistake where the part that was changed tells it by itself, whatever stands around it."""

from __future__ import annotations

import ast
from collections import Counter
from typing import Protocol

import numpy as np

from microgradnp.debugger.derive.derivations import Atom
from microgradnp.debugger.derive.products import Factor, base_of, factors, is_number
from microgradnp.debugger.derive.scene import Snapshot
from microgradnp.debugger.derive.turn import Mended
from microgradnp.debugger.derive.values import atoms_of
from microgradnp.debugger.repair.edits import Edit

OPERANDS = (ast.Name, ast.Attribute, ast.Subscript)
TWICE = (2.0, 0.5)


class Difference(Protocol):
    """A change that mends a program, and what the parts of its texts are."""

    mended: Mended
    edit: Edit
    snapshot: Snapshot | None

    def atom(self, text: str) -> Atom | None: ...

    def kind(self, text: str) -> str: ...

    def is_loss(self, text: str) -> bool: ...


def of_small_change(difference: Difference) -> str:
    """The slug where a sign, a number, one summand, one operand or one factor was changed; "" where more was."""
    edit = difference.edit
    if not isinstance(edit.node, ast.expr) or not isinstance(edit.replacement, ast.expr):
        return ""
    old, new = ast.unparse(edit.node), ast.unparse(edit.replacement)
    if negates(difference, difference.mended.old, difference.mended.new):
        return "sign_flipped"
    if is_twice(edit.parent, old, new):
        return "factor_2"
    added = term_added(edit.replacement, old)
    if added and is_forgotten(difference, added):
        return "upstream_gradient_dropped"
    if added and difference.is_loss(added):
        return "loss_derivative_wrong"
    plain = isinstance(edit.node, OPERANDS) and isinstance(edit.replacement, OPERANDS)
    if plain and difference.kind(old) == difference.kind(new) == "gradient":
        return "wrong_variable"
    if is_factor_taken(difference, old, new):
        return "extra_factor"
    return ""


def is_forgotten(difference: Difference, text: str) -> bool:
    """Whether an expression holds a gradient that nothing has read, or is an item of an array of such gradients."""
    held = dict(atoms_of(difference.snapshot.names)) if difference.snapshot is not None else {}
    node, blame = held.get(text) or held.get(base_of(text)), difference.mended.blame
    return node is not None and (node in blame.unused or node.memory in blame.stores)


def negates(difference: Difference, old: str, new: str) -> bool:
    """Whether an expression is the other one with the other sign, at both inputs."""
    atoms = difference.atom(old), difference.atom(new)
    if atoms[0] is None or atoms[1] is None or atoms[0].shape != atoms[1].shape or not np.any(atoms[0].pair[0]):
        return False
    return all(np.allclose(a, -b, rtol=1e-12, atol=0) for a, b in zip(atoms[0].pair, atoms[1].pair, strict=True))


def is_twice(parent: ast.AST, old: str, new: str) -> bool:
    """Whether a number of a product was doubled or halved, put before it or taken away."""
    first, second = factors(old), factors(new)
    gone = Counter(first) - Counter(second)
    come = Counter(second) - Counter(first)
    parts = [*gone, *come]
    if not parts or not all(is_number(part.text) for part in parts):
        return False
    if len(first) == len(gone) and not (isinstance(parent, ast.BinOp) and isinstance(parent.op, (ast.Mult, ast.Div))):
        return False  # a number by itself: an exponent, a summand
    ratio = value_of(come) / (value_of(gone) or np.nan)
    return any(abs(abs(ratio) - c) < 1e-12 for c in TWICE)


def value_of(parts: Counter[Factor]) -> float:
    """The product of some numbers."""
    found = 1.0
    for part, count in parts.items():
        number = float(eval(compile(ast.parse(part.text, mode="eval"), "<number>", "eval")))
        found *= (1 / number if part.divides else number) ** count if number else 0.0
    return found


def term_added(replacement: ast.expr, old: str) -> str:
    """What was added to an expression or subtracted from it; "" where something else was done."""
    if not isinstance(replacement, ast.BinOp) or not isinstance(replacement.op, (ast.Add, ast.Sub)):
        return ""
    left, right = ast.unparse(replacement.left), ast.unparse(replacement.right)
    return right if left == old else left if right == old else ""


def is_factor_taken(difference: Difference, old: str, new: str) -> bool:
    """Whether an array was taken out of a product that keeps its shape: there was a factor too many."""
    first, second = Counter(f.text for f in factors(old)), Counter(f.text for f in factors(new))
    gone = first - second
    if not gone or second - first or not second:
        return False
    atoms = difference.atom(old), difference.atom(new)
    if atoms[0] is None or atoms[1] is None or atoms[0].shape != atoms[1].shape:
        return False
    return all(difference.kind(text) != "number" and not is_number(text) for text in gone)


def of_order(edit: Edit) -> str:
    """The slug where a statement has moved."""
    if "out of the loop" not in edit.new:
        return "updated_weights_used"
    moved = [node for node in edit.replacement if node not in edit.node]
    return "loop_cut_short" if moved and any(isinstance(n, ast.Return) for n in edit.replacement) else "gradient_overwritten"


def of_arguments(edit: Edit) -> str:
    """The slug where the arguments of a call change places."""
    called = edit.node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return "conv_kernel_reversed" if name in ("correlate", "convolve", "correlate2d", "convolve2d") else "wrong_variable"
