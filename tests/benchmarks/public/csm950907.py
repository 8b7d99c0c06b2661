"""csm950907/RNN_practice: a course's gated recurrent unit in one matrix, diagonal matrices for elementwise products; clipped.

As published the gates' biases have no gradient, nothing goes back from step to step, and all steps see the last one's products.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(inputs: Any, targets: Any, hprev: Any, Wxh: Any, Whh: Any, Why: Any, bh: Any, by: Any) -> Any:
    h, total = hprev, 0.0
    for word, target in zip(inputs, targets, strict=True):
        W, U = Wxh[:, [word]], Whh @ h
        z, r = sigmoid(W[:3] + U[:3] + bh[:3]), sigmoid(W[3:6] + U[3:6] + bh[3:6])
        h = z * h + (1 - z) * np.tanh(W[6:] + r * U[6:])
        y = Why @ h + by
        total = total + np.log(np.sum(np.exp(y))) - y[target, 0]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.hidden_size, module.vocab_size = 3, 4
    shapes = {"Wxh": (9, 4), "Whh": (9, 3), "Why": (4, 3), "bh": (9, 1), "by": (4, 1)}
    start = {name: 0.6 * rng.normal(size=shape) for name, shape in shapes.items()}
    for name, value in start.items():
        setattr(module, name, value.copy())
    inputs, targets, hprev = [0, 3, 1, 2], [3, 1, 2, 0], 0.5 * rng.normal(size=(3, 1))

    def train(inputs, targets, hprev):
        return module.lossFun(inputs, targets, hprev)

    return Call(
        train,
        loss,
        {"inputs": inputs, "targets": targets, "hprev": hprev, **start},
        lambda result: dict(zip(start, result[1:6], strict=True)),
        (inputs, targets, hprev),
        bind={name: f"module.{name}" for name in start},
    )


MISTAKES = (
    mistake(58, r"range\(len\(inputs\)\)", "range(1, len(inputs))", "loop_cut_short"),
    mistake(60, r"targets\[t\]", "inputs[t]", "wrong_variable", "wrong_index"),
    mistake(60, r"-= 1", "+= 1", "sign_flipped", "loss_derivative_wrong"),
    mistake(61, r"\+=", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(61, r"hs\[t\]", "hs_[t]", "wrong_variable", "wrong_activation_in_weight_gradient"),
    mistake(63, r" \+ dhnext", "", "missing_path_through_time"),
    mistake(64, r"1 - zs\[t\]", "zs[t]", "wrong_variable"),
    mistake(65, r" - np\.diag\(hs_\[t\]\.ravel\(\)\)", "", "missing_factor"),
    mistake(65, r"hs\[t-1\]", "hs[t]", "wrong_time_index"),
    mistake(66, r"dh_ \*", "dh *", "missing_factor", "wrong_variable"),
    mistake(68, r"\* \(1 - rs\[t\]\)", "", "wrong_activation_derivative"),
    mistake(69, r"zs\[t\] \* \(1 - zs\[t\]\)", "rs[t] * (1 - rs[t])", "wrong_variable"),
    mistake(71, r"np\.dot\(np\.diag\(rs\[t\]\.ravel\(\)\), dr_\)", "dr_", "missing_factor"),
    mistake(72, r"dWxh_x", "dWhh_h", "wrong_variable"),
    mistake(75, r"hs\[t-1\]", "hs[t]", "wrong_time_index"),
    mistake(75, r" \+ dh \* zs\[t\]", "", "missing_path_through_time"),
)
PROGRAMS = [
    Program(
        "csm950907/RNN_practice",
        "min-char-gru.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[10]), two(MISTAKES[8], MISTAKES[13])),
        harmless=(
            Edit(71, r"np\.dot\(np\.diag\(rs\[t\]\.ravel\(\)\), dr_\)", "rs[t] * dr_"),
            Edit(61, r"np\.dot\(dy, hs\[t\]\.T\)", "np.outer(dy, hs[t])"),
        ),
        keep=((1, 1), (25, 80)),
        mend=(
            Edit(59, r"$", "; W, U = np.dot(Wxh, xs[t]), np.dot(Whh, hs[t - 1])"),
            Edit(
                75,
                r"$",
                "; dbh += np.concatenate([dinput_z, dinput_r, 0 * dr_])"
                "; dhnext = np.dot(Whh.T, dall_h[:, np.newaxis]) + dh * zs[t]",
            ),
        ),
        published=("missing_path_through_time", "wrong_time_index", "upstream_gradient_dropped", "wrong_variable"),
        blame=(38, 39, 55, 56, 59, 63, 66, 67, 70, 75, 80),
        backward={"min-char-gru.py": (54, 75)},
        group="ninth",
    )
]
