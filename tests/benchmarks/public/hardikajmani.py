"""hardikajmani/Gan-from-Scratch: the discriminator of a toy network for XOR, with a bias of its own for each example.

As published the sigmoid's derivative is the sigmoid, the first weights see the last error, the first biases a sum of units.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(input: Any, output: Any, layer_1: Any, layer_2: Any, bias_1: Any, bias_2: Any) -> Any:
    z = 1 / (1 + np.exp(-(input @ layer_1 + bias_1))) @ layer_2 + bias_2
    return np.sum(np.log(1 + np.exp(z)) - output.T * z) / len(input)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    input, output = rng.normal(size=(8, 3)), np.array([[0, 1, 1, 0, 1, 0, 0, 1]])
    start = {
        "layer_1": rng.normal(size=(3, 6)),
        "layer_2": rng.normal(size=(6, 1)),
        "bias_1": rng.normal(size=(8, 6)),
        "bias_2": rng.normal(size=(8, 1)),
    }
    return Call(
        module.disc_train,
        loss,
        {"input": input, "output": output, **start},
        lambda result: {name: new - start[name] for name, new in zip(start, result, strict=True)},
        (input, output, *(value.copy() for value in start.values())),
        bind={name: name for name in start},
    )


MISTAKES = (
    mistake(59, r"np\.subtract\(l2,output\.T\)", "(l2 - output.T) * l2 * (1 - l2)", "extra_factor", "loss_derivative_wrong"),
    mistake(61, r"l1\.T", "(l1 > 0.5).T", "wrong_activation_in_weight_gradient"),
    mistake(61, r" / m ", " ", "batch_scale_1_over_N"),
    mistake(61, r"delta_z2\)", "l2)", "wrong_variable", "loss_derivative_wrong"),
    mistake(62, r"axis= 1", "axis= 0", "bias_gradient_reduction", "wrong_index"),
    mistake(64, r" \* l1 \* \(1 - l1\)", "", "missing_activation_derivative"),
    mistake(64, r"1 - l1\)", "1 - l1 ** 2)", "wrong_activation_derivative"),
    mistake(64, r"delta_z2, layer_2\.T", "l2, layer_2.T", "wrong_variable", "upstream_gradient_dropped"),
    mistake(65, r"input\.T", "input[::-1].T", "wrong_index"),
    mistake(65, r"delta_z1", "(delta_z1 * l1)", "extra_factor"),
    mistake(66, r"delta_z1 / m", "delta_z1.mean(0)", "bias_gradient_reduction"),
    mistake(68, r"delta_w2", "layer_2", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(69, r"-=", "+=", "sign_flipped"),
    mistake(71, r"delta_b1", "delta_b2", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "hardikajmani/Gan-from-Scratch",
        "simple_GAN.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[6]), two(MISTAKES[8], MISTAKES[13])),
        harmless=(
            Edit(64, r"l1 \* \(1 - l1\)", "(l1 - l1 ** 2)"),
            Edit(59, r"np\.subtract\(l2,output\.T\)", "l2 - output.T"),
        ),
        keep=((7, 24), (46, 76)),
        always=(Edit(51, r"10000", "1"),),
        mend=(
            Edit(64, r"\* l1 ", "* l1 * (1 - l1) "),
            Edit(65, r"delta_z2", "delta_z1"),
            Edit(66, r"np\.sum\(delta_z1, axis= 1, keepdims=True\)", "delta_z1"),
        ),
        published=("wrong_activation_derivative", "wrong_variable", "bias_gradient_reduction"),
        backward={"simple_GAN.py": (58, 72)},
        group="ninth",
    )
]
