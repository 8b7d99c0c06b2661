"""nvivek17/From-Scratch-Neural-Network-and-Adam-Optimizer-for-MNIST: functions that return all gradients, and a long Adam.

Adam starts with moments of earlier steps, or it would take signs."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

LABELS = np.array([0, 2, 1, 1, 0])
NAMES = ("W1", "b1", "W2", "b2")


def loss(X: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = W2 @ np.maximum(W1 @ X + b1, 0) + b2
    return np.mean(np.log(np.sum(np.exp(o), axis=0)) - np.sum(o * np.transpose(np.eye(3)[LABELS]), axis=0))


def build_for(adam: bool) -> Any:
    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        shapes = ((6, 4), (6, 1), (3, 6), (3, 1))
        start = {name: rng.normal(size=shape) for name, shape in zip(NAMES, shapes, strict=True)}
        X = rng.normal(size=(4, 5))
        m = [rng.normal(size=shape) for shape in shapes]
        v = [np.full(shape, 3.0) for shape in shapes]

        def train(X, W1, b1, W2, b2):
            Z1, A1, Z2, A2 = module.forward_prop(X, W1, b1, W2, b2)
            grads = module.back_prop(Z1, A1, W1, Z2, A2, W2, X, LABELS)
            if adam:
                return module.update_params_adam(W1, b1, W2, b2, *grads, *m, *v, 3, 0.1, 0.9, 0.99, 1e-8)
            return grads

        def after(result):
            return {name: value - start[name] if adam else value for name, value in zip(NAMES, result[:4], strict=True)}

        return Call(train, loss, {"X": X, **start}, after, (X, *start.values()))

    return build


FILE = "Script.py"
BACK = (
    mistake(59, r"Z>0", "Z>0.5", "relu_mask_wrong"),
    mistake(64, r"A2-one_hot_Y", "A2*(A2-one_hot_Y)", "extra_factor", "loss_derivative_wrong", "softmax_jacobian_wrong"),
    mistake(64, r"A2-one_hot_Y", "A2-one_hot_Y/2", "loss_derivative_wrong"),
    mistake(65, r"\(1/m\)\*", "", "batch_scale_1_over_N"),
    mistake(65, r"A1\.T", "np.sign(A1.T)", "wrong_activation_in_weight_gradient"),
    mistake(66, r"axis=1,", "", "bias_gradient_reduction"),
    mistake(66, r"\(1/m\)\*", "", "batch_scale_1_over_N", "bias_gradient_reduction"),
    mistake(67, r"\*deriv_relu\(Z1\)", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(67, r"deriv_relu\(Z1\)", "A1", "wrong_activation_derivative", "relu_mask_wrong"),
    mistake(67, r"W2\.T", "dW2.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(68, r"\(1/m\)", "(1/m**2)", "batch_scale_1_over_N", "extra_factor"),
    mistake(69, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(70, r"return dW1,db1", "return -dW1,db1", "sign_flipped"),
)
ADAM = (
    mistake(76, r"\(1 - beta1\) \* dW1", "dW1", "optimizer_rule_wrong", "missing_factor"),
    mistake(77, r"\* db1", "* dW1.sum(axis=1, keepdims=True)", "optimizer_rule_wrong", "wrong_variable"),
    mistake(78, r"= beta1", "= beta2", "optimizer_rule_wrong", "wrong_variable"),
    mistake(81, r"dW1\*\*2", "dW1", "optimizer_rule_wrong"),
    mistake(83, r"beta2 \* vW2", "beta2 * vW2**2", "optimizer_rule_wrong"),
    mistake(84, r"db2\*\*2", "np.abs(db2)", "optimizer_rule_wrong"),
    mistake(86, r"beta1\*\*t", "beta2**t", "optimizer_rule_wrong", "wrong_variable"),
    mistake(88, r"beta1\*\*t", "beta1*t", "optimizer_rule_wrong"),
    mistake(91, r"beta2\*\*t", "beta2", "optimizer_rule_wrong"),
    mistake(97, r"np\.sqrt\(vW1_corr\)", "vW1_corr", "optimizer_rule_wrong"),
    mistake(98, r"mb1_corr", "mb1", "optimizer_rule_wrong", "wrong_variable"),
    mistake(99, r"W2 - alpha", "W2 + alpha", "sign_flipped", "optimizer_rule_wrong"),
    mistake(100, r"mb2_corr", "db2", "optimizer_rule_wrong", "wrong_variable"),
)
COMMON = {
    "harmless": (
        Edit(65, r"\(1/m\)\*dZ2\.dot\(A1\.T\)", "(dZ2 @ A1.T) / m"),
        Edit(66, r"\(1/m\)\*np\.sum", "np.mean"),
    ),
    "keep": ((5, 5), (17, 107)),
    "group": "eleventh",
}
REPOSITORY = "nvivek17/From-Scratch-Neural-Network-and-Adam-Optimizer-for-MNIST"
PROGRAMS = [
    Program(
        REPOSITORY,
        FILE,
        build_for(False),
        (*BACK, two(BACK[3], BACK[7]), two(BACK[4], BACK[11])),
        backward={FILE: (59, 70)},
        name="back",
        **COMMON,
    ),
    Program(
        REPOSITORY,
        FILE,
        build_for(True),
        (*ADAM, two(ADAM[0], BACK[6]), two(ADAM[9], BACK[8])),
        adaptive=True,
        backward={FILE: (76, 100)},
        name="adam",
        **COMMON,
    ),
]
