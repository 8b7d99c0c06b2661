"""Molarbo2004/svm-from-scratch: Russian comments; a linear support vector machine, one example at a time, bias as a weight."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X_train: Any, y_train: Any, weights: Any) -> Any:
    x, y = np.append(X_train[0], 1.0), np.where(y_train <= 0, -1, 1)[0]
    return 0.5 * 0.3 * np.sum(weights**2) + np.maximum(0, 1 - y * np.sum(weights * x))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    svm = module.ManuallySVM(lr=0.1, alpha=0.3, epochs=1)
    X_train, y_train, weights = rng.normal(size=(1, 4)), np.array([0]), 0.05 * rng.normal(size=5)
    svm.start = weights.copy()
    return Call(
        svm.fit,
        loss,
        {"X_train": X_train, "y_train": y_train, "weights": weights},
        lambda _: {"weights": np.append(svm.weights, svm.bias) - weights},
        (X_train, y_train),
        bind={"weights": "self.start", "X_train": "X_train", "y_train": "y_train"},
    )


MISTAKES = (
    mistake(28, r", -1, 1\)", ", 1, -1)", "sign_flipped"),
    mistake(28, r"-1, 1", "0, 1", "loss_derivative_wrong", "upstream_gradient_dropped"),
    mistake(45, r">= 1", "<= 1", "relu_mask_wrong", "loss_derivative_wrong"),
    mistake(45, r">= 1", ">= -1", "relu_mask_wrong", "loss_derivative_wrong"),
    mistake(49, r"self\.alpha \* self\.weights - ", "-", "regularisation_term_wrong"),
    mistake(49, r"self\.alpha \*", "2 * self.alpha *", "regularisation_term_wrong", "factor_2"),
    mistake(49, r"- y_i \* x_i", "+ y_i * x_i", "sign_flipped"),
    mistake(49, r"y_i \* x_i", "y_i * margin * x_i", "extra_factor", "loss_derivative_wrong"),
    mistake(49, r"y_i \* x_i", "x_i", "loss_derivative_wrong", "missing_factor"),
    mistake(49, r"y_i \* x_i", "y_i * (x_i > 0)", "wrong_variable", "loss_derivative_wrong"),
    mistake(49, r"self\.alpha \* self\.weights", "self.alpha * self.weights ** 2", "regularisation_term_wrong"),
    mistake(52, r"self\.lr \* grad", "self.lr * self.weights", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(52, r"self\.weights -= self\.lr", "self.weights = -self.lr", "gradient_or_update_used_for_weight"),
)
PROGRAMS = [
    Program(
        "Molarbo2004/svm-from-scratch",
        "src/manually_svm.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[7])),
        harmless=(
            Edit(49, r"self\.alpha \* self\.weights - y_i \* x_i", "-(y_i * x_i) + self.weights * self.alpha"),
            Edit(52, r"self\.weights -= self\.lr \* grad", "self.weights = self.weights - grad * self.lr"),
        ),
        always=(Edit(35, r"np\.random\.normal\(.*$", "self.start"),),  # drawn as published
        group="ninth",
    )
]
