"""Continuous bag of words in float32: the mean of the context vectors predicts the middle word; np.add.at for repeated words."""

import numpy as np


def windows(text, radius):
    for centre in range(radius, len(text) - radius):
        yield text[centre - radius : centre] + text[centre + 1 : centre + radius + 1], text[centre]


def epoch(contexts, centres, vecs, outs):
    vocab = outs.shape[1]
    picked = vecs[contexts]
    bag = picked.mean(axis=1)
    z = bag @ outs
    z -= z.max(axis=1, keepdims=True)
    guess = np.exp(z)
    guess /= guess.sum(axis=1, keepdims=True)
    cost = -np.log(guess[np.arange(len(centres)), centres]).mean()
    err = (guess - np.eye(vocab, dtype=np.float32)[centres]) / np.float32(len(centres))
    grad_outs = bag.T @ err
    grad_bag = err @ outs.T
    grad_vecs = np.zeros_like(vecs)
    share = grad_bag / np.float32(contexts.shape[1])
    np.add.at(grad_vecs, contexts, share[:, None, :])
    return cost, grad_vecs, grad_outs


def train(text, vecs, outs, radius=1, step=np.float32(0.3), epochs=5):
    contexts, centres = (np.array(part) for part in zip(*windows(text, radius)))
    for _ in range(epochs):
        cost, grad_vecs, grad_outs = epoch(contexts, centres, vecs, outs)
        vecs -= step * grad_vecs
        outs -= step * grad_outs
    return vecs


def loss(contexts, centres, vecs, outs):
    z = np.mean(vecs[contexts], axis=1) @ outs
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(z * np.eye(4)[centres], axis=1))


def make(rng):
    text = [0, 1, 0, 2, 3, 2, 1, 3]
    return (text, rng.normal(size=(4, 3)).astype(np.float32), rng.normal(size=(3, 4)).astype(np.float32)), {}


PROOF = {
    "steps": "epochs",
    "at": {
        "contexts": "np.array([c for c, _ in windows(text, 1)])",
        "centres": "np.array([w for _, w in windows(text, 1)])",
    },
    "after": "vecs outs",
    "digits": 4,
}
