"""What no verdict may leave out: a bias beside a single sample, one that moves without the loss, a decay of biases only."""

import linecache

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.match.references import evaluate
from microgradnp.debugger.match.trained import untrained

RNG = np.random.default_rng(21)
X, T = RNG.normal(size=(8, 3)), RNG.normal(size=(8, 2))
W, B = RNG.normal(size=(3, 2)), RNG.normal(size=(1, 2))


def sequence_loss(xs, ts, W, V, c):
    total = 0.0
    for x, t in zip(xs, ts, strict=True):
        total = total + 0.5 * np.sum((np.tanh(x[None] @ W) @ V + c - t[None]) ** 2)
    return total


def last_bias_only(xs, ts, W, V, c):
    dW, dV = np.zeros_like(W), np.zeros_like(V)
    for x, t in zip(xs, ts, strict=True):
        h = np.tanh(x[None] @ W)
        e = h @ V + c - t[None]
        dc = e  # the sum over the samples is lost
        dV += h.T @ e
        dW += np.outer(x, e @ V.T * (1 - h * h))
        np.clip(dc, -9, 9, out=dc)
    return {"out": dV, "in": dW, "shift": dc}, len(xs)


def vector_loss(x, t, W, b):
    return 0.5 * np.sum((np.tanh(W @ x + b) - t) ** 2)


def no_bias(x, t, W, b):
    h = np.tanh(W @ x + b)
    return np.outer((h - t) * (1 - h * h), x), h - 2 * t


@pytest.mark.parametrize(
    ("program", "loss", "args", "bias"),
    [
        (last_bias_only, sequence_loss, (X, T, RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2)), B), "c"),
        (no_bias, vector_loss, (X[0], T[0], W.T.copy(), B[0]), "b"),
    ],
)
def test_a_bias_of_the_shape_of_a_single_sample_is_no_target(program, loss, args, bias):
    report = mg.debug(program, loss, args)
    verdict = report.verdict
    assert report.word != "RIGHT", str(report)
    assert bias in {*verdict.wrong, *verdict.unchecked, *verdict.unjudged}, str(report)


def label_loss(xs, W, c, labels):
    total = 0.0
    for x, label in zip(xs, labels, strict=True):
        z = x[None] @ W + c
        total = total + np.log(np.sum(np.exp(z))) - z[0, label]
    return total


def one_label_loss(x, W, b, label):
    z = W @ x + b
    return np.log(np.sum(np.exp(z))) - z[label]


@pytest.mark.parametrize(
    ("loss", "values"),
    [
        (label_loss, {"xs": X, "W": W, "c": B, "labels": [0, 1] * 4}),
        (one_label_loss, {"x": X[0], "W": W.T, "b": B[0], "label": 1}),
    ],
)
def test_a_bias_is_not_taken_for_data(loss, values):
    found = untrained(evaluate(loss, values), {"W"}, set())
    assert not found & {"b", "c"}
    assert found & {"x", "xs"}


class Logistic:
    def __init__(self):
        self.w, self.b = np.array([0.5, -0.3, 0.8]), 0.4

    def probabilities(self, x):
        return 1 / (1 + np.exp(-(x @ self.w + self.b)))

    def without_the_loss(self, x, y):
        self.w = self.w - 0.2 * x.T @ (self.probabilities(x) - y) / len(x)
        self.b = self.b - 0.2 * np.mean(y)

    def by_turns(self, x, y):
        self.w = self.w - 0.2 * x.T @ (self.probabilities(x) - y) / len(x)
        self.b = self.b - 0.2 * np.mean(self.probabilities(x) - y)


def logistic_loss(x, y, w, b):
    z = x @ w + b
    return np.mean(np.log(1 + np.exp(z)) - y * z)


def test_a_number_that_moves_without_the_loss_is_wrong():
    report = mg.debug(Logistic().without_the_loss, logistic_loss, (X, np.arange(8) % 2))
    assert report.verdict.wrong == ["b"], str(report)


