"""CaptainE/RNN-LSTM-in-numpy: a workshop's RNN with clipping; published with tanh' of the activation and a wrapped index."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["U", "V", "W", "b_hidden", "b_out"]


def loss(inputs: Any, targets: Any, U: Any, V: Any, W: Any, b_hidden: Any, b_out: Any) -> Any:
    h, total = np.zeros((len(V), 1)), 0.0
    for x, target in zip(inputs, targets, strict=True):
        h = np.tanh(U @ x + V @ h + b_hidden)
        o = W @ h + b_out
        total = total + np.log(np.sum(np.exp(o))) - np.sum(target * o)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    sizes = [(4, 3), (4, 4), (3, 4), (4, 1), (3, 1)]
    before = {name: rng.normal(size=size) for name, size in zip(NAMES, sizes, strict=True)}
    params = tuple(value.copy() for value in before.values())
    inputs, targets = np.eye(3)[[0, 2, 1, 0], :, None], np.eye(3)[[2, 1, 0, 1], :, None]

    def train(inputs, targets, params):
        hidden_state = np.zeros((4, 1))
        outputs, hidden_states = module.forward_pass(inputs, hidden_state, params)
        _, grads = module.backward_pass(inputs, outputs, hidden_states, targets, params)
        return module.update_parameters(params, grads, lr=0.1)

    return Call(
        train,
        loss,
        {"inputs": inputs, "targets": targets, **before},
        lambda _: {name: now - before[name] for name, now in zip(NAMES, params, strict=True)},
        (inputs, targets, params),
        bind={name: name for name in NAMES},
    )


PROGRAMS = [
    Program(
        "CaptainE/RNN-LSTM-in-numpy",
        "RNN_LSTM_from_scratch.ipynb",
        build,
        (
            mistake(415, r"-= 1", "-= 0", "loss_derivative_wrong"),
            mistake(419, r"hidden_states\[t\]", "hidden_states[t-1]", "wrong_time_index"),
            mistake(424, r" \+ d_h_next", "", "missing_path_through_time"),
            mistake(427, r"\* d_h$", "* (d_h - d_h_next)", "missing_path_through_time"),
            mistake(428, r"d_f", "d_h", "wrong_variable", "missing_activation_derivative"),
            mistake(432, r"d_f", "d_h", "wrong_variable", "missing_activation_derivative"),
            mistake(437, r"V\.T", "V", "transposed"),
            mistake(437, r"d_f", "d_h", "missing_activation_derivative", "wrong_variable"),
            mistake(
                432,
                r"\+=",
                "=",
                "missing_path_through_time",
                "wrong_variable",
                "gradient_accumulated_across_steps",
                "loop_cut_short",
            ),
            two(
                mistake(424, r" \+ d_h_next", "", "missing_path_through_time"),
                mistake(428, r"d_f", "d_h", "wrong_variable", "missing_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(428, r"d_b_hidden \+= d_f", r"d_b_hidden = d_b_hidden + d_f"),
            Edit(432, r"np\.dot\(d_f, inputs\[t\]\.T\)", r"np.outer(d_f, inputs[t])"),
        ),
        clipped=True,
        keep=((1, 1), (254, 329), (353, 445), (452, 457)),
        mend=(
            Edit(427, r"tanh\(.*\)", "(1 - hidden_states[t] ** 2)"),
            Edit(436, r"hidden_states\[t-1\]", "(hidden_states[t-1] if t else 0 * d_f)"),
        ),
        published=("derivative_of_activated_value", "wrong_time_index", "wrong_index"),
    )
]
