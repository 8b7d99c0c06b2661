"""Kinds of mistakes in programs with loops, aliases and clipped gradients: the line in the backward pass is blamed and mended."""

import time

import numpy as np
import pytest

from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.derive import candidates
from microgradnp.debugger.derive.fix import derive
from microgradnp.debugger.derive.scene import Question
from microgradnp.debugger.derived import findings
from microgradnp.debugger.match.references import model_arguments
from microgradnp.debugger.record.world import World

RNG = np.random.default_rng(8)


def recurrent_loss(xs, ys, A, B, C):
    h, total = np.zeros(len(A)), 0.0
    for k in range(len(xs)):
        h = np.tanh(A @ h + B @ xs[k])
        total = total + 0.5 * np.sum((C @ h - ys[k]) ** 2)
    return total


def forgotten_summand(xs, ys, A, B, C, rate=0.05):
    states = {-1: np.zeros(len(A))}
    for k, x in enumerate(xs):
        states[k] = np.tanh(A @ states[k - 1] + B @ x)
    gA, gB, gC = np.zeros_like(A), np.zeros_like(B), np.zeros_like(C)
    later = np.zeros(len(A))
    for k in reversed(range(len(xs))):
        e = C @ states[k] - ys[k]
        gC += np.outer(e, states[k])
        s = C.T @ e  # wrong
        p = s * (1 - states[k] ** 2)
        gA += np.outer(p, states[k - 1])
        gB += np.outer(p, xs[k])
        later = A.T @ p  # noqa: F841
    for value, slope in ((A, gA), (B, gB), (C, gC)):
        value -= rate * slope


def clipped(xs, ys, A, B, C, rate=0.05):
    states = {-1: np.zeros(len(A))}
    for k, x in enumerate(xs):
        states[k] = np.tanh(A @ states[k - 1] + B @ x)
    grads = [np.zeros_like(A), np.zeros_like(B), np.zeros_like(C)]
    later = np.zeros(len(A))
    for k in reversed(range(len(xs))):
        e = C @ states[k] - ys[k]
        grads[2] += np.outer(e, states[k])
        p = (C.T @ e + later) * (1 - states[k] ** 2)
        grads[0] += np.outer(p, states[k])  # wrong
        grads[1] += np.outer(p, xs[k])
        later = A.T @ p
    size = np.sqrt(sum(np.sum(g**2) for g in grads))
    for value, slope in zip((A, B, C), grads, strict=True):
        value -= rate * slope * min(1.0, 0.1 / size)


SEQUENCE = {"xs": RNG.normal(size=(4, 3)), "ys": RNG.normal(size=(4, 2))}
SEQUENCE |= {"A": 0.5 * RNG.normal(size=(4, 4)), "B": RNG.normal(size=(4, 3)), "C": RNG.normal(size=(2, 4))}


def layer_loss(x, t, W, b, V):
    return 0.5 * np.sum((np.tanh(x @ W + b) @ V - t) ** 2)


def alias_without_slope(x, t, W, b, V, rate=0.1):
    h = np.tanh(x @ W + b)
    e = h @ V - t
    dh = e @ V.T
    dz = dh  # wrong
    W -= rate * x.T @ dz
    b -= rate * dz.sum(axis=0)
    V -= rate * h.T @ e


def last_sample_only(x, t, W, b, V, rate=0.1):
    gW, gb, gV = np.zeros_like(W), np.zeros_like(b), np.zeros_like(V)
    for row, goal in zip(x, t, strict=True):
        h = np.tanh(row @ W + b)
        e = h @ V - goal
        d = (V @ e) * (1 - h * h)
        gV = np.outer(h, e)  # wrong
        gW += np.outer(row, d)
        gb += d
    W -= rate * gW
    b -= rate * gb
    V -= rate * gV


LAYER = {"x": RNG.normal(size=(5, 3)), "t": RNG.uniform(size=(5, 2)), "W": RNG.normal(size=(3, 4))}
LAYER |= {"b": RNG.normal(size=4), "V": RNG.normal(size=(4, 2))}


def joined_loss(x, t, P, Q):
    ones = np.ones((len(x), 1))
    return 0.5 * np.sum((np.concatenate([ones, np.tanh(np.concatenate([ones, x], axis=1) @ P)], axis=1) @ Q - t) ** 2)


def slope_with_bias_row(x, t, P, Q, rate=0.1):
    ones = np.ones((len(x), 1))
    row = np.concatenate([ones, x], axis=1)
    full = np.concatenate([ones, np.tanh(row @ P)], axis=1)
    e = full @ Q - t
    back = (e @ Q.T) * (1 - full)  # wrong
    back = back[:, 1:]
    P -= rate * row.T @ back
    Q -= rate * full.T @ e


