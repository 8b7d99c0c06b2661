"""Dan8991/Deep-Neural-Net-numpy: three layers by name, gradients in lists in dictionaries; momentum, or RMSProp and both,
as functions.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ("W1", "W2", "W3", "b1", "b2", "b3")


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    o = W3 @ np.maximum(W2 @ np.maximum(W1 @ X + b1, 0) + b2, 0) + b3
    return np.mean(np.log(np.sum(np.exp(o), axis=0)) - np.sum(o * Y, axis=0))


def build_for(rms_prop: bool) -> Any:
    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        sizes = (4, 6, 5, 3)
        W = [rng.normal(size=(sizes[k + 1], sizes[k])) for k in range(3)]
        b = [rng.normal(size=(sizes[k + 1], 1)) for k in range(3)]
        params = {"W": W, "b": b}
        start = {name: value.copy() for name, value in zip(NAMES, W + b, strict=True)}
        X, Y = rng.normal(size=(4, 6)), np.eye(3)[:, [0, 2, 1, 1, 0, 2]]
        mom = {"VdW": [0, 0, 0], "Vdb": [0, 0, 0]}
        rms = {"SdW": [1.0, 1.0, 1.0], "Sdb": [1.0, 1.0, 1.0]}

        def train(X, Y, params, mom, rms):
            _, cache = module.forward_prop(X, params)
            return module.back_propagate(X, Y, cache, params, mom, rms, 1, rms_prop=rms_prop)[0]

        return Call(
            train,
            loss,
            {"X": X, "Y": Y, **start},
            lambda result: {name: new - start[name] for name, new in zip(NAMES, result["W"] + result["b"], strict=True)},
            (X, Y, params, mom, rms),
            bind={name: f"params['{name[0]}'][{int(name[1]) - 1}]" for name in NAMES},
        )

    return build


MISTAKES = (
    mistake(43, r"A3 - Y", "A3 * (A3 - Y)", "extra_factor", "loss_derivative_wrong"),
    mistake(44, r"A2\.T", "Z2.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(45, r"axis=1, keepdims=True", "keepdims=True", "bias_gradient_reduction"),
    mistake(46, r"\*\(A2 > 0\)", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(46, r"W3\.T, dZ3", "W3.T, A3", "wrong_variable", "upstream_gradient_dropped"),
    mistake(47, r"1/m\*", "", "batch_scale_1_over_N"),
    mistake(48, r"dZ2", "Z2", "wrong_variable"),
    mistake(49, r"A1 > 0", "A1", "relu_mask_wrong", "wrong_activation_derivative"),
    mistake(49, r"dZ2\)", "np.maximum(dZ2, 0))", "relu_mask_wrong"),
    mistake(50, r"X\.T", "(X > 0).T", "wrong_activation_in_weight_gradient"),
    mistake(51, r"1/m", "1/X.shape[0]", "batch_scale_1_over_N", "wrong_index"),
)
STEP = (
    mistake(73, r"\)\*db2", ")*db2 ** 2", "optimizer_rule_wrong"),
    mistake(74, r"\(1 - beta1\)\*db3", "db3", "optimizer_rule_wrong", "missing_factor"),
    mistake(160, r"-=", "+=", "sign_flipped"),
    mistake(164, r"Vdb3", "b3", "gradient_or_update_used_for_weight", "wrong_variable"),
)
ADAPTIVE = (
    mistake(91, r"np\.square\(dW2\)", "dW2", "optimizer_rule_wrong"),
    mistake(93, r"Sdb1 \+ \(1", "Sdb1 - (1", "optimizer_rule_wrong", "sign_flipped"),
    mistake(161, r"np\.sqrt\(SdW3\)", "SdW3", "optimizer_rule_wrong"),
)

COMMON: dict[str, Any] = {
    "harmless": (
        Edit(46, r"\(A2 > 0\)", "(Z2 > 0)"),
        Edit(48, r"1/m\*np\.sum\(dZ2, axis=1", "np.mean(dZ2, axis=1"),
    ),
    "keep": ((1, 1), (15, 20), (34, 125), (134, 169)),
    "group": "tenth",
}
PROGRAMS = [
    Program(
        "Dan8991/Deep-Neural-Net-numpy",
        "src/deepNN.py",
        build_for(False),
        (*MISTAKES, *STEP, two(MISTAKES[2], MISTAKES[7]), two(MISTAKES[5], STEP[3])),
        backward={"src/deepNN.py": (37, 169)},
        name="momentum",
        **COMMON,
    ),
    Program(
        "Dan8991/Deep-Neural-Net-numpy",
        "src/deepNN.py",
        build_for(True),
        (*MISTAKES[1:10:2], *STEP[1:], *ADAPTIVE, two(MISTAKES[4], ADAPTIVE[0]), two(MISTAKES[10], MISTAKES[3])),
        adaptive=True,
        backward={"src/deepNN.py": (37, 169)},
        name="adam",
        **COMMON,
    ),
]
