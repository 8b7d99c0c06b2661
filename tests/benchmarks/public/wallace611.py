"""wallace611/MLP-numpy: columns of samples, parameters and gradients in dictionaries, derivatives looked up by function."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    z = W3 @ sigmoid(W2 @ sigmoid(W1 @ X + b1) + b2) + b3
    return np.mean(np.log(np.sum(np.exp(z), axis=0)) - np.sum(Y * z, axis=0))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from activations import sigmoid, softmax

    model = module.Model()
    model.init_params([3, 3, 3, 3], [sigmoid, sigmoid, softmax])
    start = {name: rng.normal(size=value.shape) for name, value in model._parameters.items()}
    model._parameters = {name: value.copy() for name, value in start.items()}
    X, Y = rng.normal(size=(3, 7)), np.eye(3)[:, rng.integers(0, 3, size=7)]

    def train(X, Y):
        model.forward(X)
        model.backward(Y)
        model.update_params(0.1)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {name: model._parameters[name] - value for name, value in start.items()},
        (X, Y),
        bind={name: f"model._parameters['{name}']" for name in start},
    )


ACTIVATIONS = "activations.py"
PROGRAMS = [
    Program(
        "wallace611/MLP-numpy",
        "model.py",
        build,
        (
            mistake(7, r"sigmoid\(A\) \* \(1 - sigmoid\(A\)\)", "A * (1 - A)", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(7, r"1 - sigmoid", "1 + sigmoid", "wrong_activation_derivative", "sign_flipped", file=ACTIVATIONS),
            mistake(52, r"AL - Y", "(AL - Y) * AL * (1 - AL)", "loss_derivative_wrong", "extra_factor"),
            mistake(53, r"A\{L - 1\}", "Z{L - 1}", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(53, r" / batch_size", "", "batch_scale_1_over_N"),
            mistake(54, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(55, r"L - 1, 0, -1", "1, L", "wrong_index"),
            mistake(56, r"\.T @ delta", " @ delta", "transposed"),
            mistake(56, r"Z\{i\}", "A{i}", "derivative_of_activated_value", "wrong_variable"),
            mistake(56, r"W\{i \+ 1\}", "W{i}", "wrong_index"),
            mistake(56, r" \* m\[.*$", "", "missing_activation_derivative"),
            mistake(57, r"A\{i - 1\}", "A{i}", "wrong_activation_in_weight_gradient", "wrong_index"),
            mistake(58, r", axis=1", "", "bias_gradient_reduction"),
            mistake(26, r"-=", "+=", "sign_flipped"),
            mistake(27, r"db\{i\}", "db{self._depth - i}", "wrong_index"),
            two(
                mistake(56, r"Z\{i\}", "A{i}", "derivative_of_activated_value", "wrong_variable"),
                mistake(53, r" / batch_size", "", "batch_scale_1_over_N"),
            ),
            two(
                mistake(56, r"\.T @ delta", " @ delta", "transposed"),
                mistake(26, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(54, r"np\.sum\(delta, axis=1, keepdims=True\) / batch_size", "delta.mean(axis=1).reshape(-1, 1)"),
            Edit(7, r"sigmoid\(A\) \* \(1 - sigmoid\(A\)\)", "np.exp(-A) / (1 + np.exp(-A)) ** 2", ACTIVATIONS),
        ),
        more=(ACTIVATIONS,),
        backward={"model.py": (44, 58), ACTIVATIONS: (7, 7)},
        group="eighth",
    )
]
