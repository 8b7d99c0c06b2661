"""A 1-d convolution over sensor traces, leaky relu, average pooling by two, one dense unit with binary cross-entropy; loops."""

import numpy as np


def leaky(q):
    return q if q > 0 else 0.05 * q


def train(traces, fault, filt, filt_bias, dense, dense_bias, lr=0.05, epochs=4):
    n_filt, width = filt.shape
    n_out = traces.shape[1] - width + 1
    n_pool = n_out // 2
    for epoch in range(epochs):
        g_filt, g_filt_bias = np.zeros_like(filt), np.zeros_like(filt_bias)
        g_dense, g_dense_bias = np.zeros_like(dense), 0.0
        for trace, label in zip(traces, fault):
            conv = np.zeros((n_filt, n_out))
            for f in range(n_filt):
                for i in range(n_out):
                    conv[f, i] = np.sum(filt[f] * trace[i : i + width]) + filt_bias[f]
            pooled = np.zeros((n_filt, n_pool))
            for f in range(n_filt):
                for k in range(n_pool):
                    pooled[f, k] = (leaky(conv[f, 2 * k]) + leaky(conv[f, 2 * k + 1])) / 2
            score = np.sum(dense * pooled) + dense_bias[0]
            prob = 1.0 / (1.0 + np.exp(-score))
            err = (prob - label) / len(traces)
            g_dense += err * pooled
            g_dense_bias += err
            for f in range(n_filt):
                for k in range(n_pool):
                    d_pool = err * dense[f, k]
                    for i in (2 * k, 2 * k + 1):
                        d_conv = d_pool / 2
                        if conv[f, i] <= 0:
                            d_conv *= 0.05
                        g_filt[f] += d_conv * trace[i : i + width]
                        g_filt_bias[f] += d_conv
        filt -= lr * g_filt
        filt_bias -= lr * g_filt_bias
        dense -= lr * g_dense
        dense_bias -= lr * g_dense_bias
    return filt, filt_bias, dense, dense_bias


def loss(traces, fault, filt, filt_bias, dense, dense_bias):
    windows = np.stack([traces[:, i : i + 3] for i in range(6)], axis=1)
    conv = np.einsum("niw,fw->nfi", windows, filt) + filt_bias[:, None]
    act = np.where(conv > 0, conv, 0.05 * conv)
    score = np.sum((act[:, :, ::2] + act[:, :, 1::2]) / 2 * dense, axis=(1, 2)) + dense_bias[0]
    return np.mean(np.log1p(np.exp(score)) - fault * score)


def make(rng):
    fault = rng.permutation(np.arange(5) % 2).astype(float)
    return (rng.normal(size=(5, 8)), fault, *(rng.normal(size=s) for s in ((2, 3), (2,), (2, 3), (1,)))), {}


PROOF = {"steps": "epochs", "after": "filt filt_bias dense dense_bias"}
