"""Gustavo0623/numpy-mlp-from-scratch: a script, here one epoch as a function; binary cross-entropy, ReLU, examples in columns."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    z = w2 @ np.maximum(w1 @ x + b1, 0) + b2
    return np.mean(np.log(1 + np.exp(z)) - y * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    x, y = rng.uniform(size=(4, 7)), np.array([[0, 1, 1, 0, 1, 0, 0]])
    start = {
        "w1": rng.normal(size=(5, 4)),
        "b1": rng.normal(size=(5, 1)),
        "w2": rng.normal(size=(1, 5)),
        "b2": rng.normal(size=(1, 1)),
    }
    return Call(
        module.step,
        loss,
        {"x": x, "y": y, **start},
        lambda result: {name: new - start[name] for name, new in zip(start, result, strict=True)},
        (x, y, *(value.copy() for value in start.values())),
        {"m": 7, "learning_rate": 0.1},
        bind={name: name for name in start},
    )


MISTAKES = (
    mistake(67, r"a2 - y", "(a2 - y) * a2 * (1 - a2)", "extra_factor", "loss_derivative_wrong"),
    mistake(67, r"a2 - y", "z2 - y", "wrong_variable", "loss_derivative_wrong"),
    mistake(70, r"a1\.T", "z1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(70, r"\(1/m\) \* ", "", "batch_scale_1_over_N"),
    mistake(71, r"np\.sum\(dz2", "np.sum(a2", "wrong_variable", "loss_derivative_wrong"),
    mistake(71, r"\(1/m\) \* ", "", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(74, r" \* \(z1 > 0\)", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(74, r"z1 > 0", "z1 < 0", "relu_mask_wrong"),
    mistake(74, r"\(z1 > 0\)", "a1", "wrong_activation_derivative", "relu_mask_wrong"),
    mistake(74, r"w2\.T", "dw2.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(77, r"1/m", "1/(m - 1)", "batch_scale_1_over_N"),
    mistake(77, r"x\.T", "(x > 0.5).T", "wrong_activation_in_weight_gradient"),
    mistake(78, r", axis=1, keepdims=True", "", "bias_gradient_reduction"),
    mistake(81, r"-=", "+=", "sign_flipped"),
    mistake(84, r"db2", "db1[:1]", "wrong_variable"),
    mistake(83, r"dw2", "w2", "gradient_or_update_used_for_weight", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "Gustavo0623/numpy-mlp-from-scratch",
        "train.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[6]), two(MISTAKES[8], MISTAKES[14])),
        harmless=(
            Edit(71, r"\(1/m\) \* np\.sum\(dz2, axis=1, keepdims=True\)", "np.mean(dz2, axis=1, keepdims=True)"),
            Edit(74, r"z1 > 0", "a1 > 0"),
        ),
        keep=((1, 1), (32, 38), (51, 84)),
        head="def step(x, y, w1, b1, w2, b2, m, learning_rate):",
        foot="    return w1, b1, w2, b2",
        backward={"train.py": (66, 84)},
        group="ninth",
    )
]
