"""hannaofficial/LSTM-from-scratch-with-adam-optimiser: lists that begin early, clipped by one norm; nine published faults.

As published the lists of states are read one step late, derivatives are taken at values that are activated already, and no
gradient goes back in time.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake

NAMES = ["W_f", "W_i", "W_g", "W_o", "W_v", "b_f", "b_i", "b_g", "b_o", "b_v"]


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def loss(
    inputs: Any, targets: Any, h: Any, C: Any,
    W_f: Any, W_i: Any, W_g: Any, W_o: Any, W_v: Any, b_f: Any, b_i: Any, b_g: Any, b_o: Any, b_v: Any,
) -> Any:  # fmt: skip
    total = 0.0
    for x, target in zip(inputs, targets, strict=True):
        z = np.concatenate([h, x])
        C = sigmoid(W_f @ z + b_f) * C + sigmoid(W_i @ z + b_i) * np.tanh(W_g @ z + b_g)
        h = sigmoid(W_o @ z + b_o) * np.tanh(C)
        v = W_v @ h + b_v
        total = total + np.log(np.sum(np.exp(v))) - np.sum(target * v)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.hidden_size = 3
    start = {}
    for name in NAMES:
        rows, columns = (5, 3) if name[2] == "v" else (3, 8)
        start[name] = rng.normal(size=(rows, columns if name[0] == "W" else 1))
    inputs, targets = np.eye(5)[[0, 3, 1]][..., None], np.eye(5)[[3, 1, 4]][..., None]
    h, C = 0.5 * rng.normal(size=(3, 1)), 0.5 * rng.normal(size=(3, 1))
    params = tuple(value.copy() for value in start.values())

    def train(inputs, targets, h, C, params):
        return module.backward(*module.forward(inputs, h, C, params), targets, params)

    return Call(
        train,
        loss,
        {"inputs": inputs, "targets": targets, "h": h, "C": C, **start},
        lambda result: dict(zip(NAMES, result[1], strict=True)),
        (inputs, targets, h, C, params),
        bind={name: f"params[{i}]" for i, name in enumerate(NAMES)},
    )


PROGRAMS = [
    Program(
        "hannaofficial/LSTM-from-scratch-with-adam-optimiser",
        "LSTM_using_adam_optimiser.py",
        build,
        (
            mistake(252, r"-= 1", "-= 2", "loss_derivative_wrong", "factor_2"),
            mistake(254, r"h\[t\+1\]", "h[t]", "wrong_time_index"),
            mistake(257, r"W_v\.T, dv", "W_v.T, outputs[t]", "wrong_variable", "loss_derivative_wrong"),
            mistake(258, r"dh \+= dh_next", "pass", "missing_path_through_time"),
            mistake(260, r"\*= .*$", "*= np.tanh(o[t])", "wrong_activation_derivative"),
            mistake(263, r"b_o_d \+= do", "b_o_d += dh", "missing_activation_derivative", "wrong_variable"),
            mistake(266, r"C\[t\+1\]", "np.tanh(C[t+1])", "derivative_of_activated_value", "derivative_at_wrong_point"),
            mistake(268, r"dg \*= .*$", "pass", "missing_activation_derivative"),
            mistake(273, r"g\[t\]", "C[t+1]", "wrong_variable"),
            mistake(278, r"C_prev", "C[t+1]", "wrong_variable", "wrong_time_index"),
            mistake(275, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(283, r" \+ np\.dot\(W_g\.T, dg\)", "", "missing_path_through_time"),
            mistake(285, r"f\[t\]\*dC;", "i[t]*dC;", "wrong_variable"),
        ),
        harmless=(
            Edit(262, r"np\.dot\(do, z\[t\]\.T\)", "np.outer(do, z[t])"),
            Edit(255, r"b_v_d \+= dv", "b_v_d = b_v_d + dv"),
        ),
        clipped=True,
        keep=((1, 1), (102, 145), (174, 290)),
        always=(Edit(191, r"np\.row_stack", "np.vstack"),),
        mend=(
            Edit(249, r"t-1", "t"),
            Edit(254, r"h\[t\]", "h[t+1]"),
            Edit(259, r"C\[t\]", "C[t+1]"),
            Edit(260, r"sigmoid\(o\[t\], derivation=True\)", "o[t]*(1 - o[t])"),
            Edit(266, r"C\[t\]", "C[t+1]"),
            Edit(268, r"tanh\(g\[t\], derivation=True\)", "1 - g[t]**2"),
            Edit(274, r"sigmoid\(i\[t\], derivation=True\)", "i[t]*(1 - i[t])"),
            Edit(279, r"sigmoid\(f\[t\], derivation=True\)", "f[t]*(1 - f[t])"),
            Edit(285, r"$", "; dh_next, dC_next = dh_prev, dC_prev"),
        ),
        published=(
            "wrong_time_index",
            "derivative_of_activated_value",
            "derivative_at_wrong_point",
            "missing_path_through_time",
            "wrong_index",
        ),
        backward={"LSTM_using_adam_optimiser.py": (241, 290)},
        group="later",
    )
]
