"""hirdyanshKanethia/softmax-regression: a book's notebook; softmax regression whose weight decay spares the bias row."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

ALPHA = 0.4


def loss(X_train: Any, Y_train_one_hot: Any, Theta: Any) -> Any:
    logits = X_train @ Theta
    data = np.mean(np.log(np.sum(np.exp(logits), axis=1)) - np.sum(logits * Y_train_one_hot, axis=1))
    return data + ALPHA / 2 * np.sum(Theta[1:] ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    X_train = np.c_[np.ones(6), rng.normal(size=(6, 3))]
    Y_train_one_hot = np.eye(3)[[0, 2, 1, 1, 0, 2]]
    start = {"Theta": rng.normal(size=(4, 3))}
    return Call(
        module.step,
        loss,
        {"X_train": X_train, "Y_train_one_hot": Y_train_one_hot, **start},
        lambda result: {"Theta": result - start["Theta"]},
        (X_train, Y_train_one_hot, start["Theta"].copy()),
        {"m": 6, "n_outputs": 3, "alpha": ALPHA, "eta": 0.5, "epoch": 1},
        bind={"Theta": "Theta"},
    )


MISTAKES = (
    mistake(61, r"axis=1", "axis=0", "softmax_jacobian_wrong", "wrong_index"),
    mistake(108, r"Y_proba - Y_train_one_hot", "Y_proba * (1 - Y_train_one_hot)", "loss_derivative_wrong"),
    mistake(108, r"Y_proba", "logits", "loss_derivative_wrong", "wrong_variable"),
    mistake(108, r"$", " * Y_proba * (1 - Y_proba)", "extra_factor", "loss_derivative_wrong"),
    mistake(108, r"Y_train_one_hot", "Y_train_one_hot / m", "batch_scale_1_over_N", "loss_derivative_wrong"),
    mistake(109, r"1 / m \* ", "", "batch_scale_1_over_N"),
    mistake(109, r"1 / m", "1 / n_outputs", "batch_scale_1_over_N", "wrong_variable"),
    mistake(109, r"X_train\.T", "np.abs(X_train).T", "wrong_activation_in_weight_gradient"),
    mistake(110, r"np\.zeros\(\[1, n_outputs\]\), alpha \* Theta\[1:\]", "alpha * Theta", "regularisation_term_wrong"),
    mistake(110, r"Theta\[1:\]", "Theta[1:] ** 2", "regularisation_term_wrong"),
    mistake(110, r"Theta\[1:\]", "Theta[:-1]", "regularisation_term_wrong", "wrong_index"),
    mistake(110, r"alpha", "2 * alpha", "regularisation_term_wrong", "factor_2"),
    mistake(110, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong"),
    mistake(110, r"\+=", "=", "gradient_overwritten", "regularisation_term_wrong", "upstream_gradient_dropped"),
    mistake(110, r"gradients \+= .*$", "pass", "regularisation_term_wrong"),
    mistake(111, r"Theta - eta", "-eta", "gradient_or_update_used_for_weight"),
)
PROGRAMS = [
    Program(
        "hirdyanshKanethia/softmax-regression",
        "main.ipynb",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[1]), two(MISTAKES[7], MISTAKES[11])),
        harmless=(
            Edit(109, r"1 / m \* X_train\.T @ error", "(X_train / m).T @ error"),
            Edit(110, r"np\.zeros\(\[1, n_outputs\]\), alpha \* Theta\[1:\]", "0 * Theta[:1], Theta[1:] * alpha"),
        ),
        keep=((1, 1), (59, 62), (100, 111)),
        head="def step(X_train, Y_train_one_hot, Theta, m, n_outputs, alpha, eta, epoch):",
        foot="    return Theta",
        backward={"main.ipynb": (108, 111)},
        group="ninth",
    )
]
