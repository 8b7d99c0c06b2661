"""YuehuGong/MLP-numpy: a course project; convolution forward with strides of memory and backward with loops, max pooling."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def convolved(x: Any, kernels: Any, bias: Any, stride: int, pad: int) -> Any:
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    places = range(0, x.shape[1] - 1, stride)
    rows = [[np.sum(kernels * x[:, i : i + 2, j : j + 2], axis=(1, 2, 3)) + bias for j in places] for i in places]
    return np.array(rows).transpose(2, 0, 1)


def loss(X: Any, labels: Any, kernels1: Any, bias1: Any, kernels2: Any, bias2: Any, W: Any, b: Any) -> Any:
    total = 0.0
    for x, label in zip(X, labels, strict=True):
        h = np.maximum(convolved(x, kernels1, bias1, 1, 1), 0)
        h = np.array([[h[:, i : i + 2, j : j + 2].max(axis=(1, 2)) for j in range(0, 8, 2)] for i in range(0, 8, 2)]).transpose(
            2, 0, 1
        )
        z = convolved(h, kernels2, bias2, 2, 0).ravel() @ W + b[0]
        total = total + np.log(np.sum(np.exp(z))) - z[label]
    return total / len(X)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    class Net:
        def __init__(self):
            self.layers = [
                module.Conv2D(1, 2, 2, padding=1),
                module.ReLU(),
                module.MaxPool2D(2),
                module.Conv2D(2, 2, 2, stride=2),
                module.Flatten(),
                module.Linear(8, 3),
            ]

        def backward(self, grads):
            for layer in self.layers[::-1]:
                grads = layer.backward(grads)

    model = Net()
    criterion = module.MultiCrossEntropyLoss(model, 3)
    homes = {f"{name}{k}": (place, name) for k, place in ((1, 0), (2, 3)) for name in ("kernels", "bias")}
    homes |= {"W": (5, "W"), "b": (5, "b")}
    start = {}
    for key, (place, name) in homes.items():
        start[key] = rng.normal(size=model.layers[place].params[name].shape)
        model.layers[place].params[name] = start[key].copy()
    X, labels = rng.normal(size=(3, 1, 7, 7)), rng.integers(0, 3, size=3)

    def train(X, labels):
        output = X
        for layer in model.layers:
            output = layer(output)
        criterion(output, labels)
        criterion.backward()

    return Call(
        train,
        loss,
        {"X": X, "labels": labels, **start},
        lambda _: {key: model.layers[place].grads[name] for key, (place, name) in homes.items()},
        (X, labels),
        bind={key: f"model.layers[{place}].params['{name}']" for key, (place, name) in homes.items()},
    )


PROGRAMS = [
    Program(
        "YuehuGong/MLP-numpy",
        "codes/mynn/op.py",
        build,
        (
            mistake(61, r"grad\)", "grad) / batch_size", "batch_scale_1_over_N"),
            mistake(62, r"sum\(axis = 0\)", "mean(axis = 0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(201, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(202, r"range\(new_H\)", "range(new_H - 1)", "loop_cut_short"),
            mistake(204, r"i \* self\.stride", "i", "wrong_index", "missing_factor"),
            mistake(206, r"X_pad\[b", "X_pad[0", "wrong_index"),
            mistake(209, r"\+=", "=", "gradient_accumulated_across_steps"),
            mistake(209, r"i, j\]", "j, i]", "transposed", "wrong_index"),
            mistake(213, r"\['kernels'\]\[oc\]", "['kernels'][oc, :, ::-1, ::-1]", "conv_kernel_reversed"),
            mistake(213, r"i, j\]", "0, 0]", "wrong_index"),
            mistake(307, r"\+=", "-=", "sign_flipped"),
            mistake(308, r" \* window_mask", " / (kH * kW)", "wrong_index", "relu_mask_wrong"),
            mistake(364, r"self\.input < 0", "grads < 0", "relu_mask_wrong", "wrong_variable"),
            mistake(410, r"-= 1", "-= 1 / batch_size", "loss_derivative_wrong", "extra_factor"),
            two(
                mistake(209, r"\+=", "=", "gradient_accumulated_across_steps"),
                mistake(62, r"sum\(axis = 0\)", "mean(axis = 0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
            two(
                mistake(364, r"self\.input < 0", "grads < 0", "relu_mask_wrong", "wrong_variable"),
                mistake(213, r"\['kernels'\]\[oc\]", "['kernels'][oc, :, ::-1, ::-1]", "conv_kernel_reversed"),
            ),
        ),
        harmless=(
            Edit(201, r"np\.sum\(grad_output\[b, oc\]\)", "grad_output[b, oc].sum()"),
            Edit(364, r"np\.where\(self\.input < 0, 0, grads\)", "grads * (self.input >= 0)"),
        ),
        root="codes",
        backward={"codes/mynn/op.py": (177, 365)},
        group="eighth",
    )
]
