"""The mistakes that people make in one expression, undone: for a node of the syntax tree, what may have stood in its place.

Each is (cost, kind, replacement), a node or its text. The costs order the trials; names are mistaken more often than structure.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeGuard

MODULES = {"np", "numpy", "math", "mg"}
COMPARISONS = ((ast.Lt, ast.LtE, ast.Gt, ast.GtE), (ast.Eq, ast.NotEq))  # each for the others of its group
SIBLINGS = (  # functions of libraries that are mistaken for one another
    ("convolve", "correlate"),
    ("convolve2d", "correlate2d"),
    ("max", "min"),
    ("argmax", "argmin"),
    ("maximum", "minimum"),
    ("zeros_like", "ones_like"),
)
IDLE: dict[type, tuple[int, ...]] = {ast.Mult: (1,), ast.Add: (0,), ast.Sub: (0,), ast.Pow: (0, 1)}  # operands of no use
MODES = ("valid", "same", "full")  # of a convolution


@dataclass(eq=False)
class Scope:
    """What an edit may name in a function."""

    shapes: dict[str, tuple[int, ...] | None]  # expression -> shape, of what the trace saw there
    loop_variables: list[str]
    functions: list[str]  # functions of one argument that the module defines
    operands: list[str]  # operand texts that occur in the function
    keys: list[str]  # string keys used in subscripts
    suspects: set[str]  # names of gradients and updates of weights: often they stand where the weights belong
    lists: set[str] = field(default_factory=set)  # that the function makes longer
    indices: list[str] = field(default_factory=list)  # that the function uses, each once

    @functools.cached_property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of arrays, and of lists of numbers or of such lists."""
        found = {name: shape for name, shape in self.shapes.items() if shape and "(" not in name}
        for text, shape in self.shapes.items():
            held = re.fullmatch(r"([\w.]+)((?:\[\d+\])+)", text)
            if held is not None and shape == () and self.shapes.get(held[1]) is None:
                last = tuple(int(n) + 1 for n in re.findall(r"\d+", held[2]))
                known = found.get(held[1], last)
                found[held[1]] = tuple(map(max, known, last)) if len(known) == len(last) else known
        return found


def expression(text: str) -> ast.expr:
    """The syntax tree of an expression."""
    return ast.parse(text, mode="eval").body


def neighbours(node: Any, scope: Scope) -> Iterator[tuple[float, str, Any]]:
    """Arrays and lists of the same shape with the same index: alone, or with this one (an update) taken off again."""
    base: Any = node
    while isinstance(base, ast.Subscript):
        base = base.value
    name, text = ast.unparse(base), ast.unparse(node)
    shape = scope.sizes.get(name)
    if not shape or not text.startswith(name):
        return
    for other, its_shape in scope.sizes.items():
        if its_shape == shape and other != name:
            neighbour = other + text[len(name) :]
            sooner = 0.8 if name in scope.suspects else 0.0
            yield 1.1 - sooner, "operand", neighbour
            yield 1.7 - sooner, "updated", f"({neighbour} - {text})"


