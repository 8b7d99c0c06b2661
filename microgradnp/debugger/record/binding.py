"""Arguments of the model that nothing in the code is called like: found by the numbers of the forward pass.

The model is run with a placeholder for each of them. Where it first touches one, everything that the program began with is tried
in its place. A choice is kept as long as what the model makes of it is among the numbers of the program.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.capture.values import as_array
from microgradnp.debugger.match.references import Evaluation, ModelError, evaluate
from microgradnp.debugger.match.trained import Graph, tensors
from microgradnp.debugger.record.forward import Forward

MOST_RUNS = (100, 2_000)  # of the model, in each search for the arguments
MOST_WAYS = 12


class Touched(Exception):  # noqa: N818  # no error: the model asks for an argument that nobody has chosen yet
    """The model computes with a placeholder; `beside` are the other operands."""

    def __init__(self, argument: str, beside: tuple[Any, ...] = ()) -> None:
        super().__init__(argument)
        self.argument = argument
        self.beside = beside


class Placeholder:
    """Stands for an argument that is not chosen yet: whatever is done with it raises `Touched`."""

    def __init__(self, argument: str) -> None:
        object.__setattr__(self, "_argument", argument)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        raise Touched(object.__getattribute__(self, "_argument"), inputs)

    def __array_function__(self, function: Any, kinds: Any, args: Any, options: Any) -> Any:
        raise Touched(object.__getattribute__(self, "_argument"), args)

    def __getattr__(self, name: str) -> Any:
        raise Touched(object.__getattribute__(self, "_argument"))


def touches(self: Placeholder, *operands: Any) -> Any:
    raise Touched(object.__getattribute__(self, "_argument"), operands)


for _operator in ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow"):
    setattr(Placeholder, f"__{_operator}__", touches)
    setattr(Placeholder, f"__r{_operator}__", touches)
for _operator in (
    "neg",
    "pos",
    "abs",
    "getitem",
    "len",
    "iter",
    "bool",
    "float",
    "int",
    "array",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
):
    setattr(Placeholder, f"__{_operator}__", touches)


class Way(NamedTuple):
    """One way to give arguments variables. It is proved where for each of them the program has a number that hangs on it."""

    chosen: dict[str, str]
    proved: bool


class Effort(NamedTuple):
    """What a search takes into account."""

    open: list[str]  # the arguments that are looked for
    strict: bool  # whether all that the model makes must be among the numbers of the program
    scalars: bool  # whether an argument may be a single number, of which a program has many
    most: int  # runs of the model


class Search:
    """All ways to give the open arguments what was present, the likeliest first."""

    def __init__(self, model: Callable[..., Any], forward: Forward, effort: Effort, until: float) -> None:
        self.model = model
        self.forward = forward
        self.open, self.strict, self.scalars, self.most = effort
        self.fixed = {a: value for a, value in forward.known.items() if a not in self.open}
        self.taken = {path for a, path in forward.places.items() if a not in self.open}
        self.given = [*forward.known.values(), *forward.present.values()]
        self.until = until
        self.runs = 0
        self.ended = True  # whether all ways were looked at

    def ways(self, chosen: dict[str, str]) -> Iterator[Way]:
        """The ways that go on from what was chosen already."""
        if self.runs >= self.most or time.process_time() > self.until:
            self.ended = False
            return
        self.runs += 1
        values = self.fixed | {argument: self.forward.value(argument, path) for argument, path in chosen.items()}
        touched = first_touched(self.model, values | {a: Placeholder(a) for a in self.open if a not in chosen})
        if isinstance(touched, Touched):
            if self.strict and not all(self.is_met(operand) for operand in touched.beside):
                return
            for path in self.candidates(touched.argument, chosen):
                yield from self.ways({**chosen, touched.argument: path})
        elif touched is None and len(chosen) == len(self.open):
            yield from self.complete(chosen, values)

    def candidates(self, argument: str, chosen: dict[str, str]) -> Iterator[str]:
        """The variables that an argument may be, the likeliest first; a name decides nothing here but the order."""
        own = self.forward.places.get(argument, "")
        used = {*self.taken, *chosen.values()}
        if argument in self.forward.known and (not own or own not in used):
            yield own
        others = [p for p, value in self.forward.present.items() if p != own and (self.scalars or np.ndim(value))]
        yield from (path for path in sorted(others, key=lambda path: letters(argument) not in letters(path)) if path not in used)

    def is_met(self, operand: Any) -> bool:
        """Whether the program has what the model made beside a placeholder. What it was given may be there in another form."""
        array = floats_in(operand)
        if array is None or not array.ndim or any(np.size(one) == array.size and is_rearranged(array, one) for one in self.given):
            return True
        return self.forward.has(array)

    def complete(self, chosen: dict[str, str], values: dict[str, Any]) -> Iterator[Way]:
        """The way where everything is chosen, if the model can be differentiated with it."""
        try:
            evaluation = evaluate(self.model, values)
        except ModelError:
            return
        made = [node for node in evaluation.nodes if node.rule is not None and node.dtype.kind == "f" and node.size]
        met = [node for node in made if self.forward.has(node._array)]
        open_ = [a for a in evaluation.gradients if a in chosen and not self.is_alone(a, chosen)]
        proved = (
            self.strict
            and not have_open_roles(evaluation, met)
            and all(self.is_proved(a, values, evaluation, met) for a in open_)
        )
        yield Way(chosen, proved)

    def is_alone(self, argument: str, chosen: dict[str, str]) -> bool:
        """Whether nothing else has the shape of what is called like an argument."""
        if argument not in self.forward.known or chosen[argument] != (own := self.forward.places.get(argument, "")):
            return False
        shape = np.shape(self.forward.known[argument])
        return not any(path != own and np.shape(value) == shape for path, value in self.forward.present.items())

    def is_proved(self, argument: str, values: dict[str, Any], evaluation: Evaluation, met: list[Tensor]) -> bool:
        """Whether a number that the program has would be another with another value of the argument."""
        if not can_prove(values[argument]):
            return False
        other = evaluate(self.model, {**values, argument: moved(evaluation.values[argument])})
        known = {id(node) for node in met}
        pairs = [(a, b) for a, b in zip(evaluation.nodes, other.nodes, strict=False) if id(a) in known]
        return any(self.is_other(a._array, b._array) for a, b in pairs)

    def is_other(self, array: np.ndarray, other: np.ndarray) -> bool:
        """Whether a number of the model has changed."""
        if array.shape != other.shape:
            return True
        return bool(np.max(np.abs(array - other)) > 10 * self.forward.close * np.max(np.abs(array)))


def have_open_roles(evaluation: Evaluation, met: list[Tensor]) -> bool:
    """Whether the last numbers that the program has may stand for each other, as the gates of an LSTM do before they meet.

    They are of one size, and each is made from arguments that the other is not made from.
    """
    makers = Graph(evaluation, set()).makers
    passed: set[int] = set()  # nodes that a later number is made from that the program has as well
    known = {id(node) for node in met}
    for node in reversed(evaluation.nodes):
        if id(node) in passed or id(node) in known:
            passed.update(id(operand) for operand in (tensors(node) if node.rule is not None else ()))
    last = [node for node in met if id(node) not in passed and len(makers[id(node)]) > 1]
    pairs = ((makers[id(a)], makers[id(b)]) for a, b in itertools.combinations(last, 2) if a.size == b.size)
    return any(a - b and b - a for a, b in pairs)


def can_prove(value: Any) -> bool:
    """Whether a value leaves its mark: zeros and ones may leave other numbers as they are."""
    array = as_array(value)
    return array is not None and array.dtype.kind == "f" and not np.all(array == 0) and not np.all(array == 1)


def moved(value: Any) -> np.ndarray:
    """Another value of an argument."""
    array = np.asarray(value, float)
    return 1.1 * array + 0.1 * np.max(np.abs(array), initial=0)


def floats_in(operand: Any) -> np.ndarray | None:
    """The numbers of an operand beside a placeholder; None where it has none."""
    array = operand.numpy() if isinstance(operand, Tensor) else operand
    return array if isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.size else None


def letters(text: str) -> str:
    """A name without digits, underscores and case."""
    return re.sub(r"[\W\d_]", "", text).lower()


def is_rearranged(array: np.ndarray, other: Any) -> bool:
    """Whether two arrays hold the same numbers."""
    kind = np.asarray(other).dtype.kind
    return kind in "fiub" and np.array_equal(np.sort(array, axis=None), np.sort(np.asarray(other, float), axis=None))


def first_touched(model: Callable[..., Any], values: dict[str, Any]) -> Touched | Exception | None:
    """Which placeholder the model touches first; the error where it fails before; None where it runs to its end."""
    try:
        model(**values)
    except Exception as error:  # the model may fail in any way with what is tried
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, Touched):
            cause = cause.__cause__ or cause.__context__
        return cause if isinstance(cause, Touched) else error
    return None


def ways_to_bind(
    model: Callable[..., Any], forward_with: Callable[[bool], Forward], wanted: Wanted, until: float
) -> list[dict[str, str]]:
    """The ways {argument: expression} that fit: one where the numbers prove it, else all that the shapes allow.

    First all numbers of the model have to be the program's, with the arguments that were found by their names, and then without
    them. In code that computes them in another way the shapes must do. `forward_with(zeros)` gives the numbers.
    """
    first = forward_with(True)
    missing = [a for a in wanted.arguments if a not in first.known and a not in wanted.optional]
    free = [a for a in wanted.arguments if a not in wanted.bind and a not in wanted.optional]
    kinds = [(missing, True, False), (free, True, False), (missing, True, True)] if first.marks else []
    efforts = [Effort(*kind, most) for most in MOST_RUNS for kind in (*kinds, (missing, False, True)) if kind[0]]
    possible: dict[tuple[Any, ...], list[Way]] = {}
    for effort in efforts:
        for zeros in (True, False) if first.had_zeros and effort.strict else (True,):
            forward = forward_with(zeros)
            search = Search(model, forward, effort, until)
            found: list[Way] = []
            with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):  # the model may print, and fail
                for way in search.ways({}):
                    found.append(way)
                    if way.proved or len(found) > MOST_WAYS:
                        break
            if found and found[-1].proved:
                return [named(found[-1], forward)]
            if found and search.ended and len(found) <= MOST_WAYS and effort.open == missing:
                possible.setdefault((effort.strict, effort.scalars), found)
    best = min(possible, key=lambda kind: [(True, False), (True, True), (False, True)].index(kind), default=None)
    return [named(way, first) for way in possible[best]] if best is not None else []


def named(way: Way, forward: Forward) -> dict[str, str]:
    """The arguments that are another variable than that of their name."""
    return {argument: path for argument, path in way.chosen.items() if path != forward.places.get(argument, "")}
