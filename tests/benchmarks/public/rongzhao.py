"""rongzhao-zhang/CNN-Numpy: patches in columns, max and average pooling with indices, cross-entropy; a list of modules and
SGD with momentum.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def patches(images: Any) -> Any:
    return [[images[:, i : i + 3, j : j + 3, :] for j in range(images.shape[2] - 2)] for i in range(images.shape[1] - 2)]


def build_for(pooling: str) -> Any:
    def loss(images: Any, y: Any, k1: Any, c1: Any, k2: Any, c2: Any, w: Any, b: Any) -> Any:
        def convolved(a: Any, k: Any, c: Any) -> Any:
            return np.stack([np.stack([np.einsum("nijc,ijcd->nd", p, k) + c for p in row], axis=1) for row in patches(a)], axis=1)

        h = np.maximum(convolved(np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0))), k1, c1), 0)
        h = convolved(h, k2, c2).reshape(3, 2, 2, 2, 2, 2)
        h = np.max(h, axis=(2, 4)) if pooling == "MaxPool2d" else np.mean(h, axis=(2, 4))
        o = h.reshape(3, 8) @ w + b
        return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))

    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        conv1, relu, conv2 = module.Conv2d(1, 2, 3, 1, 1), module.ReLU(), module.Conv2d(2, 2, 3, 1, 0)
        pool, linear, criterion = getattr(module, pooling)(2, 2), module.Linear(8, 3), module.CrossEntropy()

        class Net:
            def modules(self):
                return [conv1, relu, conv2, pool, linear]

        net = Net()
        held = {"k1": (conv1, "weight"), "c1": (conv1, "bias"), "k2": (conv2, "weight"), "c2": (conv2, "bias"),
                "w": (linear, "weight"), "b": (linear, "bias")}  # fmt: skip
        start = {}
        for name, place in held.items():
            start[name] = rng.normal(size=getattr(*place).shape)
            setattr(*place, start[name].copy())
        images, y = rng.normal(size=(3, 6, 6, 1)), np.eye(3)[[0, 2, 1]]
        optimizer = module.SGD(net, 0.1)

        def train(images, y):
            out = images
            for m in net.modules():
                out = m(out)
            criterion(out, y)
            gout = criterion.backward()
            for m in net.modules()[::-1]:
                gout = m.backward(gout)
            optimizer.update()

        return Call(
            train,
            loss,
            {"images": images, "y": y, **start},
            lambda _: {name: getattr(*place) - start[name] for name, place in held.items()},
            (images, y),
            bind={"k1": "conv1.weight", "c1": "conv1.bias", "k2": "conv2.weight", "c2": "conv2.bias", "w": "linear.weight",
                  "b": "linear.bias"},
        )  # fmt: skip

    return build


COMMON = (
    mistake(104, r"self\.x_cols", "np.abs(self.x_cols)", "wrong_activation_in_weight_gradient"),
    mistake(105, r"g_w\.sum", "g_w.mean", "batch_scale_1_over_N"),
    mistake(113, r"axis=\(0,1,2\)", "axis=(0,1)) / np.ones((w, 1)).sum(", "bias_gradient_reduction"),
    mistake(115, r"g @ ", "np.sign(g) @ ", "upstream_gradient_dropped"),
    mistake(123, r"\+=", "=", "gradient_overwritten"),
    mistake(123, r"k0, k1, -1\)", "k0, k1, -1)[:, ::-1, ::-1]", "conv_kernel_reversed", "wrong_index"),
    mistake(121, r"range\(h\)", "range(h - 1)", "loop_cut_short"),
    mistake(152, r"self\.weight\.transpose\(\)", "g_w0.transpose()", "gradient_or_update_used_for_weight"),
    mistake(154, r"axis=0", "axis=0) / len(g", "batch_scale_1_over_N"),
    mistake(160, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(297, r" \* self\.sign", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(297, r"self\.sign", "(g > 0)", "relu_mask_wrong", "wrong_variable"),
    mistake(342, r"self\.p - self\.y", "self.p * (self.p - self.y)", "extra_factor", "loss_derivative_wrong"),
    mistake(342, r"self\.p - self\.y", "-self.y / self.p", "loss_derivative_wrong", "softmax_jacobian_wrong"),
    mistake(461, r"-=", "+=", "sign_flipped"),
    mistake(444, r"grad", "m.weight", "gradient_or_update_used_for_weight", "wrong_variable"),
)
OWN = {
    "MaxPool2d": (
        mistake(198, r"// k1", "% k1", "wrong_index"),
        mistake(199, r"% k1", "// k1", "wrong_index"),
        mistake(200, r"j\*s0", "j", "wrong_index"),
        mistake(193, r"range\(n\)", "range(1, n)", "loop_cut_short"),
    ),
    "AvgPool2d": (
        mistake(269, r"g/\(k0\*k1\)", "g/k0", "missing_factor"),
        mistake(277, r"k\*s1:k\*s1\+k1", "k*s1:k*s1+1", "wrong_index", "loop_cut_short"),
        mistake(277, r"\+= g\[i,j,k,p\]", "+= g[i,k,j,p]", "wrong_index", "transposed"),
        mistake(276, r"range\(c2\)", "range(c2 - 1)", "loop_cut_short"),
    ),
}
PROGRAMS = [
    Program(
        "rongzhao-zhang/CNN-Numpy",
        "layers.py",
        build_for(pooling),
        (
            *(m for k, m in enumerate(COMMON) if k % 2 == first and k not in (2, 7)),
            *OWN[pooling],
            two(COMMON[first], OWN[pooling][0]),
            two(COMMON[9], COMMON[12]),
        ),
        harmless=(
            Edit(297, r"g \* self\.sign", "np.where(self.sign, g, 0)"),
            Edit(342, r"g\*\(self\.p - self\.y\) / self\.n", "(self.p - self.y) * (g / self.n)"),
        ),
        until={"layers.py": 464},
        always=(Edit(42, r"np\.int\)", "int)"), Edit(23, r"'float32'", "'float64'")),
        backward={"layers.py": (102, 345)},
        name=pooling.lower()[:3],
        group="tenth",
    )
    for pooling, first in (("MaxPool2d", 0), ("AvgPool2d", 1))
]
