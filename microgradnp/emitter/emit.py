"""Print the derived backprop: a function and its gradient as NumPy source that runs with NumPy alone.

The call is traced, the program is simplified and printed, and the text is run: it must return what the graph returns. The
function is called five times at most.
"""

from __future__ import annotations

import itertools
import keyword
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.parameters import Parameters
from microgradnp.derivatives.variables import Argnums, recorded
from microgradnp.emitter.families import Family, choose_growth, families_of, fix, grown_shapes
from microgradnp.emitter.javascript_function import javascript_source
from microgradnp.emitter.proof import close, refuses_misfits, returns, stretched_axes
from microgradnp.emitter.question import Answer, Asked, Question, ask
from microgradnp.emitter.self_check import self_check
from microgradnp.emitter.sizes import Explanations, Sizes
from microgradnp.emitter.source import Source, names_of_variables
from microgradnp.program.constants import as_array, constants_of, is_full, is_range, make_constants, with_constants
from microgradnp.program.differences import differences
from microgradnp.program.passes import simplify
from microgradnp.program.values import Program, Value

__all__ = ["emit"]

MOST_CALLS = 5  # of the user's function
LARGEST_CONSTANT = 10_000  # entries


def emit(
    f: Callable[..., Any],
    *args: Any,
    wrt: Argnums | Parameters | None = None,
    name: str = "value_and_grad",
    check: bool = False,
    language: str = "numpy",
    **kwargs: Any,
) -> str:
    """The source of a function that returns (f(...), gradient), as a careful person would write it with NumPy alone.

    As JavaScript it is loops over typed arrays, which need no library.

    Parameters
    ----------
    f : callable
        Returns a real scalar; written with functions that have gradient rules. Called at most five times, with Tensors.
    args, kwargs
        Arguments to trace it with: arrays, trees of arrays, Python values. Python values become part of the text.
    wrt : int, str, a tuple of them, or parameters, optional
        Arguments to differentiate with respect to, by position or name. A tuple gives a tuple of gradients, a tree gives a tree.
        A module, or Tensors that `f` reads from outside, give a dict of gradients by name. Without `wrt` the Tensors that require
        a gradient are meant: among the arguments, else among what `f` reads from outside. Where there are none the first
        argument is meant.
    name : str
        Name of the printed function.
    check : bool
        Add a block that compares the gradient with central differences when the text is run as a program.
    language : "numpy" or "javascript"
        The JavaScript function takes and returns Float64Arrays, row after row, in double precision whatever the dtypes are, and
        returns [value, gradient]. Trees are objects and arrays. It is for the shapes that it was traced for, and checks them.

    Returns
    -------
    str
        A module. Arrays that `f` reads from outside become parameters of the printed function, behind its own. If a trace at
        other sizes gives the same program, the code works for any sizes. Otherwise it checks the shapes it was traced for.
        A Python loop is printed as loops, forward and backward, where at least four of its turns do the same.

    Raises
    ------
    TypeError
        If `f` returns no Tensor, or reads the numbers of one: the text would keep what these numbers decided.
    ValueError
        If `f` returns no real scalar, draws random numbers, or uses something that has no source. For JavaScript the message
        names the operation and its line.

    >>> import numpy as np, microgradnp as mg
    >>> print(mg.emit(lambda x, w: mg.sse(x @ w, x), np.ones((4, 2)), np.eye(2), wrt=1))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def value_and_grad(x, w):
        \"\"\"The value, and its gradient with respect to w; for arrays of any sizes that fit together.\"\"\"
        if w.shape[1] != x.shape[1]:
            raise ValueError("w.shape[1] must be x.shape[1]")
        # forward: ...
        error = x @ w - x              # (4, 2)
        value = np.vdot(error, error)
    <BLANKLINE>
        # backward
        d_w = x.T @ (2.0 * error)      # (2, 2)
        return value, d_w
    <BLANKLINE>
    """
    if isinstance(f, Tensor):
        raise TypeError("emit: f is a Tensor, a result; pass the function that computes it: mg.emit(loss, x, W)")
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"emit: name={name!r} is not a valid name for a function")
    if language not in ("numpy", "javascript"):
        raise ValueError(f'emit: language={language!r}; it must be "numpy" or "javascript"')
    if language == "javascript":
        if check:
            raise ValueError("emit: check=True adds a block of Python; language='javascript' has none")
        return javascript_source(ask(f, args, kwargs, wrt), name)
    source = source_of(f, args, kwargs, wrt, name)
    return source.text + (self_check(source) if check else "")


def source_of(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], wrt: Argnums | Parameters | None, name: str
) -> Source:
    """Trace, simplify, print and prove."""
    asked = ask(f, args, kwargs, wrt)
    question = asked.question
    traced = trace_like(asked)
    found = with_sizes(question, traced, MOST_CALLS - asked.calls - traced.calls)
    source = Source(question, found.program, found.sizes, name)
    if found.sizes.free:
        source = replace(source, sizes=proven_sizes(source, found.families))
    if not returns(source, question, traced.answer):
        raise ValueError(
            f"emit: the text does not return what the graph of {question.title} does; does that return something else each time "
            "that it is called?"
        )
    return in_loops(source, traced.answer)


def in_loops(source: Source, answer: Answer) -> Source:
    """The same program with loops, where its statements repeat themselves and the text with loops returns the same."""
    shorter = replace(source, loops=True)
    is_loop = re.search(r"\n    for \w+ in range\(", shorter.text)
    return shorter if is_loop and returns(shorter, source.question, answer) else source


# ------------------------------------------------------------------------------------------------------- trace


