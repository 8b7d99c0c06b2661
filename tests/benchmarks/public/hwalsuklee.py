"""hwalsuklee/numpy-neuralnet-exercise: a script with loops over batches and samples, sums of gradients, momentum."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(training_data: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    total = 0.0
    for x, y in training_data:
        z = W3 @ (1 / (1 + np.exp(-(W2 @ x + b2)))) + b3
        total = total + np.sum(np.log(1 + np.exp(z)) - y * z)
    return total / len(training_data)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    sizes = {"W2": (5, 4), "b2": (5, 1), "W3": (3, 5), "b3": (3, 1)}
    start = {name: rng.normal(size=size) for name, size in sizes.items()}
    mine = {name: value.copy() for name, value in start.items()}
    data = [(rng.normal(size=(4, 1)), np.eye(3)[:, [k % 3]]) for k in range(5)]
    return Call(
        module.program,
        loss,
        {"training_data": data, **start},
        lambda _: {name: mine[name] - value for name, value in start.items()},
        (data, *mine.values(), 0.1, 5, 5),
        bind={name: name for name in start},
    )


FILE = "example7.py"
PROGRAMS = [
    Program(
        "hwalsuklee/numpy-neuralnet-exercise",
        FILE,
        build,
        (
            mistake(47, r"1-sigmoid\(z\)", "1-z", "wrong_activation_derivative", "wrong_variable"),
            mistake(89, r"\(a3-y\)", "(a3-y)*sigmoid_prime(z3)", "loss_derivative_wrong", "extra_factor"),
            mistake(91, r"sigmoid_prime\(z2\)", "sigmoid_prime(a2)", "derivative_of_activated_value"),
            mistake(91, r"sigmoid_prime\(z2\)\*", "", "missing_activation_derivative"),
            mistake(91, r", delta_3", ", a3", "wrong_variable", "loss_derivative_wrong"),
            mistake(94, r"delta_2", "np.dot(W3.transpose(), delta_3)", "missing_activation_derivative"),
            mistake(96, r"a2", "z2", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(100, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(109, r" / batch_size", "", "batch_scale_1_over_N"),
            mistake(113, r"- learning_rate", "+ learning_rate", "sign_flipped"),
            mistake(115, r"sum_gradient_W2", "gradient_W2", "wrong_variable", "loop_cut_short"),
            two(
                mistake(91, r"sigmoid_prime\(z2\)", "sigmoid_prime(a2)", "derivative_of_activated_value"),
                mistake(113, r"- learning_rate", "+ learning_rate", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(47, r"sigmoid\(z\)\*\(1-sigmoid\(z\)\)", "sigmoid(z)*sigmoid(-z)"),
            Edit(96, r"np\.dot\(delta_3, a2\.transpose\(\)\)", "delta_3 * a2.transpose()"),
            Edit(91, r"np\.dot\(W3\.transpose\(\), delta_3\)", "np.dot(delta_3.transpose(), W3).transpose()"),
        ),
        keep=((5, 5), (41, 47), (66, 116)),
        head="def program(training_data, W2, b2, W3, b3, learning_rate, n, batch_size, mu=0.9, v_b2=0, v_b3=0, v_W2=0, v_W3=0):",
        backward={FILE: (89, 103)},
        group="later",
    )
]
