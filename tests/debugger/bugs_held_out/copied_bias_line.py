"""A denoiser with two hidden layers of equal size, everything as attributes. Only one bias behaves oddly."""

import numpy as np


class Denoiser:
    def __init__(self, size, hidden, rng):
        self.W_enc = rng.normal(size=(size, hidden))
        self.b_enc = rng.normal(size=(1, hidden)) * 0.2
        self.W_mid = rng.normal(size=(hidden, hidden)) * 0.5
        self.b_mid = rng.normal(size=(1, hidden)) * 0.2
        self.W_dec = rng.normal(size=(hidden, size)) * 0.5
        self.b_dec = rng.normal(size=(1, size)) * 0.2

    def forward(self, noisy):
        self.noisy = noisy
        self.z_enc = noisy @ self.W_enc + self.b_enc
        self.a_enc = np.log1p(np.exp(self.z_enc))
        self.z_mid = self.a_enc @ self.W_mid + self.b_mid
        self.a_mid = np.tanh(self.z_mid)
        return self.a_mid @ self.W_dec + self.b_dec

    def backward(self, diff):
        self.dW_dec = self.a_mid.T @ diff
        self.db_dec = np.sum(diff, axis=0, keepdims=True)
        self.dz_mid = diff @ self.W_dec.T * (1 - self.a_mid**2)
        self.dW_mid = self.a_enc.T @ self.dz_mid
        self.db_mid = np.sum(self.dz_mid, axis=0, keepdims=True)
        self.dz_enc = self.dz_mid @ self.W_mid.T / (1 + np.exp(-self.z_enc))
        self.dW_enc = self.noisy.T @ self.dz_enc
        self.db_enc = np.sum(self.dz_mid, axis=0, keepdims=True)

    def step(self, alpha):
        for name in ("W_enc", "b_enc", "W_mid", "b_mid", "W_dec", "b_dec"):
            setattr(self, name, getattr(self, name) - alpha * getattr(self, "d" + name))


def train(net, noisy, clean, alpha=0.05, loops=5):
    for _ in range(loops):
        restored = net.forward(noisy)
        net.backward((restored - clean) / clean.size)
        net.step(alpha)


def loss(noisy, clean, W_enc, b_enc, W_mid, b_mid, W_dec, b_dec):
    h = np.log(1 + np.exp(noisy @ W_enc + b_enc))
    return 0.5 * np.mean((np.tanh(h @ W_mid + b_mid) @ W_dec + b_dec - clean) ** 2)


def make(rng):
    clean = rng.random(size=(6, 3))
    return (Denoiser(3, 4, rng), clean + rng.normal(size=clean.shape) * 0.4, clean), {}


TRUTH = {
    "lines": ["self.db_enc = np.sum(self.dz_mid, axis=0, keepdims=True)"],
    "cause": {"wrong_variable"},
    "wrong": {"b_enc"},
    "fixed": ("self.db_enc = np.sum(self.dz_mid,", "self.db_enc = np.sum(self.dz_enc,"),
}
NAMES = "W_enc b_enc W_mid b_mid W_dec b_dec"
PROOF = {"steps": "loops", "at": {n: "net." + n for n in NAMES.split()}, "after": NAMES}