def is_key(node: Any) -> TypeGuard[ast.Constant]:
    """Whether a subscript is a string."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def accumulations(node: Any) -> Iterator[tuple[float, str, Any]]:
    """`=` for `+=`, and the other way round, and the other sign."""
    if isinstance(node, ast.AugAssign):
        target = node.target
        name = {ast.Add: "add", ast.Sub: "subtract"}.get(type(node.op))
        index = getattr(target, "slice", None)
        has_slice = index is None or any(isinstance(part, ast.Slice) for part in ast.walk(index))
        if name and isinstance(target, ast.Subscript) and not has_slice and not isinstance(index, ast.Constant):
            texts = (ast.unparse(part) for part in (target.value, target.slice, node.value))
            yield 1.1, "add.at", ast.Expr(expression(f"np.{name}.at({', '.join(texts)})"))
        for op in (ast.Add, ast.Sub):
            if not isinstance(node.op, op):
                yield 0.9, "sign", ast.AugAssign(node.target, op(), node.value)
        yield 1.3, "accumulate", ast.Assign([node.target], node.value)
    elif len(node.targets) == 1 and isinstance(node.targets[0], (ast.Name, ast.Subscript, ast.Attribute)):
        yield 1.2, "accumulate", ast.AugAssign(node.targets[0], ast.Add(), node.value)
        yield 1.5, "accumulate", ast.AugAssign(node.targets[0], ast.Sub(), node.value)
        if isinstance(node.targets[0], ast.Subscript):
            yield 1.3, "branch", ast.AugAssign(node.targets[0], ast.Mult(), node.value)


def operators(node: ast.BinOp) -> Iterator[tuple[float, str, Any]]:
    """Another operator, operands exchanged, or one of them alone."""
    left, right = node.left, node.right
    if isinstance(node.op, ast.Add):
        yield 1.0, "sign", ast.BinOp(left, ast.Sub(), right)
        yield 1.3, "factor", ast.BinOp(left, ast.Mult(), right)
    elif isinstance(node.op, ast.Sub):
        yield 1.0, "sign", ast.BinOp(left, ast.Add(), right)
        yield 1.0, "sign", ast.BinOp(right, ast.Sub(), left)
    elif isinstance(node.op, ast.Mult):
        yield 1.0, "matmul", ast.BinOp(left, ast.MatMult(), right)
        yield 1.4, "scale", ast.BinOp(left, ast.Div(), right)
        for first, second in ((left, right), (right, left)):
            yield 1.6, "matmul", f"np.outer({ast.unparse(first)}, {ast.unparse(second)})"
    elif isinstance(node.op, ast.MatMult):
        yield 1.0, "matmul", ast.BinOp(left, ast.Mult(), right)
        yield 1.2, "transpose", ast.BinOp(right, ast.MatMult(), left)
        yield 1.3, "transpose", f"({ast.unparse(left)}).T @ ({ast.unparse(right)})"
        yield 1.3, "transpose", f"({ast.unparse(left)}) @ ({ast.unparse(right)}).T"
    elif isinstance(node.op, ast.Div):
        yield 1.4, "scale", ast.BinOp(left, ast.Mult(), right)
    dropped = "scale" if isinstance(node.op, ast.Div) else "term" if isinstance(node.op, (ast.Add, ast.Sub)) else "extra factor"
    multiplies = isinstance(node.op, ast.Mult)
    yield (1.1, "constant", left) if multiplies and is_number(right) else (1.2, dropped, left)
    if not isinstance(node.op, (ast.Div, ast.Pow)):
        yield (1.1, "constant", right) if multiplies and is_number(left) else (1.2, dropped, right)


def is_number(node: Any) -> bool:
    """Whether an expression is a number that stands there."""
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool)


def redone_derivatives(node: Any, scope: Scope) -> Iterator[tuple[float, str, Any]]:
    """The product without its last factor or two, times the derivative of some activation at some value."""
    factors = factors_of(node)
    if not 2 <= len(factors) <= 4:
        return
    texts = [f"({ast.unparse(f)})" if isinstance(f, ast.BinOp) else ast.unparse(f) for f in factors]
    for count in range(max(1, len(texts) - 2), len(texts)):
        kept = " * ".join(texts[:count])
        for other in scope.operands[:24]:
            if other not in kept.split():
                for form in (f"(1 - {other} ** 2)", f"{other} * (1 - {other})", f"({other} > 0)"):
                    yield 2.5, "derivative", f"{kept} * {form}"


def whole_derivatives(node: Any, scope: Scope) -> Iterator[tuple[float, str, Any]]:
    """The derivatives that people cut short: of a softmax to `p * (1 - p)`, of a normalisation to the path through the mean."""
    factors = [ast.unparse(f) for f in factors_of(node)]
    for p in factors:
        slope = f"1 - {p}"
        if slope in factors and len(factors) > 2:
            d = " * ".join(f for f in factors if f not in (p, slope)) or "1"
            for axis in (1, 0):
                yield 1.6, "softmax", f"{p} * ({d} - ({d} * {p}).sum(axis={axis}, keepdims=True))"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        g, mean = ast.unparse(node.left), ast.unparse(node.right)
        for start, form in ((f"{g}.mean(", "({}).mean("), (f"np.mean({g}, ", "np.mean({}, ")):
            for other, shape in scope.shapes.items():
                if mean.startswith(start) and shape is not None and shape == scope.shapes.get(g) and other != g:
                    product = form.format(f"{g} * {other}") + mean.removeprefix(start)
                    yield 1.7, "normalisation", f"{g} - {mean} - {other} * {product}"


def factors_of(node: Any) -> list[Any]:
    """The factors of a product of several: `a`, `b` and `c` of `a * b * c`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*factors_of(node.left), *factors_of(node.right)]
    return [node]


