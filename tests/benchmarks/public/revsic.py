"""revsic/numpy-rnn: an LSTM as a script on module globals; as published the last step's loss is added at every step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

WEIGHTS = ["wf", "wi", "wc", "wo", "wy", "bf", "bi", "bc", "bo", "by"]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(Xt: Any, Y: Any, wf: Any, wi: Any, wc: Any, wo: Any, wy: Any, bf: Any, bi: Any, bc: Any, bo: Any, by: Any) -> Any:
    c = h = np.zeros((Xt.shape[1], len(bf)))
    for step in Xt:
        x = np.concatenate([step, h], axis=1)
        c = sigmoid(x @ wf + bf) * c + sigmoid(x @ wi + bi) * np.tanh(x @ wc + bc)
        h = sigmoid(x @ wo + bo) * np.tanh(c)
    out = h @ wy + by
    return np.sum(np.log(np.sum(np.exp(out), axis=1))) - np.sum(Y * out)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.HIDDEN, module.ALPHA = 3, 0.5
    values = {}
    for name in WEIGHTS:
        columns = 2 if name[1] == "y" else 3
        values[name] = 1.0 * rng.normal(size=({"wy": 3}.get(name, 5), columns) if name[0] == "w" else columns)
        setattr(module, name, values[name].copy())
        setattr(module, "d" + name, np.zeros_like(values[name]))
    X, Y = rng.normal(size=(4, 3, 2)), np.eye(2)[rng.integers(0, 2, size=4)]
    return Call(
        module.program,
        loss,
        {"Xt": X.transpose(1, 0, 2), "Y": Y, **values},
        lambda _: {name: getattr(module, name) - then for name, then in values.items()},
        (X, Y),
        bind={name: name for name in WEIGHTS},
    )


PROGRAMS = [
    Program(
        "revsic/numpy-rnn",
        "LSTM_numpy.ipynb",
        build,
        (
            mistake(135, r" \* deriv_tanh\(tc\)", "", "missing_activation_derivative"),
            mistake(135, r"deriv_tanh\(tc\)", "deriv_tanh(c)", "derivative_at_wrong_point", "wrong_activation_derivative"),
            mistake(136, r" \+ dc_next", "", "missing_path_through_time"),
            mistake(138, r"tc", "c", "wrong_variable", "missing_factor"),
            mistake(141, r"c_prev", "c", "wrong_time_index", "wrong_variable"),
            mistake(145, r"hi\)", "hf)", "derivative_at_wrong_point", "wrong_variable"),
            mistake(148, r"deriv_tanh", "deriv_sigmoid", "wrong_activation_derivative"),
            mistake(151, r"dhf, axis=0", "dhf * hf, axis=0", "missing_factor", "wrong_variable", "extra_factor"),
            mistake(160, r"wo\.T", "wf.T", "wrong_variable"),
            mistake(166, r" \+ dXc$", "", "missing_path_through_time"),
            mistake(168, r"hf", "hi", "wrong_variable"),
            mistake(169, r"-HIDDEN:", ":HIDDEN", "wrong_index"),
            mistake(175, r"-=", "+=", "sign_flipped"),
            two(mistake(136, r" \+ dc_next", "", "missing_path_through_time"), mistake(175, r"-=", "+=", "sign_flipped")),
        ),
        harmless=(
            Edit(72, r"1 - np\.square\(out\)", "(1 - out) * (1 + out)"),
            Edit(139, r"dho \* deriv_sigmoid\(ho\)", "(dho - dho * ho) * ho"),
            Edit(151, r"np\.sum\(dhf, axis=0\)", "dhf.sum(axis=0)"),
        ),
        keep=((1, 1), (51, 95), (109, 182)),
        head="def program(X, Y):",
        always=(
            Edit(109, r"Xt = ", "global wf, wi, wc, wo, wy, bf, bi, bc, bo, by, dwf, dwi, dwc, dwo, dbf, dbi, dbc, dbo; Xt = "),
        ),
        mend=(Edit(133, r"np\.dot\(dout, wy\.T\)", "(np.dot(dout, wy.T) if t == 0 else 0)"),),
        published=("missing_path_through_time", "wrong_time_index", "wrong_index"),
    )
]
