"""pangolulu/rnn-from-scratch: a word RNN of gates and layers, one sentence a step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Program, mistake, two


def loss(x: Any, y: Any, U: Any, W: Any, V: Any) -> Any:
    s, total = np.zeros(W.shape[0]), 0.0
    for i, target in zip(x, y, strict=True):
        s = np.tanh(U[:, i] + W @ s)
        o = V @ s
        total = total + np.log(np.sum(np.exp(o))) - o[target]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.Model(6, 4, bptt_truncate=10)
    x, y = [0, 3, 2, 5], [3, 2, 5, 1]
    before = {name: getattr(model, name).copy() for name in "UWV"}
    return Call(
        model.sgd_step,
        loss,
        {"x": x, "y": y, **before},
        lambda _: {name: getattr(model, name) - then for name, then in before.items()},
        (x, y, 0.05),
        bind={name: f"self.{name}" for name in "UWV"},
    )


PROGRAMS = [
    Program(
        "pangolulu/rnn-from-scratch",
        "rnn.py",
        build,
        (
            mistake(17, r" \* top_diff", "", "upstream_gradient_dropped", file="activation.py"),
            mistake(17, r"np\.square\(output\)", "output", "wrong_activation_derivative", file="activation.py"),
            mistake(
                16,
                r"self\.forward\(x\)",
                "x",
                "wrong_activation_derivative",
                "derivative_at_wrong_point",
                file="activation.py",
                blame=(17,),
            ),
            mistake(8, r"np\.asmatrix\(x\)", "np.asmatrix(np.tanh(x))", "wrong_activation_in_weight_gradient", file="gate.py"),
            mistake(19, r"dsv \+ diff_s", "dsv", "missing_path_through_time", file="layer.py"),
            mistake(20, r"self\.add,", "self.s,", "derivative_of_activated_value", file="layer.py"),
            mistake(22, r"prev_s, dmulw", "self.s, dmulw", "wrong_time_index", "wrong_variable", file="layer.py"),
            mistake(14, r"-= 1\.0", "+= 1.0", "sign_flipped", "loss_derivative_wrong", file="output.py"),
            mistake(78, r"layers\[i-1\]", "layers[i]", "wrong_time_index"),
            mistake(81, r"\+= dW_i", "= dW_i", "missing_path_through_time", "wrong_variable"),
            mistake(78, r"layers\[i-1\]\.s", "layers[t-1].s", "wrong_time_index"),
            mistake(80, r"\+=", "-=", "sign_flipped"),
            two(
                mistake(17, r"np\.square\(output\)", "output", "wrong_activation_derivative", file="activation.py"),
                mistake(80, r"\+=", "-=", "sign_flipped"),
            ),
        ),
        more=("activation.py", "gate.py", "layer.py", "output.py"),
    )
]
