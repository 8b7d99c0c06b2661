"""Data that gets a column of ones under its own name: the model knows it as it was before."""

import numpy as np
import pytest

import microgradnp as mg


def model(x, targets, weights):
    z = x @ weights[1:] + weights[0]
    return np.sum(np.log(1 + np.exp(z)) - targets * z)


def given_weights(x, targets, weights, steps):
    x = np.hstack((np.ones((len(x), 1)), x))
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(x @ weights)))
        weights += 0.1 * x.T @ (targets - p)
    return weights


def own_weights(x, targets, steps):
    x = np.hstack((np.ones((len(x), 1)), x))
    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(x @ weights)))
        weights += 0.1 * x.T @ (targets - p)
    return weights


def squared(x, targets, steps):
    x = np.hstack((np.ones((len(x), 1)), x))
    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(x @ weights)))
        weights += 0.1 * x.T @ (targets - p * p)
    return weights


def averaged(x, targets, steps):
    x = np.hstack((np.ones((len(x), 1)), x))
    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(x @ weights)))
        slope = x.T @ (targets - p)
        weights += 0.1 * np.mean(slope)
    return weights


def arguments(*weights):
    rng = np.random.default_rng(0)
    return (rng.normal(size=(9, 3)), (rng.random(9) > 0.5).astype(float), *weights, 3)


def test_right_code_is_right():
    for train, args in ((given_weights, arguments(np.ones(4))), (own_weights, arguments())):
        report = mg.debug(train, model, args)
        assert report.word == "RIGHT", str(report)


@pytest.mark.parametrize(
    ("train", "line"),
    [
        (squared, "weights += 0.1 * x.T @ (targets - p * p)"),
        (averaged, "weights += 0.1 * np.mean(slope)"),
    ],
)
def test_wrong_code_is_wrong_and_mended(train, line):
    report = mg.debug(train, model, arguments())
    assert report.word == "WRONG", str(report)
    assert report.first_wrong.source == line
    assert report.first_wrong.certainty == "exact"
