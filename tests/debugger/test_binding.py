"""Arguments of the model that nothing in the code is called like are found by the numbers of the forward pass, or refused."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.capture.bind import BindingError, set_by_loops


def rng():
    return np.random.default_rng(5)


class Layer:
    def __init__(self, grip, lift, squash):
        self.grip, self.lift, self.squash = grip, lift, squash

    def __call__(self, inputs):
        self.inputs = inputs
        z = inputs @ self.grip + self.lift
        self.outputs = np.tanh(z) if self.squash else z
        return self.outputs

    def back(self, upstream, rate):
        if self.squash:
            upstream = upstream * (1 - self.outputs**2)
        below = upstream @ self.grip.T
        self.grip -= rate * self.inputs.T @ upstream
        self.lift -= rate * upstream.sum(axis=0)
        return below


class SlipLayer(Layer):
    def back(self, upstream, rate):
        if self.squash:
            upstream = upstream * (1 - self.outputs)
        below = upstream @ self.grip.T
        self.grip -= rate * self.inputs.T @ upstream
        self.lift -= rate * upstream.sum(axis=0)
        return below


def stack(kind, offsets=0.0):
    """Three layers of equal width, in pairs of a tuple and a list."""
    make = rng()
    layers = [kind(make.normal(size=(4, 4)), np.full(4, offsets), k < 2) for k in range(3)]
    return {"net": [(layers[0], layers[1]), [layers[2]]]}


def three(x, y, W1, b1, W2, b2, W3, b3):
    h = np.tanh(np.tanh(x @ W1 + b1) @ W2 + b2)
    return 0.5 * np.sum((h @ W3 + b3 - y) ** 2)


def fit(parts, x, y):
    layers = [layer for group in parts["net"] for layer in group]
    out = x
    for layer in layers:
        out = layer(out)
    slope = out - y
    for layer in reversed(layers):
        slope = layer.back(slope, 0.1)


def data():
    make = rng()
    return make.normal(size=(6, 4)), make.normal(size=(6, 4))


def test_layers_of_one_width_in_nested_containers_are_told_apart_even_where_all_biases_are_zero():
    report = mg.debug(fit, three, (stack(Layer), *data()))
    assert report.ok
    assert report.bound["W2"] == "parts['net'][0][1].grip in fit"
    assert report.bound["b3"] == "parts['net'][1][0].lift in fit"
    assert "bound by the numbers of the forward pass" in str(report)


def test_what_is_wrong_in_them_is_found():
    report = mg.debug(fit, three, (stack(SlipLayer, 0.3), *data()))
    assert {name for name, gradient in report.gradients.items() if not gradient.ok} == {"W1", "b1", "W2", "b2"}
    first = report.findings[0]
    assert "upstream = upstream * (1 - self.outputs)" in str(report)
    assert first.fix[2] == "upstream = upstream * (1 - self.outputs ** 2)"


class Cell:
    """An LSTM cell that names its gates as nobody does, and uses them in another order than the model."""

    def __init__(self):
        make = rng()
        for name in "pqrs":
            setattr(self, name, make.normal(size=(5, 3)))
        self.memory = np.zeros(3)  # a state: the model begins with zeros as well

    def step(self, x, y):
        z = np.concatenate([x, self.memory])
        r, s = np.tanh(z @ self.r), expit(z @ self.s)
        p, q = expit(z @ self.p), expit(z @ self.q)
        c = p * self.memory + q * r
        h = np.tanh(c)
        e = s * h - y
        dc = e * s * (1 - h**2)
        dp, dq, dr, ds = dc * self.memory, dc * r, dc * q, e * h
        return {
            "p": np.outer(z, dp * p * (1 - p)),
            "q": np.outer(z, dq * q * (1 - q)),
            "r": np.outer(z, dr * (1 - r**2)),
            "s": np.outer(z, ds * s * (1 - s)),
        }


def expit(z):
    return 1 / (1 + np.exp(-z))


def lstm(x, y, Wq, Wr, Ws):
    z = np.concatenate([x, np.zeros(3)])
    c = expit(z @ Wq) * np.tanh(z @ Wr)
    return 0.5 * np.sum((expit(z @ Ws) * np.tanh(c) - y) ** 2)


def test_gates_of_one_shape_are_told_apart_by_what_becomes_of_them_and_a_state_of_zeros_stays_one():
    cell, make = Cell(), rng()
    report = mg.debug(
        cell.step, lambda x, y, gate, new, out: lstm(x, y, gate, new, out), (make.normal(size=2), make.normal(size=3))
    )
    assert report.ok
    assert {name: report.bound[name] for name in ("gate", "new", "out")} == {
        "gate": "self.q in step", "new": "self.r in step", "out": "self.s in step",
    }  # fmt: skip


def two_ways(x, T, first, second):
    h, g = np.tanh(x @ first), np.tanh(x @ second)
    e = 2 * h + 2 * g**2 - 2 * T
    return x.T @ (e * (0.5 - h**2 / 2)), x.T @ (e * g * (1 - g**2))


def unequal(x, T, A, B):
    return 0.5 * np.sum((np.tanh(x @ A) + np.tanh(x @ B) ** 2 - T) ** 2)


def test_what_the_numbers_do_not_tell_is_refused_with_the_ways():
    make = rng()
    args = make.normal(size=(5, 2)), make.normal(size=(5, 3)), make.normal(size=(2, 3)), make.normal(size=(2, 3))
    with pytest.raises(BindingError, match="nothing in the hand-written code is called A or B") as told:
        mg.debug(two_ways, unequal, args)
    assert "By their numbers it could be A = first, B = second; or A = second, B = first" in str(told.value)
    assert mg.debug(two_ways, unequal, args, bind={"A": "first", "B": "second"}).ok


class Sums:
    """`b` counts the samples here; the model's `b` is the shift."""

    def __init__(self):
        make = rng()
        self.scale, self.shift = make.normal(size=(3, 2)), make.normal(size=2)

    def gradients(self, x, y):
        e = x @ self.scale + self.shift - y
        dscale, dshift = np.zeros((3, 2)), np.zeros(2)
        for b in range(len(x)):
            dscale += np.outer(x[b], e[b])
            dshift += e[b]
        return {"W": dscale, "b": dshift}


