"""MichaelMastro/Batched-Gated-Recurrent-Unit: a GRU with its gates in one matrix, after a well-known LSTM."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(X: Any, target: Any, WGRU: Any, h0: Any) -> Any:
    d, h, total = h0.shape[1], h0, 0.0
    for t in range(len(X)):
        ones = np.ones((len(h0), 1))
        gates = sigmoid(np.concatenate([ones, X[t], h], axis=1) @ WGRU[:, : 2 * d])
        z, r = gates[:, :d], gates[:, d:]
        c = np.tanh(np.concatenate([ones, X[t], r * h], axis=1) @ WGRU[:, 2 * d :])
        h = (1 - z) * h + z * c
        total = total + 0.5 * np.sum((h - target[t]) ** 2)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    X, target = rng.normal(size=(4, 2, 3)), rng.normal(size=(4, 2, 4))
    start = {"WGRU": rng.normal(size=(8, 12)), "h0": rng.normal(size=(2, 4))}

    def train(X, target, WGRU, h0):
        H, _, cache = module.GRU.forward(X, WGRU, h0)
        return module.GRU.backward(H - target, cache)

    return Call(
        train,
        loss,
        {"X": X, "target": target, **start},
        lambda result: dict(zip(("X", "WGRU", "h0"), result, strict=True)),
        (X, target, start["WGRU"], start["h0"]),
        bind={"WGRU": "WGRU", "h0": "h0"},
    )


PROGRAMS = [
    Program(
        "MichaelMastro/Batched-Gated-Recurrent-Unit",
        "GRU.py",
        build,
        (
            mistake(123, r"t - 1\]", "t]", "wrong_time_index"),
            mistake(125, r"ZRC_n\[.*\] \* prevh", "prevh", "missing_factor"),
            mistake(128, r"ZRC_n\[t, :, :d\]", "(1 - ZRC_n[t, :, :d])", "wrong_variable"),
            mistake(131, r"2\*d:\]\*\*2", "2*d:]", "wrong_activation_derivative"),
            mistake(131, r"ZRC_n\[t,:,2\*d:\]", "np.tanh(ZRC_n[t,:,2*d:])", "derivative_of_activated_value"),
            mistake(135, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(143, r"prevh", "Hout[t]", "wrong_time_index", "wrong_variable"),
            mistake(145, r"ZRC_n\[t,:,1\*d:2\*d\] \* ", "", "missing_factor"),
            mistake(151, r"\+=", "=", "upstream_gradient_dropped", "gradient_overwritten"),
            mistake(151, r"one_minus_z", "(1 - one_minus_z)", "wrong_variable"),
            mistake(157, r"-1 \* ", "", "sign_flipped"),
            mistake(160, r"\*\(1-ZRC_n\[t, :, :2\*d\]\)", "", "wrong_activation_derivative", "missing_factor"),
            mistake(165, r"\+=", "=", "upstream_gradient_dropped", "gradient_overwritten"),
            mistake(170, r"\+=", "=", "upstream_gradient_dropped", "gradient_overwritten"),
            two(
                mistake(145, r"ZRC_n\[t,:,1\*d:2\*d\] \* ", "", "missing_factor"),
                mistake(157, r"-1 \* ", "", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(131, r"\(1 - ZRC_n\[t,:,2\*d:\]\*\*2\)", "(1 - ZRC_n[t,:,2*d:] * ZRC_n[t,:,2*d:])"),
            Edit(163, r"np\.dot\(X_and_H_in\[t\]\.transpose\(\), (.*)\)$", r"X_and_H_in[t].T @ \1"),
        ),
        keep=((8, 174),),
        always=(Edit(35, r" / 3", " // 3"), Edit(53, "xrange", "range"), Edit(120, "xrange", "range")),
        backward={"GRU.py": (120, 172)},
        group="newest",
    )
]
