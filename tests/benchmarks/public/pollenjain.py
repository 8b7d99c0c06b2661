"""PollenJain/RNN-Numpy: a character model after a well-known gist, copied by hand.

As published the gradient of the next step is computed and never used."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

INPUTS, TARGETS = [0, 2, 1, 3, 1], [2, 1, 3, 1, 0]


def loss(hprev: Any, U: Any, W: Any, V: Any, bh: Any, by: Any) -> Any:
    h, total = hprev, 0.0
    for x, target in zip(INPUTS, TARGETS, strict=True):
        h = np.tanh(U[:, x][:, None] + W @ h + bh)
        y = V @ h + by
        total = total + np.log(np.sum(np.exp(y))) - y[target, 0]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.vocab_size, module.hidden_size = 4, 3
    shapes = {"U": (3, 4), "W": (3, 3), "V": (4, 3), "bh": (3, 1), "by": (4, 1)}
    start = {name: 0.4 * rng.normal(size=shape) for name, shape in shapes.items()}
    for name, value in start.items():
        setattr(module, name, value)
    hprev = 0.3 * rng.normal(size=(3, 1))
    return Call(
        module.lossFun,
        loss,
        {"hprev": hprev, **start},
        lambda result: dict(zip(start, result[1:6], strict=True)),
        (INPUTS, TARGETS, hprev),
        bind={name: name for name in start},
    )


MISTAKES = (
    mistake(114, r"-1, -1, -1", "-1, 0, -1", "loop_cut_short"),
    mistake(116, r"np\.copy\(ps\[t\]\)", "np.copy(ps[0])", "wrong_time_index", "wrong_index"),
    mistake(117, r" - 1", " + 1", "sign_flipped", "loss_derivative_wrong"),
    mistake(117, r"targets\[t\], 0\] =", "inputs[t], 0] =", "wrong_variable", "loss_derivative_wrong"),
    mistake(118, r"hs\[t\]", "hs[t-1]", "wrong_time_index", "wrong_index"),
    mistake(119, r"dby \+ dy", "dy", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(120, r"dy\)", "ps[t])", "wrong_variable"),
    mistake(121, r"1 - hs\[t\] \* hs\[t\]", "hs[t] * (1 - hs[t])", "wrong_activation_derivative"),
    mistake(121, r"\( 1 - hs\[t\] \* hs\[t\] \) \* ", "", "missing_activation_derivative"),
    mistake(122, r"dhraw", "dh", "missing_activation_derivative", "wrong_variable"),
    mistake(123, r"xs\[t\]", "xs[max(t-1, 0)]", "wrong_time_index", "wrong_index"),
    mistake(124, r"hs\[t-1\]", "hs[t]", "wrong_time_index", "wrong_index"),
    mistake(124, r"dW \+ ", "", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(125, r"W\.T", "W", "transposed", "missing_path_through_time"),
    mistake(125, r"dhraw", "dh", "missing_activation_derivative", "wrong_variable", "missing_path_through_time"),
)
PROGRAMS = [
    Program(
        "PollenJain/RNN-Numpy",
        "vanilla_rnn.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[10]), two(MISTAKES[9], MISTAKES[3])),
        harmless=(
            Edit(119, r"dby = dby \+ dy", "dby += dy"),
            Edit(121, r"hs\[t\] \* hs\[t\]", "hs[t] ** 2"),
        ),
        keep=((1, 1), (39, 130)),
        mend=(Edit(120, r"dy\)", "dy) + dhnext"),),
        published=("missing_path_through_time",),
        blame=(120, 121, 125, 122, 123, 124),
        backward={"vanilla_rnn.py": (104, 130)},
        group="tenth",
    )
]