def test_what_follows_a_second_forward_pass_is_told():
    report = mg.debug(Logistic().by_turns, logistic_loss, (X, np.arange(8) % 2))
    assert report.word == "RIGHT"
    assert "a second forward pass reads the new values of w" in str(report)


def affine(x, t, W, b):
    return 0.5 * np.sum((x @ W + b - t) ** 2) / len(x) + 0.15 * np.sum(W**2)


def slopes(x, t, W, b):
    e = x @ W + b - t
    return x.T @ e / len(x) + 0.3 * W, e.sum(axis=0, keepdims=True) / len(x)


def decays_bias(x, t, W, b, rate=0.1, decay=0.3, steps=4):
    for _ in range(steps):
        dW, db = slopes(x, t, W, b)
        W = W - rate * dW
        b = b - rate * (db + decay * b)
    return W, b


def decays_beside(x, t, W, b, rate=0.1, decay=0.3, steps=4):
    for _ in range(steps):
        dW, db = slopes(x, t, W, b)
        W = W - rate * dW
        b = b - rate * db - rate * decay * b
    return W, b


@pytest.mark.parametrize("train", [decays_bias, decays_beside])
def test_a_decay_of_the_bias_only_is_no_textbooks_rule(train):
    report = mg.debug(train, affine, (X, T, W, B))
    assert str(report).startswith("the gradients are RIGHT, the optimizer's rule is NOT CHECKED"), str(report)
    assert "8 times" not in str(report)  # the sum before the mean is not the gradient that is used


def decays_weights(x, t, W, b, rate=0.1, decay=0.3, steps=4):
    for _ in range(steps):
        dW, db = slopes(x, t, W, b)
        dW -= 0.3 * W
        W = W - rate * (dW + decay * W)
        b = b - rate * db
    return W, b


def test_weights_may_decay_while_the_bias_does_not():
    report = mg.debug(decays_weights, affine, (X, T, W, B))
    assert report.word == "RIGHT", str(report)
    assert "NOT CHECKED" not in str(report)


def hinge(x, y, w):
    return 0.5 * np.sum(w**2) + 3.0 * np.mean(np.maximum(0, 1 - y * (x @ w)))


def sample_by_sample(x, y, w, weight=3.0):
    distance = 1 - y * np.dot(x, w)
    dw = np.zeros(len(w))
    for k, d in enumerate(distance):
        if max(0, d) == 0:  # noqa: SIM108
            part = 0
        else:
            part = w - (weight * y[k] * x[k])
        dw += part
    return dw / len(y)


def test_a_fix_that_is_right_for_one_choice_of_branches_is_not_verified():
    """Three samples take the first branch, and the weight is three: `dw = w * weight` is right by chance."""
    w = np.array([0.7, -1.1, 0.6])
    y = np.where(X @ w > 0, 1, -1)
    margins = np.argsort(-y * (X @ w))
    x = X * np.where(np.isin(np.arange(8), margins[:3]), 6.0, 0.3)[:, None]
    assert np.sum(1 - y * (x @ w) <= 0) == 3
    report = mg.debug(sample_by_sample, hinge, (x, y, w))
    assert report.verdict.wrong == ["w"]
    assert all("np.zeros" not in (finding.fix or ("", "", ""))[1] for finding in report.findings), str(report)


@pytest.mark.parametrize("update", [lambda V, dV: 0.1 * V, lambda V, dV: 0.1 * V + 0.01], ids=["decay", "and a number"])
def test_a_parameter_that_moves_without_its_gradient_is_no_data(update):
    """`V @ (W @ x)` does not tell weights from data. What an update writes behind the forward pass is a parameter."""

    def train(words, word, W, V):
        x = np.mean(np.eye(4)[words], axis=0)
        h = W.T @ x
        p = np.exp(V.T @ h)
        p /= np.sum(p)
        e = p - np.eye(5)[word]
        dV, dW = np.outer(h, e), np.outer(x, V @ e)
        W -= 0.1 * dW
        V -= update(V, dV)

    def loss(words, word, W, V):
        z = V.T @ (W.T @ np.mean(np.eye(4)[words], axis=0))
        return np.log(np.sum(np.exp(z))) - z[word]

    rng = np.random.default_rng(5)
    W, V = rng.normal(size=(4, 3)), rng.normal(size=(3, 5))
    report = mg.debug(train, loss, ([1, 3, 3], 2, W, V), budget=30)
    assert report.word == "WRONG", str(report)
    assert report.verdict.wrong == ["V"]


