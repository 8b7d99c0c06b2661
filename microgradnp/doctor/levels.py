"""What simple methods reach on the same data: a constant answer, a linear fit, and a smooth one on samples it has not seen."""

from __future__ import annotations

import numpy as np

from microgradnp.doctor.patient import Array

MOST_SAMPLES = 240
FOLDS = 4


def standard(array: Array) -> Array:
    """Columns of mean 0 and standard deviation 1. Constant columns become 0."""
    array = np.asarray(array, float)
    axes = tuple(range(array.ndim - 1)) if array.ndim > 1 else (0,)
    if array.ndim == 4:  # images: each channel as a whole
        return (array - array.mean((0, 2, 3), keepdims=True)) / np.maximum(array.std((0, 2, 3), keepdims=True), 1e-12)
    deviation = array.std(axes)
    size = np.abs(array).max(initial=0) + 1e-300
    return (array - array.mean(axes)) / np.where(deviation > 1e-12 * size, deviation, 1)


def flat(array: Array) -> Array:
    """An array as (samples, features)."""
    return np.asarray(array, float).reshape(len(array), -1)


def indicators(targets: Array, classes: Array | None) -> Array:
    """The targets of a fit: one column for each class, or the numbers themselves."""
    if classes is not None and classes.ndim == 1 and classes.max(initial=0) < 1000:
        return np.eye(int(classes.max()) + 1)[classes]
    return flat(targets)


def linear_residual(x: Array, targets: Array) -> float:
    """The sum of squared errors of the best linear map with a bias."""
    columns = np.hstack([flat(x), np.ones((len(x), 1))])
    t = flat(targets)
    return float(np.sum((columns @ np.linalg.lstsq(columns, t, rcond=None)[0] - t) ** 2))


def foretold(x: Array, targets: Array, classes: Array | None, shift: int = 0) -> float:
    """The cross-validated R^2 of kernel ridge regression: can anybody tell these targets from these inputs?

    0 is no better than the mean. `shift` moves the targets by so many rows. Tried are a linear kernel and two widths of a
    Gaussian one, with two ridges each: C. Saunders, A. Gammerman and V. Vovk, "Ridge regression learning algorithm in dual
    variables" (1998).
    """
    x = standard(flat(x))
    x = x / np.sqrt(x.shape[1])
    t = np.roll(indicators(targets, classes), -shift, 0)
    chosen = np.random.default_rng(0).permutation(len(x))[:MOST_SAMPLES]
    x, t = x[chosen], t[chosen]
    products = x @ x.T
    squares = np.diag(products)
    distances = squares[:, None] + squares[None] - 2 * products
    spread = float(np.sum((t - t.mean(0)) ** 2)) + 1e-300
    fold = np.arange(len(x)) % FOLDS
    best = -np.inf
    for kernel in (products + 1, np.exp(-0.3 * distances), np.exp(-2 * distances)):
        for ridge in (0.03, 3.0):
            error = 0.0
            for k in range(FOLDS):
                test, train = fold == k, fold != k
                mean = t[train].mean(0)
                weights = np.linalg.solve(kernel[np.ix_(train, train)] + ridge * np.eye(train.sum()), t[train] - mean)
                error += float(np.sum((mean + kernel[np.ix_(test, train)] @ weights - t[test]) ** 2))
            best = max(best, 1 - error / spread)
    return best
