"""swatishr, logistic regression on MNIST: softmax regression with decay, its gradient in loops over samples and classes."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake


def loss(W: Any, train_images: Any, T: Any) -> Any:
    z = train_images @ W.T
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(T * z, axis=1)) + 0.5 * 0.3 * np.sum(W * W)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    W, X, T = rng.normal(size=(4, 5)), rng.normal(size=(6, 5)), np.eye(4)[rng.integers(0, 4, size=6)]
    mine = W.copy()
    return Call(
        module.sgd,
        loss,
        {"W": W, "train_images": X, "T": T},
        lambda _: {"W": mine - W},
        (mine, X, T, 0.3),
        {"epochNo": 3, "learning_rate": 0.1},
        bind={"W": "W"},
        once={"epochNo": 1},
    )


FILE = "code/LRlibs.py"
PROGRAMS = [
    Program(
        "swatishr/classification-using-logistic-regression-and-single-layer-neural-network",
        FILE,
        build,
        (
            mistake(111, r"range\(N\)", "range(N - 1)", "loop_cut_short", "wrong_index"),
            mistake(116, r"range\(K\)", "range(1, K)", "loop_cut_short", "wrong_index"),
            mistake(117, r"normalised_yDash", "ydash", "wrong_variable", "loss_derivative_wrong", "softmax_jacobian_wrong"),
            mistake(117, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(118, r"-=", "+=", "sign_flipped", "loss_derivative_wrong"),
            mistake(118, r"y==1", "y==0", "wrong_index", "loss_derivative_wrong"),
            mistake(119, r"grad /= N", "pass", "batch_scale_1_over_N"),
            mistake(120, r"\+=", "-=", "regularisation_term_wrong", "sign_flipped"),
            mistake(120, r"\+= L2", "+= 0.5 * L2", "regularisation_term_wrong", "factor_2"),
            mistake(120, r"grad \+=.*$", "pass", "regularisation_term_wrong"),
            mistake(120, r"\* W", "* np.sign(W)", "regularisation_term_wrong"),
        ),
        harmless=(
            Edit(117, r"\+= .*$", "+= train_images[i,:] * normalised_yDash[j]"),
            Edit(119, r"grad /= N", "grad = grad / N"),
            Edit(123, r"learning_rate", "2 * learning_rate"),
        ),
        root="code",
        keep=((8, 9), (95, 98), (105, 124), (131, 149)),
        backward={FILE: (109, 120)},
        group="later",
    )
]
