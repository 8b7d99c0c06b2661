"""ShafwanAdhi/rnn-from-scratch: a recurrent class with choices of activation and loss, one output; clips each gradient."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, wx: Any, wh: Any, wy: Any, bh: Any, by: Any) -> Any:
    h = np.zeros((4, 1))
    for x in X:
        h = np.tanh(wx @ x.reshape(-1, 1) + wh @ h + bh)
    output = 1 / (1 + np.exp(-(wy @ h + by)))
    return np.mean((output[:, 0] - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    rnn = module.RNNScratch(3, 4, 2, 0.1)
    start = {}
    for name in ("wx", "wh", "wy", "bh", "by"):
        held = rnn.weights if name[0] == "w" else rnn.bias
        start[name] = 0.6 * rng.normal(size=held[name].shape)
        held[name] = start[name].copy()
    X, y = rng.normal(size=(4, 3)), rng.uniform(size=2)

    def train(X, y):
        rnn.train([X], [y], 1, verbose=False)

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {name: (rnn.weights if name[0] == "w" else rnn.bias)[name] - then for name, then in start.items()},
        (X, y),
        bind={name: f"rnn.{'weights' if name[0] == 'w' else 'bias'}['{name}']" for name in start},
    )


MISTAKES = (
    mistake(82, r"\(post_act \*\* 2\)", "post_act", "wrong_activation_derivative"),
    mistake(85, r"1 - post_act", "1 - post_act ** 2", "wrong_activation_derivative"),
    mistake(95, r"predict - label", "label", "loss_derivative_wrong", "wrong_variable"),
    mistake(201, r"der_act \* ", "", "missing_activation_derivative"),
    mistake(
        206,
        r"self\.weights\['wy'\]\.T @ self\.gradient\['z'\]",
        "self.weights['wy'].T @ der_loss",
        "missing_activation_derivative",
    ),
    mistake(214, r"\(h_t\)", "(np.tanh(h_t))", "derivative_of_activated_value"),
    mistake(217, r"\(0, dh\)", "(0, dh_next)", "missing_activation_derivative", "wrong_variable"),
    mistake(221, r"self\.weights\['wh'\]\.T", "self.weights['wh']", "transposed"),
    mistake(221, r"@ dh$", "@ dh_next", "missing_activation_derivative", "wrong_variable"),
    mistake(234, r"\[-1\]", "[0]", "wrong_time_index"),
    mistake(242, r"\+=", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(246, r"t - 1", "t", "wrong_time_index"),
    mistake(247, r"\[t\]", "[t - 1]", "wrong_time_index"),
    mistake(262, r"\[t\]", "[0]", "wrong_time_index", "missing_path_through_time"),
    mistake(296, r"-=", "+=", "sign_flipped"),
)
PROGRAMS = [
    Program(
        "ShafwanAdhi/rnn-from-scratch",
        "rnn_from_scratch/rnn.py",
        build,
        (*MISTAKES, two(MISTAKES[7], MISTAKES[10]), two(MISTAKES[1], MISTAKES[14])),
        harmless=(
            Edit(236, r"grad_z @ h_last\.reshape\(1, -1\)", "np.outer(grad_z, h_last)"),
            Edit(82, r"1 - \(post_act \*\* 2\)", "(1 - post_act) * (1 + post_act)"),
        ),
        backward={"rnn_from_scratch/rnn.py": (183, 297)},
        group="ninth",
    )
]
