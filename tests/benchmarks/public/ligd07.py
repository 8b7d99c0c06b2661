"""ligd07/RNN-Numpy: modules that collect RNN layers; the last step of one comes before its loop."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, target: Any, U1: Any, W1: Any, B1: Any, U2: Any, W2: Any, B2: Any, W: Any, B: Any) -> Any:
    first, second, total = np.zeros(3), np.zeros(3), 0.0
    for t in range(len(x)):
        first = np.tanh(x[t] @ U1 + first @ W1 + B1)
        second = np.tanh(first @ U2 + second @ W2 + B2)
        total = total + np.sum((second @ W + B - target[t]) ** 2)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from bp import BP
    from module import Module

    class Net(Module):
        def __init__(self):
            super().__init__()
            self.rnn1, self.rnn2, self.bp = module.RNN("one", 2, 3), module.RNN("two", 3, 3), BP("out", 3, 1)

        def forward(self, x):
            y, _ = self.rnn1(x, np.zeros(3))
            y, _ = self.rnn2(y, np.zeros(3))
            return self.bp(y)

    nn = Net()
    homes = {f"{name}{k}": f"rnn{k}.{name}" for k in (1, 2) for name in "UWB"} | {name: f"bp.{name}" for name in "WB"}
    homes = {key: path.split(".") for key, path in homes.items()}
    start = {}
    for key, (layer, name) in homes.items():
        start[key] = 0.3 * rng.normal(size=getattr(getattr(nn, layer), name).shape)
        setattr(getattr(nn, layer), name, start[key].copy())
    x, target = rng.normal(size=(4, 2)), 0.3 * rng.normal(size=(4, 1))

    def train(x, target):
        y = nn(x)
        nn.backward(2 * (y - target))
        nn.step(0.05)

    return Call(
        train,
        loss,
        {"x": x, "target": target, **start},
        lambda _: {key: getattr(getattr(nn, layer), name) - start[key] for key, (layer, name) in homes.items()},
        (x, target),
        bind={key: f"nn.{layer}.{name}" for key, (layer, name) in homes.items()},
    )


BP = "bp.py"
PROGRAMS = [
    Program(
        "ligd07/RNN-Numpy",
        "rnn.py",
        build,
        (
            mistake(91, r"self\.h_list \*\* 2", "np.tanh(self.h_list) ** 2", "derivative_of_activated_value"),
            mistake(92, r" \* h_buf\[-1:\]", "", "missing_activation_derivative"),
            mistake(96, r"-2:-1", "-1:", "wrong_time_index"),
            mistake(99, r"- 2, 0, -1", "- 2, 1, -1", "loop_cut_short"),
            mistake(100, r" \+ \(grad_z @ self\.W\.T\)", "", "missing_path_through_time"),
            mistake(100, r"self\.W\.T", "self.W", "transposed"),
            mistake(100, r"h_buf\[t:t \+ 1\]", "h_buf[t + 1:t + 2]", "wrong_time_index", "derivative_at_wrong_point"),
            mistake(102, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(103, r"t - 1:t\]", "t:t + 1]", "wrong_time_index"),
            mistake(104, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(106, r"grad_in\[0:1\] \+ \(grad_z @ self\.W\.T\)", "grad_in[0:1]", "missing_path_through_time"),
            mistake(107, r"grad_out.*$", "pass", "upstream_gradient_dropped"),
            mistake(
                64, r"np\.ones\(grad_in\.shape\[0\]\) @ grad_in", "np.mean(grad_in, axis=0)", "bias_gradient_reduction", file=BP
            ),
            mistake(77, r"-=", "+=", "sign_flipped", file=BP),
            two(
                mistake(103, r"t - 1:t\]", "t:t + 1]", "wrong_time_index"),
                mistake(
                    64,
                    r"np\.ones\(grad_in\.shape\[0\]\) @ grad_in",
                    "np.mean(grad_in, axis=0)",
                    "bias_gradient_reduction",
                    file=BP,
                ),
            ),
        ),
        harmless=(
            Edit(91, r"\(1 - self\.h_list \*\* 2\)", "1 - self.h_list * self.h_list"),
            Edit(64, r"np\.ones\(grad_in\.shape\[0\]\) @ grad_in", "grad_in.sum(axis=0)", BP),
        ),
        more=("module.py", BP),
        backward={"rnn.py": (90, 113), BP: (61, 65)},
        group="newest",
    )
]
