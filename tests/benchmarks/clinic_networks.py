"""The networks of the doctor's clinic: small trainings that work, in plain functions, so that any part can be made sick.

TUNED networks were looked at while the doctor was built. HELD_OUT ones were not.
"""

from __future__ import annotations

import itertools

import numpy as np

import microgradnp as mg

ACTS = {"tanh": np.tanh, "sigmoid": mg.sigmoid, "relu": mg.relu, "gelu": mg.gelu}


class Case:
    """A training, the fault that it was given (or "healthy"), its severity 1 to 3, and a seed."""

    iterations, batch_size, stop, predict, optimizer, clip, schedule = 300, None, (), None, None, None, None
    classes = False

    def __init__(self, cause: str, severity: int, network: str, seed: int) -> None:
        self.cause, self.severity, self.network, self.seed = cause, severity, network, seed
        self.rng = np.random.default_rng([seed, severity, len(cause), *map(ord, network)])
        self.act, self.final, self.p, self.left_out = "tanh", (lambda z: z), {}, ()
        NETWORKS[network](self)

    def activate(self, z):
        return ACTS[self.act](z) if isinstance(self.act, str) else self.act(z)

    def add(self, name, *shape, gain=1.0):
        fans = (
            shape[0] + shape[1] if len(shape) == 2 else (shape[0] + shape[1]) * int(np.prod(shape[2:])) if len(shape) > 2 else 1
        )
        value = gain * self.rng.normal(size=shape) * np.sqrt(2 / fans) if len(shape) > 1 else np.zeros(shape)
        self.p[name] = mg.Tensor(value, requires_grad=True, name=name)

    def set(self, name, value):
        self.p[name].data = np.asarray(value, float)

    def matrices(self):
        return [name for name, w in self.p.items() if w.ndim > 1]

    def loss(self, *data):
        return self.criterion(self.final(self.forward(data[0])), data[1])

    def answers(self, x):
        return self.final(self.forward(mg.Tensor(x))).numpy()

    def give(self, x, t):
        """Half of the samples to train with, half to validate."""
        n = len(x) // 2
        self.data, self.validation = [x[:n], t[:n]], (x[n:], t[n:])


# ------------------------------------------------------------------------------------------------------------- data


def curve(r, n, d, noise=0.05):
    a, b = r.normal(size=(d, 1)), r.normal(size=(d, 1))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    x = r.normal(size=(2 * n, d))
    return x, np.sin(1.5 * x @ a) + 0.5 * x @ b + noise * r.normal(size=(2 * n, 1))


def series(r, n, steps, d=2):
    x = r.normal(size=(2 * n, steps, d))
    w = 0.85 ** np.arange(steps)[::-1]
    return x, np.tanh((x[:, :, 0] * w).sum(1, keepdims=True) * 0.7) - 0.3 * x[:, -1:, 1]


def blobs(r, n, d, k, apart=1.6):
    centres = apart * r.normal(size=(k, d))
    t = r.integers(0, k, 2 * n)
    return centres[t] + r.normal(size=(2 * n, d)), mg.one_hot(t, k)


