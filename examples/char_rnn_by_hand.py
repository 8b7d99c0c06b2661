"""Backpropagation through time by hand: a character network of one hidden state, checked with `mg.debug`, then by the graph.

The network is that of A. Karpathy's "The unreasonable effectiveness of recurrent neural networks" (2015): a letter moves the
hidden state, and the state gives scores for the next letter. Three trainings are compared: by hand, with the gradients of the
graph, and with the compiled graph.

python examples/char_rnn_by_hand.py
"""

import contextlib
import io
import time

import numpy as np

import microgradnp as mg

with contextlib.redirect_stdout(io.StringIO()) as printed:
    import this  # noqa: F401  (prints the text)
text = printed.getvalue()
letters = sorted(set(text))
numbers = np.array([letters.index(letter) for letter in text])
UNITS, STEPS, RATE = 48, 20, 0.1


def start():
    """Initial weights: of the letter, of the state, of the scores, and two biases."""
    rng = np.random.default_rng(0)
    n = len(letters)
    shapes = {"W": (n, UNITS), "U": (UNITS, UNITS), "V": (UNITS, n), "b": (UNITS,), "c": (n,)}
    return {name: 0.1 * rng.normal(size=shape) for name, shape in shapes.items()}


def by_hand(seen, wanted, h0, W, U, V, b, c):
    """Loss, gradients and the last state. `seen` and `wanted` hold one letter a row, with a 1 at its number."""
    h, p, loss = {-1: h0}, {}, 0.0
    for t in range(len(seen)):
        h[t] = np.tanh(seen[t] @ W + h[t - 1] @ U + b)
        scores = h[t] @ V + c
        p[t] = np.exp(scores - scores.max())
        p[t] = p[t] / p[t].sum()
        loss = loss - np.log(p[t] @ wanted[t])
    dW, dU, dV, db, dc = (np.zeros_like(a) for a in (W, U, V, b, c))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(len(seen))):
        dscores = p[t] - wanted[t]
        dV += np.outer(h[t], dscores)
        dc += dscores
        dh = dscores @ V.T + dh_next
        da = dh * (1 - h[t] * h[t])
        dW += np.outer(seen[t], da)
        dU += np.outer(h[t - 1], da)
        db += da
        dh_next = da @ U.T
    return loss, dW, dU, dV, db, dc, h[len(seen) - 1]


def model(seen, wanted, h0, W, U, V, b, c):
    """The same network once more, without its backprop."""
    h, loss = h0, 0.0
    for t in range(len(seen)):
        h = np.tanh(seen[t] @ W + h @ U + b)
        loss = loss + mg.cross_entropy(h @ V + c, wanted[t], "sum")
    return loss


def batch(k):
    """The letters of step k, and those that follow them, as rows with one 1."""
    at = (k * STEPS) % (len(text) - STEPS - 1)
    rows = mg.one_hot(numbers[at : at + STEPS + 1], len(letters))
    return rows[:-1], rows[1:]


seen, wanted = batch(0)
weights = start()
report = mg.debug(by_hand, model, args=(seen[:4], wanted[:4], np.zeros(UNITS), *weights.values()), budget=20.0)
print(str(report).splitlines()[0])


def trained(gradients, steps=300):
    """The losses of a training with Adagrad, and the seconds for a step. `gradients` returns the loss and the gradients."""
    weights, memory, losses = start(), {}, []
    began = time.perf_counter()
    for k in range(steps):
        seen, wanted = batch(k)
        loss, *slopes = gradients(seen, wanted, np.zeros(UNITS), *weights.values())
        losses.append(float(loss))
        for name, slope in zip(weights, slopes, strict=True):
            slope = np.clip(slope, -5, 5)
            memory[name] = memory.get(name, 0) + slope * slope
            weights[name] = weights[name] - RATE * slope / np.sqrt(memory[name] + 1e-8)
    return losses, (time.perf_counter() - began) / steps


positions = tuple(range(3, 8))
graph = mg.value_and_grad(model, positions)
compiled = mg.compile(model, wrt=positions)
compiled(*batch(0), np.zeros(UNITS), *start().values())  # compiles
hand, hand_time = trained(lambda *args: by_hand(*args)[:-1])
ways = {"by hand": (hand, hand_time)}
for name, function in (("graph", graph), ("compiled", compiled)):
    ways[name] = trained(lambda *args, f=function: (lambda value, slopes: (value, *slopes))(*f(*args)))
for name, (losses, seconds) in ways.items():
    print(
        f"{name:9s} {1e3 * seconds:5.2f} ms a step, loss a letter {losses[0] / STEPS:.2f} -> {np.mean(losses[-40:]) / STEPS:.2f}"
    )

assert report.ok
for losses, _ in ways.values():
    np.testing.assert_allclose(losses, hand, rtol=1e-6)
assert np.mean(hand[-40:]) < 0.7 * hand[0]
