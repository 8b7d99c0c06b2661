"""hsqStephenZhang/rnn_lstm_numpy: an LSTM of characters with parameter objects, after a well-known notebook.

As published derivatives take wrong values in five places: one sign, one missing tanh, two gates without their derivatives, and
the first cell state for each earlier one.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

INPUTS, TARGETS = [0, 3, 1], [3, 1, 4]
NAMES = [name + gate for gate in "ficov" for name in "Wb"]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(
    inputs: Any,
    targets: Any,
    h_prev: Any,
    c_prev: Any,
    Wf: Any,
    bf: Any,
    Wi: Any,
    bi: Any,
    Wc: Any,
    bc: Any,
    Wo: Any,
    bo: Any,
    Wv: Any,
    bv: Any,
) -> Any:
    h, c, total = h_prev, c_prev, 0.0
    for i, target in zip(inputs, targets, strict=True):
        z = np.concatenate([h, np.eye(5)[:, [i]]])
        c = sigmoid(Wf @ z + bf) * c + sigmoid(Wi @ z + bi) * np.tanh(Wc @ z + bc)
        h = sigmoid(Wo @ z + bo) * np.tanh(c)
        v = Wv @ h + bv
        total = total + np.log(np.sum(np.exp(v))) - v[target, 0]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    parameters = module.parameters
    start = {name: 0.5 * rng.normal(size=getattr(parameters, name).v.shape) for name in NAMES}
    for name, value in start.items():
        getattr(parameters, name).v = value.copy()
    h_prev, c_prev = 0.5 * rng.normal(size=(3, 1)), 0.5 * rng.normal(size=(3, 1))

    def train(inputs, targets, h_prev, c_prev):
        module.loss_func(inputs, targets, h_prev, c_prev)
        return {name: getattr(parameters, name).d.copy() for name in NAMES}

    return Call(
        train,
        loss,
        {"inputs": INPUTS, "targets": TARGETS, "h_prev": h_prev, "c_prev": c_prev, **start},
        lambda result: result,
        (INPUTS, TARGETS, h_prev, c_prev),
        bind={name: f"parameters.{name}.v" for name in NAMES},
    )


PROGRAMS = [
    Program(
        "hsqStephenZhang/rnn_lstm_numpy",
        "code/lstm_np.py",
        build,
        (
            mistake(126, r"dv\[.*$", "pass", "loss_derivative_wrong"),
            mistake(132, r"dh \+= dh_next", "pass", "missing_path_through_time"),
            mistake(133, r"tanh\(c\)", "c", "wrong_variable"),
            mistake(134, r" \* dsigmoid\(o\)", "", "missing_activation_derivative"),
            mistake(139, r"\+=", "=", "missing_path_through_time", "gradient_overwritten"),
            mistake(139, r" \* o", "", "missing_factor"),
            mistake(140, r"\* i", "* c_bar", "wrong_variable"),
            mistake(142, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(145, r"c_bar", "i", "wrong_variable"),
            mistake(150, r"c_prev", "c", "wrong_time_index", "wrong_variable"),
            mistake(156, r", di\)", ", df)", "wrong_variable"),
            mistake(163, r"f \* ", "", "missing_factor"),
            mistake(162, r":hidden_size", "-hidden_size:", "wrong_index"),
            two(
                mistake(140, r"\* i", "* c_bar", "wrong_variable"),
                mistake(163, r"f \* ", "", "missing_factor"),
            ),
        ),
        harmless=(
            Edit(81, r"y \* y", "y**2"),
            Edit(135, r"np\.dot\(do_raw, z\.T\)", "do_raw @ z.T"),
        ),
        keep=((1, 2), (12, 13), (18, 265)),
        always=(Edit(8, r"^$", "vocab_size = 5"), Edit(12, "100", "3"), Edit(89, "row_stack", "vstack")),
        mend=(
            Edit(73, r"y - 1", "1 - y"),
            Edit(139, r"dtanh\(c\)", "dtanh(tanh(c))"),
            Edit(157, r"dc_bar\)", "dc_bar_raw)"),
            Edit(158, r"do\)\)", "do_raw))"),
            Edit(259, r"dc_next, c_prev", "dc_next, c_s[t - 1]"),
        ),
        published=(
            "sign_flipped",
            "wrong_activation_derivative",
            "derivative_of_activated_value",
            "missing_activation_derivative",
            "wrong_variable",
            "wrong_time_index",
        ),
        root="code",
        backward={"code/lstm_np.py": (125, 163)},
        group="newest",
    )
]
