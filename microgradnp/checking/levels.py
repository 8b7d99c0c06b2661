"""A function and its higher derivatives as a sequence of functions, all checked in one way.

Level 0 is the function f. Level 1 is its projected gradient: the gradient of sum(w * f(x)) with fixed random weights w. Level 2
is the projected gradient of level 1, computed through its recorded backward pass, and so on.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from microgradnp.checking.claims import norm, scale
from microgradnp.checking.oracles import FIRST_STEP, Arrays, Function, moved
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.gradients import pulled_back
from microgradnp.derivatives.variables import variable


class Levels:
    """One function at one point, differentiated with respect to the arguments `chosen`."""

    def __init__(self, f: Callable[..., Any], args: list[Any], chosen: list[int], random: np.random.Generator) -> None:
        self.f = f
        self.args = args
        self.chosen = chosen
        self.random = random
        self.weights: list[Arrays] = []  # of each level, for its outputs; drawn when the level is first computed

    def call(self, x: Sequence[Any]) -> Any:
        """The function with `x` for the chosen arguments."""
        args = list(self.args)
        for k, value in zip(self.chosen, x, strict=True):
            args[k] = value
        return self.f(*args)

    def recorded(self, level: int, x: Arrays, *, record: bool = False) -> list[Any]:
        """The outputs of a level, computed on Tensors. With `record` they can be differentiated again."""
        inputs = [variable(a, f"argument {k}") for k, a in enumerate(x)]
        result = self.call(inputs)
        outputs: list[Any] = [result if isinstance(result, Tensor) else Tensor(result)]
        for below in range(level):
            outputs = pulled_back(outputs, inputs, self.weights[below], record=record or below < level - 1)
        return outputs

    def plain(self, level: int) -> Function:
        """A level as a function of plain arrays: f on plain arrays, and ordinary backward passes above it."""
        if level == 0:
            return lambda x: [np.asarray(self.call(x))]
        return lambda x: [np.asarray(y) for y in self.recorded(level, x)]

    def draw_weights(self, level: int, outputs: Arrays) -> Arrays:
        """The random weights for the outputs of a level, the same at every call."""
        if len(self.weights) == level:
            self.weights.append([self.draw(y) for y in outputs])
        return self.weights[level]

    def draw(self, like: Any) -> Any:
        """Random numbers in the shape of `like`, of either sign and magnitude 0.5 to 1; complex when `like` is."""
        shape = np.shape(like)
        real, imaginary = (self.random.uniform(0.5, 1.0, shape) * self.random.choice([-1.0, 1.0], shape) for _ in "ri")
        return real + 1j * imaginary if np.iscomplexobj(like) else np.asarray(real)

    def perturbed(self, level: int, x: Arrays, relative: float) -> list[Arrays]:
        """The outputs of a level at three points that differ from `x` by random relative changes."""
        return [self.plain(level)([a * (1 + relative * self.draw(a).real) for a in x]) for _ in range(3)]

    def typical_change(self, level: int, x: Arrays, v: Arrays) -> float:
        """The change of a projected level along `v`, if each derivative divided f by the size of x.

        Where the true derivative is 0, terms of this size cancelled, and their rounding is left.
        """
        here, there = self.plain(0)(x), self.plain(0)(moved(x, v, FIRST_STEP))
        still = not any(np.any(a != b) for a, b in zip(here, there, strict=True))
        size = norm(w * a * (still | (a != b)) for w, a, b in zip(self.weights[0], here, there, strict=True))
        for weights in self.weights[1 : level + 1]:
            size *= norm(w / scale(a) * (b != 0 if np.any(b) else 1) for w, a, b in zip(weights, x, v, strict=True))
        return size

    # -------------------------------------------------------------------------------------------- names

    def name(self, level: int) -> str:
        """A level in words."""
        return "the value of f" if level == 0 else "the gradient of f" if level == 1 else f"derivative {level} of f"

    def argument_name(self, position: int) -> str:
        """The number of a chosen argument, and its name if it has one."""
        argument = self.chosen[position]
        try:
            parameter = list(inspect.signature(self.f).parameters.values())[argument]
        except (TypeError, ValueError, IndexError):
            return f"argument {argument}"
        named = parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        return f"argument {argument} ({parameter.name})" if named else f"argument {argument}"
