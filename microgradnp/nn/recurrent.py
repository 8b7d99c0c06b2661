"""Recurrent layers. Each maps x (samples, time, inputs) to all states (samples, time, units) and the last state.

The products of all inputs with W are done at once. A step adds one product, of the state with U. The whole sequence is one node
of the graph. With `fused=False` every step is recorded, to be drawn or debugged.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.nn.initial import Init, initial
from microgradnp.nn.module import Module
from microgradnp.rules.functional import sigmoid
from microgradnp.rules.recurrent import gru, lstm, rnn


class RNN(Module):
    """h[t] = tanh(x[t] W + h[t - 1] U + b): J. L. Elman, "Finding structure in time" (1990).

    Maps x (samples, time, inputs) to all states (samples, time, units) and the last one. Raises ValueError for another number of
    axes.

    >>> import numpy as np, microgradnp as mg
    >>> states, last = mg.nn.RNN(4, 3, rng=0)(np.zeros((2, 5, 4)))
    >>> states.shape, last.shape
    ((2, 5, 3), (2, 3))
    """

    gates = 1

    def __init__(
        self,
        inputs: int,
        units: int,
        *,
        init: Init = "glorot",
        dtype: Any = float,
        fused: bool = True,
        rng: np.random.Generator | int | None = None,
        name: str | None = None,
    ) -> None:
        if inputs < 1 or units < 1:
            raise ValueError(f"{type(self).__name__}: sizes must be at least 1, got inputs={inputs}, units={units}")
        self.name, self.units, random = name, units, np.random.default_rng(rng)
        self.fused, columns = fused, self.gates * units
        self.W = Tensor(initial(init, (inputs, columns), (inputs, units), random, dtype), requires_grad=True, name="W")
        self.U = Tensor(initial(init, (units, columns), (units, units), random, dtype), requires_grad=True, name="U")
        self.b = Tensor(np.zeros(columns, dtype), requires_grad=True, name="b")

    def forward(self, x: Any, state: Any = None) -> Any:
        """All states (samples, time, units), and the last state. `state` is the one before the first step, by default zeros."""
        if np.ndim(x) != 3:
            raise ValueError(f"{type(self).__name__}: x has shape {np.shape(x)}; needed: (samples, time, inputs)")
        samples, time, inputs = np.shape(x)
        if time < 1:
            raise ValueError(f"{type(self).__name__}: x has shape {np.shape(x)}; needed: at least one time step")
        state = self.start(samples) if state is None else state
        rows = np.reshape(np.swapaxes(x, 0, 1), (time * samples, inputs)) @ self.W + self.b  # one step after the other
        if self.fused:
            return self.whole(rows, state, time)
        states = []
        for z in np.unstack(np.reshape(rows, (time, samples, self.gates * self.units))):
            state = self.step(z, state)
            states.append(state[0] if isinstance(state, tuple) else state)
        return np.stack(states, axis=1), state

    def whole(self, rows: Any, state: Any, time: int) -> Any:
        """All steps at once, given the rows of x W + b."""
        h = rnn(np.concatenate([rows, self.U, state], axis=0), time)
        return np.swapaxes(h, 0, 1), h[-1]

    def start(self, samples: int) -> Any:
        """The state before the first step."""
        return np.zeros((samples, self.units), self.W.dtype)

    def step(self, z: Any, h: Any) -> Any:
        """The next state, given z = x W + b."""
        return np.tanh(z + h @ self.U)

    def split(self, z: Any) -> list[Any]:
        """The columns of each gate."""
        n = self.units
        return [z[:, k * n : (k + 1) * n] for k in range(self.gates)]


class LSTM(RNN):
    """c <- sigmoid(f) c + sigmoid(i) tanh(g), and h <- sigmoid(o) tanh(c), where i, f, g, o = x W + h U + b.

    The state is (h, c). S. Hochreiter and J. Schmidhuber (1997), with the forget gate of F. A. Gers et al. (2000).

    Maps x (samples, time, inputs) to all states (samples, time, units) and the last one. Raises ValueError for another number of
    axes.

    >>> import numpy as np, microgradnp as mg
    >>> states, (h, c) = mg.nn.LSTM(4, 3, rng=0)(np.zeros((2, 5, 4)))
    >>> states.shape, c.shape
    ((2, 5, 3), (2, 3))
    """

    gates = 4

    def whole(self, rows: Any, state: Any, time: int) -> Any:
        """All steps at once, given the rows of x W + b."""
        h, c = state
        first = np.concatenate([h, c, np.zeros_like(h), np.zeros_like(h)], axis=1)
        y = lstm(np.concatenate([rows, self.U, first], axis=0), time)
        h, c = y[0], y[1]
        return np.swapaxes(h, 0, 1), (h[-1], c[-1])

    def start(self, samples: int) -> Any:
        """The pair (h, c) before the first step: zeros."""
        return super().start(samples), super().start(samples)

    def step(self, z: Any, state: Any) -> Any:
        """The next (h, c), given z = x W + b."""
        h, c = state
        i, f, g, o = self.split(z + h @ self.U)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c


class GRU(RNN):
    """h <- (1 - u) n + u h, with gates r, u = sigmoid(x W + h U + b) and n = tanh(x W + b + r (h U + a)).

    K. Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014), in PyTorch's form.

    Maps x (samples, time, inputs) to all states (samples, time, units) and the last one. Raises ValueError for another number of
    axes.

    >>> import numpy as np, microgradnp as mg
    >>> states, last = mg.nn.GRU(4, 3, rng=0)(np.zeros((2, 5, 4)))
    >>> states.shape, last.shape
    ((2, 5, 3), (2, 3))
    """

    gates = 3

    def whole(self, rows: Any, state: Any, time: int) -> Any:
        """All steps at once, given the rows of x W + b."""
        nothing, none = np.zeros_like(state), np.zeros_like(self.a)
        bias = np.expand_dims(np.concatenate([none, none, self.a]), 0)
        first = np.concatenate([state, nothing, nothing], axis=1)
        h = gru(np.concatenate([rows, self.U, bias, first], axis=0), time)[0]
        return np.swapaxes(h, 0, 1), h[-1]

    def __init__(self, inputs: int, units: int, **options: Any) -> None:
        super().__init__(inputs, units, **options)
        self.a = Tensor(np.zeros(units, self.W.dtype), requires_grad=True, name="a")

    def step(self, z: Any, h: Any) -> Any:
        """The next state, given z = x W + b."""
        (r, u, n), (hr, hu, hn) = self.split(z), self.split(h @ self.U)
        u = sigmoid(u + hu)
        return (1 - u) * np.tanh(n + sigmoid(r + hr) * (hn + self.a)) + u * h
