"""gartland98/LSTM-from-scratch: an LSTM of words with one matrix for all gates, in vectors; published with sums over words."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def loss(x: Any, y: Any, U: Any, V: Any, W: Any) -> Any:
    s, c, total = np.zeros(3), np.zeros(3), 0.0
    for word, target in zip(x, y, strict=True):
        i, f, o, g = np.split(U[:, word] + W @ s, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        s = sigmoid(o) * np.tanh(c)
        z = V @ s
        total = total + np.log(np.sum(np.exp(z))) - z[target]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.LSTMumpy(5, 3)
    start = {name: rng.normal(size=getattr(net, name).shape) for name in "UVW"}
    for name, value in start.items():
        setattr(net, name, value.copy())
    x, y = [0, 3, 1, 3], [3, 1, 3, 2]
    return Call(
        net.bptt,
        loss,
        {"x": x, "y": y, **start},
        lambda result: dict(zip("UVW", result, strict=True)),
        (x, y),
        bind={name: f"self.{name}" for name in "UVW"},
    )


PROGRAMS = [
    Program(
        "gartland98/LSTM-from-scratch",
        "LSTM_scratch.py",
        build,
        (
            mistake(171, r"-= 1", "= -1", "loss_derivative_wrong", "wrong_variable"),
            mistake(174, r"s\[t\]", "s[t - 1]", "wrong_time_index"),
            mistake(175, r" \+ dhnext", "", "missing_path_through_time"),
            mistake(176, r"dcnext \+ ", "", "missing_path_through_time"),
            mistake(176, r" \* o\[t\]", "", "missing_factor"),
            mistake(176, r"np\.tanh\(c\[t\]\) \* np\.tanh\(c\[t\]\)", "np.tanh(c[t])", "wrong_activation_derivative"),
            mistake(177, r"f\[t\]", "i_[t]", "wrong_variable"),
            mistake(178, r"g\[t\]", "c[t]", "wrong_variable"),
            mistake(179, r"c\[t - 1\]", "c[t]", "wrong_time_index"),
            mistake(180, r"dh", "dc", "wrong_variable"),
            mistake(183, r"\(1 - f\[t\]\) \* f\[t\] \* ", "", "missing_activation_derivative"),
            mistake(185, r"g\[t\]\*\*2", "np.tanh(g[t])**2", "derivative_of_activated_value"),
            mistake(187, r"ddi\.ravel\(\),ddf\.ravel\(\)", "ddf.ravel(),ddi.ravel()", "wrong_index", "wrong_variable"),
            mistake(189, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(190, r"da\)", "da / T)", "extra_factor", "batch_scale_1_over_N"),
            two(
                mistake(174, r"s\[t\]", "s[t - 1]", "wrong_time_index"),
                mistake(177, r"f\[t\]", "i_[t]", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(182, r"\(1 - i_\[t\]\) \* i_\[t\] \* di", "(i_[t] - i_[t]**2) * di"),
            Edit(189, r"np\.outer\(da, s\[t - 1\]\)", "da[:, None] * s[t - 1]"),
        ),
        keep=((2, 2), (14, 22), (86, 121), (153, 196)),
        mend=(Edit(188, r"dLdU \+= np\.outer\(da, x\[t\]\)", "dLdU[:, x[t]] += da"),),
        published=("wrong_index", "wrong_variable", "repeated_index_lost"),
        backward={"LSTM_scratch.py": (154, 196)},
        group="later",
    )
]
