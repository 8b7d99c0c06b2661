"""ghosh-ml-labs/numpy-cnn-from-scratch: modules of a small convolutional network in loops; momentum.

As published the optimizer keeps the first gradients' arrays, which the layers replace: biases and dense weights never move.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    p = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows = [[p[:, :, i : i + 3, j : j + 3] for j in range(6)] for i in range(6)]
    conv = np.array([[np.einsum("ncij,kcij->nk", window, W1) + b1 for window in row] for row in rows])
    relu = np.maximum(conv, 0).transpose(2, 3, 0, 1)
    pool = np.max(relu.reshape(len(x), 2, 3, 2, 3, 2), axis=(3, 5))
    logits = pool.reshape(len(x), -1) @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(logits), axis=1)) - logits[np.arange(len(y)), y])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from np_cnn.losses import CrossEntropyLoss
    from np_cnn.model import Sequential
    from np_cnn.optim import SGD

    conv, dense = module.Conv2D(2, 2, 3, padding=1), module.Linear(18, 3)
    start = {
        "W1": 0.5 * rng.normal(size=(2, 2, 3, 3)),
        "b1": 0.3 * rng.normal(size=2),
        "W2": 0.5 * rng.normal(size=(18, 3)),
        "b2": rng.normal(size=3),
    }
    conv.W, conv.b, dense.W, dense.b = (value.copy() for value in start.values())
    conv.dW, conv.db, dense.dW, dense.db = (np.zeros_like(value) for value in start.values())
    model = Sequential(conv, module.ReLU(), module.MaxPool2D(2, 2), module.Flatten(), dense)
    optimizer, criterion = SGD(model.layers, lr=0.1), CrossEntropyLoss()
    x, y = rng.normal(size=(2, 2, 6, 6)), np.array([2, 0])

    def train(x, y):
        logits = model.forward(x)
        criterion.forward(logits, y)
        model.backward(criterion.backward())
        optimizer.step()

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {
            "W1": conv.W - start["W1"],
            "b1": conv.b - start["b1"],
            "W2": dense.W - start["W2"],
            "b2": dense.b - start["b2"],
        },
        (x, y),
        bind={"W1": "model.layers[0].W", "b1": "model.layers[0].b", "W2": "model.layers[4].W", "b2": "model.layers[4].b"},
    )


ROOT = "src/np_cnn"
LAYERS, LOSSES, OPTIM, MODEL = (f"{ROOT}/{name}.py" for name in ("layers", "losses", "optim", "model"))
MISTAKES = (
    mistake(28, r"grad \* self\.mask", "grad", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(28, r"self\.mask", "~self.mask", "relu_mask_wrong"),
    mistake(59, r"self\.x\.T", "np.ones_like(self.x).T", "wrong_activation_in_weight_gradient"),
    mistake(60, r"axis=0", "axis=None", "bias_gradient_reduction"),
    mistake(61, r"grad @", "grad / len(grad) @", "batch_scale_1_over_N", "extra_factor"),
    mistake(111, r"grad\.sum", "grad.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(113, r"range\(N\)", "range(1, N)", "loop_cut_short"),
    mistake(115, r"range\(H_out\)", "range(H_out - 1)", "loop_cut_short"),
    mistake(119, r"hs : hs \+ kH, ws : ws \+ kW", "ws : ws + kW, hs : hs + kH", "wrong_index", "transposed"),
    mistake(119, r"x_p\[n,", "x_p[0,", "wrong_index"),
    mistake(121, r"region", "region[:, ::-1, ::-1]", "conv_kernel_reversed"),
    mistake(121, r"\+=", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(167, r"= grad", "= 2 * grad", "factor_2", "extra_factor"),
    mistake(167, r"n, c, i, j\]$", "n, c, j, i]", "wrong_index", "transposed"),
    mistake(24, r"-= 1\.0", "-= 1.0 / N", "loss_derivative_wrong", "batch_scale_1_over_N", file=LOSSES),
    mistake(20, r"self\.lr \* g", "self.lr * p", "gradient_or_update_used_for_weight", "wrong_variable", file=OPTIM),
)
PROGRAMS = [
    Program(
        "ghosh-ml-labs/numpy-cnn-from-scratch",
        LAYERS,
        build,
        (*MISTAKES, two(MISTAKES[0], MISTAKES[10]), two(MISTAKES[5], MISTAKES[13])),
        harmless=(
            Edit(59, r"self\.x\.T @ grad", "np.einsum('ni,no->io', self.x, grad)"),
            Edit(28, r"grad \* self\.mask", "np.where(self.mask, grad, 0)"),
        ),
        more=(LOSSES, OPTIM, MODEL),
        mend=(
            Edit(59, r"self\.dW =", "self.dW[:] ="),
            Edit(60, r"self\.db =", "self.db[:] ="),
            Edit(111, r"self\.db =", "self.db[:] ="),
        ),
        published=("upstream_gradient_dropped", "wrong_variable"),
        blame=(59, 60, 111),
        root="src",
        stubs={"np_cnn/__init__.py": ""},
        always=(
            Edit(92, r", dtype=np\.float32", "", LAYERS),
            Edit(160, r", dtype=np\.float32", "", LAYERS),
            Edit(142, r", dtype=np\.float32", "", LAYERS),
        ),
        backward={LAYERS: (26, 168), LOSSES: (20, 26), OPTIM: (18, 21)},
        group="ninth",
    )
]
