"""`mg.diagnose` of trainings in other people's styles: autoencoders, sequences, policies, rules that stop at once."""

import numpy as np
import pytest

import microgradnp as mg

RNG = np.random.default_rng(3)


def names(found):
    return [cause.name for cause in found.causes]


def auto_loss(data, We, Wd):
    return np.mean((np.tanh(data @ We) @ Wd - data) ** 2)


def autoencoder(data, We, Wd, lr):
    for _ in range(300):
        code = np.tanh(data @ We)
        g = 2 * (code @ Wd - data) / data.size
        dcode = g @ Wd.T * (1 - code**2)
        Wd -= lr * code.T @ g
        We -= lr * data.T @ dcode


@pytest.mark.parametrize(("lr", "expected"), [(1.0, []), (1e-4, ["learning_rate_too_low"])])
def test_an_autoencoder_whose_inputs_are_its_targets(lr, expected):
    data = 0.6 * RNG.normal(size=(100, 3)) @ RNG.normal(size=(3, 8))
    found = mg.diagnose(autoencoder, auto_loss, (data, 0.3 * RNG.normal(size=(8, 5)), 0.3 * RNG.normal(size=(5, 8)), lr))
    assert names(found)[:1] == expected, str(found)
    assert "mean only" in found.levels


def test_the_order_of_a_sequence_is_no_misaligned_row():
    series = np.sin(0.7 * np.arange(13))[:, None]
    w = {"a": mg.Tensor(np.array([0.5]), requires_grad=True), "b": mg.Tensor(np.array([0.5]), requires_grad=True)}

    def loss(x, t):
        h, total = np.zeros(1), 0.0
        for k in range(len(x)):
            h = np.tanh(w["a"] * x[k] + w["b"] * h)
            total = total + np.sum((h - t[k]) ** 2)
        return total

    run = mg.fit(loss, w, (series[:-1], series[1:]), optimizer=mg.optim.SGD(lr=0.01), iterations=8, progress=False)
    assert "rows_misaligned" not in names(mg.diagnose(run))


def test_the_loss_of_a_policy_has_no_floor():
    x = RNG.normal(size=(100, 3))
    actions = mg.one_hot(RNG.integers(0, 3, 100), 3)
    advantage = (actions.argmax(1) == x.argmax(1)) - 1 / 3
    net = mg.nn.MLP([3, 8, 3], activation="tanh", rng=0)

    def loss(x, actions, advantage):
        return -np.mean(advantage * np.sum(actions * mg.log_softmax(net(x)), axis=1))

    data = (x, actions, advantage)
    found = mg.diagnose(mg.fit(loss, net, data, optimizer=mg.optim.Adam(lr=0.02), iterations=100, progress=False))
    assert found.verdict == "could not tell", str(found)
    assert "no floor" in str(found)


def test_steps_that_move_nothing_are_told_without_a_measure():
    net, draws = mg.nn.MLP([3, 8, 4], activation="tanh", rng=0), np.random.default_rng(8)

    def loss(x):
        logp = mg.log_softmax(net(x))
        a = draws.integers(0, 4, len(logp.numpy()))
        return -np.mean((a == 1) * logp[np.arange(len(a)), a])

    def run(lr):
        data, rule = (RNG.normal(size=(50, 3)),), mg.optim.Adam(lr=lr)
        return mg.diagnose(mg.fit(loss, net, data, optimizer=rule, iterations=60, progress=False))

    assert names(run(1e-7)) == ["learning_rate_too_low"]
    assert not names(run(0.01))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def table_loss(X, y, A, B):
    return 0.5 * np.sum((sigmoid(sigmoid(X @ A) @ B) - y) ** 2)


def until_small(X, y, A, B, tolerance):
    for _ in range(9000):
        h = sigmoid(X @ A)
        out = sigmoid(h @ B)
        d = (out - y) * out * (1 - out)
        dB, dA = h.T @ d, X.T @ (d @ B.T * h * (1 - h))
        if np.abs(dB).max() < tolerance:
            break
        A -= dA
        B -= dB


def test_a_rule_that_stops_before_its_step():
    X, y = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1.0]]), np.array([[0, 1, 1, 0.0]]).T
    rng = np.random.default_rng(0)
    start = 2 * rng.random((3, 6)) - 1, 2 * rng.random((6, 1)) - 1
    found = mg.diagnose(until_small, table_loss, (X, y, *start, 0.05))
    assert names(found) == ["stopped_early"], str(found)
    assert "not recognised" not in str(found)


def alike(x, t, F, W, lr):
    for _ in range(20):
        h = np.tanh(x @ F)
        d = h @ W - t
        F -= lr * x.T @ (d @ W.T * (1 - h * h)) / len(x)
        W -= lr * h.T @ d / len(x)


def test_a_parameter_that_begins_to_move_later():
    x = RNG.normal(size=(40, 3))
    t = np.stack([x[:, 0], -x[:, 0]], 1)
    found = mg.diagnose(
        alike,
        lambda x, t, F, W: 0.5 * np.mean((np.tanh(x @ F) @ W - t) ** 2) * 2,
        (x, t, np.full((3, 4), 0.1), np.zeros((4, 2)), 0.1),
    )
    assert "symmetric_init" in names(found), str(found)
