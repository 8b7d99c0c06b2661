# ruff: noqa: RET504  the name of a variable is the name of its box
"""Graphs of the kinds of models that people show: for the tests of the page."""

import numpy as np

import microgradnp as mg


def parameter(*shape, seed=0, scale=0.5, name=None):
    return mg.Tensor(np.random.default_rng(seed).normal(size=shape) * scale, requires_grad=True, name=name)


def story():
    random = np.random.default_rng(0)
    x, targets = random.uniform(size=(20, 7)), random.uniform(size=(20, 2))
    W, V = parameter(7, 3), parameter(3, 2)
    h = mg.sigmoid(x @ W)
    y = h @ V
    loss = 0.5 * mg.sse(y, targets)
    return loss


def mlp():
    random = np.random.default_rng(0)
    x, t = random.normal(size=(32, 8)), random.normal(size=(32, 2))
    W1, b1, W2, b2, W3, b3 = (parameter(*shape) for shape in [(8, 16), (16,), (16, 16), (16,), (16, 2), (2,)])
    h1 = mg.sigmoid(x @ W1 + b1)
    h2 = np.tanh(h1 @ W2 + b2)
    y = h2 @ W3 + b3
    loss = np.mean((y - t) ** 2)
    return loss


def module():
    model = mg.nn.MLP([8, 16, 16, 2], rng=0)
    x, t = np.ones((32, 8)), np.ones((32, 2))
    return mg.sse(model(x), t)


def cnn():
    layers = [mg.nn.Conv2d(1, 4, 3, rng=0), mg.relu, mg.nn.MaxPool(2), mg.nn.Conv2d(4, 8, 3, rng=1), mg.relu, mg.nn.MaxPool(2)]
    model = mg.nn.Sequential(*layers, lambda a: a.reshape(4, -1), mg.nn.Linear(32, 10, rng=2))
    x = np.random.default_rng(0).normal(size=(4, 1, 14, 14))
    return mg.cross_entropy(model(x), np.array([1, 2, 3, 4]))


def lstm(steps=12):
    random = np.random.default_rng(0)
    x, t = random.normal(size=(steps, 5, 3)), random.normal(size=(5, 4))
    W = {gate: parameter(7, 4, seed=k, name=f"W_{gate}") for k, gate in enumerate("ifog")}
    h, c = np.zeros((5, 4)), np.zeros((5, 4))
    for k in range(steps):
        z = np.concatenate([x[k], h], axis=1)
        i = mg.sigmoid(z @ W["i"])
        f = mg.sigmoid(z @ W["f"])
        o = mg.sigmoid(z @ W["o"])
        g = np.tanh(z @ W["g"])
        c = f * c + i * g
        h = o * np.tanh(c)
    loss = mg.sse(h, t)
    return loss


def lstm_module():
    states, _ = mg.nn.LSTM(3, 8, rng=0)(np.random.default_rng(0).normal(size=(5, 50, 3)))
    return mg.sse(states, np.zeros(states.shape))


def transformer():
    random = np.random.default_rng(0)
    model = mg.nn.Sequential(*(mg.nn.TransformerBlock(16, 2, rng=k) for k in range(2)), mg.nn.Linear(16, 5, rng=9))
    return mg.cross_entropy(model(random.normal(size=(2, 6, 16))).reshape(12, 5), random.integers(5, size=12))


def resnet(blocks=6):
    random = np.random.default_rng(0)
    x, t = random.normal(size=(10, 8)), random.normal(size=(10, 3))
    pairs = [(parameter(8, 8, seed=k, scale=0.2), parameter(8, 8, seed=99 - k, scale=0.2)) for k in range(blocks)]
    V = parameter(8, 3)
    h = x
    for A, B in pairs:
        r = mg.relu(h @ A) @ B
        h = mg.relu(h + r)
    y = h @ V
    loss = np.mean((y - t) ** 2)
    return loss


def tiny():
    a, b = mg.Tensor(2.0, requires_grad=True, name="a"), mg.Tensor(-3.0, requires_grad=True, name="b")
    c = a * b
    loss = np.tanh(c + a)
    return loss


def branches():
    x, weights = np.ones((4, 3)), [parameter(3, 2, seed=k) for k in range(5)]
    return np.sum(np.stack([np.tanh(x @ W) for W in weights]))


GRAPHS = {
    function.__name__: function for function in (story, mlp, module, cnn, lstm, lstm_module, transformer, resnet, tiny, branches)
}
