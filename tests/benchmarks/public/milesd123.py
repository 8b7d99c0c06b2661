"""milesd123/numpy-GAN: parts of the generator of a super-resolution GAN: convolution, batch norm, PReLU and pixel shuffle.

As published the bias of a channel has the gradient of the last image only."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, K: Any, c: Any, gamma: Any, beta: Any, alpha: Any) -> Any:
    p = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    z = np.stack(
        [
            np.stack([np.einsum("ncij,ocij->no", p[:, :, i : i + 3, j : j + 3], K) + c for j in range(3)], axis=2)
            for i in range(3)
        ],
        axis=2,
    )
    d = z - np.mean(z, axis=(0, 2, 3), keepdims=True)
    z = gamma * d / np.sqrt(np.mean(d**2, axis=(0, 2, 3), keepdims=True) + 1e-5) + beta
    z = np.where(z >= 0, z, alpha * z).reshape(2, 1, 2, 2, 3, 3).transpose(0, 1, 4, 2, 5, 3).reshape(2, 1, 6, 6)
    return 0.5 * np.sum((z - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from batch_norm import BatchNorm
    from pixel_shuffle import PixelShuffle
    from prelu import PReLU

    conv, norm, act, shuffle = module.Convolution2D(2, 4, 3, 1), BatchNorm(), PReLU(4), PixelShuffle(2)
    conv.kernel_matrix, conv.bias_matrix = rng.normal(size=(4, 2, 3, 3)), rng.normal(size=4)
    norm.gamma, norm.beta = rng.normal(size=(1, 4, 1, 1)), rng.normal(size=(1, 4, 1, 1))
    act.alpha = rng.uniform(0.1, 0.4, size=(1, 4, 1, 1))
    held = {"K": (conv, "kernel_matrix"), "c": (conv, "bias_matrix"), "gamma": (norm, "gamma"), "beta": (norm, "beta"),
            "alpha": (act, "alpha")}  # fmt: skip
    start = {name: getattr(*place).copy() for name, place in held.items()}
    x, y = rng.normal(size=(2, 2, 3, 3)), rng.normal(size=(2, 1, 6, 6))

    def train(x, y):
        out = x
        for layer in (conv, norm, act, shuffle):
            out = layer.forward(out)
        grad = out - y
        for layer in (shuffle, act, norm, conv):
            grad = layer.backward(grad, 0.05)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(*place) - start[name] for name, place in held.items()},
        (x, y),
        bind={"K": "conv.kernel_matrix", "c": "conv.bias_matrix", "gamma": "norm.gamma", "beta": "norm.beta",
              "alpha": "act.alpha"},
    )  # fmt: skip


PLACE = "src/layers/"
B, P, S = PLACE + "batch_norm.py", PLACE + "prelu.py", PLACE + "pixel_shuffle.py"
MISTAKES = (
    mistake(86, r"padded_input\[n, c_in\]", "padded_input[n, 0]", "wrong_index"),
    mistake(86, r"\+=", "=", "gradient_overwritten", "gradient_accumulated_across_steps"),
    mistake(86, r"output_grad\[n, c_out\]", "output_grad[n, c_out][::-1, ::-1]", "conv_kernel_reversed", "wrong_index"),
    mistake(96, r"- learning_rate", "+ learning_rate", "sign_flipped"),
    mistake(42, r" \* self\.gamma", "", "missing_factor", file=B),
    mistake(45, r"std_inv \*\* 3", "std_inv", "normalisation_term_missing", "missing_factor", file=B),
    mistake(49, r"dvar \* 2 \* x_mu / M", "dvar * 2 * x_mu", "batch_scale_1_over_N", "missing_factor", file=B),
    mistake(49, r" \+ dmu / M", "", "normalisation_term_missing", file=B),
    mistake(52, r"self\.normalized", "x_mu", "wrong_variable", file=B),
    mistake(53, r"axis=\(0, 2, 3\)", "axis=0", "bias_gradient_reduction", file=B, blame=(56,)),
    mistake(17, r"1, self\.alpha", "1, 0", "relu_mask_wrong", "wrong_activation_derivative", file=P),
    mistake(20, r" \* self\.input \* \(self\.input < 0\)", " * self.input", "relu_mask_wrong", "missing_factor", file=P),
    mistake(20, r"self\.input < 0", "output_grad < 0", "relu_mask_wrong", "wrong_variable", file=P),
    mistake(40, r"0, 1, 3, 5, 2, 4", "0, 1, 5, 3, 2, 4", "wrong_index", "transposed", file=S),
)
PROGRAMS = [
    Program(
        "milesd123/numpy-GAN",
        PLACE + "convolution.py",
        build,
        (*(m for k, m in enumerate(MISTAKES) if k != 9), two(MISTAKES[0], MISTAKES[10]), two(MISTAKES[4], MISTAKES[11])),
        harmless=(
            Edit(17, r"np\.where\(self\.input >= 0, 1, self\.alpha\) \* output_grad",
                 "np.where(self.input >= 0, output_grad, self.alpha * output_grad)", P),
            Edit(52, r"np\.sum\(output_grad \* self\.normalized", "np.sum(self.normalized * output_grad", B),
        ),
        more=(B, P, S, PLACE + "layer.py", PLACE + "functions/inits.py"),
        root="src/layers",
        always=(
            Edit(17, r"kaiming_he_kernel\(\(1, 1\), self\.kernel_amount\)\.squeeze\(\)", "np.zeros(self.kernel_amount)"),
            Edit(81, r"np\.zeros_like\(output_grad\)", "np.zeros_like(padded_input)"),
        ),
        mend=(Edit(93, r"\] = ", "] += "),),
        published=("gradient_overwritten", "bias_gradient_reduction"),
        backward={PLACE + "convolution.py": (66, 97), B: (36, 56), P: (17, 23), S: (30, 44)},
        group="eleventh",
    )
]  # fmt: skip
