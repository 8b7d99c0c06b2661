"""Mirko-A/LSTM-from-scratch: an LSTM in dictionaries by step; softmax with its Jacobian, gradients clipped at one."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

T = 4


def loss(
    inputs: Any, labels: Any, W_f: Any, b_f: Any, W_i: Any, b_i: Any, W_c: Any, b_c: Any, W_o: Any, b_o: Any, W_y: Any, b_y: Any
) -> Any:  # fmt: skip
    h, c, total = np.zeros((3, 1)), np.zeros((3, 1)), 0.0
    for t in range(T):
        z = np.concatenate((h, inputs[t]))
        f, i, o = (1 / (1 + np.exp(-(W @ z + b))) for W, b in ((W_f, b_f), (W_i, b_i), (W_o, b_o)))
        c = f * c + i * np.tanh(W_c @ z + b_c)
        h = o * np.tanh(c)
        y = W_y @ h + b_y
        total = total + np.log(np.sum(np.exp(y))) - np.sum(y * labels[t])
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    lstm = module.LSTM(3 + 4, 3, 4, 0.1)
    start = {}
    for k in "ficoy":
        for name in (f"W_{k}", f"b_{k}"):
            start[name] = 0.4 * rng.normal(size=getattr(lstm, name).shape)
            setattr(lstm, name, start[name].copy())
    labels = [0.1 * np.eye(4)[:, [k]] + 0.05 * rng.uniform(size=(4, 1)) for k in (2, 0, 1, 3)]
    labels = [label / np.sum(label) for label in labels]
    inputs = [0.5 * rng.normal(size=(4, 1)) for _ in range(T)]

    def train(inputs, labels):
        lstm.forward(inputs)
        lstm.backward(labels)

    return Call(
        train,
        loss,
        {"inputs": inputs, "labels": labels, **start},
        lambda _: {name: getattr(lstm, name) - then for name, then in start.items()},
        (inputs, labels),
        bind={name: "lstm." + name for name in start},
    )


MISTAKES = (
    mistake(31, r"\*\* 2", "", "wrong_activation_derivative"),
    mistake(39, r"1 - sigmoid\(x\)", "1 - x", "wrong_activation_derivative"),
    mistake(168, r" - np\.dot\(self\.outputs\[t\]\.T, dL\) \* self\.outputs\[t\]", "", "softmax_jacobian_wrong"),
    mistake(171, r"self\.hidden_states\[t\]", "self.hidden_states[t - 1]", "wrong_time_index", "wrong_index"),
    mistake(172, r"\+=", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(174, r" \+ hidden_state", "", "missing_path_through_time"),
    mistake(176, r"tanh\(self\.cell_states\[t\]\)", "self.cell_states[t]", "missing_activation_derivative", "wrong_variable"),
    mistake(178, r"dsigmoid", "sigmoid", "wrong_activation_derivative", "wrong_variable"),
    mistake(
        185, r"dtanh\(self\.cell_states\[t\]\)", "tanh(self.cell_states[t])", "wrong_activation_derivative", "wrong_variable"
    ),
    mistake(188, r"\+ cell_state", "", "missing_path_through_time"),
    mistake(192, r"self\.cell_states\[t - 1\]", "self.cell_states[t]", "wrong_time_index", "wrong_index"),
    mistake(200, r"tanh\(self", "dtanh(self", "wrong_variable", "wrong_activation_derivative"),
    mistake(210, r"dtanh", "dsigmoid", "wrong_activation_derivative", "wrong_variable"),
    mistake(218, r"self\.W_i\.T, dinput", "self.W_i.T, dforget", "wrong_variable"),
    mistake(224, r"sigmoid\(self\.forget_gates\[t\]\) \* ", "", "missing_factor", "missing_path_through_time"),
    mistake(239, r"db_o", "db_i", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "Mirko-A/LSTM-from-scratch",
        "python/lstm.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[11]), two(MISTAKES[3], MISTAKES[13])),
        harmless=(
            Edit(172, r"\+= dsoftmax", "= db_y + dsoftmax"),
            Edit(31, r"1 - np\.tanh\(x\) \*\* 2", "1 / np.cosh(x) ** 2"),
        ),
        keep=((2, 2), (26, 48), (58, 62), (65, 242)),
        backward={"python/lstm.py": (155, 242)},
        group="tenth",
    )
]
