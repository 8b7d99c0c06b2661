"""lambkin108/numpy-mlp-cifar10: coursework with Chinese comments; the activation's derivative is cached in the forward pass."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y_true: Any, lambda_reg: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    Z = np.tanh(X @ W1 + b1) @ W2 + b2
    data = np.mean(np.log(np.sum(np.exp(Z), axis=1)) - np.sum(Z * y_true, axis=1))
    return data + lambda_reg / 2 * (np.sum(W1**2) + np.sum(W2**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.MLP3(4, 5, 3, "tanh")
    start = {"W1": rng.normal(size=(4, 5)), "b1": rng.normal(size=5), "W2": rng.normal(size=(5, 3)), "b2": rng.normal(size=3)}
    model.params.update({name: value.copy() for name, value in start.items()})
    X, y_true = rng.normal(size=(6, 4)), np.eye(3)[rng.integers(0, 3, size=6)]

    def train(X, y_true, lambda_reg):
        y_pred, cache = model.forward(X)
        return model.backward(y_pred, y_true, cache, lambda_reg)

    return Call(
        train,
        loss,
        {"X": X, "y_true": y_true, "lambda_reg": 0.3, **start},
        lambda grads: {name: grads[name] for name in start},
        (X, y_true, 0.3),
        bind={name: f"model.params['{name}']" for name in start},
    )


MISTAKES = (
    mistake(40, r" \*\* 2", "", "wrong_activation_derivative"),
    mistake(40, r"np\.tanh\(x\)", "x", "wrong_activation_derivative", "derivative_at_wrong_point"),
    mistake(60, r"Z1", "A1", "derivative_of_activated_value", "wrong_variable"),
    mistake(60, r"activation_deriv", "activation_func", "wrong_activation_derivative", "wrong_variable"),
    mistake(83, r" / batch_size", "", "batch_scale_1_over_N"),
    mistake(83, r"y_pred - y_true", "y_pred * (y_pred - y_true)", "extra_factor", "loss_derivative_wrong"),
    mistake(85, r"A1\.T", "Z1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(85, r"\+ lambda_reg", "- lambda_reg", "sign_flipped", "regularisation_term_wrong"),
    mistake(87, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(87, r"delta2, axis=0", "y_pred, axis=0", "wrong_variable", "loss_derivative_wrong"),
    mistake(90, r" \* dA1", "", "missing_activation_derivative"),
    mistake(90, r" \* dA1", " * A1", "wrong_activation_derivative", "wrong_variable"),
    mistake(90, r"self\.params\['W2'\]\.T", "grads['W2'].T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(91, r"\+ lambda_reg", "+ 2 * lambda_reg", "factor_2", "regularisation_term_wrong"),
    mistake(91, r"X\.T", "X[::-1].T", "wrong_index"),
    mistake(93, r", axis=0", "", "bias_gradient_reduction"),
)
PROGRAMS = [
    Program(
        "lambkin108/numpy-mlp-cifar10",
        "model.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[10]), two(MISTAKES[7], MISTAKES[15])),
        harmless=(
            Edit(90, r"np\.dot\(delta2, self\.params\['W2'\]\.T\) \* dA1", "(delta2 @ self.params['W2'].T) * (1 - A1 ** 2)"),
            Edit(87, r"np\.sum\(delta2, axis=0\)", "delta2.sum(axis=0)"),
        ),
        more=("utils.py",),
        backward={"model.py": (79, 95)},
        group="ninth",
    )
]
