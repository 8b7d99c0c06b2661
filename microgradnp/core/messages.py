"""Error messages that name the operation, the argument, the shapes, the user's line, and the cure."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Mapping
from typing import Any

import numpy as np

from microgradnp.core.entries import REFUSED
from microgradnp.core.origin import Place, caller, internal, locate, operands, plotted, variable_of
from microgradnp.core.signatures import name_of
from microgradnp.core.table import TABLE, Rule
from microgradnp.core.typing import Array, Made

RETOLD: set[type[Exception]] = {
    ValueError,
    TypeError,
    IndexError,
    ArithmeticError,
    OverflowError,
    FloatingPointError,
    ZeroDivisionError,
}
RETOLD |= {np.linalg.LinAlgError, np.exceptions.AxisError}


def describe(node: Made) -> str:
    """A node by the user's name for it, its shape and the line that made it: `h (20, 4), made at model.py:12`."""
    origin = locate(node.place)
    name = users_name(node) or (origin and origin.text) or operation_of(node)
    made = f", made at {origin}" if origin else ""
    return f"{name} {node.shape}{made}"


def users_name(node: Made) -> str | None:
    """The variable that a node was assigned to. For the argument of a function that is differentiated, its parameter."""
    origin = locate(node.place)
    if node.name or origin is None:
        return node.name
    return origin.name or (variable_of(node) if node.rule is None else None)


def stored_message(node: Made, target: str) -> str:
    """Message for `target = node`, where the target is an item of an ndarray.

    >>> import microgradnp as mg
    >>> y = mg.Tensor(1.0)
    >>> print(stored_message(y, "out[i]"))  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
    an ndarray cannot hold y (), made at ...: it requires a gradient, which would be lost. Instead of out[i] = y write
    out = mg.set_at(out, i, y), or collect the Tensors in a list and np.stack them. .item() and .numpy() store plain numbers
    """
    origin = locate(node.place)
    value = users_name(node) or (origin and expression_or(origin.text, "")) or "value"
    try:
        item = ast.parse(target, mode="eval").body
    except SyntaxError:
        item = None
    if isinstance(item, ast.Subscript):
        array = ast.unparse(item.value)
        index = ast.unparse(item)[len(array) + 1 : -1]
        index = f"np.s_[{index}]" if ":" in index else f"({index})" if isinstance(item.slice, ast.Tuple) else index
        cure = f"Instead of {target} = {value} write {array} = mg.set_at({array}, {index}, {value})"
    else:
        cure = "Write new = mg.set_at(array, index, value)"
    return (
        f"an ndarray cannot hold {describe(node)}: it requires a gradient, which would be lost. {cure}, or collect the "
        "Tensors in a list and np.stack them. .item() and .numpy() store plain numbers"
    )


def in_place_message(function: str) -> str:
    """Message for a Tensor that a function shall write into an array: `out=`, or an operator such as `+=`."""
    here = locate(caller())
    try:
        statement = ast.parse(here.text if here else "").body
    except SyntaxError:
        statement = []
    cure = f"a = {function}(a, ...)"
    if statement and isinstance(found := statement[0], ast.AugAssign):
        right = ast.BinOp(ast.parse(ast.unparse(found.target), mode="eval").body, found.op, found.value)
        cure = f"{ast.unparse(found.target)} = {ast.unparse(right)}"
    return (
        f"{function}: out= (or an in-place operator such as +=) would write a Tensor into an array, and lose its gradient. "
        f"Write {cure} instead"
    )


def expression_or(text: str, name: str) -> str:
    """The text if it is a short expression, else the name."""
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return name
    return text if len(text) <= 40 else name


def lost_graph(value: Any) -> str:
    """What to say of a loss that is no Tensor."""
    kind = type(value).__name__
    if value is None:
        return "the loss returned None; end the function with `return loss`"
    if isinstance(value, (float, int, np.generic, np.ndarray)):
        return (
            f"the loss must stay a Tensor, got {kind}: float(), .item() and .numpy() cut the graph. Return the Tensor that the "
            "functions of NumPy give, and make sure that the loss uses the parameters"
        )
    return f"the loss must return a Tensor, got {kind}; does it use the parameters?"


