"""huli/funksvd-recommender: matrix factorisation with loops over users, films and features; here one rating is known.

As published a feature of a film sees the new feature of the user."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(ratings: Any, user_mat: Any, movie_mat: Any) -> Any:
    return (ratings[1, 2] - np.sum(user_mat[1, :] * movie_mat[:, 2])) ** 2


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    class Held:
        n_users, n_movies, latent_features, learning_rate = 3, 4, 3, 0.05

        def rating_exists(self, user, movie):
            return self.user_item_mat[user, movie] > 0

    held = Held()
    held.user_item_mat = np.zeros((3, 4))
    held.user_item_mat[1, 2] = 4.0
    start = {"user_mat": rng.normal(size=(3, 3)), "movie_mat": rng.normal(size=(3, 4))}
    return Call(
        module.step,
        loss,
        {"ratings": held.user_item_mat, **start},
        lambda result: {name: new - start[name] for name, new in zip(start, result, strict=True)},
        (held, start["user_mat"].copy(), start["movie_mat"].copy(), 0),
        bind={"user_mat": "user_mat", "movie_mat": "movie_mat"},
    )


MISTAKES = (
    mistake(89, r"movie_mat\[:, movie\]", "movie_mat[:, user]", "wrong_index"),
    mistake(98, r"self\.latent_features", "self.latent_features - 1", "loop_cut_short"),
    mistake(98, r"range\(self", "range(1, self", "loop_cut_short", "wrong_index"),
    mistake(99, r"movie_mat\[k, movie\]", "movie_mat[k, user]", "wrong_index"),
    mistake(99, r"movie_mat\[k, movie\]", "user_mat[user, k]", "wrong_variable"),
    mistake(99, r"2 \* error", "error", "factor_2"),
    mistake(99, r"; user_mat\[user, k\] \+=", "; user_mat[user, k] -=", "sign_flipped"),
    mistake(99, r"; user_mat\[user, k\] \+=", "; user_mat[k, user] +=", "transposed", "wrong_index"),
    mistake(100, r"\+=", "-=", "sign_flipped"),
    mistake(100, r"2 \* error", "2 * error * error", "extra_factor"),
    mistake(100, r"2 \* error \* ", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(100, r"movie_mat\[k, movie\] \+=", "movie_mat[movie, k] +=", "transposed", "wrong_index"),
    mistake(100, r"movie_mat\[k, movie\] \+=", "movie_mat[k] +=", "wrong_index"),
)
PROGRAMS = [
    Program(
        "huli/funksvd-recommender",
        "recommender.py",
        build,
        (*MISTAKES[1:], two(MISTAKES[3], MISTAKES[9]), two(MISTAKES[2], MISTAKES[6])),
        harmless=(
            Edit(89, r"np\.dot\(user_mat\[user, :\], movie_mat\[:, movie\]\)", "user_mat[user] @ movie_mat[:, movie]"),
            Edit(99, r"\(2 \* error \* movie_mat\[k, movie\]\)", "2 * movie_mat[k, movie] * error"),
        ),
        keep=((1, 1), (83, 100)),
        head="def step(self, user_mat, movie_mat, sse_accum):",
        foot="            return user_mat, movie_mat",
        mend=(
            Edit(99, r"user_mat\[user, k\] \+=", "old = user_mat[user, k]; user_mat[user, k] +="),
            Edit(100, r"user_mat\[user, k\]", "old"),
        ),
        published=("updated_weights_used",),
        blame=(100, 99),
        backward={"recommender.py": (83, 100)},
        group="tenth",
    )
]
