"""Karix0202/numpy-neural-net: layers that update themselves on the way back; activations and costs are classes.

As published a layer hands back what its new weights give, and the derivative of the sigmoid applies it to its own output."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def build_for(act: str) -> Any:
    def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
        def f(z: Any) -> Any:
            return np.maximum(z, 0) if act == "ReLU" else 1 / (1 + np.exp(-z))

        return np.sum((f(f(x @ W1 + b1) @ W2 + b2) @ W3 + b3 - y) ** 2)

    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        layer1 = module.Layer(3, 5, eta=0.05, act=getattr(module, act))
        layer2 = module.Layer(5, 4, eta=0.05, act=getattr(module, act))
        layer3 = module.Layer(4, 2, eta=0.05)
        cost = module.MSE()
        start = {}
        for k, layer in ((1, layer1), (2, layer2), (3, layer3)):
            layer.W, layer.b = rng.normal(size=layer.W.shape), rng.normal(size=layer.b.shape)
            start[f"W{k}"], start[f"b{k}"] = layer.W.copy(), layer.b.copy()
        x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))

        def train(x, y):
            y_hat = layer3.forward(layer2.forward(layer1.forward(x)))
            grad = layer3.backward(cost.derivative(y_hat, y))
            layer1.backward(layer2.backward(grad))

        return Call(
            train,
            loss,
            {"x": x, "y": y, **start},
            lambda _: {name: getattr((layer1, layer2, layer3)[int(name[1]) - 1], name[0]) - then for name, then in start.items()},
            (x, y),
            bind={name: f"layer{name[1]}.{name[0]}" for name in start},
        )

    return build


ACT, COSTS = "activations.py", "costs.py"
MISTAKES = (
    mistake(31, r"self\.output\)", "self.input[:, :1])", "derivative_at_wrong_point", "wrong_variable"),
    mistake(
        31, r"np\.multiply\(self\.act\.derivative\(self\.output\), grad_last\)", "grad_last", "missing_activation_derivative"
    ),
    mistake(31, r"grad_last\)", "np.sign(grad_last))", "upstream_gradient_dropped"),
    mistake(33, r"self\.input\.T, grad", "self.input.T, grad_last", "missing_activation_derivative", "wrong_variable"),
    mistake(33, r"self\.input\.T", "self.act(self.input).T", "wrong_activation_in_weight_gradient"),
    mistake(34, r"= grad", "= grad_last", "missing_activation_derivative", "wrong_variable"),
    mistake(34, r"= grad", "= grad / len(grad)", "batch_scale_1_over_N"),
    mistake(36, r"np\.dot\(grad,", "np.dot(grad_last,", "missing_activation_derivative", "wrong_variable"),
    mistake(36, r"self\.W\.T", "dW.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(41, r"-=", "+=", "sign_flipped"),
    mistake(42, r"\.sum\(0\)", ".sum()", "bias_gradient_reduction"),
    mistake(42, r"\.sum\(0\)", "[0]", "bias_gradient_reduction", "wrong_index"),
    mistake(21, r"y_hat - y_true", "np.abs(y_hat - y_true)", "loss_derivative_wrong", "sign_flipped", file=COSTS),
    mistake(21, r" - y_true", "", "loss_derivative_wrong", file=COSTS),
)
RELU = (mistake(22, r"np\.heaviside\(input, 0\)", "self(input)", "wrong_activation_derivative", "relu_mask_wrong", file=ACT),)
SIGMOID = (mistake(15, r"\* \(1 - self\(input\)\)|\* \(1 - input\)", "", "wrong_activation_derivative", file=ACT),)
HARMLESS = (
    Edit(33, r"np\.dot\(self\.input\.T, grad\)", "self.input.T @ grad"),
    Edit(42, r"\(self\.eta \* db\)\.sum\(0\)", "self.eta * db.sum(0)"),
)
MEND = (
    Edit(36, r"self\.update", "back = np.dot(grad, self.W.T); self.update"),
    Edit(38, r"np\.dot\(grad, self\.W\.T\)", "back"),
)
PROGRAMS = [
    Program(
        "Karix0202/numpy-neural-net",
        "layers.py",
        build_for("ReLU"),
        (*MISTAKES[1:8], *MISTAKES[9:], *RELU, two(MISTAKES[4], MISTAKES[10]), two(MISTAKES[6], MISTAKES[7])),
        harmless=HARMLESS,
        more=(ACT, COSTS),
        mend=MEND,
        published=("updated_weights_used",),
        blame=(38, 36, 41),
        backward={"layers.py": (29, 42), ACT: (21, 29), COSTS: (20, 21)},
        name="relu",
        group="tenth",
    ),
    Program(
        "Karix0202/numpy-neural-net",
        "layers.py",
        build_for("Sigmoid"),
        (*MISTAKES[:6:2], *MISTAKES[7:9], MISTAKES[12], *SIGMOID, two(MISTAKES[3], MISTAKES[11])),
        harmless=HARMLESS,
        more=(ACT, COSTS),
        mend=(
            *MEND,
            Edit(15, r"self\(input\) \* \(1 - self\(input\)\)", "input * (1 - input)", ACT),
        ),
        published=(
            "updated_weights_used",
            "derivative_of_activated_value",
            "derivative_at_wrong_point",
            "wrong_activation_derivative",
        ),
        blame=(15, 31, 38, 36, 41),
        backward={"layers.py": (29, 42), ACT: (14, 15), COSTS: (20, 21)},
        name="sigmoid",
        group="tenth",
    ),
]
