"""eduardoleao052/CNN-from-scratch: convolutions with a bias for each pixel, max pooling, batch norm; plain steps or momentum.

As published batch norm divides its own gradients by the batch once more."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def cross(o: Any, y: Any) -> Any:
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))


def leaky(z: Any) -> Any:
    return np.where(z > 0, z, -0.01 * z)


def loss_conv(x: Any, y: Any, k: Any, c: Any, w: Any, b: Any) -> Any:
    p = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    z = np.stack(
        [np.stack([np.einsum("ncij,ocij->no", p[:, :, i : i + 3, j : j + 3], k) for j in range(4)], axis=2) for i in range(4)],
        axis=2,
    )
    h = np.max(leaky(z + c).reshape(3, 2, 2, 2, 2, 2), axis=(3, 5)).reshape(3, 8)
    return cross(h @ w + b, y) + 0.1 * (np.sum(k**2) + np.sum(w**2))


def loss_norm(x: Any, y: Any, w1: Any, b1: Any, gamma: Any, beta: Any, w2: Any, b2: Any) -> Any:
    z = x @ w1 + b1
    d = z - np.mean(z, axis=0)
    h = leaky(gamma * d / np.sqrt(np.mean(d**2, axis=0) + 1e-5) + beta)
    return cross(h @ w2 + b2, y) + 0.1 * (np.sum(w1**2) + np.sum(w2**2))


def call(layers: list[Any], held: dict[str, tuple[int, str]], loss: Any, x: Any, y: Any, rng: np.random.Generator) -> Call:
    start = {}
    for name, (k, field) in held.items():
        start[name] = rng.normal(size=np.shape(getattr(layers[k], field))) - 4.0 * (name == "c")
        setattr(layers[k], field, start[name].copy())
    for layer in layers:
        layer.compile(0.1, 0.2)

    def train(x, y):
        out = x
        for layer in layers:
            out = layer.forward(out, True)
        for layer in layers[::-1]:
            out = layer.backward(out, y)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(layers[k], field) - start[name] for name, (k, field) in held.items()},
        (x, y),
        bind={name: f"layers[{k}].{field}" for name, (k, field) in held.items()},
    )


def build_conv(module: ModuleType, rng: np.random.Generator) -> Call:
    from utils import SGD

    layers = [module.Conv((2, 4, 4), 3, 2, 1, optimizer=SGD), module.Relu(), module.MaxPool((2, 4, 4)), module.Flatten((2, 2, 2)),
              module.Dense(8, 3, SGD), module.Softmax()]  # fmt: skip
    held = {"k": (0, "w"), "c": (0, "b"), "w": (4, "w"), "b": (4, "b")}
    return call(layers, held, loss_conv, rng.normal(size=(3, 2, 4, 4)), np.eye(3)[[1, 0, 2]], rng)


def build_norm(module: ModuleType, rng: np.random.Generator) -> Call:
    from utils import SGD

    layers = [module.Dense(3, 5, SGD), module.BatchNorm(np.ones(5), np.zeros(5)), module.Relu(), module.Dense(5, 3, SGD),
              module.Softmax()]  # fmt: skip
    held = {"w1": (0, "w"), "b1": (0, "b"), "gamma": (1, "gamma"), "beta": (1, "beta"), "w2": (3, "w"), "b2": (3, "b")}
    return call(layers, held, loss_norm, rng.normal(size=(6, 3)), np.eye(3)[[0, 2, 1, 1, 0, 2]], rng)


U = "utils.py"
CONV = (
    mistake(52, r"np\.sum\(dz,axis = 0\)", "np.mean(dz,axis = 0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(60, r"self\.pad_z\[n,j\]", "self.pad_z[n,0]", "wrong_index"),
    mistake(60, r"\+=", "=", "gradient_overwritten", "gradient_accumulated_across_steps"),
    mistake(60, r"dz\[n,i\]", "dz[n,i].T", "transposed"),
    mistake(67, r"self\.b,self\.w,db,dw", "self.b,self.w,db,dw[:, :, ::-1, ::-1]", "conv_kernel_reversed", "wrong_index"),
    mistake(138, r"else -0\.01", "else 0.01", "sign_flipped", "relu_mask_wrong", "wrong_activation_derivative"),
    mistake(143, r"da \* dz_mask", "da", "missing_activation_derivative"),
    mistake(352, r"//self\.pool", "%self.pool", "wrong_index"),
    mistake(354, r"\+Y\]", "+X]", "wrong_index"),
    mistake(89, r" - config\['learning_rate'\] \* config\['regularization'\] \* w", "", "regularisation_term_wrong", file=U),
    mistake(90, r"- config", "+ config", "sign_flipped", file=U),
    mistake(110, r"self\.w\.T", "dw.T", "gradient_or_update_used_for_weight", "wrong_variable"),
)
NORM = (
    mistake(108, r"\.sum", ".mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(109, r"x\.T", "np.sign(x).T", "wrong_activation_in_weight_gradient"),
    mistake(138, r"z>0", "z>-0.3", "relu_mask_wrong"),
    mistake(169, r"a - y", "a * (a - y)", "loss_derivative_wrong", "extra_factor", "softmax_jacobian_wrong"),
    mistake(266, r"np\.sum\(da", "np.sum(da * self.x_norm", "wrong_variable", "extra_factor"),
    mistake(269, r"self\.x_norm", "z", "wrong_variable"),
    mistake(270, r"self\.gamma \* ", "", "missing_factor"),
    mistake(273, r"1 / self\.std", "1 / self.var", "wrong_variable"),
    mistake(274, r"-2", "-1", "normalisation_term_missing", "wrong_activation_derivative"),
    mistake(276, r" / 2", "", "factor_2", "extra_factor"),
    mistake(279, r"-\(np\.sum", "(np.sum", "sign_flipped", "normalisation_term_missing"),
    mistake(281, r" \+ 2 \* dvar \* \(z - self\.mean\)", "", "normalisation_term_missing"),
    mistake(89, r"\* w$", "* dw", "regularisation_term_wrong", "wrong_variable", file=U),
)
COMMON = {"more": (U,), "stubs": {"pandas/__init__.py": ""}, "group": "eleventh"}
PROGRAMS = [
    Program(
        "eduardoleao052/CNN-from-scratch",
        "layers.py",
        build_conv,
        (*CONV, two(CONV[1], CONV[8]), two(CONV[5], CONV[9])),
        harmless=(
            Edit(169, r"\(a - y\)/n", "a / n - y / n"),
            Edit(52, r"np\.sum\(dz,axis = 0\)", "dz.sum(0)"),
        ),
        backward={"layers.py": (49, 355), U: (88, 91)},
        name="conv",
        **COMMON,
    ),
    Program(
        "eduardoleao052/CNN-from-scratch",
        "layers.py",
        build_norm,
        (*NORM, two(NORM[6], NORM[1]), two(NORM[11], NORM[2])),
        harmless=(
            Edit(276, r"dstd / 2 / self\.std", "0.5 * dstd / self.std"),
            Edit(110, r"np\.dot\(dz, self\.w\.T\)", "dz @ self.w.T"),
        ),
        mend=(Edit(283, r"dgamma / n", "dgamma"), Edit(284, r"dbeta / n", "dbeta")),
        published=("batch_scale_1_over_N",),
        blame=(283, 284),
        backward={"layers.py": (104, 289), U: (88, 91)},
        name="norm",
        **COMMON,
    ),
]
