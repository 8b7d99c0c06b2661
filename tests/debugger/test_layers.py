"""Numbered arguments of a model find the layers of hand-written code, however it keeps them, without `bind`."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.capture.bind import BindingError


def loss(X, T, W1, b1, W2, b2):
    return 0.5 * np.sum((np.tanh(X @ W1 + b1) @ W2 + b2 - T) ** 2)


def start():
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    return X, T, [rng.normal(size=(3, 4)), rng.normal(size=(4, 2))], [rng.normal(size=4), rng.normal(size=2)]


def gradients(X, T, W, V, b, c):
    h = np.tanh(X @ W + b)
    d = h @ V + c - T
    e = d @ V.T * (1 - h**2)
    return X.T @ e, h.T @ d, e.sum(0), d.sum(0)


class Lists:
    def __init__(self, W, b):
        self.weights, self.biases = W, b

    def train(self, X, T):
        for _ in range(2):
            G, H, g, h = gradients(X, T, *self.weights, *self.biases)
            self.weights = [p - 0.01 * q for p, q in zip(self.weights, (G, H), strict=True)]
            for p, q in zip(self.biases, (g, h), strict=True):
                p -= 0.01 * q


def lists():
    X, T, W, b = start()
    return Lists(W, b).train, (X, T)


def lists_from_one():
    """Layer 0 is the input, as in many textbooks."""
    X, T, W, b = start()

    def train(X, T, Ws, bs):
        G, H, g, h = gradients(X, T, *Ws[1:], *bs[1:])
        for k, (p, q) in enumerate(((G, g), (H, h)), 1):
            Ws[k] -= 0.01 * p
            bs[k] -= 0.01 * q

    return train, (X, T, [None, *W], [None, *b])


def pairs():
    X, T, W, b = start()

    def train(X, T, layers):
        (W, b), (V, c) = layers
        G, H, g, h = gradients(X, T, W, V, b, c)
        layers[:] = [(W - 0.01 * G, b - 0.01 * g), (V - 0.01 * H, c - 0.01 * h)]

    return train, (X, T, list(zip(W, b, strict=True)))


def dicts():
    X, T, W, b = start()

    def train(X, T, net):
        G, H, g, h = gradients(X, T, net[0]["W"], net[1]["W"], net[0]["b"], net[1]["b"])
        for layer, p, q in ((net[0], G, g), (net[1], H, h)):
            layer["W"] = layer["W"] - 0.01 * p
            layer["b"] = layer["b"] - 0.01 * q

    return train, (X, T, [{"W": p, "b": q} for p, q in zip(W, b, strict=True)])


class Dense:
    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def forward(self, x):
        self.seen = x
        return x @ self.weight + self.bias

    def backward(self, g):
        self.grad_weight, self.grad_bias = self.seen.T @ g, g.sum(0)
        return g @ self.weight.T

    def move(self):
        self.weight -= 0.01 * self.grad_weight
        self.bias -= 0.01 * self.grad_bias


def objects():
    X, T, W, b = start()

    def train(X, T):
        hidden, output = Dense(W[0].copy(), b[0].copy()), Dense(W[1].copy(), b[1].copy())
        for _ in range(2):
            h = np.tanh(hidden.forward(X))
            hidden.backward(output.backward(output.forward(h) - T) * (1 - h**2))
            hidden.move()
            output.move()

    return train, (X, T)


class Net:
    def __init__(self, layers):
        self.layers = layers

    def train(self, X, T):
        first, second = self.layers
        for _ in range(2):
            h = np.tanh(first.forward(X))
            first.backward(second.backward(second.forward(h) - T) * (1 - h**2))
            for layer in self.layers:
                layer.move()


def objects_in_a_list():
    X, T, W, b = start()
    return Net([Dense(*pair) for pair in zip(W, b, strict=True)]).train, (X, T)


class Momentum:
    def __init__(self, W, b):
        self.params = {"W1": W[0], "b1": b[0], "W2": W[1], "b2": b[1]}
        self.velocity = {name: np.zeros_like(value) for name, value in self.params.items()}

    def train(self, X, T):
        p, v = self.params, self.velocity
        for _ in range(2):
            G, H, g, h = gradients(X, T, p["W1"], p["W2"], p["b1"], p["b2"])
            grads = {"W1": G, "W2": H, "b1": g, "b2": h}
            for name, gradient in grads.items():
                v[name] = 0.9 * v[name] - 0.01 * gradient
                p[name] = p[name] + v[name]


def velocities_of_the_same_names():
    X, T, W, b = start()
    return Momentum(W, b).train, (X, T)


def three_lists(X, T, W, other):
    G, H, g, h = gradients(X, T, W[0], W[1], *other)
    W[0], W[1] = W[0] - 0.01 * G, W[1] - 0.01 * H
    other[0] -= 0.01 * g
    other[1] -= 0.01 * h


def one_list_of_another_name():
    X, T, W, b = start()
    return three_lists, (X, T, W, b)


STYLES = [lists, lists_from_one, pairs, dicts, objects, objects_in_a_list, velocities_of_the_same_names, one_list_of_another_name]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
def test_layers_are_found(style):
    train, args = style()
    report = mg.debug(train, loss, args)
    assert report.ok, report
    assert set(report.gradients) == {"W1", "b1", "W2", "b2"}


def without_biases(X, T, W):
    h = np.tanh(X @ W[0])
    e = h @ W[1] - T
    W[0], W[1] = W[0] - 0.01 * X.T @ (e @ W[1].T * (1 - h**2)), W[1] - 0.01 * h.T @ e


def test_what_nothing_in_the_code_can_be_is_asked_for():
    X, T, W, _ = start()
    with pytest.raises(
        BindingError, match=r"nothing in the hand-written code is called b1 or b2.*bind=\{'b1': \.\.\., 'b2': \.\.\.\}"
    ):
        mg.debug(without_biases, loss, (X, T, W))


def by_sample(X, T, W, b):
    """Each step works on one row, under the names of the whole."""
    for row, target in zip(X, T, strict=True):
        one_sample(row.reshape(1, -1), target.reshape(1, -1), W, b)


def one_sample(X, T, W, b):
    for p, q in zip((*W, *b), gradients(X, T, *W, *b), strict=True):
        p -= 0.01 * q


def row_loss(X, T, W1, b1, W2, b2):
    if X.ndim != 2:
        raise ValueError("one row of a matrix")
    return loss(X, T, W1, b1, W2, b2)


def test_names_of_an_inner_function_serve_where_the_outer_ones_do_not_fit():
    X, T, W, b = start()

    def train(x, t):
        for X, T in zip(x, t, strict=True):
            one_sample(X.reshape(1, -1), T.reshape(1, -1), W, b)

    report = mg.debug(train, row_loss, (X, T))
    assert report.ok
    assert set(report.gradients) == {"W1", "b1", "W2", "b2"}


# -------------------------------------------------------------------------------------- models that take containers


def loss_of_lists(weights, biases, X, T):
    h = X
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        h = np.tanh(h @ W + b)
    return 0.5 * np.sum((h @ weights[-1] + biases[-1] - T) ** 2)


def loss_of_pairs(layers, X, T):
    return loss_of_lists([W for W, _ in layers], [b for _, b in layers], X, T)


def loss_of_a_dict(params, X, T):
    return loss(X, T, **params)


def test_a_loss_may_take_lists():
    train, args = lists()
    report = mg.debug(train, loss_of_lists, args)
    assert report.ok
    assert set(report.gradients) == {"weights[0]", "weights[1]", "biases[0]", "biases[1]"}


def test_a_loss_may_take_pairs():
    train, args = pairs()
    report = mg.debug(train, loss_of_pairs, args)
    assert report.ok
    assert set(report.gradients) == {f"layers[{layer}][{part}]" for layer in (0, 1) for part in (0, 1)}


def test_a_loss_may_take_a_dict():
    train, args = velocities_of_the_same_names()
    report = mg.debug(train, loss_of_a_dict, args)
    assert report.ok
    assert set(report.gradients) == {f"params[{name!r}]" for name in ("W1", "b1", "W2", "b2")}


def wrong_lists(X, T, weights, biases):
    h = np.tanh(X @ weights[0] + biases[0])
    d = h @ weights[1] + biases[1] - T
    e = d @ weights[1].T * (1 - h)
    for p, g in ((weights[0], X.T @ e), (weights[1], h.T @ d), (biases[0], e.sum(0)), (biases[1], d.sum(0))):
        p -= 0.01 * g


def test_a_wrong_line_is_found_with_lists():
    X, T, W, b = start()
    report = mg.debug(wrong_lists, loss_of_lists, (X, T, W, b), budget=60)
    assert {name for name, entry in report.gradients.items() if not entry.ok} == {"weights[0]", "biases[0]"}
    assert report.first_wrong.source == "e = d @ weights[1].T * (1 - h)"
    assert report.first_wrong.fix[2] == "e = d @ weights[1].T * (1 - h ** 2)"


def loss_of_samples(xs, ts, W, b):
    return 0.5 * np.sum((np.array(xs) @ W + b - np.array(ts)) ** 2)


def by_samples(xs, ts, W, b):
    G, g = np.zeros_like(W), np.zeros_like(b)
    for x, t in zip(xs, ts, strict=True):
        error = x @ W + b - t
        G += np.outer(x, error)
        g += error
    W -= 0.01 * G
    b -= 0.01 * g


def test_lists_of_samples_stay_whole():
    X, T, W, _ = start()
    report = mg.debug(by_samples, loss_of_samples, (list(X), list(T), W[0][:, :2].copy(), np.ones(2)))
    assert report.ok
    assert set(report.gradients) == {"W", "b"}


def test_a_loss_may_make_an_array_of_its_samples():
    def loss(xs, ts, W, b):
        return 0.5 * np.sum((np.asarray(xs, dtype=float) @ W + b - ts) ** 2)

    X, T, W, _ = start()
    report = mg.debug(by_samples, loss, (X, T, W[0][:, :2].copy(), np.ones(2)))
    assert report.ok
    assert set(report.gradients) == {"W", "b"}


class Parameter:
    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)


class Linear:
    def __init__(self, W, b):
        self.weight, self.bias = Parameter(W), Parameter(b)

    def __call__(self, x):
        self.x = x
        return x @ self.weight.data + self.bias.data

    def backward(self, d):
        self.weight.grad[...], self.bias.grad[...] = self.x.T @ d, d.sum(0)
        return d @ self.weight.data.T


class Tanh:
    def __init__(self, slope):
        self.slope = slope

    def __call__(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, d):
        return d * self.slope(self.y)


class Sequential:
    def __init__(self, *layers):
        self.layers = layers

    def step(self, X, T):
        y = X
        for layer in self.layers:
            y = layer(y)
        d = y - T
        for layer in self.layers[::-1]:
            d = layer.backward(d)
        for layer in self.layers[::2]:
            for p in (layer.weight, layer.bias):
                p.data -= 0.01 * p.grad


@pytest.mark.parametrize(("slope", "wrong"), [(lambda y: 1 - y * y, []), (lambda y: 1 - y, ["W1", "b1"])])
def test_an_array_may_be_wrapped_beside_its_gradient(slope, wrong):
    X, T, (W, V), (b, c) = start()
    report = mg.debug(Sequential(Linear(W, b), Tanh(slope), Linear(V, c)).step, loss, (X, T))
    assert set(report.gradients) == {"W1", "b1", "W2", "b2"}
    assert report.verdict.wrong == wrong
