"""First-order mutants of right programs: one mistake of a known kind on a known line, and which gradients it makes wrong.

What a mutant makes wrong is found without the debugger's judgement: its step is compared with that of the right program.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACTIVATION = {"wrong_activation_derivative", "missing_activation_derivative", "derivative_of_activated_value"}
# Kind of mutant -> slugs that name it rightly. Where one slip can be described in two ways, both are right.
SLUGS: dict[str, set[str]] = {
    "operand": {
        "wrong_variable",
        "gradient_or_update_used_for_weight",
        "wrong_activation_in_weight_gradient",
        "updated_weights_used",
        "wrong_activation_derivative",
        "derivative_at_wrong_point",
        "derivative_of_activated_value",
        "upstream_gradient_dropped",
    },
    "transpose": {"transposed"},
    "drop factor": {
        "missing_factor",
        "update_wrong",
        "relu_mask_wrong",
        "upstream_gradient_dropped",
        "batch_scale_1_over_N",
        "factor_2",
        *ACTIVATION,
    },
    "duplicate factor": {"extra_factor", "factor_2", *ACTIVATION},
    "drop term": {
        "missing_term",
        "regularisation_term_wrong",
        "missing_path_through_time",
        "loss_derivative_wrong",
        "normalisation_term_missing",
        "wrong_activation_derivative",
        "update_wrong",
    },
    "plus minus": {"sign_flipped", "wrong_activation_derivative"},
    "negate": {"sign_flipped"},
    "matmul": {"matmul_vs_elementwise"},
    "drop divisor": {"batch_scale_1_over_N", "factor_2"},
    "drop power": {"wrong_activation_derivative", "factor_2"},
    "constant": {"factor_2", "wrong_activation_derivative", "wrong_index", "bias_gradient_reduction"},
    "accumulate": {"gradient_overwritten"},
    "range": {"loop_cut_short"},
    "axis": {"bias_gradient_reduction"},
    "mean": {"bias_gradient_reduction", "batch_scale_1_over_N"},
    "swap": {"transposed"},
    "compare": {"relu_mask_wrong"},
    "index": {"wrong_index", "wrong_variable"},
    "order": {"updated_weights_used"},
}


@dataclass(frozen=True)
class Mutant:
    """One wrong program."""

    kind: str
    line: int
    detail: str
    text: str


def normal_text(path: Path) -> str:
    """The program as `ast.unparse` writes it: mutants differ from it in the mutated lines only."""
    return ast.unparse(ast.parse(path.read_text())) + "\n"


def mutants(text: str, seed: int) -> Iterator[Mutant]:
    """All mutants of a program in a random order. `loss`, `make` and BIND are left alone."""
    tree = ast.parse(text)
    changes = list(changes_of(tree))
    random.Random(seed).shuffle(changes)
    for kind, line, detail, change in changes:
        changed = copy.deepcopy(tree)
        change(changed)
        new = ast.unparse(ast.fix_missing_locations(changed)) + "\n"
        if new != text:
            yield Mutant(kind, line, detail, new)


Change = Callable[[ast.Module], None]


def changes_of(tree: ast.Module) -> Iterator[tuple[str, int, str, Change]]:
    nodes = list(ast.walk(tree))
    number = {id(n): k for k, n in enumerate(nodes)}
    above = {id(child): n for n in nodes for child in ast.iter_child_nodes(n)}

    def replace(node: ast.AST, new: ast.AST) -> Change:
        k = number[id(node)]

        def change(copied: ast.Module) -> None:
            targets = list(ast.walk(copied))
            for holder in targets:
                for name, value in ast.iter_fields(holder):
                    if value is targets[k]:
                        setattr(holder, name, copy.deepcopy(new))
                        return
                    if isinstance(value, list):
                        for j, item in enumerate(value):
                            if item is targets[k]:
                                value[j] = copy.deepcopy(new)
                                return

        return change

    for function in (
        n for n in nodes if isinstance(n, ast.FunctionDef) and n.name not in ("loss_model", "make", "__init__", "forward")
    ):
        if function.name == "loss" and not isinstance(above[id(function)], ast.ClassDef):
            continue
        names = {x.id for x in ast.walk(function) if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store)}
        names |= {a.arg for a in function.args.args}
        loops = {
            x.id for n in ast.walk(function) if isinstance(n, ast.For) for x in ast.walk(n.target) if isinstance(x, ast.Name)
        }
        for node in ast.walk(function):
            for kind, new in of_node(node, above, sorted(names - loops - {"self", "lr"}), sorted(loops)):
                yield kind, node.lineno, f"{ast.unparse(node)} -> {ast.unparse(new)}", replace(node, new)
            yield from orders(node, number)


def of_node(node: Any, above: dict[int, ast.AST], names: list[str], loops: list[str]) -> Iterator[tuple[str, ast.AST]]:
    parent = above.get(id(node))
    called = isinstance(parent, ast.Call) and parent.func is node
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and not called:
        if node.id in loops and isinstance(parent, (ast.Subscript, ast.Tuple)):
            for other in loops:
                if other != node.id:
                    yield "index", ast.Name(other, ast.Load())
        elif node.id in names and isinstance(parent, (ast.BinOp, ast.Call, ast.Subscript)):
            for other in names:
                if other != node.id:
                    yield "operand", ast.Name(other, ast.Load())
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr == "T":
        yield "transpose", node.value
    elif isinstance(node, ast.BinOp):
        yield from of_operator(node)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        keyword = isinstance(parent, ast.keyword) and parent.arg == "axis"
        if keyword:
            yield "axis", ast.Constant(1 - node.value)
        else:
            for value in (node.value + 1, node.value - 1):
                yield "constant", ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))
    elif isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield "plus minus", ast.AugAssign(node.target, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), node.value)
        yield "accumulate", ast.Assign([node.target], node.value, lineno=node.lineno)
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Gt, ast.LtE, ast.Lt, ast.GtE)):
        for op in (ast.Gt, ast.LtE):
            if not isinstance(node.ops[0], op):
                yield "compare", ast.Compare(node.left, [op()], node.comparators)
    elif isinstance(node, ast.Call):
        yield from of_call(node)
    if (
        isinstance(node, ast.Assign)
        and isinstance(node.value, (ast.BinOp, ast.Call))
        and not isinstance(node.targets[0], ast.Tuple)
    ):
        yield "negate", ast.Assign(node.targets, ast.UnaryOp(ast.USub(), node.value), lineno=node.lineno)


def of_operator(node: ast.BinOp) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node.op, ast.Mult):
        yield "drop factor", node.left
        yield "drop factor", node.right
        yield "duplicate factor", ast.BinOp(node, ast.Mult(), node.right)
        yield "matmul", ast.BinOp(node.left, ast.MatMult(), node.right)
    elif isinstance(node.op, (ast.Add, ast.Sub)):
        yield "plus minus", ast.BinOp(node.left, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), node.right)
        yield "drop term", node.left
        yield "drop term", node.right
    elif isinstance(node.op, ast.MatMult):
        yield "matmul", ast.BinOp(node.left, ast.Mult(), node.right)
    elif isinstance(node.op, ast.Div):
        yield "drop divisor", node.left
    elif isinstance(node.op, ast.Pow):
        yield "drop power", node.left


def of_call(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    name = ast.unparse(node.func)
    if name == "range" and len(node.args) < 3:
        yield "range", ast.Call(node.func, [*node.args[:-1], ast.BinOp(node.args[-1], ast.Sub(), ast.Constant(1))], [])
    if name in ("np.dot", "np.outer", "np.matmul") and len(node.args) == 2:
        yield "swap", ast.Call(node.func, node.args[::-1], [])
    if name.endswith(".sum"):
        changed = ast.parse(name[:-3] + "mean", mode="eval").body
        yield "mean", ast.Call(changed, node.args, node.keywords)


def orders(node: Any, number: dict[int, int]) -> Iterator[tuple[str, int, str, Change]]:
    """An assignment moved up to three places earlier in its block."""
    block = getattr(node, "body", None)
    if not isinstance(block, list) or isinstance(node, (ast.Module, ast.ClassDef)):
        return
    k = number[id(node)]
    for early in range(len(block) - 1):
        for late in range(early + 1, min(early + 4, len(block))):
            if isinstance(block[late], (ast.Assign, ast.AugAssign)):

                def change(copied: ast.Module, early: int = early, late: int = late) -> None:
                    body = list(ast.walk(copied))[k].body  # type: ignore[attr-defined]
                    body.insert(early, body.pop(late))

                yield "order", block[late].lineno, f"line {block[late].lineno} before line {block[early].lineno}", change


def changed_lines(right: str, wrong: str) -> set[int]:
    """Lines of the wrong text that are not in the right one at that place."""
    import difflib

    found: set[int] = set()
    matcher = difflib.SequenceMatcher(None, right.splitlines(), wrong.splitlines(), autojunk=False)
    for tag, _, _, start, end in matcher.get_opcodes():
        if tag != "equal":
            found |= set(range(start + 1, end + 1)) or {start + 1}
    return found
