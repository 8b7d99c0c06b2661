"""17tclc1/matrix-factorization-bias: matrix factorisation with biases, one rating.

As published the step of the items sees the users after their step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(P: Any, Q: Any, b_u: Any, b_i: Any) -> Any:
    e = 3.5 - 0.7 - b_u[1] - b_i[2] - np.sum(P[1] * Q[2])
    return 0.5 * e**2 + 0.1 * (np.sum(P[1] ** 2) + np.sum(Q[2] ** 2) + b_u[1] ** 2 + b_i[2] ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.MF_bias(np.zeros((3, 4)), 2, 0.1, 0.2, 1)
    start = {"P": (3, 2), "Q": (4, 2), "b_u": 3, "b_i": 4}
    start = {name: rng.normal(size=shape) for name, shape in start.items()}
    for name, value in start.items():
        setattr(model, name, value.copy())
    model.b, model.samples = 0.7, [(1, 2, 3.5)]

    def train():
        model.gradient_descent()

    return Call(
        train,
        loss,
        start,
        lambda _: {name: getattr(model, name) - value for name, value in start.items()},
        (),
        bind={name: f"model.{name}" for name in start},
    )


FILE = "MF_bias.py"
MISTAKES = (
    mistake(44, r"r - prediction", "prediction - r", "sign_flipped"),
    mistake(46, r" - self\.lambda_value \* self\.b_u\[i\]", "", "regularisation_term_wrong"),
    mistake(46, r" - self\.lambda_value", " + self.lambda_value", "regularisation_term_wrong", "sign_flipped"),
    mistake(46, r"self\.b_u\[i\]\)", "self.b_i[j])", "regularisation_term_wrong", "wrong_variable"),
    mistake(47, r"\(e - ", "(2 * e - ", "factor_2", "extra_factor"),
    mistake(47, r"\+=", "-=", "sign_flipped"),
    mistake(49, r"e \* self\.Q\[j, :\]", "self.Q[j, :]", "upstream_gradient_dropped", "missing_factor"),
    mistake(49, r"e \* self\.Q\[j, :\]", "e * self.P[i, :]", "wrong_variable"),
    mistake(49, r"self\.lambda_value \* self\.P\[i,:\]", "self.lambda_value", "regularisation_term_wrong", "missing_factor"),
    mistake(50, r"- self\.lambda_value", "+ self.lambda_value", "regularisation_term_wrong", "sign_flipped"),
    mistake(50, r"self\.beta", "self.lambda_value", "wrong_variable", "extra_factor"),
)
PROGRAMS = [
    Program(
        "17tclc1/matrix-factorization-bias",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[7]), two(MISTAKES[4], MISTAKES[9])),
        harmless=(
            Edit(44, r"r - prediction", "-(prediction - r)"),
            Edit(46, r"e - self\.lambda_value \* self\.b_u\[i\]", "-self.lambda_value * self.b_u[i] + e"),
        ),
        mend=(
            Edit(48, r"^\s*$", "          p = self.P[i, :].copy()"),
            Edit(50, r"e \* self\.P\[i, :\]", "e * p"),
        ),
        published=("updated_weights_used",),
        blame=(50, 49),
        backward={FILE: (44, 50)},
        group="eleventh",
    )
]
