"""rmaahin/LSTM-from-scratch: a cell and a network that predicts at the last steps; gradients in dictionaries.

As published the output's weights see the cell where the comment says that it is the hidden state.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ("Wi", "bi", "Wf", "bf", "Wo", "bo", "Wc", "bc")


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(x: Any, y_true: Any, Wi: Any, bi: Any, Wf: Any, bf: Any, Wo: Any, bo: Any, Wc: Any, bc: Any, Wy: Any, by: Any) -> Any:
    h = c = np.zeros((3, x.shape[2]))
    total = 0.0
    for t in range(len(x)):
        z = np.vstack((h, x[t]))
        c = sigmoid(Wf @ z + bf) * c + sigmoid(Wi @ z + bi) * np.tanh(Wc @ z + bc)
        h = sigmoid(Wo @ z + bo) * np.tanh(c)
        if t >= len(x) - 2:
            total = total + 0.5 * np.sum((Wy @ h + by - y_true[t - len(x) + 2]) ** 2)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.LSTM(2, 3, 2, prediction_steps=2)
    model.clip_threshold = 1e3
    start = {}
    for name in (*NAMES, "Wy", "by"):
        owner = model.cell if name in NAMES else model
        start[name] = rng.normal(size=getattr(owner, name).shape)
        setattr(owner, name, start[name].copy())
    x, y_true = rng.normal(size=(4, 2, 5)), rng.normal(size=(2, 2, 5))
    return Call(
        model.train_step,
        loss,
        {"x": x, "y_true": y_true, **start},
        lambda _: {name: getattr(model.cell if name in NAMES else model, name) - value for name, value in start.items()},
        (x, y_true),
        bind={name: f"self.cell.{name}" for name in NAMES} | {"Wy": "self.Wy", "by": "self.by"},
    )


PROGRAMS = [
    Program(
        "rmaahin/LSTM-from-scratch",
        "lstm_scratch.py",
        build,
        (
            mistake(119, r"self\.tanh\(c_next\)", "c_next", "wrong_variable"),
            mistake(120, r"\(o\)", "(do)", "wrong_variable", "wrong_activation_derivative"),
            mistake(125, r" \+ dc_next", "", "missing_path_through_time"),
            mistake(
                125,
                r"self\.tanh_derivative\(self\.tanh\(c_next\)\)",
                "self.tanh_derivative(c_next)",
                "wrong_activation_derivative",
            ),
            mistake(128, r"c_tilde", "c_prev", "wrong_variable"),
            mistake(131, r"np\.sum\(di_input, axis=1", "np.mean(di_input, axis=1", "bias_gradient_reduction"),
            mistake(134, r"c_prev", "c_next", "wrong_time_index", "wrong_variable"),
            mistake(135, r"self\.sigmoid_derivative\(f\) \* ", "", "missing_activation_derivative"),
            mistake(
                141,
                r"self\.tanh_derivative\(c_tilde\)",
                "self.tanh_derivative(self.tanh(c_tilde))",
                "derivative_of_activated_value",
            ),
            mistake(148, r"self\.Wf\.T, df_input", "self.Wf.T, di_input", "wrong_variable"),
            mistake(156, r"f \* dc", "i * dc", "wrong_variable"),
            mistake(283, r" - y\[pred_idx\]", " - y[pred_idx - 1]", "wrong_time_index", "loss_derivative_wrong"),
            mistake(287, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(290, r" \+ dh_next", "", "missing_path_through_time"),
            mistake(299, r"\+=", "=", "gradient_accumulated_across_steps"),
            two(
                mistake(128, r"c_tilde", "c_prev", "wrong_variable"),
                mistake(287, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
            two(
                mistake(125, r" \+ dc_next", "", "missing_path_through_time"),
                mistake(317, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(130, r"\+= np\.dot\(di_input, concat\.T\)", "= di_input @ concat.T"),
            Edit(290, r"np\.dot\(self\.Wy\.T, dy\)", "self.Wy.T @ dy"),
        ),
        mend=(Edit(286, r"cache\[t\]\[4\]\.T", "(cache[t][2] * np.tanh(cache[t][4])).T"),),
        published=("wrong_activation_in_weight_gradient", "wrong_variable"),
        backward={"lstm_scratch.py": (103, 327)},
        group="eighth",
    )
]