def constants(node: ast.Constant, parent: Any) -> Iterator[tuple[float, str, Any]]:
    """Another number, near to this one or common. What would leave the other operand alone, `operators` drops."""
    value = node.value
    idle = IDLE.get(type(parent.op), ()) if isinstance(parent, ast.BinOp) else ()
    if isinstance(value, bool):
        yield 1.1, "flag", ast.Constant(not value)
    elif value in MODES and isinstance(parent, (ast.keyword, ast.Call)):
        yield from ((1.2, "word", ast.Constant(mode)) for mode in MODES if mode != value)
    elif isinstance(value, (int, float)):
        kind = "axis" if isinstance(parent, ast.keyword) and parent.arg == "axis" else "constant"
        for new in (value + 1, value - 1, -value, 2 * value, value / 2, 1, 0, 2):
            if new not in (value, *idle) and not (
                isinstance(value, int) and isinstance(new, float) and new != int(new) and kind == "axis"
            ):
                plain = int(new) if isinstance(value, int) and new == int(new) else new
                yield 1.1, kind, ast.Constant(plain) if plain >= 0 else expression(str(plain))


def directions(loop: ast.For) -> Iterator[tuple[float, str, Any]]:
    """What a loop goes through, from the last to the first: a gradient goes back in time. Or no longer so."""
    text = ast.unparse(loop.iter)
    called = loop.iter.func.id if isinstance(loop.iter, ast.Call) and isinstance(loop.iter.func, ast.Name) else ""
    if called == "reversed" and isinstance(loop.iter, ast.Call):
        yield 1.1, "range", loop.iter.args[0]
    else:
        yield 1.1, "range", f"reversed(list({text}))" if called in ("zip", "enumerate") else f"reversed({text})"
    if isinstance(loop.iter, ast.Subscript) and text.endswith("[::-1]"):
        yield 1.1, "range", loop.iter.value


def comparisons(node: ast.Compare, parent: Any) -> Iterator[tuple[float, str, Any]]:
    """Another comparison, or what is compared itself: `p` for `p > 0.5`."""
    group = next((group for group in COMPARISONS if isinstance(node.ops[0], group)), ())
    for op in group:
        if not isinstance(node.ops[0], op):
            yield 1.1, "compare", ast.Compare(node.left, [op()], node.comparators)
    if not isinstance(parent, (ast.If, ast.While, ast.IfExp, ast.BoolOp)):
        yield 1.6, "unwrap", node.left


def ranges(node: ast.Call, scope: Scope) -> Iterator[tuple[float, str, Any]]:
    """A range that begins or ends one earlier or later, from zero, or up to another number."""
    for k, argument in enumerate(node.args):
        for shift in ("+ 1", "- 1"):
            changed = list(node.args)
            changed[k] = expression(f"{ast.unparse(argument)} {shift}")
            yield 1.1, "range", ast.Call(node.func, changed, node.keywords)
    if len(node.args) == 2:
        yield 1.2, "range", ast.Call(node.func, node.args[1:], node.keywords)
    for other_name in scope.shapes:
        if scope.shapes[other_name] == () and other_name.isidentifier():
            yield 1.5, "range", ast.Call(node.func, [expression(other_name)], node.keywords)


def siblings(node: ast.Call, function: ast.Attribute) -> Iterator[tuple[float, str, Any]]:
    """The function of a library for which another one is mistaken: `np.min` for `np.max`."""
    for pair in (pair for pair in SIBLINGS if function.attr in pair):
        other = pair[pair[0] == function.attr]
        yield 1.2, "function", ast.Call(ast.Attribute(function.value, other, ast.Load()), node.args, node.keywords)


