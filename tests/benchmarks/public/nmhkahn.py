"""nmhkahn/neural_network_numpy: a convolutional net of a course, a dict of layers, loops over every window."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

LAYERS = "nn/layers.py"


def loss(X: Any, y: Any, w0: Any, b0: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    samples, _, high, wide = X.shape
    padded = np.pad(X, ((0, 0), (0, 0), (1, 1), (1, 1)))
    h = sum(
        np.einsum("nchw,fc->nfhw", padded[:, :, i : i + high, j : j + wide], w0[:, :, i, j]) for i in range(3) for j in range(3)
    )
    h = np.maximum(h + b0.reshape(1, -1, 1, 1), 0).reshape(samples, len(b0), high // 2, 2, wide // 2, 2)
    h = np.max(np.max(h, axis=5), axis=3).reshape(samples, -1)
    z = np.maximum(h @ w1 + b1, 0) @ w2 + b2
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(samples), y])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from nn import optim

    net = module.ThreeLayerConvNet([2, 6, 6], 3, hidden_dim=5, num_classes=3)
    names = {f"{kind}{k}": (name, kind) for k, name in enumerate(("conv1", "linear1", "linear2")) for kind in "wb"}
    start = {}
    for name, (layer, kind) in names.items():
        start[name] = rng.normal(scale=0.6, size=net.modules[layer].params[kind].shape)
        net.modules[layer].params[kind] = start[name].copy()
    X, y = rng.normal(size=(6, 2, 6, 6)), rng.integers(0, 3, size=6)

    def train(net, optimizer, X, y):
        net.loss(X, y)
        optimizer.step()

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {name: net.modules[layer].params[kind] - start[name] for name, (layer, kind) in names.items()},
        (net, optim.SGD(net.modules, 0.05), X, y),
        bind={name: f"net.modules[{layer!r}].params[{kind!r}]" for name, (layer, kind) in names.items()},
    )


def place(line: int, find: str, put: str, *causes: str) -> Any:
    return mistake(line, find, put, *causes, file=LAYERS)


PROGRAMS = [
    Program(
        "nmhkahn/neural_network_numpy",
        "nn/net.py",
        build,
        (
            place(69, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            place(99, r"np\.clip\(x", "np.clip(dout", "relu_mask_wrong", "wrong_variable"),
            place(196, r"-= 1", "-= 2", "loss_derivative_wrong", "factor_2"),
            place(301, r"j(\*stride:)j(\*stride\+HH, )i(\*stride:)i", r"i\1i\2j\3j", "wrong_index", "transposed"),
            place(301, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            place(301, r"pad_x\[n", "pad_x[0", "wrong_index"),
            place(302, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps", "bias_gradient_reduction"),
            place(366, r"h, w =", "w, h =", "wrong_index", "transposed"),
            place(367, r"j, i\]$", "i, j]", "wrong_index", "transposed"),
            mistake(264, r"dout = .*$", "pass", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(269, r"dout = .*$", "pass", "missing_activation_derivative", "relu_mask_wrong"),
            two(
                place(69, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                place(367, r"j, i\]$", "i, j]", "wrong_index", "transposed"),
            ),
        ),
        harmless=(
            Edit(69, r"np\.sum\(dout\.T, axis=1\)", "dout.sum(axis=0)", LAYERS),
            Edit(68, r"x\.T\.dot\(dout\)", "np.einsum('ni,no->io', x, dout)", LAYERS),
        ),
        more=(LAYERS, "nn/init.py", "nn/optim.py"),
        backward={LAYERS: (66, 371), "nn/net.py": (262, 270)},
        group="fresh",
    )
]