def needs_no_gradient(node: Made) -> str:
    """Message for a backward pass from a value that depends on no parameter."""
    constant = f" ({node.rule.name} has derivative zero)" if node.rule is not None and node.rule.constant else ""
    return (
        f"backward: {describe(node)} needs no gradient: nothing it was computed from has requires_grad=True{constant}. "
        "Create the parameters with mg.Tensor(data, requires_grad=True), outside of mg.no_grad()"
    )


def no_loss(node: Made) -> str:
    """Message for a backward pass from a value that is no real scalar."""
    if node.shape == ():
        return f"backward: {describe(node)} is complex; a loss must be real. Take np.real or np.abs of it first"
    return (
        f"backward: {describe(node)} is not a scalar. Reduce it to a loss first (np.sum, np.mean, mg.sse), or pass "
        "backward(gradient=...) of its shape"
    )


def operation_of(node: Made) -> str:
    """The name of the function that made a node."""
    return node.rule.name if node.rule else "a tensor"


def freed_message(node: Made) -> str:
    """Message for a graph that an earlier backward pass has freed."""
    return (
        f"backward: the graph of {describe(node)} was already consumed by an earlier backward pass, which frees it. "
        "Call backward(retain_graph=True) the first time to sweep twice, or run the forward pass again"
    )


def mutated_message(node: Made, array: Any, position: int | None) -> str:
    """Message for an array that was changed between the forward and the backward pass."""
    origin = locate(node.place)
    texts = operands(origin.text, operation_of(node)) if origin else ()
    name = texts[position] if position is not None and position < len(texts) else "an argument"
    where = f" at {origin}" if origin else ""
    return (
        f"{operation_of(node)}: the array {name} {array.shape} used{where} was changed between the forward and the backward "
        "pass, so its gradient rule would read wrong values. Change a copy of it, or pass mg.Tensor(array), which keeps its own "
        "copy"
    )


def wrong_shape_message(share: Array, shape: tuple[int, ...], node: Made, position: int) -> str:
    """Message for a gradient formula that returned an array of another shape than its argument's."""
    return (
        f"{operation_of(node)}: the gradient rule of argument {position} returned shape {share.shape}, but that argument has "
        f"shape {shape} and the result {node.shape}. A rule is vjp(g, y, *arrays, **options) and returns the argument's "
        "shape, or one that the argument broadcasts to"
    )


def no_rule(function: Any) -> str:
    """Message for a function that is not in the table."""
    name = name_of(function)
    if function in REFUSED:
        return f"{name} has no gradient rule: {REFUSED[function]}"
    import difflib  # takes a quarter of the time of importing this package

    close = difflib.get_close_matches(name, {rule.name for rule in TABLE.values()}, n=1)
    hint = f" A close name that has one: {close[0]}." if close and close[0] != name else ""
    return (
        f"{name} has no gradient rule, and guessing one would be a silent wrong gradient.{hint} Register one with "
        f"mg.rule({name}, lambda g, y, a: ...), write it with functions that have rules, or call it on .detach().numpy()"
    )


def no_formula(rule: Rule, parameter: str) -> str:
    """Message for a Tensor that requires a gradient, given for a parameter without a formula."""
    known = {0: "no formula", 1: "one formula"}.get(rule.arrays, f"{rule.arrays} formulas")
    return (
        f"{rule.name}: no derivative exists with respect to {parameter}: the rule has {known}. mg.rule takes one for each array "
        f"argument, in their order. Or pass {parameter}.detach()"
    )


