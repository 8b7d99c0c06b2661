"""zhangj150/softmax-regression-impl: homework; softmax regression whose loss and gradient are one lambda, a sample at a time."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, Theta: Any) -> Any:
    z = np.hstack([X, np.ones((len(X), 1))]) @ Theta.T
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(y * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    X, y = rng.normal(size=(7, 3)), np.eye(3)[rng.integers(0, 3, size=7)]
    return Call(
        module.softmax_gd,
        loss,
        {"X": X, "y": y, "Theta": np.zeros((3, 4))},
        lambda Theta: {"Theta": Theta},
        (X, y, X[:2], y[:2]),
        {"epochs": 2, "alpha": 0.5},
        bind={"Theta": "Theta", "X": "X", "y": "y"},
        once={"epochs": 1},
    )


PROGRAMS = [
    Program(
        "zhangj150/softmax-regression-impl",
        "cls.py",
        build,
        (
            mistake(57, r" - y\)", ")", "loss_derivative_wrong"),
            mistake(57, r" - y\)", " + y)", "loss_derivative_wrong", "sign_flipped"),
            mistake(57, r"/np\.sum\(np\.exp\(yp\)\)", "", "loss_derivative_wrong", "missing_factor"),
            mistake(57, r"np\.exp\(yp\)/np\.sum\(np\.exp\(yp\)\)", "yp", "loss_derivative_wrong", "wrong_variable"),
            mistake(57, r"np\.exp\(yp\)/np\.sum\(np\.exp\(yp\)\)", "np.exp(yp)/len(yp)**2", "loss_derivative_wrong"),
            mistake(88, r"range\(X", "range(1, X", "loop_cut_short"),
            mistake(90, r"y\[i\]", "y[i-1]", "wrong_index"),
            mistake(94, r"X\[i\]", "X[i-1]", "wrong_index"),
            mistake(94, r"X\[i\]", "X[0]", "wrong_index"),
            mistake(94, r"g \+ ", "", "gradient_accumulated_across_steps"),
            mistake(94, r"loss_grad,", "y[i],", "wrong_variable", "loss_derivative_wrong"),
            mistake(101, r"alpha \* g", "alpha * np.sign(g)", "optimizer_rule_wrong"),
            two(
                mistake(88, r"range\(X", "range(1, X", "loop_cut_short"),
                mistake(57, r" - y\)", ")", "loss_derivative_wrong"),
            ),
            two(
                mistake(94, r"X\[i\]", "X[i-1]", "wrong_index"),
                mistake(57, r" - y\)", " + y)", "loss_derivative_wrong", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(57, r"np\.exp\(yp\)/np\.sum\(np\.exp\(yp\)\)", "np.exp(yp - np.log(np.sum(np.exp(yp))))"),
            Edit(94, r"\(1/X\.shape\[0\]\)\*np\.outer\(loss_grad, X\[i\]\)", "np.outer(loss_grad, X[i])/len(X)"),
        ),
        keep=((3, 3), (50, 115)),
        backward={"cls.py": (84, 101)},
        group="eighth",
    )
]
