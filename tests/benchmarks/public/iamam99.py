"""IamAM99/mlp-from-scratch: weights with a bias column, sums over samples; published with the update inside the loop."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def loss(inputs: Any, targets: Any, w1: Any, w2: Any) -> Any:
    hidden = 1 / (1 + np.exp(-(inputs @ w1[:, 1:].T + w1[:, 0])))
    return 0.5 * np.sum((targets - hidden @ w2[0, 1:] - w2[0, 0]) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    mlp = module.MLP(3, 4)
    start = {"w1": rng.normal(size=(4, 4)), "w2": rng.normal(size=(1, 5))}
    mlp.w1, mlp.w2 = start["w1"].copy(), start["w2"].copy()
    inputs, targets = rng.normal(size=(6, 3)), rng.normal(size=6)
    return Call(
        mlp.fit,
        loss,
        {"inputs": inputs, "targets": targets, **start},
        lambda _: {name: getattr(mlp, name) - value for name, value in start.items()},
        (inputs, targets),
        {"iterations": 3, "learning_rate": 0.05},
        bind={name: f"self.{name}" for name in start},
        once={"iterations": 1},
    )


FUNCTIONS = "activations.py"
PROGRAMS = [
    Program(
        "IamAM99/mlp-from-scratch",
        "mlp.py",
        build,
        (
            mistake(63, r"hidden_net", "hidden_out", "derivative_of_activated_value", "derivative_at_wrong_point"),
            mistake(126, r"\(y - out\)", "y", "loss_derivative_wrong"),
            mistake(130, r" \* d_y1", "", "missing_activation_derivative"),
            mistake(130, r"1:\]", ":-1]", "wrong_index"),
            mistake(130, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(131, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(131, r"delta_o \* ", "", "upstream_gradient_dropped"),
            mistake(141, r"self\.w2 \+=", "self.w2 -=", "sign_flipped"),
            mistake(16, r"\(1 - sigmoid_act\(x\)\)", "(1 - x)", "wrong_activation_derivative", file=FUNCTIONS),
            mistake(16, r"sigmoid_act\(x\) \* ", "", "wrong_activation_derivative", "missing_factor", file=FUNCTIONS),
            two(
                mistake(130, r"1:\]", ":-1]", "wrong_index"),
                mistake(131, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            ),
        ),
        harmless=(
            Edit(130, r"np\.dot\(\(self\.w2\[:, 1:\] \* d_y1\)\.T, x\)", "(self.w2[:, 1:] * d_y1).T * x"),
            Edit(16, r"sigmoid_act\(x\) \* \(1 - sigmoid_act\(x\)\)", "sigmoid_act(x) * sigmoid_act(-x)", FUNCTIONS),
        ),
        more=(FUNCTIONS, "utils.py"),
        stubs={"matplotlib/__init__.py": ANYTHING, "matplotlib/pyplot.py": ANYTHING},
        mend=(
            Edit(134, r"self.*$", "pass"),
            Edit(135, r"self.*$", "pass"),
            Edit(141, r"self\.error", "self.w1 += learning_rate * delta_w1; self.w2 += learning_rate * delta_w2; self.error"),
        ),
        published=("updated_weights_used", "gradient_accumulated_across_steps"),
        blame=(130, 131, 134, 135),
        backward={"mlp.py": (126, 131)},
        group="later",
    )
]
