"""Gates of a small gated unit; the gate learns backwards and the value branch uses the output of the gate as its input."""

import numpy as np


class GatedUnit:
    def __init__(self, Wg, Wv, Wo):
        self.Wg, self.Wv, self.Wo = Wg, Wv, Wo

    def forward(self, x):
        self.x = x
        self.gate = 1 / (1 + np.exp(-x.dot(self.Wg)))
        self.value = np.tanh(x.dot(self.Wv))
        self.mixed = self.gate * self.value
        return self.mixed.dot(self.Wo)

    def backward(self, dout, lr):
        dWo = self.mixed.T.dot(dout)
        dmixed = dout.dot(self.Wo.T)
        dgate = -dmixed * self.value * self.gate * (1 - self.gate)
        dvalue = dmixed * self.gate * (1 - self.value**2)
        dWg = self.x.T.dot(dgate)
        dWv = self.gate.T.dot(dvalue)
        self.Wo -= lr * dWo
        self.Wg -= lr * dWg
        self.Wv -= lr * dWv


def train(unit, x, y, lr=0.1, steps=5):
    for _ in range(steps):
        out = unit.forward(x)
        unit.backward(out - y, lr)


def loss(x, y, Wg, Wv, Wo):
    return 0.5 * np.sum(((1 / (1 + np.exp(-(x @ Wg)))) * np.tanh(x @ Wv) @ Wo - y) ** 2)


def make(rng):
    return (
        GatedUnit(rng.normal(size=(4, 4)), rng.normal(size=(4, 4)), rng.normal(size=(4, 2))),
        rng.normal(size=(6, 4)),
        rng.normal(size=(6, 2)),
    ), {}


TRUTH = {
    "lines": ["dgate = -dmixed * self.value * self.gate * (1 - self.gate)", "dWv = self.gate.T.dot(dvalue)"],
    "cause": {"sign_flipped", "wrong_activation_in_weight_gradient"},
    "wrong": {"Wg", "Wv"},
    "fixed": [("dgate = -dmixed", "dgate = dmixed"), ("dWv = self.gate.T", "dWv = self.x.T")],
}
PROOF = {"steps": "steps", "at": {n: "unit." + n for n in ("Wg", "Wv", "Wo")}, "after": "Wg Wv Wo"}
