"""HyeonHo99/Logistic-Regression-from-scratch: a course assignment; logistic regression whose gradient is computed as a row."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W: Any) -> Any:
    p = 1 / (1 + np.exp(-(x @ W)))[:, 0]
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.LogisticRegression(4)
    start = {"W": rng.normal(size=(4, 1))}
    model.W = start["W"].copy()
    x, y = rng.normal(size=(7, 4)), rng.integers(0, 2, size=7)

    class SGD:
        def update(self, w, grad, lr):
            return w - lr * grad

    return Call(
        model.train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {"W": model.W - start["W"]},
        (x, y, 7, 1, 0.1, SGD()),
        bind={"W": "self.W"},
    )


MISTAKES = (
    mistake(115, r"self\.W", "np.abs(self.W)", "derivative_at_wrong_point", "wrong_variable"),
    mistake(116, r"self\._sigmoid\(score\)", "self._sigmoid(score) * (1 - self._sigmoid(score))", "extra_factor",
            "wrong_activation_derivative"),
    mistake(116, r"self\._sigmoid\(score\)", "score", "missing_factor", "loss_derivative_wrong"),
    mistake(116, r"self\._sigmoid\(score\)", "self._sigmoid(logit)", "derivative_of_activated_value", "wrong_variable"),
    mistake(117, r"\(score -y\)", "score", "loss_derivative_wrong"),
    mistake(117, r"score -y", "score + y", "loss_derivative_wrong", "sign_flipped"),
    mistake(117, r"score -y", "(score - y) * score", "extra_factor", "loss_derivative_wrong"),
    mistake(117, r"score -y", "-y / score", "loss_derivative_wrong"),
    mistake(118, r"temp,x", "temp,x > 0", "wrong_activation_in_weight_gradient"),
    mistake(118, r"temp,x", "np.sign(temp),x", "wrong_variable", "loss_derivative_wrong"),
    mistake(54, r"self\.W, grad", "grad, grad", "gradient_or_update_used_for_weight", "wrong_variable"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "HyeonHo99/Logistic-Regression-from-scratch",
        "models/LogisticRegression.py",
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[8]), two(MISTAKES[4], MISTAKES[0])),
        harmless=(
            Edit(118, r"\(1/num_data\)\*np\.dot\(temp,x\)", "np.dot(temp / num_data, x)"),
            Edit(117, r"\(score -y\)\.reshape\(1,-1\)", "(score - y).T"),
        ),
        root="models",
        backward={"models/LogisticRegression.py": (109, 121)},
        group="tenth",
    )
]
