"""The place in the user's code where a value was made, and the user's names for it.

Recording keeps two cheap facts about the calling frame: its code object, and the offset of the running instruction. The rest
follows from these two, when somebody asks: the line, the source text, the variable assigned to, the names of the operands.
"""

from __future__ import annotations

import ast
import dis
import functools
import linecache
import os
import re
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import numpy as np

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
OURS = (PACKAGE, os.path.dirname(np.__file__) + os.sep)
STORY = tuple(os.path.join(PACKAGE, "cli", name) for name in ("story.py", "tour", "trainings.py"))  # count as the user's code

MODULES = ("np", "numpy", "mg", "microgradnp", "operator")  # `np.add(a, b)`: all operands stand in the parentheses

STORES = {dis.opmap[name] for name in ("STORE_SUBSCR", "STORE_SLICE") if name in dis.opmap}

Place = tuple[CodeType, int]


class InternalFiles(dict[str, bool]):
    """File name -> whether the file belongs to this package or to NumPy. Each answer is worked out once."""

    def __missing__(self, filename: str) -> bool:
        inside = filename.startswith(OURS) and not filename.startswith(STORY)
        self[filename] = inside
        return inside


internal = InternalFiles()


def user_frame(frame: FrameType | None) -> FrameType | None:
    """The first frame that belongs to the user, from `frame` outwards."""
    while frame is not None and internal[frame.f_code.co_filename]:
        frame = frame.f_back
    return frame


def caller(depth: int = 2) -> Place | None:
    """Code object and instruction offset of the innermost frame that belongs to the user.

    `depth` frames are known to be ours. Skipping them saves the making of frame objects.
    """
    try:
        frame = sys._getframe(depth)
    except ValueError:  # called from C, at the bottom of a thread's stack
        return None
    code = frame.f_code
    if not internal[code.co_filename]:
        return code, frame.f_lasti
    outer = user_frame(frame.f_back)
    return outer and (outer.f_code, outer.f_lasti)


def stored_in() -> str | None:
    """The target of the user's running instruction, `a[i]` of `a[i] = value`; None where nothing is stored in an item."""
    place = caller()
    if place is None or place[0].co_code[place[1]] not in STORES:
        return None
    origin = locate(place)
    return origin.text if origin else ""


LOADS = {
    dis.opmap[name]
    for name in dis.opmap
    if re.fullmatch(r"LOAD_(CONST|FAST|FAST_CHECK|FAST_BORROW|SMALL_INT|NAME|GLOBAL|DEREF)", name)
}
SUBSCRIPT = 26  # the operation of BINARY_OP that is no arithmetic


def is_operand() -> bool:
    """Whether what the caller of our caller reads now is an operand of arithmetic, as `w.grad` in `0.1 * w.grad`.

    The next instruction tells, or the one after it when that loads the other operand.
    """
    frame = sys._getframe(2)
    code, read, follows = frame.f_code.co_code, frame.f_lasti, []
    while read > 0 and code[read] == dis.opmap["CACHE"]:
        read -= 2
    if code[read] != dis.opmap["LOAD_ATTR"]:  # as in hasattr(w, "grad")
        return False
    for k in range(read + 2, len(code), 2):
        if code[k] not in (dis.opmap["CACHE"], dis.opmap["EXTENDED_ARG"]):
            follows.append((code[k], code[k + 1]))
        if len(follows) == 2:
            break
    if follows and follows[0][0] in LOADS:
        follows = follows[1:]
    return bool(follows) and follows[0][0] == dis.opmap["BINARY_OP"] and follows[0][1] != SUBSCRIPT


PLOTTERS = ("matplotlib", "mpl_toolkits", "seaborn", "plotly", "bokeh", "pandas")


def plotted() -> tuple[str, Origin | None] | None:
    """The plotting library that runs between here and the user's code, and the user's call; None where none does."""
    frame, library = user_frame(sys._getframe(2)), None
    while frame is not None:
        name = str(frame.f_globals.get("__name__")).partition(".")[0]
        if name not in (*PLOTTERS, "copy") and not internal[frame.f_code.co_filename]:
            break
        library = name if name in PLOTTERS else library
        frame = frame.f_back
    return (library, frame and locate((frame.f_code, frame.f_lasti))) if library else None


