"""Kinds of wrong answers that public programs have shown, each in a program of its own."""

from types import SimpleNamespace

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.explain import Explanation
from microgradnp.debugger.judge.common import rescales
from microgradnp.debugger.match.references import evaluate
from microgradnp.debugger.match.trained import untrained

RNG = np.random.default_rng(11)


# ---------------------------------------- data are no evidence, a bias is not left out


def hinge(X, y, w, b):
    return 0.1 * np.sum(w**2) + np.sum(np.maximum(0, 1 - y * (X @ w - b)))


def steps(X, y, w, b, moves_bias, lr=0.05):
    for row, label in zip(X, y, strict=True):
        if label * (row @ w - b) >= 1:
            w = w - lr * 0.2 * w
        else:
            w = w - lr * (0.2 * w - label * row)
            if moves_bias:
                b = b - lr * label
    return w, b


@pytest.mark.parametrize("label", [1.0, -1.0])
def test_a_label_that_is_equal_to_a_gradient_is_none(label):
    """The gradient of the bias is the label here, and nothing moves the bias."""
    w, X = RNG.normal(size=4), RNG.normal(size=(1, 4))
    X[0] -= w * (X[0] @ w - 0.4 + 0.7 * label) / (w @ w)
    given = X, np.array([label]), w, 0.4
    report = mg.debug(lambda X, y, w, b: steps(X, y, w, b, False), hinge, given)
    assert "(b)" in str(report).split("\n")[0]
    assert "b" not in report.gradients or not report.gradients["b"].ok


@pytest.mark.parametrize(
    ("model", "is_parameter"),
    [
        (lambda x, w, b: np.sum(np.tanh(x @ w + b)), True),
        (lambda x, w, b: np.sum((b + np.ravel(x @ w)) ** 2), True),
        (lambda x, w, b: np.sum(np.tanh(x @ w)) * b, False),
        (lambda x, w, b: np.sum(np.maximum(0, b - np.tanh(x @ w))), False),
        (lambda x, w, b: np.sum(np.log(np.tanh(x @ w) ** 2 + b)), False),
    ],
)
def test_a_single_number_is_a_bias_where_it_is_added_to_a_product(model, is_parameter):
    evaluation = evaluate(model, {"x": RNG.normal(size=(5, 3)), "w": RNG.normal(size=3), "b": 0.4})
    assert ("b" not in untrained(evaluation, {"w"}, {"w"})) == is_parameter


# ---------------------------------------- the rule of one beside that of another


def softmax_loss(x, W, b):
    o = x @ W + b
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - o[:, 0])


def averaged(x, W, b, vW, vb, plain_bias, beta=0.8, lr=0.1):
    o = x @ W + b
    p = np.exp(o) / np.sum(np.exp(o), axis=1, keepdims=True)
    d = (p - np.array([1.0, 0, 0])) / len(x)
    dW, db = x.T @ d, d.sum(axis=0)
    vW = beta * vW + (1 - beta) * dW
    vb = beta * vb + (1 - beta) * db
    return W - lr * vW, b - lr * (db if plain_bias else vb), vW, vb


@pytest.mark.parametrize("plain_bias", [False, True])
def test_new_values_by_a_rule_that_nobody_checked_are_said_to_be_so(plain_bias):
    shapes = (4, 3), 3
    W, b, vW, vb = (RNG.normal(size=shape) for shape in (*shapes, *shapes))
    x = RNG.normal(size=(5, 4))
    report = mg.debug(averaged, softmax_loss, (x, W, b, vW, vb, plain_bias))
    assert report.ok
    assert "the optimizer's rule is NOT CHECKED" in str(report).split("\n")[0]
    assert "formula of" not in str(report)
    assert "every parameter" not in str(report)


# ---------------------------------------- gradients that nothing of the loss reaches


PAIRS = ((0, 1), (1, 3), (2, 0))
RATINGS = np.array([[0.0, 4, 0, 2], [1, 0, 0, 5], [3, 2, 0, 0]])


def factor_loss(P, Q):
    total = 0.0
    for i, j in PAIRS:
        total = total + 0.5 * (RATINGS[i, j] - np.sum(P[i] * Q[:, j])) ** 2 + 0.1 * np.sum(Q[:, j] ** 2)
    return total


def factors(P, Q, forgets):
    found = {"P": np.zeros(P.shape), "Q": np.zeros(Q.shape)}
    for i, j in PAIRS:
        error = RATINGS[i, j] - P[i] @ Q[:, j]
        found["P"][i] = -error * Q[:, j]
        found["Q"][:, j] = (-1 if forgets else -error) * P[i] + 0.2 * Q[:, j]
    return found


def test_a_gradient_that_is_written_row_by_row_and_forgets_the_error_is_judged():
    given = RNG.normal(size=(3, 2)), RNG.normal(size=(2, 4))
    assert mg.debug(factors, factor_loss, (*given, False)).ok
    report = mg.debug(factors, factor_loss, (*given, True))
    assert report.verdict.wrong == ["Q"]


# ---------------------------------------- forward values are no new values


