"""The gradient of each time step is stored in one array, and the loop back through time forgets to read it: it is added there."""

import numpy as np
import pytest

import microgradnp as mg

RNG = np.random.default_rng(6)
W, U, V, b = (RNG.normal(size=size) for size in [(3, 2), (3, 3), (1, 3), (3, 1)])
XS, TS = RNG.normal(size=(2, 4, 5)), RNG.normal(size=(1, 4, 5))


def loss(W, U, b, V, xs, ts):
    h, total = np.zeros((3, 4)), 0.0
    for k in range(5):
        h = np.tanh(W @ xs[:, :, k] + U @ h + b)
        total = total + 0.5 * np.sum((V @ h - ts[:, :, k]) ** 2)
    return total


def forward(W, U, b, V, xs, ts):
    hs, from_outputs, dV = np.zeros((3, 4, 6)), np.zeros((3, 4, 5)), np.zeros_like(V)
    for k in range(5):
        hs[:, :, k] = np.tanh(W @ xs[:, :, k] + U @ hs[:, :, k - 1] + b)
        e = V @ hs[:, :, k] - ts[:, :, k]
        dV += e @ hs[:, :, k].T
        from_outputs[:, :, k] = V.T @ e
    return hs, from_outputs, dV


def cell(above, U, h, before, x):
    d = above * (1 - h**2)
    return d @ x.T, d @ before.T, d.sum(axis=1, keepdims=True), U.T @ d


def back(U, hs, from_outputs, xs):
    dW, dU, db, later = np.zeros((3, 2)), np.zeros((3, 3)), np.zeros((3, 1)), np.zeros((3, 4))
    for k in range(from_outputs.shape[2] - 1, -1, -1):
        gW, gU, gb, later = cell(later, U, hs[:, :, k], hs[:, :, k - 1], xs[:, :, k])
        dW, dU, db = dW + gW, dU + gU, db + gb
    return dW, dU, db


def moved(W, U, b, V, xs, ts, rate=0.05, epochs=3):
    for _ in range(epochs):
        hs, from_outputs, dV = forward(W, U, b, V, xs, ts)
        dW, dU, db = back(U, hs, from_outputs, xs)
        W, U, b, V = W - rate * dW, U - rate * dU, b - rate * db, V - rate * dV
    return W, U, b, V


def in_one_function(W, U, b, V, xs, ts):
    hs, steps, dV = [np.zeros((3, 4))], 5, np.zeros_like(V)
    errors = np.zeros((5, 3, 4))
    for k in range(steps):
        hs.append(np.tanh(W @ xs[:, :, k] + U @ hs[-1] + b))
        e = V @ hs[-1] - ts[:, :, k]
        errors[k] = V.T @ e
        dV += e @ hs[-1].T
    dW, dU, db, later = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros((3, 4))
    for k in reversed(range(steps)):
        d = later * (1 - hs[k + 1] ** 2)
        dW += d @ xs[:, :, k].T
        dU += d @ hs[k].T
        db += d.sum(axis=1, keepdims=True)
        later = U.T @ d
    return dW, dU, db, dV


@pytest.mark.parametrize(
    ("program", "fix"),
    [
        (moved, "gW, gU, gb, later = cell(later + from_outputs[:, :, k], U, hs[:, :, k], hs[:, :, k - 1], xs[:, :, k])"),
        (in_one_function, "d = (later + errors[k]) * (1 - hs[k + 1] ** 2)"),
    ],
)
def test_a_stored_gradient_that_nothing_reads_is_added_where_it_belongs(program, fix):
    report = mg.debug(program, loss, (W.copy(), U.copy(), b.copy(), V.copy(), XS, TS))
    assert set(report.verdict.wrong) == {"W", "U", "b"}
    found = report.first_wrong
    assert (found.cause, found.certainty, found.fix[2].strip()) == ("upstream_gradient_dropped", "exact", fix), str(report)


def only_last(W, U, b, V, xs, ts):
    """Only the last output counts; what was stored for the others is rightly not read."""
    hs, _, _ = forward(W, U, b, V, xs, ts)
    e = V @ hs[:, :, 4] - ts[:, :, 4]
    dW, dU, db, d = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), V.T @ e
    for k in reversed(range(5)):
        gW, gU, gb, d = cell(d, U, hs[:, :, k], hs[:, :, k - 1], xs[:, :, k])
        dW, dU, db = dW + gW, dU + gU, db + gb
    return dW, dU, db, e @ hs[:, :, 4].T


def last_loss(W, U, b, V, xs, ts):
    h = np.zeros((3, 4))
    for k in range(5):
        h = np.tanh(W @ xs[:, :, k] + U @ h + b)
    return 0.5 * np.sum((V @ h - ts[:, :, 4]) ** 2)


def test_what_is_rightly_not_read_is_not_missed():
    report = mg.debug(only_last, last_loss, (W.copy(), U.copy(), b.copy(), V.copy(), XS, TS))
    assert report.word == "RIGHT", str(report)
