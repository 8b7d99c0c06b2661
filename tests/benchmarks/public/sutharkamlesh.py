"""sutharkamlesh/logistic-regression-from-scratch: a class whose weights and bias are updated by two methods.

As published the bias sees predictions of the weights that were just updated.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, weights: Any, bias: Any) -> Any:
    z = X @ weights + bias
    return np.mean(np.log(1 + np.exp(z)) - y * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    clf = module.CustomLogisticRegression(learning_rate=0.2)
    clf.weights, clf.bias = rng.normal(size=3), 0.4
    start = {"weights": clf.weights.copy(), "bias": clf.bias}
    X, y = rng.normal(size=(8, 3)), rng.integers(0, 2, size=8)

    def train(X, y):
        clf.update_weights(X, y)
        clf.update_bias(X, y)

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {"weights": clf.weights - start["weights"], "bias": clf.bias - start["bias"]},
        (X, y),
        bind={"weights": "clf.weights", "bias": "clf.bias"},
    )


PROGRAMS = [
    Program(
        "sutharkamlesh/logistic-regression-from-scratch",
        "LogisticRegression.py",
        build,
        (
            mistake(56, r" / X\.shape\[0\]", "", "batch_scale_1_over_N"),
            mistake(56, r"self\.weights - self\.learning", "self.weights + self.learning", "sign_flipped"),
            mistake(56, r"X\.T, self\.predict_proba\(X\) - y", "X.T, self.predict(X) - y", "loss_derivative_wrong"),
            mistake(59, r"np\.mean", "np.sum", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(59, r"self\.bias - ", "self.bias + ", "sign_flipped"),
            mistake(59, r"self\.error", "y", "wrong_variable", "loss_derivative_wrong"),
            mistake(56, r"(X\.T, self\.predict_proba\(X\)) - y", r"\1", "loss_derivative_wrong", "wrong_variable"),
            two(
                mistake(56, r" / X\.shape\[0\]", "", "batch_scale_1_over_N"),
                mistake(59, r"self\.bias - ", "self.bias + ", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(56, r"np\.dot\(X\.T, (.*?) - y\)", r"X.T @ (\1 - y)"),
            Edit(59, r"np\.mean\(self\.error\)", "self.error.sum() / len(y)"),
        ),
        keep=((1, 1), (7, 8), (19, 83)),
        mend=(
            Edit(56, r"self\.weights = ", "self.error = self.predict_proba(X) - y; self.weights = "),
            Edit(59, r"self\.predict_proba\(X\) - y", "self.error"),
        ),
        published=("updated_weights_used",),
        blame=(56, 59),
        group="last",
    )
]
