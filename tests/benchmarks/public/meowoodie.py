"""meowoodie/Probabilistic-Matrix-Factorization: rows of two matrices, one rating at a time, decay."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake


def loss(ratings: Any, U: Any, V: Any) -> Any:
    i, j = ratings[:, 0].astype(int), ratings[:, 1].astype(int)
    fit = np.sum((np.sum(U[i] * V[j], axis=1) - ratings[:, 2]) ** 2)
    return 0.5 * fit + 0.05 * (np.sum(U[i] ** 2) + np.sum(V[j] ** 2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.PMF(3, 0.05, 0.1, 1, 1)
    start = {"U": rng.normal(size=(5, 3)), "V": rng.normal(size=(6, 3))}
    model.U, model.V = start["U"].copy(), start["V"].copy()
    ratings = np.array([[0, 4, 3], [3, 1, 5], [2, 5, 1], [4, 0, 2]])  # no user and no item twice: all is one step
    return Call(
        model.sgd_update,
        loss,
        {"ratings": ratings, **start},
        lambda _: {"U": model.U - start["U"], "V": model.V - start["V"]},
        (ratings,),
        bind={"U": "self.U", "V": "self.V"},
    )


PROGRAMS = [
    Program(
        "meowoodie/Probabilistic-Matrix-Factorization",
        "pmf.py",
        build,
        (
            mistake(55, r"r_ij_hat - float\(r_ij\)", "float(r_ij) - r_ij_hat", "sign_flipped"),
            mistake(55, r"self\.lam \* self\.U\[i\]", "self.lam * self.V[j]", "regularisation_term_wrong", "wrong_variable"),
            mistake(56, r" \+ self\.lam", " - self.lam", "regularisation_term_wrong", "sign_flipped"),
            mistake(56, r" \+ self\.lam.*$", "", "regularisation_term_wrong"),
            mistake(56, r"self\.lam", "2 * self.lam", "regularisation_term_wrong", "factor_2"),
            mistake(58, r"= self\.V\[j\] - self\.epsilon \* ", "= self.V[j] - ", "missing_factor"),
            mistake(58, r"grad_V_j", "grad_U_i", "wrong_variable"),
        ),
        harmless=(
            Edit(57, r"= self\.U\[i\] - ", "-= "),
            Edit(56, r"\(r_ij_hat - float\(r_ij\)\) \* (.*) \+", r"-(r_ij - r_ij_hat) * \1 +"),
        ),
        stubs=dict.fromkeys(("arrow.py", "prec/__init__.py", "prec/dataloader.py"), ANYTHING),
        group="fresh",
    )
]
