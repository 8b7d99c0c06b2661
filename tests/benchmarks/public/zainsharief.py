"""ZainSharief/cnn-numpy: dense layers with their activation inside, a whole Jacobian of softmax, and batch norm between them.

As published the dense layers take means over the batch, and gamma and beta take sums."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, gamma: Any, beta: Any, W2: Any, b2: Any) -> Any:
    a = 1 / (1 + np.exp(-(x @ W1.T + b1)))
    d = a - np.mean(a, axis=0)
    o = (gamma * d / np.sqrt(np.mean(d**2, axis=0) + 1e-5) + beta) @ W2.T + b2
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import batchNormalisation

    first, norm, last = module.dense(4, "sigmoid"), batchNormalisation.batchNormalisation(), module.dense(3, "softmax")
    first.init_params((7, 3))
    norm.init_params((7, 4))
    last.init_params((7, 4))
    first.bias_params, last.bias_params = rng.normal(size=4), rng.normal(size=3)
    norm.gamma, norm.beta = rng.uniform(0.5, 1.5, size=4), rng.normal(size=4)
    held = {
        "W1": (first, "weight_params"), "b1": (first, "bias_params"), "gamma": (norm, "gamma"), "beta": (norm, "beta"),
        "W2": (last, "weight_params"), "b2": (last, "bias_params"),
    }  # fmt: skip
    start = {name: getattr(*place).copy() for name, place in held.items()}
    x, y = rng.normal(size=(7, 3)), np.eye(3)[[0, 2, 1, 1, 0, 2, 1]]

    def train(x, y):
        p = last.forward(norm.forward(first.forward(x, True), True), True)
        first.backward(norm.backward(last.backward(-y / p, 0.1), 0.1), 0.1)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(*place) - start[name] for name, place in held.items() if name != "b1"}
        | {"b1": first.bias_params - start["b1"]},
        (x, y),
        bind={
            "W1": "first.weight_params", "b1": "first.bias_params", "gamma": "norm.gamma", "beta": "norm.beta",
            "W2": "last.weight_params", "b2": "last.bias_params",
        },
    )  # fmt: skip


NORM, ACT = "batchNormalisation.py", "activation.py"
MISTAKES = (
    mistake(55, r"= self\.activation\.backward\(output_gradient\)", "= output_gradient", "missing_activation_derivative"),
    mistake(58, r"self\.input_tensor", "np.sign(self.input_tensor)", "wrong_activation_in_weight_gradient"),
    mistake(59, r"output_gradient, ", "self.output, ", "wrong_variable", "upstream_gradient_dropped"),
    mistake(62, r" / self\.input_tensor\.shape\[0\]", "", "batch_scale_1_over_N"),
    mistake(63, r"np\.mean", "np.sum", "batch_scale_1_over_N", "bias_gradient_reduction"),
    mistake(63, r"axis=0", "axis=0) * np.ones(self.units) + 0.1 * np.mean(output_gradient", "bias_gradient_reduction"),
    mistake(54, r"1 - self\.input_tensor", "1 - self.input_tensor ** 2", "wrong_activation_derivative", file=ACT),
    mistake(76, r"identity_matrix - ", "identity_matrix + ", "softmax_jacobian_wrong", "sign_flipped", file=ACT),
    mistake(87, r" \* flattened_norm", "", "missing_factor", file=NORM),
    mistake(91, r" \* self\.gamma", "", "missing_factor", file=NORM),
    mistake(92, r"self\.std_inv\*\*3", "self.std_inv**2", "normalisation_term_missing", "missing_factor", file=NORM),
    mistake(92, r"-0\.5", "0.5", "sign_flipped", file=NORM),
    mistake(93, r"-self\.std_inv", "self.std_inv", "sign_flipped", file=NORM),
    mistake(96, r"dvar \* 2\.0 \* self\.X_centered / self\.input_shape\[0\] \+ ", "", "normalisation_term_missing", file=NORM),
    mistake(96, r" / flattened_output\.shape\[0\]", "", "batch_scale_1_over_N", file=NORM),
    mistake(100, r"dbeta", "dgamma", "wrong_variable", file=NORM),
)  # fmt: skip
PROGRAMS = [
    Program(
        "ZainSharief/cnn-numpy",
        "dense.py",
        build,
        (*MISTAKES[:5], *MISTAKES[6:12], *MISTAKES[13:], two(MISTAKES[1], MISTAKES[13]), two(MISTAKES[6], MISTAKES[8])),
        harmless=(
            Edit(58, r"np\.dot\(output_gradient\.T, self\.input_tensor\)", "output_gradient.T @ self.input_tensor"),
            Edit(54, r"np\.multiply\((.*), output_gradient\)", r"\1 * output_gradient", ACT),
        ),
        more=(NORM, ACT),
        mend=(
            Edit(87, r"np\.sum", "np.mean", NORM),
            Edit(88, r"np\.sum", "np.mean", NORM),
        ),
        published=("batch_scale_1_over_N",),
        blame=(87, 88, 99, 100, 62, 63),
        backward={"dense.py": (55, 65), NORM: (83, 102), ACT: (37, 82)},
        group="tenth",
    )
]
