"""JGuymont/numpy-multilayer-perceptron: a course assignment; ReLU and softmax in columns, absolute and squared penalties on
both layers.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, W_xh: Any, b_xh: Any, W_hy: Any, b_hy: Any) -> Any:
    o = W_hy @ np.maximum(W_xh @ X.T + b_xh, 0) + b_hy
    data = np.mean(np.log(np.sum(np.exp(o), axis=0)) - np.sum(o * np.eye(3)[:, Y], axis=0))
    first = 0.1 * np.sum(np.abs(W_xh)) + 0.2 * np.sum(W_xh**2)
    return data + first + 0.3 * np.sum(np.abs(W_hy)) + 0.15 * np.sum(W_hy**2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.MLPClassifier(4, 3, 5, lambda11=0.1, lambda12=0.2, lambda21=0.3, lambda22=0.15)
    start = {}
    for name in ("W_xh", "b_xh", "W_hy", "b_hy"):
        start[name] = rng.normal(size=getattr(net, name).shape)
        setattr(net, name, start[name].copy())
    X, Y = rng.normal(size=(6, 4)), np.array([0, 2, 1, 1, 0, 2])
    return Call(
        net.backward,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {name: getattr(net, "grad_" + name) for name in start},
        (X, Y),
        bind={name: "self." + name for name in start},
    )


MISTAKES = (
    mistake(120, r"self\.os - self", "self.os + self", "sign_flipped", "loss_derivative_wrong"),
    mistake(120, r"self\.os", "self.oa", "wrong_variable", "loss_derivative_wrong"),
    mistake(121, r"grad_oa\.T", "self.os.T", "wrong_variable", "upstream_gradient_dropped"),
    mistake(122, r"_relu_prime\(self\.ha\)", "relu(self.ha)", "wrong_activation_derivative", "relu_mask_wrong"),
    mistake(123, r"grad_hs_ha \* ", "", "missing_activation_derivative"),
    mistake(125, r" / batch_size", "", "batch_scale_1_over_N"),
    mistake(125, r"self\.hs\.T", "self.ha.T", "wrong_variable", "wrong_activation_in_weight_gradient"),
    mistake(126, r" / batch_size", "", "batch_scale_1_over_N", "bias_gradient_reduction"),
    mistake(127, r"dot\(X\)", "dot(np.abs(X))", "wrong_activation_in_weight_gradient"),
    mistake(128, r"np\.sum\(grad_ha, axis=1\)", "np.sum(grad_hs.T, axis=1)", "missing_activation_derivative", "wrong_variable"),
    mistake(136, r"np\.sign\(self\.W_xh\)", "self.W_xh", "regularisation_term_wrong"),
    mistake(137, r" \* 2", "", "regularisation_term_wrong", "factor_2"),
    mistake(138, r"self\.lambda21", "self.lambda11", "regularisation_term_wrong", "wrong_variable"),
    mistake(141, r" \+ grad_reg_22", "", "regularisation_term_wrong"),
    mistake(142, r"\+= grad", "-= grad", "regularisation_term_wrong", "sign_flipped"),
    mistake(142, r"\+=", "=", "gradient_overwritten", "upstream_gradient_dropped", "regularisation_term_wrong"),
)
PROGRAMS = [
    Program(
        "JGuymont/numpy-multilayer-perceptron",
        "neural_network/mlp.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[13]), two(MISTAKES[7], MISTAKES[10])),
        harmless=(
            Edit(
                128,
                r"np\.sum\(grad_ha, axis=1\)\.reshape\(grad_ha\.shape\[0\], 1\) / batch_size",
                "grad_ha.mean(axis=1, keepdims=True)",
            ),
            Edit(122, r"self\._relu_prime\(self\.ha\)", "(self.ha > 0)"),
        ),
        more=("neural_network/nn.py", "neural_network/init.py", "neural_network/activation.py"),
        stubs={"scipy/__init__.py": "", "neural_network/__init__.py": ""},
        backward={"neural_network/mlp.py": (116, 142)},
        group="tenth",
    )
]
