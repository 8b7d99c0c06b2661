"""kalupad/LSTM-numpy: a tutorial's LSTM in one long function; all gradients are clipped by one norm.

As published the derivatives take activated values, lists with an initial state are read one step too early, the forget gate has
no derivative, and nothing goes back from step to step.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ("W_f", "W_i", "W_g", "W_o", "W_v", "b_f", "b_i", "b_g", "b_o", "b_v")


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(
    inputs: Any, targets: Any, W_f: Any, W_i: Any, W_g: Any, W_o: Any, W_v: Any, b_f: Any, b_i: Any, b_g: Any, b_o: Any, b_v: Any
) -> Any:
    h, C, total = np.zeros((3, 1)), np.zeros((3, 1)), 0.0
    for x, target in zip(inputs, targets, strict=True):
        z = np.concatenate([h, x])
        C = sigmoid(W_f @ z + b_f) * C + sigmoid(W_i @ z + b_i) * np.tanh(W_g @ z + b_g)
        h = sigmoid(W_o @ z + b_o) * np.tanh(C)
        v = W_v @ h + b_v
        total = total + np.log(np.sum(np.exp(v))) - np.sum(v * target)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    shapes = [(3, 5)] * 4 + [(2, 3)] + [(3, 1)] * 4 + [(2, 1)]
    start = {name: 0.8 * rng.normal(size=shape) for name, shape in zip(NAMES, shapes, strict=True)}
    inputs, targets = rng.normal(size=(4, 2, 1)), np.eye(2)[[0, 1, 1, 0]].reshape(4, 2, 1)

    def train(inputs, targets, W_f, W_i, W_g, W_o, W_v, b_f, b_i, b_g, b_o, b_v):
        p = W_f, W_i, W_g, W_o, W_v, b_f, b_i, b_g, b_o, b_v
        z, f, i, g, C, o, h, v, outputs = module.forward_pass(3, inputs, np.zeros((3, 1)), np.zeros((3, 1)), p)
        return module.backward_pass(3, z, f, i, g, C, o, h, v, outputs, targets, p)

    return Call(
        train,
        loss,
        {"inputs": inputs, "targets": targets, **start},
        lambda result: dict(zip(NAMES, result[1], strict=True)),
        (inputs, targets, *start.values()),
        bind={name: name for name in NAMES},
    )


FUNCTIONS = "activation_functions.py"
MISTAKES = (
    mistake(166, r"reversed\(range\(len\(outputs\)\)\)", "reversed(range(1, len(outputs)))", "loop_cut_short"),
    mistake(174, r"-= 1", "-= 0.5", "loss_derivative_wrong"),
    mistake(177, r"\+=", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(182, r"dh \+= dh_next", "pass", "missing_path_through_time"),
    mistake(183, r" \* tanh\(C\[t \+ 1\]\)", " * C[t + 1]", "missing_factor", "wrong_variable"),
    mistake(184, r"1 - o\[t\]", "1 - o[t] ** 2", "wrong_activation_derivative"),
    mistake(187, r"do, z", "dh, z", "missing_activation_derivative", "wrong_variable"),
    mistake(191, r"np\.copy\(dC_next\)", "0 * dC_next", "missing_path_through_time"),
    mistake(192, r" \* o\[t\]", "", "missing_factor"),
    mistake(193, r"i\[t\]", "f[t]", "wrong_variable"),
    mistake(198, r"\+= dg", "+= dC", "missing_activation_derivative", "wrong_variable"),
    mistake(201, r"g\[t\]", "i[t]", "wrong_variable"),
    mistake(207, r"C_prev", "C[t + 1]", "wrong_time_index"),
    mistake(214, r"W_i\.T, di", "W_i.T, df", "wrong_variable"),
    mistake(218, r"f\[t\] \* dC", "dC", "missing_factor"),
    mistake(50, r"f\*\*2", "f", "wrong_activation_derivative", file=FUNCTIONS),
)
PROGRAMS = [
    Program(
        "kalupad/LSTM-numpy",
        "pass_functions.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[9]), two(MISTAKES[2], MISTAKES[12])),
        harmless=(
            Edit(181, r"np\.dot\(W_v\.T, dv\)", "W_v.T @ dv"),
            Edit(218, r"f\[t\] \* dC", "np.multiply(dC, f[t])"),
        ),
        clipped=True,
        more=(FUNCTIONS,),
        always=(Edit(45, r"row_stack", "vstack"),),
        mend=(
            Edit(170, r"C\[t-1\]", "C[t]"),
            Edit(177, r"h\[t\]", "h[t + 1]"),
            Edit(183, r"C\[t\]", "C[t + 1]"),
            Edit(184, r"sigmoid\(o\[t\], derivative=True\)\*do", "o[t] * (1 - o[t]) * do"),
            Edit(192, r"tanh\(tanh\(C\[t\]\), derivative=True\)", "tanh(C[t + 1], derivative=True)"),
            Edit(194, r"tanh\(g\[t\], derivative=True\)", "(1 - g[t] ** 2)"),
            Edit(202, r"sigmoid\(i\[t\], True\)", "(i[t] * (1 - i[t]))"),
            Edit(208, r"sigmoid\(f\[t\]\)", "(f[t] * (1 - f[t]))"),
            Edit(217, r"dh_prev =", "dh_next ="),
            Edit(218, r"dC_prev =", "dC_next ="),
        ),
        published=(
            "derivative_of_activated_value",
            "wrong_time_index",
            "missing_path_through_time",
            "wrong_activation_derivative",
            "wrong_activation_in_weight_gradient",
            "wrong_variable",
        ),
        backward={"pass_functions.py": (166, 220), FUNCTIONS: (12, 52)},
        group="ninth",
    )
]
