"""codingowen/rnn-lstm-from-scratch: a character RNN on module globals, with its own names; Adagrad is in an endless loop."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["W_hx", "W_hh", "W_yh", "b_h", "b_y"]
SHAPES = [(4, 5), (4, 4), (5, 4), (4, 1), (5, 1)]
INPUTS, TARGETS = [0, 3, 1, 1], [3, 1, 4, 2]


def loss(inputs: Any, targets: Any, h_prev: Any, W_hx: Any, W_hh: Any, W_yh: Any, b_h: Any, b_y: Any) -> Any:
    h, total = h_prev, 0.0
    for i, target in zip(inputs, targets, strict=True):
        h = np.tanh(W_hx[:, [i]] + W_hh @ h + b_h)
        y = W_yh @ h + b_y
        total = total + np.log(np.sum(np.exp(y))) - y[target, 0]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.vocab_size = 5
    start = {name: 0.7 * rng.normal(size=shape) for name, shape in zip(NAMES, SHAPES, strict=True)}
    for name, value in start.items():
        setattr(module, name, value.copy())
    h_prev = 0.5 * rng.normal(size=(4, 1))
    return Call(
        module.loss_function,
        loss,
        {"inputs": INPUTS, "targets": TARGETS, "h_prev": h_prev, **start},
        lambda result: dict(zip(NAMES, result[1:6], strict=True)),
        (INPUTS, TARGETS, h_prev),
        bind={name: name for name in NAMES},
    )


PROGRAMS = [
    Program(
        "codingowen/rnn-lstm-from-scratch",
        "rnn_from_scratch.py",
        build,
        (
            mistake(50, r"reversed\((.*)\):", r"\1:", "wrong_time_index", "missing_path_through_time"),
            mistake(52, r"dy\[.*-= 1", "pass", "loss_derivative_wrong"),
            mistake(53, r"h\[t\]", "h[t - 1]", "wrong_time_index"),
            mistake(54, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(55, r" \+ dh_next", "", "missing_path_through_time"),
            mistake(56, r"1 - h\[t\] \*\* 2", "1 - h[t]", "wrong_activation_derivative"),
            mistake(56, r"h\[t\] \*\* 2", "h[t - 1] ** 2", "wrong_time_index", "derivative_at_wrong_point"),
            mistake(56, r" \* dh ", " ", "upstream_gradient_dropped", "missing_factor"),
            mistake(57, r"dz_h", "dh", "missing_activation_derivative", "wrong_variable"),
            mistake(59, r"h\[t - 1\]", "h[t]", "wrong_time_index"),
            mistake(59, r"\+=", "-=", "sign_flipped"),
            mistake(60, r"W_hh\.T", "W_hh", "transposed"),
            mistake(60, r"dh_next = ", "dh_next = dh_next + ", "gradient_accumulated_across_steps", "extra_factor"),
            two(
                mistake(54, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
                mistake(60, r"W_hh\.T", "W_hh", "transposed"),
            ),
        ),
        harmless=(
            Edit(56, r"1 - h\[t\] \*\* 2", "1 - h[t] * h[t]"),
            Edit(53, r"np\.dot\(dy, h\[t\]\.T\)", "dy @ h[t].T"),
        ),
        keep=((1, 1), (28, 66)),
        backward={"rnn_from_scratch.py": (46, 60)},
        group="newest",
    )
]
