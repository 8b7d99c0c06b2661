"""Two layers in element loops; my hidden layer learns nonsense, the output layer looks fine."""

import numpy as np


def squash(u):
    return 1.0 / (1.0 + np.exp(-u))


def train(patterns, wanted, w_hid, w_out, rate=0.2, rounds=3):
    n_pat, n_in = patterns.shape
    n_hid, n_out = w_hid.shape[0], w_out.shape[0]
    for r in range(rounds):
        hid = np.zeros((n_pat, n_hid))
        out = np.zeros((n_pat, n_out))
        for p in range(n_pat):
            for j in range(n_hid):
                net = 0.0
                for i in range(n_in):
                    net += w_hid[j, i] * patterns[p, i]
                hid[p, j] = squash(net)
            for k in range(n_out):
                for j in range(n_hid):
                    out[p, k] += w_out[k, j] * hid[p, j]
        step_out = np.zeros((n_out, n_hid))
        step_hid = np.zeros((n_hid, n_in))
        for p in range(n_pat):
            for k in range(n_out):
                for j in range(n_hid):
                    step_out[k, j] -= rate * (out[p, k] - wanted[p, k]) * hid[p, j]
        for p in range(n_pat):
            for j in range(n_hid):
                back = 0.0
                for k in range(n_out):
                    back += (out[p, k] - wanted[p, k]) * step_out[k, j]
                back *= hid[p, j] * (1.0 - hid[p, j])
                for i in range(n_in):
                    step_hid[j, i] -= rate * back * patterns[p, i]
        for k in range(n_out):
            for j in range(n_hid):
                w_out[k, j] += step_out[k, j]
        for j in range(n_hid):
            for i in range(n_in):
                w_hid[j, i] += step_hid[j, i]


def loss(patterns, wanted, w_hid, w_out):
    hid = 1 / (1 + np.exp(-(patterns @ w_hid.T)))
    return 0.5 * np.sum((hid @ w_out.T - wanted) ** 2)


def make(rng):
    return tuple(rng.normal(size=s) for s in ((5, 3), (5, 2), (4, 3), (2, 4))), {}


TRUTH = {
    "lines": ["back += (out[p, k] - wanted[p, k]) * step_out[k, j]"],
    "cause": {"gradient_or_update_used_for_weight"},
    "wrong": {"w_hid"},
    "fixed": ("* step_out[k, j]\n", "* w_out[k, j]\n"),
}
PROOF = {"steps": "rounds", "after": "w_hid w_out"}
