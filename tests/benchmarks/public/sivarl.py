"""sivarl/Logistic-and-Softmax-Regression-from-Scratch: softmax regression as functions and a loop of a notebook."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, W: Any, b: Any) -> Any:
    Z = X @ W + b
    return np.sum(np.log(np.sum(np.exp(Z), axis=1)) - np.sum(Y * Z, axis=1)) / len(X)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"W": rng.normal(size=(4, 3)), "b": rng.normal(size=3)}
    mine = {name: value.copy() for name, value in start.items()}
    X, Y = rng.normal(size=(7, 4)), np.eye(3)[rng.integers(0, 3, size=7)]
    return Call(
        module.program,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {name: mine[name] - then for name, then in start.items()},
        (X, Y, mine["W"], mine["b"], 0.1),
        {"num_iterations": 3},
        bind={name: name for name in start},
        once={"num_iterations": 1},
    )


PROGRAMS = [
    Program(
        "sivarl/Logistic-and-Softmax-Regression-from-Scratch",
        "notebooks/02_Softmax_regression_from_scratch.ipynb",
        build,
        (
            mistake(
                39, r"P - Y", "(P - Y) * P * (1 - P)", "loss_derivative_wrong", "extra_factor", "wrong_activation_derivative"
            ),
            mistake(40, r" / m", "", "batch_scale_1_over_N"),
            mistake(40, r"@ dZ", "@ P", "wrong_variable", "loss_derivative_wrong"),
            mistake(41, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(41, r", axis=0", "", "bias_gradient_reduction"),
            mistake(61, r"-=", "+=", "sign_flipped"),
            mistake(20, r"axis=1, keepdims=True", "axis=0, keepdims=True", "softmax_jacobian_wrong", "loss_derivative_wrong"),
            two(
                mistake(40, r" / m", "", "batch_scale_1_over_N"),
                mistake(62, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(Edit(41, r"np\.sum\(dZ, axis=0\) / m", "dZ.mean(axis=0)"), Edit(40, r"X\.T @ dZ", "np.dot(dZ.T, X).T")),
        keep=((1, 1), (17, 20), (26, 29), (37, 42), (55, 62)),
        head="def program(X, Y, W, b, lr, num_iterations):",
        always=tuple(Edit(line, r"loss.*$", "pass") for line in (57, 58)),
        backward={"notebooks/02_Softmax_regression_from_scratch.ipynb": (38, 42)},
        group="fresh",
    )
]
