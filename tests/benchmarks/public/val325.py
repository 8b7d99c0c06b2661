"""Val325/transformer-numpy: layer normalisation of one vector in twelve steps, with one gain and one offset for all of it."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W: Any, gamma: Any, beta: Any) -> Any:
    z = W @ x
    d = z - np.mean(z)
    return 0.5 * np.sum((gamma * d / np.sqrt(np.mean(d**2) + 0.01) + beta - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    norm = module.layer_norm(0.01)
    W, gamma, beta, x, y = rng.normal(size=(5, 3)), 1.3, -0.4, rng.normal(size=3), rng.normal(size=5)

    def train(x, y, W, gamma, beta):
        out = norm.feedforward(W @ x, gamma, beta, 0.01)
        dx, dgamma, dbeta = norm.backforward(out - y)
        return np.outer(dx, x), dgamma, dbeta

    return Call(
        train,
        loss,
        {"x": x, "y": y, "W": W, "gamma": gamma, "beta": beta},
        lambda result: dict(zip(("W", "gamma", "beta"), result, strict=True)),
        (x, y, W, gamma, beta),
    )


FILE = "module/LayerNormalization.py"
MISTAKES = (
    mistake(81, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(85, r"\*xhat", "*xmu", "wrong_variable", "normalisation_term_missing"),
    mistake(86, r" \* gamma", "", "missing_factor"),
    mistake(89, r"\*xmu", "*xhat", "wrong_variable"),
    mistake(90, r" \* ivar", "", "missing_factor", "normalisation_term_missing"),
    mistake(90, r" \* ivar", " * sqrtvar", "wrong_variable", "normalisation_term_missing"),
    mistake(93, r"-1\.", "1.", "sign_flipped", "normalisation_term_missing"),
    mistake(93, r"sqrtvar\*\*2", "sqrtvar", "missing_factor", "normalisation_term_missing"),
    mistake(96, r"0\.5 \* ", "", "factor_2", "missing_factor"),
    mistake(99, r"1\. /N \* ", "", "batch_scale_1_over_N", "missing_factor"),
    mistake(102, r"2 \* ", "", "factor_2", "missing_factor"),
    mistake(106, r"-1 \* ", "", "sign_flipped", "normalisation_term_missing"),
    mistake(109, r"1\. /N \* ", "", "batch_scale_1_over_N", "missing_factor"),
    mistake(112, r" \+ dx2", "", "normalisation_term_missing"),
)
PROGRAMS = [
    Program(
        "Val325/transformer-numpy",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[4]), two(MISTAKES[2], MISTAKES[11])),
        harmless=(
            Edit(99, r"1\. /N \* np\.ones\(N\) \* dvar", "np.full(N, dvar / N)"),
            Edit(93, r"-1\. /\(sqrtvar\*\*2\) \* divar", "-divar / sqrtvar**2"),
        ),
        backward={FILE: (78, 114)},
        group="eleventh",
    )
]