def calls(node: ast.Call, scope: Scope) -> Iterator[tuple[float, str, Any]]:
    """Another reduction, range, product or function; or none."""
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    if name in ("sum", "mean"):
        other = "mean" if name == "sum" else "sum"
        if isinstance(function, ast.Attribute):
            yield 1.0, "reduction", ast.Call(ast.Attribute(function.value, other, ast.Load()), node.args, node.keywords)
        yield 1.3, "reduction", ast.Call(function, node.args, [])
        method = isinstance(function, ast.Attribute) and not (
            isinstance(function.value, ast.Name) and function.value.id in MODULES
        )
        data = [] if method else node.args[:1]
        for axis in (0, 1):
            for keep in ([], [ast.keyword("keepdims", ast.Constant(True))]):
                yield 1.2, "reduction", ast.Call(function, data, [ast.keyword("axis", ast.Constant(axis)), *keep])
        if method and isinstance(function, ast.Attribute):
            yield 1.5, "reduction", function.value
    if isinstance(function, ast.Attribute):
        yield from siblings(node, function)
    if name == "range" and node.args:
        yield from ranges(node, scope)
    if name == "where" and len(node.args) == 3:
        for k, up in ((1, node.args[2]), (2, node.args[1])):
            if isinstance(node.args[k], ast.Constant) and not isinstance(up, ast.Constant):
                branches = list(node.args)
                branches[k] = ast.BinOp(node.args[k], ast.Mult(), up)
                yield 1.1, "branch", ast.Call(function, branches, node.keywords)
    if name in ("dot", "matmul", "outer") and len(node.args) == 2:
        yield 1.1, "transpose", ast.Call(function, node.args[::-1], [])
        yield 1.2, "matmul", ast.BinOp(node.args[0], ast.Mult(), node.args[1])
    if name == "dot" and len(node.args) == 1 and isinstance(function, ast.Attribute):
        yield 1.2, "matmul", ast.BinOp(function.value, ast.Mult(), node.args[0])
    if name == "multiply" and len(node.args) == 2:
        yield 1.1, "matmul", f"np.dot({ast.unparse(node.args[0])}, {ast.unparse(node.args[1])})"
    if name in ("transpose", "copy") and isinstance(function, ast.Attribute) and not node.args:
        yield 1.3, "transpose", function.value
    if isinstance(function, ast.Name) and len(node.args) >= 1 and name not in ("range", "len", "zip", "enumerate", "reversed"):
        yield 1.4, "unwrap", node.args[0]
        for other in scope.functions:
            yield 1.3, "function", ast.Call(expression(other), node.args, node.keywords)
    elif isinstance(function, ast.Attribute) and len(node.args) == 1 and not node.keywords and name not in ("append",):
        yield 1.6, "unwrap", node.args[0]


def index_in(node: ast.Subscript) -> str:
    """The text between the brackets of an item: `:, t` of `x[:, t]`."""
    return ast.unparse(ast.Subscript(ast.Name("x", ast.Load()), node.slice, ast.Load()))[2:-1]


def whole_sums(node: ast.Subscript) -> Iterator[tuple[float, str, Any]]:
    """The sum or mean over an axis for one item of it: `d.sum(axis=0)` for `d[-1]`."""
    item = node.slice.operand if isinstance(node.slice, ast.UnaryOp) else node.slice
    if isinstance(item, ast.Constant) and type(item.value) is int:
        yield 1.6, "reduction", f"{ast.unparse(node.value)}.sum(axis=0)"
        yield 1.7, "reduction", f"{ast.unparse(node.value)}.mean(axis=0)"


def other_indices(node: ast.Subscript, scope: Scope) -> Iterator[tuple[float, str, Any]]:
    """The index with which the function reads another array: `x[t - k]` for `x[t]`."""
    base, own = ast.unparse(node.value), index_in(node)
    axes = own.count(",")
    yield from ((1.55, "index", f"{base}[{index}]") for index in scope.indices if index != own and index.count(",") == axes)


def exchanged_indices(node: ast.Subscript) -> Iterator[tuple[float, str, Any]]:
    """`x[j, i]` and `x[j][i]` for `x[i, j]` and `x[i][j]`."""
    if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2:
        first, second = node.slice.elts
        yield 1.2, "transpose", ast.Subscript(node.value, ast.Tuple([second, first], ast.Load()), node.ctx)
    elif isinstance(node.value, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        inner = node.value
        yield 1.2, "transpose", ast.Subscript(ast.Subscript(inner.value, node.slice, ast.Load()), inner.slice, node.ctx)


def slices() -> Iterator[tuple[float, str, Any]]:
    """The whole, without the last, without the first."""
    yield 1.3, "slice", ast.Slice()
    yield 1.3, "slice", ast.Slice(upper=expression("-1"))
    yield 1.3, "slice", ast.Slice(lower=ast.Constant(1))