class Neuron:
    def __init__(self, weights, bias):
        self.weights, self.bias, self.output = weights, bias, 0.0

    def activate(self, inputs):
        self.output = sum(w * x for w, x in zip(self.weights, inputs, strict=True)) + self.bias
        return self.output


class Neurons:
    def __init__(self, W, b):
        self.neurons = [Neuron(list(row), float(bias)) for row, bias in zip(W, b, strict=True)]

    def step(self, x, y):
        outputs = np.array([neuron.activate(x) for neuron in self.neurons])
        p = np.exp(outputs) / np.sum(np.exp(outputs))
        return [list((p - y)[k] * np.asarray(x)) for k in range(len(p))]


def neurons_loss(x, y, w0, w1, b0, b1):
    o = np.stack([np.sum(w0 * x) + b0, np.sum(w1 * x) + b1])
    return np.log(np.sum(np.exp(o))) - np.sum(o * y)


def test_the_output_of_a_neuron_is_no_new_bias():
    net = Neurons(RNG.normal(size=(2, 3)), RNG.normal(size=2))
    bind = {f"{name}{k}": f"net.neurons[{k}].{field}" for k in range(2) for name, field in (("w", "weights"), ("b", "bias"))}

    def train(x, y):
        return net.step(x, y)

    report = mg.debug(train, neurons_loss, (RNG.uniform(0.2, 1, size=3), np.array([0.0, 1])), bind=bind)
    assert not report.verdict.wrong, report


# ---------------------------------------- another model


def limited_loss(x, t, W):
    return np.sum(np.log(1 + np.exp(-(t * (x @ W)))))


def limited(x, t, W, most, lr=0.05):
    z = t * (x @ W)
    z = np.clip(z, -most, most)
    W -= lr * x.T @ (-t / (1 + np.exp(z)))


def test_numbers_that_only_the_code_limits_prove_nothing_wrong():
    x, t, W = RNG.normal(size=(6, 3)), np.where(RNG.normal(size=6) > 0, 1.0, -1.0), RNG.normal(size=3)
    assert mg.debug(limited, limited_loss, (x, t, W, 50.0)).ok
    report = mg.debug(limited, limited_loss, (x, t, W, 0.5))
    assert not report.verdict.wrong, report
    assert "limits numbers" in str(report)


class Layer:
    def __init__(self, W, bias):
        self.W, self.bias = W, bias

    def step(self, x, t, lr=0.05):
        n, d = x.shape
        e = np.maximum(x @ self.W + self.bias, 0) - t
        e = e * (x @ self.W + self.bias > 0) * d / d
        self.W -= lr * x.T @ e
        self.bias -= lr * e.sum(axis=0)
        return n


def layer_loss(x, t, W, d):
    return 0.5 * np.sum((np.maximum(x @ W + d, 0) - t) ** 2)


@pytest.mark.parametrize("seed", range(4))
def test_a_count_with_the_name_of_a_bias_accuses_nothing(seed):
    rng = np.random.default_rng(seed)
    net = Layer(rng.normal(size=(3, 2)), rng.normal(size=2))
    report = mg.debug(net.step, layer_loss, (rng.normal(size=(5, 3)), rng.normal(size=(5, 2))))
    assert not report.verdict.wrong, report


# ---------------------------------------- a factor that fits the rest


def squares(x, t, V, W):
    return np.sum((np.tanh(x @ V) @ W - t) ** 2)


def halved(x, t, V, W, lr=0.01):
    h = np.tanh(x @ V)
    e = h @ W - t
    dW = h.T @ e  # lacks the 2
    dV = np.abs(x.T) @ ((2 * e) @ W.T * (1 - h * h))
    V -= lr * dV
    W -= lr * dW


def test_a_fix_with_a_factor_of_its_own_is_told_as_one_of_two():
    given = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2)), RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2))
    report = mg.debug(halved, squares, given, budget=30)
    assert report.verdict.wrong == ["V"]
    assert "verified" not in str(report)


@pytest.mark.parametrize(
    ("before", "after", "evidence", "expected"),
    [(1.0, 5.0, "returned", True), (-0.1, -0.5, "update", True), (1.0, 1.0, "returned", False), (0.0, 2.0, "returned", False)],
)
def test_a_fix_that_gives_right_gradients_another_factor_mends_nothing(before, after, evidence, expected):
    first = SimpleNamespace(right=["a"], entries={"a": SimpleNamespace(factor=before, evidence=evidence)})
    again = SimpleNamespace(entries={"a": SimpleNamespace(factor=after, evidence=evidence)})
    assert rescales(first, again) == expected


def test_what_is_wrong_against_another_forward_pass_is_not_judged(monkeypatch):
    """The search for the cause may find that the forward pass differs: then nothing was proved of the gradients."""
    told = Explanation([])
    monkeypatch.setattr(Explanation, "forward_ok", False)
    monkeypatch.setattr("microgradnp.debugger.told.explain", lambda case: told)
    given = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2)), RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2))
    report = mg.debug(halved, squares, given)
    assert report.verdict.word == "CANNOT JUDGE"
    assert not report.verdict.wrong
    assert "your forward pass is not the model's" in str(report)
