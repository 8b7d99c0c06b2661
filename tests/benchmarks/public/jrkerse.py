"""jrkerse/PMF: matrix factorisation with biases, one rating and one feature at a time, in four lines of updates.

As published the user's factor learns from the item's new one.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

DECAY, MEAN = 0.2, 3.0


def loss(u: Any, i: Any, R: Any, b_u: Any, b_i: Any, p: Any, q: Any) -> Any:
    error = R[u, i] - MEAN - b_i[i] - b_u[u] - np.sum(q[:, i] * p[:, u])
    return 0.5 * error**2 + 0.5 * DECAY * (b_u[u] ** 2 + b_i[i] ** 2 + np.sum(q[:, i] ** 2) + np.sum(p[:, u] ** 2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.PMF.__new__(module.PMF)
    model.f, model.gamma, model.lambda_, model.mu = 1, 0.05, DECAY, MEAN
    model.R = rng.uniform(1, 5, size=(4, 5))
    shapes = {"b_u": (4,), "b_i": (5,), "p": (1, 4), "q": (1, 5)}
    start = {name: 0.4 * rng.normal(size=shape) for name, shape in shapes.items()}
    for name, value in start.items():
        setattr(model, name, value.copy())

    def train(u, i):
        error = model.get_error(u, i)
        for f in range(model.f):
            model.update(u, i, f, error)

    return Call(
        train,
        loss,
        {"u": 1, "i": 3, "R": model.R, **start},
        lambda _: {name: getattr(model, name) - value for name, value in start.items()},
        (1, 3),
        bind={"R": "model.R", **{name: f"model.{name}" for name in start}},
    )


PROGRAMS = [
    Program(
        "jrkerse/PMF",
        "pmf/main.py",
        build,
        (
            mistake(96, r"err - ", "err + ", "sign_flipped", "regularisation_term_wrong"),
            mistake(97, r"self\.lambda_ \* self\.b_i\[i\]", "self.lambda_", "regularisation_term_wrong"),
            mistake(97, r"self\.b_i\[i\]\)", "self.b_u[u])", "wrong_variable", "regularisation_term_wrong"),
            mistake(98, r"self\.p\[f,u\]", "self.q[f,i]", "wrong_variable"),
            mistake(98, r"self\.p\[f,u\]", "self.p[f,i]", "wrong_index"),
            mistake(98, r"err \* ", "2 * err * ", "factor_2", "extra_factor"),
            mistake(98, r"self\.q\[f,i\]\)", "self.p[f,u])", "wrong_variable", "regularisation_term_wrong"),
            mistake(99, r"\+ self\.gamma", "- self.gamma", "sign_flipped"),
            mistake(99, r" - self\.lambda_ \* self\.p\[f,u\]", "", "regularisation_term_wrong"),
            mistake(115, r"r - r_hat", "r_hat - r", "sign_flipped", "loss_derivative_wrong"),
            mistake(96, r"self\.gamma \* ", "", "missing_factor", "optimizer_rule_wrong"),
            two(
                mistake(98, r"err \* ", "2 * err * ", "factor_2", "extra_factor"),
                mistake(99, r"\+ self\.gamma", "- self.gamma", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(98, r"err \* self\.p\[f,u\]", "self.p[f,u] * err"),
            Edit(96, r"self\.b_u\[u\] = self\.b_u\[u\] \+", "self.b_u[u] +="),
        ),
        keep=((5, 5), (11, 11), (69, 81), (95, 100), (112, 116)),
        mend=(Edit(97, r"$", "; q = self.q[f,i]"), Edit(99, r"self\.q\[f,i\]", "q")),
        published=("updated_weights_used",),
        blame=(98, 99),
        backward={"pmf/main.py": (96, 99)},
        group="newest",
    )
]
