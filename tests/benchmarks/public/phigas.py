"""Phigas/numpy-neural-network: layers of columns with functions for the activation and its derivative, one example at a time."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, moved, two


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return np.sum((np.tanh(W2 @ np.tanh(W1 @ X + b1) + b2) - Y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    tanh = module.Function(np.tanh, lambda z: 1 - np.tanh(z) ** 2)
    cost = module.Function(lambda y, a: np.sum((a - y) ** 2), lambda y, a: 2 * (a - y).T)
    net = module.NeuralNetwork(0.1, cost)
    net.add_layer(module.Layer((4, 1), 5, tanh))
    net.add_layer(module.Layer((5, 1), 3, tanh))
    start = {"W1": (5, 4), "b1": (5, 1), "W2": (3, 5), "b2": (3, 1)}
    start = {name: 0.7 * rng.normal(size=shape) for name, shape in start.items()}
    fields = {"W": "weights", "b": "b"}
    for name, value in start.items():
        setattr(net.layers[int(name[1]) - 1], fields[name[0]], value.copy())
    X, Y = rng.normal(size=(4, 1)), rng.normal(size=(3, 1))

    def train(X, Y):
        return net.train_step(X, Y)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {name: getattr(net.layers[int(name[1]) - 1], fields[name[0]]) - value for name, value in start.items()},
        (X, Y),
        bind={name: f"net.layers[{int(name[1]) - 1}].{fields[name[0]]}" for name in start},
    )


FILE = "layers.py"
MISTAKES = (
    mistake(32, r"d_a \* self\.activation\.derivate\(clipped_Z\)", "d_a", "missing_activation_derivative"),
    mistake(32, r"d_a \* ", "", "upstream_gradient_dropped"),
    mistake(32, r"self\.activation\.derivate\(clipped_Z\)", "self.activation.derivate(self.activation.run(clipped_Z))",
            "derivative_of_activated_value", "derivative_at_wrong_point"),
    mistake(32, r"self\.activation\.derivate\(clipped_Z\)", "self.activation.run(clipped_Z)", "wrong_activation_derivative"),
    mistake(30, r"self\.Z, ", "d_a, ", "derivative_at_wrong_point", "wrong_variable", blame=(32,)),
    mistake(34, r"d_z\.T", "d_a.T", "missing_activation_derivative", "wrong_variable"),
    mistake(34, r"self\.weights", "np.abs(self.weights)", "wrong_variable"),
    mistake(36, r"self\.a_in\.T", "np.sign(self.a_in.T)", "wrong_activation_in_weight_gradient"),
    mistake(36, r"d_z", "d_a", "missing_activation_derivative", "wrong_variable"),
    mistake(37, r"-=", "+=", "sign_flipped"),
    mistake(39, r"d_z", "d_a", "missing_activation_derivative", "wrong_variable"),
    mistake(40, r"d_b", "self.b", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(40, r"-=", "+=", "sign_flipped"),
    moved(34, 38, "updated_weights_used"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "Phigas/numpy-neural-network",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[7], MISTAKES[10]), two(MISTAKES[3], MISTAKES[12])),
        harmless=(
            Edit(36, r"np\.dot\(d_z, self\.a_in\.T\)", "np.outer(d_z, self.a_in)"),
            Edit(39, r"d_z", "np.sum(d_z, axis=1, keepdims=True)"),
        ),
        backward={FILE: (27, 42)},
        group="eleventh",
    )
]
