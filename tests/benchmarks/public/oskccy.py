"""oskccy/linear-regression-from-scratch: a script that fits a line, with sums over points in Python numbers."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(xpoints: Any, ypoints: Any, m: Any, b: Any) -> Any:
    return np.mean((ypoints - (m * xpoints + b)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    xpoints, ypoints = rng.normal(size=6), rng.normal(size=6)
    start = {"m": 0.7, "b": -0.2}
    return Call(
        module.train,
        loss,
        {"xpoints": xpoints, "ypoints": ypoints, **start},
        lambda result: {"m": result[0] - start["m"], "b": result[1] - start["b"]},
        (xpoints, ypoints, 0.7, -0.2, 0.05),
        {"epochs": 3},
        bind={"m": "m", "b": "b"},
        once={"epochs": 1},
    )


PROGRAMS = [
    Program(
        "oskccy/linear-regression-from-scratch",
        "main.py",
        build,
        (
            mistake(24, r"range\(n\)", "range(n - 1)", "loop_cut_short"),
            mistake(27, r" \+ b", "", "wrong_variable", "missing_factor", "loss_derivative_wrong"),
            mistake(28, r"y - guess_val", "y", "loss_derivative_wrong", "wrong_variable"),
            mistake(30, r"-2 \* x", "-2 * y", "wrong_variable"),
            mistake(30, r"\+=", "=", "gradient_accumulated_across_steps"),
            mistake(30, r" \* x", "", "missing_factor"),
            mistake(32, r"-2 \* error", "-2 * x * error", "extra_factor", "wrong_variable"),
            mistake(32, r"-2 \* error", "-error", "factor_2", "missing_factor"),
            mistake(34, r" / n", "", "batch_scale_1_over_N"),
            mistake(35, r"b - ", "b + ", "sign_flipped"),
            two(
                mistake(30, r" \* x", "", "missing_factor"),
                mistake(35, r"b - ", "b + ", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(30, r"\+= -2 \* x \* error", "-= 2 * error * x"),
            Edit(27, r"\(m \* x\) \+ b", "b + x * m"),
        ),
        keep=((2, 2), (19, 35)),
        head="def train(xpoints, ypoints, m, b, alpha_rate, epochs):",
        foot="return m, b",
        group="last",
    )
]