def explain(
    rule: Rule, args: tuple[Any, ...], values: tuple[Any, ...], options: Mapping[str, Any], error: Exception, place: Place | None
) -> Exception:
    """The error of a call, told again with the user's names, the shapes and the line.

    As in `matmul: h (8, 5) @ W2 (4, 3): h has 5 columns and W2 has 4 rows; h was made at model.py:12`.
    """
    here = locate(place)
    texts = operands(here.text, rule.name) if here else ()
    names = [name_argument(arg, texts[i] if i < len(texts) else None, i) for i, arg in enumerate(args)]
    shapes = [np.shape(value) if is_array(value) else None for value in values]
    shown = [f"{name} {shape}" if shape is not None else name for name, shape in zip(names, shapes, strict=True)]
    reason = (
        missing_gradient(args, names)
        or mismatch(rule.name, names, shapes)
        or str(error).partition("\n")[0]
        or type(error).__name__
    )
    called = f"{shown[0]} @ {shown[1]}" if rule.name == "matmul" and len(shown) == 2 else ", ".join(shown)
    chosen = "".join(f", {name}={value!r}" for name, value in options.items() if not is_array(value))
    made = [
        f"{name} was made at {origin}"
        for name, arg in zip(names, args, strict=True)
        if (origin := locate(getattr(arg, "place", None))) and (here is None or str(origin) != str(here))
    ]
    where = f" (at {here})" if here else ""
    message = "; ".join([f"{rule.name}: {called}{chosen}: {reason}", *dict.fromkeys(made)]) + where
    kind = next((cls for cls in type(error).__mro__ if cls in RETOLD), None)
    if kind is None:  # out of memory, a warning turned into an error, an exception class of the user: keep it
        error.add_note(message)
        return error
    retold = kind(message)
    if ran_user_code(error):
        retold.__cause__ = error
    else:
        retold.__suppress_context__ = True  # one traceback is enough; NumPy's own error stays in __context__
    return retold


def ran_user_code(error: Exception) -> bool:
    """Whether an error came out of the user's code, such as a function that was made a primitive."""
    return any(not internal[frame.f_code.co_filename] for frame, _ in traceback.walk_tb(error.__traceback__))


def refuse_to_plot() -> None:
    """Raise TypeError when a plotting library asks for the numbers of a Tensor that requires a gradient."""
    if found := plotted():
        library, call = found
        what = f"{call.text} at {call}" if call else "a call"
        raise TypeError(
            f"{library} draws plain numbers, and {what} hands over a Tensor that requires a gradient. Say .numpy() there"
        )


def missing_gradient(args: tuple[Any, ...], names: list[str]) -> str | None:
    """Why an argument that reads `.grad` is None; None when there is no such argument."""
    missing = next((name for arg, name in zip(args, names, strict=True) if arg is None and name.endswith(".grad")), None)
    return missing and f"{missing} is None; call loss.backward() first, or look whether the loss depends on that parameter"


def name_argument(argument: Any, text: str | None, position: int) -> str:
    """The user's name for an argument: the Tensor's name, the source text at the call, its variable, or its position."""
    if getattr(argument, "name", None):
        return str(argument.name)
    if text and len(text) <= 30:
        return text
    origin = locate(getattr(argument, "place", None))
    return (origin.name if origin else None) or f"argument {position}"


def is_array(value: Any) -> bool:
    """Whether a value has a shape of NumPy's."""
    return isinstance(value, (np.ndarray, np.generic))


def mismatch(operation: str, names: list[str], shapes: list[tuple[int, ...] | None]) -> str | None:
    """Why these shapes do not fit, in terms of rows, columns and axes; None when they do."""
    if any(shape is None for shape in shapes) or len(shapes) < 2:
        return None
    known = [shape for shape in shapes if shape is not None]
    if operation in ("matmul", "dot") and len(known) == 2:
        (left, right), (a, b) = known, names
        if not left or not right:
            scalar = a if not left else b
            return f"{scalar} is a scalar; use * to multiply by it"
        rows = right[-2] if len(right) > 1 else right[0]
        if left[-1] != rows:
            left_has = f"{a} has {left[-1]} {'columns' if len(left) > 1 else 'entries'}"
            right_has = f"{b} has {rows} {'rows' if len(right) > 1 else 'entries'}"
            return f"{left_has} and {right_has}"
        return None
    if not isinstance(getattr(np, operation, None), np.ufunc) and operation not in ("where", "clip"):
        return None  # it does not broadcast, and NumPy's message says what it needs
    for axis in range(1, max(map(len, known)) + 1):
        sizes = {shape[-axis] for shape in known if len(shape) >= axis and shape[-axis] != 1}
        if len(sizes) > 1:
            return (
                f"axis {-axis} has sizes {' and '.join(str(s[-axis]) for s in known if len(s) >= axis)}, which do not broadcast"
            )
    return None