# ------------------------------------------------------------------------------------------ beside what is right


def two_layers(x, t, A, b, C):
    return 0.5 * np.sum((np.tanh(x @ A + b) @ C - t) ** 2)


def slopes_of_two(x, t, A, b, C):
    h = np.tanh(x @ A + b)
    d = h @ C - t
    e = d @ C.T * (1 - h * h)
    return x.T @ e, e.sum(axis=0), h.T @ d


def new_values(x, t, A, b, C):
    gA, gb, gC = slopes_of_two(x, t, A, b, C)
    return A - 0.1 * gA, b - 0.1 * gb, C - 0.1 * gC


def one_step_alone(x, t, A, b, C):
    gA, gb, gC = slopes_of_two(x, t, A, b, C)
    return A - 0.1 * gA, b - 0.1 * gb, -0.1 * gC


def steps_alone(x, t, A, b, C):
    return [-0.1 * g for g in slopes_of_two(x, t, A, b, C)]


@pytest.mark.parametrize(("train", "wrong"), [(new_values, []), (one_step_alone, ["C"]), (steps_alone, [])])
def test_a_step_beside_new_values_lacks_its_parameter(train, wrong):
    rng = np.random.default_rng(5)
    report = mg.debug(train, two_layers, [rng.normal(size=s) for s in [(6, 3), (6, 2), (3, 4), 4, (4, 2)]])
    assert report.verdict.wrong == wrong, str(report)
    assert report.word == ("WRONG" if wrong else "RIGHT")


class Layer:
    """Keeps the right gradients, whatever is handed on."""


@pytest.mark.parametrize("mixed", [False, True])
def test_the_gradient_of_another_parameter_under_a_key(mixed):
    rng = np.random.default_rng(6)
    x, t, A, b, C, c = (rng.normal(size=s) for s in [(6, 3), (6, 4), (3, 4), 4, (4, 4), 4])
    layer = Layer()

    def train(x, t, A, b, C, c):
        h = np.tanh(x @ A + b)
        d = h @ C + c - t
        e = d @ C.T * (1 - h * h)
        layer.A, layer.b, layer.C, layer.c = x.T @ e, e.sum(axis=0), h.T @ d, d.sum(axis=0)
        return {"dA": layer.A, "db": layer.c if mixed else layer.b, "dC": layer.C, "dc": layer.c}, layer

    def loss(x, t, A, b, C, c):
        return 0.5 * np.sum((np.tanh(x @ A + b) @ C + c - t) ** 2)

    report = mg.debug(train, loss, (x, t, A, b, C, c))
    assert report.verdict.wrong == (["b"] if mixed else []), str(report)


def rated(rating, P, Q):
    return 0.5 * (rating - np.sum(P * Q)) ** 2 + 0.1 * np.sum(Q**2)


@pytest.mark.parametrize(("step", "word"), [("error * P - 0.2 * Q", "RIGHT"), ("P - 0.2 * Q", "")])
def test_a_factor_that_moves_without_the_error_is_no_data(step, word):
    """P is right, and multiplies Q; Q moves by what knows nothing of the rating."""
    scope = {"np": np}
    text = f"def train(rating, P, Q):\n    error = rating - np.sum(P * Q)\n    new = Q + 0.05 * ({step})\n"
    text += "    P += 0.05 * error * Q\n    Q[:] = new\n"
    linecache.cache[f"<stdin {word}>"] = (len(text), None, text.splitlines(True), f"<stdin {word}>")
    exec(compile(text, f"<stdin {word}>", "exec"), scope)
    rng = np.random.default_rng(7)
    report = mg.debug(scope["train"], rated, (4.0, rng.normal(size=3), rng.normal(size=3)))
    assert report.word == word or (not word and report.word not in ("RIGHT", "AGREES")), str(report)


