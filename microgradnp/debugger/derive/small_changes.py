"""The name of a mistake where the part that was changed tells it by itself, whatever stands around it."""

from __future__ import annotations

import ast
from collections import Counter
from typing import Protocol

import numpy as np

from microgradnp.debugger.derive import through_time
from microgradnp.debugger.derive.carrying import Atom
from microgradnp.debugger.derive.meanings import Meanings
from microgradnp.debugger.derive.products import Factor, base_of, factors, is_number
from microgradnp.debugger.derive.scene import Snapshot
from microgradnp.debugger.derive.values import atoms_of
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.repair.edits import Edit

OPERANDS = (ast.Name, ast.Attribute, ast.Subscript)
TWICE = (2.0, 0.5)


class Difference(through_time.Difference, Protocol):
    """A change that mends a program, and what the parts of its texts are."""

    edit: Edit
    snapshot: Snapshot | None
    meanings: Meanings

    def atom(self, text: str) -> Atom | None: ...

    def kind(self, text: str) -> str: ...

    def is_loss(self, text: str) -> bool: ...

    def of_index(self) -> str: ...

    def of_numbers(self, left: list[Factor], added: list[Factor]) -> str: ...


def of_small_change(difference: Difference) -> str:
    """The slug where a sign, a number, one summand, one operand or one factor was changed; "" where more was."""
    edit = difference.edit
    if not isinstance(edit.node, ast.expr) or not isinstance(edit.replacement, ast.expr):
        return ""
    parent, before, after, is_index = smallest(edit.parent, edit.node, edit.replacement)
    old, new = ast.unparse(before), ast.unparse(after)
    if negates(difference, difference.mended.old, difference.mended.new):
        return "sign_flipped"
    if is_twice(parent, old, new):
        return "factor_2"
    if isinstance(parent, ast.Compare):
        return "relu_mask_wrong"
    if changes_penalty(difference):
        return "regularisation_term_wrong"
    if added := term_added(after, old):
        return of_term(difference, added)
    if (factor := factor_put(after, old)) and difference.kind(factor) == "number":
        return difference.of_numbers([], [Factor(factor, frozenset())])
    if is_index:
        return difference.of_index()
    if isinstance(before, OPERANDS) and isinstance(after, OPERANDS):
        return of_operand(difference, old, new)
    return "extra_factor" if is_factor_taken(difference, old, new) else ""


def smallest(parent: ast.AST, old: ast.expr, new: ast.expr) -> tuple[ast.AST, ast.expr, ast.expr, bool]:
    """The smallest expressions in which two expressions differ, what the old one stands in, and whether that is an index."""
    is_index = isinstance(parent, ast.Slice) or (isinstance(parent, ast.Subscript) and parent.slice is old)
    inside, other = (list(ast.iter_child_nodes(node)) for node in (old, new))
    if type(old) is not type(new) or len(inside) != len(other) or bare(old) != bare(new):
        return parent, old, new, is_index
    differ = [pair for pair in zip(inside, other, strict=True) if ast.dump(pair[0]) != ast.dump(pair[1])]
    first, second = differ[0] if len(differ) == 1 else (None, None)
    parts = {ast.Call: "func", ast.Subscript: "value"}  # another function or array takes its arguments or index along
    is_whole = first is not None and first is getattr(old, parts.get(type(old), ""), None)
    if is_whole or not isinstance(first, ast.expr) or not isinstance(second, ast.expr):
        return parent, old, new, is_index
    around, before, after, is_deeper = smallest(old, first, second)
    return around, before, after, is_index or is_deeper


def bare(node: ast.expr) -> list[str]:
    """What a node says without those inside of it: its operator, its name, its number."""
    return [str(value) for _, value in ast.iter_fields(node) if not isinstance(value, (ast.AST, list))]


def of_term(difference: Difference, added: str) -> str:
    """The slug where a term was added."""
    if any(m.is_gradient and m.quantity.argument in difference.suspect.target for m in difference.of(added.lstrip("-"))):
        return "gradient_overwritten" if through_time.repeats(difference) else ""
    if node := forgotten(difference, added):
        carried = node in difference.mended.blame.unused and through_time.goes_through_time(difference)
        return "missing_path_through_time" if carried else "upstream_gradient_dropped"
    return "loss_derivative_wrong" if difference.is_loss(added) else ""


