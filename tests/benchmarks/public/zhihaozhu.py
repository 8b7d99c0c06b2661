"""ZhihaoZhu/Multi-Layer-Perceptron-from-Scratch-with-BN-and-Dropout: batch norm in each layer, with caches in global dicts."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

EPS = 1e-9


def norm(a: Any) -> Any:
    c = a - np.mean(a, axis=0)
    return c / np.sqrt(np.mean(c**2, axis=0) + EPS)


def loss(x: Any, y: Any, b1: Any, b2: Any, b3: Any, W1: Any, W2: Any, W3: Any) -> Any:
    h = 1 / (1 + np.exp(-norm(x @ W1 + b1)))
    h = 1 / (1 + np.exp(-norm(h @ W2 + b2)))
    z = norm(h @ W3 + b3)
    return np.sum(np.log(np.sum(np.exp(z), axis=1)) - np.sum(y * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from nn import Softmax

    module.params, module.cache, module.epsilon = {}, {}, EPS
    sizes = {"b1": (1, 5), "b2": (1, 6), "b3": (1, 3), "W1": (4, 5), "W2": (5, 6), "W3": (6, 3)}
    start = {name: rng.normal(size=size) for name, size in sizes.items()}
    x, y = rng.normal(size=(8, 4)), np.eye(3)[rng.integers(0, 3, size=8)]

    def train(x, y, b1, b2, b3, W1, W2, W3):
        h1 = module.forward_pass(x, W1, b1, 1)
        h2 = module.forward_pass(h1, W2, b2, 2)
        p = module.forward_pass(h2, W3, b3, 3, Softmax())
        delta, dW3, *_ = module.backwards(p - y, W3, b3, 3, module.linear_deriv)
        delta, dW2, *_ = module.backwards(delta, W2, b2, 2)
        _, dW1, *_ = module.backwards(delta, W1, b1, 1)
        return dW1, dW2, dW3

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda result: dict(zip(("W1", "W2", "W3"), result, strict=True)),
        (x, y, *start.values()),
        bind={name: name for name in start},
    )


PROGRAMS = [
    Program(
        "ZhihaoZhu/Multi-Layer-Perceptron-from-Scratch-with-BN-and-Dropout",
        "Batch_normalization.py",
        build,
        (
            mistake(38, r"= -np", "= np", "sign_flipped", "normalisation_term_missing"),
            mistake(38, r"\*\*3 /2", "**3", "factor_2", "missing_factor"),
            mistake(38, r"\*\*3", "**2", "normalisation_term_missing", "wrong_variable"),
            mistake(39, r"-nomin", "nomin", "sign_flipped", "normalisation_term_missing"),
            mistake(40, r" \+ \(dmean / x\.shape\[0\]\)", "", "normalisation_term_missing"),
            mistake(40, r" \+ \(dvariance \* 2 \* \(x - mean\) / x\.shape\[0\]\)", "", "normalisation_term_missing"),
            mistake(40, r"dmean / x\.shape\[0\]", "dmean", "batch_scale_1_over_N", "normalisation_term_missing"),
            mistake(66, r"1\.0-post_act", "1.0-post_act**2", "wrong_activation_derivative"),
            mistake(74, r" \* activation_deriv\(post_act\)", "", "missing_activation_derivative"),
            mistake(74, r"\(post_act\)", "(pre_act)", "derivative_at_wrong_point", "wrong_variable"),
            mistake(78, r"dN", "delta_pre", "wrong_variable", "normalisation_term_missing"),
            two(
                mistake(38, r"\*\*3 /2", "**3", "factor_2", "missing_factor"),
                mistake(66, r"1\.0-post_act", "1.0-post_act**2", "wrong_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(66, r"post_act\*\(1\.0-post_act\)", "post_act - post_act**2"),
            Edit(39, r" \+ dvariance \* np\.mean\(-2 \* \(x - mean\), axis=0\)", ""),
        ),
        more=("nn.py",),
        keep=((1, 1), (3, 3), (6, 11), (25, 45), (65, 79)),
        group="last",
    )
]
