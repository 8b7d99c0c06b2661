"""mnchl-kim/stacked-RNN-Numpy: a stack of RNNs, dictionaries of lists of gradients, samples in a comprehension."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake

SIZES = {"W_xa": 2, "W_aa": 2, "b_a": 2, "W_ay": 1, "b_y": 1}
NAMES = {f"{key}{d}": (key, d) for key, depth in SIZES.items() for d in range(depth)}


def loss(X: Any, Y: Any, W_xa0: Any, W_aa0: Any, b_a0: Any, W_xa1: Any, W_aa1: Any, b_a1: Any, W_ay0: Any, b_y0: Any) -> Any:
    below = above = np.zeros((len(X), len(W_aa0)))
    total = 0.0
    for t in range(X.shape[1]):
        below = np.tanh(X[:, t, :, 0] @ W_xa0 + below @ W_aa0 + b_a0)
        above = np.tanh(below @ W_xa1 + above @ W_aa1 + b_a1)
        z = above @ W_ay0 + b_y0
        total = total + np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(X)), Y[:, t]])
    return total / X.shape[1]


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.RNN(3, 3, 4, 4, depth_size=2, batch_size=2)
    start = {name: rng.uniform(-0.9, 0.9, net._parameters[key][d].shape) for name, (key, d) in NAMES.items()}
    for name, (key, d) in NAMES.items():
        net._parameters[key][d] = start[name].copy()
    X, Y = rng.normal(size=(2, 4, 3, 1)), rng.integers(0, 3, size=(2, 4))
    return Call(
        net.optimize,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {name: net._gradients["d" + key][d] for name, (key, d) in NAMES.items()},
        (X, Y),
        bind={name: f"self._parameters[{key!r}][{d}]" for name, (key, d) in NAMES.items()},
    )


PROGRAMS = [
    Program(
        "mnchl-kim/stacked-RNN-Numpy",
        "model.py",
        build,
        (
            mistake(76, r"dy\.sum", "dy.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(80, r" \+ self\._gradients\['da'\]\[d\]", "", "missing_path_through_time"),
            mistake(80, r"a\[d\]\[t\] \*\* 2", "np.tanh(a[d][t]) ** 2", "derivative_of_activated_value"),
            mistake(82, r"t - 1", "t", "wrong_time_index", "wrong_index"),
            mistake(83, r"\+=", "=", "missing_path_through_time", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(84, r"\['W_aa'\]\[d\]", "['W_aa'][0]", "wrong_index", "wrong_variable"),
            mistake(84, r"'W_aa'\]\[d\]\.T", "'W_aa'][d]", "transposed"),
            mistake(85, r"da, self", "da / (1 - a[d][t] ** 2), self", "missing_activation_derivative", "extra_factor"),
            mistake(24, r"x\[index\] -= 1", "x[index] -= x[index] * (1 - x[index])", "loss_derivative_wrong", file="utils.py"),
        ),
        harmless=(
            Edit(80, r"1 - a\[d\]\[t\] \*\* 2", "(1 - a[d][t]) * (1 + a[d][t])"),
            Edit(75, r"np\.dot\(x\[self\._depth_size\]\[t\]\.T, dy\)", "np.dot(dy.T, x[self._depth_size][t]).T"),
        ),
        more=("utils.py",),
        stubs=dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        group="fresh",
    )
]