def of_operand(difference: Difference, old: str, new: str) -> str:
    """The slug where one variable gave way to another."""
    kinds = difference.kind(old), difference.kind(new)
    if through_time.are_of_other_times(difference, old, new):
        return "wrong_time_index"
    if kinds == ("gradient", "gradient") or (kinds[1] == "gradient" and difference.suspect.updates):
        return "loss_derivative_wrong" if is_loss_derivative(difference) else "wrong_variable"
    is_weight = "moved" in kinds or (kinds[1] == "weight" and kinds[0] == "gradient")
    return "wrong_variable" if difference.suspect.updates and kinds[1] != "value" and not is_weight else ""


def changes_penalty(difference: Difference) -> bool:
    """Whether the change adds a multiple of the parameter whose gradient it is, as only a penalty does."""
    atoms = difference.atom(difference.mended.old), difference.atom(difference.mended.new)
    if atoms[0] is None or atoms[1] is None or atoms[0].shape != atoms[1].shape:
        return False
    changes = [np.asarray(new, float) - old for old, new in zip(atoms[0].pair, atoms[1].pair, strict=True)]
    suspect, meanings = difference.suspect, difference.meanings
    for argument in suspect.target | (suspect.reach if suspect.updates else frozenset()):
        held = [np.asarray(e.values[argument], float) for e in (difference.step.evaluation, meanings.point.evaluation)]
        if all(map(are_in_proportion, changes, held)):
            return True
    return False


def are_in_proportion(array: np.ndarray, other: np.ndarray) -> bool:
    """Whether an array is a multiple of another one. Of single numbers nothing is known."""
    if array.shape != other.shape or array.size < 2 or not np.any(array) or not np.any(other):
        return False
    factor = array.ravel() @ other.ravel() / np.sum(np.square(other))
    return bool(np.allclose(array, factor * other, rtol=1e-9, atol=1e-12 * np.max(np.abs(array))))


def factor_put(replacement: ast.expr, old: str) -> str:
    """What an expression was multiplied or divided by; "" where something else was done."""
    if not isinstance(replacement, ast.BinOp) or not isinstance(replacement.op, (ast.Mult, ast.Div)):
        return ""
    left, right = ast.unparse(replacement.left), ast.unparse(replacement.right)
    if isinstance(replacement.op, ast.Div):
        return f"1 / ({right})" if left == old else ""
    return right if left == old else left if right == old else ""


def forgotten(difference: Difference, text: str) -> Node | None:
    """The gradient that an expression holds, if nothing has read it, or the array of such gradients that it is an item of."""
    held = dict(atoms_of(difference.snapshot.names)) if difference.snapshot is not None else {}
    node, blame = held.get(text) or held.get(base_of(text)), difference.mended.blame
    return node if node is not None and (node in blame.unused or node.memory in blame.stores) else None


def negates(difference: Difference, old: str, new: str) -> bool:
    """Whether an expression is the other one with the other sign, at both inputs."""
    atoms = difference.atom(old), difference.atom(new)
    if atoms[0] is None or atoms[1] is None or atoms[0].shape != atoms[1].shape or not np.any(atoms[0].pair[0]):
        return False
    return all(np.allclose(a, -b, rtol=1e-12, atol=0) for a, b in zip(atoms[0].pair, atoms[1].pair, strict=True))


def is_twice(parent: ast.AST, old: str, new: str) -> bool:
    """Whether a number of a product was doubled or halved, put before it or taken away."""
    first, second = (Counter(Factor(f.text, frozenset(), f.divides) for f in factors(text)) for text in (old, new))
    gone, come = first - second, second - first
    parts = [*gone, *come]
    if not parts or not all(is_number(part.text) for part in parts):
        return False
    if first == gone and not (isinstance(parent, ast.BinOp) and isinstance(parent.op, (ast.Mult, ast.Div))):
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


def is_loss_derivative(difference: Difference) -> bool:
    """Whether the right value is the derivative of the loss at the end of the forward pass, with no slope as a factor."""
    means, evaluation = difference.mended.candidate.means, difference.step.evaluation
    if means is None or means.quantity.kind != "adjoint" or means.quantity.argument:
        return False
    ends = [np.asarray(node.value) for node in difference.step.outputs]
    nodes = [n for n in evaluation.nodes if n.rule is not None and any(are_alike(n._array, end) for end in ends)]
    if not any(are_alike(evaluation.adjoints[id(n)], means.quantity.pair[0]) for n in nodes if id(n) in evaluation.adjoints):
        return False
    return sum(difference.kind(f.text) != "number" and not is_number(f.text) for f in factors(difference.mended.new)) == 1


def are_alike(array: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays hold the same numbers, but for axes of length one."""
    first, second = (np.squeeze(np.asarray(part)) for part in (array, other))
    return first.shape == second.shape and first.dtype.kind == second.dtype.kind == "f" and np.allclose(first, second, 1e-7, 0)
