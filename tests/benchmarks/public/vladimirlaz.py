"""vladimir-laz/Numpy-NN-Framework-hw: homework modules with parameter objects, batch norm, and a multiclass hinge loss.

As published the derivative of the deviation in batch norm has the wrong sign: the minus is inside an even power.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, target: Any, W1: Any, gamma: Any, beta: Any, W2: Any, b2: Any) -> Any:
    z = x @ W1
    z = gamma * (z - np.mean(z, axis=0)) / np.sqrt(np.var(z, axis=0) + 1e-5) + beta
    scores = np.maximum(z, 0) @ W2 + b2
    hot = np.eye(3)[target]
    margins = np.maximum(scores - np.sum(hot * scores, axis=1, keepdims=True) + 1, 0)
    return np.sum(margins * (1 - hot)) / len(x)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from nn.activations.relu import ReLU
    from nn.layers.batch_norm import BatchNorm
    from nn.layers.linear import Linear
    from nn.loss_functions.hinge_loss import hinge_loss

    first, norm, last = Linear(4, 5, bias=False), BatchNorm(5), Linear(5, 3)
    model = module.Sequential(first, norm, ReLU(), last)
    parameters = {"W1": first.W, "gamma": norm.gamma, "beta": norm.beta, "W2": last.W, "b2": last.b}
    start = {name: rng.normal(size=parameter.shape) for name, parameter in parameters.items()}
    for name, value in start.items():
        parameters[name].params = value.copy()
    x, target = rng.normal(size=(8, 4)), rng.integers(0, 3, size=8)

    def train(x, target):
        norm.mean, norm.var = np.zeros(5), np.zeros(5)
        hinge_loss(model(x), target).backward()
        return {name: parameter.grads for name, parameter in parameters.items()}

    return Call(
        train,
        loss,
        {"x": x, "target": target, **start},
        lambda result: result,
        (x, target),
        bind={name: f"parameters[{name!r}].params" for name in start},
    )


NORM, LINEAR, RELU, HINGE = (
    f"src/nn/{name}.py" for name in ("layers/batch_norm", "layers/linear", "activations/relu", "loss_functions/hinge_loss")
)
PACKAGES = ("nn", "nn/activations", "nn/layers", "nn/loss_functions", "nn/module")
PROGRAMS = [
    Program(
        "vladimir-laz/Numpy-NN-Framework-hw",
        "src/nn/module/sequential.py",
        build,
        (
            mistake(87, r"\.sum", ".mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=NORM),
            mistake(88, r"\* self\.inpt_norm", "", "missing_factor", file=NORM),
            mistake(90, r" \* self\.gamma\.params", "", "missing_factor", file=NORM),
            mistake(91, r" / self\.tmp_std", "", "missing_factor", "normalisation_term_missing", file=NORM),
            mistake(94, r"-\(dinpt", "(dinpt", "sign_flipped", file=NORM),
            mistake(96, r" / 2", "", "factor_2", file=NORM),
            mistake(97, r"dmean \+ ", "", "normalisation_term_missing", file=NORM),
            mistake(97, r" / N", "", "batch_scale_1_over_N", "normalisation_term_missing", file=NORM),
            mistake(97, r"self\.inpt_norm \* self\.tmp_std", "self.inpt_norm", "missing_factor", "wrong_variable", file=NORM),
            mistake(69, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LINEAR),
            mistake(49, r"self\.out > 0", "self.out >= 0", "relu_mask_wrong", "missing_activation_derivative", file=RELU),
            mistake(49, r"\(self\.out > 0\)", "self.out", "wrong_activation_derivative", "relu_mask_wrong", file=RELU),
            mistake(35, r"-1 \* grad\.sum\(axis=-1\)", "-1", "loss_derivative_wrong", "missing_factor", file=HINGE),
            two(
                mistake(90, r" \* self\.gamma\.params", "", "missing_factor", file=NORM),
                mistake(69, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LINEAR),
            ),
        ),
        harmless=(
            Edit(49, r"grads \* \(self\.out > 0\)", "np.where(self.out > 0, grads, 0)", RELU),
            Edit(99, r"\(1 - .*$", "beta", NORM),
            Edit(36, r"grad /= .*$", "pass", HINGE),
        ),
        more=(
            NORM,
            LINEAR,
            RELU,
            HINGE,
            *(f"src/nn/{name}.py" for name in ("loss_functions/loss", "module/parameters", "module/tensor")),
        ),
        mend=(Edit(95, r"\(-self\.tmp_std\)", "-self.tmp_std", NORM),),
        published=("sign_flipped",),
        blame=(95, 96, 97),
        root="src",
        stubs={f"{name}/__init__.py": "" for name in PACKAGES},
        backward={NORM: (87, 100), LINEAR: (67, 70), RELU: (49, 49)},
        group="newest",
    )
]
