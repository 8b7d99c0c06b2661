"""Bilal-gul/Softmax-Regression-From-Scratch: softmax regression for types of forest cover; the error is target minus
probability.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X_train: Any, one_hot: Any, weights: Any, bias: Any) -> Any:
    o = X_train @ weights + bias
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * one_hot, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.softmaxRegression(0.1, 1)
    X_train, one_hot = rng.normal(size=(7, 4)), np.eye(3)[[0, 2, 1, 1, 0, 2, 0]]
    return Call(
        model.fit,
        loss,
        {"X_train": X_train, "one_hot": one_hot, "weights": np.zeros((4, 3)), "bias": np.zeros((1, 3))},
        lambda _: {"weights": model.weights, "bias": model.bias},
        (X_train, one_hot),
        bind={"weights": "self.weights", "bias": "self.bias"},
    )


MISTAKES = (
    mistake(60, r"one_hot - probability_matrix", "one_hot * (1 - probability_matrix)", "loss_derivative_wrong"),
    mistake(60, r"one_hot - probability_matrix", "one_hot", "loss_derivative_wrong"),
    mistake(60, r"probability_matrix", "probability_matrix ** 2", "loss_derivative_wrong"),
    mistake(60, r"one_hot -", "one_hot +", "sign_flipped", "loss_derivative_wrong"),
    mistake(60, r"probability_matrix", "basic_matrix_QTx", "loss_derivative_wrong", "wrong_variable"),
    mistake(62, r"X_train\.T", "np.abs(X_train).T", "wrong_activation_in_weight_gradient"),
    mistake(62, r",error_matrix", ",np.sign(error_matrix)", "upstream_gradient_dropped", "loss_derivative_wrong"),
    mistake(62, r"/m", "/n", "batch_scale_1_over_N", "wrong_variable"),
    mistake(62, r"/m", "", "batch_scale_1_over_N"),
    mistake(64, r"\+=", "-=", "sign_flipped"),
    mistake(64, r"gradient", "(gradient - gradient.mean())**2", "extra_factor"),
    mistake(65, r"error_matrix", "one_hot", "wrong_variable"),
    mistake(65, r" / m", "", "batch_scale_1_over_N"),
    mistake(65, r"np\.sum\(error_matrix,axis=0,keepdims=True\)", "error_matrix[1:2]", "bias_gradient_reduction", "wrong_index"),
)
PROGRAMS = [
    Program(
        "Bilal-gul/Softmax-Regression-From-Scratch",
        "CoverType Prediction ai/model/softmax_regression_model.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[13]), two(MISTAKES[2], MISTAKES[8])),
        harmless=(
            Edit(62, r"np\.dot\(X_train\.T,error_matrix\)/m", "X_train.T @ (error_matrix / m)"),
            Edit(65, r"np\.sum\(error_matrix,axis=0,keepdims=True\) / m", "error_matrix.mean(axis=0, keepdims=True)"),
        ),
        root="CoverType Prediction ai",
        stubs={
            "matplotlib/__init__.py": "",
            "matplotlib/pyplot.py": "",
            "model/__init__.py": "",
            "model/preprocessing.py": "normalize_train = None\n",
        },
        backward={"CoverType Prediction ai/model/softmax_regression_model.py": (56, 65)},
        group="tenth",
    )
]
