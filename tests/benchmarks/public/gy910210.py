"""gy910210/rnn-from-scratch: gates as objects; truncated backpropagation through time, here longer than the sentence."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, U: Any, V: Any, W: Any) -> Any:
    s, total = np.zeros(4), 0.0
    for word, target in zip(x, y, strict=True):
        s = np.tanh(U[:, word] + W @ s)
        z = V @ s
        total = total + np.log(np.sum(np.exp(z))) - z[target]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.Model(5, hidden_dim=4, bptt_truncate=10)
    start = {name: 0.7 * rng.normal(size=getattr(model, name).shape) for name in "UVW"}
    for name, value in start.items():
        setattr(model, name, value.copy())
    x, y = [0, 3, 1, 4], [3, 1, 4, 2]

    def train(x, y):
        model.sgd_step(x, y, 0.1)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(model, name) - then for name, then in start.items()},
        (x, y),
        bind={name: f"model.{name}" for name in start},
    )


ACTIVATION, GATE, LAYER, OUTPUT = "activation.py", "gate.py", "layer.py", "output.py"
MISTAKES = (
    mistake(69, r"y\[t\]", "x[t]", "wrong_variable", "wrong_index"),
    mistake(73, r"layers\[t\]\.s", "layers[0].s", "wrong_time_index"),
    mistake(74, r"dmulv = np.*$", "pass", "gradient_accumulated_across_steps", "extra_factor"),
    mistake(
        75, r"max\(-1, t-self\.bptt_truncate-1\)", "max(0, t-self.bptt_truncate-1)", "loop_cut_short", "missing_path_through_time"
    ),
    mistake(77, r"x\[i\]", "x[t]", "wrong_time_index", "wrong_index"),
    mistake(78, r"layers\[i-1\]\.s", "layers[i].s", "wrong_time_index"),
    mistake(80, r"\+=", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(84, r"dW_t", "dW_t / T", "batch_scale_1_over_N", "extra_factor"),
    mistake(89, r"-=", "+=", "sign_flipped"),
    mistake(
        17, r"np\.square\(output\)", "np.square(x)", "wrong_activation_derivative", "derivative_at_wrong_point", file=ACTIVATION
    ),
    mistake(17, r" \* top_diff", "", "upstream_gradient_dropped", file=ACTIVATION),
    mistake(9, r"np\.transpose\(W\)", "W if W.shape[0] == W.shape[1] else W.T", "transposed", file=GATE),
    mistake(8, r"np\.asmatrix\(x\)", "np.sign(np.asmatrix(x))", "wrong_activation_in_weight_gradient", file=GATE),
    mistake(19, r" \+ diff_s", "", "missing_path_through_time", "upstream_gradient_dropped", file=LAYER),
    mistake(22, r"dmulw\)", "ds)", "missing_activation_derivative", "wrong_variable", file=LAYER),
    mistake(14, r"-= 1\.0", "-= probs[y]", "loss_derivative_wrong", file=OUTPUT),
)
PROGRAMS = [
    Program(
        "gy910210/rnn-from-scratch",
        "rnn.py",
        build,
        (*MISTAKES, two(MISTAKES[6], MISTAKES[9]), two(MISTAKES[13], MISTAKES[15])),
        harmless=(
            Edit(17, r"\(1\.0 - np\.square\(output\)\)", "(1.0 - output) * (1.0 + output)", ACTIVATION),
            Edit(17, r"dx1 = dz \* np\.ones_like\(x1\)", "dx1 = dz.copy()", GATE),
        ),
        more=(ACTIVATION, GATE, LAYER, OUTPUT),
        backward={"rnn.py": (65, 91), ACTIVATION: (15, 17), GATE: (7, 19), LAYER: (16, 24), OUTPUT: (12, 15)},
        group="ninth",
    )
]
