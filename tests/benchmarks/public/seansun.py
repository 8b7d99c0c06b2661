"""seansun32/CNN-Numpy-Implementation: blocks of convolution, relu and pool on fast indices, a dict of numbered parameters."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

REG = 0.1


def block(x: Any, W: Any, b: Any) -> Any:
    padded, n = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), x.shape[2]
    windows = np.stack([padded[:, :, i : i + n, j : j + n] for i in range(3) for j in range(3)], axis=2)
    z = np.einsum("fck,nckij->nfij", W.reshape(*W.shape[:2], 9), windows) + b.reshape(1, -1, 1, 1)
    return np.max(np.maximum(z, 0).reshape(len(x), -1, n // 2, 2, n // 2, 2), axis=(3, 5))


def loss(x: Any, y: Any, cW1: Any, cb1: Any, cW2: Any, cb2: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    out = block(block(x, cW1, cb1), cW2, cb2).reshape(len(x), -1)
    z = np.maximum(out @ W1 + b1, 0) @ W2 + b2
    right = np.take_along_axis(z, y[:, None], axis=1)[:, 0]
    decay = sum(np.sum(W**2) for W in (cW1, cW2, W1, W2))
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - right) + 0.5 * REG * decay


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.CNNModel(reg=REG)
    x, y = rng.normal(size=(3, 1, 8, 8)), rng.integers(0, 3, size=3)
    out = net.conv_layer(x, (3, 2, 1, 1), (2, 2))
    out = net.conv_layer(out, (3, 2, 1, 1), (2, 2))
    out = net.fc_layer(out, 5)
    net.fc_layer(out, 3)
    net.params = {name: rng.normal(size=value.shape) / 2 for name, value in net.params.items()}
    keys = {(name[0] if name[0] == "c" else "") + name[-2:]: name for name in net.params}
    start = {key: net.params[name].copy() for key, name in keys.items()}
    return Call(
        net.loss,
        loss,
        {"x": x, "y": y, **start},
        lambda result: {key: result[1][name] for key, name in keys.items()},
        (x, y),
        bind={key: f"self.params[{name!r}]" for key, name in keys.items()},
    )


LAYERS, COLUMNS = "layers.py", "im2col.py"
PROGRAMS = [
    Program(
        "seansun32/CNN-Numpy-Implementation",
        "model.py",
        build,
        (
            mistake(39, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(55, r"dout\*mask", "dout", "missing_activation_derivative", file=LAYERS),
            mistake(55, r"\*mask", "*x", "relu_mask_wrong", "wrong_variable", file=LAYERS),
            mistake(186, r"-= 1", "-= 0", "loss_derivative_wrong", file=LAYERS),
            mistake(187, r"dout /= N", "pass", "batch_scale_1_over_N", file=LAYERS),
            mistake(246, r"relu_backward\(dout,cache_relu\)", "dout", "missing_activation_derivative", file=LAYERS),
            mistake(141, r"1,2,3,0", "1,0,2,3", "transposed", "wrong_index", file=COLUMNS),
            mistake(145, r"1,0,2,3", "1,2,3,0", "transposed", "wrong_index", file=COLUMNS),
            mistake(148, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=COLUMNS),
            mistake(200, r"=dout_reshaped", "=1", "upstream_gradient_dropped", file=COLUMNS),
            mistake(125, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong"),
            mistake(133, r"grads\[.*$", "pass", "regularisation_term_wrong"),
            mistake(141, r"self\.reg\*", "2*self.reg*", "factor_2", "regularisation_term_wrong"),
            two(
                mistake(148, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=COLUMNS),
                mistake(133, r"grads\[.*$", "pass", "regularisation_term_wrong"),
            ),
        ),
        harmless=(
            Edit(36, r"x_flat\.T\.dot\(dout\)", "dout.T.dot(x_flat).T", LAYERS),
            Edit(148, r"np\.sum\(dout_w,axis=1\)", "np.sum(dout,axis=(0,2,3))", COLUMNS),
        ),
        more=(LAYERS, COLUMNS, "optimizer.py"),
        group="later",
    )
]
