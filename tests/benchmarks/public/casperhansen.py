"""casper-hansen/Logistic-Regression-From-Scratch: a class whose labels are a column, and whose predictions are not.

As published their difference is a square, and the bias has a mean where the weights have a sum.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, weights: Any, bias: Any) -> Any:
    z = x @ weights + bias
    return np.mean(np.log(1 + np.exp(z)) - y[:, 0] * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.LogisticRegression()
    model.weights, model.bias = rng.normal(size=3), 0.3
    start = {"weights": model.weights.copy(), "bias": model.bias}
    x, y = rng.normal(size=(7, 3)), rng.integers(0, 2, size=(7, 1)).astype(float)

    def train(x, y):
        pred = model._sigmoid(np.matmul(model.weights, x.transpose()) + model.bias)
        error_w, error_b = model.compute_gradients(x, y, pred)
        model.update_model_parameters(error_w, error_b)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {"weights": model.weights - start["weights"], "bias": model.bias - start["bias"]},
        (x, y),
        bind={"weights": "model.weights", "bias": "model.bias"},
    )


FILE = "src/logistic_regression/model.py"
PROGRAMS = [
    Program(
        "casper-hansen/Logistic-Regression-From-Scratch",
        FILE,
        build,
        (
            mistake(36, r"y_pred - (.*)$", r"\1 - (y_pred > 0.5)", "loss_derivative_wrong", "wrong_variable", "sign_flipped"),
            mistake(36, r"= +(y_pred.*)$", r"= (\1) * y_pred * (1 - y_pred)", "loss_derivative_wrong", "extra_factor"),
            mistake(37, r"np\.mean\(difference\)", "np.sum(difference)", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(39, r" / len\(x\)", "", "batch_scale_1_over_N", "missing_factor"),
            mistake(38, r"difference\)", "y_pred)", "wrong_variable", "loss_derivative_wrong"),
            mistake(45, r"- 0\.1", "+ 0.1", "sign_flipped"),
            mistake(44, r"error_w", "error_b", "wrong_variable"),
            two(
                mistake(38, r"difference\)", "y_pred)", "wrong_variable", "loss_derivative_wrong"),
                mistake(45, r"- 0\.1", "+ 0.1", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(38, r"np\.matmul\(x\.transpose\(\), difference\)", "difference @ x"),
            Edit(37, r"np\.mean\(difference\)", "difference.sum() / len(difference)"),
        ),
        mend=(
            Edit(36, r"y_pred - y_true", "y_pred - y_true[:, 0]"),
            Edit(39, r"np\.array\(\[np\.mean\(grad\) for grad in gradients_w\]\)", "gradients_w / len(x)"),
        ),
        published=("batch_scale_1_over_N", "missing_factor", "wrong_variable", "wrong_index", "loss_derivative_wrong"),
        stubs={
            "sklearn/__init__.py": "",
            "sklearn/metrics.py": "def accuracy_score(*args):\n    return 0.0\n",
            "src/__init__.py": "",
        },
        group="last",
    )
]
