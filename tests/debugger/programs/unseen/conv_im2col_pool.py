"""A convolution through im2col, a relu, a max-pool with its argmax kept, and a dense layer with softmax (course notebook)."""

import numpy as np


def im2col(x, k):
    N, C, H, W = x.shape
    out_h, out_w = H - k + 1, W - k + 1
    col = np.zeros((N, C, k, k, out_h, out_w))
    for i in range(k):
        for j in range(k):
            col[:, :, i, j, :, :] = x[:, :, i : i + out_h, j : j + out_w]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * out_h * out_w, -1)


def softmax(s):
    e = np.exp(s - np.max(s, axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def train(images, labels, params, lr=0.1, n_iters=5):
    for it in range(n_iters):
        F, bF, W, b = params["F"], params["bF"], params["W"], params["b"]
        N = images.shape[0]
        n_f, _, k, _ = F.shape
        o = images.shape[2] - k + 1
        # --- conv
        col = im2col(images, k)
        col_F = F.reshape(n_f, -1).T
        conv = (col @ col_F + bF).reshape(N, o, o, n_f).transpose(0, 3, 1, 2)
        act = np.maximum(conv, 0)
        # --- 2x2 max pool
        blocks = act.reshape(N, n_f, o // 2, 2, o // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(-1, 4)
        arg = np.argmax(blocks, axis=1)
        pooled = blocks[np.arange(blocks.shape[0]), arg].reshape(N, -1)
        # --- classifier
        probs = softmax(pooled @ W + b)
        # --- backward
        dscores = probs.copy()
        dscores[range(N), labels] -= 1
        dscores /= N
        dW = pooled.T @ dscores
        db = dscores.sum(axis=0)
        dpooled = (dscores @ W.T).reshape(-1)
        dblocks = np.zeros_like(blocks)
        dblocks[np.arange(arg.size), arg] = dpooled
        dact = dblocks.reshape(N, n_f, o // 2, o // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(N, n_f, o, o)
        dconv = dact * (conv > 0)
        dcol_out = dconv.transpose(0, 2, 3, 1).reshape(-1, n_f)
        dF = (col.T @ dcol_out).T.reshape(F.shape)
        dbF = dcol_out.sum(axis=0)
        for name, g in zip(("F", "bF", "W", "b"), (dF, dbF, dW, db)):
            params[name] = params[name] - lr * g
    return params


def loss(images, labels, F, bF, W, b):
    total = 0.0
    n = len(labels)
    maps = []
    for i in range(4):
        row = []
        for j in range(4):
            patch = images[:, :, i : i + 3, j : j + 3]
            row.append(np.einsum("ncij,fcij->nf", patch, F) + bF)
        maps.append(np.stack(row, axis=2))
    conv = np.maximum(np.stack(maps, axis=2), 0)  # (n, filters, 4, 4)
    pooled = np.max(np.max(conv.reshape((n, 2, 2, 2, 2, 2)), axis=5), axis=3).reshape((n, 8))
    scores = pooled @ W + b
    logsum = np.log(np.sum(np.exp(scores), axis=1))
    return total + np.mean(logsum - scores[np.arange(n), labels])


def make(rng):
    params = {
        "F": rng.normal(size=(2, 2, 3, 3)) * 0.5,
        "bF": rng.normal(size=2) + 0.5,
        "W": rng.normal(size=(8, 3)),
        "b": rng.normal(size=3),
    }
    return (rng.normal(size=(5, 2, 6, 6)), np.array([0, 1, 2, 1, 0]), params), {}


PROOF = {"steps": "n_iters", "at": {n: f"params['{n}']" for n in ("F", "bF", "W", "b")}, "after": "F bF W b"}
