"""hans/glove.py: one pair of words a step by AdaGrad, through views into the matrices of vectors."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

COUNT = 40.0


def loss(v_main: Any, v_context: Any, b_main: Any, b_context: Any) -> Any:
    return 0.5 * (COUNT / 100) ** 0.75 * np.sum((v_main @ v_context + b_main + b_context - np.log(COUNT)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    W, biases = rng.normal(size=(6, 4)), rng.normal(size=6)
    squares, bias_squares = rng.uniform(1, 4, size=(6, 4)), rng.uniform(1, 4, size=6)
    views = {"v_main": W[1], "v_context": W[5], "b_main": biases[1:2], "b_context": biases[5:6]}
    before = {name: value.copy() for name, value in views.items()}
    data = [(*views.values(), squares[1], squares[5], bias_squares[1:2], bias_squares[5:6], COUNT)]
    scales = {
        "v_main": np.sqrt(squares[1]),
        "v_context": np.sqrt(squares[5]),
        "b_main": np.sqrt(bias_squares[1:2]),
        "b_context": np.sqrt(bias_squares[5:6]),
    }
    return Call(
        module.run_iter,
        loss,
        before,
        lambda _: {name: (views[name] - then) * scales[name] for name, then in before.items()},
        ({}, data),
    )


PROGRAMS = [
    Program(
        "hans/glove.py",
        "glove.py",
        build,
        (
            mistake(248, r"v_context", "v_main", "wrong_variable"),
            mistake(249, r"weight \* ", "", "missing_factor"),
            mistake(249, r"cost_inner", "cost_inner ** 2", "wrong_variable", "loss_derivative_wrong"),
            mistake(252, r"cost_inner", "cost", "wrong_variable", "loss_derivative_wrong"),
            mistake(253, r"weight \* ", "", "missing_factor"),
            mistake(256, r"-=", "+=", "sign_flipped"),
            mistake(257, r"grad_context", "grad_main", "wrong_variable"),
            mistake(253, r"cost_inner", "cost_inner * 2", "factor_2", "extra_factor"),
            two(mistake(249, r"weight \* ", "", "missing_factor"), mistake(256, r"-=", "+=", "sign_flipped")),
        ),
        harmless=(
            Edit(248, r"weight \* cost_inner \* v_context", r"v_context * (cost_inner * weight)"),
            Edit(259, r"learning_rate \* grad_bias_main", r"grad_bias_main * learning_rate"),
        ),
        keep=((9, 9), (12, 12), (15, 15), (185, 269)),
    )
]
