"""Functions that return a loss and its gradient, which is known by its shape, and made beside the loss."""

import numpy as np
import pytest

import microgradnp as mg

RNG = np.random.default_rng(8)


def hinge(V, rows, classes):
    """V (5, 4) weights, rows (4, 5), classes (4,): the sums of squared margins."""
    s = rows @ V
    own = np.take_along_axis(s, classes[:, None], axis=1)
    return np.sum(np.maximum(0, s - own + 0.5)) - 0.5 * len(rows) + 0.1 * np.sum(V**2)


def by_branches(V, rows, classes, back=1, decay=0.2):
    total, G = 0.0, np.zeros(V.shape)
    for row, k in zip(rows, classes, strict=True):
        s = row @ V
        for j in range(V.shape[1]):
            if j != k and s[j] - s[k] + 0.5 > 0:
                total += s[j] - s[k] + 0.5
                G[:, j] += row
                G[:, k] -= back * row
    return total + 0.1 * np.sum(V**2), G + decay * V


def in_one(V, rows, classes, back=1, decay=0.2):
    s = rows @ V
    gaps = s - s[np.arange(len(s)), classes][:, None] + 0.5
    d = (gaps > 0) * 1.0
    d[np.arange(len(s)), classes] -= back * d.sum(axis=1)
    return np.sum(gaps * (gaps > 0)) - 0.5 * len(rows) + 0.1 * np.sum(V**2), rows.T @ d + decay * V


ARGUMENTS = (RNG.normal(size=(5, 4)), RNG.normal(size=(4, 5)), np.array([1, 3, 0, 1]))


@pytest.mark.parametrize("train", [by_branches, in_one])
@pytest.mark.parametrize("settings", [(1, 0.2), (0.5, 0.2), (1, 0.3), (-1, 0.2)])
def test_the_gradient_of_a_hinge_is_judged(train, settings):
    report = mg.debug(train, hinge, (*ARGUMENTS, *settings), budget=1.0)
    is_right = settings == (1, 0.2)
    assert list(report.verdict.wrong) == ([] if is_right else ["V"])
    assert report.ok is is_right


def test_central_differences_agree():
    V, rows, classes = ARGUMENTS
    for train in (by_branches, in_one):
        gradient = train(*ARGUMENTS)[1]
        for index in np.ndindex(V.shape):
            side = np.zeros(V.shape)
            side[index] = 1e-6
            slope = (hinge(V + side, rows, classes) - hinge(V - side, rows, classes)) / 2e-6
            assert abs(slope - gradient[index]) < 1e-6


def two_factors(A, B):
    return 0.5 * np.sum((A @ B) ** 2)


def test_of_two_factors_each_has_the_gradient_of_its_shape():
    def train(A, B):
        return (A @ B) ** 2 @ B.T, A.T @ (A @ B)

    report = mg.debug(train, two_factors, (RNG.normal(size=(3, 4)), RNG.normal(size=(4, 3))), budget=1.0)
    assert list(report.verdict.wrong) == ["A"]


def linear(W, rows, classes):
    z = rows @ W
    return np.sum(np.log(np.sum(np.exp(z), axis=1)) - np.take_along_axis(z, classes[:, None], axis=1)[:, 0])


def test_a_gradient_of_the_shape_of_the_samples_is_not_taken_for_theirs():
    def train(W, rows, classes):
        p = np.exp(rows @ W)
        p = p / p.sum(axis=1, keepdims=True)
        p[np.arange(len(p)), classes] -= 0.5
        return (rows.T @ p).T  # of the weights, and wrong; or of the rows, and wrong

    report = mg.debug(train, linear, ARGUMENTS, budget=1.0)
    assert not report.ok
    assert "rows" not in report.verdict.wrong
