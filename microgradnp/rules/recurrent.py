"""Recurrent networks over a whole sequence. Each is one node of the graph, and one product a step.

A node has one argument and one value here. The argument is a matrix: the rows of z = x W + b of all steps, then U, then the first
state. The value holds the states and gates of all steps, because the backward pass reads them. S. Hochreiter and J. Schmidhuber,
"Long short-term memory" (1997); K. Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.functional import LARGEST_EXPONENT


def unpacked(packed: Any, steps: int, gates: int, biases: int = 0) -> tuple[Any, Any, Any]:
    """z (steps, samples, gates * units), U (units, gates * units), and the rows after them."""
    units = np.shape(packed)[1] // gates
    samples = (np.shape(packed)[0] - units - biases) // (steps + 1)
    end = steps * samples
    return np.reshape(packed[:end], (steps, samples, gates * units)), packed[end : end + units], packed[end + units :]


def logistic(a: Any) -> Any:
    """1 / (1 + exp(-a)) of a plain array, without overflow."""
    return np.reciprocal(np.exp(np.minimum(-a, LARGEST_EXPONENT.get(a.dtype.char, 709.0))) + 1)


@primitive
def rnn(packed: Any, steps: int) -> Any:
    """h after each step: (steps, samples, units)."""
    z, U, h = unpacked(packed, steps, 1)
    y = np.empty((steps, *h.shape), packed.dtype)
    for t in range(steps):
        h = np.tanh(z[t] + h @ U, out=y[t])
    return y


def rnn_packed(gy: Any, y: Any, packed: Any, steps: int) -> Any:
    """Backpropagation through time. `dh` comes from the step after, and `da` goes to the sum before the tanh."""
    _, U, h0 = unpacked(packed, steps, 1)
    dh, dU, rows = np.zeros_like(h0), np.zeros_like(U), []
    for t in reversed(range(steps)):
        da = (gy[t] + dh) * (1 - y[t] * y[t])
        rows.append(da)
        dU = dU + np.swapaxes(y[t - 1] if t else h0, 0, 1) @ da
        dh = da @ np.swapaxes(U, 0, 1)
    return np.concatenate([*reversed(rows), dU, dh], axis=0)


rule(rnn, rnn_packed)


@primitive
def lstm(packed: Any, steps: int) -> Any:
    """h, c and the gates i, f, g, o after each step: (6, steps, samples, units). The first state is the columns h, c, 0, 0."""
    z, U, start = unpacked(packed, steps, 4)
    units = len(U)
    y = np.empty((6, steps, len(start), units), packed.dtype)
    h, c = start[:, :units], start[:, units : 2 * units]
    for t in range(steps):
        a = h @ U
        a += z[t]
        gates = logistic(a)
        for k in range(4):
            y[2 + k, t] = gates[:, k * units : (k + 1) * units]
        i, f, g, o = y[2:, t]
        np.tanh(a[:, 2 * units : 3 * units], out=g)
        c = np.add(f * c, i * g, out=y[1, t])
        h = np.multiply(o, np.tanh(c), out=y[0, t])
    return y


def lstm_packed(gy: Any, y: Any, packed: Any, steps: int) -> Any:
    """Backpropagation through time. `dh` and `dc` come from the step after, and `da` goes to the gates before their sigmoids."""
    _, U, start = unpacked(packed, steps, 4)
    h0, c0, *_ = np.split(start, 4, axis=1)
    dh = dc = np.zeros_like(h0)
    dU, rows = np.zeros_like(U), []
    for t in reversed(range(steps)):
        _, c, i, f, g, o = (y[k, t] for k in range(6))
        h_before, c_before = (y[0, t - 1], y[1, t - 1]) if t else (h0, c0)
        tanh_c = np.tanh(c)
        dh = dh + gy[0, t]
        dc = dc + gy[1, t] + dh * o * (1 - tanh_c * tanh_c)
        di = (dc * g + gy[2, t]) * i * (1 - i)
        df = (dc * c_before + gy[3, t]) * f * (1 - f)
        dg = (dc * i + gy[4, t]) * (1 - g * g)
        do = (dh * tanh_c + gy[5, t]) * o * (1 - o)
        da = np.concatenate([di, df, dg, do], axis=1)
        rows.append(da)
        dU = dU + np.swapaxes(h_before, 0, 1) @ da
        dh, dc = da @ np.swapaxes(U, 0, 1), dc * f
    first = np.concatenate([dh, dc, np.zeros_like(dh), np.zeros_like(dh)], axis=1)
    return np.concatenate([*reversed(rows), dU, first], axis=0)


@primitive
def gru(packed: Any, steps: int) -> Any:
    """h, the gates r and u, n, and the m in n = tanh(z + r m): (5, steps, samples, units).

    After U comes the bias `a` of m, as a row with the columns 0, 0, a. The first state is the columns h, 0, 0.
    """
    z, U, rest = unpacked(packed, steps, 3, 1)
    units, h, a = len(U), rest[1:, : len(U)], rest[0, 2 * len(U) :]
    y = np.empty((5, steps, len(h), units), packed.dtype)
    for t in range(steps):
        q = h @ U
        gates = logistic(z[t, :, : 2 * units] + q[:, : 2 * units])
        r, u, n, m = y[1:, t]
        r[...], u[...] = gates[:, :units], gates[:, units:]
        np.add(q[:, 2 * units :], a, out=m)
        np.tanh(z[t, :, 2 * units :] + r * m, out=n)
        h = np.add((1 - u) * n, u * h, out=y[0, t])
    return y


def gru_packed(gy: Any, y: Any, packed: Any, steps: int) -> Any:
    """Backpropagation through time. `dq` goes to the product of the state with U, and `dz` to z."""
    _, U, rest = unpacked(packed, steps, 3, 1)
    h0 = np.split(rest[1:], 3, axis=1)[0]
    dh, dU, dm_sum, rows = np.zeros_like(h0), np.zeros_like(U), np.zeros_like(h0), []
    for t in reversed(range(steps)):
        _, r, u, n, m = (y[k, t] for k in range(5))
        before = y[0, t - 1] if t else h0
        dh = dh + gy[0, t]
        dn = (dh * (1 - u) + gy[3, t]) * (1 - n * n)
        du = (dh * (before - n) + gy[2, t]) * u * (1 - u)
        dr = (dn * m + gy[1, t]) * r * (1 - r)
        dm = dn * r + gy[4, t]
        dq = np.concatenate([dr, du, dm], axis=1)
        rows.append(np.concatenate([dr, du, dn], axis=1))
        dU, dm_sum = dU + np.swapaxes(before, 0, 1) @ dq, dm_sum + dm
        dh = dh * u + dq @ np.swapaxes(U, 0, 1)
    da = np.sum(dm_sum, axis=0, keepdims=True)
    bias = np.concatenate([np.zeros_like(da), np.zeros_like(da), da], axis=1)
    first = np.concatenate([dh, np.zeros_like(dh), np.zeros_like(dh)], axis=1)
    return np.concatenate([*reversed(rows), dU, bias, first], axis=0)


rule(gru, gru_packed)
rule(lstm, lstm_packed)
