"""Everything that a training changes in a model: parameters, running statistics, and generators of random numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.nn.module import Module, walk

State = dict[str, Any]


class Model:
    """The model of a training: its parameters by name, and its modules, which may hold more than parameters."""

    def __init__(self, given: Any, parameters: dict[str, Tensor]) -> None:
        groups = [g.get("params") for g in given if isinstance(g, dict)] if isinstance(given, (list, tuple)) else [given]
        self.roots = [root for root in groups if isinstance(root, Module)]
        self.parameters = parameters

    def state(self) -> State:
        """Copies of all arrays and of the states of all generators, by name."""
        found: State = {f"parameter {name}": p.numpy().copy() for name, p in self.parameters.items()}
        for name, value in self.others():
            found[name] = value.bit_generator.state if isinstance(value, np.random.Generator) else np.array(value)
        return found

    def restore(self, state: State) -> None:
        """Set everything to an earlier state. Raises ValueError naming all differences, and changes nothing then."""
        now, others = self.state(), dict(self.others())
        wrong = [f"{name} is new" for name in now if name not in state]
        wrong += [f"{name} is gone" for name in state if name not in now]
        for name in now.keys() & state.keys():
            mine, theirs = (getattr(s[name], "shape", None) for s in (now, state))
            if mine != theirs:
                wrong.append(f"{name} has shape {mine}, in the checkpoint {theirs}")
        if wrong:
            raise ValueError(f"fit: the checkpoint is of another model: {'; '.join(sorted(wrong))}")
        for name, parameter in self.parameters.items():
            parameter.data = state[f"parameter {name}"].copy()
        for name, value in others.items():
            if isinstance(value, np.random.Generator):
                value.bit_generator.state = state[name]
            elif not np.array_equal(value, state[name], equal_nan=value.dtype.kind in "fc"):
                value[...] = state[name]

    def others(self) -> Iterator[tuple[str, Any]]:
        """The arrays and generators in the modules, by name."""
        for number, root in enumerate(self.roots):
            for path, value in walk(root, ""):
                if isinstance(value, (np.ndarray, np.random.Generator)):
                    yield f"{type(value).__name__.lower()} {number} {path}", value

    @contextlib.contextmanager
    def evaluating(self) -> Iterator[None]:
        """All modules behave as after the training, as `Module.eval` says. At the end each behaves as before."""
        modules = [m for root in self.roots for _, m in walk(root, "") if isinstance(m, Module)]
        before = [m.training for m in modules]
        try:
            for root in self.roots:
                root.eval()
            yield
        finally:
            for module, training in zip(modules, before, strict=True):
                module.training = training
