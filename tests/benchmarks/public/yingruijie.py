"""yingruijie/lenet5-mnist-numpy: LeNet's layers on im2col with dicts of values and gradients, in a smaller network."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

PLACES = {"1": "first", "2": "second", "3": "last"}


def convolve(x: Any, W: Any, b: Any) -> Any:
    size = x.shape[2]
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = b[None, :, None, None]
    for row in range(3):
        for col in range(3):
            piece = x[:, None, :, row : row + size, col : col + size]
            out = out + np.sum(piece * W[None, :, :, row, col, None, None], axis=2)
    return out


def pool(h: Any) -> Any:
    count, depth, size, _ = h.shape
    return np.max(h.reshape(count, depth, size // 2, 2, size // 2, 2), axis=(3, 5))


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    h = pool(np.maximum(convolve(X, W1, b1), 0))
    h = pool(np.maximum(convolve(h, W2, b2), 0))
    z = h.reshape(len(X), -1) @ W3 + b3
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(Y * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    first, second, last = module.Conv(1, 2, 4, 4, 3, 1, 1), module.Conv(2, 3, 2, 2, 3, 1, 1), module.FC(3, 3)
    relus, pools = (module.ReLU(), module.ReLU()), (module.MaxPool(2, 2), module.MaxPool(2, 2))
    criterion = module.CrossEntropyLoss()
    homes = {"1": first, "2": second, "3": last}
    start = {f"{name}{k}": rng.normal(size=getattr(layer, name)["val"].shape) for k, layer in homes.items() for name in "Wb"}
    for key, value in start.items():
        getattr(homes[key[1]], key[0])["val"] = value.copy()
    X, Y = rng.normal(size=(12, 1, 4, 4)), np.eye(3)[rng.integers(0, 3, size=12)]

    def train(X, Y):
        h = pools[0]._forward(relus[0]._forward(first._forward(X)))
        h = pools[1]._forward(relus[1]._forward(second._forward(h)))
        _, dout = criterion.get(last._forward(h.reshape(len(X), -1)), Y)
        dout = last._backward(dout).reshape(h.shape)
        dout = second._backward(relus[1]._backward(pools[1]._backward(dout)))
        first._backward(relus[0]._backward(pools[0]._backward(dout)))

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {key: getattr(homes[key[1]], key[0])["grad"] for key in start},
        (X, Y),
        bind={key: f"{PLACES[key[1]]}.{key[0]}['val']" for key in start},
    )


PROGRAMS = [
    Program(
        "yingruijie/lenet5-mnist-numpy",
        "lenet-5.py",
        build,
        (
            mistake(46, r"\+=", "=", "gradient_accumulated_across_steps"),
            mistake(125, r"np\.dot\(dout", "np.dot(np.ones_like(dout)", "upstream_gradient_dropped"),
            mistake(127, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(154, r"X <= 0", "X >= 0", "relu_mask_wrong"),
            mistake(154, r"X <= 0", "dX <= 0", "relu_mask_wrong", "wrong_variable"),
            mistake(154, r"dX\[X <= 0\] = 0", "pass", "relu_mask_wrong", "missing_activation_derivative"),
            mistake(235, r"\(0,2,3,1\)", "(0,3,2,1)", "transposed", "wrong_index"),
            mistake(237, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(239, r"dW\.transpose\(1, 0\)", "dW", "transposed"),
            mistake(246, r"self\.pad\)", "self.pad)[:, :, ::-1, ::-1]", "conv_kernel_reversed", "wrong_index"),
            mistake(244, r"self\.col_W\.T", "self.col_W.T[:, ::-1]", "conv_kernel_reversed", "wrong_index"),
            mistake(283, r"= dout\.flatten\(\)", "= 1", "upstream_gradient_dropped"),
            mistake(317, r"-= 1", "-= 1 / N", "loss_derivative_wrong", "batch_scale_1_over_N"),
            two(
                mistake(127, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(239, r"dW\.transpose\(1, 0\)", "dW", "transposed"),
            ),
        ),
        harmless=(
            Edit(154, r"dX\[X <= 0\] = 0", "dX = dX * (X > 0)"),
            Edit(127, r"np\.sum\(dout, axis=0\)", "dout.T @ np.ones(len(dout))"),
        ),
        keep=((3, 3), (14, 48), (104, 155), (158, 173), (193, 289), (291, 318)),
        group="last",
    )
]
