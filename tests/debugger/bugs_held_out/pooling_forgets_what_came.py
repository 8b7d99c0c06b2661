"""A small convolution over ECG strips in layer classes with average pooling; the filter converges to the mean of the signal."""

import numpy as np


class Conv:
    def __init__(self, taps, shift):
        self.taps, self.shift = taps, shift

    def forward(self, strips):
        n = self.taps.shape[1]
        self.patches = np.stack([strips[:, i : i + n] for i in range(strips.shape[1] - n + 1)], axis=1)
        return np.tanh(self.patches @ self.taps.T + self.shift)

    def backward(self, above, out, lr):
        above = above * (1 - out**2)
        self.taps = self.taps - lr * np.tensordot(above, self.patches, axes=([0, 1], [0, 1]))
        self.shift = self.shift - lr * above.sum(axis=(0, 1))


class AveragePool:
    def __init__(self, size):
        self.size = size

    def forward(self, maps):
        self.shape = maps.shape
        batch, length, channels = maps.shape
        return maps.reshape(batch, length // self.size, self.size, channels).mean(axis=2)

    def backward(self, above):
        spread = np.ones(self.shape) / self.size
        return spread


class Readout:
    def __init__(self, mix, base):
        self.mix, self.base = mix, base

    def forward(self, maps):
        self.shape = maps.shape
        self.flat = maps.reshape(len(maps), -1)
        return self.flat @ self.mix + self.base

    def backward(self, above, lr):
        down = (above @ self.mix.T).reshape(self.shape)
        self.mix = self.mix - lr * self.flat.T @ above
        self.base = self.base - lr * above.sum(axis=0)
        return down


def train(conv, pool, readout, strips, rhythm, lr=0.1, epochs=3):
    for epoch in range(epochs):
        maps = conv.forward(strips)
        guess = readout.forward(pool.forward(maps))
        error = (guess - rhythm) / len(strips)
        conv.backward(pool.backward(readout.backward(error, lr)), maps, lr)


def loss(strips, rhythm, taps, shift, mix, base):
    patches = np.stack([strips[:, i : i + 3] for i in range(6)], axis=1)
    maps = np.tanh(patches @ taps.T + shift)
    pooled = (maps[:, 0::2] + maps[:, 1::2]) / 2
    return 0.5 * np.sum((pooled.reshape(len(strips), -1) @ mix + base - rhythm) ** 2) / len(strips)


BIND = {"taps": "conv.taps", "shift": "conv.shift", "mix": "readout.mix", "base": "readout.base"}


def make(rng):
    conv, readout = Conv(rng.normal(size=(2, 3)), rng.normal(size=2)), Readout(rng.normal(size=(6, 2)), rng.normal(size=2))
    return (conv, AveragePool(2), readout, rng.normal(size=(5, 8)), rng.normal(size=(5, 2))), {}


TRUTH = {
    "lines": ["spread = np.ones(self.shape) / self.size", "return spread"],
    "cause": {"upstream_gradient_dropped"},
    "wrong": {"taps", "shift"},
    "fixed": ("spread = np.ones(self.shape) / self.size", "spread = np.repeat(above, self.size, axis=1) / self.size"),
}
PROOF = {"steps": "epochs", "after": "taps shift mix base"}
