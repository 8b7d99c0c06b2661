"""KrikunovEV/study: a script of one loop with two matrices, a sigmoid and a sum of squares."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake


def loss(x: Any, y: Any, w1: Any, w2: Any) -> Any:
    return np.sum(((1 / (1 + np.exp(-(x @ w1)))) @ w2 - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    x, y, w1, w2 = (rng.normal(size=size) for size in ((6, 4), (6, 3), (4, 5), (5, 3)))
    before = (w1.copy(), w2.copy())
    return Call(
        module.train,
        loss,
        {"x": x, "y": y, "w1": before[0], "w2": before[1]},
        lambda weights: {"w1": weights[0] - before[0], "w2": weights[1] - before[1]},
        (x, y, w1, w2),
        {"steps": 3},
        bind={"w1": "w1", "w2": "w2"},
        once={"steps": 1},
    )


PROGRAMS = [
    Program(
        "KrikunovEV/study",
        "ML/Backprop.py",
        build,
        (
            mistake(20, r"h\.T", "(h * (1 - h)).T", "wrong_activation_in_weight_gradient", "extra_factor"),
            mistake(21, r"grad_y_pred", "y_pred", "wrong_variable"),
            mistake(22, r" \* h \* \(1 - h\)", "", "missing_activation_derivative"),
            mistake(22, r"h \* \(1 - h\)", "(1 - h ** 2)", "wrong_activation_derivative"),
            mistake(22, r"grad_h \* h", "grad_h * x.dot(w1)", "derivative_at_wrong_point", "wrong_variable"),
            mistake(25, r"1e-4 \* ", "", "missing_factor"),
            mistake(25, r"-=", "+=", "sign_flipped"),
        ),
        harmless=(
            Edit(22, r"grad_h \* h \* \(1 - h\)", "grad_h * (h - h ** 2)"),
            Edit(24, r"w1 -= ", "w1 = w1 - "),
        ),
        keep=((1, 1), (8, 25)),
        head="def train(x, y, w1, w2, steps):",
        foot="return w1, w2",
        always=(Edit(8, r"2000", "steps"),),
        group="fresh",
    )
]