def scipy_functions() -> Iterator[str]:
    """Names of the SciPy functions that run between here and the user's code, the innermost first."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        of_scipy = str(frame.f_globals.get("__name__")).startswith("scipy.")
        if not of_scipy and not internal[frame.f_code.co_filename]:
            return
        if of_scipy:
            yield frame.f_code.co_name
        frame = frame.f_back


CASTS = (float, int, complex)
SPARED = ("isfinite", "isinf", "isnan", "isclose", "floor", "ceil", "trunc")  # functions of `math` without a gradient to lose


def number_request() -> tuple[bool, str | None]:
    """Whether the running code asks for a number, as `float(x)` does; and its running call, as `math.exp`.

    The casts are `float`, `int` and `complex`. A text with `%` asks for a number, too, and so does `map(float, ...)`.
    Code without source passes when it contains the name of a cast.
    """
    frame: FrameType | None = sys._getframe(3)  # the frame that called `__float__`, perhaps through NumPy
    while frame is not None and frame.f_code.co_filename.startswith(OURS[1]):
        frame = frame.f_back
    origin = frame and locate((frame.f_code, frame.f_lasti))
    if frame is None or origin is None:
        return False, None
    if not origin.text:
        return not {cast.__name__ for cast in CASTS}.isdisjoint(frame.f_code.co_names), None
    name = called_name(origin.text)
    if name is not None:
        first, *rest = name.split(".")
        function: Any = next(
            (names[first] for names in (frame.f_locals, frame.f_globals, frame.f_builtins) if first in names), None
        )
        for attribute in rest:
            function = getattr(function, attribute, None)
        is_spared = getattr(function, "__module__", None) == "math" and function.__name__ in SPARED
        if is_spared or any(function is cast for cast in CASTS):
            return True, name
    return hands_on_a_cast(origin.text), name


@functools.lru_cache(maxsize=4096)
def hands_on_a_cast(text: str) -> bool:
    """Whether an expression formats a text with `%`, or passes a cast to `map` or as `key`.

    >>> hands_on_a_cast("'%.3f' % loss"), hands_on_a_cast("list(map(float, losses))"), hands_on_a_cast("array.fill(float(x))")
    (True, True, False)
    """
    try:
        expression = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Mod):
        return True
    calls = [node for node in ast.walk(expression) if isinstance(node, ast.Call)]
    mapped = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "map" and call.args]
    keys = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "key"]
    return any(isinstance(a, ast.Name) and a.id in [cast.__name__ for cast in CASTS] for a in [*mapped, *keys])


@functools.lru_cache(maxsize=4096)
def called_name(text: str) -> str | None:
    """`math.exp` of `math.exp(x)`; None for what is not a call of a dotted name."""
    head = text.partition("(")[0]
    return head if text.endswith(")") and all(part.isidentifier() for part in head.split(".")) else None


def running_name() -> str:
    """The function that the user calls now, without its module: `full` of `np.full(3, x)`, `r_` of `np.r_[x, y]`."""
    origin = locate(caller())
    try:
        expression = ast.parse(origin.text if origin else "", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    called = getattr(expression, "func", None) or getattr(expression, "value", None)
    return str(getattr(called, "attr", None) or getattr(called, "id", ""))


@dataclass(frozen=True)
class Origin:
    """An expression in the user's source. `name` is the variable that its value was assigned to."""

    file: str
    line: int
    function: str
    text: str
    name: str | None

    def __str__(self) -> str:
        return f"{file_label(self.file)}:{self.line}"


