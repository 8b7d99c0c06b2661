"""AliNaeemCh/Digit-Recognizer-With-GRU-From-Scratch: a GRU of columns in a notebook, whose last step is written before its loop.

As published only the update gate carries gradients back to earlier steps.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["b_o", "w_o", "b_z", "W_iz", "W_hz", "b_r", "W_ir", "W_hr", "b_h", "W_i", "W_h"]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(
    input: Any,
    true_labels: Any,
    b_o: Any,
    w_o: Any,
    b_z: Any,
    W_iz: Any,
    W_hz: Any,
    b_r: Any,
    W_ir: Any,
    W_hr: Any,
    b_h: Any,
    W_i: Any,
    W_h: Any,
) -> Any:
    a = np.zeros((len(W_h), input.shape[2]))
    for x in input:
        z = sigmoid(W_iz.T @ x + W_hz @ a + b_z)
        r = sigmoid(W_ir.T @ x + W_hr @ a + b_r)
        a = (1 - z) * np.tanh(r * (W_h @ a) + W_i.T @ x + b_h) + z * a
    logits = w_o.T @ a + b_o
    return np.sum(np.log(np.sum(np.exp(logits), axis=0))) - np.sum(true_labels * logits)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.GRU(3, 4, 5, total_features=2)
    start = {name: rng.normal(size=getattr(net, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(net, name, value.copy())
    data, labels = rng.normal(size=(4, 2, 3)), np.eye(5)[:, [4, 0, 2]]

    def train(input, true_labels):
        net.forward_prop(input)
        return net.backward_prop(input, true_labels)

    return Call(
        train,
        loss,
        {"input": data, "true_labels": labels, **start},
        lambda result: dict(zip(NAMES, result, strict=True)),
        (data, labels),
        bind={name: f"net.{name}" for name in NAMES},
    )


STEP = "-seq_len_idx"
DZ = f"self.W_hz.T @ (temp_1 * (self.A[{STEP}-1] - self.Ac[{STEP}]) * self.Z[{STEP}] * (1 - self.Z[{STEP}]))"
DC = f"temp_1 * (1 - self.Z[{STEP}]) * (1 - self.Ac[{STEP}] ** 2)"
DR = f"{DC} * (self.W_h @ self.A[{STEP}-1]) * self.R[{STEP}] * (1 - self.R[{STEP}])"
PATHS = f" + {DZ} + self.W_h.T @ ({DC} * self.R[{STEP}]) + self.W_hr.T @ ({DR})"
PROGRAMS = [
    Program(
        "AliNaeemCh/Digit-Recognizer-With-GRU-From-Scratch",
        "main.ipynb",
        build,
        (
            mistake(276, r"y_pred - true_labels", "y_pred * (1 - y_pred) * (y_pred - true_labels)", "loss_derivative_wrong"),
            mistake(280, r"self\.A\[-1\]", "self.A[-2]", "wrong_time_index"),
            mistake(283, r"self\.A\[-2\] - self\.Ac\[-1\]", "self.Ac[-1] - self.A[-2]", "sign_flipped"),
            mistake(289, r"self\.A\[-2\]", "self.A[-1]", "wrong_time_index"),
            mistake(292, r"np\.square\(self\.Ac\[-1\]\)", "self.Ac[-1]", "wrong_activation_derivative"),
            mistake(297, r" \* self\.R\[-1\]", "", "missing_factor"),
            mistake(306, r"self\.seq_len\)", "self.seq_len - 1)", "loop_cut_short", "wrong_time_index"),
            mistake(310, r" \* \(self\.Z\[-seq_len_idx-1\] \* \(1.*$", "", "missing_activation_derivative"),
            mistake(315, r"-seq_len_idx-2", "-seq_len_idx-1", "wrong_time_index"),
            mistake(319, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(325, r"self\.W_h @", "self.W_hr @", "wrong_variable"),
            mistake(328, r"input_matrix", "self.get_input_matrix(input, idx=-1)", "wrong_time_index", "wrong_variable"),
            two(
                mistake(297, r" \* self\.R\[-1\]", "", "missing_factor"),
                mistake(315, r"-seq_len_idx-2", "-seq_len_idx-1", "wrong_time_index"),
            ),
        ),
        harmless=(
            Edit(292, r"np\.square\(self\.Ac\[-1\]\)", "self.Ac[-1] ** 2"),
            Edit(278, r"np\.sum\(temp_1, axis=1\)\.reshape\(self\.out_vals, 1\)", "np.sum(temp_1, axis=1, keepdims=True)"),
        ),
        keep=((2, 2), (176, 411)),
        mend=(Edit(307, r"$", PATHS),),
        published=("missing_path_through_time", "upstream_gradient_dropped"),
        backward={"main.ipynb": (275, 331)},
        group="last",
    )
]