def linear(x, y, W, b):
    return 0.5 * np.sum((x @ W + b - y) ** 2)


def test_the_counter_of_a_loop_is_not_taken_for_a_bias():
    model, make = Sums(), rng()
    one, more = [(make.normal(size=(n, 3)), make.normal(size=(n, 2))) for n in (1, 4)]
    for samples in (one, more):
        report = mg.debug(model.gradients, linear, samples)
        assert report.ok
        assert report.bound["b"] == "self.shift in gradients"


def test_a_counter_is_an_argument_that_chooses_a_sample():
    def chosen(x, y, W, k):
        return 0.5 * np.sum((x[k] @ W - y[k]) ** 2)

    def descend(x, y, W):
        for k in range(len(x)):
            W = W - 0.1 * np.outer(x[k], x[k] @ W - y[k])
        return W

    make = rng()
    report = mg.debug(descend, chosen, (make.normal(size=(4, 3)), make.normal(size=(4, 2)), make.normal(size=(3, 2))))
    assert report.ok
    assert report.bound["k"] == "k in descend"


def test_the_variables_that_loops_set_are_those_of_the_syntax():
    def loops(rows):
        for i, (x, y) in enumerate(rows):
            z = i + x + y
        for _a, b in rows:
            c = [d + 1 for d in rows]
            z = b, c
        while z:
            e = z
        return e

    names = set_by_loops(loops.__code__)
    assert {"i", "_a", "b"} <= names
    assert not names & {"z", "c", "e", "rows"}


class Convolution:
    def __init__(self):
        make = rng()
        self.K, self.weights = 3, make.normal(size=3)  # K is the size of the kernel, and no parameter
        self.out = make.normal(size=(4, 2))

    def grads(self, x, t):
        h = np.array([x[k : k + self.K] @ self.weights for k in range(len(x) - self.K + 1)])
        e = h @ self.out - t
        dh = self.out @ e
        return sum(dh[k] * x[k : k + self.K] for k in range(len(dh))), np.outer(h, e)


def convolved(x, t, K, W):
    h = np.stack([x[k : k + len(K)] @ K for k in range(len(x) - len(K) + 1)])
    return 0.5 * np.sum((h @ W - t) ** 2)


def test_what_is_called_like_an_argument_and_fits_nowhere_is_another_thing():
    model, make = Convolution(), rng()
    report = mg.debug(model.grads, convolved, (make.normal(size=6), make.normal(size=2)))
    assert report.ok
    assert report.bound["K"] == "self.weights in grads"
    assert report.bound["W"] == "self.out in grads"


def test_a_program_that_draws_its_noise_is_bound_with_the_same_noise():
    class Noisy:
        def __init__(self):
            make = rng()
            self.enter, self.leave = make.normal(size=(3, 4)), make.normal(size=(4, 3))

        def run(self, x):
            noise = np.random.default_rng(3).normal(size=(len(x), 4))
            h = x @ self.enter * noise
            e = h @ self.leave - x
            return x.T @ (e @ self.leave.T * noise), h.T @ e

    def model(x, noise, A, B):
        return 0.5 * np.sum((x @ A * noise @ B - x) ** 2)

    report = mg.debug(Noisy().run, model, (rng().normal(size=(5, 3)),))
    assert report.ok
    assert report.bound["A"] == "self.enter in run"
