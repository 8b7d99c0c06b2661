"""Parameters that become rows of a new matrix in each step, with their update or without."""

import numpy as np
import pytest

import microgradnp as mg

RNG = np.random.default_rng(21)


class Unit:
    def __init__(self, w):
        self.w = w


class Net:
    def __init__(self, first, second):
        self.units = [Unit(first.copy()), Unit(second.copy())]


def stacked(net, x, t, factors, steps):
    for _ in range(steps):
        W = np.array([unit.w for unit in net.units])
        d = np.tanh(W @ x) - t
        new = W - 0.1 * np.outer(factors * d * (1 - np.tanh(W @ x) ** 2), x)
        for unit, row in zip(net.units, new, strict=True):
            unit.w = row


def side_by_side(net, x, t, factors, steps):
    for _ in range(steps):
        W = np.column_stack([unit.w for unit in net.units])
        y = np.tanh(x @ W)
        W = W - 0.1 * np.outer(x, (y - t) * (1 - y * y) * factors)
        net.units[0].w, net.units[1].w = W[:, 0], W[:, 1]


def model(x, t, first, second):
    y = np.tanh(np.stack([np.sum(first * x), np.sum(second * x)]))
    return 0.5 * np.sum((y - t) ** 2)


BIND = {"first": "net.units[0].w", "second": "net.units[1].w"}


@pytest.mark.parametrize("train", [stacked, side_by_side])
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("factors", [(1, 1), (1, -1), (0.3, 1)])
def test_each_row_is_judged(train, steps, factors):
    net, x, t = Net(*RNG.normal(size=(2, 4))), RNG.normal(size=4), RNG.normal(size=2)
    report = mg.debug(train, model, (net, x, t, np.array(factors), steps), bind=BIND, budget=1.0)
    wrong = {(1, 1): set(), (1, -1): {"second"}, (0.3, 1): {"first"}}[factors]
    assert set(report.verdict.wrong) == wrong
    assert report.ok is (not wrong)


def test_rows_that_are_exchanged_are_not_right():
    def train(net, x, t):
        W = np.array([unit.w for unit in net.units])
        d = np.tanh(W @ x) - t
        new = W - 0.1 * np.outer(d * (1 - np.tanh(W @ x) ** 2), x)
        net.units[0].w, net.units[1].w = new[1], new[0]

    report = mg.debug(
        train, model, (Net(*RNG.normal(size=(2, 4))), RNG.normal(size=4), RNG.normal(size=2)), bind=BIND, budget=1.0
    )
    assert not report.ok
