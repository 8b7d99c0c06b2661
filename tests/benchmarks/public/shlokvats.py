"""ShlokVatsChoudhary/iris-logistic-regression-from-scratch: a course's logistic regression, loops over examples and features."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, Wini: Any, bini: Any) -> Any:
    z = X @ Wini + bini
    return np.mean(np.log(1 + np.exp(z)) - y * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    X, y = rng.normal(size=(7, 3)), np.array([0, 1, 1, 0, 1, 0, 0])
    start = {"Wini": rng.normal(size=3), "bini": float(rng.normal())}
    return Call(
        module.gradient_descent,
        loss,
        {"X": X, "y": y, **start},
        lambda result: {"Wini": result[0] - start["Wini"], "bini": result[1] - start["bini"]},
        (X, y, start["Wini"].copy(), start["bini"], 1, 0.1),
        bind={"Wini": "Wini", "bini": "bini"},
    )


MISTAKES = (
    mistake(25, r"= 0", "= b", "regularisation_term_wrong", "extra_factor", "wrong_variable"),
    mistake(27, r"\(0,m\)", "(1,m)", "loop_cut_short"),
    mistake(27, r"\(0,m\)", "(0,m-1)", "loop_cut_short"),
    mistake(29, r"sigmoid\(z_i\)", "z_i", "loss_derivative_wrong", "wrong_variable"),
    mistake(30, r"f_wb_i - y\[i\]", "(f_wb_i - y[i]) * f_wb_i * (1 - f_wb_i)", "extra_factor", "loss_derivative_wrong"),
    mistake(31, r"range \(n\)", "range (n-1)", "loop_cut_short"),
    mistake(32, r"X\[i,j\]", "X[j,i % n]", "wrong_index", "transposed"),
    mistake(32, r"= dj_dw\[j\] \+ err_i", "= err_i", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(32, r"err_i\*X", "z_i*X", "wrong_variable", "loss_derivative_wrong"),
    mistake(33, r"dj_db \+ err_i", "err_i", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(33, r"\+ err_i", "+ f_wb_i", "wrong_variable", "loss_derivative_wrong"),
    mistake(34, r"/m", "", "batch_scale_1_over_N", "bias_gradient_reduction"),
    mistake(35, r"/m", "/n", "batch_scale_1_over_N", "wrong_variable"),
    mistake(50, r"w - alpha", "w + alpha", "sign_flipped"),
    mistake(51, r"dj_db", "b", "gradient_or_update_used_for_weight", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "ShlokVatsChoudhary/iris-logistic-regression-from-scratch",
        "src/model.py",
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[11]), two(MISTAKES[8], MISTAKES[12])),
        harmless=(
            Edit(32, r"dj_dw\[j\] = dj_dw\[j\] \+ err_i\*X\[i,j\]", "dj_dw[j] += X[i,j] * err_i"),
            Edit(34, r"dj_db/m", "dj_db * (1 / m)"),
        ),
        backward={"src/model.py": (22, 36)},
        group="ninth",
    )
]
