"""waynemystir/lstm-numpy: a character LSTM on module globals, one function for the backward pass of a step, clipped sums."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["W_f", "W_i", "W_C", "W_o", "W_y", "b_f", "b_i", "b_C", "b_o", "b_y"]


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def loss(
    inputs: Any, targets: Any, h_prev: Any, C_prev: Any,
    W_f: Any, W_i: Any, W_C: Any, W_o: Any, W_y: Any, b_f: Any, b_i: Any, b_C: Any, b_o: Any, b_y: Any,
) -> Any:  # fmt: skip
    h, c, total = h_prev, C_prev, 0.0
    for i, target in zip(inputs, targets, strict=True):
        z = np.concatenate([h, np.eye(len(W_y))[:, [i]]])
        c = sigmoid(W_f @ z + b_f) * c + sigmoid(W_i @ z + b_i) * np.tanh(W_C @ z + b_C)
        h = sigmoid(W_o @ z + b_o) * np.tanh(c)
        y = W_y @ h + b_y
        total = total + np.log(np.sum(np.exp(y))) - y[target, 0]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.H_size, module.X_size, module.T_steps = 3, 5, 3
    start = {}
    for name in NAMES:
        rows, columns = (5, 3) if name[2] == "y" else (3, 8)
        start[name] = 0.7 * rng.normal(size=(rows, columns if name[0] == "W" else 1))
        setattr(module, name, start[name].copy())
        setattr(module, "d" + name, np.zeros_like(start[name]))
    inputs, targets = [0, 3, 1], [3, 1, 4]
    h_prev, C_prev = 0.5 * rng.normal(size=(3, 1)), 0.5 * rng.normal(size=(3, 1))
    return Call(
        module.forward_backward,
        loss,
        {"inputs": inputs, "targets": targets, "h_prev": h_prev, "C_prev": C_prev, **start},
        lambda _: {name: getattr(module, "d" + name) for name in NAMES},
        (inputs, targets, h_prev, C_prev),
        bind={name: name for name in NAMES},
    )


PROGRAMS = [
    Program(
        "waynemystir/lstm-numpy",
        "nl.py",
        build,
        (
            mistake(35, r"y \* \(1 - y\)", "sigmoid(y) * (1 - sigmoid(y))", "derivative_of_activated_value"),
            mistake(112, r"-= 1", "= 1", "loss_derivative_wrong", "wrong_variable"),
            mistake(118, r"dh \+= dh_next", "pass", "missing_path_through_time"),
            mistake(119, r"tanh\(C\)", "C", "wrong_variable", "missing_factor", "wrong_activation_in_weight_gradient"),
            mistake(121, r"z\.T", "np.vstack((h, z[H_size:])).T", "wrong_time_index", "wrong_variable"),
            mistake(124, r"np\.copy\(dC_next\)", "np.zeros_like(dC_next)", "missing_path_through_time"),
            mistake(125, r"dtanh\(tanh\(C\)\)", "dtanh(C)", "derivative_at_wrong_point", "wrong_activation_derivative"),
            mistake(127, r"dtanh\(C_bar\)", "dsigmoid(C_bar)", "wrong_activation_derivative"),
            mistake(131, r"C_bar", "C", "wrong_variable"),
            mistake(136, r"C_prev", "C", "wrong_variable", "wrong_time_index"),
            mistake(137, r"dsigmoid\(f\)", "dsigmoid(i)", "wrong_variable", "derivative_at_wrong_point"),
            mistake(143, r"W_C\.T", "W_f.T", "wrong_variable", blame=(141, 142, 144)),
            mistake(146, r"f \* dC", "dC", "missing_factor"),
            mistake(115, r"\+= dy", "= dy", "gradient_accumulated_across_steps", "missing_path_through_time"),
            two(
                mistake(118, r"dh \+= dh_next", "pass", "missing_path_through_time"),
                mistake(131, r"C_bar", "C", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(120, r"dsigmoid\(o\) \* do", "do * o - do * o ** 2"),
            Edit(122, r"db_o \+= do", "db_o = db_o + do"),
            Edit(146, r"f \* dC", "np.multiply(dC, f)"),
        ),
        keep=((1, 3), (31, 41), (79, 187)),
        always=(Edit(85, r"np\.row_stack", "np.vstack"),),
        group="later",
    )
]
