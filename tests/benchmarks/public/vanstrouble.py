"""vanstrouble/svm-from-scratch: a linear support vector machine with a subtracted bias, one example at a time.

As published the margin's condition does not multiply the bias by the label.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

LAMBDA = 0.4


def loss(X_train: Any, y_train: Any, weights: Any, bias: Any) -> Any:
    y = np.where(y_train <= 0, -1, 1)[0]
    return LAMBDA * np.sum(weights**2) + np.maximum(0, 1 - y * (np.sum(weights * X_train[0]) - bias))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    svm = module.SVM(learning_rate=0.1, lambda_param=LAMBDA, n_iters=1)
    svm.bias = -1.5
    X_train, y_train, weights = 3 * rng.normal(size=(1, 4)), np.array([0]), 0.01 * rng.normal(size=4)
    svm.start = weights.copy()
    return Call(
        svm.fit,
        loss,
        {"X_train": X_train, "y_train": y_train, "weights": weights, "bias": -1.5},
        lambda _: {"weights": svm.weights - weights, "bias": svm.bias + 1.5},
        (X_train, y_train),
        bind={"weights": "self.start", "bias": "self.bias", "X_train": "X_train", "y_train": "y_train"},
    )


MISTAKES = (
    mistake(18, r"-1, 1", "0, 1", "loss_derivative_wrong", "upstream_gradient_dropped"),
    mistake(18, r"-1, 1", "1, -1", "sign_flipped"),
    mistake(24, r">= 1", "<= 1", "relu_mask_wrong", "loss_derivative_wrong"),
    mistake(24, r">= 1", ">= -3 - 0 * self.bias", "relu_mask_wrong", "loss_derivative_wrong"),
    mistake(28, r"weights -=", "weights +=", "sign_flipped"),
    mistake(29, r"2 \* ", "", "regularisation_term_wrong", "factor_2"),
    mistake(29, r"2 \* self\.lambda_param \* self\.weights", "self.lambda_param", "regularisation_term_wrong"),
    mistake(29, r"2 \* self\.lambda_param \* self\.weights - ", "-", "regularisation_term_wrong"),
    mistake(29, r"- np\.dot", "+ np.dot", "sign_flipped"),
    mistake(29, r"np\.dot\(y_\[index\], x_i\)", "x_i", "loss_derivative_wrong", "missing_factor"),
    mistake(29, r"x_i\)", "(x_i > 0))", "wrong_variable", "loss_derivative_wrong"),
    mistake(31, r"-=", "+=", "sign_flipped"),
    mistake(31, r"y_\[index\]", "y_[index] * self.bias", "extra_factor"),
    mistake(31, r"self\.lr \* y", "2 * self.lr * y", "factor_2", "extra_factor"),
    mistake(31, r"self\.bias.*$", "pass", "upstream_gradient_dropped"),
)
PROGRAMS = [
    Program(
        "vanstrouble/svm-from-scratch",
        "src/svm.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[11]), two(MISTAKES[9], MISTAKES[14])),
        harmless=(
            Edit(29, r"np\.dot\(y_\[index\], x_i\)", "y_[index] * x_i"),
            Edit(31, r"self\.bias -= self\.lr \* y_\[index\]", "self.bias = self.bias - y_[index] * self.lr"),
        ),
        keep=((1, 1), (9, 49)),
        mend=(
            Edit(
                24,
                r"y_\[index\] \* np\.dot\(self\.weights, x_i\) - self\.bias",
                "y_[index] * (np.dot(self.weights, x_i) - self.bias)",
            ),
        ),
        published=("relu_mask_wrong", "loss_derivative_wrong", "missing_factor"),
        always=(Edit(19, r"np\.random\.randn\(.*$", "self.start"),),  # drawn as published
        group="ninth",
    )
]
