"""maideas/numpy-neural-network: a variational autoencoder without its divergence; layers of three axes, one example.

As published the layer that samples gives the standard deviation the gradient of the mean."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

KEYS = ("enc", "m1", "m2", "s1", "s2", "dec")


def noise() -> Any:
    return np.random.RandomState(7).normal(0.0, 1.0, (1, 1, 3))


def loss(
    x: Any, y: Any, eps: Any, Wenc: Any, benc: Any, Wm1: Any, bm1: Any, Wm2: Any, bm2: Any, Ws1: Any, bs1: Any, Ws2: Any,
    bs2: Any, Wdec: Any, bdec: Any,
) -> Any:  # fmt: skip
    h = np.tanh(Wenc @ x.reshape(-1) + benc.reshape(-1))
    mean = Wm2 @ np.tanh(Wm1 @ h + bm1.reshape(-1)) + bm2.reshape(-1)
    sigma = np.log(1 + np.exp(Ws2 @ np.tanh(Ws1 @ h + bs1.reshape(-1)) + bs2.reshape(-1)))
    return 0.5 * np.sum((Wdec @ (mean + sigma * eps) + bdec.reshape(-1) - y.reshape(-1)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import numpy_neural_network as package

    a, h = (1, 1, 4), (1, 1, 3)
    encoder, latent, sample, decoder = package.Dense(a, h), module.Latent(h), package.Sample(h), package.Dense(h, a)
    tanh = package.Tanh(h)
    mean, sigma = latent.latent_mean_model.layers, latent.latent_variance_model.layers
    held = dict(zip(KEYS, (encoder, mean[0], mean[2], sigma[0], sigma[2], decoder), strict=True))
    start = {}
    for key, layer in held.items():
        start[f"W{key}"], start[f"b{key}"] = rng.normal(size=layer.w.shape), rng.normal(size=layer.wb.shape)
        layer.w, layer.wb = start[f"W{key}"].copy(), start[f"b{key}"].copy()
    x, y = rng.normal(size=a), rng.normal(size=a)
    layers = (encoder, tanh, latent, sample, decoder)

    def train(x, y):
        np.random.seed(7)  # noqa: NPY002 (the layer draws from it)
        out = x
        for layer in layers:
            layer.zero_grad()
            out = layer.forward(out)
        grad = out - y
        for layer in layers[::-1]:
            grad = layer.backward(grad)

    def after(_):
        return {f"{kind}{key}": getattr(held[key], "grad_w" + "b" * (kind == "b")) for key in KEYS for kind in "Wb"}

    return Call(
        train,
        loss,
        {"x": x, "y": y, "eps": noise().reshape(-1), **start},
        after,
        (x, y),
        bind={
            "Wenc": "encoder.w", "benc": "encoder.wb", "Wdec": "decoder.w", "bdec": "decoder.wb",
            **{f"W{c}{k}": f"latent.latent_{n}_model.layers[{2 * k - 2}].w"
               for c, n in (("m", "mean"), ("s", "variance")) for k in (1, 2)},
            **{f"b{c}{k}": f"latent.latent_{n}_model.layers[{2 * k - 2}].wb"
               for c, n in (("m", "mean"), ("s", "variance")) for k in (1, 2)},
        },
    )  # fmt: skip


P = "numpy_neural_network/"
FILE, SAMPLE, DENSE, FUNC = (f"{P}{name}_layer.py" for name in ("latent", "sample", "dense", "func"))
MISTAKES = (
    mistake(55, r"grad_y_variance\)", "grad_y_mean)", "wrong_variable"),
    mistake(58, r"grad_y_mean \+ grad_y_variance", "grad_y_mean", "upstream_gradient_dropped", "missing_factor"),
    mistake(58, r"\+ grad_y_variance", "- grad_y_variance", "sign_flipped"),
    mistake(52, r":self\.shape_in\[2\]", "self.shape_in[2]:", "wrong_index"),
    mistake(37, r"= grad_y", "= -grad_y", "sign_flipped", file=SAMPLE),
    mistake(38, r"= grad_y", "= grad_y * self.x_mean", "extra_factor", "wrong_variable", file=SAMPLE),
    mistake(25, r"\+=", "-=", "sign_flipped", file=DENSE),
    mistake(28, r"np\.outer\(grad_y, self\.x\)", "np.outer(grad_y, np.sign(self.x))", "wrong_activation_in_weight_gradient",
            file=DENSE),
    mistake(28, r"np\.outer\(grad_y, self\.x\)", "np.outer(grad_y, self.x) * self.w", "extra_factor", file=DENSE),
    mistake(29, r"self\.w\)", "np.abs(self.w))", "wrong_variable", file=DENSE),
    mistake(29, r"self\.w\)", "self.grad_w)", "gradient_or_update_used_for_weight", "wrong_variable", file=DENSE),
    mistake(131, r"np\.square\(self\.y\)", "self.y", "wrong_activation_derivative", file=FUNC),
    mistake(215, r"\(self\.exp_x / \(1\.0 \+ self\.exp_x\)\)", "self.exp_x", "wrong_activation_derivative", file=FUNC),
    mistake(215, r"\(self\.exp_x / \(1\.0 \+ self\.exp_x\)\) \* ", "", "missing_activation_derivative", file=FUNC),
)  # fmt: skip
PROGRAMS = [
    Program(
        "maideas/numpy-neural-network",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[7]), two(MISTAKES[5], MISTAKES[12])),
        harmless=(
            Edit(28, r"np\.outer\(grad_y, self\.x\)", "grad_y[:, None] * self.x", DENSE),
            Edit(131, r"\(1\.0 - np\.square\(self\.y\)\)", "(1.0 - self.y**2)", FUNC),
        ),
        more=(
            SAMPLE,
            DENSE,
            FUNC,
            *(f"{P}{name}.py" for name in ("__init__", "layer", "optimizer")),
            *(f"{P}{name}_layer.py" for name in ("sequential", "shape", "loss", "pad", "conv", "upconv", "pool", "dropout")),
            f"{P}inception_layer.py",
        ),
        always=tuple(Edit(n, r"\)$", " or ())", f"{P}layer.py") for n in (12, 13, 14, 16, 17, 18, 55, 56, 57)),
        mend=(
            Edit(27, r"np\.random\.normal\((.*)\)$", r"(n := np.random.normal(\1)); self.noise = n", SAMPLE),
            Edit(37, r"= grad_y", "= grad_y * self.noise", SAMPLE),
        ),
        published=("missing_factor",),
        blame=(37,),
        backward={FILE: (52, 59), SAMPLE: (37, 40), DENSE: (24, 31), FUNC: (131, 132)},
        group="eleventh",
    )
]
