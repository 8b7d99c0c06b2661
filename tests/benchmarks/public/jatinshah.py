"""jatinshah/ufldl_tutorial: softmax regression, and two sigmoid layers under a softmax; parameters are one vector."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Program, mistake

LAMBDA = 0.1


def cross_entropy(o: Any, labels: Any) -> Any:
    return np.mean(np.log(np.sum(np.exp(o), axis=0)) - o[labels, np.arange(len(labels))])


def softmax_loss(theta: Any, data: Any, labels: Any) -> Any:
    return cross_entropy(theta.reshape(3, 4) @ data, labels) + LAMBDA / 2 * np.sum(theta**2)


def softmax(module: ModuleType, rng: np.random.Generator) -> Call:
    theta, data, labels = rng.normal(size=12), rng.normal(size=(4, 7)), rng.integers(0, 3, size=7)
    labels[:3] = [0, 1, 2]
    return Call(
        module.softmax_cost,
        softmax_loss,
        {"theta": theta, "data": data, "labels": labels},
        lambda result: {"theta": result[1]},
        (theta, 3, 4, LAMBDA, data, labels),
    )


def stacked_loss(theta: Any, data: Any, labels: Any) -> Any:
    S, W1, b1 = theta[:9].reshape(3, 3), theta[9:29].reshape(5, 4), theta[29:34]
    W2, b2 = theta[34:49].reshape(3, 5), theta[49:]
    h = 1 / (1 + np.exp(-(W1 @ data + b1[:, None])))
    h = 1 / (1 + np.exp(-(W2 @ h + b2[:, None])))
    return cross_entropy(S @ h, labels) + LAMBDA / 2 * np.sum(S**2)


def stacked(module: ModuleType, rng: np.random.Generator) -> Call:
    theta, data, labels = rng.normal(size=52), rng.normal(size=(4, 7)), rng.integers(0, 3, size=7)
    labels[:3] = [0, 1, 2]
    return Call(
        module.stacked_autoencoder_cost,
        stacked_loss,
        {"theta": theta, "data": data, "labels": labels},
        lambda result: {"theta": result[1]},
        (theta, 4, 3, 3, {"input_size": 4, "layer_sizes": [5, 3]}, LAMBDA, data, labels),
    )


PROGRAMS = [
    Program(
        "jatinshah/ufldl_tutorial",
        "softmax.py",
        softmax,
        (
            mistake(26, r"-1 / m", "1 / m", "sign_flipped"),
            mistake(
                26, r"indicator - prob_data", "indicator - 2 * prob_data", "loss_derivative_wrong", "factor_2", "extra_factor"
            ),
            mistake(26, r"\(-1 / m\) \* ", "-", "batch_scale_1_over_N"),
            mistake(26, r" \+ lambda_ \* theta", "", "regularisation_term_wrong"),
            mistake(26, r"lambda_ \* theta", "lambda_ * theta / 2", "regularisation_term_wrong", "factor_2"),
            mistake(26, r"\+ lambda_", "- lambda_", "regularisation_term_wrong", "sign_flipped"),
        ),
        keep=((1, 28),),
    ),
    Program(
        "jatinshah/ufldl_tutorial",
        "stacked_autoencoder.py",
        stacked,
        (
            mistake(11, r"\(1 - sigmoid\(x\)\)", "sigmoid(x)", "wrong_activation_derivative"),
            mistake(131, r"a\[-1\]", "z[-1]", "wrong_activation_in_weight_gradient"),
            mistake(131, r" \+ lambda_ \* softmax_theta", "", "regularisation_term_wrong"),
            mistake(138, r"-softmax", "softmax", "sign_flipped"),
            mistake(138, r" \* sigmoid_prime\(z\[-1\]\)", "", "missing_activation_derivative"),
            mistake(138, r"sigmoid_prime\(z\[-1\]\)", "sigmoid_prime(a[-1])", "derivative_of_activated_value"),
            mistake(140, r"z\[i\]", "a[i]", "derivative_of_activated_value"),
            mistake(146, r"a\[i\]", "sigmoid(a[i])", "wrong_activation_in_weight_gradient"),
            mistake(147, r" / m", "", "batch_scale_1_over_N", "bias_gradient_reduction"),
            mistake(135, r"indicator - prob", "indicator", "loss_derivative_wrong", "wrong_variable"),
        ),
        more=("softmax.py",),
        until={"softmax.py": 28},
        keep=((1, 152),),
    ),
]
