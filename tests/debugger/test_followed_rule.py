"""Where the gradients are right, the report says by which rule the parameters move, or that the rule was not checked."""

import numpy as np

import microgradnp as mg

RNG = np.random.default_rng(0)
X, T, W = RNG.normal(size=(9, 3)), RNG.normal(size=(9, 2)), RNG.normal(size=(3, 2))


def loss(x, t, W):
    return 0.5 * np.sum((x @ W - t) ** 2)


def adam(x, t, W, steps=5, lr=0.01, b1=0.9, b2=0.999):
    m, v = np.zeros_like(W), np.zeros_like(W)
    for k in range(1, steps + 1):
        g = x.T @ (x @ W - t)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        W = W - lr * m / (1 - b1**k) / (np.sqrt(v / (1 - b2**k)) + 1e-8)
    return W


def clipped(x, t, W, steps=5, lr=0.01):
    for _ in range(steps):
        g = x.T @ (x @ W - t)
        W = W - lr * g * min(1.0, 1.0 / np.sqrt((g**2).sum()))
    return W


def test_a_rule_of_the_textbook_is_named():
    report = mg.debug(adam, loss, (X, T, W))
    assert report.word == "RIGHT"
    assert "the parameters move as the formula of Adam says" in str(report)


def test_another_rule_is_said_to_be_unchecked():
    report = mg.debug(clipped, loss, (X, T, W))
    assert report.word == "RIGHT"
    assert "only the gradients were checked, not the rule" in str(report)


def softmax_loss(x, t, W, b):
    return -np.mean(np.sum(t * mg.log_softmax(x @ W + b), axis=1))


def adds_a_share(x, t, W, b, lr=0.1):
    n = len(x)
    e = np.exp(x @ W + b)
    p = e / e.sum(1, keepdims=True)
    W = W - lr * x.T @ (p - t) / n
    b = b - lr * ((1 / n) + np.sum(p - t, axis=0))
    return W, b


def test_a_number_added_to_a_gradient_is_seen_where_the_parameter_starts_at_zeros():
    for b in (np.zeros(3), RNG.normal(size=3)):
        report = mg.debug(adds_a_share, softmax_loss, (X, np.eye(3)[[0, 1, 2, 0, 1, 2, 0, 0, 1]], RNG.normal(size=(3, 3)), b))
        assert report.word == "WRONG", str(report)
        assert "a number is added to it" in str(report)


def affine(x, t, W, b):
    return 0.5 * np.sum((x @ W + b - t) ** 2)


def predicts_afterwards(x, t, W, b, rate=0.01):
    error = x @ W + b - t
    W -= rate * x.T @ error
    b -= rate * error.sum(axis=0)
    return x @ W + b


def test_a_prediction_after_the_step_is_no_further_step():
    report = mg.debug(predicts_afterwards, affine, (X, T, W.copy(), T[0].copy()))
    assert str(report).startswith("RIGHT"), str(report)
