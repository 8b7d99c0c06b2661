"""Right gradients that the data scale: preconditioners, conjugate gradients, one entry after the other. No wrong gradients."""

import numpy as np
import pytest

import microgradnp as mg


def logistic(X, y, w):
    z = X @ w
    return np.sum(np.logaddexp(0, z) - y * z)


def squares(X, y, w):
    return 0.5 * np.sum((X @ w - y) ** 2)


def slope(X, y, w):
    return X.T @ (1 / (1 + np.exp(-X @ w)) - y)


def by_curvature(X, y, w):
    w -= slope(X, y, w) / (0.25 * np.sum(X**2, axis=0))


def by_spread(X, y, w, rate=0.1):
    spread = X.std(axis=0)
    for _ in range(3):
        w -= rate * slope(X, y, w) / spread


def by_a_matrix(X, y, w):
    scale = np.diag(1 / np.abs(X).max(axis=0))
    for _ in range(2):
        step = slope(X, y, w)
        w -= 0.1 * (scale @ step)


def conjugate(X, y, w):
    A, r = X.T @ X, X.T @ (y - X @ w)
    p = r.copy()
    for _ in range(len(w)):
        Ap = A @ p
        a = r @ r / (p @ Ap)
        w += a * p
        new = r - a * Ap
        p = new + new @ new / (r @ r) * p
        r = new


def one_by_one(X, y, w):
    for _ in range(2):
        for j in range(len(w)):
            residual = X @ w - y
            w[j] -= X[:, j] @ residual / (X[:, j] @ X[:, j])


def pair_by_pair(X, y, w):
    for j in range(0, len(w), 2):
        error = X @ w - y
        w[j : j + 2] -= 0.05 * X[:, j : j + 2].T @ error


def lasso(X, y, w):
    for j in range(len(w)):
        without = X @ w - X[:, j] * w[j]
        part = X[:, j] @ (y - without)
        w[j] = np.sign(part) * max(abs(part) - 0.1, 0.0) / (X[:, j] @ X[:, j])


def data(seed=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(9, 4)), (rng.random(9) < 0.5) * 1.0, rng.normal(size=4)


RIGHT = [
    (by_curvature, logistic),
    (by_spread, logistic),
    (by_a_matrix, logistic),
    (conjugate, squares),
    (one_by_one, squares),
    (pair_by_pair, squares),
    (lasso, squares),
]


@pytest.mark.parametrize(("train", "model"), RIGHT, ids=[train.__name__ for train, _ in RIGHT])
def test_a_right_method_is_not_accused(train, model):
    report = mg.debug(train, model, data())
    assert report.verdict.wrong == [], report


def times_the_mean(X, y, w):
    w -= 0.1 * slope(X, y, w) * X.mean(axis=0)  # of either sign


def masked(X, y, w):
    w -= 0.1 * slope(X, y, w) * (X[0] > 0)


def pushed_by_data(X, y, w):
    w -= 0.1 * slope(X, y, w) / X.std(axis=0) + 0.01 * X[0]


def wrong_inside(X, y, w):
    p = 1 / (1 + np.exp(-X @ w))
    w -= X.T @ ((p - y) * p * (1 - p)) / (0.25 * np.sum(X**2, axis=0))


def one_is_left_out(X, y, w):
    for j in range(len(w) - 1):
        w[j] -= 0.1 * slope(X, y, w)[j]


def uphill_in_turn(X, y, w):
    for j in range(len(w)):
        w[j] += 0.1 * slope(X, y, w)[j]


@pytest.mark.parametrize("train", [one_is_left_out, uphill_in_turn, times_the_mean, masked, pushed_by_data, wrong_inside])
def test_what_does_more_than_scale_is_wrong(train):
    X, y, w = data()
    assert set(X[0] > 0) == {True, False}
    assert mg.debug(train, logistic, (X, y, w)).verdict.wrong == ["w"]


def affine(x, t, W, b):
    return 0.5 * np.sum((x @ W + b - t) ** 2)


def copied_back_at_the_end(x, t, W, b, sign=1):
    """Two steps on one matrix that holds the bias, too."""
    both, ones = np.vstack([W, b]), np.c_[x, np.ones(len(x))]
    for _ in range(2):
        both -= 0.01 * ones.T @ (ones @ both - sign * t)
    W[...], b[...] = both[:-1], both[-1]


def test_two_steps_are_not_judged_as_one():
    rng = np.random.default_rng(2)
    arrays = rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), rng.normal(size=(3, 2)), rng.normal(size=2)
    report = mg.debug(copied_back_at_the_end, affine, arrays)
    assert report.verdict.wrong == [], report
    assert report.word == "CANNOT JUDGE"


def rollout(x, ts, W, V):
    """Each output is the next input."""
    y, total = x, 0.0
    for t in ts:
        y = V @ np.tanh(W @ y)
        total = total + 0.5 * np.sum((y - t) ** 2)
    return total


def feeds_itself(x, ts, W, V, slope):
    ys, hs = [x], []
    for _ in ts:
        hs.append(np.tanh(W @ ys[-1]))
        ys.append(V @ hs[-1])
    dW, dV, dy = np.zeros_like(W), np.zeros_like(V), np.zeros_like(x)
    for k in reversed(range(len(ts))):
        dy = dy + ys[k + 1] - ts[k]
        dV = dV + np.outer(dy, hs[k])
        d = V.T @ dy * slope(hs[k])
        dW = dW + np.outer(d, ys[k])
        dy = W.T @ d
    W += -0.02 * dW
    V += -0.02 * dV


@pytest.mark.parametrize(("slope", "word"), [(lambda h: 1 - h**2, "RIGHT"), (lambda h: 1 - h, "WRONG")])
def test_a_network_that_feeds_itself_takes_one_step(slope, word):
    rng = np.random.default_rng(8)
    arrays = rng.normal(size=3), rng.normal(size=(4, 3)), 0.6 * rng.normal(size=(5, 3)), 0.6 * rng.normal(size=(3, 5))
    assert mg.debug(feeds_itself, rollout, (*arrays, slope)).word == word
