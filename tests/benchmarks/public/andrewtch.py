"""andrewtch/diy-ai-numpy-nn: a script with two sigmoid layers, one example a step, weights changed in place."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, moved, two


def loss(samples: Any, results: Any, first_layer: Any, second_layer: Any) -> Any:
    h = 1 / (1 + np.exp(-(samples @ first_layer)))
    return 0.5 * np.sum((1 / (1 + np.exp(-(h @ second_layer))) - results) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"first_layer": rng.normal(size=(4, 5)), "second_layer": rng.normal(size=(5, 3))}
    held = {name: value.copy() for name, value in start.items()}
    samples, results = rng.normal(size=(1, 4)), np.array([[0.0, 1, 0]])
    return Call(
        module.epoch,
        loss,
        {"samples": samples, "results": results, **start},
        lambda _: {name: held[name] - start[name] for name in start},
        (samples, results, held["first_layer"], held["second_layer"], 0.4),
    )


FILE = "example_python3.py"
MISTAKES = (
    mistake(17, r"1\.0 - x", "1.0 + x", "wrong_activation_derivative"),
    mistake(17, r"x \* \(1\.0 - x\)", "sigmoid(x) * (1.0 - sigmoid(x))", "derivative_of_activated_value"),
    mistake(113, r"result - second_output", "result - second_output ** 2", "loss_derivative_wrong"),
    mistake(118, r" \* dsigmoid\(second_output\)", "", "missing_activation_derivative"),
    mistake(118, r"dsigmoid\(second_output\)", "(1.0 - second_output ** 2)", "wrong_activation_derivative"),
    mistake(121, r"second_delta", "second_error", "missing_activation_derivative", "wrong_variable"),
    mistake(124, r"dsigmoid\(first_output\)", "first_output", "wrong_activation_derivative", "missing_factor"),
    mistake(124, r" \* dsigmoid\(first_output\)", "", "missing_activation_derivative"),
    mistake(126, r"\+=", "-=", "sign_flipped"),
    mistake(126, r"second_delta", "second_error", "missing_activation_derivative", "wrong_variable"),
    mistake(127, r"sample\.T", "numpy.sign(sample.T)", "wrong_activation_in_weight_gradient"),
    mistake(127, r"first_delta", "first_error", "missing_activation_derivative", "wrong_variable"),
    mistake(127, r" \* rate", " * rate ** 2", "extra_factor"),
    moved(126, 120, "updated_weights_used", blame=(121,)),
)
PROGRAMS = [
    Program(
        "andrewtch/diy-ai-numpy-nn",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[10]), two(MISTAKES[6], MISTAKES[8])),
        harmless=(
            Edit(126, r"first_output\.T\.dot\(second_delta\)", "numpy.dot(first_output.T, second_delta)"),
            Edit(17, r"x \* \(1\.0 - x\)", "x - x ** 2"),
        ),
        keep=((4, 4), (11, 17), (101, 127)),
        head="def epoch(samples, results, first_layer, second_layer, rate):",
        foot="    return errors",
        backward={FILE: (113, 127)},
        group="eleventh",
    )
]
