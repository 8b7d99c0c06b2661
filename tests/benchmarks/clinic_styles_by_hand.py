"""Thirteen hand-written trainings in the styles of courses, blogs and questions, each sick and well. `clinic_styles` scores them.

Every one was written before any was run. Most of the faults are mild: the training learns all the same.
"""

from __future__ import annotations

import os
import tempfile

import numpy as np

import microgradnp as mg


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def spirals(r, n, turns=0.9):
    """Three arms, (3 n, 2), and their numbers."""
    k = np.repeat(np.arange(3), n)
    along = r.uniform(0.1, 1, 3 * n)
    angle = 2 * np.pi * (k / 3 + turns * along) + 0.15 * r.normal(size=3 * n)
    return along[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1), k


class MLPRegressor:
    """The class of a machine-learning course: `fit` shuffles, slices, and steps."""

    def __init__(self, sizes, eta, epochs, rng):
        self.eta, self.epochs, self.rng = eta, epochs, rng
        self.w1 = rng.normal(size=sizes[:2]) / np.sqrt(sizes[0])
        self.b1 = np.zeros(sizes[1])
        self.w2 = rng.normal(size=sizes[1:]) / np.sqrt(sizes[1])
        self.b2 = np.zeros(sizes[2])

    def fit(self, X, y, batch_size=25):
        for _ in range(self.epochs):
            order = self.rng.permutation(len(X))
            for start in range(0, len(X), batch_size):
                idx = order[start : start + batch_size]
                self._step(X[idx], y[idx])
        return self

    def _step(self, Xb, yb):
        hidden = np.tanh(Xb @ self.w1 + self.b1)
        err = 2 * (hidden @ self.w2 + self.b2 - yb) / len(Xb)
        back = (err @ self.w2.T) * (1 - hidden**2)
        self.w2 -= self.eta * hidden.T @ err
        self.b2 -= self.eta * err.sum(axis=0)
        self.w1 -= self.eta * Xb.T @ back
        self.b1 -= self.eta * back.sum(axis=0)


def course_class(r, sick):
    """Mini-batches inside of a class, with a rate that is 60 times too small."""
    X = r.normal(size=(150, 4))
    y = np.sin(X[:, :1]) + X[:, 1:2] * 0.4
    net = MLPRegressor((4, 16, 1), 0.0015 if sick else 0.1, 40, r)
    loss = lambda Xb, yb, w1, b1, w2, b2: np.mean(np.sum((np.tanh(Xb @ w1 + b1) @ w2 + b2 - yb) ** 2, axis=1))  # noqa: E731
    return mg.diagnose(net.fit, loss, (X, y)), {"learning_rate_too_low"}


SCRIPT = """
import numpy as np

rng = np.random.default_rng({seed})
m = 120
kind = rng.integers(0, 2, m)
X = rng.normal(size=(3, m)) + np.array([[1.0], [-0.7], [0.4]]) * (2 * kind - 1)
X = X * {scale} + {offset}
Y = kind.reshape(1, m) * 1.0
w = np.zeros((3, 1))
b = 0.0
for i in range(400):
    A = 1 / (1 + np.exp(-(w.T @ X + b)))
    dZ = A - Y
    dw = X @ dZ.T / m
    db = dZ.sum() / m
    w = w - {rate} * dw
    b = b - {rate} * db
"""


