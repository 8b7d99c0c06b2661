"""libaohang/CNN-NumPy: convolutions over strided views, max pooling, a dense layer; filters and weights with a moving average.

As published the filters are flipped and already moved where they hand the gradient back, and only the dense layer takes means."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def convolved(images: Any, filters: Any) -> Any:
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    out = 0.0
    for i in range(3):
        for j in range(3):
            out = out + padded[:, i : i + 4, j : j + 4, :] @ filters[:, :, i, j].T
    return out


def loss(images: Any, y: Any, k1: Any, k2: Any, w: Any, b: Any) -> Any:
    h = convolved(np.maximum(convolved(images, k1), 0), k2)
    h = np.max(h.reshape(3, 2, 2, 2, 2, 2), axis=(2, 4))
    o = h.reshape(3, 8) @ w.T + b
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import Activations

    conv1, relu = module.ConvolutionLayer(3, 2, 1, 0.1, 0.9), Activations.ReLu()
    conv2, pool = module.ConvolutionLayer(3, 2, 2, 0.1, 0.9), module.MaxPoolingLayer(2)
    flat, dense, softmax = module.FlattenLayer(), module.DenseLayer(8, 3, 0.1, 0.9), Activations.SoftMax()
    start = {"k1": conv1.filters.copy(), "k2": conv2.filters.copy(), "w": dense.weights.copy(), "b": dense.bias.copy()}
    images, y = rng.normal(size=(3, 4, 4, 1)), np.eye(3)[[0, 2, 1]]

    def train(images, y):
        p = softmax.forward(dense.forward(flat.forward(pool.forward(conv2.forward(relu.forward(conv1.forward(images)))))))
        gradient = flat.backward(dense.backward(softmax.backward(-y / p)))
        conv1.backward(relu.backward(conv2.backward(pool.backward(gradient))))

    return Call(
        train,
        loss,
        {"images": images, "y": y, **start},
        lambda _: {
            "k1": conv1.filters - start["k1"],
            "k2": conv2.filters - start["k2"],
            "w": dense.weights - start["w"],
            "b": dense.bias - start["b"],
        },
        (images, y),
        bind={"k1": "conv1.filters", "k2": "conv2.filters", "w": "dense.weights", "b": "dense.bias"},
    )


ACT = "Activations.py"
MISTAKES = (
    mistake(48, r"patchesMax == self\.patches", "self.patches > 0", "relu_mask_wrong", "wrong_variable"),
    mistake(54, r" \* mask", " * np.ones_like(mask)", "missing_factor", "missing_activation_derivative"),
    mistake(58, r"0, 1, 3, 2, 4, 5", "0, 1, 4, 2, 3, 5", "transposed", "wrong_index"),
    mistake(123, r"self\.stridedView\[", "np.abs(self.stridedView)[", "wrong_activation_in_weight_gradient"),
    mistake(123, r" \* dE_dY", " * np.sign(dE_dY)", "upstream_gradient_dropped"),
    mistake(125, r"dE_dK", "dE_dK[:, :, ::-1, ::-1]", "conv_kernel_reversed"),
    mistake(129, r"self\.filters\[:, :, :, :\]|self\.filters\b", "dE_dK", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(136, r"4, 5, 3", "5, 4, 3", "transposed", "wrong_index"),
    mistake(145, r"\+=", "=", "gradient_overwritten"),
    mistake(147, r"\(filterSize - 1\) // 2", "1", "wrong_index"),
    mistake(176, r"self\.input", "np.maximum(self.input, 0)", "wrong_activation_in_weight_gradient"),
    mistake(179, r"self\.weights", "dE_dW", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(182, r" / batch", "", "batch_scale_1_over_N"),
    mistake(184, r"\* dE_dW", "* self.weights", "wrong_variable", "optimizer_rule_wrong"),
    mistake(185, r"1 - self\.beta", "1 + self.beta", "optimizer_rule_wrong", "sign_flipped"),
    mistake(9, r"self\.input > 0", "gradient > 0", "relu_mask_wrong", "wrong_variable", file=ACT),
    mistake(9, r"\(self\.input > 0\) \* ", "", "missing_activation_derivative", "relu_mask_wrong", file=ACT),
    mistake(19, r" - np\.sum\(output \* dE_dY, axis=1, keepdims=True\)", "", "softmax_jacobian_wrong", file=ACT),
)
PROGRAMS = [
    Program(
        "libaohang/CNN-NumPy",
        "Layers.py",
        build,
        (*tuple(m for k, m in enumerate(MISTAKES) if k != 9), two(MISTAKES[3], MISTAKES[12]), two(MISTAKES[8], MISTAKES[17])),
        harmless=(
            Edit(179, r"dE_dY @ self\.weights", "np.dot(dE_dY, self.weights)"),
            Edit(54, r"dE_dY \* mask", "np.where(mask, dE_dY, 0)"),
        ),
        more=(ACT,),
        mend=(
            Edit(123, r"axis=\(0,1,2\)\)", "axis=(0,1,2)) / batch"),
            Edit(126, r"self\.filters -= self\.v_filters \* self\.lr", "pass"),
            Edit(129, r"\[:, :, ::-1, ::-1\]", "[:, :, :, :]"),
            Edit(148, r"$", "; self.filters -= self.v_filters * self.lr"),
        ),
        published=("conv_kernel_reversed", "updated_weights_used", "batch_scale_1_over_N"),
        blame=(123, 126, 129, 134, 125),
        backward={"Layers.py": (37, 190), ACT: (8, 20)},
        group="tenth",
    )
]
