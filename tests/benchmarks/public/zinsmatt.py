"""zinsmatt/Neural-Network-Numpy: two layers as a class that keeps its gradients, columns of hidden units, rows of samples."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    p = 1 / (1 + np.exp(-(W2 @ np.tanh(W1 @ X.T + b1) + b2)))
    return -np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p)) / len(X)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.Neural_Network(3, 5, 2)
    X, Y = rng.normal(size=(8, 3)), rng.integers(0, 2, size=(2, 8)).astype(float)
    start = {}
    for name in ("W1", "b1", "W2", "b2"):
        start[name] = rng.normal(size=getattr(net, name).shape)
        setattr(net, name, start[name].copy())
    return Call(
        net.train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {name: getattr(net, name) - then for name, then in start.items()},
        (X, Y),
        {"epochs": 3, "learning_rate": 0.2},
        bind={name: f"self.{name}" for name in start},
        once={"epochs": 1},
    )


PROGRAMS = [
    Program(
        "zinsmatt/Neural-Network-Numpy",
        "neural-network.py",
        build,
        (
            mistake(
                90,
                r"self\.A2 - Y",
                "(self.A2 - Y) * self.A2 * (1 - self.A2)",
                "loss_derivative_wrong",
                "wrong_activation_derivative",
                "extra_factor",
            ),
            mistake(91, r"\(1 / m\) \* ", "", "batch_scale_1_over_N"),
            mistake(91, r"A1\.T", "Z1.T", "wrong_activation_in_weight_gradient"),
            mistake(92, r"np\.sum", "np.mean", "batch_scale_1_over_N", "bias_gradient_reduction"),
            mistake(93, r"self\.A1, 2", "self.Z1, 2", "derivative_at_wrong_point", "wrong_activation_derivative"),
            mistake(93, r"1 - np\.power\(self\.A1, 2\)", "self.A1 * (1 - self.A1)", "wrong_activation_derivative"),
            mistake(93, r"self\.W2\.T", "(self.W2 - 0.2 * self.dW2).T", "updated_weights_used"),
            mistake(107, r"db1", "db1 * m", "batch_scale_1_over_N", blame=(95,)),
            two(
                mistake(92, r"np\.sum", "np.mean", "batch_scale_1_over_N", "bias_gradient_reduction"),
                mistake(93, r", 1 - .*\)$", ", 1)", "missing_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(93, r"1 - np\.power\(self\.A1, 2\)", "(1 - self.A1) * (1 + self.A1)"),
            Edit(90, r"self\.A2 - Y", "(self.A2 - Y) * 2"),
            Edit(94, r"\(1 / m\) \* np\.dot\(self\.dZ1, X\)", "np.dot(X.T, self.dZ1.T).T / m"),
        ),
        keep=((9, 9), (27, 28), (67, 117)),
        backward={"neural-network.py": (89, 95)},
        group="fresh",
    )
]
