"""Where the gradients are right, the report says by which rule the parameters move, or that the rule was not checked."""

import numpy as np
import pytest

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


class OneStep:
    """A layer that makes one step when it is called, as a student's class does; its loop is elsewhere."""

    def __init__(self):
        rng = np.random.default_rng(1)
        self.W, self.b = rng.normal(size=(3, 2)), np.zeros(2)
        self.U, self.c = np.zeros((3, 2)), np.zeros(2)

    def gradients(self, x, t):
        d = x @ self.W + self.b - t
        return x.T @ d, d.sum(axis=0)

    def move(self, U, c):
        self.W -= 0.1 * U
        self.b -= 0.1 * c

    def plain(self, x, t):
        self.move(*self.gradients(x, t))

    def sample_by_sample(self, x, t):
        U, c = np.zeros_like(self.W), np.zeros_like(self.b)
        for k in range(len(x)):
            u, d = self.gradients(x[k : k + 1], t[k : k + 1])
            U += u
            c = c + d
        self.move(U, c)

    def zeroed(self, x, t):
        U, c = self.gradients(x, t)
        self.U += U
        self.c += c
        self.move(self.U, self.c)
        self.U[:] = self.c[:] = 0

    def kept(self, x, t):
        U, c = self.gradients(x, t)
        self.U += U
        self.c += c
        self.move(self.U, self.c)

    def momentum(self, x, t):
        U, c = self.gradients(x, t)
        self.U, self.c = 0.9 * self.U + U, 0.9 * self.c + c
        self.move(self.U, self.c)

    def decayed(self, x, t):
        U, c = self.gradients(x, t)
        self.W, self.b = (1 - 0.1 * 0.3) * self.W - 0.1 * U, self.b - 0.1 * c

    def decayed_sum(self, x, t):
        sums = [np.zeros(p.shape) for p in (self.W, self.b)]
        for k in range(len(x)):
            sums = [s + g for s, g in zip(sums, self.gradients(x[k : k + 1], t[k : k + 1]), strict=True)]
        self.W, self.b = (1 - 0.1 * 0.3) * self.W - 0.1 * sums[0], self.b - 0.1 * sums[1]

    def decayed_momentum(self, x, t):
        U, c = self.gradients(x, t)
        self.U, self.c = 0.9 * self.U - 0.1 * U, 0.9 * self.c - 0.1 * c
        self.W, self.b = (1 - 0.1 * 0.3) * self.W + self.U, self.b + self.c


def decayed_loss(x, t, W, b):
    return affine(x, t, W, b) + 0.15 * np.sum(W**2)


@pytest.mark.parametrize("step", ["plain", "sample_by_sample", "zeroed", "decayed", "decayed_sum"])
def test_one_plain_step_is_right(step):
    report = mg.debug(getattr(OneStep(), step), decayed_loss if "decayed" in step else affine, (X, T))
    assert str(report).startswith("RIGHT"), str(report)


@pytest.mark.parametrize("step", ["kept", "momentum", "decayed_momentum"])
def test_what_one_step_leaves_to_the_next_is_not_checked(step):
    report = mg.debug(getattr(OneStep(), step), decayed_loss if "decayed" in step else affine, (X, T))
    assert str(report).startswith("the gradients are RIGHT, the optimizer's rule is NOT CHECKED"), str(report)
    assert "its update also reads self.U and self.c, which may hold something of earlier steps" in str(report)


def moves_once(x, t, W, b, rate=0.01, steps=5):
    for k in range(steps):
        e = x @ W + b - t
        W = W - rate * x.T @ e
        if k == 0:
            b = b - rate * e.sum(axis=0)
    return W, b


def moves_by_turns(x, t, W, b, rate=0.01, steps=6):
    for k in range(steps):
        e = x @ W + b - t
        if k % 2:
            b = b - rate * e.sum(axis=0)
        else:
            W = W - rate * x.T @ e
    return W, b


@pytest.mark.parametrize(("train", "rests"), [(moves_once, True), (moves_by_turns, False), (predicts_afterwards, False)])
def test_a_parameter_that_does_not_move_again_is_told(train, rests):
    report = mg.debug(train, affine, (X, T, W.copy(), T[0].copy()))
    assert report.word == "RIGHT", str(report)
    assert ("b moved in step 0, and in no later step that was judged" in str(report)) == rests
