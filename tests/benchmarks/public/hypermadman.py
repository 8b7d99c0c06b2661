"""hypermadman/Pure-python-Neural-Network: two sigmoid layers, stepped up the negative gradient by a function that is passed."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, moved, two


def loss(x: Any, y: Any, syn0: Any, syn1: Any) -> Any:
    h = 1 / (1 + np.exp(-(x @ syn0)))
    return 0.5 * np.sum((1 / (1 + np.exp(-(h @ syn1))) - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.netWork()
    start = {"syn0": rng.normal(size=(4, 3)), "syn1": rng.normal(size=(3, 2))}
    net.syn0, net.syn1 = start["syn0"].copy(), start["syn1"].copy()
    x, y = rng.normal(size=(5, 4)), rng.uniform(size=(5, 2))

    def train(x, y):
        net.Learn(1, 7, 0.2, x, y, module.MomentumDesent)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(net, name) - start[name] for name in start},
        (x, y),
        bind={"syn0": "net.syn0", "syn1": "net.syn1"},
    )


MISTAKES = (
    mistake(6, r"x\*\(1-x\)", "x*(1+x)", "wrong_activation_derivative"),
    mistake(6, r"x\*\(1-x\)", "Sigmoid(x)*(1-Sigmoid(x))", "derivative_of_activated_value"),
    mistake(44, r"outputs - l2", "l2 - outputs / 2", "loss_derivative_wrong", "sign_flipped"),
    mistake(45, r"\*apxInvSigmoid\(l2\)", "", "missing_activation_derivative"),
    mistake(45, r"apxInvSigmoid\(l2\)", "(1-l2)", "wrong_activation_derivative", "missing_factor"),
    mistake(48, r"l2_delta", "l2_error", "missing_activation_derivative", "wrong_variable"),
    mistake(49, r"apxInvSigmoid\(l1\)", "(1-l1**2)", "wrong_activation_derivative"),
    mistake(49, r" \* apxInvSigmoid\(l1\)", "", "missing_activation_derivative"),
    mistake(50, r"l2_delta", "l2_error", "missing_activation_derivative", "wrong_variable"),
    mistake(51, r"l1_delta", "l1_error", "missing_activation_derivative", "wrong_variable"),
    mistake(51, r"l0\.T", "np.sign(l0).T", "wrong_activation_in_weight_gradient"),
    mistake(53, r"\+=", "-=", "sign_flipped"),
    moved(52, 47, "updated_weights_used", blame=(48,)),
)
PROGRAMS = [
    Program(
        "hypermadman/Pure-python-Neural-Network",
        "PurePythonNN.py",
        build,
        (*MISTAKES[:12], two(MISTAKES[3], MISTAKES[9]), two(MISTAKES[6], MISTAKES[11])),
        harmless=(
            Edit(44, r"outputs - l2", "-(l2 - outputs)"),
            Edit(50, r"l1\.T\.dot\(l2_delta\)", "np.dot(l1.T, l2_delta)"),
        ),
        backward={"PurePythonNN.py": (44, 53)},
        group="eleventh",
    )
]
