"""VahidNaghashi/LSTM-from-scratch: a bidirectional LSTM of characters on globals; published with one path counted twice."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = [
    *("Wuf", "Wff", "Wcf", "Wof", "buf", "bff", "bcf", "bof"),
    *("Wub", "Wfb", "Wcb", "Wob", "bub", "bfb", "bcb", "bob"),
    *("Wy", "by"),
]


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def states(inputs: Any, h: Any, c: Any, U: Any, F: Any, C: Any, O: Any, u: Any, f: Any, cc: Any, o: Any) -> list[Any]:  # noqa: E741
    rows = []
    for i in inputs:
        z = np.concatenate([h, np.eye(5)[:, [i]]])
        c = sigmoid(F @ z + f) * c + sigmoid(U @ z + u) * np.tanh(C @ z + cc)
        h = sigmoid(O @ z + o) * np.tanh(c)
        rows.append(h)
    return rows


def loss(
    inputs: Any, targets: Any, hprev: Any, cprev: Any, hlast: Any, clast: Any,
    Wuf: Any, Wff: Any, Wcf: Any, Wof: Any, buf: Any, bff: Any, bcf: Any, bof: Any,
    Wub: Any, Wfb: Any, Wcb: Any, Wob: Any, bub: Any, bfb: Any, bcb: Any, bob: Any, Wy: Any, by: Any,
) -> Any:  # fmt: skip
    ahead = states(inputs, hprev, cprev, Wuf, Wff, Wcf, Wof, buf, bff, bcf, bof)
    back = states(inputs[::-1], hlast, clast, Wub, Wfb, Wcb, Wob, bub, bfb, bcb, bob)[::-1]
    total = 0.0
    for one, other, target in zip(ahead, back, targets, strict=True):
        y = Wy @ np.concatenate([one, other]) + by
        total = total + np.log(np.sum(np.exp(y))) - y[target, 0]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.hidden_size, module.vocab_size = 2, 5
    start = {}
    for name in NAMES:
        rows, columns = (5, 4) if name[1] == "y" else (2, 7)
        start[name] = rng.normal(size=(rows, columns if name[0] == "W" else 1))
        setattr(module, name, start[name].copy())
    inputs, targets = [0, 3, 1], [3, 1, 4]
    hprev, cprev, hlast, clast = 0.5 * rng.normal(size=(4, 2, 1))
    return Call(
        module.lossFun,
        loss,
        {"inputs": inputs, "targets": targets, "hprev": hprev, "cprev": cprev, "hlast": hlast, "clast": clast, **start},
        lambda result: dict(zip(NAMES, result[1:19], strict=True)),
        (inputs, targets, hprev, cprev, hlast, clast),
        bind={name: name for name in NAMES},
    )


PROGRAMS = [
    Program(
        "VahidNaghashi/LSTM-from-scratch",
        "BiLSTM.py",
        build,
        (
            mistake(109, r"-= 1", "-= 1 / Tx", "loss_derivative_wrong", "extra_factor"),
            mistake(111, r"concat3\[t\]", "np.vstack((hsf[t], hsb[t+1]))", "wrong_time_index"),
            mistake(113, r" \+ dhnextf", "", "missing_path_through_time"),
            mistake(113, r":hidden_size", "hidden_size:", "wrong_index"),
            mistake(117, r"csf\[t-1\]$", "csf[t]", "wrong_time_index", "wrong_variable"),
            mistake(119, r"np\.tanh\(csf\[t\]\)", "csf[t]", "missing_factor", "wrong_variable"),
            mistake(121, r"\*\(1-usf\[t\]\)", "", "wrong_activation_derivative", "missing_factor"),
            mistake(123, r"ccsf\[t\]\*\*2", "np.tanh(ccsf[t])**2", "derivative_of_activated_value"),
            mistake(128, r"\+= dosf", "+= dfsf", "wrong_variable"),
            mistake(130, r"\*fsf\[t\]$", "", "missing_factor"),
            mistake(131, r"np\.dot\(Wff", "np.dot(Wuf", "wrong_variable"),
            mistake(138, r"hidden_size:", ":hidden_size", "wrong_index"),
            mistake(142, r"csb\[t\+1\]$", "csb[t-1 if t else 0]", "wrong_time_index"),
            mistake(134, r"range\(Tx\)", "range(Tx - 1)", "loop_cut_short"),
            mistake(147, r"concat2", "concat1", "wrong_variable"),
            mistake(156, r"dosb\*osb\[t\]\*\(1-osb\[t\]\)", "dosb", "missing_activation_derivative"),
            two(
                mistake(113, r" \+ dhnextf", "", "missing_path_through_time"),
                mistake(147, r"concat2", "concat1", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(125, r"dusf\*usf\[t\]\*\(1-usf\[t\]\)", "dusf*(usf[t]-usf[t]**2)"),
            Edit(112, r"dby \+= dy", "dby = dby + dy"),
        ),
        keep=((1, 1), (35, 165)),
        always=(
            *(Edit(line, r"np\.row_stack", "np.vstack") for line in (51, 62, 71)),
            Edit(160, r"^     return", "    return"),
        ),
        mend=(Edit(114, r"= .*$", "= dcnextf"), Edit(139, r"= .*$", "= dcnextb")),
        published=("extra_factor", "factor_2", "gradient_accumulated_across_steps"),
        blame=(114, 139, 116, 117, 118, 130, 141, 142, 143, 155),
        backward={"BiLSTM.py": (106, 160)},
        group="later",
    )
]