class Guards(NamedTuple):
    """Whether the guards of formulas against 0 * inf are left out."""

    forward: bool  # of a gradient that the function itself takes
    backward: bool

    def program(self, question: Question) -> Program:
        """Call the function, and write the call down with these guards."""
        return question.trace(unguarded=self.forward).program(unguarded=self.backward)


class Traced(NamedTuple):
    """A program that returns what the graph does, what that is, and how often the function was called for it."""

    program: Program
    answer: Answer
    guards: Guards
    calls: int


def trace_like(asked: Asked) -> Traced:
    """Trace a call. Guards are left out where the program returns what the graph does without them.

    Raises ValueError when the program does not return what the graph does.
    """
    question = asked.question
    traced = question.trace(unguarded=True)
    with recorded():
        answer = asked.evaluation.answer(question.parameters)
    calls = 1
    for guards in (Guards(True, True), Guards(True, False), Guards(False, False)):
        if not guards.forward:
            if not traced.assumed:
                break
            traced, calls = question.trace(unguarded=False), 2
        program = traced.program(unguarded=guards.backward)
        if all(map(close, program.numbers, [answer.value, *answer.gradients])):
            return Traced(program, answer, guards, calls)
    make_constants(program, guards.program(question), f"emit: {question.title}")  # raises for random numbers
    raise ValueError(
        f"emit: the trace of {question.title} does not return what its graph does; does it return something else each time that "
        "it is called?"
    )


# ------------------------------------------------------------------------------------------- simplify, with sizes


class Found(NamedTuple):
    """A simplified program, which of its numbers are sizes, and which axes grow together."""

    program: Program
    sizes: Sizes
    families: list[Family]


def with_sizes(question: Question, traced: Traced, calls: int) -> Found:
    """Simplify the program, and compare it with a second trace: at other sizes if the function takes them, else at the same.

    The function is called `calls` times at most, the call that proves the sizes included.
    """
    families = families_of(traced.program, fixed_values(question, traced.program))
    for _ in range(calls - 1):
        if all(family.fixed for family in families):
            break
        compared = compare(question, traced, families)
        if isinstance(compared, Found):
            return checked(compared, question)
        if not compared:
            break
        fix(families, compared)
    again = traced.guards.program(question)
    program = simplify(make_constants(traced.program, again, f"emit: {question.title}"))
    return checked(Found(program, Sizes(), families), question)


def compare(question: Question, traced: Traced, families: list[Family]) -> Found | list[Family]:
    """Trace once more with longer axes. Returns the families that may be why the program is not the same then."""
    program = traced.program
    shapes = [value.shape for value in program.inputs]
    amounts = choose_growth(families, primes(), {n for value in [*program.inputs, *program.values()] for n in value.shape})
    grown = grown_shapes(shapes, families, amounts)
    free = [family for family in families if not family.fixed]
    doubtful = [f for f in free if f.doubt and f.doubt == max(other.doubt for other in free)]
    try:
        other = traced.guards.program(question.resized(grown))
    except Exception:  # whatever the function raises for arguments of such sizes
        return doubtful
    if len(other.captured) != len(program.captured):
        return doubtful
    here, there = simplify(with_constants(program, other)), simplify(with_constants(other, program))
    changes = differences(here, there)
    if changes is None:
        return doubtful
    explanations = Explanations(families, amounts)
    sizes = {place: size for place, change in changes.items() if (size := explanations.of(change)) is not None}
    unexplained = [change for place, change in changes.items() if place not in sizes and place.path[0] != "shape"]
    if unexplained:
        suspects = [explanations.suspects(change) for change in unexplained]
        return [family for found in suspects for family in found] if all(suspects) else doubtful
    axes = frozenset(axis for family in free for axis in family.axes)
    return Found(here, Sizes(axes, tuple(grown), changes, sizes), families)


def primes() -> Iterator[int]:
    """The amounts by which families grow: none is a multiple of another, so that a change tells which sizes it follows."""
    return (k for k in itertools.count(3) if all(k % d for d in range(2, k)))


def fixed_values(question: Question, program: Program) -> list[Value]:
    """The values with sizes of their own: parameters and arrays of the module, but not what the function may make to measure."""
    outside = names_of_variables(question.call.f)
    made = {id(v) for v in program.captured if id(v.data) not in outside and (is_full(a := as_array(v.data)) or is_range(a))}
    return [*program.inputs[len(question.call.leaves) :], *(v for v in program.captured if id(v) not in made)]


def checked(found: Found, question: Question) -> Found:
    """Raises ValueError for a constant that is too large to be printed."""
    for value in constants_of(found.program):
        if value.size > LARGEST_CONSTANT:
            raise ValueError(
                f"emit: {question.title} makes a constant array {value.shape}, too large to be written down; make it outside, "
                "and pass it as an argument"
            )
    return found


# ------------------------------------------------------------------------------------------------------- prove


def proven_sizes(source: Source, families: list[Family]) -> Sizes:
    """The sizes of a text, without free axes for which it is not proven: it is run when every free size is another one."""
    shapes = [value.shape for value in source.program.inputs]
    question = source.question.resized(grown_shapes(shapes, families, choose_growth(families, itertools.count(2, 2))))
    try:
        if not returns(source, question, question.answer()):
            return Sizes()
    except Exception:  # whatever the function or the text raises for arguments of such sizes
        return Sizes()
    loose = [family for family in families if not family.fixed and not refuses_misfits(source, family)]
    free = source.sizes.free - {axis for family in loose for axis in family.axes}
    equal = stretched_axes(source, [family for family in families if family.axes.keys() <= free])
    return source.sizes._replace(free=free, equal=equal)
