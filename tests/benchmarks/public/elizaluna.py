"""elizaluna007/AI_EC: a many-to-one RNN with clipping; published with only the first step's gradients, and not transposed."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake

NAMES = ["Whh", "Wxh", "Why", "bh", "by"]


def loss(inputs: Any, target: Any, Whh: Any, Wxh: Any, Why: Any, bh: Any, by: Any) -> Any:
    h = np.zeros((len(bh), 1))
    for x in inputs:
        h = np.tanh(Wxh @ x + Whh @ h + bh)
    y = Why @ h + by
    return np.log(np.sum(np.exp(y))) - np.sum(target * y)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.RNN(3, 2, 4)
    start = {name: rng.normal(size=getattr(net, name).shape) / 2 for name in NAMES}
    for name, value in start.items():
        setattr(net, name, value.copy())
    inputs, target = list(rng.normal(size=(4, 3, 1)) / 2), np.array([[0.0], [1.0]])

    def train(inputs, target):
        y, _ = net.forward(inputs)
        p = np.exp(y) / np.sum(np.exp(y))
        net.backprop(p - target, 0.1)

    return Call(
        train,
        loss,
        {"inputs": inputs, "target": target, **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (inputs, target),
        bind={name: f"net.{name}" for name in NAMES},
    )


PROGRAMS = [
    Program(
        "elizaluna007/AI_EC",
        "model/神经网络/RNN.py",
        build,
        (
            mistake(29, r"last_hs\[n\]", "last_hs[n - 1]", "wrong_time_index", "wrong_index"),
            mistake(35, r" \*\* 2", "", "wrong_activation_derivative"),
            mistake(35, r"t \+ 1", "t", "wrong_time_index", "wrong_index"),
            mistake(37, r"d_b \+ ", "", "missing_path_through_time", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(38, r"last_hs\[t\]", "last_hs[t + 1]", "wrong_time_index", "wrong_index"),
            mistake(41, r"temp", "d_h", "wrong_variable", "missing_activation_derivative"),
            mistake(41, r"self\.Whh\.T @ temp", "temp", "missing_factor", "upstream_gradient_dropped"),
            mistake(47, r"-=", "+=", "sign_flipped"),
        ),
        harmless=(
            Edit(32, r"self\.Why\.T @ d_y", "(d_y.T @ self.Why).T"),
            Edit(35, r"1 - self\.last_hs\[t \+ 1\] \*\* 2", "1 - np.square(self.last_hs[t + 1])"),
        ),
        mend=(
            Edit(33, r"^.*$", "        d_b = d_Whh = d_Wxh = 0"),
            Edit(37, r"= temp", "= d_b + temp"),
            Edit(38, r"= temp", "= d_Whh + temp"),
            Edit(39, r"= temp", "= d_Wxh + temp"),
            Edit(41, r"self\.Whh", "self.Whh.T"),
        ),
        published=("missing_path_through_time", "loop_cut_short", "gradient_accumulated_across_steps", "transposed"),
        blame=(37, 38, 39, 41),
        group="fresh",
    )
]
