"""A step that is seen in part only is not accused, and what lies beside judged parameters is not taken for data."""

from types import SimpleNamespace

import numpy as np

import microgradnp as mg
from microgradnp.debugger.judge.common import mixes_rules

SEEN = ((0, 1), (1, 0), (2, 2))


def rng():
    return np.random.default_rng(2)


def ratings(R, P, Q, lam):
    total = 0.0
    for i, j in SEEN:
        total = total + (R[i, j] - P[i] @ Q[j]) ** 2 + lam / 2 * (np.sum(P[i] ** 2) + np.sum(Q[j] ** 2))
    return total


def factorise(R, P, Q, lam, rate=0.01):
    Q = Q.T
    for i in range(len(R)):
        for j in range(len(R[i])):
            if R[i][j] > 0:
                e = R[i][j] - P[i] @ Q[:, j]
                for k in range(P.shape[1]):
                    old = P[i][k]
                    P[i][k] = P[i][k] + rate * (2 * e * Q[k][j] - lam * P[i][k])
                    Q[k][j] = Q[k][j] + rate * (2 * e * old - lam * Q[k][j])
    return P, Q.T


def test_factors_that_move_one_by_one_are_not_accused():
    R = np.zeros((3, 4))
    for number, place in enumerate(SEEN):
        R[place] = 3.0 + number
    for seed in range(3):
        make = np.random.default_rng(seed)
        report = mg.debug(factorise, ratings, (R, make.normal(size=(3, 3)), make.normal(size=(4, 3)), 0.3))
        assert report.word != "WRONG", str(report)


class Layers:
    def __init__(self):
        make = rng()
        self.weights = [make.normal(size=(3, 5)), make.normal(size=(5, 2))]
        self.steps = [np.zeros((3, 5)), np.zeros((5, 2))]

    def backward(self, x, t, slip=False):
        h = np.tanh(x @ self.weights[0])
        e = h @ self.weights[1] - t
        self.steps[0] = x.T @ (e @ self.weights[1].T * (1 - h**2))
        self.steps[1] = (h**2 if slip else h).T @ e


def net(x, t, A, B):
    return 0.5 * np.sum((np.tanh(x @ A) @ B - t) ** 2)


def test_weights_in_one_list_are_none_of_them_data():
    make = rng()
    x, t = make.normal(size=(6, 3)), make.normal(size=(6, 2))
    bind = {"A": "self.weights[0]", "B": "self.weights[1]"}
    assert mg.debug(Layers().backward, net, (x, t), bind=bind).ok
    report = mg.debug(Layers().backward, net, (x, t, True), bind=bind)
    assert report.word != "RIGHT", str(report)


def returned(x, t, A, B, sign):
    h = np.tanh(x @ A)
    e = h @ B - t
    return -(x.T @ (e @ B.T * (1 - h**2))), sign * (h.T @ e)


def test_a_returned_gradient_with_the_sign_of_the_model_is_turned_only_if_the_others_are_meant():
    make = rng()
    arrays = [make.normal(size=size) for size in [(6, 3), (6, 2), (3, 5), (5, 2)]]
    report = mg.debug(returned, net, (*arrays, 1.0), budget=20)
    assert report.word == "WRONG"
    first = report.first_wrong
    assert first.fix is None or first.certainty in ("relative", "scaled") or report.verdict.wrong == ["A"], str(report)


def verdict(right, wrong=()):
    """What a verdict says of the evidence: {argument: kind}."""
    entries = {a: SimpleNamespace(evidence=kind) for a, kind in {**dict(right), **dict(wrong)}.items()}
    return SimpleNamespace(entries=entries, right=list(dict(right)), wrong=list(dict(wrong)))


def test_no_fix_takes_plain_steps_beside_an_adam():
    """Where the others move by a rule of their own, a parameter that is mended does not take plain steps."""
    beside_adam = verdict({"W": "gradient"}, {"b": "update"})
    assert mixes_rules(beside_adam, verdict({"W": "gradient", "b": "update"}))
    assert not mixes_rules(beside_adam, verdict({"W": "gradient", "b": "gradient"}))
    beside_plain = verdict({"W": "update"}, {"b": "update"})
    assert not mixes_rules(beside_plain, verdict({"W": "update", "b": "update"}))


def kept(x, t, W, b, keep):
    return 0.5 * np.sum(((x @ W + b) / keep - t) ** 2)


def sums_over_all(x, t, W, b, keep):
    d = ((x @ W + b) / keep - t) / keep
    return {"dW": x.T @ d, "db": np.sum(d, keepdims=True)}


def test_a_setting_is_not_accused_of_a_sum_over_too_much():
    make = rng()
    x, t, W, b = (make.normal(size=size) for size in [(6, 3), (6, 2), (3, 2), (2,)])
    report = mg.debug(sums_over_all, kept, (x, t, W, b, 0.8))
    assert "keep" not in report.verdict.wrong, str(report)
    assert report.word != "RIGHT"
