"""Weights and bias in one vector: put together at the start, moved as one, and returned as its parts."""

import numpy as np
import pytest

import microgradnp as mg

RNG = np.random.default_rng(11)
X, Y, W, B = RNG.normal(size=(8, 3)), (RNG.random(8) < 0.5) * 1.0, RNG.normal(size=3), 0.3


def loss(x, y, w, b):
    z = x @ w + b
    return np.mean(np.logaddexp(0, z) - y * z)


def slopes(x, y, theta):
    return x.T @ (1 / (1 + np.exp(-x @ theta)) - y) / len(y)


def appended(x, y, w, b, steps=3):
    x, theta = np.c_[x, np.ones(len(x))], np.append(w, b)
    for _ in range(steps):
        theta = theta - 0.1 * slopes(x, y, theta)
    return theta[:-1], theta[-1]


def one_step(x, y, w, b):
    return appended(x, y, w, b, 1)


def inserted(x, y, w, b):
    x, theta = np.insert(x, 0, 1, axis=1), np.insert(w, 0, b)
    for _ in range(3):
        theta = theta - 0.1 * slopes(x, y, theta)
    return theta[1:], theta[0]


def in_place(x, y, w, b):
    x, theta = np.hstack([np.ones((len(x), 1)), x]), np.concatenate([[b], w])
    for _ in range(3):
        theta -= 0.1 * slopes(x, y, theta)
    return theta[1:], theta[0]


def named(x, y, w, b):
    x, theta = np.hstack([x, np.ones((len(x), 1))]), np.r_[w, b]
    for _ in range(3):
        theta = theta - 0.1 * slopes(x, y, theta)
    w, b = theta[:-1], theta[-1]
    return w, b


def newton(x, y, w, b, steps=2):
    x, theta = np.c_[x, np.ones(len(x))], np.append(w, b)
    for _ in range(steps):
        p = 1 / (1 + np.exp(-x @ theta))
        theta = theta - np.linalg.solve((x.T * (p * (1 - p))) @ x / len(y), x.T @ (p - y) / len(y))
    return theta[:-1], theta[-1]


def one_newton_step(x, y, w, b):
    return newton(x, y, w, b, 1)


def wrong(x, y, w, b):
    x, theta = np.c_[x, np.ones(len(x))], np.append(w, b)
    for _ in range(3):
        p = 1 / (1 + np.exp(-x @ theta))
        theta = theta - 0.1 * x.T @ (p - y * p) / len(y)
    return theta[:-1], theta[-1]


def wrong_bias(x, y, w, b):
    x, theta = np.c_[x, np.ones(len(x))], np.append(w, b)
    for _ in range(3):
        g = slopes(x, y, theta)
        g[-1] *= g[-1]
        theta = theta - 0.1 * g
    return theta[:-1], theta[-1]


@pytest.mark.parametrize("program", [appended, one_step, inserted, in_place, named])
def test_each_part_of_the_vector_is_judged(program):
    report = mg.debug(program, loss, (X, Y, W, B))
    assert str(report).startswith("RIGHT"), str(report)
    assert [entry.scale for entry in report.gradients.values()] == [pytest.approx(-0.1)] * 2


@pytest.mark.parametrize("program", [newton, one_newton_step])
def test_newtons_method_on_the_whole_vector_is_not_accused(program):
    report = mg.debug(program, loss, (X, Y, W, B))
    assert report.word == "CANNOT JUDGE", str(report)
    assert not report.verdict.wrong


@pytest.mark.parametrize(("program", "names"), [(wrong, {"w", "b"}), (wrong_bias, {"b"})])
def test_a_wrong_part_is_found(program, names):
    report = mg.debug(program, loss, (X, Y, W, B))
    assert set(report.verdict.wrong) == names, str(report)
