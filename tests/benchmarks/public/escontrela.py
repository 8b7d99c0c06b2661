"""Alescontrela/Numpy-CNN: two convolutions, a pooling and two dense layers for one image, in one function."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["f1", "f2", "w3", "w4", "b1", "b2", "b3", "b4"]


def convolve(image: Any, filters: Any, bias: Any) -> Any:
    size = filters.shape[2]
    out = image.shape[1] - size + 1
    patches = np.stack([image[:, i : i + out, j : j + out] for i in range(size) for j in range(size)], axis=1)
    return np.tensordot(filters.reshape(len(filters), image.shape[0], -1), patches, 2) + bias.reshape(-1, 1, 1)


def loss(image: Any, label: Any, f1: Any, f2: Any, w3: Any, w4: Any, b1: Any, b2: Any, b3: Any, b4: Any) -> Any:
    conv2 = np.maximum(convolve(np.maximum(convolve(image, f1, b1), 0), f2, b2), 0)
    c, n, _ = conv2.shape
    fc = conv2.reshape(c, n // 2, 2, n // 2, 2).max(axis=(2, 4)).reshape(-1, 1)
    out = w4 @ np.maximum(w3 @ fc + b3, 0) + b4
    return np.log(np.sum(np.exp(out))) - np.sum(label * out)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    sizes = [(2, 1, 3, 3), (3, 2, 3, 3), (5, 12), (4, 5), (2, 1), (3, 1), (5, 1), (4, 1)]
    values = {name: 0.5 * rng.normal(size=size) for name, size in zip(NAMES, sizes, strict=True)}
    image, label = rng.normal(size=(1, 8, 8)), np.eye(4)[[1]].T
    return Call(
        module.conv,
        loss,
        {"image": image, "label": label, **values},
        lambda result: dict(zip(NAMES, result[0], strict=True)),
        (image, label, [value.copy() for value in values.values()], 1, 2, 2),
        bind={name: name for name in NAMES},
    )


def batch_loss(batch: Any, f1: Any, f2: Any, w3: Any, w4: Any, b1: Any, b2: Any, b3: Any, b4: Any) -> Any:
    total = 0.0
    for row in batch:
        total = total + loss(row[:-1].reshape(1, 8, 8), np.eye(4)[[int(row[-1])]].T, f1, f2, w3, w4, b1, b2, b3, b4)
    return total / len(batch)


def adam(module: ModuleType, rng: np.random.Generator) -> Call:
    values = build(module, rng).point
    before = {name: values[name] for name in NAMES}
    after = {name: value.copy() for name, value in before.items()}
    batch = np.hstack([rng.normal(size=(2, 64)), [[1], [3]]])
    return Call(
        module.adamGD,
        batch_loss,
        {"batch": batch, **before},
        lambda _: {name: after[name] - then for name, then in before.items()},
        (batch, 4, 0.01, 8, 1, 0.95, 0.99, list(after.values()), []),
        bind={name: name for name in NAMES},
    )


BACK = "CNN/backward.py"

PROGRAMS = [
    Program(
        "Alescontrela/Numpy-CNN",
        "CNN/network.py",
        build,
        (
            mistake(
                34,
                r"conv_in\[:, curr_y:curr_y\+f, curr_x:curr_x\+f\]",
                "filt[curr_f]",
                "wrong_variable",
                "wrong_activation_in_weight_gradient",
                file=BACK,
            ),
            mistake(36, r"filt\[curr_f\]", "filt[curr_f][:, ::-1, ::-1]", "conv_kernel_reversed", file=BACK),
            mistake(36, r"\+= dconv", "= dconv", "repeated_index_lost", "wrong_variable", file=BACK),
            mistake(34, r"\+= dconv", "= dconv", "repeated_index_lost", "loop_cut_short", file=BACK),
            mistake(
                42,
                r"np\.sum\(dconv_prev\[curr_f\]\)",
                "dconv_prev[curr_f].mean()",
                "bias_gradient_reduction",
                "batch_scale_1_over_N",
                file=BACK,
            ),
            mistake(63, r"curr_y\+a, curr_x\+b", "curr_y+b, curr_x+a", "wrong_index", "transposed", file=BACK),
            mistake(58, r"z<=0", "dz<=0", "relu_mask_wrong"),
            mistake(66, r"dconv2\[conv2<=0\] = 0", "pass", "relu_mask_wrong"),
            mistake(69, r"conv1<=0", "conv1>0", "relu_mask_wrong"),
            mistake(69, r"dconv1\[conv1<=0\] = 0", "pass", "relu_mask_wrong", "missing_activation_derivative"),
            mistake(62, r"dz\)", "(z > 0) * z)", "wrong_variable", "upstream_gradient_dropped"),
            two(
                mistake(36, r"filt\[curr_f\]", "filt[curr_f][:, ::-1, ::-1]", "conv_kernel_reversed", file=BACK),
                mistake(58, r"z<=0", "dz<=0", "relu_mask_wrong"),
            ),
        ),
        more=(BACK, "CNN/forward.py", "CNN/utils.py"),
        always=(Edit(35, r"bias\[curr_f\]", "bias[curr_f, 0]", "CNN/forward.py"),),
        stubs={"tqdm.py": "tqdm = iter"},
    ),
    Program(
        "Alescontrela/Numpy-CNN",
        "CNN/network.py",
        adam,
        (
            mistake(36, r"filt\[curr_f\]", "filt[curr_f][:, ::-1, ::-1]", "conv_kernel_reversed", file=BACK),
            mistake(58, r"z<=0", "dz<=0", "relu_mask_wrong"),
            mistake(66, r"dconv2\[conv2<=0\] = 0", "pass", "relu_mask_wrong"),
        ),
        adaptive=True,
        more=(BACK, "CNN/forward.py", "CNN/utils.py"),
        always=(Edit(35, r"bias\[curr_f\]", "bias[curr_f, 0]", "CNN/forward.py"),),
        stubs={"tqdm.py": "tqdm = iter"},
        name="adam",
    ),
]
