"""paulhendricks/python-machine-learning: a script; three layers of sigmoids without biases that learn XOR, all in one loop."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(X: Any, y: Any, synapse_0: Any, synapse_1: Any, synapse_2: Any) -> Any:
    return 0.5 * np.sum((y - sigmoid(sigmoid(sigmoid(X @ synapse_0) @ synapse_1) @ synapse_2)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {f"synapse_{k}": rng.normal(size=shape) for k, shape in enumerate([(2, 4), (4, 4), (4, 1)])}
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0, 1, 1, 0]]).T
    return Call(
        module.epoch,
        loss,
        {"X": X, "y": y, **start},
        lambda result: {name: value - start[name] for name, value in zip(start, result, strict=True)},
        (X, y, *(value.copy() for value in start.values())),
        bind={name: name for name in start},
    )


PROGRAMS = [
    Program(
        "paulhendricks/python-machine-learning",
        "ch-02/08-MultilayerNeuralNetwork.py",
        build,
        (
            mistake(16, r"\(layer_3 \* \(1 - layer_3\)\) \* ", "", "missing_activation_derivative"),
            mistake(16, r"layer_3 \* \(1", "layer_2.mean() * (1", "wrong_variable", "derivative_at_wrong_point"),
            mistake(16, r"y - layer_3\)", "y - layer_3**2)", "loss_derivative_wrong"),
            mistake(17, r"\(layer_2 \* \(1 - layer_2\)\)", "(1 - layer_2**2)", "wrong_activation_derivative"),
            mistake(17, r"layer_2 \* \(1 - layer_2\)", "layer_1 * (1 - layer_1)", "derivative_at_wrong_point", "wrong_variable"),
            mistake(17, r"synapse_2\.T", "synapse_2.T / len(X)", "batch_scale_1_over_N", "extra_factor"),
            mistake(18, r"synapse_1\.T", "synapse_1", "transposed"),
            mistake(18, r"\(layer_1 \* \(1 - layer_1\)\) \* ", "", "missing_activation_derivative"),
            mistake(18, r"layer_2_delta", "layer_3_delta * layer_2", "wrong_variable", "missing_factor"),
            mistake(19, r"layer_2\.T", "layer_1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(20, r"layer_1\.T", "layer_2.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(20, r"\+=", "-=", "sign_flipped"),
            mistake(21, r"layer_1_delta", "layer_2_delta", "wrong_variable", "upstream_gradient_dropped"),
            Mistake(
                (
                    Edit(19, r"synapse_2 \+= .*$", "pass"),
                    Edit(16, r"$", "\n        synapse_2 += np.dot(layer_2.T, layer_3_delta)"),
                ),
                ("updated_weights_used",),
                (17, 18),
            ),
            two(
                mistake(18, r"synapse_1\.T", "synapse_1", "transposed"),
                mistake(20, r"\+=", "-=", "sign_flipped"),
            ),
            two(
                mistake(17, r"\(layer_2 \* \(1 - layer_2\)\)", "(1 - layer_2**2)", "wrong_activation_derivative"),
                mistake(19, r"layer_2\.T", "layer_1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(17, r"layer_2 \* \(1 - layer_2\)", "layer_2 - layer_2**2"),
            Edit(21, r"np\.dot\(layer_0\.T, layer_1_delta\)", "np.dot(X.T, layer_1_delta)"),
        ),
        keep=((1, 1), (12, 21)),
        head="def epoch(X, y, synapse_0, synapse_1, synapse_2):",
        foot="    return synapse_0, synapse_1, synapse_2",
        group="eighth",
    )
]
