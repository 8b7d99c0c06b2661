"""rougier/neural-networks: a perceptron of any depth with a bias unit and momentum, one sample a step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def train(net: Any, x: np.ndarray, t: np.ndarray) -> None:
    net.propagate_forward(x)
    net.propagate_backward(t)


def loss(x: np.ndarray, t: np.ndarray, W1: np.ndarray, W2: np.ndarray, W3: np.ndarray) -> np.ndarray:
    h1 = np.tanh(np.append(x, 1.0) @ W1)
    return 0.5 * np.sum((t - np.tanh(np.tanh(h1 @ W2) @ W3)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.MLP(3, 5, 4, 2)
    net.weights = [rng.normal(size=w.shape) for w in net.weights]
    x, t = rng.normal(size=3), rng.uniform(-1, 1, size=2)
    before = [w.copy() for w in net.weights]
    names = ["W1", "W2", "W3"]
    return Call(
        train,
        loss,
        {"x": x, "t": t, **dict(zip(names, before, strict=True))},
        lambda _: {name: now - then for name, now, then in zip(names, net.weights, before, strict=True)},
        (net, x, t),
        bind={name: f"net.weights[{i}]" for i, name in enumerate(names)},
    )


PROGRAMS = [
    Program(
        "rougier/neural-networks",
        "mlp.py",
        build,
        (
            mistake(79, r"\*dsigmoid.*$", "", "missing_activation_derivative"),
            mistake(84, r"\*dsigmoid.*$", "", "missing_activation_derivative"),
            mistake(
                84,
                r"dsigmoid\((self\.\w+\[i\])\)",
                r"dsigmoid(sigmoid(\1))",
                "derivative_at_wrong_point",
                "derivative_of_activated_value",
            ),
            mistake(19, r"1\.0-x\*\*2", "x*(1.0-x)", "wrong_activation_derivative"),
            mistake(19, r"x\*\*2", "x", "wrong_activation_derivative"),
            mistake(88, r"range\(", "range(1,", "loop_cut_short"),
            mistake(
                84, r"self\.weights\[i\]\.T", "np.abs(self.weights[i].T)", "wrong_variable", "gradient_or_update_used_for_weight"
            ),
            mistake(91, r"layer\.T", "sigmoid(layer.T)", "wrong_activation_in_weight_gradient"),
            two(
                mistake(84, r"\*dsigmoid.*$", "", "missing_activation_derivative"),
                mistake(88, r"range\(len\(self\.weights\)\)", "range(len(self.weights)-1)", "loop_cut_short"),
            ),
        ),
        harmless=(
            Edit(84, r"dsigmoid\((self\.\w+\[i\])\)", r"(1 - \1) * (1 + \1)"),
            Edit(78, r"target - ", r"2 * target - 2 * "),
            Edit(92, r" \+ momentum\*self\.dw\[i\]", r""),
        ),
        keep=((1, 96),),
    )
]
