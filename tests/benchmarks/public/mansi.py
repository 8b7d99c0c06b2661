"""mansi261/Linear-SVM-classifier-using-Gradient-Descent-: a linear SVM with hinge loss and all of the data at once.

As published the data part of the gradient of the weights lacks the weight C of the hinge loss."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, w: Any, b: Any) -> Any:
    t = 2 * y - 1
    return 0.1 * np.sum(w**2) + 2 * np.sum(np.maximum(1 - t * (X @ w + b), 0))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    X, y, w, b = rng.normal(size=(8, 3)), np.array([[0.0], [1], [1], [0], [1], [0], [1], [1]]), rng.normal(size=(3, 1)), 0.3
    module.C = 2
    model = module.LinearGDC(C=2, eta0=1, eta_d=10, n_epochs=1, random_state=1)

    def train(X, y, w, b):
        model.fit(X, y, w, b)

    return Call(
        train,
        loss,
        {"X": X, "y": y, "w": w, "b": b},
        lambda _: {"w": model.coef_[0] - w, "b": model.intercept_[0] - b},
        (X, y, w, b),
    )


FILE = "SVM Classfier.py"
MISTAKES = (
    mistake(24, r"\*2-1", "*2-2", "loss_derivative_wrong"),
    mistake(32, r">= 0", ">= 1", "relu_mask_wrong"),
    mistake(32, r">= 0", "<= 0", "relu_mask_wrong", "sign_flipped"),
    mistake(32, r" \+ y_truelabel \* b", "", "relu_mask_wrong", "missing_factor"),
    mistake(38, r"2 \* 0\.1", "0.1", "factor_2", "regularisation_term_wrong"),
    mistake(38, r"\* w -", "* np.sign(w) -", "regularisation_term_wrong"),
    mistake(38, r"w - C", "w + C", "sign_flipped"),
    mistake(38, r"X_flabel", "xy", "relu_mask_wrong", "wrong_variable"),
    mistake(38, r"2 \* 0\.1 \* w - ", "- ", "regularisation_term_wrong"),
    mistake(39, r"-C", "C", "sign_flipped"),
    mistake(39, r"y_fLabel", "y_truelabel", "relu_mask_wrong", "wrong_variable"),
    mistake(39, r"-C \* ", "-", "missing_factor"),
    mistake(45, r"b_derivative", "b", "gradient_or_update_used_for_weight", "wrong_variable"),
)
MISTAKES = tuple(m for k, m in enumerate(MISTAKES) if k != 3)
PROGRAMS = [
    Program(
        "mansi261/Linear-SVM-classifier-using-Gradient-Descent-",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[10]), two(MISTAKES[5], MISTAKES[8])),
        harmless=(
            Edit(38, r"np\.sum\(X_flabel, axis=0\)\.reshape\(-1, 1\)", "X_flabel.T.sum(axis=1, keepdims=True)"),
            Edit(44, r"w - self\.eta\(epoch\) \* w_gradient_vector", "w + -self.eta(epoch) * w_gradient_vector"),
        ),
        keep=((2, 2), (6, 21), (24, 54)),
        always=(
            Edit(6, r"BaseEstimator", "object"),
            Edit(17, r"X, y", "X, y, w, b"),
            Edit(24, r"^    ", ""),
            Edit(25, r"^    ", ""),
        ),
        mend=(Edit(38, r"- np\.sum\(X_flabel, axis=0\)", "- C * np.sum(X_flabel, axis=0)"),),
        published=("missing_factor",),
        backward={FILE: (32, 45)},
        group="eleventh",
    )
]
