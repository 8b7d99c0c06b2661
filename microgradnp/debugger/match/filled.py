"""Models that fill arrays, or make them of lists: `out = np.zeros(shape)` and then `out[k] = ...`, and `np.array([a, b])`.

A Tensor never changes, and `np.array` makes arrays. While such a model runs, what `np.zeros` and its kin make holds one Tensor
after the other, and `np.array` stacks the Tensors of a list. So does a function that takes an array, `np.mean([a, b])`.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from microgradnp.core.record import apply
from microgradnp.core.tensor import Tensor
from microgradnp.core.typing import NO_OPTIONS
from microgradnp.rules.indexing import set_at

MAKERS = ("zeros", "empty", "ones", "full", "zeros_like", "empty_like", "ones_like", "full_like")


class Filled(Tensor):
    """An array to be filled. Every write makes a new Tensor, and every read is that of the last one."""

    __slots__ = ("held",)
    held: Tensor

    def __init__(self, data: Any) -> None:
        self.held = Tensor(data)

    @staticmethod
    def apply(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any] = NO_OPTIONS) -> Any:
        """Call a function on what the arrays hold now."""
        return apply(function, last(args), {name: last(value) for name, value in kwargs.items()} if kwargs else NO_OPTIONS)

    def __getitem__(self, index: Any) -> Any:
        return self.held[last(index)]

    def __setitem__(self, index: Any, value: Any) -> None:
        self.held = set_at(self.held, last(index), last(value))

    def __getattribute__(self, name: str) -> Any:
        """The value and the methods of the last Tensor."""
        if name in ("held", "apply", "__class__", "__dict__"):
            return object.__getattribute__(self, name)
        return getattr(object.__getattribute__(self, "held"), name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.held)

    def __iadd__(self, other: Any) -> Filled:
        self.held = self.held + last(other)
        return self

    def __isub__(self, other: Any) -> Filled:
        self.held = self.held - last(other)
        return self

    def __imul__(self, other: Any) -> Filled:
        self.held = self.held * last(other)
        return self

    def __itruediv__(self, other: Any) -> Filled:
        self.held = self.held / last(other)
        return self


def last(value: Any) -> Any:
    """A value with the last Tensor in the place of each array to be filled."""
    if type(value) is Filled:
        return value.held
    if type(value) in (list, tuple):
        return type(value)(map(last, value))
    return value


def has_tensors(value: Any) -> bool:
    """Whether there is a Tensor inside of a list, at any depth."""
    return isinstance(value, Tensor) or (isinstance(value, (list, tuple)) and any(map(has_tensors, value)))


def stacked(value: Any) -> Any:
    """The Tensor of a list of Tensors and numbers, or of lists of such lists."""
    return np.stack([stacked(item) for item in value]) if isinstance(value, (list, tuple)) else value


def of_lists(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy that takes a list of Tensors for an array. One that takes lists, as `np.concatenate`, gets the list."""

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        given = last(args)
        try:
            return function(*given, **kwargs)
        except TypeError:
            if not any(isinstance(value, (list, tuple)) and has_tensors(value) for value in given):
                raise
        return function(*(stacked(value) if has_tensors(value) else value for value in given), **kwargs)

    return called


class Filling:
    """NumPy, with arrays of floats that can be filled with Tensors, and made of them."""

    def __getattr__(self, name: str) -> Any:
        made = getattr(np, name)
        if name in ("array", "asarray"):
            return lambda value, *rest, **kwargs: (
                stacked(last(value)) if has_tensors(value) else made(last(value), *rest, **kwargs)
            )
        if name not in MAKERS:
            return made if isinstance(made, (type, np.ufunc)) or not callable(made) else of_lists(made)

        def make(*args: Any, **kwargs: Any) -> Any:
            array = made(*last(args), **kwargs)
            array = array.numpy() if isinstance(array, Tensor) else array
            return Filled(array) if array.dtype.kind == "f" else array

        return make


@contextlib.contextmanager
def filling(model: Callable[..., Any]) -> Iterator[None]:
    """While this lasts, the module of a model has a NumPy whose arrays can be filled with Tensors."""
    names = getattr(model, "__globals__", {})
    known = {name: value for name, value in names.items() if isinstance(value, ModuleType) and value is np}
    try:
        names.update(dict.fromkeys(known, Filling()))
        yield
    finally:
        names.update(known)


def run_filled(model: Callable[..., Any], given: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """The loss of a model that fills arrays. Raises ValueError where a plain run gives another number: a view was kept, say."""
    with filling(model):
        loss = last(model(**given))
    plain = float(np.asarray(model(**values)))
    if isinstance(loss, Tensor) and not np.isclose(float(loss.numpy()), plain, rtol=1e-9, atol=0):
        raise ValueError(
            f"the arrays that the model fills could not be followed: the loss is {plain}, and {loss.item()} with a graph"
        )
    return loss
