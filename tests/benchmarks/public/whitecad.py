"""whitecad1228/Neural-Network-NumPy: a course assignment with two spaces of indent; layers, masks, and one of two losses."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def build_for(act: str) -> Any:
    def loss(X: Any, labels: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
        def f(z: Any) -> Any:
            return np.maximum(z, 0) if act == "ReLU" else 1 / (1 + np.exp(-z))

        o = f(f(X @ w1 + b1) @ w2 + b2) @ w3 + b3
        if act == "ReLU":
            return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * np.eye(3)[labels[:, 0]], axis=1))
        return np.sum(np.log(1 + np.exp(o)) - o * labels)

    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        net = module.FeedForwardNeuralNetwork(4, 3 if act == "ReLU" else 1, 5, 3, act)
        criterion = module.CrossEntropySoftmax() if act == "ReLU" else module.SigmoidCrossEntropy()
        linear = [layer for layer in net.layers if hasattr(layer, "weights")]
        start = {}
        for k, layer in enumerate(linear, 1):
            layer.weights, layer.bias = rng.normal(size=layer.weights.shape), rng.normal(size=layer.bias.shape)
            start[f"w{k}"], start[f"b{k}"] = layer.weights.copy(), layer.bias.copy()
        X, labels = rng.normal(size=(6, 4)), rng.integers(0, 3 if act == "ReLU" else 2, size=(6, 1))

        def train(X, labels):
            criterion.forward(net.forward(X), labels)
            net.backward(criterion.backward())
            net.step(0.1)

        return Call(
            train,
            loss,
            {"X": X, "labels": labels, **start},
            lambda _: {
                name: getattr(linear[int(name[1]) - 1], "weights" if name[0] == "w" else "bias") - then
                for name, then in start.items()
            },
            (X, labels),
            bind={f"{n[0]}{k}": f"net.layers[{2 * k - 2}].{n}" for k in (1, 2, 3) for n in ("weights", "bias")},
        )

    return build


COMMON = (
    mistake(227, r"self\.input\.T", "np.sign(self.input).T", "wrong_activation_in_weight_gradient"),
    mistake(227, r"@grad", "@(grad / len(grad))", "batch_scale_1_over_N"),
    mistake(228, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(228, r" ?,axis=0", "", "bias_gradient_reduction"),
    mistake(229, r"self\.weights\.T", "self.grad_weights.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(229, r"grad@", "np.sign(grad)@", "upstream_gradient_dropped"),
    mistake(232, r"-=", "+=", "sign_flipped"),
    mistake(233, r"self\.bias -=", "self.bias =", "gradient_or_update_used_for_weight"),
)
OWN = {
    "ReLU": (
        mistake(298, r"input > 0", "input > 1.5", "relu_mask_wrong", blame=(303,)),
        mistake(303, r"self\.mask", "(grad > 0)", "relu_mask_wrong", "wrong_variable"),
        mistake(303, r"grad \* ", "", "upstream_gradient_dropped"),
        mistake(328, r"-=  1", "-= 2", "loss_derivative_wrong"),
        mistake(328, r"-=  1", "= 0", "loss_derivative_wrong"),
        mistake(329, r"grad\.astype\(np\.float64\)", "(grad * np.abs(grad))", "extra_factor", "loss_derivative_wrong"),
    ),
    "Sigmoid": (
        mistake(287, r" \* \(1-self\.act\)", "", "wrong_activation_derivative", "missing_factor"),
        mistake(287, r"1-self\.act", "1-self.act**2", "wrong_activation_derivative"),
        mistake(287, r"grad \* ", "", "upstream_gradient_dropped"),
        mistake(345, r"- self\.labels", "* self.labels", "loss_derivative_wrong"),
        mistake(345, r"1 / \(1 \+ np\.exp\(-self\.logits\)\)", "self.logits", "loss_derivative_wrong", "wrong_variable"),
        mistake(345, r"np\.exp\(-self", "np.exp(self", "sign_flipped", "loss_derivative_wrong"),
    ),
}
PROGRAMS = [
    Program(
        "whitecad1228/Neural-Network-NumPy",
        "net.py",
        build_for(act),
        (*(COMMON if act == "ReLU" else COMMON[::2]), *OWN[act], two(COMMON[3], OWN[act][1]), two(COMMON[0], OWN[act][4])),
        harmless=(
            Edit(227, r"self\.input\.T@grad", "np.dot(self.input.T, grad)"),
            Edit(229, r"grad@self\.weights\.T", "np.dot(grad, self.weights.T)"),
        ),
        keep=((4, 4), (185, 345)),
        backward={"net.py": (226, 345)},
        name=act.lower(),
        group="tenth",
    )
    for act in ("ReLU", "Sigmoid")
]
