"""Layer norm between two linear maps; scale and shift pass the check, everything before it fails."""

import numpy as np


def layernorm(x, scale, shift, eps=1e-6):
    mean = x.mean(axis=1, keepdims=True)
    std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    norm = (x - mean) / std
    return norm * scale + shift, (norm, std)


def layernorm_grad(g, scale, cache):
    norm, std = cache
    g_shift = g.sum(axis=0)
    g_scale = (g * norm).sum(axis=0)
    g_norm = g * scale
    g_x = (g_norm - g_norm.mean(axis=1, keepdims=True)) / std
    return g_x, g_scale, g_shift


def train(x, y, win, scale, shift, wout):
    u = x @ win
    v, cache = layernorm(u, scale, shift)
    a = np.maximum(v, 0)
    err = (a @ wout - y) / len(x)
    g_wout = a.T @ err
    g_v = np.where(v > 0, err @ wout.T, 0)
    g_u, g_scale, g_shift = layernorm_grad(g_v, scale, cache)
    g_win = x.T @ g_u
    return dict(win=g_win, scale=g_scale, shift=g_shift, wout=g_wout)


def loss(x, y, win, scale, shift, wout):
    u = x @ win
    c = u - np.mean(u, axis=1, keepdims=True)
    v = c / np.sqrt(np.mean(c**2, axis=1, keepdims=True) + 1e-6) * scale + shift
    return 0.5 * np.sum((np.maximum(v, 0) @ wout - y) ** 2) / len(x)


def make(rng):
    return tuple(rng.normal(size=s) for s in ((6, 3), (6, 2), (3, 5), 5, 5, (5, 2))), {}


TRUTH = {
    "lines": ["g_x = (g_norm - g_norm.mean(axis=1, keepdims=True)) / std"],
    "cause": {"normalisation_term_missing"},
    "wrong": {"win"},
    "fixed": (
        "(g_norm - g_norm.mean(axis=1, keepdims=True)) / std",
        "(g_norm - g_norm.mean(axis=1, keepdims=True) - norm * (g_norm * norm).mean(axis=1, keepdims=True)) / std",
    ),
}
PROOF = {"gradient": {n: f"out['{n}']" for n in ("win", "scale", "shift", "wout")}}
