"""TomMayeLasserre/RNN-from-scratch: a class with French comments; a loss after the last step, and gradients that are clipped.

As published the output's gradient joins each step, and the derivative applies tanh to states that it has made already.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(inputs: Any, target: Any, U: Any, W: Any, V: Any, bh: Any, by: Any) -> Any:
    h = np.zeros((1, 4))
    for x in inputs:
        h = np.tanh(x @ U + h @ W + bh)
    return 0.5 * np.sum((h @ V + by - target) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    rnn = module.RNN(3, 4, 2)
    start = {}
    for name in ("U", "W", "V", "bh", "by"):
        start[name] = 0.3 * rng.normal(size=getattr(rnn, name).shape)
        setattr(rnn, name, start[name].copy())
    inputs, target = rng.normal(size=(4, 3)), 0.3 * rng.normal(size=2)

    def train(inputs, target):
        rnn.forward(inputs)
        rnn.backward(inputs, target, 0.1)

    return Call(
        train,
        loss,
        {"inputs": inputs, "target": target, **start},
        lambda _: {name: getattr(rnn, name) - value for name, value in start.items()},
        (inputs, target),
        bind={name: f"rnn.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "TomMayeLasserre/RNN-from-scratch",
        "RNN.py",
        build,
        (
            mistake(58, r"self\.outputs\[-1\] - ", "", "loss_derivative_wrong", "wrong_variable"),
            mistake(58, r"outputs\[-1\]", "outputs[0]", "wrong_time_index"),
            mistake(59, r"T - 1", "T - 2", "wrong_time_index"),
            mistake(60, r"\+= dy", "+= dy * self.by", "extra_factor"),
            mistake(64, r"range\(T\)", "range(1, T)", "loop_cut_short"),
            mistake(66, r" \+ dh_next", "", "missing_path_through_time"),
            mistake(67, r"self\.hs\[t\]", "self.hs[t - 1]", "wrong_time_index", "derivative_at_wrong_point"),
            mistake(67, r" \*\* 2", "", "wrong_activation_derivative"),
            mistake(69, r"\+=", "=", "gradient_accumulated_across_steps"),
            mistake(70, r"dh_raw", "dh_total", "missing_activation_derivative", "wrong_variable"),
            mistake(71, r"t - 1", "t", "wrong_time_index"),
            mistake(72, r"self\.W\.T", "self.W", "transposed"),
            mistake(72, r"dh_raw", "dh_total", "missing_activation_derivative", "wrong_variable"),
            mistake(81, r"-=", "+=", "sign_flipped"),
            two(
                mistake(59, r"T - 1", "T - 2", "wrong_time_index"),
                mistake(72, r"self\.W\.T", "self.W", "transposed"),
            ),
            two(
                mistake(69, r"\+=", "=", "gradient_accumulated_across_steps"),
                mistake(66, r" \+ dh_next", "", "missing_path_through_time"),
            ),
        ),
        harmless=(
            Edit(70, r"np\.dot\(x_t\.T, dh_raw\)", "x_t.T @ dh_raw"),
            Edit(62, r"np\.dot\(dy, self\.V\.T\)", "(self.V @ dy.T).T"),
        ),
        mend=(
            Edit(66, r"dh \+", "(dh if t == T - 1 else 0) +"),
            Edit(67, r"self\.tanh_derivative\(self\.hs\[t\]\)", "(1 - self.hs[t] ** 2)"),
        ),
        published=("derivative_of_activated_value", "wrong_time_index", "extra_factor", "gradient_accumulated_across_steps"),
        backward={"RNN.py": (48, 83)},
        group="eighth",
    )
]
