"""joafc96/Multi-Layer-Perceptron-from-Scratch-in-Python: deltas in a reversed loop, fixed biases."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(input_list: Any, target_list: Any, b1: Any, b2: Any, b3: Any, W1: Any, W2: Any, W3: Any) -> Any:
    a = sigmoid(W2 @ sigmoid(W1 @ input_list[0][:, None] + b1) + b2)
    return 0.5 * np.sum((target_list[0] - sigmoid(W3 @ a + b3)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.MLP([2, 4, 3, 1])
    net.weights = [rng.normal(size=value.shape) for value in net.weights]
    net.biases = [rng.normal(size=value.shape) for value in net.biases]
    start = {f"W{k + 1}": net.weights[k].copy() for k in range(3)}
    biases = {f"b{k + 1}": net.biases[k] for k in range(3)}
    inputs, targets = rng.normal(size=(1, 2)), rng.uniform(size=(1, 1, 1))

    def train(input_list, target_list, epochs, learning_rate):
        net.train(input_list, target_list, epochs, learning_rate)

    return Call(
        train,
        loss,
        {"input_list": inputs, "target_list": targets, **biases, **start},
        lambda _: {name: net.weights[int(name[1]) - 1] - value for name, value in start.items()},
        (inputs, targets),
        {"epochs": 2, "learning_rate": 0.1},
        bind={f"W{k + 1}": f"net.weights[{k}]" for k in range(3)} | {f"b{k + 1}": f"net.biases[{k}]" for k in range(3)},
        once={"epochs": 1},
    )


PROGRAMS = [
    Program(
        "joafc96/Multi-Layer-Perceptron-from-Scratch-in-Python",
        "mlp.py",
        build,
        (
            mistake(62, r"idx \+ 1", "-1", "wrong_index"),
            mistake(63, r" \* sigmoid_derivative\(next_activations\)", "", "missing_activation_derivative"),
            mistake(63, r"\(next_activations\)", "(sigmoid(next_activations))", "derivative_of_activated_value"),
            mistake(65, r"delta,", "error,", "missing_activation_derivative", "wrong_variable"),
            mistake(65, r"current_activations", "sigmoid(current_activations)", "wrong_activation_in_weight_gradient"),
            mistake(66, r"delta\)", "error * np.ones_like(delta))", "missing_activation_derivative", "wrong_variable"),
            mistake(79, r"len\(self\.weights\)", "len(self.weights) - 1", "loop_cut_short"),
            mistake(144, r"1\.0 - x", "1.0 - x * x", "wrong_activation_derivative"),
            two(
                mistake(65, r"delta,", "error,", "missing_activation_derivative", "wrong_variable"),
                mistake(144, r"1\.0 - x", "1.0 - x * x", "wrong_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(66, r"np\.dot\(self\.weights\[idx\]\.T, delta\)", "self.weights[idx].T @ delta"),
            Edit(144, r"x \* \(1\.0 - x\)", "x - x ** 2"),
        ),
        stubs={"numba.py": "def jit(*args, **kwargs):\n    return lambda function: function\n"},
        group="last",
    )
]
