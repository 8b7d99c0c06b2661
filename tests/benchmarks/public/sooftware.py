"""sooftware/TIL: notes of a book; one step of a GRU, with weights of the gates side by side. NumPy lacks its sigmoid."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(dh_next: Any, x: Any, h_prev: Any, Wx: Any, Wh: Any) -> Any:
    H = h_prev.shape[1]
    z = sigmoid(x @ Wx[:, :H] + h_prev @ Wh[:, :H])
    r = sigmoid(x @ Wx[:, H : 2 * H] + h_prev @ Wh[:, H : 2 * H])
    h_hat = np.tanh(x @ Wx[:, 2 * H :] + (r * h_prev) @ Wh[:, 2 * H :])
    return np.sum(dh_next * ((1 - z) * h_prev + z * h_hat))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    Wx, Wh = rng.normal(size=(3, 9)), rng.normal(size=(3, 9))
    x, h_prev, dh_next = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    gru = module.GRU(Wx, Wh)

    def train(dh_next, x, h_prev):
        gru.forward(x, h_prev)
        return gru.backward(dh_next)

    return Call(
        train,
        loss,
        {"dh_next": dh_next, "x": x, "h_prev": h_prev, "Wx": Wx, "Wh": Wh},
        lambda result: {"x": result[0], "h_prev": result[1], "Wx": gru.dWx, "Wh": gru.dWh},
        (dh_next, x, h_prev),
        bind={"Wx": "gru.Wx", "Wh": "gru.Wh", "x": "x", "h_prev": "h_prev", "dh_next": "dh_next"},
    )


ROOT = "Deep-Learning-from-Scratch-1_2/LSTM"
PROGRAMS = [
    Program(
        "sooftware/TIL",
        f"{ROOT}/GRU.py",
        build,
        (
            mistake(29, r"\* z", "* (1-z)", "wrong_variable"),
            mistake(30, r"1-z", "z", "wrong_variable"),
            mistake(33, r" \* \(1 - h_hat \*\* 2\)", "", "missing_activation_derivative"),
            mistake(33, r"h_hat \*\* 2", "h_hat", "wrong_activation_derivative"),
            mistake(34, r"r \* h_prev", "h_prev", "missing_factor", "wrong_activation_in_weight_gradient"),
            mistake(35, r"Wh\.T", "Wh", "transposed"),
            mistake(38, r"\+= r \* dhr", "+= dhr", "missing_factor"),
            mistake(38, r"dh_prev.*$", "pass", "missing_path_through_time"),
            mistake(41, r" - dh_next \* h_prev", "", "missing_path_through_time", "loss_derivative_wrong"),
            mistake(42, r"z \* \(1-z\)", "(1-z)", "wrong_activation_derivative"),
            mistake(44, r"Whz", "Whr", "wrong_variable"),
            mistake(46, r"\+=", "=", "gradient_accumulated_across_steps"),
            mistake(49, r"h_prev", "h_hat", "wrong_variable"),
            mistake(50, r"r \* \(1-r\)", "z * (1-z)", "wrong_variable", "derivative_at_wrong_point"),
            mistake(56, r"dWxz, dWxr", "dWxr, dWxz", "wrong_index"),
            two(
                mistake(34, r"r \* h_prev", "h_prev", "missing_factor", "wrong_activation_in_weight_gradient"),
                mistake(44, r"Whz", "Whr", "wrong_variable"),
            ),
            two(
                mistake(42, r"z \* \(1-z\)", "(1-z)", "wrong_activation_derivative"),
                mistake(56, r"dWxz, dWxr", "dWxr, dWxz", "wrong_index"),
            ),
        ),
        harmless=(
            Edit(41, r"dh_next \* h_hat - dh_next \* h_prev", "dh_next * (h_hat - h_prev)"),
            Edit(30, r"dh_next \* \(1-z\)", "dh_next - dh_next * z"),
        ),
        always=tuple(Edit(line, r"np\.sigmoid\((.*)\)$", r"1 / (1 + np.exp(-(\1)))") for line in (14, 15)),
        group="eighth",
    )
]
