"""bruunand/funk-svd: one rating a step in Python loops over the factors; published with four faults.

As published each factor sees the error after the factors before it moved, the user's factor sees the movie's new one, and the
decay makes both grow.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

DECAY, USER, MOVIE, RATING = 0.3, 2, 1, 4.5


def loss(user: Any, movie: Any, rating: Any, movie_values: Any, user_values: Any) -> Any:
    p, q = movie_values[movie], user_values[:, user]
    return 0.5 * (p @ q - rating) ** 2 + 0.5 * DECAY * (np.sum(p**2) + np.sum(q**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.n_latent_factors, module.learning_rate, module.regularizer = 3, 0.05, DECAY
    start = {"movie_values": rng.normal(size=(4, 3)), "user_values": rng.normal(size=(3, 5))}
    return Call(
        module.step,
        loss,
        {"user": USER, "movie": MOVIE, "rating": RATING, **start},
        lambda result: {name: new - start[name] for name, new in zip(start, result, strict=True)},
        ([(USER, MOVIE, RATING)], *(value.copy() for value in start.values())),
    )


PROGRAMS = [
    Program(
        "bruunand/funk-svd",
        "src/funk_svd.py",
        build,
        (
            mistake(78, r" - rating", " + rating", "sign_flipped", "loss_derivative_wrong"),
            mistake(78, r"\* user_values\[i\]\[user\]", "* user_values[i][movie]", "wrong_index"),
            mistake(79, r"range\(n_latent_factors\)", "range(1, n_latent_factors)", "loop_cut_short"),
            mistake(84, r"user_values\[k\]\[user\]", "movie_values[movie][k]", "wrong_variable"),
            mistake(84, r"error \* ", "2 * error * ", "factor_2", "extra_factor"),
            mistake(85, r"\+ regularizer", "- regularizer", "sign_flipped", "regularisation_term_wrong"),
            mistake(
                85,
                r"regularizer \* movie_values\[movie\]\[k\]",
                "regularizer * user_values[k][user]",
                "regularisation_term_wrong",
                "wrong_variable",
            ),
            mistake(89, r"old", "movie_values[movie][k]", "updated_weights_used"),
            mistake(89, r"error \* ", "", "upstream_gradient_dropped", "missing_factor"),
            mistake(90, r" \+ regularizer .*$", ")", "regularisation_term_wrong"),
            mistake(90, r"-= learning_rate", "+= learning_rate", "sign_flipped"),
            two(
                mistake(85, r"\+ regularizer", "- regularizer", "sign_flipped", "regularisation_term_wrong"),
                mistake(89, r"error \* ", "", "upstream_gradient_dropped", "missing_factor"),
            ),
        ),
        harmless=(
            Edit(84, r"error \* user_values\[k\]\[user\]", "user_values[k][user] * error"),
            Edit(
                90,
                r"user_values\[k\]\[user\] -= learning_rate \* \(user_gradient \+",
                "user_values[k][user] += -learning_rate * (user_gradient +",
            ),
        ),
        keep=((8, 12), (77, 90)),
        head="def step(triples, movie_values, user_values):",
        foot="        return movie_values, user_values",
        mend=(
            Edit(80, to=78),
            Edit(78, r"^    ", ""),
            Edit(84, r"movie_gradient =", "old, movie_gradient = movie_values[movie][k],"),
            Edit(85, r"- regularizer", "+ regularizer"),
            Edit(89, r"movie_values\[movie\]\[k\]", "old"),
            Edit(90, r"- regularizer", "+ regularizer"),
        ),
        published=("updated_weights_used", "sign_flipped", "regularisation_term_wrong"),
        blame=(80, 84, 85, 89, 90),
        backward={"src/funk_svd.py": (78, 90)},
        group="later",
    )
]
