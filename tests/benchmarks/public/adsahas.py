"""AdSahas/Numpy-CNN: a script of module layers with a convolution in loops, max pooling by a mask, and softmax."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x_batch: Any, y_batch: Any, K: Any, c: Any, W: Any, b: Any) -> Any:
    rows = []
    for k in range(len(K)):
        out = 0.0
        for i in range(3):
            for j in range(3):
                out = out + np.sum(x_batch[:, :, i : i + 4, j : j + 4] * K[k, :, i, j].reshape(1, -1, 1, 1), axis=1)
        rows.append(np.maximum(out + c[k], 0))
    out = np.stack(rows, axis=1).reshape(len(x_batch), len(K), 2, 2, 2, 2)
    z = np.max(np.max(out, axis=5), axis=3).reshape(len(x_batch), -1) @ W + b
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(np.eye(3)[y_batch] * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.conv, module.fc = module.ConvLayer(2, 3, 2), module.FullyConnected(8, 3)
    homes = {"K": ("conv", "W"), "c": ("conv", "b"), "W": ("fc", "W"), "b": ("fc", "b")}
    start = {}
    for key, (layer, name) in homes.items():
        start[key] = rng.normal(size=getattr(getattr(module, layer), name).shape)
        setattr(getattr(module, layer), name, start[key].copy())
    x_batch, y_batch = rng.normal(size=(4, 2, 6, 6)), np.array([0, 2, 1, 1])
    return Call(
        module.train_step,
        loss,
        {"x_batch": x_batch, "y_batch": y_batch, **start},
        lambda _: {key: getattr(getattr(module, layer), name) - start[key] for key, (layer, name) in homes.items()},
        (x_batch, y_batch),
        {"lr": 0.05},
        bind={key: f"{layer}.{name}" for key, (layer, name) in homes.items()},
    )


LAYERS = "layers.py"
PROGRAMS = [
    Program(
        "AdSahas/Numpy-CNN",
        "train.py",
        build,
        (
            mistake(53, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(68, r"\+=", "=", "gradient_overwritten", "gradient_accumulated_across_steps", file=LAYERS),
            mistake(68, r"np\.sum", "np.mean", "batch_scale_1_over_N", file=LAYERS),
            mistake(69, r"i:i\+1, j:j\+1", "j:j+1, i:i+1", "wrong_index", file=LAYERS, blame=(68, 70, 71)),
            mistake(64, r"i:i\+K, j:j\+K", "j:j+K, i:i+K", "wrong_index", file=LAYERS),
            mistake(87, r"self\.x > 0", "grad > 0", "relu_mask_wrong", "wrong_variable", file=LAYERS),
            mistake(128, r"==", "!=", "relu_mask_wrong", "wrong_index", file=LAYERS),
            mistake(129, r"mask\*grad", "grad", "missing_factor", "relu_mask_wrong", file=LAYERS),
            mistake(164, r"@ grad", "@ grad / len(grad)", "batch_scale_1_over_N", "extra_factor", file=LAYERS),
            mistake(28, r"grad = relu.*$", "pass", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(165, r"np\.sum\(grad, axis=0\)", "np.mean(grad, axis=0)", "bias_gradient_reduction", file=LAYERS),
            mistake(202, r"grad\[.*$", "pass", "loss_derivative_wrong", file=LAYERS),
            mistake(77, r"-=", "+=", "sign_flipped", file=LAYERS),
            two(
                mistake(64, r"i:i\+K, j:j\+K", "j:j+K, i:i+K", "wrong_index", file=LAYERS),
                mistake(165, r"np\.sum\(grad, axis=0\)", "np.mean(grad, axis=0)", "bias_gradient_reduction", file=LAYERS),
            ),
        ),
        harmless=(
            Edit(53, r"np\.sum\(grad, axis=\(0, 2, 3\)\)", "grad.sum(axis=(0, 2, 3))", LAYERS),
            Edit(87, r"grad \* \(self\.x > 0\)", "np.where(self.x > 0, grad, 0)", LAYERS),
            Edit(203, r"grad /= N", "pass", LAYERS),
        ),
        more=(LAYERS,),
        group="newest",
    )
]
