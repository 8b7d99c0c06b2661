"""Dropout after both hidden layers with masks that the forward function returns; one of them is missing on the way back."""

from types import SimpleNamespace

import numpy as np


def forward(x, w, keep, rng):
    s = SimpleNamespace(x=x)
    s.m1 = (rng.random((len(x), len(w.c1))) < keep) / keep
    s.m2 = (rng.random((len(x), len(w.c2))) < keep) / keep
    s.h1 = np.tanh(x @ w.a1 + w.c1)
    s.d1 = s.h1 * s.m1
    s.h2 = np.tanh(s.d1 @ w.a2 + w.c2)
    s.d2 = s.h2 * s.m2
    s.y = s.d2 @ w.a3 + w.c3
    return s


def backward(s, target, w):
    g = SimpleNamespace()
    back = (s.y - target) / len(target)
    g.a3, g.c3 = s.d2.T @ back, back.sum(axis=0)
    back = (back @ w.a3.T) * s.m2 * (1 - s.h2**2)
    g.a2, g.c2 = s.d1.T @ back, back.sum(axis=0)
    back = (back @ w.a2.T) * (1 - s.h1**2)
    g.a1, g.c1 = s.x.T @ back, back.sum(axis=0)
    return g


def train(x, target, w, keep=0.7, lr=0.1, epochs=4, seed=8):
    rng = np.random.default_rng(seed)
    for epoch in range(epochs):
        state = forward(x, w, keep, rng)
        g = backward(state, target, w)
        for name, slope in vars(g).items():
            setattr(w, name, getattr(w, name) - lr * slope)
    return state


def loss(x, target, m1, m2, a1, c1, a2, c2, a3, c3):
    h = np.tanh(x @ a1 + c1) * m1
    h = np.tanh(h @ a2 + c2) * m2
    return 0.5 * np.sum((h @ a3 + c3 - target) ** 2) / len(target)


BIND = {name: "w." + name for name in ("a1", "c1", "a2", "c2", "a3", "c3")} | {"m1": "state.m1", "m2": "state.m2"}


def make(rng):
    shapes = {"a1": (3, 6), "c1": 6, "a2": (6, 5), "c2": 5, "a3": (5, 2), "c3": 2}
    w = SimpleNamespace(**{name: rng.normal(size=s) for name, s in shapes.items()})
    return (rng.normal(size=(7, 3)), rng.normal(size=(7, 2)), w), {}


TRUTH = {
    "lines": ["back = (back @ w.a2.T) * (1 - s.h1**2)"],
    "cause": {"missing_factor"},
    "wrong": {"a1", "c1"},
    "fixed": ("(back @ w.a2.T) * (1 - s.h1**2)", "(back @ w.a2.T) * s.m1 * (1 - s.h1**2)"),
}
PROOF = {"steps": "epochs", "at": {"m1": "out.m1", "m2": "out.m2"}, "late": ["m1", "m2"], "after": "a1 c1 a2 c2 a3 c3"}
