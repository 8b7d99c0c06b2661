"""AlexGiazitzis/RNN-from-scratch: an RNN whose deltas are put before each other in a list, diagonal matrices, a sum of a list."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["W_hh", "W_hx", "W_oh", "b_h", "b_o"]


def loss(x: Any, targets: Any, W_hh: Any, W_hx: Any, W_oh: Any, b_h: Any, b_o: Any) -> Any:
    h, total = np.zeros(3), 0.0
    for row, target in zip(x, targets, strict=True):
        h = np.tanh(W_hh @ h + W_hx @ row + b_h)
        z = W_oh @ h + b_o
        total = total + np.log(np.sum(np.exp(z))) - z[target]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.RNN(4, 3)
    start = {name: rng.normal(size=getattr(net, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(net, name, value.copy())
    x, targets = np.eye(4)[[0, 3, 1, 1, 2]], [3, 1, 1, 2, 0]

    def train(x, targets, lr):
        _, _, probs = net(x)
        net.bppt(probs, targets, x, lr)

    return Call(
        train,
        loss,
        {"x": x, "targets": targets, **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (x, targets, 0.05),
        bind={name: f"net.{name}" for name in NAMES},
    )


PROGRAMS = [
    Program(
        "AlexGiazitzis/RNN-from-scratch",
        "RNN.py",
        build,
        (
            mistake(148, r"-= 1", "-= 1 / len(targets)", "loss_derivative_wrong", "extra_factor"),
            mistake(150, r"do\[-1\]", "do[0]", "wrong_time_index", "wrong_index"),
            mistake(151, r"np\.square\(h\)", "np.square(np.tanh(h))", "derivative_of_activated_value"),
            mistake(151, r"np\.square\(h\)", "h", "wrong_activation_derivative"),
            mistake(154, r" \+ self\.W_oh\.T @ do\[t\]", "", "upstream_gradient_dropped"),
            mistake(154, r"self\.W_hh\.T", "self.W_hh", "transposed"),
            mistake(154, r"diag_h_t_sqrd\[t \+ 1\] @ ", "", "missing_activation_derivative"),
            mistake(154, r"diag_h_t_sqrd\[t \+ 1\]", "diag_h_t_sqrd[t]", "wrong_time_index"),
            mistake(154, r"dh\[0\]", "dh[-1]", "wrong_index", "wrong_time_index"),
            mistake(156, r"self\.h_t\[t - 1\]", "self.h_t[t]", "wrong_time_index"),
            mistake(157, r"range\(1, steps\)", "range(2, steps)", "loop_cut_short", blame=(156,)),
            mistake(164, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(165, r"diag_h_t_sqrd\[t\] @ ", "", "missing_activation_derivative"),
            mistake(166, r"dh\[t\]", "dh[t] / steps", "batch_scale_1_over_N", "extra_factor"),
            mistake(161, r"do\.sum", "do.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(192, r"-= lr", "+= lr", "sign_flipped"),
            two(
                mistake(156, r"self\.h_t\[t - 1\]", "self.h_t[t]", "wrong_time_index"),
                mistake(161, r"do\.sum", "do.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(151, r"np\.diag\(1 - np\.square\(h\)\)", "np.eye(len(h)) * (1 - h ** 2)"),
            Edit(164, r"do\[t\]\[:, np\.newaxis\] @ self\.h_t\[t\]\[:, np\.newaxis\]\.T", "np.outer(do[t], self.h_t[t])"),
        ),
        backward={"RNN.py": (145, 194)},
        group="later",
    )
]
