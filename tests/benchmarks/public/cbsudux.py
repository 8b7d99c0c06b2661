"""cbsudux/nn-numpy: a course's convolutional layers with im2col; weight decay is added to lists of gradients."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    p = np.pad(X, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.zeros((len(X), 3, 4, 4)) + b1.reshape(1, 3, 1, 1)
    for i in range(3):
        for j in range(3):
            out = out + np.einsum("nchw,kc->nkhw", p[:, :, i : i + 4, j : j + 4], W1[:, :, i, j])
    pool = np.max(np.maximum(out, 0).reshape(len(X), 3, 2, 2, 2, 2), axis=(3, 5))
    z = np.maximum(pool.reshape(len(X), -1) @ W2 + b2, 0) @ W3 + b3
    decay = 0.5 * 0.001 * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(y)), y]) + decay


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from nn.layers.conv2d import Conv2D
    from nn.layers.flatten import Flatten
    from nn.layers.linear import Linear
    from nn.layers.maxpool import Maxpool
    from nn.layers.relu import ReLU

    conv, first, second = Conv2D((2, 4, 4), 3, 3, 3, stride=1, padding=1), Linear(12, 5), Linear(5, 3)
    net = module.NN()
    for layer in (conv, ReLU(), Maxpool((3, 4, 4), 2, 2), Flatten(), first, ReLU(), second):
        net.add_layer(layer)
    start = {}
    for k, layer in enumerate((conv, first, second), 1):
        for name in "Wb":
            start[f"{name}{k}"] = 0.6 * rng.normal(size=getattr(layer, name).shape)
            setattr(layer, name, start[f"{name}{k}"].copy())
    X, y = rng.normal(size=(3, 2, 4, 4)), np.array([2, 0, 1])

    def after(result: Any) -> dict[str, Any]:
        kept = [grad for grad in reversed(result[1]) if len(grad)]
        return {f"{name}{k}": grad[i] for k, grad in enumerate(kept, 1) for i, name in enumerate("Wb")}

    return Call(
        net.train_step,
        loss,
        {"X": X, "y": y, **start},
        after,
        (X, y),
        bind={
            "W1": "self.layers[0].W",
            "b1": "self.layers[0].b",
            "W2": "self.layers[4].W",
            "b2": "self.layers[4].b",
            "W3": "self.layers[6].W",
            "b3": "self.layers[6].b",
            "X": "X",
            "y": "y",
        },
    )


CONV, LINEAR, POOL, RELU = (f"nn/layers/{name}.py" for name in ("conv2d", "linear", "maxpool", "relu"))
CRITERION, UTILS, IM2COL = "nn/criterion.py", "nn/utils.py", "nn/im2col.py"
MISTAKES = (
    mistake(18, r"-= 1", "-= 1 / self.m", "loss_derivative_wrong", "batch_scale_1_over_N", file=CRITERION),
    mistake(18, r", y\]", ", 0]", "wrong_index", "loss_derivative_wrong", file=CRITERION),
    mistake(36, r"\+=", "=", "upstream_gradient_dropped", "gradient_overwritten", "regularisation_term_wrong", file=UTILS),
    mistake(36, r"lam \* layer\.W", "layer.W", "regularisation_term_wrong", "missing_factor", file=UTILS),
    mistake(14, r"\[self\.X <= 0\]", "[self.X > 0]", "relu_mask_wrong", file=RELU),
    mistake(14, r"= 0$", "*= 0.5", "relu_mask_wrong", "wrong_activation_derivative", file=RELU),
    mistake(21, r"self\.X\.T", "np.sign(self.X).T", "wrong_activation_in_weight_gradient", file=LINEAR),
    mistake(22, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LINEAR),
    mistake(23, r"self\.W\.T", "self.gradW.T", "gradient_or_update_used_for_weight", "wrong_variable", file=LINEAR),
    mistake(43, r"transpose\(2, 3, 0, 1\)", "transpose(0, 1, 2, 3)", "wrong_index", "transposed", file=POOL),
    mistake(45, r"= dout_flat", "= dout_flat.mean()", "upstream_gradient_dropped", file=POOL),
    mistake(43, r"transpose\(1, 2, 3, 0\)", "transpose(1, 0, 2, 3)", "wrong_index", "transposed", file=CONV),
    mistake(45, r"self\.X_col\.T", "self.X_col[::-1].T", "conv_kernel_reversed", "wrong_index", file=CONV),
    mistake(48, r"np\.sum\(dout, axis=\(0, 2, 3\)\)", "np.sum(dout, axis=(2, 3)).max(0)", "bias_gradient_reduction", file=CONV),
    mistake(48, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=CONV),
    mistake(29, r"layer\.backward\(dout,", "layer.backward(dout * 0.9,", "extra_factor"),
)
PROGRAMS = [
    Program(
        "cbsudux/nn-numpy",
        "nn/model.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[7]), two(MISTAKES[2], MISTAKES[12])),
        harmless=(
            Edit(14, r"self\.gradInput\[self\.X <= 0\] = 0", "self.gradInput *= self.X > 0", RELU),
            Edit(22, r"np\.sum\(dout, axis=0\)", "np.ones(len(dout)) @ dout", LINEAR),
        ),
        more=(CONV, LINEAR, POOL, RELU, CRITERION, UTILS, IM2COL, "nn/layers/flatten.py"),
        stubs={"nn/__init__.py": "", "nn/layers/__init__.py": ""},
        backward={CONV: (41, 57), LINEAR: (20, 24), POOL: (39, 52), RELU: (12, 15), CRITERION: (16, 20), UTILS: (33, 37)},
        group="ninth",
    )
]
