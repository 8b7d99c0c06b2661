"""Kelian0/MLP-from-scratch: an object for each neuron; sigmoid units whose deltas are added up over the units of a layer."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def sigmoid(w: Any, x: Any, b: Any) -> Any:
    return 1 / (1 + np.exp(-(w[0] * x[0] + w[1] * x[1] + b)))


def loss(
    X: Any, y: Any, w10: Any, w11: Any, w20: Any, w21: Any, w30: Any, b10: Any, b11: Any, b20: Any, b21: Any, b30: Any
) -> Any:  # fmt: skip
    first = (sigmoid(w10, X[0], b10), sigmoid(w11, X[0], b11))
    second = (sigmoid(w20, first, b20), sigmoid(w21, first, b21))
    p = sigmoid(w30, second, b30)
    return -np.log(p) * y[0] - np.log(1 - p) * (1 - y[0])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    X, y = rng.normal(size=(4, 2)), np.array([1, 0, 0, 1])
    mlp = module.MLP(X, y, [2, 2, 2, 1])
    units = {f"{k}{u}": unit for k in (1, 2, 3) for u, unit in enumerate(mlp.net[k])}
    start: dict[str, Any] = {}
    for name, unit in units.items():
        unit.w = rng.normal(size=unit.w.shape)
        start["w" + name] = unit.w.copy()
    for name, unit in units.items():
        unit.b = float(rng.normal())
        start["b" + name] = unit.b

    def train(i):
        mlp.forward(i)
        mlp.backprop(i)
        mlp.update(0.1)

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {name: getattr(units[name[1:]], name[0]) - then for name, then in start.items()},
        (0,),
        bind={name: f"mlp.net[{name[1]}][{name[2]}].{name[0]}" for name in start},
    )


UNIT = "Unit.py"
MISTAKES = (
    mistake(49, r"self\.K-1,0", "self.K-1,1", "loop_cut_short"),
    mistake(53, r"\+=", "=", "gradient_overwritten", "upstream_gradient_dropped"),
    mistake(60, r"unit\.w - eta", "- eta", "gradient_or_update_used_for_weight"),
    mistake(61, r"b_grad", "w_grad[0]", "wrong_variable"),
    mistake(61, r"unit\.b - eta", "unit.b + eta", "sign_flipped"),
    mistake(123, r" \* \(1-self\.z\)", "", "wrong_activation_derivative", "missing_factor", file=UNIT),
    mistake(123, r"self\.w\[v\]", "unit.z", "wrong_variable", file=UNIT),
    mistake(123, r" \* deltas\[self\.u\]", "", "upstream_gradient_dropped", "missing_factor", file=UNIT),
    mistake(123, r"deltas\[self\.u\]", "deltas[0]", "wrong_index", file=UNIT),
    mistake(127, r"1-self\.z", "1-unit.z", "wrong_activation_derivative", "wrong_variable", file=UNIT),
    mistake(127, r"unit\.z \*", "unit.z * self.w[v] *", "extra_factor", file=UNIT),
    mistake(129, r"self\.z \* \(1-self\.z\) \* ", "", "missing_activation_derivative", file=UNIT),
    mistake(129, r"1-self\.z", "1-self.z**2", "wrong_activation_derivative", file=UNIT),
)
PROGRAMS = [
    Program(
        "Kelian0/MLP-from-scratch",
        "mlp.py",
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[12]), two(MISTAKES[4], MISTAKES[9])),
        harmless=(
            Edit(129, r"self\.z \* \(1-self\.z\)", "(self.z - self.z**2)", UNIT),
            Edit(53, r"deltas_new \+= unit\.delta", "deltas_new = deltas_new + unit.delta"),
        ),
        more=(UNIT,),
        backward={"mlp.py": (46, 61), UNIT: (47, 129)},
        group="tenth",
    )
]
