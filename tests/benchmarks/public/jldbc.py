"""jldbc/numpy_neural_net: three layers with a ReLU, a dict of weights, and a softmax whose output becomes its delta in place."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

REG = 0.1


def loss(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    picked = z[np.arange(len(y)), y]
    return np.sum(np.log(np.sum(np.exp(z), axis=1)) - picked) + REG / 2 * (np.sum(W1**2) + np.sum(W2**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    X, y = rng.normal(size=(6, 3)), rng.integers(0, 2, size=6)
    sizes = {"W1": (3, 4), "b1": (1, 4), "W2": (4, 2), "b2": (1, 2)}
    before = {name: rng.normal(size=size) for name, size in sizes.items()}
    model = {name: value.copy() for name, value in before.items()}

    def train(X, y, model):
        z1, a1, z2, output = module.feed_forward(model, X)
        dW1, dW2, db1, db2 = module.backprop(X, y, model, z1, a1, z2, output, REG)
        model["W1"] -= 0.1 * dW1
        model["b1"] -= 0.1 * db1
        model["W2"] -= 0.1 * dW2
        model["b2"] -= 0.1 * db2

    return Call(
        train,
        loss,
        {"X": X, "y": y, **before},
        lambda _: {name: model[name] - then for name, then in before.items()},
        (X, y, model),
        bind={name: f"model['{name}']" for name in before},
    )


PROGRAMS = [
    Program(
        "jldbc/numpy_neural_net",
        "three_layer_network.py",
        build,
        (
            mistake(46, r"-= 1", "-= 2", "loss_derivative_wrong", "factor_2"),
            mistake(50, r" \* relu_derivative.*$", "", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(50, r"relu_derivative\(a1\)", "relu(a1)", "wrong_activation_derivative"),
            mistake(50, r"relu_derivative\(a1\)", "(1 - np.power(a1, 2))", "wrong_activation_derivative"),
            mistake(
                48,
                r"delta3, axis=0",
                "delta3 * output, axis=0",
                "missing_factor",
                "wrong_variable",
                "bias_gradient_reduction",
                "extra_factor",
            ),
            mistake(52, r"delta2, axis=0", "delta2, axis=0) / len(X", "batch_scale_1_over_N", "bias_gradient_reduction"),
            mistake(54, r"\+= ", "-= ", "regularisation_term_wrong", "sign_flipped"),
            mistake(55, r"model\['W1'\]", "model['W1'] * 2", "regularisation_term_wrong", "factor_2", "extra_factor"),
            mistake(
                55, r"\+=", "=", "regularisation_term_wrong", "upstream_gradient_dropped", "gradient_or_update_used_for_weight"
            ),
            mistake(
                51,
                r"delta2\)",
                "delta3.dot(model['W2'].T))",
                "missing_activation_derivative",
                "relu_mask_wrong",
                "wrong_variable",
            ),
            mistake(9, r"X > 0", "X < 0", "relu_mask_wrong"),
            two(
                mistake(54, r"\+= ", "-= ", "regularisation_term_wrong", "sign_flipped"),
                mistake(50, r" \* relu_derivative.*$", "", "missing_activation_derivative", "relu_mask_wrong"),
            ),
        ),
        harmless=(
            Edit(50, r"relu_derivative\(a1\)", r"(z1 > 0)"),
            Edit(48, r"np\.sum\(delta3, axis=0, keepdims=True\)", r"np.ones((1, len(X))).dot(delta3)"),
            Edit(52, r"np\.sum\(delta2, axis=0\)", r"delta2.sum(0)"),
        ),
        keep=((1, 2), (5, 56)),
    )
]
