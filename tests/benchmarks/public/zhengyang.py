"""zhengyangWang1/FNN-MNIST-Numpy: layers with and without weight decay; ReLU masks in place, softmax divides by the batch."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def build_for(act: str, lamb: float) -> Any:
    def loss(x: Any, label: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        z = x @ w1 + b1
        o = (np.maximum(z, 0) if act == "ReLU" else 1 / (1 + np.exp(-z))) @ w2 + b2
        decay = lamb / 12 * (np.sum(w1**2) + np.sum(w2**2))
        return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * label, axis=1)) + decay

    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        fc1, hidden, fc2, softmax = module.Net(3, 5), getattr(module, act)(), module.Net(5, 3), module.Softmax()
        start = {}
        for k, layer in ((1, fc1), (2, fc2)):
            layer.w, layer.bias = rng.normal(size=layer.w.shape), rng.normal(size=layer.bias.shape)
            start[f"w{k}"], start[f"b{k}"] = layer.w.copy(), layer.bias.copy()
        x, label = rng.normal(size=(6, 3)), np.eye(3)[[0, 2, 1, 1, 0, 2]]

        def train(x, label):
            softmax.forward(fc2.forward(hidden.forward(fc1.forward(x))))
            softmax.get_loss(label)
            grad = softmax.backward()
            if lamb:
                fc1.backward_with_l2(hidden.backward(fc2.backward_with_l2(grad, lamb, 6)), lamb, 6)
            else:
                fc1.backward(hidden.backward(fc2.backward(grad)))
            fc2.update(0.1)
            fc1.update(0.1)

        return Call(
            train,
            loss,
            {"x": x, "label": label, **start},
            lambda _: {
                name: getattr((fc1, fc2)[int(name[1]) - 1], "w" if name[0] == "w" else "bias") - then
                for name, then in start.items()
            },
            (x, label),
            bind={"w1": "fc1.w", "b1": "fc1.bias", "w2": "fc2.w", "b2": "fc2.bias"},
        )

    return build


COMMON = (
    mistake(34, r"lr \* self\.grad_w", "lr * self.w", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(35, r"- lr", "+ lr", "sign_flipped"),
    mistake(87, r"self\.prob - self\.label", "self.prob * (self.prob - self.label)", "extra_factor", "loss_derivative_wrong"),
    mistake(87, r"self\.prob - self\.label", "-self.label / self.prob", "loss_derivative_wrong", "softmax_jacobian_wrong"),
)
PLAIN = (
    mistake(22, r"self\.input_data\.T", "np.sign(self.input_data).T", "wrong_activation_in_weight_gradient"),
    mistake(23, r"axis=0", "axis=0) / np.mean(grad.shape[0]", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(23, r"grad, axis=0", "self.output_data, axis=0", "wrong_variable"),
    mistake(24, r"self\.w\.T", "self.grad_w.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(50, r"= grad", "= np.ones_like(grad)", "upstream_gradient_dropped"),
    mistake(51, r"self\.input_data < 0", "grad < 0", "relu_mask_wrong", "wrong_variable"),
    mistake(51, r"self\.input_data < 0", "self.input_data > 0", "relu_mask_wrong"),
    mistake(51, r"next_grad\[.*$", "pass", "missing_activation_derivative", "relu_mask_wrong"),
)
DECAY = (
    mistake(28, r" \+ \(lamb / batch_size\) \* self\.w", "", "regularisation_term_wrong"),
    mistake(28, r"lamb / batch_size", "lamb", "regularisation_term_wrong", "batch_scale_1_over_N"),
    mistake(28, r"\* self\.w", "* np.sign(self.w)", "regularisation_term_wrong"),
    mistake(28, r"\+ \(lamb", "- (lamb", "regularisation_term_wrong", "sign_flipped"),
    mistake(29, r", axis=0", "", "bias_gradient_reduction"),
    mistake(30, r"self\.w\.T", "self.grad_w.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(64, r"grad \* ", "", "upstream_gradient_dropped"),
    mistake(64, r" \* \(1 - self\.input_data\)", "", "wrong_activation_derivative", "missing_factor"),
    mistake(64, r"1 - self\.input_data", "1 - self.input_data ** 2", "wrong_activation_derivative"),
    mistake(60, r"self.input_data = (.*)", r"self.input_data = input_data; return \1", "wrong_variable",
            "derivative_at_wrong_point", blame=(64,)),
)  # fmt: skip
PROGRAMS = [
    Program(
        "zhengyangWang1/FNN-MNIST-Numpy",
        "layer.py",
        build_for("ReLU", 0.0),
        (*PLAIN, *COMMON, two(PLAIN[0], COMMON[2]), two(PLAIN[1], PLAIN[6])),
        harmless=(
            Edit(51, r"next_grad\[.*$", "next_grad = grad * (self.input_data > 0)"),
            Edit(23, r"np\.sum\(grad, axis=0\)", "np.ones(len(grad)) @ grad"),
        ),
        backward={"layer.py": (21, 88)},
        name="relu",
        group="tenth",
    ),
    Program(
        "zhengyangWang1/FNN-MNIST-Numpy",
        "layer.py",
        build_for("Sigmoid", 0.4),
        (*DECAY, *COMMON[1:3], two(DECAY[1], DECAY[8]), two(DECAY[4], COMMON[2])),
        harmless=(
            Edit(28, r"\(lamb / batch_size\) \* self\.w", "self.w * lamb / batch_size"),
            Edit(64, r"self\.input_data \* \(1 - self\.input_data\)", "(self.input_data - self.input_data ** 2)"),
        ),
        backward={"layer.py": (27, 88)},
        name="decay",
        group="tenth",
    ),
]
