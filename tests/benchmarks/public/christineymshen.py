"""christineymshen/sta-663-FinalProj-VAE: a variational autoencoder, several samples of each code; here without numba."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

NUMBA = """def jit(function=None, **options):
    return function if function else lambda inner: inner


njit = jit
"""
NAMES = ("q_W1", "q_W2", "q_W3", "p_W4", "p_W5", "q_b1", "q_b2", "q_b3", "p_b4", "p_b5")


def loss(
    X: Any, eps: Any, q_W1: Any, q_W2: Any, q_W3: Any, p_W4: Any, p_W5: Any, q_b1: Any, q_b2: Any, q_b3: Any, p_b4: Any, p_b5: Any
) -> Any:
    h = np.tanh(X @ q_W1.T + q_b1.T)
    mu, a = h @ q_W2.T + q_b2.T, h @ q_W3.T + q_b3.T
    total = 0.5 * np.sum(mu**2 + np.exp(a) - a - 1)
    for k in range(2):
        y = np.tanh((mu + np.exp(0.5 * a) * eps[:, k]) @ p_W4.T + p_b4.T) @ p_W5.T + p_b5.T
        total = total + np.sum(np.log(1 + np.exp(y)) - X * y) / 2
    return total / len(X)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    shapes = [(5, 4), (2, 5), (2, 5), (5, 2), (4, 5), (5, 1), (2, 1), (2, 1), (5, 1), (4, 1)]
    start = {name: 0.7 * rng.normal(size=shape) for name, shape in zip(NAMES, shapes, strict=True)}
    X, eps = rng.uniform(size=(3, 4)), rng.normal(size=(3, 2, 2))

    def train(X, eps, q_W1, q_W2, q_W3, p_W4, p_W5, q_b1, q_b2, q_b3, p_b4, p_b5):
        W, b = [q_W1, q_W2, q_W3, p_W4, p_W5], [q_b1, q_b2, q_b3, p_b4, p_b5]
        spec = [1, 3, 2, 1, 4, 5, 2, 0.1, 0]
        y, q_h1, p_h2, q_mu, q_s2, z, _ = module.batch_forward_vec_nb2(spec, X, W, b, eps)
        return module.grad_vec2_nb3(X, y, *W, *b, q_h1, p_h2, q_mu, q_s2, z, eps)

    return Call(
        train,
        loss,
        {"X": X, "eps": eps, **start},
        lambda result: dict(zip(NAMES, result, strict=True)),
        (X, eps, *start.values()),
        bind={name: name for name in ("X", "eps", *NAMES)},
    )


MISTAKES = (
    mistake(19, r"np\.power\(x,2\)", "np.power(np.tanh(x),2)", "derivative_of_activated_value"),
    mistake(201, r"range\(L\)", "range(1, L)", "loop_cut_short"),
    mistake(206, r"y_iL - X", "(y_iL - X) * y_iL * (1 - y_iL)", "extra_factor", "loss_derivative_wrong"),
    mistake(207, r"= dL_dW5 \+", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(210, r" \* tanh_gradient_nb\(p_h2_iL\)", "", "missing_activation_derivative"),
    mistake(211, r"z_iL", "q_mu", "wrong_variable", "wrong_activation_in_weight_gradient"),
    mistake(214, r" / 2", "", "factor_2", "missing_factor"),
    mistake(214, r"np\.sqrt\(q_s2\)", "q_s2", "wrong_variable", "wrong_activation_derivative"),
    mistake(214, r" \* eps\[:,iL,\]", "", "missing_factor"),
    mistake(219, r"L_d21\.T", "L_d22.T", "wrong_variable"),
    mistake(222, r" \+ L_d22 @ q_W3", "", "upstream_gradient_dropped"),
    mistake(227, r"q_s2 - 1", "q_s2", "regularisation_term_wrong"),
    mistake(231, r"= q_mu", "= 2 * q_mu", "factor_2", "regularisation_term_wrong"),
    mistake(235, r"R_d22 @ q_W3 \+ ", "", "regularisation_term_wrong", "upstream_gradient_dropped"),
    mistake(241, r" \+ dR_dW2 / M", "", "regularisation_term_wrong"),
    mistake(247, r" / L / M", " / M", "batch_scale_1_over_N"),
)
PROGRAMS = [
    Program(
        "christineymshen/sta-663-FinalProj-VAE",
        "Package/VAE/VAE.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[12]), two(MISTAKES[6], MISTAKES[15])),
        harmless=(
            Edit(214, r"np\.sqrt\(q_s2\) / 2", "0.5 * np.sqrt(q_s2)"),
            Edit(19, r"1-np\.power\(x,2\)", "(1 - x) * (1 + x)"),
        ),
        keep=((1, 251),),
        root="Package/VAE",
        stubs={"numba.py": NUMBA, **dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING)},
        backward={"Package/VAE/VAE.py": (184, 250)},
        group="ninth",
    )
]
