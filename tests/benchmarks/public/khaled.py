"""KhaledAlnobani/RNN-LSTM-from-scratch: notebooks of a course; cells and loops of an RNN and an LSTM, with dicts of gradients."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

UTILS = """import numpy as np
def sigmoid(x):
    return 1 / (1 + np.exp(-x))
def softmax(x):
    return np.exp(x) / np.sum(np.exp(x), axis=0)
"""


def loss_rnn(x: Any, y: Any, a0: Any, Wax: Any, Waa: Any, ba: Any) -> Any:
    a, total = a0, 0.0
    for t in range(4):
        a = np.tanh(Waa @ a + Wax @ x[:, :, t] + ba)
        total = total + 0.5 * np.sum((a - y[:, :, t]) ** 2)
    return total


def loss_lstm(x: Any, y: Any, a0: Any, Wf: Any, bf: Any, Wi: Any, bi: Any, Wc: Any, bc: Any, Wo: Any, bo: Any) -> Any:
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    a, c, total = a0, 0.0, 0.0
    for t in range(4):
        z = np.concatenate([a, x[:, :, t]], axis=0)
        c = sigmoid(Wf @ z + bf) * c + sigmoid(Wi @ z + bi) * np.tanh(Wc @ z + bc)
        a = sigmoid(Wo @ z + bo) * np.tanh(c)
        total = total + 0.5 * np.sum((a - y[:, :, t]) ** 2)
    return total


def build_rnn(module: ModuleType, rng: np.random.Generator) -> Call:
    shapes = {"Wax": (5, 3), "Waa": (5, 5), "ba": (5, 1), "Wya": (2, 5), "by": (2, 1)}
    parameters = {name: 0.6 * rng.normal(size=shape) for name, shape in shapes.items()}
    x, y, a0 = rng.normal(size=(3, 2, 4)), rng.normal(size=(5, 2, 4)), rng.normal(size=(5, 2))
    names = ("Wax", "Waa", "ba")

    def train(x, y, a0, parameters):
        a, _, caches = module.rnn_forward(x, a0, parameters)
        return module.rnn_backward(a - y, caches)

    return Call(
        train,
        loss_rnn,
        {"x": x, "y": y, "a0": a0, **{name: parameters[name] for name in names}},
        lambda result: {name: result[f"d{name}"] for name in ("x", "a0", *names)},
        (x, y, a0, parameters),
        bind={name: f"parameters['{name}']" for name in names},
    )


def build_lstm(module: ModuleType, rng: np.random.Generator) -> Call:
    shapes = {f"{kind}{gate}": (5, 8) if kind == "W" else (5, 1) for gate in "fico" for kind in "Wb"}
    names = tuple(shapes)
    parameters = {name: 0.6 * rng.normal(size=shape) for name, shape in {**shapes, "Wy": (2, 5), "by": (2, 1)}.items()}
    x, y, a0 = rng.normal(size=(3, 2, 4)), rng.normal(size=(5, 2, 4)), rng.normal(size=(5, 2))

    def train(x, y, a0, parameters):
        a, _, _, caches = module.lstm_forward(x, a0, parameters)
        return module.lstm_backward(a - y, caches)

    return Call(
        train,
        loss_lstm,
        {"x": x, "y": y, "a0": a0, **{name: parameters[name] for name in names}},
        lambda result: {name: result[f"d{name}"] for name in ("x", "a0", *names)},
        (x, y, a0, parameters),
        bind={name: f"parameters['{name}']" for name in names},
    )


RNN = (
    mistake(107, r"1-a_next\*a_next", "1-a_next", "wrong_activation_derivative"),
    mistake(107, r"\(1-a_next\*a_next\)\*", "", "missing_activation_derivative"),
    mistake(107, r"a_next\*a_next", "a_prev*a_prev", "wrong_time_index", "wrong_variable"),
    mistake(111, r"dtanh", "da_next", "missing_activation_derivative", "wrong_variable"),
    mistake(114, r"Waa\.T", "Waa", "transposed", "missing_path_through_time"),
    mistake(114, r"dtanh", "da_next", "missing_activation_derivative", "wrong_variable"),
    mistake(115, r"a_prev\.T", "a_next.T", "wrong_time_index", "wrong_variable"),
    mistake(118, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(160, r"range\(T_x\)", "range(1, T_x)", "loop_cut_short"),
    mistake(162, r" \+ da_prevt", "", "missing_path_through_time"),
    mistake(162, r"caches\[t\]", "caches[t - 1]", "wrong_time_index"),
    mistake(167, r"\+=", "=", "gradient_overwritten"),
    mistake(169, r"\+=", "-=", "sign_flipped"),
)
LSTM = (
    mistake(147, r" \+ dc_next", "", "missing_path_through_time"),
    mistake(147, r" \* \(1 - it\) \* it", "", "missing_activation_derivative"),
    mistake(148, r"c_prev", "c_next", "wrong_time_index", "wrong_variable"),
    mistake(148, r"ft \* \(1 - ft\)", "(1 - ft**2)", "wrong_activation_derivative"),
    mistake(149, r"np\.tanh\(c_next\)", "c_next", "wrong_variable", "missing_factor"),
    mistake(150, r"1 - cct \*\* 2", "1 - cct", "wrong_activation_derivative"),
    mistake(150, r"1 - np\.tanh\(c_next\) \*\* 2", "1 - c_next ** 2", "derivative_at_wrong_point", "wrong_activation_derivative"),
    mistake(154, r"a_prev", "a_next", "wrong_time_index", "wrong_variable"),
    mistake(158, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(163, r"parameters\['Wi'\]\[:,:n_a\]\.T", "parameters['Wi'][:,:n_a]", "transposed", "missing_path_through_time"),
    mistake(164, r"\+np\.dot\(parameters\['Wo'\]\[:,:n_a\]\.T,dot\)", "", "missing_path_through_time"),
    mistake(166, r"\*ft\*da_next", "*da_next", "missing_factor"),
    mistake(225, r" \+ da_prevt", "", "missing_path_through_time"),
    mistake(229, r"\+=", "=", "gradient_overwritten"),
)
PROGRAMS = [
    Program(
        "KhaledAlnobani/RNN-LSTM-from-scratch",
        "RNN.ipynb",
        build_rnn,
        (*RNN, two(RNN[2], RNN[7]), two(RNN[0], RNN[11])),
        harmless=(
            Edit(107, r"\(1-a_next\*a_next\)\*da_next", "da_next - a_next**2*da_next"),
            Edit(111, r"np\.dot\(dtanh,xt\.T\)", "dtanh @ xt.T"),
        ),
        stubs={"utils.py": UTILS},
        backward={"RNN.ipynb": (107, 175)},
        group="eleventh",
    ),
    Program(
        "KhaledAlnobani/RNN-LSTM-from-scratch",
        "LSTM.ipynb",
        build_lstm,
        (*LSTM, two(LSTM[2], LSTM[8]), two(LSTM[5], LSTM[10])),
        harmless=(
            Edit(149, r"ot \* \(1 - ot\)", "(ot - ot**2)"),
            Edit(154, r"np\.concatenate\(\(a_prev, xt\), axis=0\)", "np.vstack((a_prev, xt))"),
        ),
        stubs={"utils.py": UTILS},
        mend=(Edit(225, r"caches\[t\]\)", "caches[t]); da_prevt, dc_prevt = gradients['da_prev'], gradients['dc_prev']"),),
        published=("missing_path_through_time", "missing_factor"),
        blame=(225, 210, 211, 212),
        backward={"LSTM.ipynb": (147, 241)},
        group="eleventh",
    ),
]