def file_label(file: str) -> str:
    """The name of a source file without its folders; of a notebook's cell its number, as `In [2]`."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None and hasattr(shell, "get_ipython") else None
    cell = running.compile.format_code_name(file) if running is not None else None
    return cell[1].replace("In[", "In [") if cell else os.path.basename(file)


def locate(place: Place | None) -> Origin | None:
    """The expression at a place; None when the place is unknown."""
    return None if place is None else _locate(id(place[0]), *place)


@functools.lru_cache(maxsize=4096)  # keyed by identity: hashing a code object reads all of it
def _locate(_identity: int, code: CodeType, offset: int) -> Origin:
    positions = list(code.co_positions())
    line, end_line, column, end_column = positions[offset // 2] if 0 <= offset // 2 < len(positions) else (None,) * 4
    line = line or code.co_firstlineno
    text = source_segment(code.co_filename, line, end_line, column, end_column)
    return Origin(code.co_filename, line, code.co_name, text, assigned_name(code, offset))


def source_segment(file: str, line: int, end_line: int | None, column: int | None, end_column: int | None) -> str:
    """The source text between two positions, or the whole line when the columns are unknown. Columns count UTF-8 bytes."""
    if column is None or end_column is None or end_line is None:
        return linecache.getline(file, line).strip()
    lines = [linecache.getline(file, number).encode() for number in range(line, end_line + 1)]
    if not lines or not any(lines):
        return ""
    lines[-1] = lines[-1][:end_column]
    lines[0] = lines[0][column:]
    return b"".join(lines).decode(errors="replace").strip()


def assigned_name(code: CodeType, offset: int) -> str | None:
    """The variable that the next instruction stores the result of the instruction at `offset` in, if it stores it.

    While a Python function runs, CPython 3.12 points into the inline cache after the call. So search after `offset`.
    """
    instructions = (instruction for instruction in dis.get_instructions(code) if instruction.offset > offset)
    for following in instructions:
        if following.opname in ("CACHE", "NOP", "EXTENDED_ARG", "COPY"):
            continue
        if following.opname.startswith(("STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_DEREF")):
            name = following.argval
            return str(name[0] if isinstance(name, tuple) else name)
        if following.opname.startswith("LOAD_FAST"):  # `self.h = ...`: load the object, then store the attribute
            holder = following.argval
            store = next(instructions, None)
            if store is not None and store.opname == "STORE_ATTR" and isinstance(holder, str):
                return f"{holder}.{store.argval}"
        return None
    return None


@functools.lru_cache(maxsize=4096)
def operands(text: str, function: str) -> tuple[str, ...]:
    """Source texts of the array arguments, in the order in which they are recorded; empty when the text does not show them.

    >>> operands("x @ W", "matmul"), operands("np.stack([a, b])", "stack"), operands("W.sum(0)", "sum")
    (('x', 'W'), ('a', 'b'), ())
    """
    try:
        expression = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    parts: list[ast.expr] = []
    if isinstance(expression, ast.BinOp):
        parts = [expression.left, expression.right]
    elif isinstance(expression, ast.Compare):
        parts = [expression.left, *expression.comparators]
    elif isinstance(expression, ast.UnaryOp):
        parts = [expression.operand]
    elif isinstance(expression, ast.Subscript):
        parts = [expression.value, expression.slice]
    elif isinstance(expression, ast.Call) and calls(expression.func, function):
        parts = list(expression.args)
        if len(parts) == 1 and isinstance(parts[0], (ast.List, ast.Tuple)) and function in ("stack", "concatenate"):
            parts = parts[0].elts
    if any(isinstance(part, ast.Starred) for part in parts):
        return ()
    return tuple(ast.unparse(part) for part in parts)


def calls(target: ast.expr, function: str) -> bool:
    """Whether a call goes to this function of a module. A method does not count: its receiver is an operand, too."""
    if isinstance(target, ast.Name):
        return target.id == function
    if not isinstance(target, ast.Attribute) or target.attr != function:
        return False
    while isinstance(target, ast.Attribute):
        target = target.value
    return isinstance(target, ast.Name) and target.id in MODULES


def variable_of(value: Any) -> str | None:
    """The local variable of the user's running functions that holds a value, the innermost first."""
    frame = user_frame(sys._getframe(1))
    while frame is not None:
        is_library = f"{os.sep}site-packages{os.sep}" in frame.f_code.co_filename
        for name, held in () if is_library else frame.f_locals.items():
            if held is value:
                return str(name)
        frame = user_frame(frame.f_back)
    return None


def names_in_frame(frame: Any) -> dict[int, str]:
    """id of a value -> name of the variable of this frame that holds it. Locals win over globals."""
    found: dict[int, str] = {}
    for variables in (frame.f_globals, frame.f_locals):
        for name, value in list(variables.items()):
            if name.isidentifier() and not name.startswith("_"):  # pytest and others keep values of their own in frames
                found[id(value)] = name
    return found


def one_line(error: BaseException) -> str:
    """An error of the user's code in one line, with the line of that code where it happened.

    NumPy hides an error of a conversion behind "setting an array element with a sequence".
    """
    hidden = str(error).startswith("setting an array element with a sequence")
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if not (internal[f.filename] or f.filename.startswith("<frozen"))
    ]
    where = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    told = (error.__cause__ if hidden else None) or error
    return f"{type(told).__name__}: {told}{where}"
