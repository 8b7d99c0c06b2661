"""samarthsingla/rnn-from-scratch: objects for each sum and product of a step, one gradient a sample; published with a late sum.

As published the gradient of the later steps is added behind the activation instead of before it.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["Wx", "Wh", "Wy", "bh", "by"]


def loss(x: Any, y: Any, Wx: Any, Wh: Any, Wy: Any, bh: Any, by: Any) -> Any:
    h = np.zeros((len(x), 3, 1))
    for t in range(x.shape[2]):
        h = 1 / (1 + np.exp(-(Wh @ h + Wx @ x[:, :, t : t + 1] + bh)))
    return np.mean(np.sum((y - (Wy @ h + by)) ** 2, axis=(1, 2)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.RNN(2, 3, 4, module.MeanSquared_1Day())
    start = {name: rng.normal(size=getattr(net.weights, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(net.weights, name, value.copy())
    x, y = rng.normal(size=(5, 2, 4)), rng.normal(size=(5, 4, 1))

    def train(x, y):
        grads, _ = net.backward(x, y, *net.forward(x))
        return {name: np.mean(getattr(grads, "d" + name), axis=0) for name in NAMES}

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda result: result,
        (x, y),
        bind={name: f"net.weights.{name}" for name in NAMES},
    )


PROGRAMS = [
    Program(
        "samarthsingla/rnn-from-scratch",
        "main.ipynb",
        build,
        (
            mistake(14, r" \* \(1 - self\.o\)", "", "wrong_activation_derivative", "missing_factor"),
            mistake(14, r"self\.o \* \(1 - self\.o\)", "self.x * (1 - self.x)", "derivative_at_wrong_point", "wrong_variable"),
            mistake(49, r"dz \* np", "2 * dz * np", "factor_2", "extra_factor"),
            mistake(
                64,
                r"np\.transpose\(self\.x, \(0, 2, 1\)\)",
                "np.transpose(self.x / len(self.x), (0, 2, 1))",
                "batch_scale_1_over_N",
                "extra_factor",
            ),
            mistake(65, r"self\.W\.T", "self.dW.mean(axis=0).T", "gradient_or_update_used_for_weight", "wrong_variable"),
            mistake(127, r"y - y_hat", "y", "loss_derivative_wrong"),
            mistake(155, r" \+ dh_next", "", "missing_path_through_time"),
            mistake(155, r"self\.activation\.backward\((dh \+ dh_next)\)", r"\1", "missing_activation_derivative"),
            mistake(
                156,
                r"self\.addh2\.backward\(dact\)",
                "self.addh2.backward(dh)",
                "missing_activation_derivative",
                "wrong_variable",
                "missing_path_through_time",
            ),
            mistake(
                158,
                r"dmulh1\[0\]; dh_prev = dmulh1\[1\]",
                "dmulh1[0]; dh_prev = dh_next",
                "missing_path_through_time",
                "wrong_variable",
            ),
            mistake(
                158,
                r"self\.mulh1\.backward\(daddh1\[0\]\)",
                "self.mulh1.backward(dh)",
                "wrong_variable",
                "missing_activation_derivative",
            ),
            mistake(216, r"dy, dh_prev\)", "dy, np.zeros_like(dh_prev))", "missing_path_through_time"),
            mistake(220, r"Grad \+= grad", "Grad = grad", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(208, r"range\(T\)", "range(1, T)", "loop_cut_short"),
            two(
                mistake(
                    64,
                    r"np\.transpose\(self\.x, \(0, 2, 1\)\)",
                    "np.transpose(self.x / len(self.x), (0, 2, 1))",
                    "batch_scale_1_over_N",
                    "extra_factor",
                ),
                mistake(216, r"dy, dh_prev\)", "dy, np.zeros_like(dh_prev))", "missing_path_through_time"),
            ),
        ),
        harmless=(
            Edit(14, r"dz \* self\.o \* \(1 - self\.o\)", "dz * (self.o - self.o ** 2)"),
            Edit(127, r"2 \* \(y - y_hat\)", "y - y_hat"),
        ),
        keep=((1, 1), (3, 15), (37, 77), (112, 127), (135, 160), (165, 221)),
        mend=(Edit(155, r"\(dh\) \+ dh_next", "(dh + dh_next)"),),
        published=("missing_activation_derivative", "missing_path_through_time", "wrong_variable"),
        backward={"main.ipynb": (148, 221)},
        group="later",
    )
]