def images(r, n, k=3, size=8):
    """Bars: horizontal, vertical, diagonal, at random places, in noise."""
    t = r.integers(0, k, 2 * n)
    x = 0.3 * r.normal(size=(2 * n, 1, size, size))
    for i, kind in enumerate(t):
        at = r.integers(1, size - 1)
        if kind == 0:
            x[i, 0, at] += 1.5
        elif kind == 1:
            x[i, 0, :, at] += 1.5
        else:
            x[i, 0] += 1.5 * np.eye(size, k=at - size // 2)
    return x, mg.one_hot(t, k)


# --------------------------------------------------------------------------------------------------------- networks


def dense(c, sizes, act="tanh", gain=1.0):
    c.sizes, c.act, c.p = sizes, act, {}
    for k, (a, b) in enumerate(itertools.pairwise(sizes), 1):
        c.add(f"W{k}", a, b, gain=gain * (1.3 if act == "relu" else 1.0))
        c.add(f"b{k}", b)

    def forward(x):
        for k in range(1, len(c.sizes)):
            x = x @ c.p[f"W{k}"] + c.p[f"b{k}"]
            x = c.activate(x) if k < len(c.sizes) - 1 else x
        return x

    c.forward = forward


def regression(c):
    c.give(*curve(c.rng, 120, 5))
    c.criterion, c.lr, c.iterations = mg.mse, 0.2, 400
    dense(c, [5, 16, 1])


def classifier(c):
    c.give(*blobs(c.rng, 200, 10, 5))
    c.criterion, c.lr, c.batch_size, c.classes = mg.cross_entropy, 0.1, 40, True
    dense(c, [10, 24, 5], "relu")


def recurrent(c, hidden=12, steps=6):
    c.give(*series(c.rng, 80, steps))
    c.criterion, c.lr, c.hidden = mg.mse, 0.1, hidden
    recurrent_weights(c, 2, hidden, 1)


def recurrent_weights(c, inputs, hidden, outputs):
    c.p = {}
    c.add("Wx", inputs, hidden)
    c.add("Wh", hidden, hidden)
    c.set("Wh", 0.9 * np.linalg.qr(c.rng.normal(size=(hidden, hidden)))[0])
    c.add("bh", hidden)
    c.add("Wy", hidden, outputs)
    c.add("by", outputs)

    def forward(x):
        h = np.zeros((x.shape[0], c.p["Wh"].shape[0])) + 0 * c.p["bh"]
        for k in range(x.shape[1]):
            h = c.activate(x[:, k] @ c.p["Wx"] + h @ c.p["Wh"] + c.p["bh"])
        return h @ c.p["Wy"] + c.p["by"]

    c.forward = forward


def convolutional(c):
    c.give(*images(c.rng, 90))
    c.criterion, c.lr, c.classes, c.act, c.iterations = mg.cross_entropy, 0.3, True, "relu", 150
    c.add("K1", 6, 1, 3, 3)
    c.add("b1", 6)
    c.add("W2", 54, 16)
    c.add("b2", 16)
    c.add("W3", 16, 3)
    c.add("b3", 3)

    def forward(x):
        h = mg.max_pool(c.activate(mg.conv2d(x, c.p["K1"], c.p["b1"])), 2)
        h = c.activate(np.reshape(h, (h.shape[0], -1)) @ c.p["W2"] + c.p["b2"])
        return h @ c.p["W3"] + c.p["b3"]

    c.forward = forward


def attentive(c, units=8):
    """One transformer block over a short series, with a linear readout of the mean."""
    x, t = series(c.rng, 80, 6)
    c.give(x, t)
    c.criterion, c.lr, c.act, c.iterations = mg.mse, 0.01, "relu", 400
    c.add("E", 2, units)
    c.add("place", 6, units)
    for name in ("Q", "K", "V", "O"):
        c.add(name, units, units)
    c.add("W1", units, 2 * units)
    c.add("b1", 2 * units)
    c.add("W2", 2 * units, units)
    c.add("Wy", 6 * units, 1)
    c.add("by", 1)

    def forward(x):
        h = x @ c.p["E"] + c.p["place"]
        n = mg.layer_norm(h)
        h = h + mg.scaled_dot_product_attention(n @ c.p["Q"], n @ c.p["K"], n @ c.p["V"]) @ c.p["O"]
        h = h + c.activate(mg.layer_norm(h) @ c.p["W1"] + c.p["b1"]) @ c.p["W2"]
        return np.reshape(h, (h.shape[0], -1)) @ c.p["Wy"] + c.p["by"]

    c.forward = forward


def binary(c):
    """One column of logits."""
    x = c.rng.normal(size=(300, 4))
    t = (x[:, :1] * x[:, 1:2] + 0.5 * x[:, 2:3] > 0) * 1.0
    c.give(x, t)
    c.criterion, c.lr, c.iterations = mg.bce_with_logits, 0.5, 600
    dense(c, [4, 16, 1])


def deep(c):
    """Three sigmoid-free layers on real data: two outputs, mini-batches, Adam."""
    x, t = curve(c.rng, 150, 8)
    c.give(x, np.hstack([t, 0.5 * t + 0.5 * np.tanh(x[:, 1:2])]))
    c.criterion, c.lr, c.batch_size = mg.mse, 0.1, 50
    dense(c, [8, 20, 16, 2], "relu")


def gated(c, hidden=8):
    """A GRU cell by hand."""
    c.give(*series(c.rng, 70, 5))
    c.criterion, c.lr = mg.mse, 0.3
    for gate in "run":
        c.add(f"W{gate}", 2, hidden)
        c.add(f"U{gate}", hidden, hidden)
        c.add(f"b{gate}", hidden)
    c.add("Wy", hidden, 1)
    c.add("by", 1)

    def forward(x):
        p, h = c.p, np.zeros((x.shape[0], c.p["Ur"].shape[0])) + 0 * c.p["br"]
        for k in range(x.shape[1]):
            r, u = (mg.sigmoid(x[:, k] @ p[f"W{g}"] + h @ p[f"U{g}"] + p[f"b{g}"]) for g in "ru")
            n = c.activate(x[:, k] @ p["Wn"] + (r * h) @ p["Un"] + p["bn"])
            h = (1 - u) * n + u * h
        return h @ p["Wy"] + p["by"]

    c.forward = forward


NETWORKS = {
    "regression": regression,
    "classifier": classifier,
    "recurrent": recurrent,
    "convolutional": convolutional,
    "attentive": attentive,
    "binary": binary,
    "deep": deep,
    "gated": gated,
}
TUNED = ("regression", "classifier", "recurrent", "convolutional")
HELD_OUT = ("attentive", "binary", "deep", "gated")
