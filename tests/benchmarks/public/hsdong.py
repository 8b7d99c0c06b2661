"""hsdong2012/Numpy-CNN: a convolution by columns, ReLU, max pooling and a linear layer, each stepping in its backward pass."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, moved, two


def loss(x: Any, y: Any, k: Any, c: Any, W: Any, b: Any) -> Any:
    z = np.stack(
        [np.stack([np.einsum("nijc,ijco->no", x[:, i : i + 3, j : j + 3], k) + c for j in range(4)], axis=1) for i in range(4)],
        axis=1,
    )
    h = np.max(np.maximum(z, 0).reshape(3, 2, 2, 2, 2, 2), axis=(2, 4)).reshape(3, 8)
    o = h @ W + b
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    conv, relu, pool, last, soft = module.Conv((3, 3, 2, 2)), module.Relu(), module.Pool(), module.Linear(8, 3), module.Softmax()
    held = {"k": (conv, "k"), "c": (conv, "b"), "W": (last, "W"), "b": (last, "b")}
    start = {}
    for name, (owner, field) in held.items():
        start[name] = rng.normal(size=getattr(owner, field).shape) - (1.5 if name == "c" else 0)
        setattr(owner, field, start[name].copy())
    x, y = rng.normal(size=(3, 6, 6, 2)), np.eye(3)[[1, 0, 2]]

    def train(x, y):
        out = last.forward(pool.forward(relu.forward(conv.forward(x))).reshape(3, -1))
        delta = last.backward(soft.cal_loss(out, y)[1], 0.05).reshape(3, 2, 2, 2)
        conv.backward(relu.backward(pool.backward(delta)), 0.05)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(*place) - start[name] for name, place in held.items()},
        (x, y),
        bind={"k": "conv.k", "c": "conv.b", "W": "last.W", "b": "last.b"},
    )


FILE = "cnn_numpy.py"
MISTAKES = (
    mistake(114, r" / batch_size", "", "batch_scale_1_over_N"),
    mistake(114, r"self\.x\.T", "np.sign(self.x.T)", "wrong_activation_in_weight_gradient"),
    mistake(115, r" / batch_size", "", "batch_scale_1_over_N", "bias_gradient_reduction"),
    mistake(121, r"-=", "+=", "sign_flipped"),
    mistake(175, r"\+=", "=", "gradient_overwritten", "gradient_accumulated_across_steps"),
    mistake(175, r"self\.image_col\[i\]", "self.image_col[0]", "wrong_index"),
    mistake(177, r"/= nx", "/= 1", "batch_scale_1_over_N"),
    mistake(179, r"delta_col, axis=\(0, 1\)", "delta_col", "bias_gradient_reduction"),
    mistake(180, r"/= nx", "/= nx * hd * wd", "batch_scale_1_over_N", "bias_gradient_reduction"),
    mistake(200, r"-=", "+=", "sign_flipped"),
    mistake(228, r" \* self\.feature_mask", "", "missing_factor", "relu_mask_wrong"),
    mistake(239, r"self\.x<0", "delta<0", "relu_mask_wrong", "wrong_variable"),
    mistake(239, r"delta\[self\.x<0\] = 0", "pass", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(254, r"self\.softmax\[i\] - label\[i\]", "self.softmax[i] * (self.softmax[i] - label[i])", "extra_factor",
            "loss_derivative_wrong", "softmax_jacobian_wrong"),
    moved(117, 122, "updated_weights_used"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "hsdong2012/Numpy-CNN",
        FILE,
        build,
        (*MISTAKES[:14], two(MISTAKES[2], MISTAKES[4]), two(MISTAKES[1], MISTAKES[12])),
        harmless=(
            Edit(114, r"np\.dot\(self\.x\.T, delta\) / batch_size", "self.x.T @ (delta / batch_size)"),
            Edit(177, r"self\.k_grad /= nx", "self.k_grad = self.k_grad / nx"),
        ),
        stubs={"scipy/__init__.py": "", "scipy/io.py": "loadmat = None"},
        backward={FILE: (111, 257)},
        group="eleventh",
    )
]
