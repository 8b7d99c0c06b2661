"""Layers of a textbook in an ordered dict: affine, batch normalisation with running averages, relu, softmax with loss."""

from collections import OrderedDict

import numpy as np


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.x = self.dW = self.db = None

    def forward(self, x):
        self.x = x
        return np.dot(self.x, self.W) + self.b

    def backward(self, dout):
        dx = np.dot(dout, self.W.T)
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return dx


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class BatchNormalization:
    def __init__(self, gamma, beta, momentum=0.9):
        self.gamma, self.beta, self.momentum = gamma, beta, momentum
        self.running_mean = self.running_var = None

    def forward(self, x):
        if self.running_mean is None:
            self.running_mean = np.zeros(x.shape[1])
            self.running_var = np.zeros(x.shape[1])
        mu = x.mean(axis=0)
        xc = x - mu
        var = np.mean(xc**2, axis=0)
        std = np.sqrt(var + 10e-7)
        xn = xc / std
        self.batch_size = x.shape[0]
        self.xc, self.xn, self.std = xc, xn, std
        self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mu
        self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        return self.gamma * xn + self.beta

    def backward(self, dout):
        dbeta = dout.sum(axis=0)
        dgamma = np.sum(self.xn * dout, axis=0)
        dxn = self.gamma * dout
        dxc = dxn / self.std
        dstd = -np.sum((dxn * self.xc) / (self.std * self.std), axis=0)
        dvar = 0.5 * dstd / self.std
        dxc += (2.0 / self.batch_size) * self.xc * dvar
        dmu = np.sum(dxc, axis=0)
        dx = dxc - dmu / self.batch_size
        self.dgamma, self.dbeta = dgamma, dbeta
        return dx


class SoftmaxWithLoss:
    def forward(self, x, t):
        self.t = t
        x = x - x.max(axis=1, keepdims=True)
        self.y = np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)
        return -np.sum(t * np.log(self.y + 1e-7)) / len(t)

    def backward(self, dout=1):
        return (self.y - self.t) / self.t.shape[0]


class Net:
    def __init__(self, params):
        self.params = params
        self.layers = OrderedDict()
        self.layers["Affine1"] = Affine(params["W1"], params["b1"])
        self.layers["BatchNorm1"] = BatchNormalization(params["gamma1"], params["beta1"])
        self.layers["Relu1"] = Relu()
        self.layers["Affine2"] = Affine(params["W2"], params["b2"])
        self.last_layer = SoftmaxWithLoss()

    def loss(self, x, t):
        for layer in self.layers.values():
            x = layer.forward(x)
        return self.last_layer.forward(x, t)

    def gradient(self, x, t):
        self.loss(x, t)
        dout = self.last_layer.backward(1)
        layers = list(self.layers.values())
        layers.reverse()
        for layer in layers:
            dout = layer.backward(dout)
        grads = {}
        grads["W1"], grads["b1"] = self.layers["Affine1"].dW, self.layers["Affine1"].db
        grads["gamma1"], grads["beta1"] = self.layers["BatchNorm1"].dgamma, self.layers["BatchNorm1"].dbeta
        grads["W2"], grads["b2"] = self.layers["Affine2"].dW, self.layers["Affine2"].db
        return grads


def train(network, x_batch, t_batch, learning_rate=0.1, iters_num=4):
    for i in range(iters_num):
        grad = network.gradient(x_batch, t_batch)
        for key in ("W1", "b1", "gamma1", "beta1", "W2", "b2"):
            network.params[key] -= learning_rate * grad[key]


def loss(x_batch, t_batch, W1, b1, gamma1, beta1, W2, b2):
    u = x_batch @ W1 + b1
    c = u - np.mean(u, axis=0)
    n = c / np.sqrt(np.mean(c * c, axis=0) + 10e-7)
    h = np.maximum(gamma1 * n + beta1, 0)
    s = h @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(s), axis=1)) - np.sum(t_batch * s, axis=1))


def make(rng):
    shapes = {"W1": (4, 5), "b1": 5, "gamma1": 5, "beta1": 5, "W2": (5, 3), "b2": 3}
    params = {k: rng.normal(size=s) for k, s in shapes.items()}
    return (Net(params), rng.normal(size=(7, 4)), np.eye(3)[rng.permutation(np.arange(7) % 3)]), {}


PROOF = {
    "steps": "iters_num",
    "at": {n: f"network.params['{n}']" for n in ("W1", "gamma1", "beta1", "W2", "b2")},
    "after": "W1 gamma1 beta1 W2 b2",
    "zero": ["b1"],  # the mean takes b1 out again: its gradient is rounding
}
PROOF["at"]["b1"] = "network.params['b1']"
