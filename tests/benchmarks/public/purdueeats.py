"""PurdueEats/backend: ratings of meals; matrix factorisation by stochastic gradient descent, one factor at a time.

As published the items see factors of the users that were just updated.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

RATINGS = np.array([[0, 4, 0, 0], [0, 0, 0, 5], [3, 0, 0, 0]])


def loss(R: Any, P: Any, Q: Any, beta: Any) -> Any:
    total = 0.0
    for i, j in zip(*np.nonzero(RATINGS), strict=True):
        total = total + (R[i, j] - P[i] @ Q[j]) ** 2 + beta / 2 * (np.sum(P[i] ** 2) + np.sum(Q[j] ** 2))
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"P": rng.normal(size=(3, 3)), "Q": rng.normal(size=(4, 3))}
    return Call(
        module.matrix_factorization,
        loss,
        {"R": RATINGS, **start, "beta": 0.3},
        lambda result: {name: value - start[name] for name, value in zip("PQ", result, strict=True)},
        (RATINGS, start["P"].copy(), start["Q"].copy(), 3),
        {"steps": 1, "alpha": 0.01, "beta": 0.3},
        bind={"R": "R", "P": "P", "Q": "Q", "beta": "beta"},
    )


PROGRAMS = [
    Program(
        "PurdueEats/backend",
        "backend/GNN/MatrixFactorization.py",
        build,
        (
            mistake(23, r"R\[i\]\[j\] - np\.dot\((.*)\)", r"np.dot(\1) - R[i][j]", "sign_flipped", "loss_derivative_wrong"),
            mistake(23, r"Q\[:, j\]", "Q[:, i]", "wrong_index"),
            mistake(23, r"R\[i\]\[j\] - ", "", "loss_derivative_wrong"),
            mistake(25, r"range\(K\)", "range(K - 1)", "loop_cut_short"),
            mistake(28, r"2 \* eij", "eij", "factor_2", "missing_factor"),
            mistake(28, r"eij \* Q\[k\]\[j\]", "eij * P[i][k]", "wrong_variable"),
            mistake(28, r"- beta \* P\[i\]\[k\]", "- beta * Q[k][j]", "regularisation_term_wrong", "wrong_variable"),
            mistake(28, r"- beta", "+ beta", "regularisation_term_wrong", "sign_flipped"),
            mistake(29, r"\+ alpha", "- alpha", "sign_flipped"),
            mistake(30, r"- beta \* Q\[k\]\[j\]", "- beta", "regularisation_term_wrong"),
            mistake(30, r" - beta \* Q\[k\]\[j\]", "", "regularisation_term_wrong"),
            mistake(30, r"2 \* eij \* p_ik", "2 * p_ik", "missing_factor", "loss_derivative_wrong"),
            two(
                mistake(28, r"2 \* eij", "eij", "factor_2", "missing_factor"),
                mistake(30, r" - beta \* Q\[k\]\[j\]", "", "regularisation_term_wrong"),
            ),
            two(
                mistake(23, r"Q\[:, j\]", "Q[:, i]", "wrong_index"),
                mistake(29, r"\+ alpha", "- alpha", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(23, r"np\.dot\(P\[i, :\], Q\[:, j\]\)", "P[i] @ Q.T[j]"),
            Edit(28, r"2 \* eij \* Q\[k\]\[j\] - beta \* P\[i\]\[k\]", "-beta * P[i][k] + eij * 2 * Q[k][j]"),
        ),
        keep=((1, 55),),
        root="backend/GNN",
        mend=(Edit(27, r"P\[i\]\[k\] = ", "p_ik = P[i][k]; P[i][k] = "), Edit(30, r"P\[i\]\[k\]", "p_ik")),
        published=("updated_weights_used",),
        blame=(27, 28, 29, 30),
        group="eighth",
    )
]
