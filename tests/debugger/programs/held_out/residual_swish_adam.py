"""Residual blocks with swish, each block a dataclass of its arrays; Adam moments live in the block, dropout with its mask."""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Block:
    down: np.ndarray
    shift: np.ndarray
    up: np.ndarray
    grads: dict = field(default_factory=dict)
    m: dict = field(default_factory=dict)
    v: dict = field(default_factory=dict)

    def forward(self, stream, keep_mask):
        self.stream = stream
        self.pre = stream @ self.down + self.shift
        self.gate = 1 / (1 + np.exp(-self.pre))
        self.act = self.pre * self.gate
        self.keep_mask = keep_mask
        return stream + (self.act * keep_mask) @ self.up

    def backward(self, dstream):
        dact = (dstream @ self.up.T) * self.keep_mask
        dpre = dact * (self.gate + self.act * (1 - self.gate))
        self.grads["up"] = (self.act * self.keep_mask).T @ dstream
        self.grads["down"] = self.stream.T @ dpre
        self.grads["shift"] = dpre.sum(axis=0)
        return dstream + dpre @ self.down.T

    def adam(self, t, lr=2e-3, b1=0.9, b2=0.999, eps=1e-8):
        for name, g in self.grads.items():
            self.m[name] = b1 * self.m.get(name, 0.0) + (1 - b1) * g
            self.v[name] = b2 * self.v.get(name, 0.0) + (1 - b2) * g * g
            mhat = self.m[name] / (1 - b1**t)
            vhat = self.v[name] / (1 - b2**t)
            setattr(self, name, getattr(self, name) - lr * mhat / (np.sqrt(vhat) + eps))


def train(blocks, head, inputs, wanted, masks, n_updates=5):
    for t in range(1, n_updates + 1):
        stream = inputs
        for block, mask in zip(blocks, masks):
            stream = block.forward(stream, mask)
        guess = stream @ head
        miss = (guess - wanted) / len(wanted)
        dhead = stream.T @ miss
        dstream = miss @ head.T
        for block in reversed(blocks):
            dstream = block.backward(dstream)
            block.adam(t)
        head = head - 0.01 * dhead
    return dhead


def loss(inputs, wanted, masks, down0, shift0, up0, down1, shift1, up1, head):
    stream = inputs
    for k, (down, shift, up) in enumerate(((down0, shift0, up0), (down1, shift1, up1))):
        pre = stream @ down + shift
        stream = stream + (pre / (1 + np.exp(-pre)) * masks[k]) @ up
    return np.sum((stream @ head - wanted) ** 2) / (2 * len(wanted))


BIND = {f"{name}{k}": f"blocks[{k}].{name}" for k in (0, 1) for name in ("down", "shift", "up")}


def make(rng):
    blocks = [Block(rng.normal(size=(3, 5)), rng.normal(size=5), rng.normal(size=(5, 3)) / 2) for _ in range(2)]
    masks = [(rng.permutation(30).reshape(6, 5) < 24) / 0.8 for _ in range(2)]
    return (blocks, rng.normal(size=(3, 2)), rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), masks), {}


PROOF = {
    "steps": "n_updates",
    "gradient": {**{k: f"blocks[{k[-1]}].grads['{k[:-1]}']" for k in BIND}, "head": "out"},
}
