"""omaraflak/Medium-Python-Neural-Network: layers that update themselves on the way back, one sample a step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Program, mistake


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return np.mean((y - np.tanh(np.tanh(x @ W1 + b1) @ W2 + b2)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import activation_layer
    import activations
    import fc_layer
    import losses

    net, first, last = module.Network(), fc_layer.FCLayer(3, 4), fc_layer.FCLayer(4, 2)
    for layer in (first, activation_layer.ActivationLayer(activations.tanh, activations.tanh_prime), last):
        net.add(layer)
    net.add(activation_layer.ActivationLayer(activations.tanh, activations.tanh_prime))
    net.use(losses.mse, losses.mse_prime)
    x, y = rng.normal(size=(1, 1, 3)), rng.uniform(-1, 1, size=(1, 1, 2))
    before = {"W1": first.weights.copy(), "b1": first.bias.copy(), "W2": last.weights.copy(), "b2": last.bias.copy()}
    return Call(
        net.fit,
        loss,
        {"x": x[0], "y": y[0], **before},
        lambda _: {
            "W1": first.weights - before["W1"],
            "b1": first.bias - before["b1"],
            "W2": last.weights - before["W2"],
            "b2": last.bias - before["b2"],
        },
        (x, y),
        {"epochs": 100, "learning_rate": 0.1},
        bind={
            "x": "x_train[0]",
            "y": "y_train[0]",
            "W1": "self.layers[0].weights",
            "b1": "self.layers[0].bias",
            "W2": "self.layers[2].weights",
            "b2": "self.layers[2].bias",
        },
        once={"epochs": 1},
    )


DENSE = "fc_layer.py"

PROGRAMS = [
    Program(
        "omaraflak/Medium-Python-Neural-Network",
        "network.py",
        build,
        (
            mistake(18, r" \* output_error", "", "upstream_gradient_dropped", file="activation_layer.py"),
            mistake(18, r"self\.input\)", "self.output)", "derivative_of_activated_value", file="activation_layer.py"),
            mistake(8, r"\*\*2", "", "wrong_activation_derivative", file="activations.py"),
            mistake(21, r"self\.input\.T", "np.tanh(self.input.T)", "wrong_activation_in_weight_gradient", file=DENSE),
            mistake(
                20,
                r"self\.weights\.T",
                "(self.weights - learning_rate * np.dot(self.input.T, output_error)).T",
                "updated_weights_used",
                file=DENSE,
            ),
            mistake(26, r"-=", "+=", "sign_flipped", file=DENSE),
            mistake(8, r"y_pred-y_true", "y_pred", "loss_derivative_wrong", "wrong_variable", file="losses.py"),
        ),
        more=(DENSE, "activation_layer.py", "activations.py", "layer.py", "losses.py"),
        group="tuned",
    )
]
