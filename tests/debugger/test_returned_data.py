"""What a layer returns: the gradient of its data, or a gradient whose layout no shape shows."""

import numpy as np
import pytest

import microgradnp as mg

SQUARE, WIDE = (3, 3), (3, 2)


def loss(x, t, W):
    return 0.5 * np.sum((x @ W - t) ** 2)


def data(shape):
    rng = np.random.default_rng(4)
    return rng.normal(size=(5, shape[0])), rng.normal(size=(5, shape[1])), rng.normal(size=shape)


def returned(x, t, W):
    return (x @ W - t).T @ x


class Kept:
    def train(self, x, t, W):
        self.slope = ((x @ W - t).T @ x) / len(x)


KEPT = {}


def in_the_module(x, t, W):
    KEPT["slope"] = (x @ W - t).T @ x


@pytest.mark.parametrize("train", [returned, Kept().train, in_the_module], ids=["returned", "kept", "module"])
def test_a_square_gradient_that_is_transposed_is_not_called_right(train):
    report = mg.debug(train, loss, data(SQUARE))
    assert report.word == "CANNOT JUDGE"
    assert "the transpose of its gradient was found" in report.verdict.unjudged["W"]


def test_the_shape_of_another_gradient_shows_that_the_layout_is_meant():
    def two(x, t, V, W):
        h = x @ V
        e = h @ W - t
        return (e @ W.T).T @ x, e.T @ h

    def model(x, t, V, W):
        return 0.5 * np.sum((x @ V @ W - t) ** 2)

    x, t, W = data(WIDE)
    report = mg.debug(two, model, (x, t, np.cos(np.arange(9.0)).reshape(3, 3), W))
    assert report.word == "RIGHT", report


class Dense:
    """The wrong ones get the gradient of the data wrong, and all others right."""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        self.y = np.tanh(x @ self.W + self.b)
        return self.y

    def backward(self, upstream):
        d = upstream * (1 - self.y**2)
        self.dW, self.db = self.x.T @ d, d.sum(0)
        return self.down(d)

    def down(self, d):
        return d @ self.W.T


class Transposed(Dense):
    def down(self, d):
        return d @ self.W


class OneRow(Dense):
    def down(self, d):
        return np.stack([d[0] @ self.W.T] * len(d))


class Inverse(Dense):
    def down(self, d):
        return np.linalg.solve(self.W, d.T).T


def layer_report(kind):
    x, upstream, W = data(SQUARE)
    layer = kind(W, W[0].copy())

    def train(x, upstream):
        layer.forward(x)
        return layer.backward(upstream)

    def model(x, upstream, W, b):
        return np.sum(upstream * np.tanh(x @ W + b))

    return mg.debug(train, model, (x, upstream), bind={"W": "layer.W", "b": "layer.b"})


@pytest.mark.parametrize("kind", [Transposed, OneRow, Inverse])
def test_a_wrong_gradient_of_the_data_does_not_stand_under_right(kind):
    report = layer_report(kind)
    assert report.word in ("NOT CHECKED", "WRONG")
    assert "x" in {*report.verdict.unchecked, *report.verdict.wrong}
    assert not {"W", "b"} & {*report.verdict.wrong}


def test_a_right_layer_is_right():
    report = layer_report(Dense)
    assert report.word == "RIGHT"
    assert "x" in report.verdict.entries


LINEAR = """
class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, upstream):
        self.dW, self.db = self.x.T @ upstream, upstream.sum(0)
        return upstream @ self.W.T
def train(x, upstream, W, b):
    layer = Linear(W, b)
    layer.forward(x)
    return layer.backward(upstream)
"""
PREDICTS = """
def train(x, t, V, c, W, b):
    h = np.tanh(x @ V + c)
    e = h @ W + b - t
    d = e @ W.T * (1 - h * h)
    V -= 0.1 * x.T @ d
    c -= 0.1 * d.sum(0)
    W -= 0.1 * h.T @ e
    b -= 0.1 * e.sum(0)
    return np.tanh(x @ V + c) @ W + b  # has the shape of the targets
"""


def linear(x, upstream, W, b):
    return np.sum(upstream * (x @ W + b))


def network(x, t, V, c, W, b):
    return 0.5 * np.sum((np.tanh(x @ V + c) @ W + b - t) ** 2)


@pytest.mark.parametrize(("text", "model", "last"), [(LINEAR, linear, ()), (PREDICTS, network, SQUARE)])
def test_right_code_without_its_source_is_not_accused(text, model, last):
    space = {"np": np}
    exec(compile(text, "<typed in>", "exec"), space)
    x, t, W = data(SQUARE)
    more = (np.sin(W), W[1].copy()) if last else ()
    report = mg.debug(space["train"], model, (x, t, W, W[0].copy(), *more))
    assert report.verdict.wrong == [], report


class OneMatrix:
    """All parameters in one matrix; its gradient is wrong, and that of the data is right."""

    def __init__(self, A):
        self.A = A

    def forward(self, x):
        self.x = np.c_[np.ones(len(x)), x]
        self.y = np.tanh(self.x @ self.A)
        return self.y

    def backward(self, upstream, turned):
        d = upstream * (1 - self.y**2)
        self.grown = self.x.T @ (d[::-1] if turned else d)
        return d @ self.A[1:].T


@pytest.mark.parametrize(("turned", "word"), [(False, "RIGHT"), (True, "NOT CHECKED")])
def test_a_parameter_of_a_layer_is_no_data_beside_a_right_gradient_of_the_data(turned, word):
    x, upstream, W = data(WIDE)
    layer = OneMatrix(np.vstack([W[:1], W]))

    def train(x, upstream):
        layer.forward(x)
        return layer.backward(upstream, turned)

    def model(x, upstream, A):
        return np.sum(upstream * np.tanh(np.concatenate([np.ones((len(x), 1)), x], axis=1) @ A))

    report = mg.debug(train, model, (x, upstream), bind={"A": "layer.A"})
    assert report.word in (word, "WRONG") if turned else report.word == word, report
