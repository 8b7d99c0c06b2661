"""justinliu23/rnn-from-scratch: a course's notebook; recurrent cells and LSTM cells over sequences, examples in the middle axis.

As published the LSTM does not hand on the gradients of the states and of the memory from step to step.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def rnn_loss(x: Any, a0: Any, da: Any, Wax: Any, Waa: Any, ba: Any) -> Any:
    a, total = a0, 0.0
    for t in range(4):
        a = np.tanh(Waa @ a + Wax @ x[:, :, t] + ba)
        total = total + np.sum(da[:, :, t] * a)
    return total


def rnn(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"Wax": 0.6 * rng.normal(size=(3, 2)), "Waa": 0.6 * rng.normal(size=(3, 3)), "ba": rng.normal(size=(3, 1))}
    other = {"Wya": rng.normal(size=(2, 3)), "by": rng.normal(size=(2, 1))}
    x, a0, da = rng.normal(size=(2, 5, 4)), rng.normal(size=(3, 5)), rng.normal(size=(3, 5, 4))

    def train(x, a0, da, Wax, Waa, ba):
        _, _, caches = module.rnn_forward(x, a0, {"Wax": Wax, "Waa": Waa, "ba": ba, **other})
        return module.rnn_backward(da, caches)

    return Call(
        train,
        rnn_loss,
        {"x": x, "a0": a0, "da": da, **start},
        lambda gradients: {name: gradients[f"d{name}"] for name in ("x", "a0", *start)},
        (x, a0, da, *start.values()),
        bind={name: name for name in ("x", "a0", "da", *start)},
    )


NAMES = ("Wf", "bf", "Wi", "bi", "Wc", "bc", "Wo", "bo")


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def lstm_loss(x: Any, a0: Any, da: Any, Wf: Any, bf: Any, Wi: Any, bi: Any, Wc: Any, bc: Any, Wo: Any, bo: Any) -> Any:
    a, c, total = a0, 0.0, 0.0
    for t in range(3):
        concat = np.concatenate([a, x[:, :, t]])
        c = sigmoid(Wf @ concat + bf) * c + sigmoid(Wi @ concat + bi) * np.tanh(Wc @ concat + bc)
        a = sigmoid(Wo @ concat + bo) * np.tanh(c)
        total = total + np.sum(da[:, :, t] * a)
    return total


def lstm(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {name: 0.7 * rng.normal(size=(3, 5) if name[0] == "W" else (3, 1)) for name in NAMES}
    other = {"Wy": rng.normal(size=(2, 3)), "by": rng.normal(size=(2, 1))}
    x, a0, da = rng.normal(size=(2, 4, 3)), rng.normal(size=(3, 4)), rng.normal(size=(3, 4, 3))

    def train(x, a0, da, Wf, bf, Wi, bi, Wc, bc, Wo, bo):
        parameters = {"Wf": Wf, "bf": bf, "Wi": Wi, "bi": bi, "Wc": Wc, "bc": bc, "Wo": Wo, "bo": bo, **other}
        _, _, _, caches = module.lstm_forward(x, a0, parameters)
        return module.lstm_backward(da, caches)

    return Call(
        train,
        lstm_loss,
        {"x": x, "a0": a0, "da": da, **start},
        lambda gradients: {name: gradients[f"d{name}"] for name in ("x", "a0", *NAMES)},
        (x, a0, da, *start.values()),
        bind={name: name for name in ("x", "a0", "da", *NAMES)},
    )


FILE = "Building_a_Recurrent_Neural_Network_Step_by_Step.ipynb"
RNN = (
    mistake(242, r"a_next \*\* 2", "a_next", "wrong_activation_derivative"),
    mistake(242, r"a_next \*\* 2", "a_prev ** 2", "derivative_at_wrong_point", "wrong_time_index"),
    mistake(242, r"a_next \*\* 2", "np.tanh(a_next) ** 2", "derivative_of_activated_value"),
    mistake(245, r"dtanh", "da_next", "missing_activation_derivative", "wrong_variable"),
    mistake(246, r"xt\.T", "np.abs(xt).T", "wrong_activation_in_weight_gradient"),
    mistake(249, r"Waa\.T", "Waa", "transposed"),
    mistake(249, r"dtanh", "da_next", "missing_activation_derivative", "wrong_variable"),
    mistake(250, r"a_prev\.T", "a_next.T", "wrong_time_index", "wrong_activation_in_weight_gradient"),
    mistake(253, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(318, r"reversed\(range\(T_x\)\)", "range(T_x)", "wrong_time_index", "missing_path_through_time"),
    mistake(320, r" \+ da_prevt", "", "missing_path_through_time"),
    mistake(320, r"caches\[t\]", "caches[T_x - 1 - t]", "wrong_time_index"),
    mistake(324, r"dx\[:, :, t\]", "dx[:, :, T_x - 1 - t]", "wrong_time_index"),
    mistake(325, r"\+=", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(327, r"\+=", "-=", "sign_flipped"),
    mistake(330, r"da_prevt", "da_prevt + da[:, :, 0]", "extra_factor", "wrong_variable"),
)
LSTM = (
    mistake(392, r"ot \* \(1 - ot\)", "(1 - ot)", "wrong_activation_derivative"),
    mistake(392, r"np\.tanh\(c_next\)", "c_next", "wrong_variable", "missing_factor"),
    mistake(393, r" \+ dc_next", "", "missing_path_through_time"),
    mistake(393, r"\* it ", "", "missing_factor"),
    mistake(394, r"\* cct", "* it", "wrong_variable"),
    mistake(394, r"1 - np\.tanh\(c_next\) \*\* 2", "1 - c_next ** 2", "wrong_activation_derivative", "derivative_at_wrong_point"),
    mistake(395, r"c_prev", "c_next", "wrong_time_index", "wrong_variable"),
    mistake(399, r"a_prev\.T, xt\.T", "a_next.T, xt.T", "wrong_time_index"),
    mistake(401, r"dcct", "dit", "wrong_variable"),
    mistake(405, r", axis=1, keepdims=True", "", "bias_gradient_reduction"),
    mistake(409, r"parameters\['Wc'\]", "parameters['Wi']", "wrong_variable"),
    mistake(410, r"\* ft", "* it", "wrong_variable"),
    mistake(411, r" \+ np\.dot\(parameters\['Wo'\]\[:, n_a:\]\.T, dot\)", "", "upstream_gradient_dropped"),
    mistake(510, r" \+ da_prevt", "", "missing_path_through_time"),
    mistake(515, r"\+=", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(517, r"dbf\"\]", 'dbi"]', "wrong_variable"),
)
PROGRAMS = [
    Program(
        "justinliu23/rnn-from-scratch",
        FILE,
        rnn,
        (*RNN, two(RNN[7], RNN[10]), two(RNN[0], RNN[14])),
        harmless=(
            Edit(242, r"\(1 - a_next \*\* 2\) \* da_next", "da_next - da_next * np.square(a_next)"),
            Edit(253, r"np\.sum\(dtanh, axis = 1,keepdims=1\)", "dtanh @ np.ones((dtanh.shape[1], 1))"),
        ),
        keep=((1, 2), (4, 87), (214, 258), (283, 335)),
        more=("rnn_utils.py",),
        backward={FILE: (231, 335)},
        group="ninth",
        name="rnn",
    ),
    Program(
        "justinliu23/rnn-from-scratch",
        FILE,
        lstm,
        (*LSTM, two(LSTM[4], LSTM[8]), two(LSTM[6], LSTM[14])),
        harmless=(
            Edit(392, r"ot \* \(1 - ot\)", "(ot - ot ** 2)"),
            Edit(399, r"np\.hstack\(\[a_prev\.T, xt\.T\]\)", "np.vstack([a_prev, xt]).T"),
        ),
        keep=((1, 2), (88, 213), (360, 417), (461, 528)),
        more=("rnn_utils.py",),
        mend=(Edit(520, r"$", '; da_prevt = gradients["da_prev"]; dc_prevt = gradients["dc_prev"]'),),
        published=("missing_path_through_time",),
        blame=(508, 510, 520),
        backward={FILE: (385, 528)},
        group="ninth",
        name="lstm",
    ),
]
