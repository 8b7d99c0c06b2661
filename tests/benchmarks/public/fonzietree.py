"""FonzieTree/RNN-From-Scratch: a script with an RNN of sigmoids that reads its numbers backwards, lists read from their end."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def loss(a: Any, b: Any, c: Any, synapse_0: Any, synapse_1: Any, synapse_h: Any) -> Any:
    h, total = np.zeros(3), 0.0
    for k in reversed(range(4)):
        h = sigmoid(a[k] * synapse_0[0] + b[k] * synapse_0[1] + h @ synapse_h)
        total = total + 0.5 * np.sum((c[k] - sigmoid(h @ synapse_1)) ** 2)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.alpha, module.binary_dim, module.hidden_dim = 0.1, 4, 3
    start = {"synapse_0": rng.normal(size=(2, 3)), "synapse_1": rng.normal(size=(3, 1)), "synapse_h": rng.normal(size=(3, 3))}
    weights = {name: value.copy() for name, value in start.items()}
    sums = [np.zeros_like(value) for value in start.values()]
    a, b, c = rng.uniform(size=(3, 4))
    return Call(
        module.step,
        loss,
        {"a": a, "b": b, "c": c, **start},
        lambda _: {name: weights[name] - value for name, value in start.items()},
        (a, b, c, *weights.values(), *sums),
    )


FILE = "predicting time series data.py"
PROGRAMS = [
    Program(
        "FonzieTree/RNN-From-Scratch",
        FILE,
        build,
        (
            mistake(23, r"output\*\(1-output\)", "sigmoid(output)*(1-sigmoid(output))", "derivative_of_activated_value"),
            mistake(62, r"y - layer_2", "layer_2", "loss_derivative_wrong"),
            mistake(63, r"\*sigmoid_output_to_derivative\(layer_2\)", "", "missing_activation_derivative"),
            mistake(
                71,
                r"position\],b\[position\]",
                "binary_dim - position - 1],b[binary_dim - position - 1]",
                "wrong_time_index",
                "wrong_index",
            ),
            mistake(72, r"-position-1", "-position-2", "wrong_time_index"),
            mistake(73, r"-position-2", "-position-1", "wrong_time_index"),
            mistake(77, r"future_layer_1_delta\.dot\(synapse_h\.T\) \+ ", "", "missing_path_through_time"),
            mistake(77, r"synapse_h\.T", "synapse_h", "transposed"),
            mistake(
                77,
                r"sigmoid_output_to_derivative\(layer_1\)",
                "sigmoid_output_to_derivative(prev_layer_1)",
                "wrong_time_index",
                "derivative_at_wrong_point",
            ),
            mistake(79, r"\+=", "-=", "sign_flipped"),
            mistake(80, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(81, r"layer_1_delta", "(layer_1_delta * sigmoid_output_to_derivative(layer_1))", "extra_factor"),
            mistake(82, r"= layer_1_delta", "= layer_1_delta * 0", "missing_path_through_time"),
            mistake(84, r" \* alpha", "", "missing_factor"),
            two(
                mistake(77, r"synapse_h\.T", "synapse_h", "transposed"),
                mistake(79, r"\+=", "-=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(23, r"output\*\(1-output\)", "output - output**2"),
            Edit(79, r"np\.atleast_2d\(layer_1\)\.T\.dot\(layer_2_delta\)", "np.outer(layer_1, layer_2_delta)"),
        ),
        keep=((2, 2), (16, 23), (46, 88)),
        head="def step(a, b, c, synapse_0, synapse_1, synapse_h, synapse_0_update, synapse_1_update, synapse_h_update):",
        foot="    return overallError",
        backward={FILE: (62, 88)},
        group="later",
    )
]
