"""Negar7878/Bidirectional-LSTM-From-Scratch: two LSTM cells in one object that moves while it goes back; one time step.

With more steps the program moves its weights in each of them, always with the values of the last one.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

GATES = [f"{kind}{gate}" for kind in "Wb" for gate in "fioc"]
NAMES = [f"{name}_{side}" for side in ("forward", "backward") for name in GATES] + ["Wy", "by"]


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def state(z: Any, c: Any, Wf: Any, Wi: Any, Wo: Any, Wc: Any, bf: Any, bi: Any, bo: Any, bc: Any) -> Any:
    c = sigmoid(Wf @ z + bf) * c + sigmoid(Wi @ z + bi) * np.tanh(Wc @ z + bc)
    return sigmoid(Wo @ z + bo) * np.tanh(c)


def loss(
    x: Any, y: Any, h1: Any, c1: Any, h2: Any, c2: Any,
    Wf_forward: Any, Wi_forward: Any, Wo_forward: Any, Wc_forward: Any,
    bf_forward: Any, bi_forward: Any, bo_forward: Any, bc_forward: Any,
    Wf_backward: Any, Wi_backward: Any, Wo_backward: Any, Wc_backward: Any,
    bf_backward: Any, bi_backward: Any, bo_backward: Any, bc_backward: Any,
    Wy: Any, by: Any,
) -> Any:  # fmt: skip
    ahead = state(
        np.concatenate([h1, x]), c1, Wf_forward, Wi_forward, Wo_forward, Wc_forward,
        bf_forward, bi_forward, bo_forward, bc_forward,
    )  # fmt: skip
    back = state(
        np.concatenate([h2, x]), c2, Wf_backward, Wi_backward, Wo_backward, Wc_backward,
        bf_backward, bi_backward, bo_backward, bc_backward,
    )  # fmt: skip
    return np.sum((Wy @ np.concatenate([back, ahead]) + by - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.hidden_size, module.learning_rate = 3, 0.05
    cell = module.LSTMCell(2, 3)
    start = {name: rng.normal(size=getattr(cell, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(cell, name, value.copy())
    x, y = rng.normal(size=2), rng.normal(size=1)
    h1, c1, h2, c2 = rng.normal(size=(4, 3))

    def train(x, y, h1, c1, h2, c2):
        ahead, _ = cell.forward_forward_layer(x, h1, c1)
        back, _ = cell.forward_backward_layer(x, h2, c2)
        error = module.mse_loss_derivative(y, cell.forward(back, ahead))
        cell.backward_forwardLayer(error, np.zeros(3), np.zeros(3), 0.05)
        cell.backward_backwardLayer(error, np.zeros(3), np.zeros(3), 0.05)
        cell.backward(error)

    return Call(
        train,
        loss,
        {"x": x, "y": y, "h1": h1, "c1": c1, "h2": h2, "c2": c2, **start},
        lambda _: {name: getattr(cell, name) - value for name, value in start.items()},
        (x, y, h1, c1, h2, c2),
        bind={name: f"cell.{name}" for name in NAMES},
    )


FILE = "Codes/ECG_5_TimeSteps.ipynb"
PROGRAMS = [
    Program(
        "Negar7878/Bidirectional-LSTM-From-Scratch",
        FILE,
        build,
        (
            mistake(40, r"output \* \(1 - output\)", "sigmoid(output) * (1 - sigmoid(output))", "derivative_of_activated_value"),
            mistake(46, r"output \*\* 2", "output", "wrong_activation_derivative"),
            mistake(108, r"hidden_size:", ":hidden_size", "wrong_index"),
            mistake(
                110, r"tanh\(self\.c_forward\)", "self.c_forward", "derivative_at_wrong_point", "wrong_activation_derivative"
            ),
            mistake(112, r"self\.c_prev_forward", "self.c_forward", "wrong_variable", "wrong_time_index"),
            mistake(113, r"self\.c_hat_forward", "self.c_hat_backward", "wrong_variable"),
            mistake(114, r"dh \*", "dc *", "wrong_variable", "upstream_gradient_dropped"),
            mistake(115, r" \* tanh_derivative\(self\.c_hat_forward\)", "", "missing_activation_derivative"),
            mistake(118, r"di\.reshape", "df.reshape", "wrong_variable"),
            mistake(131, r"-=", "+=", "sign_flipped"),
            mistake(144, r"self\.Wy\[:, :hidden_size\]", "self.Wy[:, hidden_size:]", "wrong_index"),
            mistake(
                149, r"sigmoid_derivative\(self\.i_backward\)", "tanh_derivative(self.i_backward)", "wrong_activation_derivative"
            ),
            mistake(155, r"self\.combined_backward", "self.combined_forward", "wrong_variable"),
            mistake(169, r"dbi", "dbf", "wrong_variable"),
            mistake(
                180,
                r"\[self\.h_backward, self\.h_forward\]",
                "[self.h_forward, self.h_backward]",
                "wrong_variable",
                "wrong_index",
            ),
            mistake(184, r"dby", "dWy.mean()", "wrong_variable", "bias_gradient_reduction"),
            two(
                mistake(113, r"self\.c_hat_forward", "self.c_hat_backward", "wrong_variable"),
                mistake(
                    180,
                    r"\[self\.h_backward, self\.h_forward\]",
                    "[self.h_forward, self.h_backward]",
                    "wrong_variable",
                    "wrong_index",
                ),
            ),
        ),
        harmless=(
            Edit(
                117,
                r"np\.dot\(df\.reshape\(-1, 1\), self\.combined_forward\.reshape\(1, -1\)\)",
                "np.outer(df, self.combined_forward)",
            ),
            Edit(46, r"1 - output \*\* 2", "(1 - output) * (1 + output)"),
        ),
        keep=((2, 2), (35, 184)),
        always=(Edit(184, r"dby\.reshape\(-1\)", "dby"),),
        backward={FILE: (107, 184)},
        group="later",
    )
]
