"""The place of a mistake, where a fix elsewhere would do as well: the first wrong statement with right values before it."""

import time

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.derive.fix import derive
from microgradnp.debugger.derive.locate import locate
from microgradnp.debugger.derive.scene import Question, scene_of
from microgradnp.debugger.derived import findings
from microgradnp.debugger.match.references import model_arguments
from microgradnp.debugger.record.world import World

RNG = np.random.default_rng(3)
DATA = {"x": RNG.normal(size=(6, 3)), "t": RNG.uniform(size=(6, 2)), "W": RNG.normal(size=(3, 4)), "V": RNG.normal(size=(4, 2))}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def two_sigmoids(x, t, W, V):
    return 0.5 * np.sum((sigmoid(sigmoid(x @ W) @ V) - t) ** 2)


def one_relu(x, t, W, V):
    return 0.5 * np.sum((np.maximum(x @ W, 0) @ V - t) ** 2)


def names_the_factor_only(x, t, W, V, rate=0.1):
    a = sigmoid(x @ W)
    y = sigmoid(a @ V)
    q = (y - t) * y * (1 - y)
    back = q @ V.T
    slope = a * (1 - a)
    p = back
    W -= rate * x.T @ p
    V -= rate * a.T @ q
    return slope


def forgets_the_back(x, t, W, V, rate=0.1):
    a = sigmoid(x @ W)
    y = sigmoid(a @ V)
    q = (y - t) * y * (1 - y)
    back = q @ V.T
    slope = a * (1 - a)
    p = slope
    W -= rate * x.T @ p
    V -= rate * a.T @ q
    return back


def value_for_slope(s):
    return s


def helper_of_both(x, t, W, V, rate=0.1):
    a = sigmoid(x @ W)
    y = sigmoid(a @ V)
    q = (y - t) * value_for_slope(y)
    p = q @ V.T * value_for_slope(a)
    W -= rate * x.T @ p
    V -= rate * a.T @ q


def half_of_the_slope(s):
    return 1 - s


def helper_without_a_factor(x, t, W, V, rate=0.1):
    a = sigmoid(x @ W)
    y = sigmoid(a @ V)
    q = (y - t) * half_of_the_slope(y)
    p = q @ V.T * half_of_the_slope(a)
    W -= rate * x.T @ p
    V -= rate * a.T @ q


def one_minus(h):
    return 1 - h


def helper_that_could_get_a_square(x, t, W, V, rate=0.1):
    h = np.tanh(x @ W)
    d = h @ V - t
    p = d @ V.T * one_minus(h)
    W -= rate * x.T @ p
    V -= rate * h.T @ d


def one_tanh(x, t, W, V):
    return 0.5 * np.sum((np.tanh(x @ W) @ V - t) ** 2)


def minus_the_slope(s):
    return s * (s - 1)


def helper_with_a_sign(x, t, W, V, rate=0.1):
    a = sigmoid(x @ W)
    y = sigmoid(a @ V)
    q = (y - t) * minus_the_slope(y)
    p = q @ V.T * minus_the_slope(a)
    W -= rate * x.T @ p
    V -= rate * a.T @ q


def without_rate(x, t, W, V, rate=0.1):
    h = np.maximum(x @ W, 0)
    e = h @ V - t
    gV = h.T @ e
    gW = x.T @ (e @ V.T * (h > 0))
    W -= rate * gW
    V -= gV


def without_gradient(x, t, W, V, rate=0.1):
    h = np.maximum(x @ W, 0)
    e = h @ V - t
    gV = h.T @ e
    gW = x.T @ (e @ V.T * (h > 0))
    W -= rate
    V -= rate * gV
    return gW


def line(x, t, W, b):
    return 0.5 * np.mean((x @ W + b - t) ** 2)


def exchanged(y, t):
    return t - y


def helper_that_subtracts_wrongly(x, t, W, b, rate=0.1):
    e = exchanged(x @ W + b, t) / t.size
    gW, gb = x.T @ e, e.sum(axis=0)
    W -= rate * gW
    b -= rate * gb


def adds_the_rate(x, t, W, b, rate=0.1):
    for _ in range(2):
        e = (x @ W + b - t) / t.size
        gW, gb = x.T @ e, e.sum(axis=0)
        W -= rate * gW
        b -= rate + gb


def passes(up, z):
    d = up * (z < 0)
    return d  # noqa: RET504 (what is returned is named before, as people do)


def wrong_mask(x, t, W, V, rate=0.1):
    z = x @ W
    h = np.maximum(z, 0)
    e = h @ V - t
    p = passes(e @ V.T, z)
    W -= rate * x.T @ p
    V -= rate * h.T @ e


def hands_on(up, z):
    return up


def no_mask(x, t, W, V, rate=0.1):
    z = x @ W
    h = np.maximum(z, 0)
    e = h @ V - t
    back = e @ V.T
    p = hands_on(back, z)
    W -= rate * x.T @ p
    V -= rate * h.T @ e


LINE = {"x": DATA["x"], "t": DATA["t"], "W": np.ones((3, 2)), "b": np.array([0.1, 0.4])}


def asked(train, loss):
    arguments, optional = model_arguments(loss)
    return Question(World(train, (), LINE if loss is line else DATA), loss, Wanted(arguments, optional, {}))


def told(train, loss):
    """(statement, cause, fix) of each mistake, and whether all is mended."""
    fix = derive(asked(train, loss), time.thread_time() + 60)
    return [(f.source, f.cause, f.fix[2]) for f in findings(fix)], fix.complete


@pytest.mark.parametrize(
    ("train", "loss", "statement", "cause", "fix"),
    [
        (names_the_factor_only, two_sigmoids, "p = back", "missing_activation_derivative", "p = back * slope"),
        (helper_of_both, two_sigmoids, "return s", "wrong_activation_derivative", "return s * (1 - s)"),
        (without_rate, one_relu, "V -= gV", "missing_factor", "V -= gV * rate"),
        (without_gradient, one_relu, "W -= rate", "update_wrong", "W -= rate * gW"),
        (no_mask, one_relu, "return up", "missing_activation_derivative", "return up * (z > 0)"),
        (forgets_the_back, two_sigmoids, "p = slope", "upstream_gradient_dropped", "p = slope * back"),
        (helper_without_a_factor, two_sigmoids, "return 1 - s", "wrong_activation_derivative", "return (1 - s) * s"),
        (helper_that_could_get_a_square, one_tanh, "return 1 - h", "wrong_activation_derivative", "return 1 - h ** 2"),
        (helper_with_a_sign, two_sigmoids, "return s * (s - 1)", "sign_flipped", "return s * (1 - s)"),
        (helper_that_subtracts_wrongly, line, "return t - y", "sign_flipped", "return y - t"),
        (wrong_mask, one_relu, "d = up * (z < 0)", "relu_mask_wrong", "d = up * (z > 0)"),
    ],
)
def test_the_first_wrong_statement_is_mended(train, loss, statement, cause, fix):
    assert told(train, loss) == ([(statement, cause, fix)], True)


def test_a_gradient_that_nothing_reads_is_not_the_mistake():
    assert locate(scene_of(asked(without_gradient, one_relu))).statement.text == "W -= rate"


def test_a_rate_that_is_added_is_multiplied():
    report = mg.debug(adds_the_rate, line, tuple(value.copy() for value in LINE.values()))
    (found,) = report.findings
    assert (found.cause, found.fix[2], found.mends) == ("optimizer_rule_wrong", "b -= rate * gb", ["b"])
