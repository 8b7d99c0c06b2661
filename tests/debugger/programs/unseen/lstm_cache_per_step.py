"""An LSTM, one dict of cached values per time step, one matrix per gate on the stacked [h, x] (forum style)."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_forward(inputs, params):
    h = np.zeros((params["bf"].shape[0], 1))
    c = np.zeros_like(h)
    caches = []
    for x in inputs:
        z = np.vstack((h, x))
        cache = {"z": z, "c_prev": c}
        cache["f"] = sigmoid(np.dot(params["Wf"], z) + params["bf"])
        cache["i"] = sigmoid(np.dot(params["Wi"], z) + params["bi"])
        cache["g"] = np.tanh(np.dot(params["Wc"], z) + params["bc"])
        cache["o"] = sigmoid(np.dot(params["Wo"], z) + params["bo"])
        c = cache["f"] * c + cache["i"] * cache["g"]
        h = cache["o"] * np.tanh(c)
        cache["c"], cache["h"] = c, h
        cache["y"] = np.dot(params["Wy"], h) + params["by"]
        caches.append(cache)
    return caches


def lstm_backward(targets, caches, params):
    grads = {name: np.zeros_like(p) for name, p in params.items()}
    H = params["bf"].shape[0]
    dh_next = np.zeros((H, 1))
    dc_next = np.zeros((H, 1))
    for t in range(len(caches) - 1, -1, -1):
        k = caches[t]
        dy = k["y"] - targets[t]
        grads["Wy"] += np.dot(dy, k["h"].T)
        grads["by"] += dy
        dh = np.dot(params["Wy"].T, dy) + dh_next
        tc = np.tanh(k["c"])
        do = dh * tc * k["o"] * (1 - k["o"])
        dc = dh * k["o"] * (1 - tc ** 2) + dc_next
        df = dc * k["c_prev"] * k["f"] * (1 - k["f"])
        di = dc * k["g"] * k["i"] * (1 - k["i"])
        dg = dc * k["i"] * (1 - k["g"] ** 2)
        dz = 0
        for gate, d in (("f", df), ("i", di), ("c", dg), ("o", do)):
            grads["W" + gate] += np.dot(d, k["z"].T)
            grads["b" + gate] += d
            dz = dz + np.dot(params["W" + gate].T, d)
        dh_next = dz[:H, :]
        dc_next = k["f"] * dc
    return grads


def train(inputs, targets, params, learning_rate=0.05, epochs=6):
    for epoch in range(epochs):
        caches = lstm_forward(inputs, params)
        grads = lstm_backward(targets, caches, params)
        for name in params:
            params[name] -= learning_rate * grads[name]
    return params


def loss(inputs, targets, Wf, bf, Wi, bi, Wc, bc, Wo, bo, Wy, by):
    def s(v):
        return 1 / (1 + np.exp(-v))

    h, c, total = np.zeros((4, 1)), np.zeros((4, 1)), 0.0
    for x, t in zip(inputs, targets):
        z = np.concatenate([h, x])
        c = s(Wf @ z + bf) * c + s(Wi @ z + bi) * np.tanh(Wc @ z + bc)
        h = s(Wo @ z + bo) * np.tanh(c)
        total = total + 0.5 * np.sum((Wy @ h + by - t) ** 2)
    return total


def make(rng):
    params = {}
    for gate in "fico":
        params["W" + gate] = rng.normal(size=(4, 7)) * 0.5
        params["b" + gate] = rng.normal(size=(4, 1)) * 0.5
    params["Wy"], params["by"] = rng.normal(size=(2, 4)), rng.normal(size=(2, 1))
    inputs = [rng.normal(size=(3, 1)) for _ in range(4)]
    targets = [rng.normal(size=(2, 1)) for _ in range(4)]
    return (inputs, targets, params), {}


PROOF = {
    "steps": "epochs",
    "at": {n: f"params['{n}']" for n in "Wf bf Wi bi Wc bc Wo bo Wy by".split()},
    "after": "Wf bf Wi bi Wc bc Wo bo Wy by",
}
