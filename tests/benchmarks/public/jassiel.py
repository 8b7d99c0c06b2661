"""jassiel-ndlovu/Probabilistic-Matrix-Factorization: typed factors with biases, a logistic link, momentum; scattered sums."""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

NAMES = ["U", "V", "b_user", "b_item"]
PENALTY, OFFSETS, SIZES = 0.3, 0.2, (4, 3, 2)
SEED = 5


def loss(users: Any, items: Any, targets: Any, U: Any, V: Any, b_user: Any, b_item: Any) -> Any:
    u, v = U[users], V[items]
    linear = np.sum(u * v, axis=1) + b_user[users] + b_item[items]
    error = 1 / (1 + np.exp(-linear)) - targets
    sizes = PENALTY * (np.sum(u**2) + np.sum(v**2)) + OFFSETS * (np.sum(b_user[users] ** 2) + np.sum(b_item[items] ** 2))
    return 0.5 * np.sum(error**2) + 0.5 * sizes


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.PMF(n_factors=2, reg=PENALTY, reg_bias=OFFSETS, link="logistic", use_bias=True)
    shapes = {"U": (4, 2), "V": (3, 2), "b_user": (4,), "b_item": (3,)}
    start = {name: rng.normal(size=shapes[name]) for name in NAMES}
    for name, value in start.items():
        setattr(net, name, value.copy())
    users, items = np.array([0, 1, 1, 3, 2, 1, 0]), np.array([2, 0, 1, 1, 0, 2, 2])
    targets = rng.uniform(size=7)
    return Call(
        net.gradients,
        loss,
        {"users": users, "items": items, "targets": targets, **start},
        lambda result: dict(zip(NAMES, result, strict=True)),
        (users, items, targets),
        bind={name: f"self.{name}" for name in NAMES},
    )


def plain_loss(users: Any, items: Any, ratings: Any, U: Any, V: Any) -> Any:
    error = np.sum(U[users] * V[items], axis=1) - (ratings - np.mean(ratings))
    return 0.5 * np.sum(error**2) + 0.5 * PENALTY * (np.sum(U**2) + np.sum(V**2))


def fit(module: ModuleType, rng: np.random.Generator) -> Call:
    n_users, n_items, factors = SIZES
    seeded = np.random.default_rng(SEED)
    start = {name: seeded.normal(0.0, 0.8, size=(count, factors)) for name, count in (("U", n_users), ("V", n_items))}
    net = module.PMF(n_factors=factors, lr=0.1, reg=PENALTY, reg_mode="uniform", init_scale=0.8, seed=SEED, n_epochs=2)
    users, items = np.array([0, 1, 1, 3, 2, 1, 0]), np.array([2, 0, 1, 1, 0, 2, 2])
    ratings = rng.uniform(1, 5, size=7)
    data = SimpleNamespace(
        users=users, items=items, ratings=ratings, n_users=n_users, n_items=n_items, rating_min=1.0, rating_max=5.0
    )

    def train(data, epochs):
        net.n_epochs = epochs
        return net.fit(data)

    return Call(
        train,
        plain_loss,
        {"users": users, "items": items, "ratings": ratings, **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (data,),
        {"epochs": 2},
        bind={"users": "data.users", "items": "data.items", "ratings": "data.ratings", "U": "self.U", "V": "self.V"},
        once={"epochs": 1},
    )


REPOSITORY, FILE, BASE = "jassiel-ndlovu/Probabilistic-Matrix-Factorization", "src/pmf/models/pmf.py", "src/pmf/models/base.py"
STUBS = {"pmf/__init__.py": "", "pmf/models/__init__.py": "", "pmf/data.py": ANYTHING, "pmf/metrics.py": ANYTHING}
BACKWARD = {FILE: (317, 362)}
PROGRAMS = [
    Program(
        REPOSITORY,
        FILE,
        build,
        (
            mistake(329, r" \* activation \* \(1\.0 - activation\)", "", "missing_activation_derivative"),
            mistake(329, r"\(1\.0 - activation\)", "(1.0 - linear)", "wrong_variable", "derivative_at_wrong_point"),
            mistake(329, r"activation - targets", "activation", "loss_derivative_wrong"),
            mistake(335, r"V_b", "U_b", "wrong_variable"),
            mistake(336, r"n_items, items, ", "n_items, items, -", "sign_flipped"),
            mistake(337, r"weights=delta", "weights=delta * self.b_user[users]", "extra_factor", "wrong_variable"),
            mistake(338, r"weights=delta", "weights=2 * delta", "factor_2", "extra_factor"),
            mistake(352, r"self\.reg_user", "self.lr", "regularisation_term_wrong", "wrong_variable"),
            mistake(353, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong"),
            mistake(352, r"self\.reg_user \* U_b", "self.reg_user * V_b", "regularisation_term_wrong", "wrong_variable"),
            mistake(356, r"self\.reg_bias \* ", "", "regularisation_term_wrong", "missing_factor", blame=(355, 357)),
            mistake(359, r"self\.b_item\[items\]", "np.sign(self.b_item[items])", "regularisation_term_wrong", blame=(358, 360)),
            two(
                mistake(335, r"V_b", "U_b", "wrong_variable"),
                mistake(353, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong"),
            ),
        ),
        harmless=(
            Edit(329, r"activation \* \(1\.0 - activation\)", "(activation - activation**2)"),
            Edit(335, r"delta\[:, None\] \* V_b", "np.einsum('i,ij->ij', delta, V_b)"),
        ),
        more=(BASE,),
        root="src",
        stubs=STUBS,
        backward=BACKWARD,
        name="gradients",
        group="later",
    ),
    Program(
        REPOSITORY,
        FILE,
        fit,
        (
            mistake(331, r"linear - targets", "targets - linear", "sign_flipped", "loss_derivative_wrong"),
            mistake(335, r"delta\[:, None\] \* V_b", "delta[:, None] * V_b / size", "batch_scale_1_over_N"),
            mistake(336, r"U_b", "V_b", "wrong_variable"),
            mistake(343, r"size / n_total", "1 / n_total", "regularisation_term_wrong", "batch_scale_1_over_N", "missing_factor"),
            mistake(344, r"grad_U \+= prior", "grad_U = prior", "upstream_gradient_dropped", "gradient_accumulated_across_steps"),
            mistake(
                345, r"self\.V$", "grad_V", "regularisation_term_wrong", "gradient_or_update_used_for_weight", "wrong_variable"
            ),
            mistake(233, r"self\.lr \* ", "", "missing_factor"),
            mistake(234, r"-=", "+=", "sign_flipped"),
            mistake(235, r"vel_V", "self.lr * grad_V / n", "batch_scale_1_over_N", "extra_factor", "optimizer_rule_wrong"),
            mistake(394, r" - self\.global_mean", "", "loss_derivative_wrong"),
        ),
        harmless=(
            Edit(234, r"self\.U -= vel_U", "self.U = self.U - vel_U"),
            Edit(344, r"prior \* self\.reg_user \* self\.U", "self.U * (self.reg_user * prior)"),
        ),
        more=(BASE,),
        root="src",
        stubs={**STUBS, "pmf/metrics.py": "def rmse(a, b):\n    return float(((a - b) ** 2).mean() ** 0.5)\n"},
        backward=BACKWARD,
        name="fit",
        group="later",
    ),
]
