"""SkalskiP/ILearnDeepLearning.py: a network of any depth with dicts of parameters, columns of samples."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

LAYERS = [
    {"input_dim": 3, "output_dim": 5, "activation": "relu"},
    {"input_dim": 5, "output_dim": 4, "activation": "relu"},
    {"input_dim": 4, "output_dim": 1, "activation": "sigmoid"},
]


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    z = W3 @ np.maximum(W2 @ np.maximum(W1 @ X + b1, 0) + b2, 0) + b3
    p = 1 / (1 + np.exp(-z))
    return -np.mean(Y * np.log(p) + (1 - Y) * np.log(1 - p))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    X, Y = rng.normal(size=(3, 8)), rng.integers(0, 2, size=(1, 8)).astype(float)
    params_values = module.init_layers(LAYERS, int(rng.integers(1000)))
    for name in params_values:
        params_values[name] = params_values[name] * 8
    before = {name: value.copy() for name, value in params_values.items()}

    def train(X, Y, params_values, nn_architecture, learning_rate):
        Y_hat, cache = module.full_forward_propagation(X, params_values, nn_architecture)
        grads_values = module.full_backward_propagation(Y_hat, Y, cache, params_values, nn_architecture)
        return module.update(params_values, grads_values, nn_architecture, learning_rate)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **before},
        lambda _: {name: params_values[name] - then for name, then in before.items()},
        (X, Y, params_values, LAYERS, 0.1),
        bind={name: f"params_values['{name}']" for name in before},
    )


PROGRAMS = [
    Program(
        "SkalskiP/ILearnDeepLearning.py",
        "01_mysteries_of_neural_networks/03_numpy_neural_net/Numpy deep neural network.ipynb",
        build,
        (
            mistake(43, r"\(1 - sig\)", "sig", "wrong_activation_derivative"),
            mistake(43, r"dA \* ", "", "upstream_gradient_dropped"),
            mistake(42, r"sigmoid\(Z\)", "sigmoid(sigmoid(Z))", "derivative_of_activated_value"),
            mistake(47, r"Z <= 0", "Z > 0", "relu_mask_wrong"),
            mistake(47, r"Z <= 0", "dZ <= 0", "relu_mask_wrong"),
            mistake(122, r" / m", "", "batch_scale_1_over_N"),
            mistake(124, r"np\.sum", "np.max", "bias_gradient_reduction"),
            mistake(126, r"dZ_curr", "dA_curr", "missing_activation_derivative", "wrong_variable"),
            mistake(138, r"- np\.divide\(1 - Y, 1", "+ np.divide(1 - Y, 1", "sign_flipped", "loss_derivative_wrong"),
            mistake(138, r"np\.divide\(Y, Y_hat\)", "Y", "loss_derivative_wrong"),
            mistake(166, r"-=", "+=", "sign_flipped"),
            two(
                mistake(124, r"np\.sum", "np.max", "bias_gradient_reduction"), mistake(47, r"Z <= 0", "Z > 0", "relu_mask_wrong")
            ),
        ),
        harmless=(
            Edit(43, r"sig \* \(1 - sig\)", r"(sig - sig ** 2)"),
            Edit(122, r"np\.dot\(dZ_curr, A_prev\.T\) / m", r"np.dot(dZ_curr / m, A_prev.T)"),
            Edit(138, r"\(np\.divide\(Y, Y_hat\) - np\.divide\(1 - Y, 1 - Y_hat\)\)", r"(Y - Y_hat) / (Y_hat * (1 - Y_hat))"),
        ),
        keep=((1, 1), (10, 168)),
    )
]
