"""dennybritz/nn-from-scratch: a whole training in one function, with the softmax's output changed in place."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

REG = 0.01


def loss(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = np.tanh(X @ W1 + b1) @ W2 + b2
    return np.sum(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(y)), y]) + REG / 2 * (np.sum(W1**2) + np.sum(W2**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    same = np.random.RandomState(0)
    W1 = same.randn(2, 4) / np.sqrt(2)
    W2 = same.randn(4, 2) / np.sqrt(4)
    point = {"W1": W1, "b1": np.zeros((1, 4)), "W2": W2, "b2": np.zeros((1, 2))}
    X, y = rng.normal(size=(8, 2)), rng.integers(0, 2, size=8)
    return Call(
        module.build_model,
        loss,
        {"X": X, "y": y, **point},
        lambda model: {name: model[name] - then for name, then in point.items()},
        (X, y, 4),
        once={"num_passes": 1},
    )


PROGRAMS = [
    Program(
        "dennybritz/nn-from-scratch",
        "ann_classification.py",
        build,
        (
            mistake(101, r"-= 1", "-= 2", "loss_derivative_wrong", "factor_2"),
            mistake(103, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(104, r"np\.power\(a1, 2\)", "a1", "wrong_activation_derivative"),
            mistake(104, r"np\.power\(a1, 2\)", "np.power(z1, 2)", "derivative_at_wrong_point", "wrong_activation_derivative"),
            mistake(104, r" \* \(1 - np.*$", "", "missing_activation_derivative"),
            mistake(104, r"W2\.T", "dW2.T", "gradient_or_update_used_for_weight"),
            mistake(109, r"\+=", "-=", "regularisation_term_wrong", "sign_flipped"),
            mistake(110, r"dW1 \+=.*$", "pass", "regularisation_term_wrong"),
            two(
                mistake(104, r" \* \(1 - np.*$", "", "missing_activation_derivative"),
                mistake(109, r"\+=", "-=", "regularisation_term_wrong", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(104, r"np\.power\(a1, 2\)", r"np.tanh(z1) ** 2"),
            Edit(103, r"np\.sum\(delta3, axis=0, keepdims=True\)", r"delta3.sum(0)[None]"),
        ),
        keep=((2, 2), (7, 12), (77, 126)),
        group="tuned",
    )
]