def script_of_a_course(r, sick):
    """A logistic regression at module level; the samples are the columns, and the inputs lie around 120."""
    numbers = {"scale": 30 if sick else 1, "offset": 120 if sick else 0, "rate": 0.0005 if sick else 0.3}
    path = os.path.join(tempfile.mkdtemp(), "logistic.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(SCRIPT.format(seed=int(r.integers(1000)), **numbers))

    def cost(X, Y, w, b):
        z = w.T @ X + b
        return np.mean(np.logaddexp(0, z) - Y * z)

    return mg.diagnose(path, cost), {"inputs_unscaled"}


def make_model(rng, n_in, n_hidden, n_out, forgets):
    """Closures over the weights, as in a blog about functional programming."""
    W1, W2 = rng.normal(size=(n_in, n_hidden)) * np.sqrt(2 / n_in), rng.normal(size=(n_hidden, n_out)) * np.sqrt(2 / n_hidden)

    def forward(x):
        z = x @ W1
        a = np.maximum(z, 0)
        return z, a, softmax(a @ W2)

    def backward(x, t):
        z, a, p = forward(x)
        delta = (p - t) / len(x)
        da = delta @ W2.T
        dz = da if forgets else da * (z > 0)
        return x.T @ dz, a.T @ delta

    def train(x, t, lr, n_steps):
        nonlocal W1, W2
        for _ in range(n_steps):
            g1, g2 = backward(x, t)
            W1 = W1 - lr * g1
            W2 = W2 - lr * g2

    return train


def closures(r, sick):
    """The mask of the relu is missing."""
    k = r.integers(0, 3, 150)
    x = 1.5 * r.normal(size=(3, 6))[k] + r.normal(size=(150, 6))
    train = make_model(r, 6, 20, 3, sick)
    loss = lambda x, t, W1, W2: mg.cross_entropy(np.maximum(x @ W1, 0) @ W2, t)  # noqa: E731
    return mg.diagnose(train, loss, (x, mg.one_hot(k, 3), 0.3, 250)), {"wrong_gradient"}


def train_dict(X, Y, params, lr, epochs, mean_of_bias):
    for _ in range(epochs):
        cache = {}
        cache["A1"] = np.tanh(X @ params["W1"] + params["b1"])
        cache["A2"] = sigmoid(cache["A1"] @ params["W2"] + params["b2"])
        grads = {}
        dZ2 = (cache["A2"] - Y) / X.shape[0]
        grads["W2"] = cache["A1"].T @ dZ2
        grads["b2"] = dZ2.sum(axis=0)
        dZ1 = dZ2 @ params["W2"].T * (1 - cache["A1"] ** 2)
        grads["W1"] = X.T @ dZ1
        grads["b1"] = dZ1.mean(axis=0) if mean_of_bias else dZ1.sum(axis=0)
        for key in params:
            params[key] = params[key] - lr * grads[key]
    return params


def dict_of_parameters(r, sick):
    """One bias gets a mean where it needs the sum. It learns nearly as well."""
    X = r.normal(size=(200, 2))
    Y = (np.sum(X**2, axis=1, keepdims=True) > 1.4) * 1.0
    params = {"W1": r.normal(size=(2, 12)), "b1": np.zeros(12), "W2": 0.5 * r.normal(size=(12, 1)), "b2": np.zeros(1)}

    def loss(X, Y, W1, b1, W2, b2):
        return mg.bce_with_logits(np.tanh(X @ W1 + b1) @ W2 + b2, Y)

    return mg.diagnose(train_dict, loss, (X, Y, params, 1.0, 600, sick)), {"wrong_gradient"}


def online(X, Y, W, V, eta, n_epochs, sick):
    rng = np.random.default_rng(5)

    def step(x, y):
        h = np.tanh(W @ x)
        e = V @ h - y
        back = V.T @ e if sick else (V.T @ e) * (1 - h * h)
        V[...] -= eta * 2 * np.outer(e, h)
        W[...] -= eta * 2 * np.outer(back, x)

    for _ in range(n_epochs):
        for i in rng.permutation(len(X)):
            step(X[i], Y[i])


def per_sample(r, sick):
    """One sample a step, whose slope is forgotten; it learns all the same."""
    X = r.normal(size=(60, 3))
    Y = np.tanh(X[:, :1] - 0.5 * X[:, 1:2])
    args = (X, Y, 0.5 * r.normal(size=(8, 3)), 0.4 * r.normal(size=(1, 8)), 0.02, 20, sick)
    return mg.diagnose(online, lambda x, y, W, V: np.sum((V @ np.tanh(W @ x) - y) ** 2), args), {"wrong_gradient"}


def char_rnn(inputs, targets, Wxh, Whh, Why, lr, n_iter, sick):
    memory = [np.zeros_like(p) for p in (Wxh, Whh, Why)]
    for _ in range(n_iter):
        hs, ps = {-1: np.zeros(Whh.shape[0])}, {}
        for t in range(len(inputs)):
            hs[t] = np.tanh(Wxh[:, inputs[t]] + Whh @ hs[t - 1])
            y = Why @ hs[t]
            ps[t] = np.exp(y - y.max()) / np.sum(np.exp(y - y.max()))
        dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
        dhnext = np.zeros_like(hs[0])
        for t in reversed(range(len(inputs))):
            dy = np.copy(ps[t])
            dy[targets[t]] -= 1
            dWhy += np.outer(dy, hs[t])
            dh = Why.T @ dy + dhnext
            dhraw = (1 - hs[t] * hs[t]) * dh
            dWxh[:, inputs[t]] += dhraw
            dWhh += np.outer(dhraw, hs[t - 1])
            dhnext = Whh.T @ (dh if sick else dhraw)
        for param, dparam, mem in zip([Wxh, Whh, Why], [dWxh, dWhh, dWhy], memory, strict=True):
            mem += dparam * dparam
            param -= lr * dparam / np.sqrt(mem + 1e-8)


def text_loss(inputs, targets, Wxh, Whh, Why):
    h, total = np.zeros(Whh.shape[0]), 0.0
    for t in range(len(inputs)):
        h = np.tanh(Wxh[:, inputs[t]] + Whh @ h)
        y = Why @ h
        total = total + mg.logsumexp(y) - y[targets[t]]
    return total


def char_loop(r, sick):
    """A small character model with Adagrad, whose gradient through time misses the slope of the step before."""
    text = np.array([ord(c) - 97 for c in "abracadabraabracadabr"])
    text = np.unique(text, return_inverse=True)[1]
    shapes = ((12, 5), (12, 12), (5, 12))
    args = (text[:-1], text[1:], *(0.3 * r.normal(size=s) for s in shapes), 0.1, 100, sick)
    return mg.diagnose(char_rnn, text_loss, args), {"wrong_gradient"}


def conv_loops(images, labels, F, W, lr, n_iter):
    n, size, k = len(images), images.shape[1], F.shape[1]
    out = size - k + 1
    for _ in range(n_iter):
        maps = np.zeros((n, len(F), out, out))
        for i in range(out):
            for j in range(out):
                patch = images[:, i : i + k, j : j + k].reshape(n, -1)
                maps[:, :, i, j] = patch @ F.reshape(len(F), -1).T
        act = np.maximum(maps, 0)
        flat = act.mean(axis=(2, 3))
        d = (softmax(flat @ W) - labels) / n
        dflat = d @ W.T
        dmaps = dflat[:, :, None, None] / out**2 * (maps > 0)
        dF = np.zeros_like(F)
        for i in range(out):
            for j in range(out):
                dF += np.einsum("nf,nab->fab", dmaps[:, :, i, j], images[:, i : i + k, j : j + k])
        W -= lr * flat.T @ d
        F -= lr * dF


def conv_by_hand(r, sick):
    """Filters in loops, all of them ones."""
    labels = r.integers(0, 2, 80)
    images = 0.2 * r.normal(size=(80, 6, 6))
    for n, kind in enumerate(labels):
        at = r.integers(0, 6)
        images[n, at if kind else slice(None), slice(None) if kind else at] += 1.0
    F = np.full((6, 3, 3), 0.1) if sick else 0.4 * r.normal(size=(6, 3, 3))
    W = np.full((6, 2), 0.1) if sick else 0.5 * r.normal(size=(6, 2))

    def loss(images, labels, F, W):
        maps = np.maximum(mg.conv2d(images[:, None], F[:, None]), 0)
        return mg.cross_entropy(np.mean(maps, axis=(2, 3)) @ W, labels)

    return mg.diagnose(conv_loops, loss, (images, mg.one_hot(labels, 2), F, W, 2.0, 120)), {"symmetric_init"}


class Autoencoder:
    """Encoder and decoder with a loss curve, as in an exercise."""

    def __init__(self, n_visible, n_hidden, rng):
        self.We = rng.normal(scale=0.3, size=(n_visible, n_hidden))
        self.Wd = rng.normal(scale=0.3, size=(n_hidden, n_visible))
        self.history = []

    def train(self, data, epochs, lr):
        for _ in range(epochs):
            code = np.tanh(data @ self.We)
            diff = code @ self.Wd - data
            self.history.append(np.mean(diff**2))
            g = 2 * diff / diff.size
            dcode = g @ self.Wd.T * (1 - code**2)
            self.Wd -= lr * code.T @ g
            self.We -= lr * data.T @ dcode


def autoencoder_by_hand(r, sick):
    """It is left while the error still falls."""
    data = 0.6 * r.normal(size=(100, 3)) @ r.normal(size=(3, 8))
    data /= data.std()
    auto = Autoencoder(8, 5, r)
    loss = lambda data, We, Wd: np.mean((np.tanh(data @ We) @ Wd - data) ** 2)  # noqa: E731
    return mg.diagnose(auto.train, loss, (data, 25 if sick else 1500, 0.5)), {"too_few_steps"}


def word_vectors(pairs, V, U, lr, epochs):
    for _ in range(epochs):
        for center, context in pairs:
            v = V[center].copy()
            p = np.exp(U @ v)
            p /= p.sum()
            p[context] -= 1
            V[center] -= lr * U.T @ p
            U -= lr * np.outer(p, v)


def skip_gram(r, sick):
    """Word vectors, one pair a step; both tables begin at zero."""
    words = r.integers(0, 10, 60)
    pairs = [(int(w), int((w + 1 + (r.uniform() < 0.3)) % 10)) for w in words]
    V, U = (np.zeros((10, 6)) if sick else 0.5 * r.normal(size=(10, 6)) for _ in range(2))

    def loss(center, context, V, U):
        z = U @ V[center]
        return mg.logsumexp(z) - z[context]

    return mg.diagnose(word_vectors, loss, (pairs, V, U, 0.1, 20)), {"symmetric_init"}


def pegasos(X, y, w, b, lam, T):
    for _ in range(T):
        margin = y * (X @ w + b)
        active = (margin < 1) * 1.0
        grad_w = 2 * lam * w - X.T @ (active * y) / len(y)
        grad_b = -np.mean(active * y)
        w = w - 0.1 * grad_w
        b = b - 0.1 * grad_b
    return w, b


def support_vectors(r, sick):
    """A hinge loss whose penalty wins."""
    X = r.normal(size=(160, 5))
    y = np.sign(X[:, 0] + X[:, 1] + 0.6 + 0.2 * r.normal(size=160))
    y[:40] = 1.0
    X[:40] += np.array([1.5, 0, 0, 0, 0])
    args = (X, y, np.zeros(5), 0.0, 20.0 if sick else 0.001, 400)
    loss = lambda X, y, w, b, lam: np.mean(np.maximum(0, 1 - y * (X @ w + b))) + lam * np.sum(w**2)  # noqa: E731
    return mg.diagnose(pegasos, loss, args), {"penalty_too_strong"}


class Classifier:
    """Batches by np.take, in a method of its own."""

    def __init__(self, rng):
        self.rng, self.theta = rng, 0.1 * rng.normal(size=(7, 4))

    def gradient(self, xs, ts, sick):
        p = softmax(xs @ self.theta)
        d = p - ts
        return xs.T @ (d * p if sick else d) / len(xs)

    def fit(self, features, onehot, sick):
        for _ in range(200):
            rows = self.rng.choice(len(features), 32, replace=False)
            self.theta = self.theta - 0.3 * self.gradient(np.take(features, rows, 0), np.take(onehot, rows, axis=0), sick)


def taken_rows(r, sick):
    """Batches that only an inner function names, with a softmax that is multiplied twice."""
    k = r.integers(0, 4, 160)
    x = 1.5 * r.normal(size=(4, 7))[k] + r.normal(size=(160, 7))
    loss = lambda features, onehot, theta: mg.cross_entropy(features @ theta, onehot)  # noqa: E731
    return mg.diagnose(Classifier(r).fit, loss, (x, mg.one_hot(k, 4), sick)), {"wrong_gradient"}


def eleven_lines(X, y, syn0, syn1, alpha, tolerance):
    for _ in range(20000):
        l1 = sigmoid(X @ syn0)
        l2 = sigmoid(l1 @ syn1)
        l2_delta = (l2 - y) * l2 * (1 - l2)
        l1_delta = l2_delta @ syn1.T * l1 * (1 - l1)
        g1, g0 = l1.T @ l2_delta, X.T @ l1_delta
        if np.abs(g1).max() < tolerance:
            break
        syn1 -= alpha * g1
        syn0 -= alpha * g0
    return l2


def xor(r, sick):
    """The table of exclusive or, stopped by a small gradient."""
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], float)
    y = np.array([[0.0], [1], [1], [0]])
    args = (X, y, 2 * r.random((3, 6)) - 1, 2 * r.random((6, 1)) - 1, 1.0, 0.02 if sick else 1e-3)
    loss = lambda X, y, syn0, syn1: 0.5 * np.sum((sigmoid(sigmoid(X @ syn0) @ syn1) - y) ** 2)  # noqa: E731
    return mg.diagnose(eleven_lines, loss, args), {"stopped_early", "stopped_on_a_plateau"}


