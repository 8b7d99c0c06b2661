"""jiexunsee/Numpy-LSTM: an LSTM with lists of gates, read from the end; published with five faults."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake

NAMES = ["hidden_to_out", *(f"{letter}_{gate}" for letter in "UW" for gate in "ifog")]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(
    x: Any, y: Any, hidden_to_out: Any, U_i: Any, U_f: Any, U_o: Any, U_g: Any, W_i: Any, W_f: Any, W_o: Any, W_g: Any
) -> Any:
    total = 0.0
    for inputs, targets in zip(x, y, strict=True):
        h = c = np.zeros((1, len(W_i)))
        for row, target in zip(inputs, targets, strict=True):
            c = c * sigmoid(row @ U_f + h @ W_f) + np.tanh(row @ U_g + h @ W_g) * sigmoid(row @ U_i + h @ W_i)
            h = np.tanh(c) * sigmoid(row @ U_o + h @ W_o)
            total = total + 0.5 * np.sum((sigmoid(h @ hidden_to_out) - target) ** 2)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.LSTM(3, 4, 2)
    start = {name: rng.normal(size=getattr(net, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(net, name, value.copy())
    x, y = rng.normal(size=(1, 5, 3)), rng.uniform(size=(1, 5, 2))
    return Call(
        net.train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (x, y),
        {"iterations": 2, "lr": 0.1},
        bind={name: f"self.{name}" for name in NAMES},
        once={"iterations": 1},
    )


PROGRAMS = [
    Program(
        "jiexunsee/Numpy-LSTM",
        "numpylstm.py",
        build,
        (
            mistake(10, r"x\*\(1-x\)", "self.sigmoid(x)*(1-self.sigmoid(x))", "derivative_of_activated_value"),
            mistake(72, r"seq_length-a\]", "seq_length-a-1]", "wrong_time_index", "wrong_index"),
            mistake(80, r" \+ timestep_error", "", "missing_path_through_time"),
            mistake(81, r" \+ future_del_cell_state.*$", "", "missing_path_through_time"),
            mistake(83, r"self\.gs", "self.input_gates", "wrong_variable"),
            mistake(84, r"prev_cell_state", "self.cell_states[seq_length-a-1]", "wrong_time_index", "wrong_variable"),
            mistake(87, r" \+ np\.dot\(self\.W_o, del_output_gate\.T\)", "", "missing_path_through_time"),
            mistake(87, r"self\.W_g, del_g\.T", "self.W_g.T, del_g.T", "transposed"),
            mistake(104, r"np\.flip\((.*), axis=0\)", r"\1", "wrong_time_index", "wrong_index", blame=(110, 116)),
        ),
        harmless=(
            Edit(13, r"1-\(np\.tanh\(x\)\)\*\*2", "1 / np.cosh(x)**2"),
            Edit(79, r"\(self\.hidden_to_out @ del_predict\.T\)\.T", "del_predict @ self.hidden_to_out.T"),
        ),
        mend=(
            Edit(73, r"a == seq_length", "a == seq_length-1"),
            Edit(79, r"\*self\.sigmoid_derivative\(.*$", ""),
            Edit(82, r"self\.tanh_derivative\((.*)\)$", r"(1-\1**2)"),
            Edit(106, r"$", "*lr"),
            *(Edit(line, r"\[:-1\]\)", "[1:])") for line in (113, 114, 115, 116)),
        ),
        published=("wrong_index", "wrong_time_index", "extra_factor", "derivative_of_activated_value", "missing_factor"),
        group="fresh",
    )
]
