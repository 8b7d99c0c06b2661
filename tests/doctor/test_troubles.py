"""Troubles that people asked about in public, re-told as small programs: does the answer name what helped them?"""

import itertools
import random
import sys

import numpy as np
import pytest

import microgradnp as mg

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def the_same_numbers_for_each(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "RNG", np.random.default_rng(0))  # whichever tests ran before


def two_moons(n=200):
    t = RNG.integers(0, 2, n)
    a = np.pi * RNG.uniform(size=n)
    x = np.stack([np.cos(a) * (1 - 2 * t) + t, np.sin(a) * (1 - 2 * t) + 0.5 * t], 1)
    return x + 0.1 * RNG.normal(size=x.shape), t


class Layers:
    """Dense layers of given sizes."""

    def __init__(self, *sizes, act=np.tanh, gain=1.0, seed=0):
        r = np.random.default_rng(seed)
        self.act, self.p = act, {}
        for k, (a, b) in enumerate(itertools.pairwise(sizes)):
            self.p[f"W{k}"] = mg.Tensor(gain * r.normal(size=(a, b)) * np.sqrt(2 / (a + b)), requires_grad=True, name=f"W{k}")
            self.p[f"b{k}"] = mg.Tensor(np.zeros(b), requires_grad=True, name=f"b{k}")

    def __call__(self, x):
        last = len(self.p) // 2 - 1
        for k in range(last + 1):
            x = x @ self.p[f"W{k}"] + self.p[f"b{k}"]
            x = self.act(x) if k < last else x
        return x


def fitted(loss, parameters, data, lr=0.1, iterations=200, **options):
    optimizer = options.pop("optimizer", None) or mg.optim.SGD(lr=lr)
    try:
        with np.errstate(all="ignore"):
            return mg.fit(loss, parameters, data, optimizer=optimizer, iterations=iterations, progress=False, **options)
    except FloatingPointError as error:
        return error


def asked(loss, parameters, data, predict=None, **options):
    return mg.diagnose(fitted(loss, parameters, data, **options), predict=predict)


def pixels_from_0_to_255():
    x, t = two_moons()
    net = Layers(2, 16, 2, act=mg.relu)
    return asked(lambda x, t: mg.cross_entropy(net(x), t), net.p, (127 + 60 * x, mg.one_hot(t, 2)))


def shuffled_with_the_wrong_module():
    x, t = two_moons()
    random.seed(1)
    random.shuffle(x)  # swaps views of rows: rows are lost and doubled, and the labels stay behind
    net = Layers(2, 16, 2)
    return asked(lambda x, t: mg.cross_entropy(net(x), t), net.p, (x, mg.one_hot(t, 2)))


def all_weights_one():
    x, t = two_moons()
    net = Layers(2, 8, 2)
    for p in net.p.values():
        p.data = np.ones(p.shape)
    return asked(lambda x, t: mg.cross_entropy(net(x), t), net.p, (x, mg.one_hot(t, 2)))


def softmax_of_large_numbers():
    x, t = two_moons()
    net = Layers(2, 8, 2, act=mg.relu, gain=30)

    def loss(x, t):
        e = np.exp(net(x))
        return -np.mean(np.sum(t * np.log(e / np.sum(e, axis=1, keepdims=True)), axis=1))

    return asked(loss, net.p, (x, mg.one_hot(t, 2)))


def zero_times_the_logarithm_of_zero():
    x, t = two_moons()
    net = Layers(2, 8, 1, gain=200)

    def loss(x, t):
        y = mg.sigmoid(net(x))
        return -np.mean(t * np.log(y) + (1 - t) * np.log(1 - y))

    return asked(loss, net.p, (x, t[:, None] * 1.0))


class Corrected(mg.optim.Adam):
    """Adam that keeps the corrected moments, and corrects them again in each step."""

    def change(self, name, g):
        t, m, v = self.moments.get(name, (0, 0.0, 0.0))
        t += 1
        m = (0.9 * m + 0.1 * g) / (1 - 0.9**t)
        v = (0.999 * v + 0.001 * g * g) / (1 - 0.999**t)
        self.moments[name] = t, m, v
        return -self.lr * m / (np.sqrt(v) + 1e-8)


