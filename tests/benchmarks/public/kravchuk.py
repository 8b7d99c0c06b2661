"""KravchukOleksandr/Multilayer-Perceptron-from-scratch: lists of layers with named activations, one sample a step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X_n: Any, y_n: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    h = 1 / (1 + np.exp(-(X_n @ w1 + b1))) @ w2 + b2
    return 0.5 * np.sum((np.maximum(0.05 * h, h) @ w3 + b3 - y_n) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.My_Perceptron([5, 4, 2], ["sigmoid", "leaky_relu", "default"], 3)
    net._My_Perceptron__initialize_net()
    start = {f"{name}{k + 1}": rng.normal(size=getattr(net, name)[k].shape) for k in range(3) for name in "wb"}
    for name, value in start.items():
        getattr(net, name[0])[int(name[1]) - 1] = value.copy()
    X_n, y_n = rng.normal(size=3), rng.normal(size=2)

    def train(X_n, y_n, l_rate):
        net._My_Perceptron__forward_prop(X_n)
        net._My_Perceptron__back_prop(X_n, y_n, l_rate)

    return Call(
        train,
        loss,
        {"X_n": X_n, "y_n": y_n, **start},
        lambda _: {name: getattr(net, name[0])[int(name[1]) - 1] - value for name, value in start.items()},
        (X_n, y_n, 0.1),
        bind={name: f"net.{name[0]}[{int(name[1]) - 1}]" for name in start},
    )


PROGRAMS = [
    Program(
        "KravchukOleksandr/Multilayer-Perceptron-from-scratch",
        "my_perceptron.py",
        build,
        (
            mistake(62, r"self\.a\[-1\] - y_n", "self.a[-1] + y_n", "sign_flipped", "loss_derivative_wrong"),
            mistake(63, r"self\.n_layers - 2, -1, -1", "self.n_layers - 2, 0, -1", "loop_cut_short"),
            mistake(64, r"self\.w\[k \+ 1\] @ self\.dc_da\[k \+ 1\]", "self.dc_da[k + 1].sum()", "upstream_gradient_dropped"),
            mistake(
                64,
                r"\(self\.z\[k\]",
                "(self.a[k]",
                "derivative_of_activated_value",
                "derivative_at_wrong_point",
                "wrong_variable",
            ),
            mistake(67, r"X_n\.reshape", "(X_n ** 2).reshape", "wrong_activation_in_weight_gradient", "extra_factor"),
            mistake(68, r"self\.dc_da\[0\]", "self.dc_da[0].sum()", "bias_gradient_reduction"),
            mistake(
                71, r"self\.a\[k - 1\]", "self.z[k - 1]", "wrong_activation_in_weight_gradient", "wrong_variable", "wrong_index"
            ),
            mistake(72, r"- l_rate", "+ l_rate", "sign_flipped"),
            mistake(98, r"0\.05", "0", "relu_mask_wrong", "wrong_activation_derivative"),
            mistake(98, r"x >= 0", "x <= 0", "relu_mask_wrong", "wrong_activation_derivative"),
            mistake(100, r"\(1 - 1 / \(1 \+ np\.exp\(-x\)\)\)", "(1 - x)", "wrong_activation_derivative"),
            two(
                mistake(72, r"- l_rate", "+ l_rate", "sign_flipped"),
                mistake(100, r"\(1 - 1 / \(1 \+ np\.exp\(-x\)\)\)", "(1 - x)", "wrong_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(67, r"X_n\.reshape\(-1, 1\) @ self\.dc_da\[0\]\.reshape\(1, -1\)", "np.outer(X_n, self.dc_da[0])"),
            Edit(98, r"np\.where\(x >= 0, 1, 0\.05\)", "0.05 + 0.95 * (x >= 0)"),
        ),
        group="last",
    )
]
