"""pretto0/Numpy-NN: Chinese comments; the well-known digit network, columns, with weight decay; gradients in a dictionary."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W_1: Any, W_2: Any, b_1: Any, b_2: Any, lam: Any) -> Any:
    z = W_2 @ np.maximum(W_1 @ x + b_1, 0) + b_2
    data = np.sum(np.log(np.sum(np.exp(z), axis=0)) - np.sum(z * y, axis=0)) / x.shape[1]
    return data + lam / 2 * (np.sum(W_1**2) + np.sum(W_2**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {
        "W_1": rng.normal(size=(5, 4)),
        "W_2": rng.normal(size=(3, 5)),
        "b_1": rng.normal(size=(5, 1)),
        "b_2": rng.normal(size=(3, 1)),
    }
    x, y = rng.normal(size=(4, 6)), np.eye(3)[rng.integers(0, 3, size=6)].T

    def train(x, y, W_1, W_2, b_1, b_2, lam):
        yhat, a_1 = module.forward_propagation(W_1, W_2, b_1, b_2, x)
        grads = module.back_propagation(x, y, yhat, a_1, W_1, W_2, x.shape[1], lam)
        return module.optimizeGD(W_1, W_2, b_1, b_2, 0.1, grads)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start, "lam": 0.2},
        lambda result: {name: new - start[name] for name, new in zip(start, result, strict=True)},
        (x, y, *(value.copy() for value in start.values()), 0.2),
        bind={name: name for name in start},
    )


MISTAKES = (
    mistake(62, r"\(1 / N\) \* ", "", "batch_scale_1_over_N"),
    mistake(62, r"yhat - y", "yhat - 1", "loss_derivative_wrong", "wrong_variable"),
    mistake(64, r"\+ lam \* W_2", "- lam * W_2", "sign_flipped", "regularisation_term_wrong"),
    mistake(64, r"a_1\.T", "(a_1 > 0).T", "wrong_activation_in_weight_gradient"),
    mistake(64, r"lam \* W_2", "lam / N * W_2", "regularisation_term_wrong", "batch_scale_1_over_N"),
    mistake(65, r"dZ_2\.sum", "dZ_2.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(66, r" \* \(a_1 > 0\)", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(66, r"a_1 > 0", "a_1 <= 0", "relu_mask_wrong"),
    mistake(66, r"W_2\.T, dZ_2", "W_2.T, yhat", "wrong_variable", "loss_derivative_wrong"),
    mistake(66, r"W_2\.T", "dW_2.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(67, r" \+ lam \* W_1", "", "regularisation_term_wrong"),
    mistake(67, r"x\.T", "np.abs(x).T", "wrong_activation_in_weight_gradient"),
    mistake(68, r"dZ_1\.sum\(axis=1, keepdims=True\)", "dZ_1.sum()", "bias_gradient_reduction"),
    mistake(51, r"W_1 - lr", "-lr", "gradient_or_update_used_for_weight"),
    mistake(53, r"grads\['db1'\]", "grads['db2'][:1]", "wrong_variable"),
    mistake(54, r"- lr", "+ lr", "sign_flipped"),
)
PROGRAMS = [
    Program(
        "pretto0/Numpy-NN",
        "NN-Numpy/train.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[6]), two(MISTAKES[9], MISTAKES[15])),
        harmless=(
            Edit(66, r"a_1 > 0", "np.sign(a_1)"),
            Edit(65, r"dZ_2\.sum\(axis=1, keepdims=True\)", "np.sum(dZ_2, 1)[:, None]"),
        ),
        keep=((1, 1), (17, 22), (49, 84)),
        backward={"NN-Numpy/train.py": (49, 73)},
        group="ninth",
    )
]