def adam_with_corrected_moments():
    x, t = two_moons()
    net = Layers(2, 8, 2)
    return asked(lambda x, t: mg.cross_entropy(net(x), t), net.p, (x, mg.one_hot(t, 2)), optimizer=Corrected(lr=0.01))


def targets_outside_of_tanh():
    x = RNG.uniform(-3, 3, (100, 1))
    net = Layers(1, 16, 1)
    return asked(lambda x, t: mg.mse(np.tanh(net(x)), t), net.p, (x, x**2))


def a_rate_that_explodes():
    x = RNG.normal(size=(100, 3))
    net = Layers(3, 16, 1)
    return asked(lambda x, t: mg.sse(net(x), t), net.p, (x, x[:, :1] ** 2), lr=0.1)


def digits_without_a_hidden_layer():
    x = RNG.uniform(size=(300, 20))
    t = mg.one_hot((x @ RNG.normal(size=(20, 5))).argmax(1), 5)
    net = Layers(20, 5)
    return asked(lambda x, t: mg.sse(mg.sigmoid(net(x)), t), net.p, (x, t), lr=1.0)


def a_loss_of_6_9_for_1000_classes():
    t = RNG.integers(0, 1000, 400)
    x = RNG.normal(size=(1000, 16))[t] + 0.1 * RNG.normal(size=(400, 16))
    net = Layers(16, 1000)
    return asked(lambda x, t: mg.cross_entropy(net(x), t), net.p, (x, t), lr=1e-4)


def softmax_before_the_cross_entropy():
    x, t = two_moons()
    net = Layers(2, 16, 2)
    return asked(lambda x, t: mg.cross_entropy(mg.softmax(net(x)), t), net.p, (x, mg.one_hot(t, 2)))


def xor_from_zeros():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]])
    net = Layers(2, 4, 1, gain=0)
    return asked(lambda x, t: mg.mse(mg.sigmoid(net(x)), t), net.p, (x, np.array([[0], [1], [1], [0.0]])), iterations=2000)


def evaluated_on_raw_inputs():
    x, t = two_moons()
    x = 50 + 10 * x
    mean, deviation = x.mean(0), x.std(0)
    net = Layers(2, 16, 2)

    def loss(x, t):
        return mg.cross_entropy(net((x - mean) / deviation), t)

    return asked(loss, net.p, (x, mg.one_hot(t, 2)), lr=0.5, iterations=1000, predict=net)


def ten_layers_of_sigmoids():
    x, t = two_moons()
    net = Layers(2, *[12] * 10, 2, act=mg.sigmoid)
    return asked(lambda x, t: mg.cross_entropy(net(x), t), net.p, (x, mg.one_hot(t, 2)))


def prices_in_dollars():
    x = RNG.normal(size=(120, 4))
    net = Layers(4, 16, 1)
    t = 200_000 + 80_000 * np.tanh(x[:, :1] + x[:, 1:2])
    return asked(lambda x, t: mg.mse(net(x), t), net.p, (x, t), optimizer=mg.optim.Adam(lr=0.01))


def tomorrow_in_the_row_of_today():
    x = RNG.normal(size=(150, 3))
    net = Layers(3, 16, 1)
    return asked(lambda x, t: mg.mse(net(x), t), net.p, (x, np.roll(np.sin(x[:, :1]), 1, 0)))


def the_first_layer_was_forgotten():
    x, t = two_moons()
    net = Layers(2, 16, 2)
    own = {name: p for name, p in net.p.items() if name in ("W1", "b1")}
    return asked(lambda x, t: mg.cross_entropy(net(x), t), own, (x, mg.one_hot(t, 2)))


def everything_died():
    x, t = two_moons()
    net = Layers(2, 16, 2, act=mg.relu)
    net.p["b0"].data = np.full(16, -15.0)
    return asked(lambda x, t: mg.cross_entropy(net(x), t), net.p, (x, mg.one_hot(t, 2)))


def linear(x, y, W):
    return np.mean((x @ W - y) ** 2)


def gradients_that_are_never_set_to_zero():
    x = RNG.normal(size=(50, 3))
    y = x @ np.array([[1.0], [-2.0], [0.5]])

    def train(x, y, W):
        dW = np.zeros_like(W)
        for _ in range(100):
            dW += 2 * x.T @ (x @ W - y) / len(x)
            W -= 0.1 * dW

    return mg.diagnose(train, linear, (x, y, np.zeros((3, 1))))


