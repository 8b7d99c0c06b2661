"""vzhou842/rnn-from-scratch: many to one, clipped; published with the recurrent weights not transposed."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake


def loss(inputs: Any, target: Any, Whh: Any, Wxh: Any, Why: Any, bh: Any, by: Any) -> Any:
    h = np.zeros((len(Whh), 1))
    for x in inputs:
        h = np.tanh(Wxh @ x + Whh @ h + bh)
    y = Why @ h + by
    return np.log(np.sum(np.exp(y))) - y[target, 0]


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.RNN(3, 2, 4)
    names = ["Whh", "Wxh", "Why", "bh", "by"]
    for name in names:
        setattr(net, name, 0.4 * rng.normal(size=getattr(net, name).shape))
    before = {name: getattr(net, name).copy() for name in names}
    inputs = list(np.eye(3)[rng.integers(0, 3, size=4), :, None])

    def train(net, inputs, target):
        y, _ = net.forward(inputs)
        d_y = np.exp(y) / np.sum(np.exp(y))
        d_y[target] -= 1
        net.backprop(d_y)

    return Call(
        train,
        loss,
        {"inputs": inputs, "target": 1, **before},
        lambda _: {name: getattr(net, name) - then for name, then in before.items()},
        (net, inputs, 1),
        bind={name: f"net.{name}" for name in names},
    )


PROGRAMS = [
    Program(
        "vzhou842/rnn-from-scratch",
        "rnn.py",
        build,
        (
            mistake(47, r"\[n\]", "[n - 1]", "wrong_time_index"),
            mistake(62, r"\[t \+ 1\]", "[t]", "wrong_time_index", "derivative_at_wrong_point"),
            mistake(62, r" \*\* 2", "", "wrong_activation_derivative"),
            mistake(65, r"temp", "d_h", "missing_activation_derivative", "wrong_variable"),
            mistake(68, r"last_hs\[t\]", "last_hs[t + 1]", "wrong_time_index"),
            mistake(71, r"\+=", "=", "missing_path_through_time", "gradient_accumulated_across_steps", "loop_cut_short"),
            mistake(74, r"temp", "d_h", "missing_activation_derivative", "wrong_variable"),
            mistake(82, r"-=", "+=", "sign_flipped"),
            mistake(60, r"range\(n\)", "range(1, n)", "loop_cut_short", "missing_path_through_time"),
        ),
        harmless=(
            Edit(62, r"1 - self\.last_hs\[t \+ 1\] \*\* 2", r"(1 - self.last_hs[t + 1]) * (1 + self.last_hs[t + 1])"),
            Edit(81, r"-= learn_rate \* d_Whh", r"+= -learn_rate * d_Whh"),
        ),
        mend=(Edit(74, r"self\.Whh", "self.Whh.T"),),
        published=("transposed",),
        group="tuned",
    )
]
