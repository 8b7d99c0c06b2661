"""anup44/lstm-from-scratch: an LSTM for batches with its four gates in one matrix, a dense layer after it, and weight decay.

As published the gates' gradients take the output of their own step for that of the step before.
"""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

DECAY = 0.001


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(X: Any, y: Any, W: Any, b: Any, V: Any, c: Any) -> Any:
    n = len(W) // 4
    h, state, total = np.zeros((len(X), n)), np.zeros((len(X), n)), 0.0
    for t in range(X.shape[1]):
        z = np.concatenate([h, X[:, t]], axis=1) @ W.T + b.reshape(4 * n)
        state = sigmoid(z[:, :n]) * state + sigmoid(z[:, n : 2 * n]) * np.tanh(z[:, 3 * n :])
        h = sigmoid(z[:, 2 * n : 3 * n]) * np.tanh(state)
        total = total + np.sum((h @ V.T + c - y[:, t]) ** 2)
    return total + 0.5 * DECAY * (np.sum(W**2) + np.sum(V**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    lstm = module.LSTM(3)(SimpleNamespace(out_dim=2))
    dense = module.Dense(2)(lstm)
    start = {"W": lstm.W, "b": lstm.b, "V": dense.W, "c": dense.b}
    start = {name: rng.normal(size=value.shape) for name, value in start.items()}
    lstm.W, lstm.b, dense.W, dense.b = (value.copy() for value in start.values())
    X, y = rng.normal(size=(2, 4, 2)), rng.normal(size=(2, 4, 2))

    def train(X, y):
        out = dense.forward(lstm.forward(X))
        dX, dV, dc = dense.backward(2 * (out - y))
        _, dW, db = lstm.backward(dX)
        return dW, db, dV, dc

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda result: dict(zip(start, result, strict=True)),
        (X, y),
        bind={"W": "lstm.W", "b": "lstm.b", "V": "dense.W", "c": "dense.b"},
    )


PROGRAMS = [
    Program(
        "anup44/lstm-from-scratch",
        "development_code/neural_network.py",
        build,
        (
            mistake(129, r" \+ self\.reg\*self\.W", "", "regularisation_term_wrong"),
            mistake(131, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(
                254,
                r"1 - np\.square\(np\.tanh\(self\.state\[:, t, :\]\)\)",
                "1 - np.square(self.state[:, t, :])",
                "derivative_of_activated_value",
                "wrong_activation_derivative",
            ),
            mistake(254, r"\+=", "=", "missing_path_through_time", "gradient_accumulated_across_steps"),
            mistake(255, r" \* self\.fg\[:, t, :\]", "", "missing_factor", "wrong_variable"),
            mistake(255, r"fg\[:, t, :\]", "fg[:, t - 1, :]", "wrong_time_index"),
            mistake(257, r"np\.tanh\(self\.state\[:, t, :\]\)", "self.state[:, t, :]", "wrong_variable", blame=(258,)),
            mistake(259, r"self\.pstate", "self.state", "wrong_variable", blame=(260,)),
            mistake(261, r"t - 1", "t", "wrong_time_index", blame=(262,)),
            mistake(263, r"1 - np\.square", "1 - ", "wrong_activation_derivative", blame=(264,)),
            mistake(266, r"\+=", "=", "upstream_gradient_dropped", blame=(267, 268, 269)),
            mistake(268, r"^ +\+ (.*)\\$", r"                            - \1\\", "sign_flipped", blame=(266, 267, 269)),
            mistake(277, r" \* \(1 - self\.ig\[:, t, :\]\)", "", "wrong_activation_derivative", "missing_factor"),
            mistake(282, r"dbf, dbi, dbo, dbc", "dbf, dbo, dbi, dbc", "wrong_index", "wrong_variable"),
            two(
                mistake(131, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(261, r"t - 1", "t", "wrong_time_index", blame=(262,)),
            ),
        ),
        harmless=(
            Edit(130, r"np\.sum\(.*\)\.T$", "dO @ self.W"),
            Edit(254, r"1 - np\.square\(np\.tanh\(self\.state\[:, t, :\]\)\)", "1 - np.tanh(self.state[:, t, :]) ** 2"),
        ),
        keep=((2, 2), (10, 288)),
        always=(Edit(1, r"^$", "from __future__ import annotations"),),
        mend=tuple(Edit(line, r"self\.out\[:, t, :\]", "self.out[:, t - 1, :]") for line in (258, 260, 262, 264)),
        published=("wrong_time_index",),
        root="development_code",
        backward={"development_code/neural_network.py": (253, 288)},
        group="last",
    )
]
