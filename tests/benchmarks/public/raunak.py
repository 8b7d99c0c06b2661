"""raunak-sood2003/Numpy-Deep-Learning-Library: convolution by index arrays, max pooling, absolute and squared penalties on
weights and biases.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

L1, L2 = 0.1, 0.2


def loss(images: Any, y: Any, k: Any, c: Any, w: Any, b: Any) -> Any:
    h = 0.0
    for i in range(2):
        for j in range(2):
            h = h + np.einsum("nchw,oc->nohw", images[:, :, i : i + 4, j : j + 4], k[:, :, i, j])
    h = np.max((h + c.reshape(1, 2, 1, 1)).reshape(3, 2, 2, 2, 2, 2), axis=(3, 5)).reshape(3, 8)
    penalty = L1 * (np.sum(np.abs(w)) + np.sum(np.abs(b))) + L2 * (np.sum(w**2) + np.sum(b**2))
    return 0.5 * np.sum((h @ w + b - y) ** 2) + penalty


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    conv, pool, flat = module.Conv2D(2, 2, (2, 2)), module.MaxPool2D((2, 2), (2, 2)), module.Flatten()
    linear = module.Linear(8, 3, weight_reg_l1=L1, bias_reg_l1=L1, weight_reg_l2=L2, bias_reg_l2=L2)
    conv.biases, linear.biases = rng.normal(size=(2, 1)), rng.normal(size=(1, 3))
    start = {"k": conv.weights.copy(), "c": conv.biases.copy(), "w": linear.weights.copy(), "b": linear.biases.copy()}
    images, y = rng.normal(size=(3, 2, 5, 5)), rng.normal(size=(3, 3))

    def train(images, y):
        value = images
        for layer in (conv, pool, flat, linear):
            layer.forward(value, True)
            value = layer.output
        grad = value - y
        for layer in (linear, flat, pool, conv):
            layer.backward(grad)
            grad = layer.dinputs

    return Call(
        train,
        loss,
        {"images": images, "y": y, **start},
        lambda _: {"k": conv.dweights, "c": conv.dbiases, "w": linear.dweights, "b": linear.dbiases},
        (images, y),
        bind={"k": "conv.weights", "c": "conv.biases", "w": "linear.weights", "b": "linear.biases"},
    )


MISTAKES = (
    mistake(97, r"self\.inputs\.T", "np.sign(self.inputs).T", "wrong_activation_in_weight_gradient"),
    mistake(98, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(103, r"self\.weights < 0", "self.weights > 0", "regularisation_term_wrong", "sign_flipped", blame=(106,)),
    mistake(105, r"dl1_b", "self.biases", "regularisation_term_wrong", "wrong_variable"),
    mistake(106, r"\+=", "-=", "regularisation_term_wrong", "sign_flipped"),
    mistake(107, r"2 \* ", "", "regularisation_term_wrong", "factor_2"),
    mistake(108, r"self\.weights$", "self.weights ** 2", "regularisation_term_wrong"),
    mistake(108, r"self\.dweights \+=", "self.dweights =", "gradient_overwritten", "regularisation_term_wrong"),
    mistake(110, r"self\.weights\.T", "self.dweights.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(237, r"1, 2, 3, 0", "1, 3, 2, 0", "transposed", "wrong_index"),
    mistake(239, r"self\.inputs_col\.T", "np.abs(self.inputs_col).T", "wrong_activation_in_weight_gradient"),
    mistake(242, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(242, r"dvalues", "dvalues[1:]", "loop_cut_short", "wrong_index"),
    mistake(356, r"2, 3, 0, 1", "3, 2, 0, 1", "transposed", "wrong_index"),
    mistake(357, r"= dout_flat", "= 1", "upstream_gradient_dropped"),
    mistake(357, r"self\.max_indexes, range", "0, range", "wrong_index"),
)
PROGRAMS = [
    Program(
        "raunak-sood2003/Numpy-Deep-Learning-Library",
        "nn/layers.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[10]), two(MISTAKES[1], MISTAKES[13])),
        harmless=(
            Edit(97, r"np\.dot\(self\.inputs\.T, dvalues\)", "self.inputs.T @ dvalues"),
            Edit(242, r"np\.sum\(dvalues, axis=\(0, 2, 3\)\)", "dvalues_flat.sum(axis=1)"),
        ),
        more=("nn/module.py", "nn/layer_tools.py"),
        stubs={
            "nn/__init__.py": "",
            "npdl/__init__.py": "import os\n\n__path__ = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]\n",
        },
        backward={"nn/layers.py": (86, 364)},
        group="tenth",
    )
]
