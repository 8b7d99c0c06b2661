"""ggnery/RNN-Scratch: an RNN of columns with equations for names, lists of steps and a dict of gradients."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["W_xh", "W_ah", "W_ao", "b_h", "b_o"]


def loss(x_sequence: Any, y_sequence: Any, W_xh: Any, W_ah: Any, W_ao: Any, b_h: Any, b_o: Any) -> Any:
    a, total = np.zeros((3, 1)), 0.0
    for x, y in zip(x_sequence, y_sequence, strict=True):
        a = np.tanh(W_xh @ x + W_ah @ a + b_h)
        o = W_ao @ a + b_o
        total = total + np.log(np.sum(np.exp(o))) - np.sum(y * o)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.RNN(4, 3, 5, 0.05)
    start = {name: 0.7 * rng.normal(size=getattr(net, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(net, name, value.copy())
    x_sequence = list(0.4 * rng.normal(size=(4, 4, 1)))
    y_sequence = list(np.eye(5)[[3, 0, 4, 1]][..., None])
    return Call(
        net.train_step,
        loss,
        {"x_sequence": x_sequence, "y_sequence": y_sequence, **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (x_sequence, y_sequence),
        bind={name: f"self.{name}" for name in NAMES},
    )


PROGRAMS = [
    Program(
        "ggnery/RNN-Scratch",
        "model/rnn.py",
        build,
        (
            mistake(224, r"- y_sequence\[t\]", "- y_sequence[t-1]", "wrong_time_index", "loss_derivative_wrong"),
            mistake(
                224,
                r"y_hat_sequence\[t\] - y_sequence\[t\]",
                "-y_sequence[t] / y_hat_sequence[t]",
                "loss_derivative_wrong",
                "missing_activation_derivative",
                "softmax_jacobian_wrong",
            ),
            mistake(125, r" \+ self\.W_ah\.T @ dL_da_next", "", "missing_path_through_time"),
            mistake(125, r"self\.W_ah\.T", "self.W_ah", "transposed"),
            mistake(129, r"a_sequence\[t\]\*\*2", "a_sequence[t]", "wrong_activation_derivative"),
            mistake(129, r" \* \(1 - a_sequence\[t\]\*\*2\)", "", "missing_activation_derivative"),
            mistake(129, r"a_sequence\[t\]", "cache['h_sequence'][t]", "derivative_at_wrong_point", "wrong_variable"),
            mistake(133, r"a_sequence\[t\]", "cache['h_sequence'][t]", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(136, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(140, r"t-1", "t", "wrong_time_index"),
            mistake(146, r"dL_dh_t", "dL_da_t", "missing_activation_derivative", "wrong_variable"),
            mistake(149, r"dL_dh_t", "dL_dh_t / T", "batch_scale_1_over_N", "extra_factor"),
            mistake(153, r"dL_dh_t", "dL_da_t", "missing_activation_derivative", "wrong_variable"),
            mistake(179, r"self\.lr \* ", "", "missing_factor"),
            two(
                mistake(125, r"self\.W_ah\.T", "self.W_ah", "transposed"),
                mistake(136, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            ),
        ),
        harmless=(
            Edit(129, r"dL_da_t \* \(1 - a_sequence\[t\]\*\*2\)", "dL_da_t - dL_da_t * a_sequence[t]**2"),
            Edit(133, r"dL_do_t @ a_sequence\[t\]\.T", "np.outer(dL_do_t, a_sequence[t])"),
        ),
        backward={"model/rnn.py": (105, 181)},
        group="later",
    )
]
