"""trekhleb/homemade-machine-learning: a perceptron sample by sample; published with a penalty that multiplies the gradient."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

LAYERS, LAMBDA = [3, 4, 3], 0.7


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(data: Any, labels: Any, theta0: Any, theta1: Any) -> Any:
    m = len(data)
    hidden = np.hstack([np.ones((m, 1)), sigmoid(data @ theta0.T)])
    p = sigmoid(hidden @ theta1.T)
    t = np.eye(3)[labels[:, 0]]
    penalty = LAMBDA / (2 * m) * (np.sum(theta0[:, 1:] ** 2) + np.sum(theta1[:, 1:] ** 2))
    return -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p)) / m + penalty


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    data = np.hstack([np.ones((5, 1)), rng.normal(size=(5, 3))])
    labels = rng.integers(0, 3, size=(5, 1))
    thetas = {0: rng.normal(size=(4, 4)), 1: rng.normal(size=(3, 5))}
    return Call(
        module.MultilayerPerceptron.back_propagation,
        loss,
        {"data": data, "labels": labels, "theta0": thetas[0].copy(), "theta1": thetas[1].copy()},
        lambda result: {"theta0": result[0], "theta1": result[1]},
        (data, labels, thetas, LAYERS, LAMBDA),
        bind={"theta0": "thetas[0]", "theta1": "thetas[1]"},
    )


PROGRAMS = [
    Program(
        "trekhleb/homemade-machine-learning",
        "homemade/neural_network/multilayer_perceptron.py",
        build,
        (
            mistake(274, r"- bitwise_label", "+ bitwise_label", "sign_flipped", "loss_derivative_wrong"),
            mistake(287, r" \* sigmoid_gradient\(layer_input\)", "", "missing_activation_derivative"),
            mistake(287, r"sigmoid_gradient\(layer_input\)", "sigmoid(layer_input)", "wrong_activation_derivative"),
            mistake(
                287, r"sigmoid_gradient\(layer_input\)", "sigmoid_gradient(sigmoid(layer_input))", "derivative_of_activated_value"
            ),
            mistake(288, r"\[1:, :\]", "[:-1, :]", "wrong_index"),
            mistake(
                293,
                r"deltas\[layer_index\] \+ ",
                "",
                "gradient_accumulated_across_steps",
                "loop_cut_short",
                "wrong_variable",
                "bias_gradient_reduction",
            ),
            mistake(299, r"current_delta\[:, 1:\]", "-current_delta[:, 1:]", "sign_flipped", "regularisation_term_wrong"),
            mistake(302, r" / num_examples", "", "batch_scale_1_over_N", "regularisation_term_wrong"),
            mistake(305, r" \+ regularization$", "", "regularisation_term_wrong"),
            mistake(305, r"\(1 / num_examples\) \* ", "", "batch_scale_1_over_N", "regularisation_term_wrong"),
            mistake(299, r"np\.hstack.*$", "current_delta", "regularisation_term_wrong"),
            two(
                mistake(287, r" \* sigmoid_gradient\(layer_input\)", "", "missing_activation_derivative"),
                mistake(305, r" \+ regularization$", "", "regularisation_term_wrong"),
            ),
        ),
        harmless=(
            Edit(293, r"deltas\[layer_index\] \+ layer_delta", r"layer_delta + deltas[layer_index]"),
            Edit(305, r"\(1 / num_examples\) \* deltas\[layer_index\]", r"deltas[layer_index] / num_examples"),
        ),
        more=tuple(
            f"homemade/utils/{name}.py"
            for name in (
                *(
                    f"features/{n}"
                    for n in ("__init__", "generate_polynomials", "generate_sinusoids", "normalize", "prepare_for_training")
                ),
                *(f"hypothesis/{n}" for n in ("__init__", "sigmoid", "sigmoid_gradient")),
            )
        ),
        mend=(Edit(298, "deltas", "thetas"),),
        published=("regularisation_term_wrong", "wrong_variable"),
    )
]
