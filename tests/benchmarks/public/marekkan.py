"""marek-kan/Logistic_Regression: a class with an own rule for the first weight, velocities, and decay as a factor."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, w: Any) -> Any:
    z = x @ w
    return np.mean(np.log(1 + np.exp(z)) - y * z) + 0.5 / (2 * len(y)) * np.sum(w[1:] ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.LogisticRegression(learning_rate=0.1, reg_lambda=0.5, beta=0.0)
    w = rng.normal(size=(5, 1))
    model.w, model.v = w.copy(), np.zeros((5, 1))
    x, y = np.c_[np.ones((9, 1)), rng.normal(size=(9, 4))], rng.integers(0, 2, size=(9, 1)).astype(float)

    def train(model, x, y):
        model.update(x, y, len(y))

    return Call(
        train,
        loss,
        {"x": x, "y": y, "w": w},
        lambda _: {"w": model.w - w},
        (model, x, y),
        bind={"w": "model.w"},
    )


FILE = "logistic_regression/logistic_regression.py"
PROGRAMS = [
    Program(
        "marek-kan/Logistic_Regression",
        FILE,
        build,
        (
            mistake(24, r"1/m \* ", "", "batch_scale_1_over_N"),
            mistake(24, r"\(pred - y\)", "pred", "loss_derivative_wrong"),
            mistake(24, r"x\[:, 0\]", "x[:, 1]", "wrong_index"),
            mistake(25, r"\(pred-y\)", "pred", "loss_derivative_wrong"),
            mistake(25, r"\(pred-y\)", "(pred-y)*pred*(1-pred)", "loss_derivative_wrong", "extra_factor"),
            mistake(28, r"\*grad1", "*grad0", "wrong_variable", "wrong_index"),
            mistake(29, r"- self\.lr", "+ self.lr", "sign_flipped"),
            mistake(29, r"self\.lr\*", "", "missing_factor"),
            mistake(29, r"= self\.w\[0\]", "= self.w[0] * (1 - self.lr*self.reg_lambda/m)", "regularisation_term_wrong"),
            mistake(30, r" \* \(1 - self\.lr\*self\.reg_lambda/m\)", "", "regularisation_term_wrong"),
            mistake(30, r"\(1 - self", "(1 + self", "regularisation_term_wrong", "sign_flipped"),
            mistake(30, r"reg_lambda/m", "reg_lambda", "regularisation_term_wrong", "batch_scale_1_over_N"),
            two(
                mistake(24, r"1/m \* ", "", "batch_scale_1_over_N"),
                mistake(30, r"\(1 - self", "(1 + self", "regularisation_term_wrong", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(24, r"1/m \* np\.dot\(x\[:, 0\]\.T, \(pred - y\)\)", "np.mean(pred - y)"),
            Edit(
                30, r"self\.w\[1:\] \* \(1 - self\.lr\*self\.reg_lambda/m\)", "self.w[1:] - self.lr*self.reg_lambda/m*self.w[1:]"
            ),
        ),
        backward={FILE: (23, 30)},
        group="later",
    )
]
