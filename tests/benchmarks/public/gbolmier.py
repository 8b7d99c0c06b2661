"""gbolmier/funk-svd: one rating a step, moved factor by factor in scalar loops, with biases and decay; compiled by numba."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["bu", "bi", "pu", "qi"]
MEAN, DECAY = 3.1, 0.2


def loss(X: Any, bu: Any, bi: Any, pu: Any, qi: Any) -> Any:
    user, item = X[:, 0].astype(int), X[:, 1].astype(int)
    error = X[:, 2] - MEAN - bu[user] - bi[item] - np.sum(pu[user] * qi[item], axis=1)
    sizes = np.sum(bu[user] ** 2) + np.sum(bi[item] ** 2) + np.sum(pu[user] ** 2) + np.sum(qi[item] ** 2)
    return 0.5 * np.sum(error**2) + 0.5 * DECAY * sizes


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    shapes = {"bu": 4, "bi": 5, "pu": (4, 3), "qi": (5, 3)}
    start = {name: rng.normal(size=shapes[name]) for name in NAMES}
    X = np.array([[2.0, 3.0, 4.5]])
    return Call(
        module._run_epoch,
        loss,
        {"X": X, **start},
        lambda result: {name: new - start[name] for name, new in zip(NAMES, result, strict=True)},
        (X, *(value.copy() for value in start.values()), MEAN, 3, 0.05, DECAY),
    )


PROGRAMS = [
    Program(
        "gbolmier/funk-svd",
        "funk_svd/fast_methods.py",
        build,
        (
            mistake(93, r"\+ bi\[item\]", "", "loss_derivative_wrong"),
            mistake(96, r"qi\[item, factor\]", "qi[user, factor]", "wrong_index", "wrong_variable"),
            mistake(101, r"- reg", "+ reg", "sign_flipped", "regularisation_term_wrong"),
            mistake(102, r" - reg \* bi\[item\]", "", "regularisation_term_wrong"),
            mistake(102, r"\(err", "(2 * err", "factor_2", "extra_factor"),
            mistake(107, r"qi\[item", "qi[user", "wrong_index", "wrong_variable", blame=(109, 110)),
            mistake(109, r"\* qif", "* puf", "wrong_variable"),
            mistake(109, r"reg \* puf", "reg * qif", "regularisation_term_wrong", "wrong_variable"),
            mistake(110, r"err \* puf", "err * pu[user, factor]", "updated_weights_used", "wrong_variable"),
            mistake(110, r"err \* puf", "puf", "upstream_gradient_dropped", "missing_factor"),
            mistake(110, r"\+= lr", "-= lr", "sign_flipped"),
            mistake(105, r"range\(n_factors\)", "range(n_factors - 1)", "loop_cut_short"),
            two(
                mistake(101, r"- reg", "+ reg", "sign_flipped", "regularisation_term_wrong"),
                mistake(110, r"err \* puf", "err * pu[user, factor]", "updated_weights_used", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(
                109,
                r"pu\[user, factor\] \+= lr \* \(err \* qif - reg \* puf\)",
                "pu[user, factor] -= lr * (reg * puf - err * qif)",
            ),
            Edit(102, r"lr \* \(err - reg \* bi\[item\]\)", "lr * err - lr * reg * bi[item]"),
        ),
        keep=((1, 3), (53, 112)),
        root="funk_svd",
        stubs={"numba.py": "def njit(function):\n    return function\n"},
        backward={"funk_svd/fast_methods.py": (98, 112)},
        group="later",
    )
]
