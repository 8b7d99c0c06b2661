"""Backprop by hand with explicit loops, wrong and right, and what `mg.compare` says of both.

The hand-written code does not use microgradnp. The forward pass is written once more on Tensors, and its graph gives the
gradients to compare with. The mistake: the slope of the sigmoid is taken at the activation instead of the pre-activation, so that
sigmoid is applied twice.

    python examples/hand_written_backprop.py
"""

import math

import numpy as np

import microgradnp as mg


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def forward(x, W1, b1, W2, b2):
    """Activations of the hidden layer and outputs of one sample, as lists."""
    h = [sigmoid(sum(x[i] * W1[i][j] for i in range(len(x))) + b1[j]) for j in range(len(b1))]
    y = [sum(h[j] * W2[j][k] for j in range(len(h))) + b2[k] for k in range(len(b2))]
    return h, y


def backprop(samples, targets, W1, b1, W2, b2, slope):
    """Gradients of 1/2 * SSE, summed over the samples, with explicit loops. `slope(h)` is the sigmoid's slope at h."""
    dW1, db1 = np.zeros(np.shape(W1)), np.zeros(len(b1))
    dW2, db2 = np.zeros(np.shape(W2)), np.zeros(len(b2))
    for x, t in zip(samples, targets, strict=True):
        h, y = forward(x, W1, b1, W2, b2)
        delta_output = [y[k] - t[k] for k in range(len(y))]
        for k in range(len(y)):
            db2[k] += delta_output[k]
            for j in range(len(h)):
                dW2[j][k] += h[j] * delta_output[k]
        for j in range(len(h)):
            delta_hidden = sum(W2[j][k] * delta_output[k] for k in range(len(y))) * slope(h[j])
            db1[j] += delta_hidden
            for i in range(len(x)):
                dW1[i][j] += x[i] * delta_hidden
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


rng = np.random.default_rng(0)
X, T = rng.normal(size=(6, 4)), rng.normal(size=(6, 2))
weights = [rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(3, 2)), rng.normal(size=2)]

wrong = backprop(X, T, *weights, slope=sigmoid_prime)  # sigmoid'(h), but h is sigmoid(z) already
right = backprop(X, T, *weights, slope=lambda h: h * (1 - h))  # sigmoid'(z), written with h = sigmoid(z)

W1, b1, W2, b2 = (mg.Tensor(w, requires_grad=True) for w in weights)
y = mg.sigmoid(X @ W1 + b1) @ W2 + b2
loss = 0.5 * mg.sse(y, T)

print("wrong:", mg.compare(loss, wrong), sep="\n")
print("\nright:", mg.compare(loss, right), sep="\n")

report = mg.compare(loss, wrong)
assert [entry.name for entry in report.entries if not entry.ok] == ["W1", "b1"]
assert mg.compare(loss, right).ok
