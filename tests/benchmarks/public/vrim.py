"""v-rim/numpy-nn: layers that update themselves while gradients pass; the bias is the first row of the weights.

As published a layer hands back a gradient through the weights that it has just updated.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, W1: Any, W2: Any, W3: Any) -> Any:
    h = np.maximum(X @ W1[1:] + W1[0], 0)
    h = np.tanh(h @ W2[1:] + W2[0])
    return 0.5 * np.mean((h @ W3[1:] + W3[0] - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from layers import FullyConnected, ReLU, Tanh
    from loss import MSELoss

    layers = [FullyConnected(3, 4), ReLU(), FullyConnected(4, 4), Tanh(), FullyConnected(4, 3)]
    model = module.Model(layers, MSELoss(), 0.1)
    start = {f"W{k}": rng.normal(size=layers[2 * k - 2].W.shape) for k in (1, 2, 3)}
    for k in (1, 2, 3):
        layers[2 * k - 2].W = start[f"W{k}"].copy()
    X, y = rng.normal(size=(12, 3)), rng.normal(size=(12, 3))
    return Call(
        model.train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {f"W{k}": layers[2 * k - 2].W - start[f"W{k}"] for k in (1, 2, 3)},
        (X, y),
        bind={f"W{k}": f"self.layers[{2 * k - 2}].W" for k in (1, 2, 3)},
    )


LAYERS, LOSS = "layers.py", "loss.py"
PROGRAMS = [
    Program(
        "v-rim/numpy-nn",
        "model.py",
        build,
        (
            mistake(11, r"\(y_pred - y\)", "(y_pred - y.mean(axis=0))", "loss_derivative_wrong", file=LOSS),
            mistake(11, r"\(y_pred - y\)", "np.sign(y_pred - y)", "loss_derivative_wrong", file=LOSS),
            mistake(26, r"\(i, \)", "(0, )", "wrong_index", file=LAYERS),
            mistake(
                26, r"self\.cached_input", "np.maximum(0, self.cached_input)", "wrong_activation_in_weight_gradient", file=LAYERS
            ),
            mistake(24, r"range\(", "range(1, ", "loop_cut_short", file=LAYERS),
            mistake(31, r"lr \* update", "lr * self.W", "gradient_or_update_used_for_weight", "wrong_variable", file=LAYERS),
            mistake(28, r"1:,", ":-1,", "wrong_index", file=LAYERS),
            mistake(42, r"np\.sign\(self\.cached_input\)", "self.cached_input", "relu_mask_wrong", file=LAYERS),
            mistake(42, r"self\.cached_input", "grad", "relu_mask_wrong", "wrong_variable", file=LAYERS),
            mistake(43, r"grad \* local_grad", "grad", "missing_activation_derivative", file=LAYERS),
            mistake(55, r" \*\* 2", "", "wrong_activation_derivative", file=LAYERS),
            mistake(55, r"self\.cached_input", "self.tanh(self.cached_input)", "derivative_of_activated_value", file=LAYERS),
            mistake(56, r"grad \* local_grad", "grad + local_grad", "wrong_activation_derivative", file=LAYERS),
            two(
                mistake(26, r"\(i, \)", "(0, )", "wrong_index", file=LAYERS),
                mistake(55, r" \*\* 2", "", "wrong_activation_derivative", file=LAYERS),
            ),
            two(
                mistake(24, r"range\(", "range(1, ", "loop_cut_short", file=LAYERS),
                mistake(42, r"self\.cached_input", "grad", "relu_mask_wrong", "wrong_variable", file=LAYERS),
            ),
        ),
        harmless=(
            Edit(43, r"grad \* local_grad", "np.where(self.cached_input > 0, grad, 0)", LAYERS),
            Edit(11, r"\(y_pred - y\)", "2 * (y_pred - y)", LOSS),
        ),
        more=(LAYERS, LOSS),
        mend=(
            Edit(28, r"self\.W -= lr \* update", "new_grad = grad.dot(self.W[1:,].T)", LAYERS),
            Edit(31, r"new_grad = .*$", "self.W -= lr * update", LAYERS),
        ),
        published=("updated_weights_used",),
        blame=(28, 31),
        backward={LOSS: (10, 11), LAYERS: (23, 56)},
        group="eighth",
    )
]
