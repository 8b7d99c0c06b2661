"""A step that is seen in part only is not accused, and what lies beside judged parameters is not taken for data."""

from types import SimpleNamespace

import numpy as np

import microgradnp as mg
from microgradnp.debugger.judge.common import mixes_rules, turns_against_model
from microgradnp.debugger.judge.gate import beside
from microgradnp.debugger.match.references import evaluate
from microgradnp.debugger.match.trained import untrained

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


def two_layers(x, t, A, B):
    return 0.5 * np.sum((B @ np.tanh(A @ x) - t) ** 2)


def test_weights_in_one_list_with_judged_ones_are_not_data():
    """B has as many rows as the targets, as data in rows would have."""
    make = rng()
    shapes = {"x": (3, 6), "t": (2, 6), "A": (5, 3), "B": (2, 5)}
    evaluation = evaluate(two_layers, {name: make.normal(size=shape) for name, shape in shapes.items()})

    def found(**expressions):
        variables = {name: SimpleNamespace(expression=text) for name, text in expressions.items()}
        return beside(SimpleNamespace(variables=variables), {"A"}, evaluation)

    assert "B" in untrained(evaluation, {"A"}, set())
    assert found(x="x", t="t", A="net.weights[0]", B="net.weights[1]") == {"B"}
    assert found(x="x", t="t", A="net.weights[0]", B="net.biases[1]") == set()
    assert found(x="self.x", t="self.t", A="self.A", B="self.B") == set()  # of another shape: an object holds data, too


def verdict(right, wrong=(), **factors):
    """What a verdict says of the evidence, {argument: kind}, and with which factor of the model's gradient."""
    kinds = {**dict(right), **dict(wrong)}
    entries = {a: SimpleNamespace(evidence=kind, factor=factors.get(a, 1.0)) for a, kind in kinds.items()}
    return SimpleNamespace(entries=entries, right=list(dict(right)), wrong=list(dict(wrong)))


def test_no_fix_takes_plain_steps_beside_an_adam():
    """Where the others move by a rule of their own, a parameter that is mended does not take plain steps."""
    beside_adam = verdict({"W": "gradient"}, {"b": "update"})
    assert mixes_rules(beside_adam, verdict({"W": "gradient", "b": "update"}))
    assert not mixes_rules(beside_adam, verdict({"W": "gradient", "b": "gradient"}))
    assert not mixes_rules(beside_adam, verdict({"W": "update", "b": "update"}))  # with it W is seen to take plain steps, too
    beside_plain = verdict({"W": "update"}, {"b": "update"})
    assert not mixes_rules(beside_plain, verdict({"W": "update", "b": "update"}))


def test_a_returned_gradient_with_the_sign_of_the_model_is_turned_only_if_the_others_are_meant():
    turned = verdict({"A": "returned", "B": "returned"}, A=-1.0, B=-1.0)
    assert turns_against_model(verdict({"A": "returned"}, {"B": "returned"}, A=-1.0, B=1.0), turned)
    assert not turns_against_model(verdict({"A": "returned"}, {"B": "returned"}, A=-1.0, B=-2.0), turned)
    plain = verdict({"A": "returned", "B": "returned"})
    assert not turns_against_model(verdict({"A": "returned"}, {"B": "returned"}, B=-1.0), plain)


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
