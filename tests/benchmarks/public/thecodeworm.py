"""thecodeworm/numpy-mnist: two linear layers that keep their gradients, ReLU as functions, softmax; an optimizer of its own."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    return np.sum(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * Y, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.MultiLayerPerceptron()
    net.layer1, net.layer2 = module.Linear(4, 5), module.Linear(5, 3)
    start = {}
    for k, layer in ((1, net.layer1), (2, net.layer2)):
        layer.W, layer.b = rng.normal(size=layer.W.shape), rng.normal(size=layer.b.shape)
        start[f"W{k}"], start[f"b{k}"] = layer.W.copy(), layer.b.copy()
    X, Y = rng.normal(size=(6, 4)), np.eye(3)[[0, 2, 1, 1, 0, 2]]

    def train(X, Y):
        net.forward(X)
        net.backward(Y)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {name: getattr(getattr(net, f"layer{name[1]}"), "d" + name[0]) for name in start},
        (X, Y),
        bind={name: f"net.layer{name[1]}.{name[0]}" for name in start},
    )


LAYERS = "layers.py"
MISTAKES = (
    mistake(9, r"x > 0", "x >= 0", "relu_mask_wrong", "wrong_activation_derivative", file=LAYERS),
    mistake(9, r"\(x > 0\)\.astype\(float\)", "x", "wrong_activation_derivative", "relu_mask_wrong", file=LAYERS),
    mistake(31, r"self\.X\.T, self\.dZ", "self.X.T > 0, self.dZ", "wrong_activation_in_weight_gradient", file=LAYERS),
    mistake(31, r"self\.dZ", "self.dZ / len(dZ)", "batch_scale_1_over_N", file=LAYERS),
    mistake(32, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
    mistake(32, r"axis=0", "axis=1", "bias_gradient_reduction", file=LAYERS),
    mistake(33, r"self\.W", "self.dW", "gradient_or_update_used_for_weight", "wrong_variable", file=LAYERS),
    mistake(33, r"dZ, ", "np.sign(dZ), ", "upstream_gradient_dropped", "wrong_variable", file=LAYERS),
    mistake(34, r"self\.dX", "-self.dX", "sign_flipped", file=LAYERS),
    mistake(18, r"np\.subtract\(self\.a2, Y\)", "-Y / self.a2", "loss_derivative_wrong", "softmax_jacobian_wrong"),
    mistake(18, r"np\.subtract\(self\.a2, Y\)", "(self.a2 - Y) * self.a2", "extra_factor", "loss_derivative_wrong"),
    mistake(18, r"self\.a2, Y", "self.a2, 2 * Y", "loss_derivative_wrong", "factor_2"),
    mistake(20, r" \* l\.relu_deriv\(self\.a1\)", "", "missing_activation_derivative"),
    mistake(20, r"self\.dA1 \*", "self.dA1 + ", "upstream_gradient_dropped", "wrong_activation_derivative"),
    mistake(21, r"self\.dZ1", "self.dA1", "missing_activation_derivative", "wrong_variable"),
    mistake(21, r"self\.dZ1", "self.a1 * self.dZ1", "extra_factor"),
)
PROGRAMS = [
    Program(
        "thecodeworm/numpy-mnist",
        "network.py",
        build,
        (*MISTAKES[1:], two(MISTAKES[4], MISTAKES[12]), two(MISTAKES[2], MISTAKES[10])),
        harmless=(
            Edit(20, r"l\.relu_deriv\(self\.a1\)", "(self.a1 > 0)"),
            Edit(33, r"np\.dot\(dZ, self\.W\.T\)", "(self.W @ dZ.T).T", LAYERS),
        ),
        more=(LAYERS,),
        backward={"network.py": (17, 21), LAYERS: (8, 34)},
        group="tenth",
    )
]
