"""afelsen/numpy-nn: batches of columns with einsum, square layers, an update from lists that run backwards."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(x: Any, label: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    h = W2 @ sigmoid(W1 @ x + b1) + b2
    return np.sum((W3 @ np.maximum(h, 0) + b3 - label) ** 2) / len(x)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NN()
    kinds = (module.Sigmoid(), module.ReLU(), module.Id())
    net.layers = [module.Layer(3, 3, kind) for kind in kinds]
    net.w_updates, net.b_updates = [None] * 3, [None] * 3
    start = {f"{name}{k + 1}": rng.normal(size=getattr(net.layers[k], name).shape) for k in range(3) for name in "Wb"}
    for name, value in start.items():
        setattr(net.layers[int(name[1]) - 1], name[0], value.copy())
    optimizer, loss_fn = module.SGD(net.layers, lr=0.1), module.MSE()
    x, label = rng.normal(size=(6, 3, 1)), rng.normal(size=(6, 3, 1))

    def train(x, label):
        net.forward(x)
        net.backward(label, loss_fn)
        optimizer.step(net.w_updates, net.b_updates)

    return Call(
        train,
        loss,
        {"x": x, "label": label, **start},
        lambda _: {name: getattr(net.layers[int(name[1]) - 1], name[0]) - value for name, value in start.items()},
        (x, label),
        bind={name: f"net.layers[{int(name[1]) - 1}].{name[0]}" for name in start},
    )


LAYER, ACTIVATION, OPTIMIZER = "Layer.py", "activation.py", "optim.py"
PROGRAMS = [
    Program(
        "afelsen/numpy-nn",
        "modular_nn.py",
        build,
        (
            mistake(42, r"hs\[i\+1\]", "hs[i]", "wrong_index", "wrong_activation_in_weight_gradient"),
            mistake(24, r"self\.z", "self.h", "derivative_of_activated_value", "derivative_at_wrong_point", file=LAYER),
            mistake(25, r" \* dh_dz", "", "missing_activation_derivative", file=LAYER),
            mistake(30, r"bij,bkj->bik", "bij,bkj->bki", "transposed", file=LAYER),
            mistake(31, r"np\.mean", "np.sum", "batch_scale_1_over_N", file=LAYER),
            mistake(41, r"ij,bik->bjk", "ji,bik->bjk", "transposed", file=LAYER),
            mistake(41, r", g\)", ", prev_g)", "wrong_variable", "missing_activation_derivative", file=LAYER),
            mistake(16, r"1 - self\._sig\(x\)", "1 - x", "wrong_activation_derivative", file=ACTIVATION),
            mistake(11, r"w_updates\[i\]", "w_updates[-1-i]", "wrong_index", file=OPTIMIZER),
        ),
        harmless=(
            Edit(41, r"np\.einsum\('ij,bik->bjk', dz_dh, g\)", "dz_dh.T @ g", LAYER),
            Edit(31, r"np\.mean\(dl_dW, axis=0\)", "dl_dW.sum(axis=0) / len(g)", LAYER),
        ),
        more=(LAYER, ACTIVATION, OPTIMIZER, "loss.py", "Data.py"),
        stubs=dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        group="fresh",
    )
]
