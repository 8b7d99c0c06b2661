"""oreilly-japan/deep-learning-from-scratch: two layers of layer objects, a dict of gradients."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, t: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = np.maximum(x @ W1 + b1, 0) @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(t * o, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.TwoLayerNet(3, 4, 3, 1.0)
    for name in ("b1", "b2"):
        net.params[name] += rng.normal(size=net.params[name].shape)
    x, t = rng.normal(size=(6, 3)), np.eye(3)[rng.integers(0, 3, size=6)]
    point = {name: value.copy() for name, value in net.params.items()}
    return Call(net.gradient, loss, {"x": x, "t": t, **point}, lambda grads: grads, (x, t))


LAYERS = "common/layers.py"

PROGRAMS = [
    Program(
        "oreilly-japan/deep-learning-from-scratch",
        "ch05/two_layer_net.py",
        build,
        (
            mistake(
                86, r"self\.y - self\.t", "self.y - 2 * self.t", "loss_derivative_wrong", "factor_2", "extra_factor", file=LAYERS
            ),
            mistake(
                86,
                r"self\.y - self\.t",
                "(self.y - self.t) * self.y",
                "loss_derivative_wrong",
                "missing_factor",
                "wrong_variable",
                "extra_factor",
                file=LAYERS,
            ),
            mistake(19, r"dout\[self\.mask\] = 0", "pass", "relu_mask_wrong", "missing_activation_derivative", file=LAYERS),
            mistake(19, r"self\.mask", "dout <= 0", "relu_mask_wrong", file=LAYERS),
            mistake(64, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(63, r"self\.x\.T", "np.tanh(self.x.T)", "wrong_activation_in_weight_gradient", file=LAYERS),
            mistake(62, r"dout,", "np.sign(dout),", "wrong_variable", file=LAYERS),
            two(
                mistake(64, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
                mistake(19, r"self\.mask", "dout <= 0", "relu_mask_wrong", file=LAYERS),
            ),
        ),
        harmless=(
            Edit(19, r"dout\[self\.mask\] = 0", r"dout = dout * ~self.mask", "common/layers.py"),
            Edit(86, r" / batch_size", r"", "common/layers.py"),
        ),
        more=(LAYERS, "common/functions.py"),
        root="",
        stubs={"common/util.py": "im2col = col2im = None", "common/gradient.py": "numerical_gradient = None"},
        group="tuned",
    )
]
