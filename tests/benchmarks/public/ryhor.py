"""ryhor-abramovich/numpy-logistic-regression-from-scratch: the gradients of logistic regression with weight decay, a notebook."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, w: Any, b: Any) -> Any:
    z = X @ w + b
    return np.mean(np.log(1 + np.exp(z)) - y * z) + 0.35 / 7 * np.sum(w**2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    X, y, w, b = rng.normal(size=(7, 4)), np.array([0.0, 1, 1, 0, 1, 0, 1]), rng.normal(size=4), 0.3

    def train(X, y, w, b):
        y_pred = module.sigmoid(X @ w + b)
        return module.compute_gradients(X, y, y_pred, w, 0.7)

    return Call(train, loss, {"X": X, "y": y, "w": w, "b": b}, lambda result: {"w": result[0], "b": result[1]}, (X, y, w, b))


MISTAKES = (
    mistake(18, r"y_pred - y_true", "y_true - y_pred", "sign_flipped"),
    mistake(18, r" \+ alpha \* w", "", "regularisation_term_wrong"),
    mistake(18, r"alpha \* w", "alpha", "regularisation_term_wrong", "missing_factor"),
    mistake(18, r" \+ alpha", " - alpha", "regularisation_term_wrong", "sign_flipped"),
    mistake(18, r" / y_true\.shape\[0\]", "", "batch_scale_1_over_N"),
    mistake(18, r"\(X\.T @ \(y_pred - y_true\) \+ alpha \* w\) / y_true\.shape\[0\]",
            "X.T @ (y_pred - y_true) / y_true.shape[0] + alpha * w", "regularisation_term_wrong", "batch_scale_1_over_N"),
    mistake(18, r"\(y_pred - y_true\)", "((y_pred - y_true) * y_pred * (1 - y_pred))", "extra_factor", "loss_derivative_wrong"),
    mistake(19, r" / y_true\.shape\[0\]", "", "batch_scale_1_over_N", "bias_gradient_reduction"),
    mistake(19, r"\(y_pred - y_true\)", "y_pred", "loss_derivative_wrong"),
    mistake(19, r"y_pred - y_true", "y_true - y_pred", "sign_flipped"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "ryhor-abramovich/numpy-logistic-regression-from-scratch",
        "np_log_regression.ipynb",
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[7]), two(MISTAKES[3], MISTAKES[9])),
        harmless=(
            Edit(19, r"\(y_pred - y_true\)\.sum\(\) / y_true\.shape\[0\]", "np.mean(y_pred - y_true)"),
            Edit(18, r"X\.T @ \(y_pred - y_true\)", "np.dot(y_pred - y_true, X)"),
        ),
        keep=((2, 2), (7, 34)),
        backward={"np_log_regression.ipynb": (18, 19)},
        group="eleventh",
    )
]
