"""MichalDanielDobrzanski/DeepLearningPython: Nielsen's network for Python 3, one mini-batch of columns a step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(mini_batch: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    total = 0.0
    for x, y in mini_batch:
        total = total + 0.5 * np.sum((sigmoid(W3 @ sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2) + b3) - y) ** 2)
    return total / len(mini_batch)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.Network([3, 5, 4, 2])
    batch = [(rng.normal(size=(3, 1)), rng.uniform(size=(2, 1))) for _ in range(4)]
    before = {f"W{i + 1}": w.copy() for i, w in enumerate(net.weights)} | {
        f"b{i + 1}": b.copy() for i, b in enumerate(net.biases)
    }

    def after(_: Any) -> dict[str, Any]:
        return {name: (net.weights if name[0] == "W" else net.biases)[int(name[1]) - 1] - then for name, then in before.items()}

    bind = {name: f"self.{'weights' if name[0] == 'W' else 'biases'}[{int(name[1]) - 1}]" for name in before}
    return Call(net.update_mini_batch, loss, {"mini_batch": batch, **before}, after, (batch, 0.5), bind=bind)


PROGRAMS = [
    Program(
        "MichalDanielDobrzanski/DeepLearningPython",
        "network.py",
        build,
        (
            mistake(111, r"sigmoid_prime\(zs\[-1\]\)", "1", "missing_activation_derivative"),
            mistake(111, r"zs\[-1\]", "activations[-1]", "derivative_of_activated_value"),
            mistake(113, r"activations\[-2\]", "zs[-2]", "wrong_activation_in_weight_gradient"),
            mistake(123, r" \* sp$", "", "missing_activation_derivative"),
            mistake(121, r"zs\[-l\]", "activations[-l]", "derivative_of_activated_value", blame=(122, 123)),
            mistake(124, r"delta", "delta * sp", "missing_factor", "wrong_variable", "extra_factor"),
            mistake(90, r"b-", "b+", "sign_flipped"),
            mistake(87, r"\+dnw", "-dnw", "sign_flipped"),
            mistake(149, r"1-sigmoid", "1+sigmoid", "sign_flipped", "wrong_activation_derivative"),
            two(
                mistake(123, r" \* sp$", "", "missing_activation_derivative"),
                mistake(113, r"activations\[-2\]", "zs[-2]", "wrong_activation_in_weight_gradient"),
            ),
        ),
        harmless=(
            Edit(149, r"sigmoid\(z\)\*\(1-sigmoid\(z\)\)", r"np.exp(-z)/(1+np.exp(-z))**2"),
            Edit(123, r"np\.dot\(self\.weights\[-l\+1\]\.transpose\(\), delta\)", r"np.dot(delta.T, self.weights[-l+1]).T"),
        ),
        group="tuned",
    )
]
