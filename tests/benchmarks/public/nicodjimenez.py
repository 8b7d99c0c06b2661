"""nicodjimenez/lstm: nodes that share one object of parameters and of their sums of gradients."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = [kind + gate for kind in "wb" for gate in "gifo"]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


class HalfSquare:
    def loss(self, predicted, label):
        return 0.5 * np.sum((predicted - label) ** 2)

    def bottom_diff(self, predicted, label):
        return predicted - label


def loss(xs: Any, ys: Any, wg: Any, wi: Any, wf: Any, wo: Any, bg: Any, bi: Any, bf: Any, bo: Any) -> Any:
    h = s = np.zeros(len(bg))
    total = 0.0
    for x, y in zip(xs, ys, strict=True):
        xc = np.hstack((x, h))
        s = np.tanh(wg @ xc + bg) * sigmoid(wi @ xc + bi) + s * sigmoid(wf @ xc + bf)
        h = s * sigmoid(wo @ xc + bo)
        total = total + 0.5 * np.sum((h - y) ** 2)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    param = module.LstmParam(3, 2)
    for name in NAMES:
        setattr(param, name, rng.normal(size=getattr(param, name).shape))
    before = {name: getattr(param, name).copy() for name in NAMES}
    xs, ys = rng.normal(size=(3, 2)), rng.normal(size=(3, 3))

    def train(param, xs, ys):
        net = module.LstmNetwork(param)
        for x in xs:
            net.x_list_add(x)
        net.y_list_is(ys, HalfSquare())
        param.apply_diff(lr=0.1)

    return Call(
        train,
        loss,
        {"xs": xs, "ys": ys, **before},
        lambda _: {name: getattr(param, name) - then for name, then in before.items()},
        (param, xs, ys),
        bind={name: f"param.{name}" for name in NAMES},
    )


PROGRAMS = [
    Program(
        "nicodjimenez/lstm",
        "lstm.py",
        build,
        (
            mistake(104, r" \+ top_diff_s", "", "missing_path_through_time"),
            mistake(105, r"self\.state\.s ", "self.state.o ", "wrong_variable"),
            mistake(106, r"self\.state\.g", "self.state.i", "wrong_variable"),
            mistake(108, r"self\.s_prev", "self.state.s", "wrong_time_index", "wrong_variable"),
            mistake(111, r"self\.state\.i", "self.state.f", "derivative_at_wrong_point", "wrong_variable"),
            mistake(114, r"tanh_derivative", "sigmoid_derivative", "wrong_activation_derivative"),
            mistake(117, r"\+=", "=", "missing_path_through_time", "gradient_accumulated_across_steps"),
            mistake(129, r"dxc \+=.*$", "pass", "missing_path_through_time"),
            mistake(134, r" \* self\.state\.f", "", "missing_factor", "missing_path_through_time"),
            mistake(13, r"values \*\* 2", "values", "wrong_activation_derivative"),
            two(
                mistake(106, r"self\.state\.g", "self.state.i", "wrong_variable"),
                mistake(114, r"tanh_derivative", "sigmoid_derivative", "wrong_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(117, r"np\.outer\(di_input, self\.xc\)", r"di_input[:, None] * self.xc"),
            Edit(128, r"dxc \+= np\.dot\(self\.param\.wi\.T, di_input\)", r"dxc = dxc + np.dot(di_input, self.param.wi)"),
        ),
        group="tuned",
    )
]
