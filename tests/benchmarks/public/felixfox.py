"""FelixFox/fc-neural-network-numpy: two layers of sigmoids on the four records of XOR, with four hidden units.

As published one transpose is missing; four records and four units hide it.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(x: Any, y: Any, weights_1: Any, weights_2: Any) -> Any:
    return np.sum((y - sigmoid(sigmoid(x @ weights_1) @ weights_2)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.Neural_network((None, 3), (None, 2))
    start = {name: rng.normal(size=getattr(net, name).shape) for name in ("weights_1", "weights_2")}
    for name, value in start.items():
        setattr(net, name, value.copy())
    x, y = rng.normal(size=(4, 3)), rng.integers(0, 2, size=(4, 2)).astype(float)

    def train(x, y):
        net.train(x, y)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (x, y),
        bind={name: f"net.{name}" for name in start},
    )


ACTIVATIONS = "activations.py"
OUTPUT = r"\*DerivativeOfActivation\.sigmoid\(self\.output\)"
HIDDEN = r"\*DerivativeOfActivation\.sigmoid\(self\.layer_1_output\)"
PROGRAMS = [
    Program(
        "FelixFox/fc-neural-network-numpy",
        "neural_network.py",
        build,
        (
            mistake(11, r"t\*\(1-t\)", "1-t*t", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(
                11,
                r"t\*\(1-t\)",
                "Activation.sigmoid(t)*(1-Activation.sigmoid(t))",
                "derivative_of_activated_value",
                "wrong_activation_derivative",
                file=ACTIVATIONS,
            ),
            mistake(27, r"2\*\(y", "(y", "factor_2", "missing_factor"),
            mistake(27, r"y - self\.output", "self.output - y", "sign_flipped", "loss_derivative_wrong"),
            mistake(27, OUTPUT, "", "missing_activation_derivative"),
            mistake(29, HIDDEN, "", "missing_activation_derivative"),
            mistake(28, r"2\*\(y - self\.output\)", "2*self.output", "loss_derivative_wrong", "wrong_variable"),
            mistake(30, r"\+=", "-=", "sign_flipped"),
            Mistake(
                (
                    Edit(31, r"self\.weights_2 \+= delta_weights_2", "pass"),
                    Edit(28, r"delta", "self.weights_2 += delta_weights_2\n        delta"),
                ),
                ("updated_weights_used",),
                (28, 29),
            ),
            two(
                mistake(27, r"2\*\(y", "(y", "factor_2", "missing_factor"),
                mistake(29, HIDDEN, "", "missing_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(11, r"t\*\(1-t\)", "t-t**2", ACTIVATIONS),
            Edit(27, r"2\*\(y - self\.output\)", "(y - self.output)*2"),
        ),
        keep=((1, 35),),
        more=(ACTIVATIONS, "loss.py"),
        mend=(Edit(27, r"self\.layer_1_output", "self.layer_1_output.T"),),
        published=("transposed",),
        group="newest",
    )
]
