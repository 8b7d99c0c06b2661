"""Pure Python, two hidden layers of three: no shape ever complained."""

import math

import numpy as np


def matvec(M, v):
    return [sum(M[r][c] * v[c] for c in range(len(v))) for r in range(len(M))]


def step(x, t, A, B, C, eta):
    u = [math.tanh(s) for s in matvec(A, x)]
    v = [math.tanh(s) for s in matvec(B, u)]
    y = matvec(C, v)
    dy = [y[k] - t[k] for k in range(len(t))]
    dv = [sum(C[k][j] * dy[k] for k in range(len(dy))) * (1 - v[j] ** 2) for j in range(len(v))]
    du = [sum(B[j][i] * dv[i] for i in range(len(dv))) * (1 - u[j] ** 2) for j in range(len(u))]
    for M, d, inp in ((C, dy, v), (B, dv, u), (A, du, x)):
        for r in range(len(M)):
            for c in range(len(inp)):
                M[r][c] -= eta * d[r] * inp[c]


def train(x, t, A, B, C, eta=0.1, times=5):
    for _ in range(times):
        step(x, t, A, B, C, eta)


def loss(x, t, A, B, C):
    return 0.5 * np.sum((C @ np.tanh(B @ np.tanh(A @ x)) - t) ** 2)


def make(rng):
    return tuple(rng.normal(size=s).tolist() for s in (2, 2, (3, 2), (3, 3), (2, 3))), {}


TRUTH = {
    "lines": ["du = [sum(B[j][i] * dv[i] for i in range(len(dv))) * (1 - u[j] ** 2) for j in range(len(u))]"],
    "cause": {"transposed", "wrong_index"},
    "wrong": {"A"},
    "fixed": ("B[j][i] * dv[i]", "B[i][j] * dv[i]"),
}
PROOF = {"steps": "times", "after": "A B C"}
