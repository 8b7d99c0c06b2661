"""A hand-written class with one wrong line. `mg.debug` runs it unchanged, names the line, and verifies a fix.

The hand-written code does not use microgradnp. `loss` is the same model, written once more in plain NumPy.

    python examples/find_the_wrong_line.py
    python -m microgradnp debug examples/find_the_wrong_line.py:net.fit --model examples/find_the_wrong_line.py:loss
"""

import numpy as np

import microgradnp as mg


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


class Network:
    def __init__(self, x, targets, hidden, rng):
        self.x, self.targets = x, targets
        self.W1 = rng.normal(size=(x.shape[1], hidden))
        self.W2 = rng.normal(size=(hidden, targets.shape[1]))

    def backprop(self):
        self.h = sigmoid(self.x @ self.W1)
        self.y = sigmoid(self.h @ self.W2)
        delta_y = (self.y - self.targets) * self.y * (1 - self.y)
        delta_h = (delta_y @ self.W2.T) * sigmoid_prime(self.h)
        return self.x.T @ delta_h, self.h.T @ delta_y

    def fit(self, epochs=1000, lr=0.5):
        for _ in range(epochs):
            grad_W1, grad_W2 = self.backprop()
            self.W1 -= lr * grad_W1
            self.W2 -= lr * grad_W2


def loss(x, targets, W1, W2):
    y = mg.sigmoid(mg.sigmoid(x @ W1) @ W2)
    return 0.5 * np.sum((y - targets) ** 2)


rng = np.random.default_rng(0)
net = Network(rng.normal(size=(8, 3)), rng.uniform(size=(8, 2)), hidden=4, rng=rng)

report = mg.debug(net.fit, loss, budget=30.0)  # seconds at most. It takes about one

if __name__ == "__main__":
    print(report)

assert not report.gradients["W1"].ok
assert report.gradients["W2"].ok
assert report.first_wrong.source.startswith("delta_h =")
assert report.first_wrong.cause == "derivative_of_activated_value"
