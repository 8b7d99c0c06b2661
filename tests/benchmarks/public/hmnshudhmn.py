"""hmnshudhmn24/numpy-neural-net-xor-np: a script of one loop that learns XOR with two sigmoid layers, which adds its steps."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["wh", "bh", "wo", "bo"]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(X: Any, y: Any, wh: Any, bh: Any, wo: Any, bo: Any) -> Any:
    return 0.5 * np.sum((y - sigmoid(sigmoid(X @ wh + bh) @ wo + bo)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    X, y = rng.normal(size=(6, 3)), rng.uniform(size=(6, 2))
    start = {"wh": rng.normal(size=(3, 4)), "bh": rng.normal(size=(1, 4)), "wo": rng.normal(size=(4, 2))}
    start["bo"] = rng.normal(size=(1, 2))
    return Call(
        module.train,
        loss,
        {"X": X, "y": y, **start},
        lambda result: {name: value - start[name] for name, value in zip(NAMES, result, strict=True)},
        (X, y, *(value.copy() for value in start.values())),
        {"epochs": 3, "learning_rate": 0.1},
        bind={name: name for name in NAMES},
        once={"epochs": 1},
    )


PROGRAMS = [
    Program(
        "hmnshudhmn24/numpy-neural-net-xor-np",
        "main.py",
        build,
        (
            mistake(9, r"x \* \(1 - x\)", "sigmoid(x) * (1 - sigmoid(x))", "derivative_of_activated_value"),
            mistake(52, r"error \* sigmoid_derivative\(ao\)", "error", "missing_activation_derivative"),
            mistake(52, r"sigmoid_derivative\(ao\)", "sigmoid_derivative(zo)", "derivative_at_wrong_point", "wrong_variable"),
            mistake(54, r"d_output", "error", "missing_activation_derivative", "wrong_variable"),
            mistake(55, r"sigmoid_derivative\(ah\)", "sigmoid_derivative(zh)", "derivative_at_wrong_point", "wrong_variable"),
            mistake(58, r"ah\.T", "zh.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(59, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(60, r"\+=", "-=", "sign_flipped"),
            mistake(61, r"d_hidden", "error_hidden", "missing_activation_derivative", "wrong_variable"),
            two(
                mistake(52, r"error \* sigmoid_derivative\(ao\)", "error", "missing_activation_derivative"),
                mistake(61, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(54, r"d_output\.dot\(wo\.T\)", "np.dot(d_output, wo.T)"),
            Edit(51, r"y - ao", "2 * (y - ao)"),
        ),
        keep=((1, 9), (42, 61)),
        head="def train(X, y, wh, bh, wo, bo, epochs, learning_rate):",
        foot="return wh, bh, wo, bo",
        group="last",
    )
]
