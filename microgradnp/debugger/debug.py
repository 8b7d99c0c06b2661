"""`mg.debug`: is this hand-written backprop right, and if not, which line is wrong first?"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.debugger.capture.backend import running
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.capture.program import Program
from microgradnp.debugger.capture.script import script
from microgradnp.debugger.case import Budget, Question
from microgradnp.debugger.match.references import model_arguments
from microgradnp.debugger.pipeline import investigate
from microgradnp.debugger.record.outside import aside
from microgradnp.debugger.report.report import Report


def debug(
    train: Callable[..., Any] | str | os.PathLike[str],
    loss: Callable[..., Any],
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    bind: Mapping[str, str] | None = None,
    step: int = 0,
    budget: float = 5.0,
) -> Report:
    """Run hand-written backprop unchanged, say which gradients are right, and name the first wrong line.

    Parameters
    ----------
    train : callable, or path of a script
        The hand-written code, called as `train(*args, **kwargs)` on copies. It may return gradients, keep them in variables,
        or only move the parameters; a training loop is stopped when the step asked for is over. A script without functions is
        given by its path, and is run from its start.
    loss : callable
        The same model as a plain NumPy loss, a scalar: `loss(x, y, W1, ...)`. Its arguments are found in the hand-written
        code by their names.
    args, kwargs :
        The arguments of `train`.
    bind : mapping of str to str
        Argument of `loss` -> expression in a frame of the hand-written code, for what is called otherwise:
        `{"W1": "self.W[0]"}`.
    step : int
        The step to look at, counted from 0.
    budget : float
        Seconds of processor time after which the best answer so far is given. A look at all objects of the process comes
        before: about 0.2 s for each million of them.

    Returns
    -------
    Report
        `.ok`, `.gradients`, `.first_wrong`, `.findings`, `.suspects`; prints as text, `.save("r.html")` writes a page,
        `.view("graph.html")` one with the graph of the model.

    Raises
    ------
    BindingError
        When an argument of the model cannot be found, or could be several variables.
    ModelError
        When the model fails or does not return a scalar.
    TypeError
        When `train` is no function or a generator, or `args` no tuple.
    RuntimeError
        When `train` calls `debug` itself.

    >>> import numpy as np, microgradnp as mg
    >>> def by_hand(x, t, W):  # x (5, 3), t (5, 2), W (3, 2)
    ...     y = x @ W
    ...     dW = x.T @ (y - t) ** 2  # the gradient of another loss
    ...     return dW
    >>> rng = np.random.default_rng(0)
    >>> arrays = rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), rng.normal(size=(3, 2))
    >>> mg.debug(by_hand, lambda x, t, W: 0.5 * mg.sse(x @ W, t), arrays).word
    'WRONG'
    """
    kwargs, bind = {} if kwargs is None else kwargs, {} if bind is None else bind
    check_kinds(args, kwargs, bind, step)
    if isinstance(train, (str, os.PathLike)):
        if not os.path.isfile(train):
            raise FileNotFoundError(f"debug: there is no file {str(train)!r}; pass a function itself, or the path of a script")
        train = script(train)
    return ask(Program(train, tuple(args), dict(kwargs)), loss, dict(bind), step, budget)


def check_kinds(args: Any, kwargs: Any, bind: Any, step: Any) -> None:
    """Raise TypeError for an argument of another kind, and say what to write."""
    if not isinstance(args, (tuple, list)):
        raise TypeError(f"debug: args must be a tuple of the function's arguments, got {type(args).__name__}; write args=(x,)")
    if not isinstance(kwargs, Mapping):
        raise TypeError(
            f"debug: kwargs must be a dict of the function's keyword arguments, got {type(kwargs).__name__}; "
            "put all arguments into one tuple: debug(train, loss, (x, y, W))"
        )
    for where, value in (*((f"args[{k}]", value) for k, value in enumerate(args)), *kwargs.items()):
        if isinstance(value, Tensor):
            raise TypeError(f"debug: {where} is a Tensor; hand-written backprop works on arrays: pass .numpy() of it")
    if not isinstance(bind, Mapping):
        raise TypeError(f'debug: bind is {bind!r}; write bind={{"W1": "self.W[0]"}}, an argument of the model and what holds it')
    if not isinstance(step, (int, np.integer)):
        raise TypeError(f"debug: step must be a whole number, counted from 0, got {step!r}")


def ask(program: Program, model: Callable[..., Any], bind: dict[str, str], step: int, seconds: float) -> Report:
    """The report on one step of a program. Raises BindingError, ModelError and RuntimeError, as `debug` does."""
    if running.get():
        raise RuntimeError("debug: the code that is being checked calls debug itself; take that call out of it")
    arguments, optional = model_arguments(model)
    with aside():  # the budget begins inside: how long the look at all objects takes hangs on the process, not on the program
        return investigate(Question(program, model, Wanted(arguments, optional, bind), Budget(seconds)), step)
