"""apoorva-21/numpy-MNIST-GAN: the discriminator of a generative adversarial net; leaky ReLU in place, gradients in a dictionary.

As published the slope of leaky ReLU is chosen by the gradient, and errors are added up before they meet the derivative of
the sigmoid."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = {"Whl1": (5, 4), "bhl1": (5, 1), "Whl2": (4, 5), "bhl2": (4, 1), "Wout": (1, 4), "bout": (1, 1)}


def loss(train_batch: Any, train_batch_labels: Any, Whl1: Any, bhl1: Any, Whl2: Any, bhl2: Any, Wout: Any, bout: Any) -> Any:
    def leaky(z: Any) -> Any:
        return np.where(z < 0, 0.2 * z, z)

    p = 1 / (1 + np.exp(-(Wout @ leaky(Whl2 @ leaky(Whl1 @ train_batch + bhl1) + bhl2) + bout)))
    return -np.mean(train_batch_labels * np.log(p) + (1 - train_batch_labels) * np.log(1 - p))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {name: rng.normal(size=shape) for name, shape in NAMES.items()}
    module.d = {name: value.copy() for name, value in start.items()}
    module.smallValue, module.LR = 1e-25, 0.1
    x, y = rng.normal(size=(4, 6)), np.array([[1.0, 0.0, 1.0, 1.0, 0.0, 0.0]])
    return Call(
        module.trainDiscriminatorOverBatch,
        loss,
        {"train_batch": x, "train_batch_labels": y, **start},
        lambda _: {name: module.d[name] - then for name, then in start.items()},
        (x, y),
        {"freezeWeights": False},
        bind={name: f"d['{name}']" for name in start},
    )


MISTAKES = (
    mistake(233, r"- train_batch_labels\)", "+ train_batch_labels)", "sign_flipped", "loss_derivative_wrong"),
    mistake(234, r"= dGrad\['a_out'\]", "= discOut['a_out'] * dGrad['a_out']", "extra_factor", "loss_derivative_wrong"),
    mistake(235, r"discOut\['a_hl2'\]", "np.sign(discOut['a_hl2'])", "wrong_activation_in_weight_gradient"),
    mistake(236, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(238, r"dGrad\['z_out'\]", "discOut['a_out']", "wrong_variable", "upstream_gradient_dropped"),
    mistake(240, r"0\.2", "0", "relu_mask_wrong", "wrong_activation_derivative"),
    mistake(242, r" \* dLeakyRelu", "", "missing_activation_derivative"),
    mistake(243, r"dGrad\['z_hl2'\]", "dGrad['a_hl2']", "missing_activation_derivative", "wrong_variable"),
    mistake(244, r", axis = 1\)", ", axis = 1) * 0 + np.sum(dGrad['z_hl2'])", "bias_gradient_reduction"),
    mistake(246, r"dGrad\['z_hl2'\]", "dGrad['a_hl2']", "missing_activation_derivative", "wrong_variable"),
    mistake(248, r"< 0", "> 0", "relu_mask_wrong"),
    mistake(250, r" \* dLeakyRelu", " * discOut['a_hl1']", "wrong_activation_derivative", "wrong_variable"),
    mistake(251, r"discOut\['input'\]", "np.abs(discOut['input'])", "wrong_activation_in_weight_gradient"),
    mistake(257, r"-=", "+=", "sign_flipped"),
    mistake(259, r"dGrad\['W_hl2'\]", "d['Whl2']", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(263, r"d\['bout'\] -=", "d['bout'] =", "gradient_or_update_used_for_weight"),
)
PROGRAMS = [
    Program(
        "apoorva-21/numpy-MNIST-GAN",
        "numpyGANmnist.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[8]), two(MISTAKES[3], MISTAKES[10])),
        harmless=(
            Edit(243, r"np\.dot\(dGrad\['z_hl2'\], discOut\['a_hl1'\]\.T\)", "dGrad['z_hl2'] @ discOut['a_hl1'].T"),
            Edit(236, r"np\.sum\(dGrad\['z_out'\], axis = 1\)", "dGrad['z_out'].sum(axis=1)"),
        ),
        keep=((1, 1), (103, 112), (187, 201), (221, 266)),
        always=(Edit(265, r"print .*$", "pass"),),
        mend=(
            Edit(233, r"np\.sum\((.*)\) /", r"(\1) /"),
            Edit(234, r"= discOut\['a_out'\] \* \(1 - discOut\['a_out'\]\) \* dGrad", "= dGrad"),
            Edit(240, r"dGrad\['a_hl2'\] <", "discOut['z_hl2'] <"),
            Edit(248, r"dGrad\['a_hl1'\] <", "discOut['z_hl1'] <"),
        ),
        published=("relu_mask_wrong", "loss_derivative_wrong", "extra_factor", "wrong_variable"),
        blame=(233, 234, 240, 248),
        backward={"numpyGANmnist.py": (229, 263)},
        group="tenth",
    )
]
