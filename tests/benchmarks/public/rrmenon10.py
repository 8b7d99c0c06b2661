"""rrmenon10/MLP-numpy: an assignment of Python 2; layers choose among optimizers, and keep bias gradients for each sample."""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(x: Any, one_hot_vec: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    z = np.tanh(np.tanh(x @ W1 + b1) @ W2 + b2) @ W3 + b3
    return np.sum(np.log(np.sum(np.exp(z), axis=1)) - np.sum(one_hot_vec * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    args = SimpleNamespace(lr_start=0.1, optimizer="momentum", loss="ce", momentum=0.9, act="tanh")
    layers = [
        module.HiddenLayer(rng, 3, 4, args),
        module.HiddenLayer(rng, 4, 4, args),
        module.FinalLayer(rng, 4, 3, args),
    ]
    start = {}
    for k, layer in enumerate(layers, 1):
        start[f"W{k}"], start[f"b{k}"] = rng.normal(size=layer.W.shape), rng.normal(size=layer.b.shape)
        layer.W, layer.b = start[f"W{k}"].copy(), start[f"b{k}"].copy()
    x, one_hot_vec = rng.normal(size=(6, 3)), np.eye(3)[rng.integers(0, 3, size=6)]

    def train(x, one_hot_vec):
        output = x
        for layer in layers:
            output = layer.forward_pass(output)
        gradOutput = one_hot_vec
        for layer in layers[::-1]:
            gradOutput = layer.backward_prop(gradOutput, 1)

    return Call(
        train,
        loss,
        {"x": x, "one_hot_vec": one_hot_vec, **start},
        lambda _: {name: getattr(layers[int(name[1]) - 1], name[0]) - value for name, value in start.items()},
        (x, one_hot_vec),
        bind={name: f"layers[{int(name[1]) - 1}].{name[0]}" for name in start},
    )


PROGRAMS = [
    Program(
        "rrmenon10/MLP-numpy",
        "src/main.py",
        build,
        (
            mistake(87, r"-\(one_hot_vec - self\.output\)", "self.output", "loss_derivative_wrong", "wrong_variable"),
            mistake(
                87,
                r"self\.output\)",
                "self.output)*self.grad_softmax()",
                "loss_derivative_wrong",
                "extra_factor",
                "softmax_jacobian_wrong",
            ),
            mistake(100, r"grad_a", "grad_a*self.output", "extra_factor"),
            Mistake(
                (
                    Edit(102, r"self\.updateParameters\(.*\)", "pass"),
                    Edit(100, r"$", "\n" + 16 * " " + "self.updateParameters(grad_W, grad_b, numSteps)"),
                ),
                ("updated_weights_used",),
                (101, 102),
            ),
            mistake(150, r"self\.lr", "(1 - self.args.momentum) * self.lr", "optimizer_rule_wrong", "extra_factor"),
            mistake(157, r"sum\(0\)", "mean(0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(223, r"self\.grad_act\(\)", "self.output", "wrong_activation_derivative", "wrong_variable"),
            mistake(223, r"np\.multiply\(self\.grad_act\(\), gradOutput\)", "gradOutput", "missing_activation_derivative"),
            mistake(224, r"grad_a", "gradOutput", "missing_activation_derivative", "wrong_variable"),
            mistake(225, r"grad_a", "gradOutput", "missing_activation_derivative", "wrong_variable"),
            mistake(228, r"gradInput", "gradInput / len(gradInput)", "batch_scale_1_over_N", "extra_factor"),
            mistake(248, r"\*\*2", "", "wrong_activation_derivative"),
            mistake(248, r"self\.output", "np.tanh(self.output)", "derivative_of_activated_value"),
            mistake(288, r"self\.lr \* ", "", "missing_factor", "optimizer_rule_wrong"),
            mistake(293, r"-=", "+=", "sign_flipped"),
            mistake(294, r"sum\(0\)", "sum()", "bias_gradient_reduction"),
            two(
                mistake(157, r"sum\(0\)", "mean(0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(248, r"\*\*2", "", "wrong_activation_derivative"),
            ),
            two(
                mistake(224, r"grad_a", "gradOutput", "missing_activation_derivative", "wrong_variable"),
                mistake(294, r"sum\(0\)", "sum()", "bias_gradient_reduction"),
            ),
        ),
        harmless=(
            Edit(226, r"np\.dot\(grad_a,self\.W\.T\)", "np.dot(self.W,grad_a.T).T"),
            Edit(248, r"1\.0 - self\.output\*\*2", "(1.0 - self.output)*(1.0 + self.output)"),
        ),
        keep=((12, 12), (29, 294)),
        backward={"src/main.py": (80, 294)},
        group="eighth",
    )
]
