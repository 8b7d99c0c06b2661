"""Kulbear/deep-learning-coursera: an LSTM of functions with tuples and dictionaries; published with no path through time."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake

NAMES = [letter + gate for letter in "Wb" for gate in "fico"]
UTILITIES = """import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - np.max(x, axis=0))
    return e / e.sum(axis=0)
"""


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(x: Any, a0: Any, targets: Any, Wf: Any, Wi: Any, Wc: Any, Wo: Any, bf: Any, bi: Any, bc: Any, bo: Any) -> Any:
    a, c, total = a0, np.zeros_like(a0), 0.0
    for t in range(x.shape[2]):
        both = np.concatenate([a, x[:, :, t]])
        c = sigmoid(Wf @ both + bf) * c + sigmoid(Wi @ both + bi) * np.tanh(Wc @ both + bc)
        a = sigmoid(Wo @ both + bo) * np.tanh(c)
        total = total + 0.5 * np.sum((a - targets[:, :, t]) ** 2)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {name: rng.normal(size=(4, 7) if name[0] == "W" else (4, 1)) for name in NAMES}
    parameters = {**{name: value.copy() for name, value in start.items()}, "Wy": rng.normal(size=(2, 4)), "by": np.zeros((2, 1))}
    x, a0, targets = rng.normal(size=(3, 5, 4)), rng.normal(size=(4, 5)), rng.normal(size=(4, 5, 4))

    def train(x, a0, targets, parameters):
        a, _, _, caches = module.lstm_forward(x, a0, parameters)
        return module.lstm_backward(a - targets, caches)

    return Call(
        train,
        loss,
        {"x": x, "a0": a0, "targets": targets, **start},
        lambda gradients: {name: gradients["d" + name] for name in NAMES},
        (x, a0, targets, parameters),
        bind={name: f"parameters['{name}']" for name in NAMES},
    )


PROGRAMS = [
    Program(
        "Kulbear/deep-learning-coursera",
        "Sequence Models/Building a Recurrent Neural Network - Step by Step - v2.ipynb",
        build,
        (
            mistake(496, r" \* ot \* \(1 - ot\)", "", "missing_activation_derivative"),
            mistake(497, r"1 - cct \*\* 2", "1 - np.tanh(cct) ** 2", "derivative_of_activated_value"),
            mistake(498, r" \+ dc_next", "", "missing_path_through_time"),
            mistake(499, r"c_prev", "c_next", "wrong_variable", "wrong_time_index"),
            mistake(509, r"dcct", "dit", "wrong_variable"),
            mistake(513, r" \+ np\.dot\(Wi\[:, :n_a\]\.T, dit\)", "", "missing_path_through_time"),
            mistake(513, r"Wc\[:, :n_a\]\.T", "Wc[:, :n_a]", "transposed"),
            mistake(514, r"\* ft", "* it", "wrong_variable"),
            mistake(621, r"\+=", "=", "missing_path_through_time", "loop_cut_short", "gradient_accumulated_across_steps"),
        ),
        harmless=(
            Edit(503, r"np\.hstack\(\[a_prev\.T, xt\.T\]\)", "np.vstack([a_prev, xt]).T"),
            Edit(496, r"ot \* \(1 - ot\)", "(ot - ot ** 2)"),
        ),
        keep=((1, 2), (131, 198), (227, 287), (463, 522), (567, 637)),
        stubs={"rnn_utils.py": UTILITIES},
        always=(Edit(489, r"^.*$", '    Wf, Wi, Wc, Wo = (parameters[name] for name in ("Wf", "Wi", "Wc", "Wo"))'),),
        mend=(Edit(618, r"#.*$", 'da_prevt, dc_prevt = gradients["da_prev"], gradients["dc_prev"]'),),
        published=("missing_path_through_time",),
        blame=(617, 603, 604),
        group="fresh",
    )
]