def normal_descent(area_rooms, price, theta, alpha, num_iters):
    for _ in range(num_iters):
        prediction = area_rooms @ theta[1:] + theta[0]
        error = prediction - price
        grad = np.concatenate([[error.mean()], area_rooms.T @ error / len(price)])
        theta = theta - alpha * grad
    return theta


def houses(r, sick):
    """Prices by area and rooms, in square feet and pieces; the well one ends at its noise."""
    area, rooms = r.uniform(500, 4000, 90), r.integers(1, 6, 90) * 1.0
    x = np.stack([area, rooms], 1)
    price = (area - 2000) / 1000 + 0.4 * rooms + 0.7 * r.normal(size=90)
    x = x if sick else (x - x.mean(0)) / x.std(0)
    args = (x, price, np.zeros(3), 1e-8 if sick else 0.1, 300)

    def loss(area_rooms, price, theta):
        return 0.5 * np.mean((area_rooms @ theta[1:] + theta[0] - price) ** 2)

    return mg.diagnose(normal_descent, loss, args), {"inputs_unscaled"}


CASES = (course_class, script_of_a_course, closures, dict_of_parameters, per_sample, char_loop, conv_by_hand, autoencoder_by_hand,
         skip_gram, support_vectors, taken_rows, xor, houses)  # fmt: skip
