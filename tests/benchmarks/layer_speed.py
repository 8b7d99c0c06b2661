"""Milliseconds of a convolution and an LSTM, forward and backward: ours, good hand-written NumPy, and PyTorch on one core.

    OMP_NUM_THREADS=1 python tests/benchmarks/layer_speed.py

conv2d: x (32, 3, 28, 28) with 16 kernels of 5x5, and with the gradient of x. LSTM: 64 inputs and units, 50 steps, 32 samples. The
best of many rounds in processor time, where the three take turns. All gradients are compared first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import microgradnp as mg

RNG = np.random.default_rng(0)
Pair = tuple[Callable[[], Any], Callable[[], Any]]


def im2col(x: Any, k: int) -> Any:
    """(samples, channels, height, width) -> (channels * k * k, samples, rows, columns): copies of whole rows."""
    n, c, height, width = x.shape
    rows, columns = height - k + 1, width - k + 1
    cols = np.empty((c, k, k, n, rows, columns), x.dtype)
    for i in range(k):
        for j in range(k):
            cols[:, i, j] = x[:, :, i : i + rows, j : j + columns].transpose(1, 0, 2, 3)
    return cols.reshape(c * k * k, n, rows, columns)


def conv_by_hand(x: Any, W: Any, b: Any, g: Any, with_dx: bool) -> list[Any]:
    """Forward, and the gradients of W, b and x for the gradient g of the result."""
    kernels, c, k, _ = W.shape
    cols = im2col(x, k)
    flat = cols.reshape(len(cols), -1)
    _y = (W.reshape(kernels, -1) @ flat + b[:, None]).reshape(kernels, *cols.shape[1:]).transpose(1, 0, 2, 3)
    gf = g.transpose(1, 0, 2, 3).reshape(kernels, -1)
    found = [(gf @ flat.T).reshape(W.shape), gf.sum(1)]
    if with_dx:
        dcols = (W.reshape(kernels, -1).T @ gf).reshape(c, k, k, *cols.shape[1:])
        dx = np.zeros_like(x)
        rows, columns = cols.shape[2:]
        for i in range(k):
            for j in range(k):
                dx[:, :, i : i + rows, j : j + columns] += dcols[:, i, j].transpose(1, 0, 2, 3)
        found.append(dx)
    return found


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def lstm_by_hand(x: Any, W: Any, U: Any, b: Any, g: Any) -> list[Any]:
    """Forward, and the gradients of W, U and b for the gradient g of all states: one product a step, one for all together."""
    n, time, _ = x.shape
    units = len(U)
    z = (x.reshape(n * time, -1) @ W + b).reshape(n, time, -1).transpose(1, 0, 2).copy()
    h, c = np.zeros((time + 1, n, units)), np.zeros((time + 1, n, units))
    gates, tanh_c = np.empty((time, n, 4 * units)), np.empty((time, n, units))
    for t in range(time):
        a = z[t] + h[t] @ U
        gates[t] = sigmoid(a)
        gates[t, :, 2 * units : 3 * units] = np.tanh(a[:, 2 * units : 3 * units])
        i, f, u, o = np.split(gates[t], 4, axis=1)
        c[t + 1] = f * c[t] + i * u
        tanh_c[t] = np.tanh(c[t + 1])
        h[t + 1] = o * tanh_c[t]
    dz, dh, dc = np.empty_like(gates), np.zeros((n, units)), np.zeros((n, units))
    for t in reversed(range(time)):
        i, f, u, o = np.split(gates[t], 4, axis=1)
        dh += g[:, t]
        dc += dh * o * (1 - tanh_c[t] ** 2)
        d = dz[t]
        d[:, :units] = dc * u * i * (1 - i)
        d[:, units : 2 * units] = dc * c[t] * f * (1 - f)
        d[:, 2 * units : 3 * units] = dc * i * (1 - u**2)
        d[:, 3 * units :] = dh * tanh_c[t] * o * (1 - o)
        dh = d @ U.T
        dc = dc * f
    flat = dz.reshape(time * n, -1)
    return [x.transpose(1, 0, 2).reshape(time * n, -1).T @ flat, h[:-1].reshape(time * n, -1).T @ flat, flat.sum(0)]


def ours(layer: Any, x: Any, g: Any, wrt: list[Any]) -> Callable[[], list[Any]]:
    def run() -> list[Any]:
        for p in wrt:
            p.zero_grad()
        y = layer(x)
        (y[0] if isinstance(y, tuple) else y).backward(g)
        return [p.grad for p in wrt]

    return run


def theirs(layer: Any, x: Any, g: Any, wrt: list[Any]) -> Callable[[], list[Any]]:
    def run() -> list[Any]:
        for p in wrt:
            p.grad = None
        y = layer(x)
        (y[0] if isinstance(y, tuple) else y).backward(g)
        return [p.grad.numpy() for p in wrt]

    return run


def conv(with_dx: bool) -> tuple[Callable[[], Any], ...]:
    import torch

    x, g = RNG.normal(size=(32, 3, 28, 28)), RNG.normal(size=(32, 16, 24, 24))
    layer, other = mg.nn.Conv2d(3, 16, 5, rng=0), torch.nn.Conv2d(3, 16, 5).double()
    with torch.no_grad():
        other.weight[:], other.bias[:] = torch.tensor(layer.W.numpy()), 0.0
    a, b = mg.Tensor(x, requires_grad=with_dx), torch.tensor(x, requires_grad=with_dx)
    W, bias = layer.W.numpy(), layer.b.numpy()
    return (
        ours(layer, a, g, [layer.W, layer.b] + [a] * with_dx),
        lambda: conv_by_hand(x, W, bias, g, with_dx),
        theirs(other, b, torch.tensor(g), [other.weight, other.bias] + [b] * with_dx),
    )


def lstm() -> tuple[Callable[[], Any], ...]:
    import torch

    x, g = RNG.normal(size=(32, 50, 64)), RNG.normal(size=(32, 50, 64))
    layer, other = mg.nn.LSTM(64, 64, rng=0), torch.nn.LSTM(64, 64, batch_first=True).double()
    with torch.no_grad():
        other.weight_ih_l0[:], other.weight_hh_l0[:] = torch.tensor(layer.W.numpy().T), torch.tensor(layer.U.numpy().T)
        other.bias_ih_l0[:], other.bias_hh_l0[:] = 0.0, 0.0
    run = theirs(other, torch.tensor(x), torch.tensor(g), [other.weight_ih_l0, other.weight_hh_l0, other.bias_ih_l0])
    W, U, b = (p.numpy() for p in (layer.W, layer.U, layer.b))
    return (
        ours(layer, mg.Tensor(x), g, [layer.W, layer.U, layer.b]),
        lambda: lstm_by_hand(x, W, U, b, g),
        lambda: [d.T for d in run()],
    )


def best_of(runs: tuple[Callable[[], Any], ...], rounds: int = 40) -> list[float]:
    """Milliseconds of processor time of each, the best of all rounds. The runs take turns."""
    best = [float("inf")] * len(runs)
    for _ in range(rounds):
        for k, run in enumerate(runs):
            began = time.process_time()
            run()
            best[k] = min(best[k], 1000 * (time.process_time() - began))
    return best


def main() -> None:
    import torch

    torch.set_num_threads(1)
    print(f"{'':24}{'ours':>8}{'by hand':>10}{'PyTorch':>10}{'ours / by hand':>17}{'ours / PyTorch':>17}")
    for name, runs in {"conv2d": conv(False), "conv2d with dx": conv(True), "LSTM": lstm()}.items():
        first, *others = (run() for run in runs)
        for found in others:
            for a, b in zip(first, found, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
        mine, hand, torchs = best_of(runs)
        print(f"{name:24}{mine:8.1f}{hand:10.1f}{torchs:10.1f}{mine / hand:17.2f}{mine / torchs:17.2f}")


if __name__ == "__main__":
    main()
