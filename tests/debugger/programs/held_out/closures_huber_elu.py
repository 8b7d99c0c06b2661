"""Every layer is a closure that returns its output and the way back; elu, the Huber loss, an l1 penalty, momentum in a list."""

import numpy as np


def affine(inp, weight, offset):
    def back(d):
        return d @ weight.T, inp.T @ d, d.sum(axis=0)

    return inp @ weight + offset, back


def elu(inp, alpha=1.0):
    out = np.where(inp > 0, inp, alpha * (np.exp(np.minimum(inp, 0)) - 1))

    def back(d):
        return d * np.where(inp > 0, 1.0, out + alpha)

    return out, back


def huber(guess, truth, knee):
    residual = guess - truth
    small = np.abs(residual) <= knee
    value = np.where(small, 0.5 * residual**2, knee * (np.abs(residual) - 0.5 * knee)).mean()

    def back():
        return np.where(small, residual, knee * np.sign(residual)) / residual.size

    return value, back


def train(features, truth, weights, offsets, knee=0.7, sparsity=0.02, rate=0.05, friction=0.9, n_sweeps=5):
    speed_w = [np.zeros_like(w) for w in weights]
    speed_o = [np.zeros_like(o) for o in offsets]
    curve = []
    for sweep in range(n_sweeps):
        tape, signal = [], features
        for depth, (w, o) in enumerate(zip(weights, offsets)):
            signal, undo = affine(signal, w, o)
            tape.append(undo)
            if depth < len(weights) - 1:
                signal, undo = elu(signal)
                tape.append(undo)
        value, undo_loss = huber(signal, truth, knee)
        curve.append(value + sparsity * sum(np.abs(w).sum() for w in weights))
        flow, gw, go = undo_loss(), [], []
        while tape:
            undo = tape.pop()
            result = undo(flow)
            if isinstance(result, tuple):
                flow, w_part, o_part = result
                gw.append(w_part)
                go.append(o_part)
            else:
                flow = result
        for depth, (w_part, o_part) in enumerate(zip(reversed(gw), reversed(go))):
            speed_w[depth] = friction * speed_w[depth] - rate * (w_part + sparsity * np.sign(weights[depth]))
            speed_o[depth] = friction * speed_o[depth] - rate * o_part
            weights[depth] = weights[depth] + speed_w[depth]
            offsets[depth] = offsets[depth] + speed_o[depth]
    return curve


def loss(features, truth, w0, o0, w1, o1, w2, o2):
    a = features @ w0 + o0
    a = np.where(a > 0, a, np.exp(np.minimum(a, 0)) - 1)
    a = a @ w1 + o1
    a = np.where(a > 0, a, np.exp(np.minimum(a, 0)) - 1)
    r = np.abs(a @ w2 + o2 - truth)
    penalty = np.sum(np.abs(w0)) + np.sum(np.abs(w1)) + np.sum(np.abs(w2))
    return np.mean(np.where(r <= 0.7, 0.5 * r**2, 0.7 * r - 0.245)) + 0.02 * penalty


BIND = {f"w{k}": f"weights[{k}]" for k in range(3)} | {f"o{k}": f"offsets[{k}]" for k in range(3)}


def make(rng):
    weights = [rng.normal(size=s) * 0.7 for s in ((3, 5), (5, 4), (4, 2))]
    offsets = [rng.normal(size=n) * 0.3 for n in (5, 4, 2)]
    return (rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), weights, offsets), {}


PROOF = {"steps": "n_sweeps", "after": "w0 o0 w1 o1 w2 o2"}
