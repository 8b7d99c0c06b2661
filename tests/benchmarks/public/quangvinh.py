"""Quang-Vinh/matrix-factorization: ratings through a sigmoid or a Gaussian of two rows, factor by factor, compiled by numba.

As published the derivatives lack the scale of the kernel, so that data and decay do not fit.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

RATE, DECAY, LOW, SPAN, MEAN, GAMMA, RATING = 0.05, 0.3, 1.0, 4.0, 0.2, 0.15, 4.5
USER, ITEM = 2, 3


def decay(*rows: Any) -> Any:
    return 0.5 * DECAY * sum(np.sum(row**2) for row in rows)


def loss(user_id: Any, item_id: Any, user_biases: Any, item_biases: Any, user_features: Any, item_features: Any) -> Any:
    p, q = user_features[user_id], item_features[item_id]
    linear = MEAN + user_biases[user_id] + item_biases[item_id] + p @ q
    error = LOW + SPAN / (1 + np.exp(-linear)) - RATING
    return 0.5 * error**2 + decay(p, q, user_biases[user_id], item_biases[item_id])


def gaussian(user_id: Any, item_id: Any, user_features: Any, item_features: Any) -> Any:
    p, q = user_features[user_id], item_features[item_id]
    return 0.5 * (LOW + SPAN * np.exp(-GAMMA * np.sum((p - q) ** 2)) - RATING) ** 2 + decay(p, q)


def moved(values: dict[str, Any], start: dict[str, Any]) -> dict[str, Any]:
    return {name: value - start[name] for name, value in values.items()}


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {
        "user_biases": rng.normal(size=4),
        "item_biases": rng.normal(size=5),
        "user_features": rng.normal(size=(4, 3)),
        "item_features": rng.normal(size=(5, 3)),
    }
    values = {name: value.copy() for name, value in start.items()}
    return Call(
        module.kernel_sigmoid_sgd_update,
        loss,
        {"user_id": USER, "item_id": ITEM, **start},
        lambda _: moved(values, start),
        (USER, ITEM, RATING, MEAN, *values.values(), RATE, DECAY, LOW, SPAN),
    )


def rbf(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"user_features": rng.normal(size=(4, 3)), "item_features": rng.normal(size=(5, 3))}
    values = {name: value.copy() for name, value in start.items()}
    return Call(
        module.kernel_rbf_sgd_update,
        gaussian,
        {"user_id": USER, "item_id": ITEM, **start},
        lambda _: moved(values, start),
        (USER, ITEM, RATING, *values.values(), RATE, DECAY, GAMMA, LOW, SPAN),
    )


REPOSITORY, FILE = "Quang-Vinh/matrix-factorization", "matrix_factorization/kernels.py"
NUMBA = {"numba.py": "def njit(*args, **kwargs):\n    return lambda function: function\n"}
PROGRAMS = [
    Program(
        REPOSITORY,
        FILE,
        build,
        (
            mistake(233, r"rating_pred - rating", "rating - rating_pred", "sign_flipped", "loss_derivative_wrong"),
            mistake(236, r"\(sigmoid_result \*\* 2\)", "sigmoid_result", "wrong_activation_derivative", "missing_factor"),
            mistake(236, r"linear_sum", "rating_pred", "wrong_variable", "derivative_at_wrong_point"),
            mistake(240, r" \+ reg \* user_bias", "", "regularisation_term_wrong"),
            mistake(
                244,
                r"deriv_base",
                "sigmoid_result",
                "wrong_variable",
                "missing_activation_derivative",
                "wrong_activation_derivative",
            ),
            mistake(244, r"reg \* item_bias", "reg * user_bias", "regularisation_term_wrong", "wrong_variable"),
            mistake(253, r"item_feature_f", "user_feature_f", "wrong_variable"),
            mistake(254, r"\+ reg", "- reg", "sign_flipped", "regularisation_term_wrong"),
            mistake(258, r"user_feature_f", "user_features[user_id, i]", "updated_weights_used", "wrong_variable"),
            mistake(259, r"error \* ", "", "upstream_gradient_dropped", "missing_factor"),
            mistake(260, r"-=", "+=", "sign_flipped"),
            mistake(248, r"range\(n_factors\)", "range(1, n_factors)", "loop_cut_short"),
        ),
        harmless=(
            Edit(236, r"\(sigmoid_result \*\* 2\) \* math\.exp\(-linear_sum\)", "sigmoid_result * (1 - sigmoid_result)"),
            Edit(255, r"user_features\[user_id, i\] -= lr \* opt_deriv", "user_features[user_id, i] += -lr * opt_deriv"),
        ),
        root="matrix_factorization",
        stubs=NUMBA,
        mend=(Edit(236, r"$", " * c"),),
        published=("missing_factor", "loss_derivative_wrong"),
        blame=(236, 233),
        backward={FILE: (233, 260)},
        name="sigmoid",
        group="later",
    ),
    Program(
        REPOSITORY,
        FILE,
        rbf,
        (
            mistake(307, r"rating_pred - rating", "exp_result - rating", "wrong_variable", "loss_derivative_wrong"),
            mistake(310, r"2 \* ", "", "factor_2", "missing_factor"),
            mistake(310, r"exp_result", "power", "wrong_variable", "wrong_activation_derivative"),
            mistake(318, r"item_feature_f - user_feature_f", "user_feature_f - item_feature_f", "sign_flipped"),
            mistake(318, r"\(item_feature_f - user_feature_f\)", "item_feature_f", "wrong_variable"),
            mistake(319, r"reg \* user_feature_f", "reg * item_feature_f", "regularisation_term_wrong", "wrong_variable"),
            mistake(
                320,
                r"opt_deriv",
                "user_feature_deriv",
                "wrong_variable",
                "upstream_gradient_dropped",
                "regularisation_term_wrong",
            ),
            mistake(323, r"user_feature_f", "user_features[user_id, i]", "updated_weights_used", "wrong_variable"),
            mistake(324, r" \+ reg \* item_feature_f", "", "regularisation_term_wrong"),
            two(
                mistake(310, r"2 \* ", "", "factor_2", "missing_factor"),
                mistake(324, r" \+ reg \* item_feature_f", "", "regularisation_term_wrong"),
            ),
        ),
        harmless=(
            Edit(318, r"deriv_base \* \(item_feature_f - user_feature_f\)", "-deriv_base * (user_feature_f - item_feature_f)"),
            Edit(
                302,
                r"np\.sum\(np\.square\(user_feature_vec - item_feature_vec\)\)",
                "np.linalg.norm(user_feature_vec - item_feature_vec) ** 2",
            ),
        ),
        root="matrix_factorization",
        stubs=NUMBA,
        mend=(Edit(310, r"$", " * c"),),
        published=("missing_factor", "loss_derivative_wrong"),
        blame=(310, 307),
        backward={FILE: (307, 325)},
        name="rbf",
        group="later",
    ),
]
