"""albertauyeung/matrix-factorization-in-python: one rating a step; as published the item row is moved by the new user row."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake

BETA, USER, ITEM = 0.02, 2, 1
RATINGS = np.array([[5.0, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [1, 0, 0, 4]])


def loss(P: Any, Q: Any, b_u: Any, b_i: Any, b: Any) -> Any:
    error = RATINGS[USER, ITEM] - (b + b_u[USER] + b_i[ITEM] + P[USER] @ Q[ITEM])
    return 0.5 * error**2 + 0.5 * BETA * (b_u[USER] ** 2 + b_i[ITEM] ** 2 + P[USER] @ P[USER] + Q[ITEM] @ Q[ITEM])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.MF(RATINGS, 3, 0.1, BETA, 1)
    model.P, model.Q = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    model.b_u, model.b_i, model.b = rng.normal(size=4), rng.normal(size=4), 2.5
    model.samples = [(USER, ITEM, RATINGS[USER, ITEM])]
    before = {name: getattr(model, name).copy() for name in ("P", "Q", "b_u", "b_i")}
    return Call(
        model.sgd,
        loss,
        {**before, "b": 2.5},
        lambda _: {name: getattr(model, name) - then for name, then in before.items()},
        bind={name: f"self.{name}" for name in (*before, "b")},
    )


PROGRAMS = [
    Program(
        "albertauyeung/matrix-factorization-in-python",
        "mf.py",
        build,
        (
            mistake(76, r"\(e - ", "(e + ", "sign_flipped", "regularisation_term_wrong"),
            mistake(76, r" - self\.beta \* self\.b_u\[i\]", "", "regularisation_term_wrong"),
            mistake(77, r"self\.b_i\[j\]\)", "self.b_u[i])", "wrong_variable", "regularisation_term_wrong"),
            mistake(83, r"e \* self\.Q", "self.Q", "upstream_gradient_dropped", "missing_factor"),
            mistake(83, r"\+=", "-=", "sign_flipped"),
            mistake(83, r"self\.P\[i,:\]\)", "self.Q[j,:])", "wrong_variable", "regularisation_term_wrong"),
            mistake(84, r"P_i", "self.Q[j, :]", "wrong_variable"),
            mistake(84, r"self\.beta \* ", "", "regularisation_term_wrong"),
            mistake(73, r"r - prediction", "prediction - r", "sign_flipped"),
        ),
        harmless=(
            Edit(84, r"e \* P_i - self\.beta \* self\.Q\[j,:\]", r"-self.beta * self.Q[j,:] + P_i * e"),
            Edit(76, r"self\.b_u\[i\] \+= (.*)$", r"self.b_u[i] = self.b_u[i] + \1"),
        ),
        mend=(Edit(80, r"\[:\]$", ".copy()"),),
        published=("updated_weights_used", "gradient_or_update_used_for_weight"),
    )
]
