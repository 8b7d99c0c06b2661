"""A character RNN, trained by hand with Adagrad. One matrix is wrong. The loss falls all the same, and so nobody notices.

python -m microgradnp debug examples/char_rnn_wrong.py:train --model examples/char_rnn_wrong.py:loss

The network is that of A. Karpathy's "The unreasonable effectiveness of recurrent neural networks" (2015), in code of our own.
"""

import codecs
import contextlib
import io

import numpy as np

with contextlib.redirect_stdout(io.StringIO()):
    import this
text = codecs.decode(this.s, "rot13")  # the Zen of Python
letters = sorted(set(text))
numbers = [letters.index(letter) for letter in text]
HIDDEN, LETTERS, STEPS, RATE = 32, len(letters), 8, 0.1


def one_hot(i):
    column = np.zeros((LETTERS, 1))
    column[i] = 1
    return column


def backprop(inputs, targets, h0, Wx, Wh, Wy, bh, by):
    """Loss, gradients and the last state of a piece of text."""
    h, p, loss = {-1: h0}, {}, 0.0
    for t in range(len(inputs)):
        h[t] = np.tanh(Wx @ one_hot(inputs[t]) + Wh @ h[t - 1] + bh)
        scores = Wy @ h[t] + by
        p[t] = np.exp(scores) / np.sum(np.exp(scores))
        loss -= np.log(p[t][targets[t], 0])
    dWx, dWh, dWy, dbh, dby = (np.zeros_like(a) for a in (Wx, Wh, Wy, bh, by))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(len(inputs))):
        dy = p[t] - one_hot(targets[t])
        dWy += dy @ h[t].T
        dby += dy
        dh = Wy.T @ dy + dh_next
        da = dh * (1 - h[t] ** 2)
        dWx += da @ one_hot(inputs[t]).T
        dWh += da @ h[t - 1].T
        dbh += da
        dh_next = Wh @ da
    return loss, (dWx, dWh, dWy, dbh, dby), h[len(inputs) - 1]


def train(steps=3):
    """Losses of a training with Adagrad."""
    rng = np.random.default_rng(0)
    shapes = [(HIDDEN, LETTERS), (HIDDEN, HIDDEN), (LETTERS, HIDDEN), (HIDDEN, 1), (LETTERS, 1)]
    Wx, Wh, Wy, bh, by = (0.1 * rng.normal(size=shape) for shape in shapes)
    memory = [np.zeros(shape) for shape in shapes]
    h, losses = np.zeros((HIDDEN, 1)), []
    for k in range(steps):
        at = k * STEPS % (len(text) - STEPS - 1)
        inputs, targets = numbers[at : at + STEPS], numbers[at + 1 : at + STEPS + 1]
        loss, gradients, h = backprop(inputs, targets, h, Wx, Wh, Wy, bh, by)
        losses.append(loss / STEPS)
        for weight, gradient, mem in zip((Wx, Wh, Wy, bh, by), gradients, memory, strict=True):
            np.clip(gradient, -5, 5, out=gradient)
            mem += gradient**2
            weight -= RATE * gradient / np.sqrt(mem + 1e-8)
    return losses


def loss(inputs, targets, h0, Wx, Wh, Wy, bh, by):
    """The same network once more, without its backprop."""
    h, total = h0, 0.0
    for i, j in zip(inputs, targets, strict=True):
        h = np.tanh(Wx[:, [i]] + Wh @ h + bh)
        scores = Wy @ h + by
        total += np.log(np.sum(np.exp(scores))) - scores[j, 0]
    return total


if __name__ == "__main__":
    losses = train(2000)
    print(f"loss a letter: {losses[0]:.2f} -> {np.mean(losses[-50:]):.2f}")
    assert 1.0 < np.mean(losses[-50:]) < 2.0
