"""Deep regression with equal widths, activations and deltas kept in lists. The deeper I make it, the worse the bottom layers."""

import numpy as np


def logistic(n):
    return 1 / (1 + np.exp(-n))


def propagate(x, mats):
    levels = [x]
    for mat in mats[:-1]:
        levels.append(logistic(np.hstack([levels[-1], np.ones((len(x), 1))]) @ mat))
    levels.append(np.hstack([levels[-1], np.ones((len(x), 1))]) @ mats[-1])
    return levels


def train(x, y, mats, eta=0.1, n_rounds=3):
    for _ in range(n_rounds):
        levels = propagate(x, mats)
        deltas = [levels[-1] - y]
        deltas.append(deltas[-1] @ mats[3][:-1].T * levels[3] * (1 - levels[3]))
        deltas.append(deltas[-1] @ mats[2][:-1].T * levels[2] * (1 - levels[2]))
        deltas.append(deltas[-1] @ mats[1][:-1].T * levels[2] * (1 - levels[2]))
        deltas.reverse()
        for k, delta in enumerate(deltas):
            mats[k] = mats[k] - eta * np.hstack([levels[k], np.ones((len(x), 1))]).T @ delta / len(x)
    return mats


def loss(x, y, m0, m1, m2, m3):
    a = x
    for m in (m0, m1, m2):
        a = 1 / (1 + np.exp(-(a @ m[:-1] + m[-1])))
    return 0.5 * np.sum((a @ m3[:-1] + m3[-1] - y) ** 2) / len(x)


BIND = {f"m{k}": f"mats[{k}]" for k in range(4)}


def make(rng):
    return (rng.normal(size=(6, 2)), rng.normal(size=(6, 1)), [rng.normal(size=s) for s in ((3, 4), (5, 4), (5, 4), (5, 1))]), {}


TRUTH = {
    "lines": ["deltas.append(deltas[-1] @ mats[1][:-1].T * levels[2] * (1 - levels[2]))"],
    "cause": {"derivative_at_wrong_point", "wrong_variable"},
    "wrong": {"m0"},
    "fixed": ("mats[1][:-1].T * levels[2] * (1 - levels[2])", "mats[1][:-1].T * levels[1] * (1 - levels[1])"),
}
PROOF = {"steps": "n_rounds", "after": "m0 m1 m2 m3"}
