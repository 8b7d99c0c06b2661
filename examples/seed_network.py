"""The network of the story: a stopping rule that fires on a plateau, and what training does without it.

One hidden layer of three sigmoid units, linear outputs, a bias unit of -1 in both layers, loss 1/2 * SSE. The gradient comes
from the graph, so there is no bug. What is left of the stall is due to the stopping rule.

    python examples/seed_network.py
"""

import numpy as np

import microgradnp as mg

rng = np.random.default_rng(4)
X = rng.uniform(size=(20, 7))  # (samples, inputs)
targets = rng.uniform(size=(20, 2))  # (samples, outputs)
model = mg.nn.MLP([7, 3, 2], bias="unit", rng=0)


def loss(x, t):
    return 0.5 * mg.sse(model(x), t)


def train(**options):
    return mg.fit(loss, model, (X, targets), optimizer=mg.optim.SGD(lr=1e-3), **options)


# "The sum of all squared gradient entries is below 0.1" means: the gradient norm is below the square root of 0.1.
first = train(iterations=100_000, stop=mg.GradientNorm(0.1**0.5))
print(f"stopped:    {first}")

onwards = train(iterations=20_000)
print(f"trained on: {onwards}")

assert "fell under" in first.reason
assert first.history.gradient_norm[-1] < 0.1**0.5
assert onwards.loss < 0.95 * first.loss, "the rule fired on a plateau: after it the loss still falls"
