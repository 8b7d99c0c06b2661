"""DrLankinen/numpy-neural-network: a script whose loop runs a column network of two sigmoid layers and a linear one; one
step of it.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, weight_1: Any, bias_1: Any, weight_2: Any, bias_2: Any, weight_3: Any, bias_3: Any) -> Any:
    a_1 = 1 / (1 + np.exp(-(weight_1 @ X + bias_1)))
    a_2 = 1 / (1 + np.exp(-(weight_2 @ a_1 + bias_2)))
    return np.mean((weight_3 @ a_2 + bias_3 - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    sizes = (2, 5, 4, 1)
    start = {}
    for k in (1, 2, 3):
        start[f"weight_{k}"] = rng.normal(size=(sizes[k], sizes[k - 1]))
        start[f"bias_{k}"] = rng.normal(size=(sizes[k], 1))
    X, y = rng.normal(size=(2, 3)), rng.normal(size=(1, 3))
    return Call(
        module.step,
        loss,
        {"X": X, "y": y, **start},
        lambda result: dict(zip(start, result, strict=True)),
        (X, y, *start.values(), 2, 3),
        bind={name: name for name in start},
    )


MISTAKES = (
    mistake(78, r"output - y", "(output - y) / y", "loss_derivative_wrong", "extra_factor"),
    mistake(78, r"output - y", "a_3 - np.mean(y)", "loss_derivative_wrong", "wrong_variable"),
    mistake(81, r"a_2", "z_2", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(84, r" / m", "", "batch_scale_1_over_N"),
    mistake(89, r" \* \(1 - sigmoid\(z_2\)\)", "", "wrong_activation_derivative", "missing_factor"),
    mistake(89, r"1 - sigmoid\(z_2\)", "1 - z_2", "wrong_activation_derivative", "wrong_variable"),
    mistake(92, r"a_1", "sigmoid(a_1)", "wrong_activation_in_weight_gradient", "derivative_at_wrong_point"),
    mistake(92, r"/ m", "/ n", "batch_scale_1_over_N", "wrong_variable"),
    mistake(95, r"np\.sum\(dZ_2, axis=1, keepdims=True\)", "np.full((4, 1), np.sum(dZ_2))", "bias_gradient_reduction"),
    mistake(100, r"sigmoid\(z_1\) \* \(1 - sigmoid\(z_1\)\)", "a_1", "wrong_activation_derivative"),
    mistake(100, r"sigmoid\(z_1\) \*", "sigmoid(a_1) *", "derivative_at_wrong_point", "derivative_of_activated_value"),
    mistake(100, r"dZ_2", "np.abs(dZ_2)", "sign_flipped"),
    mistake(103, r"dZ_1 @", "(weight_2.T @ dZ_2) @", "missing_activation_derivative"),
    mistake(106, r"dZ_1", "z_1", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "DrLankinen/numpy-neural-network",
        "main.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[9]), two(MISTAKES[6], MISTAKES[13])),
        harmless=(
            Edit(89, r"sigmoid\(z_2\) \* \(1 - sigmoid\(z_2\)\)", "(a_2 - a_2 ** 2)"),
            Edit(106, r"np\.sum\(dZ_1, axis=1, keepdims=True\) / m", "dZ_1.mean(axis=1, keepdims=True)"),
        ),
        keep=((1, 1), (7, 8), (42, 107)),
        always=(Edit(45, r"10", "1"),),
        head="def step(X, y, weight_1, bias_1, weight_2, bias_2, weight_3, bias_3, n, m):",
        foot="return dW_1, db_1, dW_2, db_2, dW_3, db_3",
        backward={"main.py": (78, 107)},
        group="tenth",
    )
]
