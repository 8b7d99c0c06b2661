"""TristanBester/Numpy-neural-network: columns record by record, and lists from the last layer on, reversed."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, w0: Any, b0: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    total = 0.0
    for a, target in zip(X, y, strict=True):
        for w, b in ((w0, b0), (w1, b1), (w2, b2)):
            a = 1 / (1 + np.exp(-(w @ a + b)))
        total = total + 0.5 * np.sum((a - target) ** 2)
    return total / len(X)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.Neural_Network([3, 4, 4, 1])
    names = {"w": "weights", "b": "biases"}
    start = {f"{key}{k}": rng.normal(size=getattr(net, name)[k].shape) for k in range(3) for key, name in names.items()}
    for key, value in start.items():
        getattr(net, names[key[0]])[int(key[1])] = value.copy()
    X, y = rng.normal(size=(5, 3, 1)), rng.integers(0, 2, size=(5, 1, 1)).astype(float)

    def train(X, y):
        net.train_on_mini_batch(list(zip(X, y, strict=True)), 0.5)

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {key: getattr(net, names[key[0]])[int(key[1])] - value for key, value in start.items()},
        (X, y),
        bind={key: f"net.{names[key[0]]}[{key[1]}]" for key in start},
    )


PROGRAMS = [
    Program(
        "TristanBester/Numpy-neural-network",
        "Network.py",
        build,
        (
            mistake(19, r"\(1-self\.sigmoid\(z\)\)", "(1-z)", "wrong_activation_derivative", "wrong_variable"),
            mistake(51, r"\*self\.sigmoid_prime\(self\.z\[-1\]\)", "", "missing_activation_derivative"),
            mistake(51, r"self\.z\[-1\]", "self.a[-1]", "derivative_of_activated_value", "wrong_variable"),
            mistake(52, r"self\.deltas\[-1\]", "self.a[-1] - y", "missing_activation_derivative", "wrong_variable"),
            mistake(53, r"self\.a\[-2\]", "self.a[-3]", "wrong_activation_in_weight_gradient", "wrong_index"),
            mistake(58, r"-i-1", "-i", "wrong_index", "derivative_at_wrong_point"),
            mistake(58, r"self\.z\[-i-1\]", "self.a[-i-1]", "derivative_of_activated_value", "wrong_variable", "wrong_index"),
            mistake(59, r"np\.multiply\(mat_mul,sig_prime\)", "mat_mul", "missing_activation_derivative"),
            mistake(61, r"self\.deltas\[-1\]", "mat_mul", "missing_activation_derivative", "wrong_variable"),
            mistake(111, r"nw\+\(dnw\.T\)", "dnw.T", "gradient_overwritten", "gradient_accumulated_across_steps"),
            mistake(112, r"nb\+dnb", "nb-dnb", "sign_flipped"),
            mistake(118, r"eta/n", "eta", "batch_scale_1_over_N"),
            mistake(121, r"b-", "b+", "sign_flipped"),
            two(
                mistake(53, r"self\.a\[-2\]", "self.a[-3]", "wrong_activation_in_weight_gradient", "wrong_index"),
                mistake(121, r"b-", "b+", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(19, r"self\.sigmoid\(z\)\*\(1-self\.sigmoid\(z\)\)", "self.sigmoid(z)-self.sigmoid(z)**2"),
            Edit(62, r"np\.dot\(self\.a\[-i-2\],self\.deltas\[-1\]\.T\)", "self.a[-i-2] * self.deltas[-1].T"),
        ),
        backward={"Network.py": (51, 62)},
        group="newest",
    )
]
