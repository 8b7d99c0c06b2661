"""One training step of a network with one hidden layer, as a careful user of each library writes it: forward, backward, update.

The unit is the *tight* hand-written step: the bias columns are made once, nothing is computed twice, and the loss is included.
All libraries get the same formulation: `x` (samples, inputs + 1) has its column of -1 already, the hidden layer gets one in each
step, and the loss is half the sum of squared errors. A step returns the weights, so that all can be compared.

    z = x @ V;  s = sigmoid(z);  h = [s, -1];  loss = |h @ W - t|**2 / 2
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import microgradnp as mg

Step = Callable[[], list[np.ndarray]]
LR = 1e-6  # so small that the largest network does not run away in thousands of steps
SIZES = {"20x7-3-2": (20, 7, 3, 2), "1000x64-32-8": (1000, 64, 32, 8), "512x784-512-10": (512, 784, 512, 10)}


def problem(samples: int, inputs: int, hidden: int, outputs: int) -> tuple[np.ndarray, ...]:
    """x (samples, inputs + 1), t (samples, outputs), V (inputs + 1, hidden), W (hidden + 1, outputs)."""
    rng = np.random.default_rng(0)
    return (
        np.concatenate([rng.uniform(size=(samples, inputs)), np.full((samples, 1), -1.0)], axis=1),
        rng.uniform(size=(samples, outputs)),
        rng.normal(size=(inputs + 1, hidden)) / np.sqrt(inputs),
        0.1 * rng.normal(size=(hidden + 1, outputs)),
    )


def by_hand(x: np.ndarray, t: np.ndarray, V: np.ndarray, W: np.ndarray) -> Step:
    """The unit."""
    V, W, bias = V.copy(), W.copy(), np.full((len(x), 1), -1.0)

    def step() -> list[np.ndarray]:
        nonlocal V, W
        s = 1 / (1 + np.exp(-(x @ V)))
        h = np.concatenate([s, bias], axis=1)
        e = h @ W - t
        0.5 * np.vdot(e, e)
        d_W = h.T @ e
        d_z = (e @ W[:-1].T) * s * (1 - s)
        V -= LR * (x.T @ d_z)
        W -= LR * d_W
        return [V, W]

    return step


def trained(loss: Callable[..., Any], V: np.ndarray, W: np.ndarray) -> Step:
    """A step of microgradnp."""
    weights = [mg.Tensor(V, requires_grad=True), mg.Tensor(W, requires_grad=True)]

    def step() -> list[np.ndarray]:
        loss(*weights).backward()
        for w in weights:
            w.data -= LR * w.grad
            w.zero_grad()
        return [w.data for w in weights]

    return step


def by_tensors(x: Any, t: Any, V: np.ndarray, W: np.ndarray) -> Step:
    """The data are Tensors."""
    return by_ndarrays(mg.Tensor(x), mg.Tensor(t), V, W)


def by_ndarrays(x: Any, t: Any, V: np.ndarray, W: np.ndarray) -> Step:
    """The data are plain arrays, which are sealed anew in each step."""

    def loss(V: mg.Tensor, W: mg.Tensor) -> mg.Tensor:
        return 0.5 * mg.sse(mg.append_bias_unit(mg.sigmoid(x @ V)) @ W, t)

    return trained(loss, V, W)


def by_tensors_concatenated(x: Any, t: Any, V: np.ndarray, W: np.ndarray) -> Step:
    """As `by_tensors`, with the bias by np.concatenate."""
    return by_ndarrays_concatenated(mg.Tensor(x), mg.Tensor(t), V, W, mg.Tensor(np.full((len(x), 1), -1.0)))


def by_ndarrays_concatenated(x: Any, t: Any, V: np.ndarray, W: np.ndarray, bias: Any = None) -> Step:
    """As `by_ndarrays`, with the bias by np.concatenate."""
    bias = np.full((len(x), 1), -1.0) if bias is None else bias

    def loss(V: mg.Tensor, W: mg.Tensor) -> mg.Tensor:
        return 0.5 * mg.sse(np.concatenate([mg.sigmoid(x @ V), bias], axis=1) @ W, t)

    return trained(loss, V, W)


def by_tensors_stacked(x: Any, t: Any, V: np.ndarray, W: np.ndarray) -> Step:
    """Samples are columns, as in many textbooks, and the bias is a row, by np.vstack. All matrices are transposed."""
    return by_ndarrays_stacked(mg.Tensor(x), mg.Tensor(t), V, W, mg.Tensor(np.full((1, len(x)), -1.0)))


def by_ndarrays_stacked(x: Any, t: Any, V: np.ndarray, W: np.ndarray, bias: Any = None) -> Step:
    """As `by_tensors_stacked`, and the data are plain arrays."""
    bias = np.full((1, len(x)), -1.0) if bias is None else bias
    x, t = x.T.copy(), t.T.copy()  # (inputs + 1, samples), (outputs, samples)

    def loss(V: mg.Tensor, W: mg.Tensor) -> mg.Tensor:
        return 0.5 * mg.sse(W @ np.vstack([mg.sigmoid(V @ x), bias]), t)

    return trained(loss, V.T, W.T)


def by_torch(x: np.ndarray, t: np.ndarray, V: np.ndarray, W: np.ndarray) -> Step:
    """PyTorch, eager."""
    import torch
    from torch.nn.functional import mse_loss

    torch.set_num_threads(1)
    xs, ts, bias = torch.tensor(x), torch.tensor(t), -torch.ones(len(x), 1, dtype=torch.float64)
    weights = [torch.tensor(V, requires_grad=True), torch.tensor(W, requires_grad=True)]

    def step() -> list[np.ndarray]:
        V, W = weights
        h = torch.cat([torch.sigmoid(xs @ V), bias], 1)
        loss = 0.5 * mse_loss(h @ W, ts, reduction="sum")
        loss.backward()
        with torch.no_grad():
            for w in weights:
                w.sub_(w.grad, alpha=LR)
                w.grad = None
        return [w.detach().numpy() for w in weights]

    return step


def by_autograd(x: np.ndarray, t: np.ndarray, V: np.ndarray, W: np.ndarray) -> Step:
    """HIPS autograd."""
    import autograd
    import autograd.numpy as anp

    bias = np.full((len(x), 1), -1.0)

    def loss(V: np.ndarray, W: np.ndarray) -> np.ndarray:
        e = anp.concatenate([1 / (1 + anp.exp(-(x @ V))), bias], axis=1) @ W - t
        return 0.5 * anp.sum(e * e)

    gradient = autograd.grad(loss, (0, 1))
    weights = [V.copy(), W.copy()]

    def step() -> list[np.ndarray]:
        for w, d_w in zip(weights, gradient(*weights), strict=True):
            w -= LR * d_w
        return weights

    return step


def by_mygrad(x: np.ndarray, t: np.ndarray, V: np.ndarray, W: np.ndarray) -> Step:
    """MyGrad."""
    import mygrad
    from mygrad.nnet import sigmoid

    bias = np.full((len(x), 1), -1.0)
    weights = [mygrad.tensor(V), mygrad.tensor(W)]

    def step() -> list[np.ndarray]:
        V, W = weights
        e = mygrad.concatenate([sigmoid(x @ V), bias], axis=1) @ W - t
        loss = 0.5 * mygrad.sum(e * e)
        loss.backward()
        for w in weights:
            w.data -= LR * w.grad
            w.null_grad()
        return [w.data for w in weights]

    return step


MAKERS: dict[str, Callable[..., Step]] = {
    "hand": by_hand,
    "microgradnp, Tensors": by_tensors,
    "microgradnp, ndarrays": by_ndarrays,
    "PyTorch": by_torch,
    "autograd": by_autograd,
    "MyGrad": by_mygrad,
}
