"""peterroelants.github.io: a linear RNN of two numbers, and a network of two numbers with a radial activation."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Program, mistake


def rnn_loss(X: Any, t: Any, wx: Any, wRec: Any) -> Any:
    s = np.zeros(len(X))
    for k in range(X.shape[1]):
        s = X[:, k] * wx + s * wRec
    return np.mean((t - s) ** 2)


def rnn(module: ModuleType, rng: np.random.Generator) -> Call:
    X, t = rng.normal(size=(6, 4)), rng.normal(size=6)
    wx, wRec = float(rng.uniform(0.5, 1.5)), float(rng.uniform(0.5, 1.5))

    def train(X, t, wx, wRec):
        S = module.forward_states(X, wx, wRec)
        grad_out = module.output_gradient(S[:, -1], t)
        return module.backward_gradient(X, S, grad_out, wRec)

    return Call(
        train,
        rnn_loss,
        {"X": X, "t": t, "wx": wx, "wRec": wRec},
        lambda result: {"wx": result[0][0], "wRec": result[0][1]},
        (X, t, wx, wRec),
    )


def radial_loss(x: Any, t: Any, wh: Any, bo: Any) -> Any:
    y = 1 / (1 + np.exp(-(np.exp(-((x * wh) ** 2)) + bo)))
    return -np.mean(t * np.log(y) + (1 - t) * np.log(1 - y))


def radial(module: ModuleType, rng: np.random.Generator) -> Call:
    x, t = rng.normal(size=(9, 1)), rng.integers(0, 2, size=(9, 1)).astype(float)
    wh, bo = float(rng.uniform(0.5, 1.5)), float(rng.normal())
    return Call(
        module.backprop_update,
        radial_loss,
        {"x": x, "t": t, "wh": wh, "bo": bo},
        lambda result: {"wh": result[0] - wh, "bo": result[1] - bo},
        (x, t, wh, bo, 0.5),
    )


B = "notebooks/"

PROGRAMS = [
    Program(
        "peterroelants/peterroelants.github.io",
        B + "rnn_implementation/rnn-implementation-part01.ipynb",
        rnn,
        (
            mistake(84, r"X\[:,k-1\]", "X[:,k-2]", "wrong_time_index", "wrong_index"),
            mistake(86, r"S\[:,k-1\]", "S[:,k]", "wrong_time_index"),
            mistake(88, r" \* wRec", "", "missing_factor", "missing_path_through_time"),
            mistake(88, r"\* wRec", "/ wRec", "wrong_variable", "missing_factor"),
            mistake(88, r"grad_over_time\[:,k\]", "grad_out", "missing_path_through_time", "upstream_gradient_dropped"),
            mistake(81, r"X\.shape\[1\], 0", "X.shape[1], 1", "loop_cut_short", "missing_path_through_time"),
            mistake(85, r"\+=", "=", "missing_path_through_time", "loop_cut_short", "gradient_accumulated_across_steps"),
        ),
        keep=((6, 6), (30, 89)),
    ),
    Program(
        "peterroelants/peterroelants.github.io",
        B + "neural_net_implementation/neural-network-implementation-part03.ipynb",
        radial,
        (
            mistake(153, r"-2", "2", "sign_flipped"),
            mistake(153, r" \* h ", " ", "missing_factor", "wrong_activation_derivative"),
            mistake(153, r"zh \*", "h *", "wrong_variable", "wrong_activation_derivative"),
            mistake(153, r" \* grad_hidden", "", "upstream_gradient_dropped"),
            mistake(138, r"y - t", "(y - t) * y * (1 - y)", "loss_derivative_wrong"),
            mistake(173, r"wh-d_wh", "wh+d_wh", "sign_flipped"),
        ),
        keep=((5, 5), (55, 57), (69, 86), (136, 173)),
    ),
]
