"""milanvarghese/LSTM-from-Scratch-using-Numpy: one step of an LSTM, a matrix for each gate."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, h: Any, c: Any, y: Any, Wf: Any, bf: Any, Wi: Any, bi: Any, Wc: Any, bc: Any, Wo: Any, bo: Any) -> Any:
    def s(z: Any) -> Any:
        return 1 / (1 + np.exp(-z))

    a = np.concatenate((h, x))
    new = s(Wf @ a + bf) * c + s(Wi @ a + bi) * np.tanh(Wc @ a + bc)
    return 0.5 * np.sum((s(Wo @ a + bo) * np.tanh(new) - y) ** 2) + 0.5 * np.sum(new**2)


GATES = {"f": "forget_gate", "i": "input_gate", "c": "candidate", "o": "output_gate"}


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    layer, start = module.LSTMLayer(3, 4), {}
    for key, gate in GATES.items():
        start["W" + key], start["b" + key] = rng.normal(size=(4, 7)), rng.normal(size=(4, 1))
        setattr(layer, "weight_" + gate, start["W" + key].copy())
        setattr(layer, "bias_" + gate, start["b" + key].copy())
    x, h, c, y = (rng.normal(size=(n, 1)) for n in (3, 4, 4, 4))

    def train(x, h, c, y):
        hidden, cell = layer.forward(x, h, c)
        return layer.backward(hidden - y, cell)

    def after(result: Any) -> dict[str, Any]:
        grads = {}
        for key, gate in GATES.items():
            grads["W" + key], grads["b" + key] = getattr(layer, "grad_weight_" + gate), getattr(layer, "grad_bias_" + gate)
        return {**grads, "h": result[0], "x": result[1], "c": result[2]}

    return Call(
        train,
        loss,
        {"x": x, "h": h, "c": c, "y": y, **start},
        after,
        (x, h, c, y),
        bind={
            f"{kind}{key}": f"layer.{name}_{gate}"
            for key, gate in GATES.items()
            for kind, name in (("W", "weight"), ("b", "bias"))
        },
    )


MISTAKES = (
    mistake(113, r"tanh_current_cell \*\* 2", "tanh_current_cell", "wrong_activation_derivative"),
    mistake(113, r"tanh_current_cell \*\* 2", "current_cell_state ** 2", "wrong_variable", "derivative_at_wrong_point",
            "wrong_activation_derivative"),
    mistake(116, r"d_cell_state_next \+ ", "", "missing_path_through_time", "missing_factor"),
    mistake(116, r" \* d_tanh_current_cell", "", "missing_activation_derivative"),
    mistake(119, r"tanh_current_cell", "current_cell_state", "wrong_variable"),
    mistake(120, r" \* \(1 - output_gate\)", "", "wrong_activation_derivative", "missing_factor"),
    mistake(123, r"candidate_cell", "input_gate", "wrong_variable"),
    mistake(124, r"\(1 - input_gate\)", "(1 - input_gate ** 2)", "wrong_activation_derivative"),
    mistake(127, r"prev_cell_state", "current_cell_state", "wrong_variable", "wrong_time_index"),
    mistake(128, r"forget_gate \* \(1 - forget_gate\)", "input_gate * (1 - input_gate)", "wrong_variable"),
    mistake(132, r"1 - candidate_cell \*\* 2", "candidate_cell * (1 - candidate_cell)", "wrong_activation_derivative"),
    mistake(141, r"d_candidate_pre", "d_candidate_cell", "missing_activation_derivative", "wrong_variable"),
    mistake(163, r"self\.weight_input_gate", "self.weight_forget_gate", "wrong_variable", blame=(161,)),
    mistake(173, r"forget_gate", "input_gate", "wrong_variable", "missing_path_through_time"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "milanvarghese/LSTM-from-Scratch-using-Numpy",
        "src/LSTM.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[11]), two(MISTAKES[5], MISTAKES[8])),
        harmless=(
            Edit(132, r"d_candidate_cell \* (.*)$", r"np.multiply(\1, d_candidate_cell)"),
            Edit(128, r"forget_gate \* \(1 - forget_gate\)", "(forget_gate - forget_gate ** 2)"),
        ),
        more=("src/Layer.py", "src/Activation.py"),
        stubs={"scipy/__init__.py": "", "scipy/signal.py": ""},
        backward={"src/LSTM.py": (112, 173)},
        group="eleventh",
    )
]
