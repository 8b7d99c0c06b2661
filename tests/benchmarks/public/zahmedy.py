"""zahmedy/numpy-logistic-regression: a small class with forward, backward and update, and L2 divided by the number of records."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

DECAY = 0.7


def loss(X: Any, y: Any, weights: Any, bias: Any) -> Any:
    z = X @ weights + bias
    return np.mean(np.log(1 + np.exp(z)) - y * z) + DECAY / (2 * len(y)) * np.sum(weights**2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.LogisticRegression(4, 0.1, DECAY)
    start = {"weights": rng.normal(size=(4, 1)), "bias": float(rng.normal())}
    model.weights, model.bias = start["weights"].copy(), start["bias"]
    X, y = rng.normal(size=(9, 4)), rng.integers(0, 2, size=(9, 1)).astype(float)

    def train(X, y):
        _, y_hat = model.forward(X)
        model.update(*model.backward(X, y, y_hat))

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {name: getattr(model, name) - value for name, value in start.items()},
        (X, y),
        bind={name: f"model.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "zahmedy/numpy-logistic-regression",
        "src/model.py",
        build,
        (
            mistake(42, r"y_hat - y", "(y_hat - y) * y_hat * (1 - y_hat)", "loss_derivative_wrong", "extra_factor"),
            mistake(42, r"y_hat - y", "y - y_hat", "sign_flipped", "loss_derivative_wrong"),
            mistake(42, r"y_hat - y", "(y_hat > 0.5) - y", "loss_derivative_wrong", "wrong_variable"),
            mistake(43, r"error\) / len\(X\)", "error)", "batch_scale_1_over_N"),
            mistake(43, r"reg_lambda / len\(X\)", "reg_lambda", "regularisation_term_wrong", "batch_scale_1_over_N"),
            mistake(43, r"\+ \(self", "- (self", "sign_flipped", "regularisation_term_wrong"),
            mistake(43, r"self\.weights$", "np.sign(self.weights)", "regularisation_term_wrong"),
            mistake(43, r"X\.T @ error", "X.T @ y_hat", "wrong_variable", "loss_derivative_wrong"),
            mistake(44, r"np\.mean", "np.sum", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(49, r"-=", "+=", "sign_flipped"),
            two(
                mistake(43, r"\+ \(self", "- (self", "sign_flipped", "regularisation_term_wrong"),
                mistake(44, r"np\.mean", "np.sum", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(44, r"np\.mean\(error\)", "np.sum(error) / len(X)"),
            Edit(43, r"\(X\.T @ error\) / len\(X\)", "np.dot(X.T, error / len(X))"),
        ),
        root="src",
        group="newest",
    )
]
