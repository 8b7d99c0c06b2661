"""CaiFeipeng/numpy-nn: images as columns, batch normalisation; published with its standard deviation's path cut."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake


def convolve(x: Any, w: Any) -> Any:
    padded, n = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), x.shape[2]
    windows = np.stack([padded[:, :, i : i + n, j : j + n] for i in range(3) for j in range(3)], axis=2)
    columns = windows.transpose(0, 3, 4, 1, 2).reshape(len(x), n, n, -1)
    return (columns @ w.reshape(len(w), -1).T).transpose(0, 3, 1, 2)


def loss(batch: Any, label: Any, C: Any, gamma: Any, beta: Any, D: Any, d: Any, W: Any, b: Any) -> Any:
    x = convolve(batch, C)
    x = x - np.mean(x, axis=(0, 2, 3), keepdims=True)
    x = gamma * x / np.sqrt(np.mean(x**2, axis=(0, 2, 3), keepdims=True)) + beta
    x = convolve(np.maximum(x, 0), D) + d
    x = np.mean(x.reshape(len(x), 2, 2, 2, 2, 2), axis=(3, 5)).reshape(len(x), -1)
    z = x @ W + b
    return np.sum(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(label)), label])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from src.nn.activations import ReLU, SoftMax
    from src.nn.conv import Conv2D
    from src.nn.flatten import Flatten
    from src.nn.linear import Linear
    from src.nn.losses import CrossEntropy
    from src.nn.norms import BatchNorm2D
    from src.nn.optimizers import SGDOptimizer
    from src.nn.pooling import AvgPooling

    first, second = Conv2D(1, 3, (3, 3), padding=1, use_bias=False), Conv2D(3, 2, (3, 3), padding=1)
    norm, linear = BatchNorm2D(3), Linear(8, 3)
    model = module.Sequential(first, norm, ReLU(), second, AvgPooling(2, 2), Flatten(), linear, SoftMax())
    optimizer, loss_func = SGDOptimizer(model.layers, learning_rate=0.1), CrossEntropy(num_classes=3)
    places = {"C": (0, "weights"), "gamma": (1, "gamma"), "beta": (1, "beta"), "D": (3, "weights"), "d": (3, "biases")}
    places |= {"W": (6, "weights"), "b": (6, "biases")}
    start = {name: rng.normal(size=getattr(model.layers[at], long).shape) for name, (at, long) in places.items()}
    for name, (at, long) in places.items():
        setattr(model.layers[at], long, start[name].copy())
    batch, label = rng.normal(size=(4, 1, 4, 4)), np.array([0, 2, 1, 2])

    def train(batch, label):
        output = model(batch)
        dloss, _ = loss_func(output, label)
        model.backward(dloss)
        optimizer.update()

    return Call(
        train,
        loss,
        {"batch": batch, "label": label, **start},
        lambda _: {name: getattr(model.layers[at], long) - start[name] for name, (at, long) in places.items()},
        (batch, label),
        bind={name: f"model.layers[{at}].{long}" for name, (at, long) in places.items()},
    )


FOLDER = "src/nn/"
CONVOLUTION, NORMS, ACTIVATIONS, LOSSES = (FOLDER + name + ".py" for name in ("conv", "norms", "activations", "losses"))
POOLING, COLUMNS = FOLDER + "pooling.py", "src/utils/im2col.py"
OTHERS = tuple(FOLDER + name + ".py" for name in ("base", "flatten", "linear", "optimizers"))
PROGRAMS = [
    Program(
        "CaiFeipeng/numpy-nn",
        "src/nn/sequential.py",
        build,
        (
            mistake(47, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=CONVOLUTION),
            mistake(51, r"np\.sum", "np.mean", "batch_scale_1_over_N", file=CONVOLUTION),
            mistake(47, r"inputs_norm", "inputs_centered", "wrong_variable", "missing_factor", file=NORMS),
            mistake(54, r"0\.5 \* ", "", "missing_factor", "factor_2", file=NORMS),
            mistake(58, r" \+ dinput_centered_var", "", "normalisation_term_missing", file=NORMS),
            mistake(63, r" \+ dx_mu", "", "normalisation_term_missing", file=NORMS),
            mistake(19, r"<= 0", "> 0", "relu_mask_wrong", file=ACTIVATIONS),
            mistake(68, r"\* \(-1\) ", "", "softmax_jacobian_wrong", "sign_flipped", file=ACTIVATIONS),
            mistake(
                42,
                r"np\.add\.at\(array_padded, \(slice\(None\), k, i, j\), cols\)",
                "array_padded[:, k, i, j] += cols",
                "repeated_index_lost",
                file=COLUMNS,
            ),
            mistake(32, r" / \(.*$", "", "missing_factor", file=POOLING),
        ),
        harmless=(
            Edit(46, r"np\.sum\(dvalues, axis=\(0,2,3\), keepdims=True\)", "dvalues.sum((0, 2, 3), keepdims=True)", NORMS),
            Edit(20, r"return self\.dinputs", "return dvalues * (self.inputs > 0)", ACTIVATIONS),
        ),
        more=(CONVOLUTION, NORMS, ACTIVATIONS, LOSSES, POOLING, COLUMNS, *OTHERS),
        stubs={"src/nn/__init__.py": "from src.nn.base import Layer\n"},
        mend=(Edit(51, r"-1 \* self", "-1 * dinput_norm * self", NORMS),),
        published=("upstream_gradient_dropped", "normalisation_term_missing", "missing_factor"),
        group="fresh",
    )
]
