"""dornfeldz/numpy-neural-network: a script with one sigmoid unit, whose bias is a last weight, and `math` for the exponential."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(normalized_data: Any, w: Any) -> Any:
    x = np.array([[*inp, 1.0] for inp, _ in normalized_data])
    out = np.array([out for _, out in normalized_data])
    return 0.5 * np.sum((out - 1 / (1 + np.exp(-(x @ w)))) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    data, start = [[[float(v) for v in rng.uniform(size=3)], 1]], rng.normal(size=4)
    return Call(
        module.train,
        loss,
        {"normalized_data": data, "w": start},
        lambda w: {"w": w - start},
        (data, start.copy()),
        {"epochs": 3},
        bind={"w": "w"},
        once={"epochs": 1},
    )


PROGRAMS = [
    Program(
        "dornfeldz/numpy-neural-network",
        "numpy-nn.py",
        build,
        (
            mistake(33, r" \* x$", " * x * w", "extra_factor", "wrong_variable"),
            mistake(33, r" \* x$", "", "missing_factor", "wrong_activation_in_weight_gradient"),
            mistake(33, r" \* x$", " * d_sigmoid(x)", "wrong_activation_in_weight_gradient", "extra_factor", "wrong_variable"),
            mistake(33, r"w \+= (.*) \* x$", r"w[:-1] += \1 * x[:-1]", "wrong_index", "loop_cut_short"),
            mistake(32, r"d_sigmoid\(y\)", "d_sigmoid(x * w)", "derivative_at_wrong_point", "wrong_variable"),
            mistake(33, r" \* x$", " * sigmoid(x[0]) * w", "wrong_variable", "wrong_activation_in_weight_gradient"),
            two(
                mistake(31, r"out - y", "y - out", "sign_flipped", "loss_derivative_wrong"),
                mistake(33, r" \* x$", " * x ** 2", "extra_factor", "wrong_activation_in_weight_gradient"),
            ),
        ),
        harmless=(
            Edit(22, r"y \* \(1 - y\)", "y - y * y"),
            Edit(33, r"w \+= 2\.2 \* delta \* x", "w = w + 2.2 * (delta * x)"),
        ),
        keep=((1, 2), (18, 22), (26, 34)),
        head="def train(normalized_data, w, epochs):",
        foot="return w",
        always=(Edit(26, r"30000", "epochs"),),
        group="last",
    )
]
