"""Kaio1005/Funk-SVD-Recommender: Portuguese comments; one rating of a matrix factorisation, both vectors from before the step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

DECAY, USER, ITEM = 0.3, 2, 1


def loss(user: Any, item: Any, rating: Any, P: Any, Q: Any) -> Any:
    p, q = P[user], Q[:, item]
    return 0.5 * (rating - np.sum(p * q)) ** 2 + DECAY / 2 * (np.sum(p**2) + np.sum(q**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    rating, start = float(rng.uniform(3, 5)), {"P": rng.normal(size=(4, 3)), "Q": rng.normal(size=(3, 5))}

    def train(user, item, rating, P, Q):
        module.P_start, module.Q_start = P, Q
        return module.SGD([(user, item, rating)], 4, 5, 3, 0.1, DECAY, 1)

    return Call(
        train,
        loss,
        {"user": USER, "item": ITEM, "rating": rating, **start},
        lambda result: {"P": result[0] - start["P"], "Q": result[1] - start["Q"]},
        (USER, ITEM, rating, start["P"].copy(), start["Q"].copy()),
        bind={name: name for name in start},
    )


MISTAKES = (
    mistake(34, r"rating - np", "rating + np", "sign_flipped", "loss_derivative_wrong"),
    mistake(34, r"Q\[:, item_idx\]", "Q[:, user_idx]", "wrong_index"),
    mistake(35, r"\* Q\[:, item_idx\]", "* P[user_idx]", "wrong_variable"),
    mistake(
        35,
        r"- regularization_parameter \* P\[user_idx\]",
        "+ regularization_parameter * P[user_idx]",
        "regularisation_term_wrong",
        "sign_flipped",
    ),
    mistake(35, r"\(errors\[\(user_idx,item_idx\)\]", "(2 * errors[(user_idx,item_idx)]", "factor_2", "extra_factor"),
    mistake(35, r"P\[user_idx\] \+ alpha \* ", "alpha * ", "gradient_or_update_used_for_weight"),
    mistake(35, r" - regularization_parameter \* P\[user_idx\]", "", "regularisation_term_wrong"),
    mistake(36, r"\* P\[user_idx\]", "* P_aux", "updated_weights_used"),
    mistake(36, r"parameter \* Q\[:, item_idx\]", "parameter * P[user_idx]", "regularisation_term_wrong", "wrong_variable"),
    mistake(36, r"errors\[\(user_idx,item_idx\)\] \* ", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(36, r"\+ alpha", "- alpha", "sign_flipped"),
    mistake(36, r"errors\[\(user_idx,item_idx\)\] \* P", "rating * P", "loss_derivative_wrong", "wrong_variable"),
    mistake(37, r"P\[user_idx\]", "P[:]", "wrong_index"),
    mistake(38, r"Q\[:, item_idx\]", "Q[:, user_idx]", "wrong_index"),
    mistake(38, r"= Q_aux", "= P_aux", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "Kaio1005/Funk-SVD-Recommender",
        "util.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[9]), two(MISTAKES[2], MISTAKES[10])),
        harmless=(
            Edit(34, r"np\.dot\(P\[user_idx\], Q\[:, item_idx\]\)", "Q[:, item_idx] @ P[user_idx]"),
            Edit(35, r"(errors\[\(user_idx,item_idx\)\]) \* Q\[:, item_idx\]", r"Q[:, item_idx] * \1"),
        ),
        # all ones as published, which hides what is mixed up
        always=(
            Edit(28, r"np\.ones\(.*$", "P_start"),
            Edit(29, r"np\.ones\(.*$", "Q_start"),
        ),
        backward={"util.py": (34, 38)},
        group="ninth",
    )
]
