"""TGNYC/Matrix_Factorization: two factors of a matrix in which some numbers are not known, as a function of their gradients."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(M: Any, O: Any, A: Any, B: Any) -> Any:  # noqa: E741 (the program's name)
    return np.sum(O * (A @ B - M) ** 2) / np.sum(O)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    M, A, B = rng.normal(size=(5, 6)), rng.normal(size=(5, 3)), rng.normal(size=(3, 6))
    known = (rng.uniform(size=(5, 6)) < 0.6).astype(float)
    return Call(
        module.factor_gradient,
        loss,
        {"M": M, "O": known, "A": A, "B": B},
        lambda result: dict(zip("AB", result, strict=True)),
        (M, known, A, B),
    )


PROGRAMS = [
    Program(
        "TGNYC/Matrix_Factorization",
        "matrix_factorization.py",
        build,
        (
            mistake(43, r" \* O\)", ")", "missing_factor"),
            mistake(43, r"\(A@B - M\) \* O", "A@B - M * O", "missing_factor"),
            mistake(44, r"dL @", "-dL @", "sign_flipped"),
            mistake(45, r"A\.T", "(A - dA).T", "updated_weights_used"),
            mistake(45, r"dL", "(A@B - M)", "missing_factor", "wrong_variable"),
            two(mistake(43, r" \* O\)", ")", "missing_factor"), mistake(44, r"dL @", "-dL @", "sign_flipped")),
        ),
        harmless=(Edit(43, r"2 / np\.sum\(O\) \* ", ""), Edit(44, r"dL @ B\.T", "(B @ dL.T).T")),
        backward={"matrix_factorization.py": (43, 45)},
        group="fresh",
    )
]
