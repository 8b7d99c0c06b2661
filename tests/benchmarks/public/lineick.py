"""lineick/numpy-neural: functions that return gradients or new parameters; steps with momentum.

The moving averages start with those of earlier steps."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

LABELS = np.array([0, 2, 1, 9, 0])
NAMES = ("W1", "b1", "W2", "b2")


def loss(x: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = W2 @ np.maximum(W1 @ x + b1, 0) + b2
    return np.mean(np.log(np.sum(np.exp(o), axis=0)) - np.sum(o * np.transpose(np.eye(10)[LABELS]), axis=0))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    shapes = ((6, 4), (6, 1), (10, 6), (10, 1))
    start = {name: rng.normal(size=shape) for name, shape in zip(NAMES, shapes, strict=True)}
    x, v = rng.normal(size=(4, 5)), [rng.normal(size=shape) for shape in shapes]

    def train(x, W1, b1, W2, b2):
        Z1, A1, Z2, A2 = module.forward_prop(W1, b1, W2, b2, x)
        grads = module.back_prop(Z1, A1, Z2, A2, W1, W2, x, LABELS, 5)
        return module.update_params_momentum(W1, b1, W2, b2, *grads, *v, 0.1, 0.8)

    return Call(
        train,
        loss,
        {"x": x, **start},
        lambda result: {name: value - start[name] for name, value in zip(NAMES, result[:4], strict=True)},
        (x, *start.values()),
    )


FILE = "src/nn.py"
MISTAKES = (
    mistake(78, r"x > 0", "x > 0.5", "relu_mask_wrong"),
    mistake(83, r"A2 - one_hot_y", "A2 - one_hot_y / 2", "loss_derivative_wrong"),
    mistake(84, r"1 / batch_size \* ", "", "batch_scale_1_over_N"),
    mistake(85, r"axis=1, ", "", "bias_gradient_reduction"),
    mistake(86, r" \* deriv_relu\(Z1\)", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(87, r"x\.T", "np.sign(x.T)", "wrong_activation_in_weight_gradient"),
    mistake(88, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(105, r"\(1 - beta\) \* dW1", "dW1", "optimizer_rule_wrong", "missing_factor"),
    mistake(106, r"\* v_db1", "* db1", "optimizer_rule_wrong", "wrong_variable"),
    mistake(107, r"\+ \(1 - beta\)", "- (1 - beta)", "optimizer_rule_wrong", "sign_flipped"),
    mistake(108, r"= beta \* v_db2 \+ ", "= ", "optimizer_rule_wrong"),
    mistake(110, r"v_dW1", "dW1", "optimizer_rule_wrong", "wrong_variable"),
    mistake(112, r"- alpha", "+ alpha", "sign_flipped"),
    mistake(113, r"v_db2", "v_db2 * beta", "optimizer_rule_wrong", "extra_factor"),
)
PROGRAMS = [
    Program(
        "lineick/numpy-neural",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[8]), two(MISTAKES[4], MISTAKES[9])),
        harmless=(
            Edit(84, r"dZ2\.dot\(A1\.T\)", "(dZ2 @ A1.T)"),
            Edit(110, r"W1 - alpha \* v_dW1", "W1 + -alpha * v_dW1"),
        ),
        adaptive=True,
        keep=((1, 1), (52, 115)),
        backward={FILE: (77, 113)},
        group="eleventh",
    )
]
