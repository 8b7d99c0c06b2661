"""kalperenctnr/Autoencoder: a sparse autoencoder for homework; one function returns cost and gradients.

As published the gradient of the sparsity has the wrong sign in the first weights, and is missing in the first bias.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

LAMBDA, BETA, P = 0.3, 0.4, 0.2


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(data: Any, w_1: Any, w_2: Any, b_1: Any, b_2: Any) -> Any:
    a_1 = sigmoid(data @ w_1 + b_1)
    pe = np.mean(a_1, axis=0)
    sparsity = len(data) * BETA * np.sum(P * np.log(P / pe) + (1 - P) * np.log((1 - P) / (1 - pe)))
    decay = 0.5 * LAMBDA * (np.sum(w_1**2) + np.sum(w_2**2))
    return 0.5 * np.sum((sigmoid(a_1 @ w_2 + b_2) - data) ** 2) + decay + sparsity


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    shapes = {"w_1": (5, 3), "w_2": (3, 5), "b_1": (1, 3), "b_2": (1, 5)}
    start = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    data = rng.uniform(0.1, 0.9, size=(6, 5))

    def train(data, w_1, w_2, b_1, b_2):
        return module.aeCost((w_1, w_2, b_1, b_2), data, (5, 3, LAMBDA, BETA, P))[1]

    return Call(
        train,
        loss,
        {"data": data, **start},
        lambda result: dict(zip(start, result, strict=True)),
        (data, *start.values()),
        bind={name: name for name in start},
    )


PROGRAMS = [
    Program(
        "kalperenctnr/Autoencoder",
        "codes/autoencoder.py",
        build,
        (
            mistake(91, r"d - o", "o - d", "sign_flipped", "loss_derivative_wrong"),
            mistake(91, r"sig_der\(v_2\)", "sig_der(o)", "derivative_of_activated_value", "wrong_variable"),
            mistake(91, r" \* sig_der\(v_2\)", "", "missing_activation_derivative"),
            mistake(92, r" \+ lam \* w_2", "", "regularisation_term_wrong"),
            mistake(92, r"a_1\.T", "v_1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(93, r"-np", "np", "sign_flipped"),
            mistake(96, r"sig_der\(v_1\) \* ", "", "missing_activation_derivative"),
            mistake(97, r"-p \*", "p *", "sign_flipped", "regularisation_term_wrong"),
            mistake(97, r"np\.reciprocal\(1 - pe\)", "np.reciprocal(pe)", "wrong_variable", "regularisation_term_wrong"),
            mistake(98, r"v_1", "a_1", "derivative_of_activated_value", "wrong_variable"),
            mistake(98, r"beta \* ", "", "missing_factor", "regularisation_term_wrong"),
            mistake(99, r" \+ lam \* w_1", " - lam * w_1", "sign_flipped", "regularisation_term_wrong"),
            mistake(100, r"local_grad_1", "transient", "missing_activation_derivative", "wrong_variable"),
            two(
                mistake(91, r"sig_der\(v_2\)", "sig_der(o)", "derivative_of_activated_value", "wrong_variable"),
                mistake(98, r"beta \* ", "", "missing_factor", "regularisation_term_wrong"),
            ),
        ),
        harmless=(
            Edit(95, r"\(w_2 @ local_grad_2\.T\)\.T", "local_grad_2 @ w_2.T"),
            Edit(97, r"\(1 - p\) \* np\.reciprocal\(1 - pe\)", "(1 - p) / (1 - pe)"),
        ),
        keep=((2, 2), (64, 70), (77, 106)),
        always=(
            Edit(82, "10240, 256", "len(data), -1"),
            *(Edit(line, "10240", "len(x)") for line in (93, 100, 103)),
        ),
        mend=(Edit(99, r"\+ -x\.T @ dKL", "+ x.T @ dKL"), Edit(100, r"$", " + np.ones((1, len(x))) @ dKL")),
        published=("sign_flipped", "regularisation_term_wrong", "upstream_gradient_dropped"),
        backward={"codes/autoencoder.py": (91, 100)},
        group="newest",
    )
]
