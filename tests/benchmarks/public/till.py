"""till2/Backpropagation-from-Scratch: a notebook with a function for the gradient of each weight, one column a step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, W2: Any) -> Any:
    return 0.5 * np.sum((y - W2 @ (1 / (1 + np.exp(-(W1 @ x))))) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"W1": rng.normal(size=(4, 3)), "W2": rng.normal(size=(2, 4))}
    x, y = rng.normal(size=(3, 1)), rng.normal(size=(2, 1))

    def train(x, y, W1, W2, stepsize):
        out = module.forward(x, W1, W2)
        return module.update_weights(x, y, out, W1, W2, stepsize)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda result: {name: new - start[name] for name, new in zip(start, result, strict=True)},
        (x, y, *(value.copy() for value in start.values()), 0.05),
    )


PROGRAMS = [
    Program(
        "till2/Backpropagation-from-Scratch",
        "Backprop-from-Scratch.ipynb",
        build,
        (
            mistake(47, r"sigmoid\(np\.dot\(W1, x\)\)", "np.dot(W1, x)", "wrong_activation_in_weight_gradient"),
            mistake(48, r"-y \+ out", "y - out", "sign_flipped", "loss_derivative_wrong"),
            mistake(56, r"-y \+ out", "out", "loss_derivative_wrong"),
            mistake(59, r"1 - sigmoid\(z\)", "1 - z", "derivative_at_wrong_point", "wrong_activation_derivative"),
            mistake(59, r" \* \(1 - sigmoid\(z\)\)", "", "missing_factor", "wrong_activation_derivative"),
            mistake(61, r" \* c", "", "missing_activation_derivative"),
            mistake(68, r"- stepsize", "+ stepsize", "sign_flipped"),
            mistake(69, r", W1\)", ", new_W1)", "updated_weights_used"),
            two(
                mistake(47, r"sigmoid\(np\.dot\(W1, x\)\)", "np.dot(W1, x)", "wrong_activation_in_weight_gradient"),
                mistake(61, r" \* c", "", "missing_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(63, r"d \* x\.T", "np.outer(d, x)"),
            Edit(59, r"sigmoid\(z\) \* \(1 - sigmoid\(z\)\)", "np.exp(-z) / (1 + np.exp(-z)) ** 2"),
        ),
        keep=((1, 1), (5, 6), (27, 32), (46, 49), (53, 64), (67, 70)),
        backward={"Backprop-from-Scratch.ipynb": (46, 70)},
        group="fresh",
    )
]
