"""erikvdplas/gru-rnn: a character GRU on module globals; the function returns all gradients."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["Wy", "Wh", "Wr", "Wz", "Uh", "Ur", "Uz", "by", "bh", "br", "bz"]


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def loss(
    inputs: Any,
    targets: Any,
    hprev: Any,
    Wy: Any,
    Wh: Any,
    Wr: Any,
    Wz: Any,
    Uh: Any,
    Ur: Any,
    Uz: Any,
    by: Any,
    bh: Any,
    br: Any,
    bz: Any,
) -> Any:
    h, total = hprev, 0.0
    for i, target in zip(inputs, targets, strict=True):
        z = sigmoid(Wz[:, [i]] + Uz @ h + bz)
        r = sigmoid(Wr[:, [i]] + Ur @ h + br)
        h = z * h + (1 - z) * np.tanh(Wh[:, [i]] + Uh @ (r * h) + bh)
        y = Wy @ h + by
        total = total + np.log(np.sum(np.exp(y))) - y[target, 0]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    vocabulary, hidden = 5, 4
    module.vocab_size = vocabulary
    sizes = {"y": vocabulary, "h": hidden, "r": hidden, "z": hidden}
    values = {}
    for name in NAMES:
        columns = {"W": hidden if name == "Wy" else vocabulary, "U": hidden, "b": 1}[name[0]]
        values[name] = 0.5 * rng.normal(size=(sizes[name[1]], columns))
        setattr(module, name, values[name].copy())
    inputs, targets = [0, 3, 1, 4], [3, 1, 4, 2]
    hprev = 0.5 * rng.normal(size=(hidden, 1))
    return Call(
        module.lossFun,
        loss,
        {"inputs": inputs, "targets": targets, "hprev": hprev, **values},
        lambda result: dict(zip(NAMES, result[1:12], strict=True)),
        (inputs, targets, hprev),
        bind={name: name for name in NAMES},
    )


PROGRAMS = [
    Program(
        "erikvdplas/gru-rnn",
        "main.py",
        build,
        (
            mistake(94, r"-= 1", "+= 1", "sign_flipped", "loss_derivative_wrong"),
            mistake(97, r"h\[t\]\.T", "h[t-1].T", "wrong_time_index"),
            mistake(101, r" \+ dhnext", "", "missing_path_through_time"),
            mistake(102, r"\(1 - z\[t\]\)", "z[t]", "wrong_variable", "missing_factor", "wrong_activation_derivative"),
            mistake(103, r" \* tanh.*$", "", "missing_activation_derivative"),
            mistake(107, r"np\.multiply\((r\[t\], h\[t-1\])\)", "h[t-1]", "missing_factor", "wrong_variable"),
            mistake(111, r"Uh\.T", "Uh", "transposed"),
            mistake(113, r"r\[t\]", "dr", "derivative_at_wrong_point"),
            mistake(117, r"h\[t-1\]", "h[t]", "wrong_time_index"),
            mistake(121, r"h\[t-1\] - h_hat\[t\]", "h_hat[t] - h[t-1]", "sign_flipped"),
            mistake(124 + 1, r"\+=", "=", "missing_path_through_time", "gradient_accumulated_across_steps", "wrong_variable"),
            mistake(127, r"dz_l", "dz", "wrong_variable", "missing_activation_derivative"),
            mistake(132, r"np\.multiply\(drhp, r\[t\]\)", "drhp", "missing_factor"),
            mistake(136, r" \+ dh_fr$", "", "missing_path_through_time"),
            mistake(18, r"input\*\(1-input\)", "sigmoid(input)*(1-sigmoid(input))", "derivative_of_activated_value"),
            two(
                mistake(103, r" \* tanh.*$", "", "missing_activation_derivative"),
                mistake(136, r"dh_fz \+ ", "", "missing_path_through_time"),
            ),
        ),
        harmless=(
            Edit(103, r"tanh\(h_hat\[t\], deriv=True\)", r"(1 - h_hat[t]) * (1 + h_hat[t])"),
            Edit(121, r"np\.multiply\(dh, (.*)\)$", r"dh * h[t-1] - dh * h_hat[t]"),
            Edit(98, r"dby \+= dy", r"dby = dby + dy"),
        ),
        keep=((1, 1), (14, 32), (55, 138)),
    )
]
