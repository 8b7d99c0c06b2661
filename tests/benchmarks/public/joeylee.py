"""JoeyLee-22/MLP-From-Scratch: two layers for one output, gradients summed over an epoch, then momentum and weight decay."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

NAMES = ("firstLayerWeights", "firstLayerBiases", "secondLayerWeights", "secondLayerBiases")


def loss(
    trainImages: Any,
    trainLabels: Any,
    firstLayerWeights: Any,
    firstLayerBiases: Any,
    secondLayerWeights: Any,
    secondLayerBiases: Any,
) -> Any:
    h = 1 / (1 + np.exp(-(trainImages @ firstLayerWeights.T + firstLayerBiases)))
    z = (h @ secondLayerWeights.T + secondLayerBiases)[:, 0]
    return np.sum(np.log(1 + np.exp(z)) - trainLabels * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NeuralNetwork([4, 3, 1], 5)
    start = {}
    for name in NAMES:
        start[name] = rng.normal(size=getattr(net, name).shape)
        setattr(net, name, start[name].copy())
    trainImages, trainLabels = rng.normal(size=(5, 4)), np.array([1, 0, 0, 1, 1])
    return Call(
        net.train,
        loss,
        {"trainImages": trainImages, "trainLabels": trainLabels, **start},
        lambda _: {name: getattr(net, name) - then for name, then in start.items()},
        (trainImages, trainLabels),
        bind={name: f"self.{name}" for name in start},
    )


MISTAKES = (
    mistake(60, r"np\.subtract\((.*), correct_output\)", r"np.subtract(\1, self.correctTarget)", "loss_derivative_wrong"),
    mistake(60, r"$", " * self.sigmoidDerivative(self.outputNeurons)", "extra_factor", "loss_derivative_wrong"),
    mistake(61, r"self\.sigmoidDerivative\(self\.secondLayerNeurons\)", "1", "missing_activation_derivative"),
    mistake(51, r"1-x", "1+x", "wrong_activation_derivative"),
    mistake(
        61,
        r"Derivative\(self\.second",
        "Derivative(1 - 0.5 * self.second",
        "derivative_at_wrong_point",
        "wrong_activation_derivative",
    ),
    mistake(61, r"self\.outputLayerErrors", "self.outputNeurons", "wrong_variable", "upstream_gradient_dropped"),
    mistake(63, r"\+=", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(64, r"self\.secondLayerNeurons", "np.ones(3)", "wrong_activation_in_weight_gradient", "missing_factor"),
    mistake(66, r"hiddenLayerErrors", "outputLayerErrors", "wrong_variable"),
    mistake(67, r"inputs", "np.abs(inputs)", "wrong_activation_in_weight_gradient"),
    mistake(67, r"\+=", "-=", "sign_flipped"),
    mistake(71, r"\(1-self\.beta\)\*", "", "optimizer_rule_wrong", "missing_factor"),
    mistake(
        72, r"self\.firstLayerBiasesSummations", "self.firstLayerBiases", "wrong_variable", "gradient_or_update_used_for_weight"
    ),
    mistake(75, r"-=", "+=", "sign_flipped"),
    mistake(76, r"self\.Lambda", "0.3", "regularisation_term_wrong"),
    mistake(
        96, r"^", "            self.firstLayerBiasesSummations *= 0.5\n", "extra_factor", "gradient_accumulated_across_steps"
    ),
)
PROGRAMS = [
    Program(
        "JoeyLee-22/MLP-From-Scratch",
        "SimpleNN.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[7]), two(MISTAKES[8], MISTAKES[13])),
        harmless=(
            Edit(
                61,
                r"np\.dot\(self\.secondLayerWeights\.T, self\.outputLayerErrors\)",
                "self.outputLayerErrors @ self.secondLayerWeights",
            ),
            Edit(67, r"np\.outer\(self\.hiddenLayerErrors, inputs\)", "self.hiddenLayerErrors[:, None] * inputs"),
        ),
        stubs=dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        backward={"SimpleNN.py": (59, 83)},
        group="ninth",
    )
]
