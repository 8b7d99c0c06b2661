"""XOR, learned by a network of two layers, with backprop by hand. One line is wrong; the network learns all the same, but worse.

python -m microgradnp debug examples/xor_by_hand.py --model examples/xor_by_hand.py:loss
"""

import numpy as np

rng = np.random.default_rng(1)
x = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
t = np.array([[0.0], [1], [1], [0]])
W, V = rng.uniform(-1, 1, (3, 4)), rng.uniform(-1, 1, (4, 1))

for _ in range(2000):
    h = 1 / (1 + np.exp(-(x @ W)))
    y = 1 / (1 + np.exp(-(h @ V)))
    delta_y = (y - t) * y * (1 - y)
    delta_h = delta_y @ V.T * (1 - h**2)
    V -= h.T @ delta_y
    W -= x.T @ delta_h


def loss(x, t, W, V):
    """The same network once more, without its backprop."""
    h = 1 / (1 + np.exp(-(x @ W)))
    y = 1 / (1 + np.exp(-(h @ V)))
    return 0.5 * np.sum((y - t) ** 2)


if __name__ == "__main__":
    error = loss(x, t, W, V)
    print(f"error {error:.4f}; with the mended line it is 0.0014")

assert 0.005 < loss(x, t, W, V) < 0.02
