"""A GRU cell class for a homework: forward keeps lists on self, backward runs through them; only the last state has a loss."""

import numpy as np


class GRU:
    def __init__(self, n_in, n_hid, n_out, rng):
        def mat(*s):
            return 0.6 * rng.normal(size=s)

        self.W_xz, self.W_hz, self.b_z = mat(n_in, n_hid), mat(n_hid, n_hid), mat(n_hid)
        self.W_xr, self.W_hr, self.b_r = mat(n_in, n_hid), mat(n_hid, n_hid), mat(n_hid)
        self.W_xn, self.W_hn, self.b_n = mat(n_in, n_hid), mat(n_hid, n_hid), mat(n_hid)
        self.W_out = mat(n_hid, n_out)

    @staticmethod
    def sig(a):
        return 1.0 / (1.0 + np.exp(-a))

    def forward(self, X):
        """X: (T, batch, n_in)"""
        T, B, _ = X.shape
        self.X = X
        self.h = [np.zeros((B, self.W_hz.shape[0]))]
        self.z, self.r, self.n = [], [], []
        for t in range(T):
            hp = self.h[-1]
            z = self.sig(X[t] @ self.W_xz + hp @ self.W_hz + self.b_z)
            r = self.sig(X[t] @ self.W_xr + hp @ self.W_hr + self.b_r)
            n = np.tanh(X[t] @ self.W_xn + (r * hp) @ self.W_hn + self.b_n)
            self.h.append((1 - z) * n + z * hp)
            self.z.append(z)
            self.r.append(r)
            self.n.append(n)
        self.y = self.h[-1] @ self.W_out
        return self.y

    def backward(self, target):
        g = {k: np.zeros_like(v) for k, v in vars(self).items() if k.startswith(("W_", "b_"))}
        dy = (self.y - target) / target.shape[0]
        g["W_out"] = self.h[-1].T @ dy
        dh = dy @ self.W_out.T
        for t in reversed(range(len(self.z))):
            z, r, n, hp, x = self.z[t], self.r[t], self.n[t], self.h[t], self.X[t]
            dn = dh * (1 - z) * (1 - n * n)
            dz = dh * (hp - n) * z * (1 - z)
            drh = dn @ self.W_hn.T
            dr = drh * hp * r * (1 - r)
            g["W_xn"] += x.T @ dn
            g["W_hn"] += (r * hp).T @ dn
            g["b_n"] += dn.sum(0)
            g["W_xz"] += x.T @ dz
            g["W_hz"] += hp.T @ dz
            g["b_z"] += dz.sum(0)
            g["W_xr"] += x.T @ dr
            g["W_hr"] += hp.T @ dr
            g["b_r"] += dr.sum(0)
            dh = dh * z + drh * r + dz @ self.W_hz.T + dr @ self.W_hr.T
        return g


def train(model, X, target):
    model.forward(X)
    grads = model.backward(target)
    return grads


def loss(X, target, W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xn, W_hn, b_n, W_out):
    h = np.zeros((len(target), 4))
    for t in range(4):
        z = 1 / (1 + np.exp(-(X[t] @ W_xz + h @ W_hz + b_z)))
        r = 1 / (1 + np.exp(-(X[t] @ W_xr + h @ W_hr + b_r)))
        n = np.tanh(X[t] @ W_xn + (r * h) @ W_hn + b_n)
        h = (1 - z) * n + z * h
    return 0.5 * np.sum((h @ W_out - target) ** 2) / len(target)


def make(rng):
    return (GRU(3, 4, 2, rng), rng.normal(size=(4, 5, 3)), rng.normal(size=(5, 2))), {}


NAMES = "W_xz W_hz b_z W_xr W_hr b_r W_xn W_hn b_n W_out".split()
PROOF = {"at": {n: "model." + n for n in NAMES}, "gradient": {n: f"out['{n}']" for n in NAMES}}
