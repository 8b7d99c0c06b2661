"""1-D convolution of a signal; np.convolve flips the kernel, so I use it in the backward pass as well."""

import numpy as np


def train(signal, target, kernel, bias, readout, lr=0.01, n=5):
    k = len(kernel)
    for _ in range(n):
        feature = np.correlate(signal, kernel, mode="valid") + bias
        act = np.maximum(feature, 0)
        pred = act @ readout
        d_pred = pred - target
        d_readout = np.outer(act, d_pred)
        d_act = readout @ d_pred
        d_feature = d_act * (feature > 0)
        d_kernel = np.convolve(signal, d_feature[::-1], mode="valid")[::-1]
        d_bias = d_feature.sum()
        kernel = kernel - lr * d_kernel
        bias = bias - lr * d_bias
        readout = readout - lr * d_readout
    return kernel, bias, readout


def loss(signal, target, kernel, bias, readout):
    feature = np.stack([np.sum(signal[i : i + 3] * kernel) for i in range(8)]) + bias
    return 0.5 * np.sum((np.maximum(feature, 0) @ readout - target) ** 2)


def make(rng):
    return (rng.normal(size=10), rng.normal(size=2), rng.normal(size=3), 0.4, rng.normal(size=(8, 2))), {}


TRUTH = {
    "lines": ['d_kernel = np.convolve(signal, d_feature[::-1], mode="valid")[::-1]'],
    "cause": {"conv_kernel_reversed"},
    "wrong": {"kernel"},
    "fixed": ('d_feature[::-1], mode="valid")[::-1]', 'd_feature[::-1], mode="valid")'),
}
PROOF = {"steps": "n", "after": {"kernel": "out[0]", "bias": "out[1]", "readout": "out[2]"}}
