"""parsiad/mlp-numpy: a regression network of pairs whose backward pass is a `while` loop over one chain for each sample."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(batch: Any, target: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    z = np.maximum(np.maximum(batch @ W1 + b1, 0) @ W2 + b2, 0) @ W3 + b3
    return 0.5 * np.sum((z - target) ** 2) / len(batch)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    mlp = module.MLP((5, 5, 5, 2), rng)
    start = {}
    for layer, (weight, bias) in enumerate(mlp._layers[1:], 1):
        bias[...] = rng.normal(size=bias.shape)
        start |= {f"W{layer}": weight.copy(), f"b{layer}": bias.copy()}
    batch, target = rng.normal(size=(7, 5)), rng.normal(size=(7, 2))

    def train(mlp, batch, target):
        forecast, aux = mlp.forward(batch)
        return mlp.backward(forecast, aux, lambda forecast: forecast - target)

    return Call(
        train,
        loss,
        {"batch": batch, "target": target, **start},
        lambda grads: {name: grads[int(name[1])]["Wb".index(name[0])] for name in start},
        (mlp, batch, target),
        bind={name: f"mlp._layers[{name[1]}][{'Wb'.index(name[0])}]" for name in start},
    )


PROGRAMS = [
    Program(
        "parsiad/mlp-numpy",
        "mlp_numpy/_mlp.py",
        build,
        (
            mistake(118, r"grad_loss\(forecast\)", "forecast", "loss_derivative_wrong", "wrong_variable"),
            mistake(121, r"layer_idx - 1", "-1", "wrong_index", "wrong_activation_in_weight_gradient"),
            mistake(122, r"mean", "sum", "batch_scale_1_over_N"),
            mistake(123, r"mean", "sum", "batch_scale_1_over_N"),
            mistake(123, r"mean", "max", "bias_gradient_reduction"),
            mistake(124, r"grad_bias\)\)", "-grad_bias))", "sign_flipped"),
            mistake(128, r"affine > 0", "affine < 0", "relu_mask_wrong"),
            mistake(128, r"affine > 0", "affine", "relu_mask_wrong", "wrong_activation_derivative"),
            mistake(128, r"\(weight\.T \* .*\)$", "weight.T", "missing_activation_derivative"),
            two(
                mistake(123, r"mean", "sum", "batch_scale_1_over_N"),
                mistake(128, r"affine > 0", "affine < 0", "relu_mask_wrong"),
            ),
        ),
        harmless=(
            Edit(118, r"np\.expand_dims\(grad_loss\(forecast\), axis=1\)", "grad_loss(forecast)[:, None, :]"),
            Edit(122, r"transform\(chain.*$", "neuron.T @ chain[:, 0, :] / len(neuron)"),
            Edit(128, r"chain @ \(weight\.T \* (.*)\)$", r"(chain @ weight.T) * \1"),
        ),
        always=(
            Edit(29, r"np\.NaN\), np\.array\(np\.NaN", "np.nan), np.array(np.nan"),
            Edit(76, r"np\.NaN", "np.nan"),
            Edit(130, r"np\.NaN\), np\.array\(np\.NaN", "np.nan), np.array(np.nan"),
        ),
        backward={"mlp_numpy/_mlp.py": (116, 131)},
        group="later",
    )
]
