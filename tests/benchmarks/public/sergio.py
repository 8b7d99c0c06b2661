"""SergioAlvarezB/ml-numpy: logistic regression with the intercept as a first weight; the gradient is a sum."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, w: Any) -> Any:
    z = X @ w[1:] + w[0]
    return np.sum(np.log(1 + np.exp(z)) - y * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model, w = module.LogisticRegression(3), rng.normal(size=4)
    model.w = w.copy()
    X, y = rng.normal(size=(7, 3)), np.array([0.0, 1, 1, 0, 1, 0, 1])

    def train(X, y):
        return model.fit(X, y, 0.1, 1)

    return Call(train, loss, {"X": X, "y": y, "w": w}, lambda _: {"w": model.w - w}, (X, y), bind={"w": "model.w"})


FILE = "models/logistic_regression.py"
MISTAKES = (
    mistake(75, r"y_hat - y", "y_hat - y / 2", "loss_derivative_wrong"),
    mistake(75, r"y_hat - y", "y_hat", "loss_derivative_wrong"),
    mistake(75, r"y_hat - y", "(y_hat - y) * y_hat * (1 - y_hat)", "extra_factor", "loss_derivative_wrong"),
    mistake(75, r"y_hat - y", "z - y", "wrong_variable", "loss_derivative_wrong"),
    mistake(75, r"y_hat - y", "np.around(y_hat) - y", "loss_derivative_wrong"),
    mistake(76, r"x\.T", "np.abs(x.T)", "wrong_activation_in_weight_gradient"),
    mistake(76, r"np\.matmul\(x\.T, dz\)", "x.T.sum(axis=1) * dz.sum()", "wrong_variable"),
    mistake(76, r"np\.matmul\(x\.T, dz\)", "np.matmul(x.T, dz) + self.w", "regularisation_term_wrong"),
    mistake(78, r"\*dw", "*self.w", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(5, r"-z", "-2*z", "wrong_activation_derivative", "extra_factor"),
)
MISTAKES = MISTAKES[:9]
PROGRAMS = [
    Program(
        "SergioAlvarezB/ml-numpy",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[0], MISTAKES[5]), two(MISTAKES[2], MISTAKES[7])),
        harmless=(
            Edit(76, r"np\.matmul\(x\.T, dz\)", "dz @ x"),
            Edit(78, r"self\.w -= learning_rate\*dw", "self.w = self.w - dw*learning_rate"),
        ),
        backward={FILE: (75, 78)},
        group="eleventh",
    )
]
