"""dianachenyu/linear-svm-squared-hinge-loss: the gradient of a squared hinge with decay, as one pure function."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake


def loss(beta: Any, lambduh: Any, x: Any, y: Any) -> Any:
    return np.mean(np.maximum(0, 1 - y * (x @ beta)) ** 2) + lambduh * np.sum(beta**2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    beta, x, y = rng.normal(size=5), rng.normal(size=(9, 5)), np.where(rng.normal(size=9) > 0, 1.0, -1.0)
    return Call(
        module.compute_grad,
        loss,
        {"beta": beta, "lambduh": 0.3, "x": x, "y": y},
        lambda grad: {"beta": grad},
        (beta, 0.3, x, y),
        bind={"beta": "beta"},
    )


FILE = "src/linear_svm_squared_hinge_loss.py"
PROGRAMS = [
    Program(
        "dianachenyu/linear-svm-squared-hinge-loss",
        FILE,
        build,
        (
            mistake(33, r"np\.maximum\(0, 1-yxbeta\)", "1-yxbeta", "relu_mask_wrong", "loss_derivative_wrong"),
            mistake(33, r"1-yxbeta", "1+yxbeta", "sign_flipped", "loss_derivative_wrong", "relu_mask_wrong"),
            mistake(33, r"np\.maximum\(0, 1-yxbeta\)", "1.0*(yxbeta < 1)", "missing_factor", "loss_derivative_wrong"),
            mistake(34, r"-2", "-1", "factor_2"),
            mistake(34, r"-2", "2", "sign_flipped"),
            mistake(34, r"/len\(y\)", "", "batch_scale_1_over_N"),
            mistake(34, r"\.dot\(yx\)", ".dot(x)", "wrong_variable", "missing_factor"),
            mistake(35, r"2\*", "", "factor_2", "regularisation_term_wrong"),
            mistake(36, r"\(part1\+part2\)", "(part1-part2)", "sign_flipped", "regularisation_term_wrong"),
            mistake(36, r"\(part1\+part2\)", "part1", "regularisation_term_wrong"),
        ),
        harmless=(
            Edit(34, r"-2/len.*$", "-2*np.mean(compare_result[:, np.newaxis]*yx, axis=0)"),
            Edit(35, r"2\*lambduh\*beta", "lambduh*(beta + beta)"),
        ),
        keep=((8, 8), (14, 36), (39, 61)),
        backward={FILE: (31, 36)},
        group="later",
    )
]