class Adding:
    """A layer that computes its gradient in one array, and adds it to another one that the optimizer reads."""

    def __init__(self, W, share=1.0):
        self.W, self.share = W, share
        self.now, self.total = np.zeros_like(W), np.zeros_like(W)

    def backward(self, x, d):
        self.now = x.T @ d
        self.total = self.total + self.share * self.now
        return d @ self.W.T


class Two:
    def __init__(self, W1, W2, share):
        self.first, self.second = Adding(W1), Adding(W2, share)

    def gradients(self, x, y):
        h = np.tanh(x @ self.first.W)
        d = self.second.backward(h, h @ self.second.W - y)
        self.first.backward(x, d * (1 - h**2))


def adding_layers(x, y, W1, W2):
    return np.sum((np.tanh(x @ W1) @ W2 - y) ** 2) / 2


@pytest.mark.parametrize(("share", "word"), [(1.0, "RIGHT"), (0.25, "CANNOT JUDGE")])
def test_a_right_gradient_of_which_something_else_is_made_is_not_called_right(share, word):
    r = np.random.default_rng(6)
    x, y, W1, W2 = (r.normal(size=shape) for shape in ((5, 3), (5, 2), (3, 4), (4, 2)))
    report = mg.debug(Two(W1, W2, share).gradients, adding_layers, [x, y], bind={"W1": "self.first.W", "W2": "self.second.W"})
    assert report.word == word, report


def masked_loss(x, t, W, V):
    return 0.5 * np.sum((np.maximum(x @ W + 1, 0) @ V - t) ** 2)


def without_mask(x, t, W, V, rate=0.01):
    z = x @ W + 1
    h = np.maximum(z, 0)
    e = h @ V - t
    gV = 2 * h.T @ e  # wrong
    gW = x.T @ (e @ V.T)  # wrong where z is negative
    W -= rate * gW
    V -= rate * gV


def test_a_fix_is_told_with_the_mistake_that_is_asleep():
    rng = np.random.default_rng(2)
    x, W = rng.normal(size=(5, 3)), 0.2 * rng.normal(size=(3, 4))
    assert (x @ W + 1 > 0).all()
    report = mg.debug(without_mask, masked_loss, (x, rng.normal(size=(5, 2)), W, rng.normal(size=(4, 2))), budget=30)
    assert report.verdict.wrong == ["V"]
    assert report.first_wrong.fix[2].partition("  #")[0] == "gV = h.T @ e"
    assert any("on other inputs the gradient of W is wrong" in note for note in report.notes)


def test_right_code_with_a_mistake_that_is_asleep_is_called_right_with_a_note():
    rng = np.random.default_rng(2)
    x, W = rng.normal(size=(5, 3)), 0.2 * rng.normal(size=(3, 4))
    given = x, rng.normal(size=(5, 2)), W, rng.normal(size=(4, 2))
    report = mg.debug(only_without_mask, masked_loss, given)
    assert report.ok
    assert any("the gradient of W is not the model's" in note for note in report.notes)
    assert not any("far from yours" in note for note in mg.debug(with_mask, masked_loss, given).notes)


def only_without_mask(x, t, W, V, rate=0.01):
    z = x @ W + 1
    h = np.maximum(z, 0)
    e = h @ V - t
    gV = h.T @ e
    W -= rate * x.T @ (e @ V.T)
    V -= rate * gV


def with_mask(x, t, W, V, rate=0.01):
    z = x @ W + 1
    h = np.maximum(z, 0)
    e = h @ V - t
    gV = h.T @ e
    W -= rate * x.T @ (e @ V.T * (z > 0))
    V -= rate * gV
