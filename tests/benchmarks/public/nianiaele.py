"""nianiaele/gru-cell-in-numpy: one step of a GRU, in which each product and sum has a name and one function derives them all."""

import contextlib
import io
from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake

WEIGHTS = ["Wzh", "Wrh", "Wh", "Wzx", "Wrx", "Wx"]


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def loss(x: Any, h: Any, delta: Any, Wzh: Any, Wrh: Any, Wh: Any, Wzx: Any, Wrx: Any, Wx: Any) -> Any:
    z = sigmoid(Wzh @ h + Wzx @ x)
    r = sigmoid(Wrh @ h + Wrx @ x)
    return np.sum(delta * ((1 - z) * h + z * np.tanh(Wh @ (r * h) + Wx @ x)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    with contextlib.redirect_stdout(io.StringIO()):
        cell = module.GRU_Cell(3, 4)
    start = {name: rng.normal(size=getattr(cell, name).shape) for name in WEIGHTS}
    for name, value in start.items():
        setattr(cell, name, value.copy())
    x, h, delta = rng.normal(size=3), rng.normal(size=4), rng.normal(size=(1, 4))

    def train(x, h, delta):
        cell.forward(x, h)
        return cell.backward(delta)

    return Call(
        train,
        loss,
        {"x": x, "h": h, "delta": delta, **start},
        lambda result: {**{name: getattr(cell, "d" + name) for name in WEIGHTS}, "x": result[0], "h": result[1]},
        (x, h, delta),
        bind={name: f"cell.{name}" for name in WEIGHTS},
    )


PROGRAMS = [
    Program(
        "nianiaele/gru-cell-in-numpy",
        "gru.py",
        build,
        (
            mistake(14, r"\(1-self\.res\)", "self.res", "wrong_activation_derivative"),
            mistake(26, r"1 - \(self\.res\*\*2\)", "1 - self.res", "wrong_activation_derivative"),
            mistake(26, r"self\.res\*\*2", "np.tanh(self.res)**2", "derivative_of_activated_value"),
            mistake(134, r"self\.zt,self\.hthat", "self.hthat,self.zt", "wrong_variable"),
            mistake(141, r"\+=b", "+=a", "wrong_variable", "sign_flipped"),
            mistake(
                141, r"\+=b", "=b", "upstream_gradient_dropped", "missing_path_through_time", "gradient_accumulated_across_steps"
            ),
            mistake(144, r"self\.deriv\(self\.dhthat,'act',0,0,self\.h_act\)", "self.dhthat", "missing_activation_derivative"),
            mistake(152, r"self\.z7\)", "self.h)", "missing_factor", "wrong_variable", "wrong_activation_in_weight_gradient"),
            mistake(157, r"self\.dh\+=b", "pass", "missing_path_through_time", "upstream_gradient_dropped"),
            mistake(160, r"self\.r_act", "self.z_act", "wrong_variable", "derivative_at_wrong_point"),
            mistake(168, r"self\.Wrh,", "self.Wzh,", "wrong_variable"),
            mistake(
                173, r"self\.z_act", "self.h_act", "wrong_variable", "wrong_activation_derivative", "derivative_at_wrong_point"
            ),
            mistake(180, r"\+=b", "=b", "upstream_gradient_dropped", "gradient_accumulated_across_steps"),
            mistake(224, r"dz\*y, dz\*x", "dz*x, dz*y", "wrong_variable"),
            mistake(230, r"-dz", "dz", "sign_flipped"),
            mistake(234, r"dz\*act_fn", "act_fn", "upstream_gradient_dropped"),
        ),
        harmless=(
            Edit(26, r"1 - \(self\.res\*\*2\)", "(1 - self.res) * (1 + self.res)"),
            Edit(226, r"dz@np\.transpose\(y\)", "np.outer(dz, y)"),
            Edit(14, r"self\.res \* \(1-self\.res\)", "self.res - self.res * self.res"),
        ),
        stubs={"torch/__init__.py": ANYTHING, "torch/nn.py": ANYTHING},
        backward={"gru.py": (122, 189)},
        group="later",
    )
]
