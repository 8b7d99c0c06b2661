"""XOR: what one layer cannot learn, and two can.

python examples/xor.py
"""

import numpy as np

import microgradnp as mg

X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
targets = np.array([[0.0], [1], [1], [0]])


def trained(sizes):
    model = mg.nn.MLP(sizes, activation=mg.tanh, output=mg.sigmoid, rng=1)
    mg.fit(lambda x, t: mg.sse(model(x), t), model, (X, targets), optimizer=mg.optim.SGD(lr=1.0), iterations=3000)
    return model(X).numpy()


line = trained([2, 1])
layers = trained([2, 3, 1])
for x, t, one, two in zip(X, targets, line, layers, strict=True):
    print(f"{x[0]:.0f} xor {x[1]:.0f} = {t[0]:.0f}   one layer says {one[0]:.2f}, two layers say {two[0]:.2f}")

assert np.abs(line - targets).max() > 0.4
assert np.abs(layers - targets).max() < 0.1
