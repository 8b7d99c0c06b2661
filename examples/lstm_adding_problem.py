"""The adding problem: add up two marked numbers of a long sequence. An LSTM learns what to remember.

Each step has a random number and a mark. Two marks are 1. The answer is the sum of the two marked numbers. Always answering 1 has
the mean squared error 1/6. S. Hochreiter and J. Schmidhuber, "Long short-term memory" (1997), section 5.4.

python examples/lstm_adding_problem.py
"""

import numpy as np

import microgradnp as mg

STEPS = 40


def sequences(number, rng):
    """Numbers and marks (number, STEPS, 2), and the sums (number, 1). One mark is in each half."""
    values, marks = rng.random((number, STEPS)), np.zeros((number, STEPS))
    for low, high in ((0, STEPS // 2), (STEPS // 2, STEPS)):
        marks[np.arange(number), rng.integers(low, high, number)] = 1
    return np.stack([values, marks], axis=2), (values * marks).sum(axis=1, keepdims=True)


class Adder(mg.nn.Module):
    def __init__(self):
        self.memory = mg.nn.LSTM(2, 24, rng=0)
        self.sum = mg.nn.Linear(24, 1, rng=1)
        self.memory.b.data[24:48] = 1.0  # at first the gates forget little

    def forward(self, x):
        _, (h, _) = self.memory(x)
        return self.sum(h)


model, rng = Adder(), np.random.default_rng(2)
x_test, y_test = sequences(500, np.random.default_rng(3))
result = mg.fit(
    lambda x, y: mg.mse(model(x), y),
    model,
    lambda: (sequences(64, rng) for _ in range(700)),  # new data at every step
    optimizer=mg.optim.Adam(lr=1e-2),
    schedule=mg.optim.one_cycle(1e-2, 700),
    clip_norm=1.0,
    validation=(x_test, y_test),
    validation_every=100,
    progress=False,
)
answered = float(np.mean((y_test - 1) ** 2))
print("error on new sequences:", ", ".join(f"{error:.4f}" for error in result.history.validation))
print(f"always answering 1: {answered:.4f}")
assert result.history.validation[-1] < 0.02 < 0.1 < answered
