"""kmilas/numpy-neural-networks: a small package of layers with `__call__`, a loss that keeps labels, and SGD with momentum."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, target: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    h = np.maximum(np.maximum(x @ W1 + b1, 0) @ W2 + b2, 0)
    z = h @ W3 + b3
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(np.eye(3)[target] * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from npnn.loss import CrossEntropyLoss
    from npnn.optimizer import SGD

    model = module.FFN(4, 3, [6, 5], module.ReLU)
    start = {f"{name}{k + 1}": rng.normal(size=getattr(model.layers[2 * k], name).shape) for k in range(3) for name in "Wb"}
    for name, value in start.items():
        setattr(model.layers[2 * int(name[1]) - 2], name[0], value.copy())
    criterion, optimizer = CrossEntropyLoss(3), SGD(model, 0.1, 0.9)
    x, target = rng.normal(size=(8, 4)), rng.integers(0, 3, size=8)

    def train(x, target):
        out = model(x)
        criterion(out, target)
        optimizer.zero_grad()
        model.backward(criterion.backward(out))
        optimizer.step()

    return Call(
        train,
        loss,
        {"x": x, "target": target, **start},
        lambda _: {name: getattr(model.layers[2 * int(name[1]) - 2], name[0]) - value for name, value in start.items()},
        (x, target),
        bind={name: f"model.layers[{2 * int(name[1]) - 2}].{name[0]}" for name in start},
    )


LINEAR, ACTIVATION, LOSS, OPTIMIZER = (f"npnn/{name}.py" for name in ("layers/linear", "layers/activation", "loss", "optimizer"))
PROGRAMS = [
    Program(
        "kmilas/numpy-neural-networks",
        "npnn/model.py",
        build,
        (
            mistake(18, r"\(self\.cache > 0\)", "(dX > 0)", "relu_mask_wrong", "wrong_variable", file=ACTIVATION),
            mistake(18, r"> 0", "< 0", "relu_mask_wrong", file=ACTIVATION),
            mistake(18, r"\(\(self\.cache > 0\)\*1\)\*", "", "missing_activation_derivative", file=ACTIVATION),
            mistake(18, r"\(self\.cache > 0\)\*1", "self.cache", "wrong_activation_derivative", file=ACTIVATION),
            mistake(40, r"/ batch_size", "", "batch_scale_1_over_N", file=LINEAR),
            mistake(41, r"np\.mean", "np.sum", "bias_gradient_reduction", "batch_scale_1_over_N", file=LINEAR),
            mistake(51, r"softmax\(pred\)", "pred", "loss_derivative_wrong", "wrong_variable", file=LOSS),
            mistake(
                51,
                r"\(softmax\(pred\) - self\.labels\)",
                "softmax(pred) * (1 - softmax(pred)) * (softmax(pred) - self.labels)",
                "loss_derivative_wrong",
                "extra_factor",
                file=LOSS,
            ),
            mistake(23, r"layer\.b -=", "layer.b +=", "sign_flipped", file=OPTIMIZER),
            mistake(20, r"\+ layer", "- layer", "sign_flipped", file=OPTIMIZER),
            two(
                mistake(18, r"> 0", "< 0", "relu_mask_wrong", file=ACTIVATION),
                mistake(40, r"/ batch_size", "", "batch_scale_1_over_N", file=LINEAR),
            ),
        ),
        harmless=(
            Edit(18, r"\(\(self\.cache > 0\)\*1\)\*dX", "np.where(self.cache > 0, dX, 0)", ACTIVATION),
            Edit(41, r"np\.mean\(delta, axis=0, keepdims=True\)", "delta.sum(axis=0, keepdims=True) / batch_size", LINEAR),
            Edit(51, r" / pred\.shape\[0\]", "", LOSS),
        ),
        more=(LINEAR, ACTIVATION, LOSS, OPTIMIZER),
        stubs={"npnn/__init__.py": "", "npnn/layers/__init__.py": ""},
        group="last",
    )
]
