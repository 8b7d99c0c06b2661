"""AriizumiKW/Recurrent-Neural-Network-NumPy: a course's RNN, through time from all words, and from the last."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["V", "U", "W"]


def states(x: Any, V: Any, U: Any) -> Any:
    s = np.zeros(len(U))
    for word in x:
        s = 1 / (1 + np.exp(-(V[:, word] + U @ s)))
        yield s


def words_loss(x: Any, d: Any, V: Any, U: Any, W: Any) -> Any:
    total = 0.0
    for s, word in zip(states(x, V, U), d, strict=True):
        z = W @ s
        total = total + np.log(np.sum(np.exp(z))) - z[word]
    return total


def number_loss(x: Any, d: Any, V: Any, U: Any, W: Any) -> Any:
    z = W @ list(states(x, V, U))[-1]
    return np.log(np.sum(np.exp(z))) - z[d[0]]


def call(module: ModuleType, rng: np.random.Generator, outputs: int, loss: Any, d: list[int], method: str) -> Call:
    net = module.RNN(5, 3, outputs)
    start = {name: rng.normal(size=getattr(net, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(net, name, value.copy())
    x = [0, 3, 3, 1]

    def train(x, d, steps):
        y, s = net.predict(x)
        getattr(net, method)(x, d, y, s, steps)

    return Call(
        train,
        loss,
        {"x": x, "d": d, **start},
        lambda _: {name: getattr(net, f"delta{name}") for name in NAMES},
        (x, d, 4),
        bind={name: f"net.{name}" for name in NAMES},
    )


def words(module: ModuleType, rng: np.random.Generator) -> Call:
    return call(module, rng, 5, words_loss, [3, 3, 2, 4], "acc_deltas_bptt")


def number(module: ModuleType, rng: np.random.Generator) -> Call:
    return call(module, rng, 2, number_loss, [1], "acc_deltas_bptt_np")


PROGRAMS = [
    Program(
        "AriizumiKW/Recurrent-Neural-Network-NumPy",
        "code/rnn.py",
        words,
        (
            mistake(191, r"s\[t\]", "s[t - 1]", "wrong_time_index"),
            mistake(191, r"\+=", "=", "gradient_accumulated_across_steps"),
            mistake(193, r"\(s \* \(1 - s\)\)", "(1 - s * s)", "wrong_activation_derivative"),
            mistake(193, r" \* \(s \* \(1 - s\)\)\[:-1, :\]", "", "missing_activation_derivative"),
            mistake(195, r"steps \+ 1", "steps - 2", "loop_cut_short", "missing_path_through_time"),
            mistake(198, r"x_onehot\[t - step\]", "x_onehot[t]", "wrong_time_index"),
            mistake(199, r"s\[t - 1 - step\]", "s[t - step]", "wrong_time_index"),
            mistake(200, r"net_in_dr\[:-1, :\]\)\)", "net_in_dr[1:, :]))", "wrong_time_index"),
            mistake(201, r"self\.U", "self.U.T", "transposed"),
            mistake(201, r" \* net_in_dr", "", "missing_activation_derivative"),
            two(
                mistake(191, r"s\[t\]", "s[t - 1]", "wrong_time_index"),
                mistake(201, r"self\.U", "self.U.T", "transposed"),
            ),
        ),
        harmless=(
            Edit(193, r"\(s \* \(1 - s\)\)\[:-1, :\]", "(s - s ** 2)[:-1]"),
            Edit(199, r"np\.outer\((.*), (.*)\)$", r"\1[:, None] * \2"),
        ),
        more=("code/rnnmath.py",),
        root="code",
        stubs={"utils.py": ""},
        backward={"code/rnn.py": (189, 201)},
        name="words",
        group="last",
    ),
    Program(
        "AriizumiKW/Recurrent-Neural-Network-NumPy",
        "code/rnn.py",
        number,
        (
            mistake(229, r"- 1$", "- 2", "wrong_time_index"),
            mistake(230, r"s\[t\]", "s[t - 1]", "wrong_time_index"),
            mistake(232, r"s \* \(1 - s\)", "1 - s", "wrong_activation_derivative"),
            mistake(236, r"t - step", "t - step - 1", "wrong_time_index"),
            mistake(237, r"t - 1 - step", "t - step", "wrong_time_index"),
            mistake(236, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(238, r"np\.vstack.*$", "net_in_dr", "wrong_time_index"),
            mistake(239, r"self\.U", "self.U.T", "transposed"),
            two(
                mistake(230, r"s\[t\]", "s[t - 1]", "wrong_time_index"),
                mistake(239, r"self\.U", "self.U.T", "transposed"),
            ),
        ),
        harmless=(
            Edit(232, r"np\.matmul\(delta_out, self\.W\)", "delta_out @ self.W"),
            Edit(228, r"d_onehot - y", "2 * (d_onehot - y)"),
        ),
        more=("code/rnnmath.py",),
        root="code",
        stubs={"utils.py": ""},
        backward={"code/rnn.py": (228, 239)},
        name="number",
        group="last",
    ),
]
