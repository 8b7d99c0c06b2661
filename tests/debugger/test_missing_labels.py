"""Mistakes of which nothing in the statement is left: labels that are not taken off, items of sums, masks, loops turned round."""

import re

import numpy as np
import pytest

import microgradnp as mg

WORDS = {"ant": 0, "bee": 1, "cow": 2, "dog": 3}


def rng():
    return np.random.default_rng(4)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def first_fix(train, loss, *args):
    report = mg.debug(train, loss, args, budget=30)
    assert report.word == "WRONG", str(report)
    assert report.findings, str(report)
    assert report.findings[0].fix is not None, str(report)
    return report.findings[0]


# ------------------------------------------------------------------------------------------------------------------- labels


def entropy(X, labels, W, b):
    z = X @ W + b
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(labels)), labels])


def forgets_the_labels(X, labels, W, b):
    p = softmax(X @ W + b)
    p = p / len(labels)
    return X.T @ p, p.sum(axis=0)


def test_labels_that_were_not_taken_off():
    found = first_fix(
        forgets_the_labels,
        entropy,
        rng().normal(size=(6, 3)),
        np.array([0, 2, 1, 1, 0, 2]),
        rng().normal(size=(3, 3)),
        rng().normal(size=3),
    )
    assert re.search(r"np\.eye\(.*\)\[labels\]", found.fix[2])
    assert found.cause == "loss_derivative_wrong"


def row_for(word):
    row = np.zeros(4)
    row[WORDS[word]] = 1
    return row


def spoken(x, word, W):
    z = x @ W
    return np.log(np.sum(np.exp(z))) - z[word]


class Speaker:
    def __init__(self, W):
        self.W = W

    def guess(self, x):
        return softmax(x @ self.W)

    def learn(self, x, guess, word):
        assert word in WORDS
        error = guess
        self.W -= 0.1 * np.outer(x, error)


@pytest.mark.parametrize("word", [2])
def test_a_function_of_the_user_makes_the_row_of_a_label(word):
    speaker = Speaker(rng().normal(size=(5, 4)))
    WORDS[word] = word

    def train(x, word):
        speaker.learn(x, speaker.guess(x), word)

    found = first_fix(train, spoken, rng().normal(size=5), word)
    assert found.fix[2].strip() == "error = guess - row_for(word)"


# ------------------------------------------------------------------------------------------------------ items and masks


def linear(X, T, W):
    return 0.5 * np.sum((X @ W - T) ** 2)


def keeps_the_last_share(X, T, W):
    shares = np.array([np.outer(x, x @ W - t) for x, t in zip(X, T, strict=True)])
    return shares[-1]


def test_an_item_in_the_place_of_a_sum():
    found = first_fix(keeps_the_last_share, linear, *[rng().normal(size=s) for s in [(6, 3), (6, 2), (3, 2)]])
    assert ".sum(axis=0" in found.fix[2]


def largest(X, T, W):
    return np.sum((np.max(X @ W, axis=1) - T) ** 2)


def another_mask(X, T, W):
    z = X @ W
    top = z.max(axis=1, keepdims=True)
    mask = z != top
    return X.T @ (mask * (2 * (top - T[:, None])))


def test_a_mask_of_what_is_not_the_largest():
    found = first_fix(another_mask, largest, *[rng().normal(size=s) for s in [(6, 3), 6, (3, 4)]])
    assert found.fix[2].strip() in ("mask = z == top", "return X.T @ ((1 - mask) * (2 * (top - T[:, None])))")


def pooled(X, T, W):
    z = X @ W
    return 0.5 * np.sum((np.max(z.reshape(len(X), 2, 2), axis=2) - T) ** 2)


def pools_the_others(X, T, W):
    z = X @ W
    back = np.zeros_like(z)
    for k in range(2):
        part = z[:, 2 * k : 2 * k + 2]
        top = part.max(axis=1, keepdims=True)
        mask = part != top
        back[:, 2 * k : 2 * k + 2] = mask * (top - T[:, k : k + 1])
    return X.T @ back


def test_a_mask_of_windows_is_no_quantity_of_the_model():
    found = first_fix(pools_the_others, pooled, *[rng().normal(size=s) for s in [(6, 3), (6, 2), (3, 4)]])
    assert found.fix[2].strip() == "mask = part == top"


def logistic(X, T, w):
    z = X @ w
    return np.sum(np.log(1 + np.exp(z)) - T * z)


def decides_first(X, T, w):
    p = 1 / (1 + np.exp(-(X @ w)))
    error = (p > 0.5) - T
    return X.T @ error


def test_a_decision_in_the_place_of_a_probability():
    found = first_fix(
        decides_first, logistic, rng().normal(size=(8, 3)), np.array([0.0, 1, 1, 0, 1, 0, 0, 1]), rng().normal(size=3)
    )
    assert found.fix[2].strip() == "error = p - T"


# --------------------------------------------------------------------------------------------------------- through time


def recurrent(x, y, A, B, C):
    state, total = np.zeros(3), 0.0
    for row, target in zip(x, y, strict=True):
        state = np.tanh(row @ A + state @ B)
        total = total + 0.5 * np.sum((state @ C - target) ** 2)
    return total


def forwards_in_time(x, y, A, B, C):
    s = np.zeros((len(x) + 1, 3))
    for k in range(len(x)):
        s[k] = np.tanh(x[k] @ A + s[k - 1] @ B)
    gA, gB, gC, back = np.zeros_like(A), np.zeros_like(B), np.zeros_like(C), np.zeros(3)
    for k in range(len(x)):
        e = s[k] @ C - y[k]
        gC += np.outer(s[k], e)
        d = (e @ C.T + back) * (1 - s[k] ** 2)
        gA += np.outer(x[k], d)
        gB += np.outer(s[k - 1], d)
        back = d @ B.T
    return gA, gB, gC


def test_a_loop_that_goes_forwards_in_time():
    shapes = [(4, 2), (4, 2), (2, 3), (3, 3), (3, 2)]
    found = first_fix(forwards_in_time, recurrent, *[rng().normal(size=size) for size in shapes])
    assert found.fix[2].strip() == "for k in reversed(range(len(x))):"


def forgets_the_targets(x, y, A, B, C):
    states, outputs = [np.zeros(3)], []
    for row in x:
        states.append(np.tanh(row @ A + states[-1] @ B))
        outputs.append(states[-1] @ C)
    gA, gB, gC, back = np.zeros_like(A), np.zeros_like(B), np.zeros_like(C), np.zeros(3)
    for k in reversed(range(len(x))):
        target = y[k]
        error = outputs[k]
        gC += np.outer(states[k + 1], error)
        d = (error @ C.T + back) * (1 - states[k + 1] ** 2)
        gA += np.outer(x[k], d)
        gB += np.outer(states[k], d)
        back = d @ B.T
    return gA, gB, gC, target


def test_an_item_of_a_list_that_is_only_named():
    """`error = outputs[k]`: the item has another name, and nothing is computed where the targets belong."""
    shapes = [(4, 2), (4, 2), (2, 3), (3, 3), (3, 2)]
    found = first_fix(forgets_the_targets, recurrent, *[rng().normal(size=size) for size in shapes])
    assert found.fix[2].strip() in ("error = outputs[k] - target", "error = outputs[k] - y[k]")
