"""GiacomoAdamo/MLP-RBF-networks: the gradient of a radial basis network in one vector, with moved axes and two decays."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(weights: Any, argsfun: Any) -> Any:
    X, Y, spread, ro1, ro2, P, N = argsfun
    V, C = weights[:N], weights[N:].reshape(2, N)
    distances = np.sum((X[:, :, None] - C[:, None, :]) ** 2, axis=0)
    error = np.exp(-distances / spread**2) @ V - Y[0]
    return np.sum(error**2) / (2 * P) + ro1 / 2 * np.sum(V**2) + ro2 / 2 * np.sum(C**2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    weights = rng.normal(size=15)
    args = [rng.normal(size=(2, 9)), rng.normal(size=(1, 9)), 1.7, 0.2, 0.1, 9, 5]
    return Call(
        module.gradient,
        loss,
        {"weights": weights, "argsfun": args},
        lambda grad: {"weights": grad},
        (weights, args),
        bind={"weights": "weights"},
    )


FILE = "RBF/Full Minimization/utilities.py"
PROGRAMS = [
    Program(
        "GiacomoAdamo/MLP-RBF-networks",
        FILE,
        build,
        (
            mistake(59, r"\(1 / P\) \* ", "", "batch_scale_1_over_N"),
            mistake(59, r" \+ ro1 \* V", "", "regularisation_term_wrong"),
            mistake(59, r"ro1 \*", "2 * ro1 *", "factor_2", "regularisation_term_wrong"),
            mistake(62, r"- C", "+ C", "sign_flipped"),
            mistake(64, r"\(2 /", "(1 /", "factor_2"),
            mistake(64, r"\(spread \*\* 2\)", "spread", "missing_factor"),
            mistake(64, r"\.T / spread", ".T", "missing_factor", "derivative_at_wrong_point"),
            mistake(67, r" - Y", "", "loss_derivative_wrong"),
            mistake(68, r"\(V / P\)", "V", "batch_scale_1_over_N"),
            mistake(68, r"ro2", "ro1", "regularisation_term_wrong", "wrong_variable"),
            mistake(68, r"\+ ro2", "- ro2", "sign_flipped", "regularisation_term_wrong"),
            mistake(70, r"\(grads, dC\.reshape\(-1, 1\)\)", "(dC.reshape(-1, 1), grads)", "wrong_index", "transposed"),
            two(
                mistake(59, r" \+ ro1 \* V", "", "regularisation_term_wrong"),
                mistake(64, r"\(2 /", "(1 /", "factor_2"),
            ),
        ),
        harmless=(
            Edit(59, r"np\.dot\(E, Phi_matrix\)\.T", "np.dot(Phi_matrix.T, E.T)"),
            Edit(64, r"np\.exp\(-\(\(np\.linalg\.norm\(QUBO, axis=2\)\.T / spread\) \*\* 2\)\)", "Phi_matrix"),
        ),
        keep=((2, 2), (6, 71)),
        root="RBF/Full Minimization",
        backward={FILE: (58, 71)},
        group="later",
    )
]
