"""haoxuhao/nn-numpy: layers with examples in rows and weights in rows of outputs; softmax in the loss, means in the layers.

As published ReLU works in place, so its derivative sees no negative value any more.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y_true: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    h = np.maximum(x @ w1.T + b1.T, 0)
    o = 1 / (1 + np.exp(-(h @ w2.T + b2.T))) @ w3.T + b3.T
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y_true, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NN(layers=[3, 5, 4, 3], activations=["relu", "sigmoid", "linear"])
    criteria = module.CrossEntropyLoss()
    start = {}
    for k, layer in enumerate(net.nn, 1):
        for name in "wb":
            start[f"{name}{k}"] = rng.normal(size=getattr(layer, name).shape)
            setattr(layer, name, start[f"{name}{k}"].copy())
    x, y_true = rng.normal(size=(6, 3)), np.eye(3)[rng.integers(0, 3, size=6)]

    def train(x, y_true):
        y = net.forward(x)
        criteria(y, y_true)
        net.backward(criteria.grad)
        net.update(0.1)

    return Call(
        train,
        loss,
        {"x": x, "y_true": y_true, **start},
        lambda _: {name: getattr(net.nn[int(name[1]) - 1], name[0]) - then for name, then in start.items()},
        (x, y_true),
        bind={name: f"net.nn[{int(name[1]) - 1}].{name[0]}" for name in start},
    )


FUNCTIONS = "functions.py"
MISTAKES = (
    mistake(21, r"-\(self\.y_true - self\.softmax_y\)", "-self.y_true / self.softmax_y", "loss_derivative_wrong"),
    mistake(21, r"self\.y_true - self\.softmax_y", "self.y_true + self.softmax_y", "loss_derivative_wrong", "sign_flipped"),
    mistake(63, r"self\.z_cache", "self.activation_func(self.z_cache)", "derivative_of_activated_value"),
    mistake(63, r"_grad\(self", "(self", "wrong_activation_derivative", "wrong_variable"),
    mistake(64, r"activation_grad\*grad", "grad", "missing_activation_derivative"),
    mistake(67, r"/nsmaples", "", "batch_scale_1_over_N"),
    mistake(67, r"dz\.T", "grad.T", "missing_activation_derivative", "wrong_variable"),
    mistake(67, r"self\.in_cache", "np.sign(self.in_cache)", "wrong_activation_in_weight_gradient"),
    mistake(68, r"np\.mean\(dz, axis=0", "np.sum(dz, axis=0", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(68, r"axis=0, ", "", "bias_gradient_reduction"),
    mistake(73, r"dz, self\.w", "grad, self.w", "missing_activation_derivative", "wrong_variable"),
    mistake(73, r"self\.w", "self.grad_w", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(79, r"-=", "+=", "sign_flipped"),
    mistake(109, r"l\.update\(lr\)", "l.update(lr) if l is not self.nn[0] else None", "loop_cut_short"),
    mistake(26, r"x < 0", "x > 0", "relu_mask_wrong", file=FUNCTIONS),
    mistake(
        30, r"\*\(1-sigmoid\(x\)\)", "*(1-x)", "wrong_activation_derivative", "derivative_of_activated_value", file=FUNCTIONS
    ),
)
PROGRAMS = [
    Program(
        "haoxuhao/nn-numpy",
        "feedforward_nn.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[10]), two(MISTAKES[8], MISTAKES[15])),
        harmless=(
            Edit(68, r"np\.mean\(dz, axis=0, keepdims=True\)\.T", "dz.T.mean(axis=1, keepdims=True)"),
            Edit(73, r"np\.dot\(dz, self\.w\)", "dz @ self.w"),
        ),
        more=(FUNCTIONS,),
        mend=(Edit(7, r"x\[np\.where\(x<0\)\] = 0", "x = np.maximum(x, 0)", FUNCTIONS),),
        published=("relu_mask_wrong", "missing_activation_derivative", "derivative_of_activated_value"),
        blame=(7, 26, 47, 46, 63),
        backward={"feedforward_nn.py": (20, 79), FUNCTIONS: (25, 33)},
        group="ninth",
    )
]
