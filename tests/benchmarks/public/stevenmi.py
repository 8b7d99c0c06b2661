"""steven-mi/recurrent-neural-network-numpy: a character LSTM in a notebook; its published backward pass has ten mistakes."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two

LETTERS, HIDDEN = 5, 3
WEIGHTS = ("Wf", "Wi", "Wg", "Wo", "Wy", "bf", "bi", "bg", "bo")


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def loss(
    inputs: Any, targets: Any, h: Any, c: Any, Wf: Any, Wi: Any, Wg: Any, Wo: Any, Wy: Any, bf: Any, bi: Any, bg: Any, bo: Any
) -> Any:
    state, cell, total = h[-1], c[-1], 0.0
    for letter, target in zip(inputs, targets, strict=True):
        z = np.concatenate([state, np.eye(LETTERS)[:, [letter]]])
        cell = cell * sigmoid(Wf @ z + bf) + sigmoid(Wi @ z + bi) * sigmoid(Wo @ z + bg)
        state = np.tanh(cell) * np.tanh(Wg @ z + bo)
        y = Wy @ state
        total = total + np.log(np.sum(np.exp(y))) - y[target, 0]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.char_length, module.hidden_size = LETTERS, HIDDEN
    sizes = dict.fromkeys(WEIGHTS, (HIDDEN, 1)) | dict.fromkeys(WEIGHTS[:4], (HIDDEN, HIDDEN + LETTERS))
    start = {name: rng.normal(scale=0.6, size=size) for name, size in (sizes | {"Wy": (LETTERS, HIDDEN)}).items()}
    for name, value in (start | {"by": np.zeros((LETTERS, 1))}).items():
        setattr(module, name, value.copy())
    h, c = [rng.normal(scale=0.5, size=(HIDDEN, 1))], [rng.normal(scale=0.5, size=(HIDDEN, 1))]
    inputs, targets = [0, 3, 1, 4], [3, 1, 4, 2]
    return Call(
        module.program,
        loss,
        {"inputs": inputs, "targets": targets, "h": h, "c": c, **start},
        lambda result: dict(zip(WEIGHTS, result, strict=False)),
        (inputs, targets, h, c),
        bind={name: name for name in start},
    )


def undone(line: int, find: str, put: str, *causes: str) -> Mistake:
    """One of the published mistakes, with the others mended."""
    return mistake(line, find, put, *causes)


PROGRAMS = [
    Program(
        "steven-mi/recurrent-neural-network-numpy",
        "basic-long_short_term_memory.ipynb",
        build,
        (
            undone(31, r"1 - ", "1 + ", "sign_flipped", "wrong_activation_derivative"),
            undone(95, r"t\+1", "t", "wrong_time_index"),
            undone(99, r"t\+1", "t", "wrong_time_index"),
            undone(
                101, r"\(1 - o\[t\] \*\* 2\)", "dsigmoid(o[t])", "wrong_activation_derivative", "derivative_of_activated_value"
            ),
            undone(103, r"c\[t\]", "c[t-1]", "wrong_time_index"),
            undone(104, r"i\[t\] \* \(1 - i\[t\]\)", "dsigmoid(i[t])", "derivative_of_activated_value"),
            undone(106, r"g\[t\] \* \(1 - g\[t\]\)", "dtanh(dg)", "wrong_activation_derivative", "derivative_at_wrong_point"),
            undone(118, r"dg", "dc", "wrong_variable", "missing_activation_derivative", "missing_factor"),
            mistake(97, r" \+ dhprevious", "", "missing_path_through_time"),
            mistake(120, r" \* f\[t\]", "", "missing_factor"),
            mistake(112, r"\+=", "=", "missing_path_through_time", "gradient_accumulated_across_steps"),
            two(
                undone(95, r"t\+1", "t", "wrong_time_index"),
                undone(104, r"i\[t\] \* \(1 - i\[t\]\)", "dsigmoid(i[t])", "derivative_of_activated_value"),
            ),
        ),
        harmless=(
            Edit(101, r"1 - o\[t\] \*\* 2", "(1 - o[t]) * (1 + o[t])"),
            Edit(97, r"np\.dot\(Wy\.T, dy\)", "np.dot(dy.T, Wy).T"),
        ),
        keep=((1, 1), (21, 31), (49, 125), (191, 195)),
        head="def program(inputs, targets, h, c):",
        foot="    return dWf, dWi, dWg, dWo, dWy, dbf, dbi, dbg, dbo",
        always=tuple(Edit(line, r"[a-z_]+ ?[.=].*$", "pass") for line in (192, 193)),
        mend=(
            Edit(31, r"1 \+ ", "1 - "),
            Edit(95, r"h\[t\]", "h[t+1]"),
            Edit(99, r"c\[t\]", "c[t+1]"),
            Edit(101, r"c\[t\]\) \* dsigmoid\(o\[t\]\)", "c[t+1]) * (1 - o[t] ** 2)"),
            Edit(103, r"c\[t-1\] \* dsigmoid\(f\[t\]\)", "c[t] * f[t] * (1 - f[t])"),
            Edit(104, r"dsigmoid\(i\[t\]\)", "i[t] * (1 - i[t])"),
            Edit(106, r"dtanh\(dg\)", "g[t] * (1 - g[t])"),
            Edit(113, r"\(dg", "(do"),
            Edit(115, r"\(do", "(dg"),
            Edit(118, r"dc\)(.*)dg\)", r"dg)\1do)"),
        ),
        published=(
            "sign_flipped",
            "wrong_activation_derivative",
            "wrong_time_index",
            "derivative_of_activated_value",
            "derivative_at_wrong_point",
            "wrong_variable",
        ),
        backward={"basic-long_short_term_memory.ipynb": (84, 120)},
        group="fresh",
    )
]
