"""Single mistakes in an expression, as people make them, with the causes that a report may name.

A factor or a transpose is dropped, a sign is turned, operands are exchanged, an index is off by one, another variable is read.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator

from public.case import Edit, Mistake

SLOPE = ("missing_activation_derivative", "wrong_activation_derivative", "derivative_of_activated_value", "relu_mask_wrong")
SCALE = (
    "factor_2",
    "batch_scale_1_over_N",
    "regularisation_term_wrong",
    "missing_factor",
    "extra_factor",
    "optimizer_rule_wrong",
)
REST = ("upstream_gradient_dropped", "gradient_or_update_used_for_weight", "loss_derivative_wrong", "update_wrong")
FACTOR = (*SLOPE, *SCALE, *REST, "missing_path_through_time", "missing_term")
SIGN = ("sign_flipped", "loss_derivative_wrong", "wrong_activation_derivative", "relu_mask_wrong", "conv_kernel_reversed")
SUM = ("bias_gradient_reduction", "batch_scale_1_over_N", "normalisation_term_missing")
INDEX = ("wrong_index", "wrong_time_index", "loop_cut_short", "wrong_activation_in_weight_gradient", "conv_kernel_reversed")
VARIABLE = ("wrong_variable", "wrong_activation_in_weight_gradient", "gradient_or_update_used_for_weight", *INDEX, *SLOPE, *REST)
Found = tuple[str, tuple[str, ...]]  # the text that is put in place of an expression, the causes


def mutations(text: str, first: int, last: int, file: str | None = None) -> list[Mistake]:
    """All mistakes of one expression on these lines of a program's text."""
    lines, found = text.split("\n"), []
    for node in ast.walk(ast.parse(text)):
        if first <= getattr(node, "lineno", 0) == getattr(node, "end_lineno", 0) <= last:
            line = lines[node.lineno - 1].encode()
            for new, causes in replaced(node):
                changed = (line[: node.col_offset] + new.encode() + line[node.end_col_offset :]).decode()
                edit = Edit(node.lineno, "^.*$", changed.replace("\\", r"\\"), file)
                found.append(Mistake((edit,), causes, (node.lineno,), drawn=True))
    return found


def replaced(node: ast.AST) -> Iterator[Found]:
    """What may stand in place of an expression or an update, by mistake."""
    match node:
        case ast.BinOp(left, ast.Mult(), right):
            yield f"({ast.unparse(left)})", FACTOR
            yield f"({ast.unparse(right)})", FACTOR
            yield f"(({ast.unparse(left)}) + ({ast.unparse(right)}))", FACTOR
        case ast.BinOp(left, ast.Div(), _):
            yield f"({ast.unparse(left)})", FACTOR
        case ast.BinOp(left, ast.Sub(), right):
            yield f"(({ast.unparse(left)}) + ({ast.unparse(right)}))", SIGN
            yield f"(({ast.unparse(right)}) - ({ast.unparse(left)}))", SIGN
        case ast.UnaryOp(ast.USub(), operand):
            yield f"({ast.unparse(operand)})", (*SIGN, *INDEX)
        case ast.Attribute(value, "T"):
            yield ast.unparse(value), ("transposed",)
        case ast.Call(ast.Attribute(_, "dot"), [left, right]):
            yield f"{ast.unparse(node.func)}({ast.unparse(right)}, {ast.unparse(left)})", ("transposed", "wrong_variable")
        case ast.Call(ast.Attribute(owner, "sum"), arguments, keywords):
            inner = ", ".join([*map(ast.unparse, arguments), *(f"{k.arg}={ast.unparse(k.value)}" for k in keywords)])
            yield f"{ast.unparse(owner)}.mean({inner})", SUM
            if "axis=0" in inner:
                yield f"{ast.unparse(owner)}.sum({inner.replace('axis=0', 'axis=1')})", SUM
        case ast.Compare(left, [ast.Gt()], [right]):
            yield f"{ast.unparse(left)} < {ast.unparse(right)}", SLOPE
        case ast.Constant(value) if type(value) in (int, float) and value in (1, 2):
            yield repr(value + 1), (*SCALE, *SLOPE, *SUM, *INDEX, *SIGN)
        case ast.AugAssign(target, ast.Sub(), value):
            yield f"{ast.unparse(target)} += {ast.unparse(value)}", (*SIGN, "update_wrong")


def more_mutations(text: str, first: int, last: int, file: str | None = None) -> list[Mistake]:
    """Further mistakes: an index off by one, `=` for `+=`, another variable of the function, a call left out."""
    lines, found = text.split("\n"), []
    for function in [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]:
        names = sorted({n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)})
        names += [a.arg for a in function.args.args if a.arg != "self"]
        for node in ast.walk(function):
            if (
                not first <= getattr(node, "lineno", 0) <= getattr(node, "end_lineno", 0) <= last
                or node.lineno != node.end_lineno
            ):
                continue
            line = lines[node.lineno - 1].encode()
            for new, causes in confused(node, names):
                changed = (line[: node.col_offset] + new.encode() + line[node.end_col_offset :]).decode()
                edit = Edit(node.lineno, "^.*$", changed.replace("\\", r"\\"), file)
                found.append(Mistake((edit,), causes, (node.lineno,), drawn=True))
    return found


def confused(node: ast.AST, names: list[str]) -> Iterator[Found]:
    """What stands in place of an expression where somebody confuses variables, indices or operators."""
    match node:
        case ast.Name(name, ast.Load()) if name in names:
            yield from ((other, VARIABLE) for other in difflib.get_close_matches(name, {*names} - {name}, 2, 0.0))
        case ast.Subscript(value, ast.Name(index) | ast.BinOp(ast.Name(index)), ast.Load()) if index not in ("np", "self"):
            yield f"{ast.unparse(value)}[{ast.unparse(node.slice)} - 1]", VARIABLE
            yield f"{ast.unparse(value)}[{ast.unparse(node.slice)} + 1]", VARIABLE
        case ast.AugAssign(target, ast.Add(), value):
            yield f"{ast.unparse(target)} = {ast.unparse(value)}", ("gradient_overwritten", "missing_path_through_time", *SUM)
        case ast.Assign([target], ast.BinOp(left, ast.Add(), _)):
            yield f"{ast.unparse(target)} = {ast.unparse(left)}", ("missing_term", "missing_path_through_time", *FACTOR)
        case ast.BinOp(left, ast.MatMult(), right):
            yield f"({ast.unparse(right)}) @ ({ast.unparse(left)})", ("transposed", "wrong_variable")
            yield f"({ast.unparse(left)}) * ({ast.unparse(right)})", ("matmul_vs_elementwise",)
        case ast.Call(function, [argument], []) if isinstance(function, (ast.Name, ast.Attribute)):
            yield f"({ast.unparse(argument)})", (*FACTOR, *SUM, "matmul_vs_elementwise", "transposed")