def targets_of_one_axis():
    x = RNG.normal(size=(150, 3))
    net = Layers(3, 16, 1)
    t = np.sin(x[:, 0]) + x[:, 1]
    return asked(lambda x, t: np.mean((net(x) - t) ** 2), net.p, (x, t))


def areas_and_rooms():
    area, rooms = RNG.uniform(800, 4500, 97), RNG.integers(1, 6, 97)
    price = 60 + 0.12 * area + 8 * rooms + 10 * RNG.normal(size=97)
    x = np.stack([area, rooms], 1)
    w, b = (mg.Tensor(np.zeros(s), requires_grad=True) for s in ((2, 1), 1))
    return asked(lambda x, t: np.mean((x @ w + b - t) ** 2) / 2, {"w": w, "b": b}, (x, price[:, None]), lr=0.01, iterations=1500)


def signs_for_a_binary_cross_entropy():
    x, t = two_moons()
    net = Layers(2, 16, 1)
    return asked(lambda x, t: mg.bce_with_logits(net(x), t), net.p, (x, 2.0 * t[:, None] - 1), lr=0.5, iterations=1000)


def signs_for_a_logistic_loss_by_hand():
    x, t = two_moons()
    net = Layers(2, 16, 1)

    def loss(x, t):
        y = mg.sigmoid(net(x))
        return -np.mean(t * np.log(y + 1e-9) + (1 - t) * np.log(1 - y + 1e-9))

    return asked(loss, net.p, (x, 2.0 * t[:, None] - 1), lr=0.5, iterations=1000)


def a_penalty_that_wins():
    x, t = two_moons()
    net = Layers(2, 16, 2)

    def loss(x, t):
        return mg.cross_entropy(net(x), t) + 0.5 * sum(np.sum(p * p) for p in net.p.values())

    return asked(loss, net.p, (x, mg.one_hot(t, 2)), lr=0.1, iterations=500)


def each_test_row_scaled_by_itself():
    x, t = two_moons()
    x = 50 + 10 * x
    net = Layers(2, 16, 2)
    z = (x - x.mean(0)) / x.std(0)

    def predict(x):
        return net((x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True))

    return asked(lambda x, t: mg.cross_entropy(net(x), t), net.p, (z, mg.one_hot(t, 2)), lr=0.5, iterations=600, predict=predict)


TOLD = {  # program -> what it must name first, or second
    pixels_from_0_to_255: "inputs_unscaled",
    shuffled_with_the_wrong_module: "targets_unrelated",
    all_weights_one: "symmetric_init",
    softmax_of_large_numbers: "unstable_formula",
    zero_times_the_logarithm_of_zero: "unstable_formula",
    adam_with_corrected_moments: "optimizer_bug",
    targets_outside_of_tanh: "targets_out_of_range",
    a_rate_that_explodes: "learning_rate_too_high",
    digits_without_a_hidden_layer: "output_saturated",
    a_loss_of_6_9_for_1000_classes: "learning_rate_too_low",
    softmax_before_the_cross_entropy: "softmax_twice",
    xor_from_zeros: "symmetric_init",
    evaluated_on_raw_inputs: "evaluation_differs",
    ten_layers_of_sigmoids: "vanishing_gradient",
    prices_in_dollars: "targets_unscaled",
    tomorrow_in_the_row_of_today: "targets_shifted",
    the_first_layer_was_forgotten: "parameter_not_trained",
    everything_died: "dead_relu",
    gradients_that_are_never_set_to_zero: "wrong_gradient",
    targets_of_one_axis: "targets_broadcast",
    areas_and_rooms: "inputs_unscaled",
    signs_for_a_binary_cross_entropy: "targets_out_of_range",
    signs_for_a_logistic_loss_by_hand: "targets_out_of_range",
    a_penalty_that_wins: "penalty_too_strong",
    each_test_row_scaled_by_itself: "evaluation_differs",
}


@pytest.mark.long
@pytest.mark.parametrize("trouble", TOLD, ids=lambda f: f.__name__)
def test_what_helped_is_named(trouble):
    found = trouble()
    assert TOLD[trouble] in [cause.name for cause in found.causes[:2]], str(found)
