"""alessandrozamberletti/Numpy-NN: one sample a step, momentum, private methods; published with no rate for biases."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake

NAMES = ["l0_weights", "l0_biases", "l1_weights", "l1_biases"]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(observation: Any, expectation: Any, l0_weights: Any, l0_biases: Any, l1_weights: Any, l1_biases: Any) -> Any:
    output = sigmoid(sigmoid(observation @ l0_weights + l0_biases) @ l1_weights + l1_biases)
    return 0.5 * np.sum((expectation - output) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NeuralNetwork(4, 5, 2)
    start = {name: rng.normal(size=getattr(net, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(net, name, value.copy())
    samples = np.empty((1, 2), dtype=object)
    samples[0, 0], samples[0, 1] = rng.normal(size=4), np.array([0.0, 1.0])
    return Call(
        net.fit,
        loss,
        {"observation": samples[0, 0], "expectation": samples[0, 1], **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (samples, samples),
        {"epochs": 2, "lr": 0.3, "info": False},
        bind={name: f"self.{name}" for name in NAMES} | {"observation": "observation", "expectation": "expectation"},
        once={"epochs": 1},
    )


PROGRAMS = [
    Program(
        "alessandrozamberletti/Numpy-NN",
        "neural_network.py",
        build,
        (
            mistake(65, r"l1_output \* \(1 - l1_output\)", "1 - l1_output ** 2", "wrong_activation_derivative"),
            mistake(65, r" \* \(l1_output.*$", "", "missing_activation_derivative"),
            mistake(66, r" \* \(l0_output.*$", "", "missing_activation_derivative"),
            mistake(66, r"l1_error\)", "loss)", "wrong_variable", "missing_activation_derivative"),
            mistake(66, r"1 - l0_output", "1 + l0_output", "wrong_activation_derivative", "sign_flipped"),
            mistake(68, r"l0_output, l1_error", "l0_output, loss", "wrong_variable", "missing_activation_derivative"),
            mistake(72, r"\+=", "-=", "sign_flipped"),
            mistake(74, r"l1_error", "np.sum(l1_error)", "bias_gradient_reduction"),
        ),
        harmless=(
            Edit(66, r"np\.dot\(self\.l1_weights, l1_error\)", "np.dot(l1_error, self.l1_weights.T)"),
            Edit(65, r"l1_output \* \(1 - l1_output\)", "l1_output - l1_output ** 2"),
        ),
        stubs=dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py", "iris_manager.py"), ANYTHING),
        mend=(Edit(72, r"l0_error", "lr * l0_error"), Edit(74, r"l1_error", "lr * l1_error")),
        published=("missing_factor",),
        group="fresh",
    )
]
