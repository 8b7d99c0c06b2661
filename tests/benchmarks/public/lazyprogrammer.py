"""lazyprogrammer/machine_learning_examples: a script that trains one hidden tanh layer in a loop, written as a function."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake


def loss(Xtrain: Any, Ytrain_ind: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = np.tanh(Xtrain @ W1 + b1) @ W2 + b2
    return np.sum(np.log(np.sum(np.exp(z), axis=1)) - np.sum(Ytrain_ind * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"W1": rng.normal(size=(4, 5)), "b1": rng.normal(size=5), "W2": rng.normal(size=(5, 3)), "b2": rng.normal(size=3)}
    mine = {name: value.copy() for name, value in start.items()}
    X, Y = rng.normal(size=(8, 4)), np.eye(3)[rng.integers(0, 3, size=8)]
    return Call(
        module.program,
        loss,
        {"Xtrain": X, "Ytrain_ind": Y, **start},
        lambda _: {name: mine[name] - value for name, value in start.items()},
        (X, Y, *mine.values()),
        {"steps": 4},
        bind={name: name for name in start},
        once={"steps": 1},
    )


PROGRAMS = [
    Program(
        "lazyprogrammer/machine_learning_examples",
        "ann_logistic_extra/ann_train.py",
        build,
        (
            mistake(69, r"pYtrain - Ytrain_ind", "Ytrain_ind - pYtrain", "sign_flipped"),
            mistake(
                69, r"Ztrain\.T\.dot\(pYtrain - Ytrain_ind\)", "Ztrain.T.dot(pYtrain)", "loss_derivative_wrong", "wrong_variable"
            ),
            mistake(70, r"\.sum\(axis=0\)", ".mean(axis=0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(70, r"axis=0", "", "bias_gradient_reduction"),
            mistake(71, r"1 - Ztrain \* Ztrain", "Ztrain * (1 - Ztrain)", "wrong_activation_derivative"),
            mistake(71, r"Ztrain \* Ztrain", "np.tanh(Ztrain) ** 2", "derivative_of_activated_value"),
            mistake(71, r" \* \(1 - .*$", "", "missing_activation_derivative"),
            mistake(71, r"W2\.T", "(W2 - learning_rate * gW2).T", "updated_weights_used"),
            mistake(72, r"\(dZ\)", "(dZ) / len(Xtrain)", "batch_scale_1_over_N"),
            mistake(73, r"dZ", "gW1", "wrong_variable"),
            mistake(76, r"-=", "+=", "sign_flipped"),
            mistake(77, r"learning_rate \* ", "", "missing_factor"),
        ),
        harmless=(
            Edit(71, r"\(1 - Ztrain \* Ztrain\)", "(1 - Ztrain) * (1 + Ztrain)"),
            Edit(70, r"\(pYtrain - Ytrain_ind\)\.sum\(axis=0\)", "np.sum(pYtrain - Ytrain_ind, axis=0)"),
            Edit(72, r"Xtrain\.T\.dot\(dZ\)", "np.dot(dZ.T, Xtrain).T"),
        ),
        keep=((7, 7), (36, 42), (59, 77)),
        head="def program(Xtrain, Ytrain_ind, W1, b1, W2, b2, learning_rate=0.001, steps=10000):",
        always=(
            Edit(59, r"10000", "steps"),
            *(Edit(line, r"^(\s+)\S.*$", r"\1pass") for line in (61, 63, 64, 65, 66)),
        ),
        backward={"ann_logistic_extra/ann_train.py": (69, 73)},
        group="later",
    )
]