def leaky_loss(x, t, A, B):
    z = x @ A
    return 0.5 * np.sum(((np.maximum(z, 0) - 0.2 * np.maximum(-z, 0)) @ B - t) ** 2)


def entry_without_gradient(x, t, A, B, rate=0.1):
    z = x @ A
    h = np.where(z > 0, z, 0.2 * z)
    e = h @ B - t
    up, back = e @ B.T, np.zeros(z.shape)
    for i, j in np.ndindex(z.shape):
        if z[i, j] > 0:
            back[i, j] = up[i, j]
        else:
            back[i, j] = 0.2  # wrong
    A -= rate * x.T @ back
    B -= rate * h.T @ e


def branch_without_gradient(x, t, A, B, rate=0.1):
    z = x @ A
    h = np.where(z > 0, z, 0.2 * z)
    e = h @ B - t
    up = e @ B.T
    back = np.where(z > 0, up, 0.2)  # wrong
    A -= rate * x.T @ back
    B -= rate * h.T @ e


def mask_without_gradient(x, t, A, B, rate=0.1):
    z = x @ A
    h = np.where(z > 0, z, 0.2 * z)
    e = h @ B - t
    back = e @ B.T
    back[z <= 0] = 0.2  # wrong
    A -= rate * x.T @ back
    B -= rate * h.T @ e


def numbers_loss(x, s, t, a, b, c, d):
    h, k = np.tanh(a * x), np.tanh(b * x)
    return 0.5 * (c * h + k - s) ** 2 + 0.5 * (d * h - t) ** 2


def nothing_but_numbers(x, s, t, a, b, c, d, rate=0.1):
    h, k = np.tanh(a * x), np.tanh(b * x)
    e, f = c * h + k - s, d * h - t
    gc, gd = e * h, f * h
    ga = (gc + gd) * (1 - h * h) * x  # wrong
    gb = e * (1 - k * k) * x
    a, b, c, d = a - rate * ga, b - rate * gb, c - rate * gc, d - rate * gd
    return a, b, c, d


LEAKY = {"x": LAYER["x"], "t": LAYER["t"], "A": RNG.normal(size=(3, 4)), "B": RNG.normal(size=(4, 2))}
NUMBERS = dict(zip("xstabcd", (0.8, 0.3, -0.6, 0.4, -0.7, 1.1, 0.9), strict=True))
JOINED = {"x": LAYER["x"], "t": LAYER["t"], "P": RNG.normal(size=(4, 4)), "Q": RNG.normal(size=(5, 2))}
CASES = [
    (forgotten_summand, recurrent_loss, SEQUENCE, "s = C.T @ e + later"),
    pytest.param(clipped, recurrent_loss, SEQUENCE, "grads[0] += np.outer(p, states[k - 1])", marks=pytest.mark.long),
    (alias_without_slope, layer_loss, LAYER, "dz = dh * (1 - h ** 2)"),
    (last_sample_only, layer_loss, LAYER, "gV += np.outer(h, e)"),
    pytest.param(entry_without_gradient, leaky_loss, LEAKY, "back[i, j] = 0.2 * up[i, j]", marks=pytest.mark.long),
    (branch_without_gradient, leaky_loss, LEAKY, "back = np.where(z > 0, up, 0.2 * up)"),
    pytest.param(mask_without_gradient, leaky_loss, LEAKY, "back[z <= 0] *= 0.2", marks=pytest.mark.long),
    pytest.param(nothing_but_numbers, numbers_loss, NUMBERS, "ga = (e * c + f * d) * (1 - h * h) * x", marks=pytest.mark.long),
    (slope_with_bias_row, joined_loss, JOINED, "back = (e @ Q.T) * (1 - full ** 2)"),
]


def question_of(train, loss, given):
    arguments, optional = model_arguments(loss)
    return Question(World(train, (), given), loss, Wanted(arguments, optional, {}))


@pytest.mark.parametrize(("train", "loss", "given", "mended"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_the_wrong_line_of_the_backward_pass_is_mended(train, loss, given, mended):
    fix = derive(question_of(train, loss, given), time.thread_time() + 60)
    (found,) = findings(fix)
    assert fix.complete
    assert found.source.endswith("# wrong")
    assert found.fix[2].partition("  #")[0] == mended


@pytest.mark.parametrize("size", [3, 10**9])
@pytest.mark.parametrize(
    ("train", "mended"), [(alias_without_slope, "dz = dh * (1 - h ** 2)"), (last_sample_only, "gV += np.outer(h, e)")]
)
def test_the_edits_of_a_statement_may_be_screened_a_few_at_a_time(monkeypatch, train, mended, size):
    monkeypatch.setattr(candidates, "SLICE", size)
    monkeypatch.setattr(candidates, "MOST_SECONDS", 60)
    (found,) = findings(derive(question_of(train, layer_loss, LAYER), time.thread_time() + 60))
    assert found.fix[2].partition("  #")[0] == mended
