"""gabmis/cnn-from-scratch: einsum for each example; the biases are a column of the weights.

As published the derivative of the sigmoid has the sigmoid of one minus the input."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, W2: Any, W3: Any) -> Any:
    def layer(a: Any, W: Any) -> Any:
        return a @ W[:, :-1].T + W[:, -1]

    o = layer(1 / (1 + np.exp(-layer(np.maximum(layer(x, W1), 0), W2))), W3)
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    layers = [
        module.FC((3,), 5, module.ReLU()),
        module.FC((5,), 4, module.Sigmoid()),
        module.FC((4,), 3, module.Identity()),
    ]
    start = {}
    for k, layer in enumerate(layers, 1):
        layer.weights = start[f"W{k}"] = rng.normal(size=layer.weights.shape)
    net = module.CNN(layers, module.SoftmaxCrossEntropy(), module.SGD(0.1))
    x, y = rng.normal(size=(6, 3)), np.eye(3)[[0, 2, 1, 1, 0, 2]]
    return Call(
        net.backpropagate,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: layers[int(name[1]) - 1].weights - then for name, then in start.items()},
        (x, y),
        bind={f"W{k + 1}": f"self.layers[{k}].weights" for k in range(3)},
    )


MISTAKES = (
    mistake(42, r"inpt > 0", "inpt < 0", "relu_mask_wrong"),
    mistake(42, r"\(inpt > 0\)\.astype\(float\)", "self.forward(inpt)", "relu_mask_wrong", "wrong_activation_derivative"),
    mistake(31, r"self\.forward\(inpt\) \* ", "", "wrong_activation_derivative", "missing_factor"),
    mistake(60, r"softmax_inpt - targets", "-targets / softmax_inpt", "loss_derivative_wrong", "softmax_jacobian_wrong"),
    mistake(60, r"softmax_inpt - targets", "softmax_inpt * (softmax_inpt - targets)", "loss_derivative_wrong", "extra_factor"),
    mistake(112, r"self\.input_memory", "np.sign(self.input_memory)", "wrong_activation_in_weight_gradient"),
    mistake(112, r"deltas, self", "np.sign(deltas), self", "upstream_gradient_dropped"),
    mistake(114, r"self\.weights\.T", "grads.mean(axis=0).T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(117, r":-1\]", "1:]", "wrong_index"),
    mistake(234, r" \* deltas", " * np.sign(deltas)", "upstream_gradient_dropped"),
    mistake(234, r"layer\.activation\.derivative\(layer\.weighted_input_memory\) \* ", "", "missing_activation_derivative"),
    mistake(234, r"weighted_input_memory", "input_memory[:, :1]", "wrong_variable", "derivative_at_wrong_point"),
    mistake(80, r"- self\.lr", "+ self.lr", "sign_flipped"),
    mistake(107, r"= self\.compute_grads\(deltas\)", "= self.compute_grads(np.abs(deltas))", "sign_flipped",
            "upstream_gradient_dropped"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "gabmis/cnn-from-scratch",
        "cnn.py",
        build,
        (*MISTAKES[:12], MISTAKES[13], two(MISTAKES[0], MISTAKES[5]), two(MISTAKES[4], MISTAKES[8])),
        harmless=(
            Edit(114, r"np\.einsum\(\"ij,bj->bi\", self\.weights\.T, deltas\)", "deltas @ self.weights"),
            Edit(80, r"grads\.mean\(axis=0\)", "grads.sum(axis=0)"),
        ),
        more=("base.py", "conv.py"),
        mend=(Edit(31, r"self\.forward\(1 - inpt\)", "(1 - self.forward(inpt))"),),
        published=("wrong_activation_derivative", "derivative_at_wrong_point"),
        stubs={"tqdm/__init__.py": "trange = range"},
        backward={"cnn.py": (26, 237)},
        group="eleventh",
    )
]
