"""sobitkarki1/nn-numpy: the well-known digit network with ReLU and softmax, typed; the loss of one step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    Z = W2 @ np.maximum(W1 @ X + b1, 0) + b2
    return np.mean(np.log(np.sum(np.exp(Z), axis=0)) - Z[Y, np.arange(Y.size)])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    X, Y = rng.normal(size=(4, 6)), np.array([0, 2, 1, 1, 0, 2])
    start = {
        "W1": rng.normal(size=(5, 4)),
        "b1": rng.normal(size=(5, 1)),
        "W2": rng.normal(size=(3, 5)),
        "b2": rng.normal(size=(3, 1)),
    }

    def train(X, Y, W1, b1, W2, b2):
        Z1, A1, Z2, A2 = module.forward_prop(W1, b1, W2, b2, X)
        dW1, db1, dW2, db2 = module.back_prop(Z1, A1, Z2, A2, W1, W2, X, Y, X.shape[1])
        return module.update_params(W1, b1, W2, b2, dW1, db1, dW2, db2, 0.1)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda result: {name: new - start[name] for name, new in zip(start, result, strict=True)},
        (X, Y, *(value.copy() for value in start.values())),
        bind={name: name for name in start},
    )


MISTAKES = (
    mistake(57, r"Z > 0", "Z < 0", "relu_mask_wrong"),
    mistake(57, r"Z > 0", "np.maximum(Z, 0)", "wrong_activation_derivative", "relu_mask_wrong"),
    mistake(61, r"A2 - one_hot_Y", "A2 * (1 - A2) * (A2 - one_hot_Y)", "extra_factor", "loss_derivative_wrong"),
    mistake(61, r"A2 - one_hot_Y", "Z2 - one_hot_Y", "wrong_variable", "loss_derivative_wrong"),
    mistake(62, r"A1\.T", "Z1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(62, r"1 / m_train \* ", "", "batch_scale_1_over_N"),
    mistake(63, r"np\.sum\(dZ2, axis=1, keepdims=True\)", "np.sum(dZ2)", "bias_gradient_reduction"),
    mistake(64, r" \* deriv_ReLU\(Z1\)", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(64, r"deriv_ReLU\(Z1\)", "ReLU(Z1)", "wrong_activation_derivative", "wrong_variable"),
    mistake(64, r"W2\.T\.dot\(dZ2\)", "W2.T.dot(A2)", "wrong_variable", "upstream_gradient_dropped"),
    mistake(65, r"m_train", "m_train ** 2", "batch_scale_1_over_N"),
    mistake(66, r"dZ1", "dZ2[:1]", "wrong_variable"),
    mistake(66, r"1 / m_train", "1 / 10", "batch_scale_1_over_N"),
    mistake(70, r"W1 - dW1", "W1 + dW1", "sign_flipped"),
    mistake(73, r"db2", "dW2.sum(axis=1, keepdims=True)", "wrong_variable", "bias_gradient_reduction"),
)
PROGRAMS = [
    Program(
        "sobitkarki1/nn-numpy",
        "main.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[7]), two(MISTAKES[0], MISTAKES[14])),
        harmless=(
            Edit(63, r"1 / m_train \* np\.sum\(dZ2, axis=1, keepdims=True\)", "np.mean(dZ2, axis=1, keepdims=True)"),
            Edit(64, r"W2\.T\.dot\(dZ2\) \* deriv_ReLU\(Z1\)", "np.where(Z1 > 0, W2.T @ dZ2, 0)"),
        ),
        keep=((1, 3), (28, 74)),
        stubs={"pandas.py": ANYTHING},
        backward={"main.py": (59, 74)},
        group="ninth",
    )
]
