"""Right lines that are often accused are defended, with the reason; wrong ones are not."""

import time

import numpy as np

import microgradnp as mg


def softmax_network(X, T, W1, W2):
    h = 1 / (1 + np.exp(-(X @ W1)))
    e = np.exp(h @ W2)
    p = e / e.sum(axis=1, keepdims=True)
    d = p - T
    d_hidden = (d @ W2.T) * h * (1 - h)
    return X.T @ d_hidden, h.T @ d


def cross_entropy(X, T, W1, W2):
    return mg.cross_entropy(mg.sigmoid(X @ W1) @ W2, T, reduction="sum")


def tanh_network(X, T, W1, W2):
    h = np.tanh(X @ W1)
    d = h @ W2 - T
    d_hidden = (d @ W2.T) * (1 - h**2)
    return X.T @ d_hidden, h.T @ d


def squared_error(X, T, W1, W2):
    return 0.5 * mg.sse(np.tanh(X @ W1) @ W2, T)


def numbers():
    rng = np.random.default_rng(0)
    return rng.normal(size=(6, 4)), np.eye(3)[rng.integers(0, 3, 6)], rng.normal(size=(4, 5)), rng.normal(size=(5, 3))


def test_the_difference_of_softmax_and_targets_is_explained():
    report = mg.debug(softmax_network, cross_entropy, numbers())
    assert report.ok
    first, second = report.reasons
    assert "`d = p - T`" in first
    assert "whole derivative of the softmax with cross-entropy" in first
    assert "h is sigmoid(z) already" in second
    assert first in str(report)


def test_the_derivative_of_tanh_by_its_value_is_explained():
    report = mg.debug(tanh_network, squared_error, numbers())
    assert report.ok
    assert [r for r in report.reasons if "h is tanh(z) already" in r and "(1 - h**2)" in r]


def sigmoid_for_tanh(X, T, W1, W2):
    h = np.tanh(X @ W1)
    d = h @ W2 - T
    d_hidden = (d @ W2.T) * h * (1 - h)
    return X.T @ d_hidden, h.T @ d


def test_a_wrong_line_is_not_defended():
    report = mg.debug(sigmoid_for_tanh, squared_error, numbers())
    assert not report.ok
    assert report.reasons == []


def never_the_same(X, T, W1, W2):
    noise = (time.perf_counter_ns() % 1_000_003) * 1e-9
    h = np.tanh(X @ W1)
    d = h @ W2 - T + noise
    W1 -= 0.1 * X.T @ ((d @ W2.T) * (1 - h))
    W2 -= 0.1 * h.T @ d


def test_code_that_cannot_be_repeated_gets_no_proof_and_a_hint():
    report = mg.debug(never_the_same, squared_error, numbers())
    assert report.word == "CANNOT JUDGE"
    assert report.findings == []
    assert "differs between a plain run and the recorded one" in str(report)
