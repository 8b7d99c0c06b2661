"""ylytkin/backpropagation: dicts of layers updated by Adam; as published each delta comes through weights that just moved."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

SIZES = (3, 5, 4, 1)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(x_train: Any, y_train: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    p = sigmoid(W3 @ sigmoid(W2 @ sigmoid(W1 @ x_train.T + b1) + b2) + b3)[0]
    return -np.mean(y_train * np.log(p) + (1 - y_train) * np.log(1 - p))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NeuralNetwork(np.array(SIZES)).compile(alpha=0.1)
    start = {}
    for k in (1, 2, 3):
        net.weights[k], net.biases[k] = rng.normal(size=net.weights[k].shape), rng.normal(size=net.biases[k].shape)
        net.weight_second_moments[k] = rng.uniform(1, 2, size=net.weights[k].shape)
        net.bias_second_moments[k] = rng.uniform(1, 2, size=net.biases[k].shape)
        start |= {f"W{k}": net.weights[k].copy(), f"b{k}": net.biases[k].copy()}
    x, y = rng.normal(size=(7, 3)), rng.integers(0, 2, size=7).astype(float)

    def after(_: Any) -> dict[str, Any]:
        return {name: (net.weights if name[0] == "W" else net.biases)[int(name[1])] - then for name, then in start.items()}

    return Call(
        net.fit,
        loss,
        {"x_train": x, "y_train": y, **start},
        after,
        (x, y),
        {"epochs": 2, "batch_size": 7, "verbose": False},
        bind={name: f"self.{'weights' if name[0] == 'W' else 'biases'}[{name[1]}]" for name in start},
        once={"epochs": 1},
    )


PROGRAMS = [
    Program(
        "ylytkin/backpropagation",
        "neural_network/neural_network.py",
        build,
        (
            mistake(201, r"\* layer_output \* \(1 - layer_output\)", "", "missing_activation_derivative"),
            mistake(201, r"layer_output \* \(1 - layer_output\)", "(1 - layer_output ** 2)", "wrong_activation_derivative"),
            mistake(203, r" / batch_size", "", "batch_scale_1_over_N"),
            mistake(204, r"mean", "sum", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(153, r"\(1 - self\.beta1\) \* ", "", "missing_factor", "wrong_variable"),
            mistake(157, r" \*\* 2", "", "missing_factor", "wrong_variable"),
            mistake(173, r" \*\* 0\.5", "", "missing_factor", "wrong_variable", blame=(172,)),
            mistake(171, r"weight_second", "weight_first", "wrong_variable", blame=(170,)),
            mistake(176, r"-=", "+=", "sign_flipped"),
            mistake(
                198,
                r"layer_output - y\.reshape\(1, -1\)",
                "(layer_output - y) * layer_output * (1 - layer_output)",
                "loss_derivative_wrong",
                "extra_factor",
                "wrong_activation_derivative",
            ),
            two(
                mistake(201, r"layer_output \* \(1 - layer_output\)", "(1 - layer_output ** 2)", "wrong_activation_derivative"),
                mistake(204, r"mean", "sum", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(201, r"layer_output \* \(1 - layer_output\)", "(layer_output - layer_output ** 2)"),
            Edit(204, r"derivative\.mean\(axis=1, keepdims=True\)", "derivative.sum(axis=1, keepdims=True) / batch_size"),
        ),
        adaptive=True,
        mend=(
            Edit(190, r"$", "; held = {key: value.copy() for key, value in self.weights.items()}"),
            Edit(200, r"self\.weights", "held"),
        ),
        published=("updated_weights_used", "gradient_or_update_used_for_weight"),
        blame=(200, 206, 175),
        backward={"neural_network/neural_network.py": (193, 204)},
        group="fresh",
    )
]
