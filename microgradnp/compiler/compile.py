"""Run the derived backprop at the speed of hand-written code: trace once, then run straight code."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from microgradnp.compiler.kernel import BACKENDS, Kernel, kernel_for
from microgradnp.core.entries import overrides
from microgradnp.core.signatures import name_of
from microgradnp.core.table import REPLACED
from microgradnp.derivatives.gradients import value_and_grad
from microgradnp.derivatives.parameters import Parameters, parameters_of
from microgradnp.derivatives.trees import leaves
from microgradnp.derivatives.variables import Argnums, takes_part
from microgradnp.program.arguments import Arguments, asked_for

__all__ = ["Compiled", "compile"]

MOST_CHANGES = 10  # of what a function reads from outside, before a warning


class Compiled:
    """What `compile` returns: called like the function, it returns (value, gradient).

    Attributes
    ----------
    source : str
        The text that ran last.
    bytes : int
        Memory of the buffers of that text; 0 for other backends than "numpy".
    traces : int
        Number of sets of shapes, dtypes and Python arguments for which the function was traced.
    """

    def __init__(self, f: Callable[..., Any], wrt: Any, backend: str, reuse: bool, options: Mapping[str, Any]) -> None:
        self.f, self.backend, self.options = f, backend, {**options, "reuse": reuse}
        self.is_asked = wrt is not None
        self.given = tuple(wrt) if isinstance(wrt, Iterator) else wrt
        self.parameters, self.wrt = parameters_of(self.given)
        self.traces = 0
        self.own = threading.local()  # each thread has buffers of its own

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        latest = getattr(self.own, "latest", None)
        if latest is not None and not kwargs and len(args) == latest.count and latest.rules == (overrides.get(), len(REPLACED)):
            found = latest.step(*args)
            if found is not None:  # else it was made for other arguments
                return found
        if any(map(takes_part, leaves([*args, *kwargs.values()]))):
            return self.in_graph(args, kwargs)
        kernel = self.kernel(args, kwargs)
        if any(takes_part(value.data) for value in kernel.program.captured):
            self.own.latest = None
            return self.in_graph(args, kwargs)
        self.own.latest = kernel
        return kernel.run(args, kwargs)

    def in_graph(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Value and gradient as parts of the graph that is being recorded. The function runs step by step."""
        if self.parameters:
            raise TypeError(
                f"compile: {name_of(self.f)} was compiled for parameters, and is called inside of a function that is "
                "differentiated. Its values would lose their gradient; call the function itself, or mg.value_and_grad"
            )
        wrt = self.chosen(args, kwargs)
        return value_and_grad(self.f, 0 if wrt is None else wrt)(*args, **kwargs)

    def kernel(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Kernel:
        """The kernel for some arguments, made when it is first needed."""
        arguments = Arguments(self.f, args, kwargs, self.chosen(args, kwargs))
        known: dict[Any, Kernel] = self.own.__dict__.setdefault("kernels", {})
        key = arguments.key, frozenset(overrides.get().items()), len(REPLACED)
        kernel = known.get(key)
        if kernel is None or not kernel.outside.is_current():
            self.count_changes(key if kernel is not None else None)
            self.parameters, _ = parameters_of(self.given)  # a layer may have been replaced
            kernel = kernel_for(arguments, self.parameters, self.backend, self.options, is_asked=self.is_asked)
            known[key] = kernel
            self.traces += 1
        return kernel

    def count_changes(self, key: Any) -> None:
        """Warn when the function is traced again and again for the same arguments."""
        if key is None:
            return
        changes: dict[Any, int] = self.own.__dict__.setdefault("changes", {})
        changes[key] = changes.get(key, 0) + 1
        if changes[key] == MOST_CHANGES:
            warnings.warn(
                f"compile: {name_of(self.f)} was traced {MOST_CHANGES} times anew, because a variable, an attribute or a list "
                "that it reads changes between the calls. Pass what changes as an array among its arguments",
                stacklevel=4,
            )

    def chosen(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Argnums | None:
        """The arguments to differentiate with respect to."""
        if self.is_asked:
            return self.wrt
        found = asked_for(args, kwargs)
        return 0 if found is None else found

    @property
    def source(self) -> str:
        """The source of the program that was used last, as text; empty before the first call."""
        latest: Kernel | None = getattr(self.own, "latest", None)
        return "" if latest is None else latest.source

    @property
    def bytes(self) -> int:
        """The memory of the buffers of the program that was used last, in bytes."""
        latest: Kernel | None = getattr(self.own, "latest", None)
        return 0 if latest is None else latest.code.bytes

    def __repr__(self) -> str:
        times = "time" if self.traces == 1 else "times"
        return f"{name_of(self.f)} and its gradient, compiled for {self.backend}; traced {self.traces} {times}"


def compile(
    f: Callable[..., Any],
    backend: str = "numpy",
    *,
    wrt: Argnums | Parameters | None = None,
    reuse: bool = False,
    **options: Any,
) -> Compiled:
    """A fast callable that returns (f(...), gradient), like `mg.value_and_grad(f, wrt)`.

    `f` is traced at the first call with arguments of certain shapes and dtypes. Its forward and backward pass become a list of
    steps, are simplified, and are printed as straight code for the backend. Later calls run that code.

    What `f` reads from outside is looked at in each call: variables, attributes, entries of lists and dicts, also in the
    functions and modules that it calls. When one has changed, `f` is traced again. What compiled code or a property of a library
    reads is part of the code, and stays as it was.

    Called with results of a graph, or inside of a function that is differentiated, it takes part: value and gradient are
    Tensors, and `f` itself runs. A parameter, which is a leaf, is an argument like any other, and gets plain arrays.

    Parameters
    ----------
    f : callable
        Returns a real scalar; written with functions that have gradient rules. Python values among its arguments are part of
        the code: other values are compiled anew.
    backend : "numpy", "numba" or "jax"
        "numpy" calls NumPy into buffers that are made once. "numba" compiles loops (`pip install "microgradnp[fast]"`). "jax"
        runs the steps by XLA in the precision of the arguments, on the device that JAX finds (`pip install "microgradnp[jax]"`).
        A step that "numba" has no loops for stays a call of NumPy between the compiled loops, with a warning. What "jax" cannot
        take falls back to "numpy" as a whole, with a warning.
    wrt : int, str, a tuple of them, or parameters
        Arguments to differentiate with respect to, by position or name, as in `mg.value_and_grad`. A module, or Tensors that `f`
        reads from outside, give a dict of gradients by name. Without `wrt` the Tensors among the arguments that require a
        gradient are meant, or the first argument.
    reuse : bool
        Return buffers that the next call overwrites, instead of new arrays.
    **options
        For "jax": `sharding`, a sharding or None for each array of the arguments.

    Raises
    ------
    ValueError
        For an unknown backend, or at the call when `f` returns no real scalar or draws random numbers.
    TypeError
        For an unknown option, or at the call when `f` reads the numbers of a Tensor (`if loss > 1`, `float(x)`, `.item()`). The
        error names the line.
    ImportError
        When the backend's library is not installed. The error says how to install it.

    >>> import numpy as np, microgradnp as mg
    >>> step = mg.compile(lambda w, x: mg.sse(x @ w, x), wrt=0)
    >>> value, slope = step(np.zeros((2, 2)), np.ones((3, 2)))
    >>> float(value), slope
    (6.0, array([[-6., -6.],
           [-6., -6.]]))
    """
    if not callable(f):
        raise TypeError(f"compile: f is a {type(f).__name__}; pass the function that computes it: mg.compile(loss)(x, W)")
    if backend not in BACKENDS:
        raise ValueError(f"compile: backend={backend!r}; it must be one of {', '.join(map(repr, BACKENDS))}")
    if unknown := sorted(options.keys() - ({"sharding"} if backend == "jax" else set())):
        raise TypeError(f"compile: the {backend} backend takes no option {unknown[0]!r}")
    return Compiled(f, wrt, backend, reuse, options)
