"""aditsinsinwal/Character_Level-Language-Modelling-from-Scratch: the well-known character RNN as a class with a dictionary."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(inputs: Any, targets: Any, h_prev: Any, Wxh: Any, Whh: Any, Why: Any, bh: Any, by: Any) -> Any:
    h, total = h_prev, 0.0
    for i, target in zip(inputs, targets, strict=True):
        h = np.tanh(Wxh[:, [i]] + Whh @ h + bh)
        y = Why @ h + by
        total = total + np.log(np.sum(np.exp(y))) - y[target, 0]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    rnn = module.CharRNN(4, 3, 5, 0.1)
    start = {}
    for name in ("Wxh", "Whh", "Why", "bh", "by"):
        start[name] = 0.5 * rng.normal(size=getattr(rnn, name).shape)
        setattr(rnn, name, start[name].copy())
    inputs, targets, h_prev = rng.integers(0, 4, size=5), rng.integers(0, 4, size=5), 0.5 * rng.normal(size=(3, 1))

    def train(inputs, targets, h_prev):
        rnn.update_parameters(rnn.loss_and_gradients(inputs, targets, h_prev)[1])

    return Call(
        train,
        loss,
        {"inputs": inputs, "targets": targets, "h_prev": h_prev, **start},
        lambda _: {name: getattr(rnn, name) - value for name, value in start.items()},
        (inputs, targets, h_prev),
        bind={name: f"rnn.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "aditsinsinwal/Character_Level-Language-Modelling-from-Scratch",
        "char_rnn.py",
        build,
        (
            mistake(43, r"range\(len\(inputs\)\)", "range(1, len(inputs))", "loop_cut_short"),
            mistake(44, r"ps\[t\]", "ys[t]", "wrong_variable", "loss_derivative_wrong"),
            mistake(45, r"-= 1", "= -1", "loss_derivative_wrong"),
            mistake(45, r"targets\[t\]", "inputs[t]", "wrong_variable", "wrong_index"),
            mistake(46, r"hs\[t\]", "hs[t-1]", "wrong_time_index", "wrong_activation_in_weight_gradient"),
            mistake(47, r"\+=", "=", "gradient_accumulated_across_steps"),
            mistake(48, r" \+ dh_next", "", "missing_path_through_time"),
            mistake(49, r"hs\[t\] \* hs\[t\]", "hs[t]", "wrong_activation_derivative"),
            mistake(49, r"hs\[t\] \* hs\[t\]", "np.tanh(hs[t])**2", "derivative_of_activated_value"),
            mistake(49, r"hs\[t\] \* hs\[t\]", "hs[t-1] * hs[t-1]", "wrong_time_index", "derivative_at_wrong_point"),
            mistake(51, r"dh_raw", "dh", "missing_activation_derivative", "wrong_variable"),
            mistake(52, r"hs\[t-1\]", "hs[t]", "wrong_time_index", "wrong_activation_in_weight_gradient"),
            mistake(53, r"self\.Whh\.T", "self.Whh", "transposed"),
            mistake(53, r"dh_raw", "dh", "missing_activation_derivative", "wrong_variable"),
            mistake(
                83,
                r"self\.learning_rate \* dparam",
                "self.learning_rate * param",
                "gradient_or_update_used_for_weight",
                "wrong_variable",
            ),
            two(
                mistake(45, r"-= 1", "= -1", "loss_derivative_wrong"),
                mistake(53, r"self\.Whh\.T", "self.Whh", "transposed"),
            ),
            two(
                mistake(47, r"\+=", "=", "gradient_accumulated_across_steps"),
                mistake(52, r"hs\[t-1\]", "hs[t]", "wrong_time_index", "wrong_activation_in_weight_gradient"),
            ),
        ),
        harmless=(
            Edit(49, r"\(1 - hs\[t\] \* hs\[t\]\) \* dh", "dh - hs[t]**2 * dh"),
            Edit(51, r"np\.dot\(dh_raw, xs\[t\]\.T\)", "np.outer(dh_raw, xs[t])"),
        ),
        backward={"char_rnn.py": (39, 58)},
        group="eighth",
    )
]
