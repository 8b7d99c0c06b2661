"""joel-day/mlp-from-scratch: a notebook without matrices; two linear hidden neurons, a gradient for each parameter by its name.

As published the hidden neurons' biases do not see the weights after them.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ("w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "b1", "b2", "b3")


def loss(
    x1: Any, x2: Any, x3: Any, y: Any, w1: Any, w2: Any, w3: Any, w4: Any, w5: Any, w6: Any, w7: Any, w8: Any, b1: Any, b2: Any,
    b3: Any
) -> Any:  # fmt: skip
    h1 = w1 * x1 + w2 * x2 + w3 * x3 + b1
    h2 = w4 * x1 + w5 * x2 + w6 * x3 + b2
    return np.mean((w7 * h1 + w8 * h2 + b3 - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    data = {name: rng.uniform(size=6) for name in ("x1", "x2", "x3")}
    y = rng.normal(size=6)
    start = {name: float(rng.normal()) for name in NAMES}
    module.n = 6
    for name, value in (data | start).items():
        setattr(module, name, value)
    return Call(
        module.step,
        loss,
        {**data, "y": y, **start},
        lambda result: {name: new - start[name] for name, new in zip(NAMES, result, strict=True)},
        (*data.values(), y, *start.values(), 0.1),
        bind={name: name for name in NAMES},
    )


MISTAKES = (
    mistake(40, r"return", "return x *", "wrong_activation_derivative", "derivative_at_wrong_point"),
    mistake(51, r"predictions - targets", "predictions", "loss_derivative_wrong", "wrong_variable"),
    mistake(227, r"h1", "h2", "wrong_variable", "wrong_index"),
    mistake(239, r"one \* two \* three", "two * three", "upstream_gradient_dropped"),
    mistake(243, r"np\.mean", "np.sum", "batch_scale_1_over_N"),
    mistake(257, r"w7", "w8", "wrong_variable", "wrong_index"),
    mistake(265, r"w8", "1", "missing_factor", "upstream_gradient_dropped"),
    mistake(269, r"w7", "b1", "wrong_variable"),
    mistake(284, r"x3", "x2", "wrong_variable", "wrong_index"),
    mistake(288, r"x2", "x2 * x2", "wrong_activation_in_weight_gradient", "extra_factor"),
    mistake(301, r" \* three", "", "missing_factor", "upstream_gradient_dropped"),
    mistake(305, r"np\.mean\(gradient\)", "np.sum(gradient)", "batch_scale_1_over_N"),
    mistake(331, r"'w4'", "'w1'", "wrong_index", "wrong_variable"),
    mistake(348, r"-=", "+=", "sign_flipped"),
    mistake(351, r"w8_gradient", "w8", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(355, r"lr \* b3_gradient", "lr * b2_gradient", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "joel-day/mlp-from-scratch",
        "notebooks/mlp_scratch_numpy.ipynb",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[11]), two(MISTAKES[9], MISTAKES[14])),
        harmless=(
            Edit(305, r"np\.mean\(gradient\)", "np.average(gradient)"),
            Edit(301, r"one \* two \* three \* four \* five", "one * two * (five * three)"),
        ),
        keep=((1, 1), (34, 40), (43, 51), (216, 314), (320, 355)),
        head="def step(x1, x2, x3, y, w1, w2, w3, w4, w5, w6, w7, w8, b1, b2, b3, lr):",
        foot="    return w1, w2, w3, w4, w5, w6, w7, w8, b1, b2, b3",
        mend=(Edit(269, r"1", "w7"), Edit(271, r"1", "w8")),
        published=("missing_factor", "upstream_gradient_dropped", "wrong_variable"),
        backward={"notebooks/mlp_scratch_numpy.ipynb": (216, 355)},
        group="ninth",
    )
]
