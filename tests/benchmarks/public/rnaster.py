"""rnaster/Matrix-factorization-techniques-for-recommender-systems: ratings one by one, both rows in one assignment."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

RATE, DECAY = 0.05, 0.2


def loss(data: Any, user_mtx: Any, item_mtx: Any) -> Any:
    total = 0.0
    for user, item, rating in data:
        p, q = user_mtx[user], item_mtx[item]
        total = total + 0.5 * (rating - np.sum(p * q)) ** 2 + 0.5 * DECAY * (np.sum(p**2) + np.sum(q**2))
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.MF.__new__(module.MF)
    model.data = np.array([[0, 3, 4], [2, 1, 2]])  # no row is met twice: all ratings are one step
    start = {"user_mtx": rng.normal(size=(3, 4)), "item_mtx": rng.normal(size=(5, 4))}
    for name, value in start.items():
        setattr(model, name, value.copy())

    def train(alpha, beta, epoch):
        model._train(alpha, beta, epoch, 10, 0)

    return Call(
        train,
        loss,
        {"data": model.data, **start},
        lambda _: {name: getattr(model, name) - value for name, value in start.items()},
        (RATE, DECAY),
        {"epoch": 2},
        bind={"data": "model.data", **{name: f"model.{name}" for name in start}},
        once={"epoch": 1},
    )


PROGRAMS = [
    Program(
        "rnaster/Matrix-factorization-techniques-for-recommender-systems",
        "model/mf.py",
        build,
        (
            mistake(57, r"rat - ", "rat + ", "sign_flipped", "loss_derivative_wrong"),
            mistake(59, r"self\.item_mtx\[item\]", "self.user_mtx[user]", "wrong_variable", blame=(58, 60, 61, 62)),
            mistake(60, r"- beta", "+ beta", "sign_flipped", "regularisation_term_wrong", blame=(58, 59, 61, 62)),
            mistake(60, r"beta \* self\.user_mtx\[user\]", "beta", "regularisation_term_wrong", blame=(58, 59, 61, 62)),
            mistake(61, r"error \* ", "2 * error * ", "factor_2", "extra_factor", blame=(58, 59, 60, 62)),
            mistake(61, r"\+ alpha", "- alpha", "sign_flipped", blame=(58, 59, 60, 62)),
            mistake(62, r"self\.item_mtx\[item\]", "self.user_mtx[user]", "wrong_variable", blame=(58, 59, 60, 61)),
            mistake(
                61, r"self\.item_mtx\[item\]", "self.item_mtx[user]", "wrong_index", "wrong_variable", blame=(58, 59, 60, 62)
            ),
            two(
                mistake(60, r"- beta", "+ beta", "sign_flipped", "regularisation_term_wrong", blame=(58, 59, 61, 62)),
                mistake(61, r"\+ alpha", "- alpha", "sign_flipped", blame=(58, 59, 60, 62)),
            ),
        ),
        harmless=(
            Edit(57, r"np\.dot\((.*), (.*)\)$", r"(\1 * \2).sum()"),
            Edit(60, r"beta \* self\.user_mtx\[user\]", "self.user_mtx[user] * beta"),
        ),
        root="model",
        stubs={"pandas.py": ANYTHING, "tqdm/__init__.py": "", "tqdm/auto.py": "def tqdm(values):\n    return values\n"},
        group="last",
    )
]
