"""linminhtoo/neural-net-numpy: modules in an ordered dictionary, rows outside and columns inside; gradients in a dictionary
of each layer.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def build_for(act: str, criterion: str) -> Any:
    def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        z = W1 @ x.T + b1
        o = W2 @ (np.maximum(z, 0) if act == "ReLU" else 1 / (1 + np.exp(-z))) + b2
        if criterion == "MSE":
            return np.sum((o.T - y) ** 2) / 5
        p = 1 / (1 + np.exp(-o.T))
        return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) / 5

    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        import act as activations
        import layer as layers
        import loss as losses

        fc1, fc2 = layers.Linear(3, 4), layers.Linear(4, 2)
        last = [] if criterion == "MSE" else [activations.Sigmoid()]
        net, criterion_ = module.MLP([fc1, getattr(activations, act)(), fc2, *last]), getattr(losses, criterion)()
        start = {"W1": fc1.W.copy(), "b1": rng.normal(size=(4, 1)), "W2": fc2.W.copy(), "b2": rng.normal(size=(2, 1))}
        fc1.b, fc2.b = start["b1"].copy(), start["b2"].copy()
        x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2)) if criterion == "MSE" else rng.integers(0, 2, size=(5, 2))

        def train(x, y):
            criterion_.forward(net.forward(x), y)
            net.backward(criterion_.backward())
            net.update(0.1)

        return Call(
            train,
            loss,
            {"x": x, "y": y, **start},
            lambda _: {name: getattr((fc1, fc2)[int(name[1]) - 1], name[0]) - then for name, then in start.items()},
            (x, y),
            bind={name: f"fc{name[1]}.{name[0]}" for name in start},
        )

    return build


ACT, LAYER, LOSS = "act.py", "layer.py", "loss.py"
COMMON = (
    mistake(89, r"a\.T\)", "np.sign(a).T)", "wrong_activation_in_weight_gradient", file=LAYER),
    mistake(89, r"a\.shape\[1\]", "a.shape[0]", "batch_scale_1_over_N", "wrong_index", file=LAYER),
    mistake(90, r"np\.mean", "np.sum", "batch_scale_1_over_N", "bias_gradient_reduction", file=LAYER),
    mistake(90, r"axis=1, keepdims=True", "keepdims=True", "bias_gradient_reduction", file=LAYER),
    mistake(91, r"self\.W\.T", "dW.T", "gradient_or_update_used_for_weight", "wrong_variable", file=LAYER),
    mistake(91, r"self\.W\.T @ dz", "self.W.T @ dz / a.shape[1]", "batch_scale_1_over_N", file=LAYER),
    mistake(98, r"self\.W -=", "self.W +=", "sign_flipped", file=LAYER),
    mistake(99, r"'db'", "'dW'].mean(axis=1, keepdims=True)[:", "wrong_variable", "wrong_index", file=LAYER),
)
RELU = (
    mistake(63, r"z >= 0", "z < 0", "relu_mask_wrong", file=ACT),
    mistake(63, r"z >= 0", "da >= 0", "relu_mask_wrong", "wrong_variable", file=ACT),
    mistake(63, r"da \* ", "", "upstream_gradient_dropped", file=ACT),
    mistake(57, r"= z", "= z - 1", "relu_mask_wrong", "derivative_at_wrong_point", file=ACT, blame=(63,)),
    mistake(73, r"self\.y_pred - self\.y_true", "self.y_pred - self.y_true ** 2", "loss_derivative_wrong", file=LOSS),
    mistake(73, r"self\.y_pred - self\.y_true", "np.sign(self.y_pred - self.y_true)", "loss_derivative_wrong", file=LOSS),
)
SIGMOID = (
    mistake(83, r"\(1 - self\.forward\(z\)\)", "(1 - z)", "wrong_activation_derivative", "wrong_variable", file=ACT),
    mistake(83, r"self\.forward\(z\) \* ", "", "wrong_activation_derivative", "missing_factor", file=ACT),
    mistake(77, r"= z", "= 1 / (1 + np.exp(-z))", "derivative_of_activated_value", "derivative_at_wrong_point", file=ACT,
            blame=(83,)),
    mistake(101, r"1 - self\.y_pred", "1 + self.y_pred", "loss_derivative_wrong", "sign_flipped", file=LOSS),
    mistake(100, r"self\.y_true / \(self\.y_pred \+ self\.eps\)", "self.y_true", "loss_derivative_wrong", file=LOSS),
    mistake(100, r" - \\$", " + \\\\", "loss_derivative_wrong", "sign_flipped", file=LOSS),
)  # fmt: skip
HARMLESS = (
    Edit(90, r"np\.mean\(dz, axis=1, keepdims=True\)", "dz.sum(axis=1, keepdims=True) / dz.shape[1]", LAYER),
    Edit(91, r"self\.W\.T @ dz", "np.dot(self.W.T, dz)", LAYER),
)
PROGRAMS = [
    Program(
        "linminhtoo/neural-net-numpy",
        "network.py",
        build_for(act, criterion),
        (*COMMON[first::2], *own, two(COMMON[2 + first], own[1]), two(own[4], COMMON[6 - first])),
        harmless=HARMLESS,
        more=(ACT, LAYER, LOSS),
        backward={"network.py": (86, 103), ACT: (60, 83), LAYER: (85, 99), LOSS: (72, 102)},
        name=act.lower(),
        group="tenth",
    )
    for act, criterion, own, first in (("ReLU", "MSE", RELU, 0), ("Sigmoid", "BCE", SIGMOID, 1))
]
