"""doantienthongbku/SimpleRNN-numpy: an RNN of four steps in dicts, with the first step on its own; five published faults.

As published the net reads its targets, its tanh is one everywhere, softmax has no derivative, and no gradient goes back in time.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake

NAMES = ["W_xh", "W_hh", "W_hy", "b_h", "b_y"]


def loss(x: Any, y: Any, W_xh: Any, W_hh: Any, W_hy: Any, b_h: Any, b_y: Any) -> Any:
    h, total = np.zeros((3, 1)), 0.0
    for i in range(4):
        h = np.tanh(W_xh @ x[i] + W_hh @ h + b_h)
        p = np.exp(W_hy @ h + b_y)
        p = p / np.sum(p)
        total = total - np.sum(y[i] * np.log(p) + (1 - y[i]) * np.log(1 - p))
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.RNN()
    start = {name: rng.normal(size=getattr(net, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(net, name, value.copy())
    columns = [np.eye(4)[:, [k]] for k in range(4)]
    x, y = dict(enumerate(columns)), dict(enumerate([columns[1], columns[2], columns[2], columns[3]]))
    return Call(
        net.fit,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (x, y),
        {"epochs": 2, "lr": 0.05},
        bind={name: f"self.{name}" for name in NAMES},
        once={"epochs": 1},
    )


PROGRAMS = [
    Program(
        "doantienthongbku/SimpleRNN-numpy",
        "rnn.py",
        build,
        (
            mistake(78, r"- np\.divide\(1", "+ np.divide(1", "sign_flipped", "loss_derivative_wrong"),
            mistake(
                78,
                r"- \(np\.divide\(y\[i\], self\.y_hat\[i\]\) - .*$",
                "- np.divide(y[i], self.y_hat[i])",
                "loss_derivative_wrong",
            ),
            mistake(83, r" - np\.sum\(.*$", ")", "softmax_jacobian_wrong"),
            mistake(85, r"self\.h\[i\]", "self.h[i - 1]", "wrong_time_index"),
            mistake(88, r"self\.dz\[i \+ 1\]", "self.dh[i + 1]", "missing_activation_derivative", "wrong_variable"),
            mistake(
                89, r"dtanh\(self\.z\[i\]\)", "dtanh(self.h[i])", "derivative_of_activated_value", "derivative_at_wrong_point"
            ),
            mistake(90, r"self\.h\[i - 1\]", "self.h[i]", "wrong_time_index"),
            mistake(91, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(77, r"range\(1, 4\)", "range(2, 4)", "loop_cut_short"),
            mistake(101, r" \+ self\.W_hh\.T @ self\.dz\[1\]", "", "missing_path_through_time"),
            mistake(104, r"\+=", "-=", "sign_flipped"),
            mistake(108, r"- lr", "+ lr", "sign_flipped"),
            mistake(103, r"x\[0\]", "x[1]", "wrong_time_index"),
        ),
        harmless=(
            Edit(90, r"np\.dot\(self\.dz\[i\], self\.h\[i - 1\]\.T\)", "np.outer(self.dz[i], self.h[i - 1])"),
            Edit(108, r"self\.W_hh - lr \* self\.dW_hh", "self.W_hh + (-lr) * self.dW_hh"),
        ),
        more=("utils.py",),
        stubs=dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        mend=(
            Edit(63, r"\(y\)", "(x)"),
            Edit(
                83,
                r"self\.dy_hat\[i\] \* softmax.*$",
                "self.y_hat[i] * (self.dy_hat[i] - np.sum(self.dy_hat[i] * self.y_hat[i]))",
            ),
            Edit(88, r"$", " + (self.W_hh.T @ self.dz[i + 1] if i < 3 else 0)"),
            Edit(
                97,
                r"self\.dy_hat\[0\] \* softmax.*$",
                "self.y_hat[0] * (self.dy_hat[0] - np.sum(self.dy_hat[0] * self.y_hat[0]))",
            ),
            Edit(101, r"$", " + self.W_hh.T @ self.dz[1]"),
            Edit(5, r"/ \(np\.exp\(z\) -", "/ (np.exp(z) +", "utils.py"),
        ),
        published=(
            "softmax_jacobian_wrong",
            "missing_path_through_time",
            "wrong_variable",
            "missing_activation_derivative",
            "wrong_activation_derivative",
        ),
        backward={"rnn.py": (76, 111)},
        group="later",
    )
]
