"""yangkt/NumPy-CNN: one image a step through nested loops over filters, places and classes, with a softmax Jacobian."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

FUNCTIONS = "ActivationFunction.py"
SHAPE = [2, 3, (2, (5, 5)), (2, (2, 2), 1), (3, (2, 2), 1)]


def lrelu(z: Any) -> Any:
    return np.maximum(z, 0.01 * z)


def convolution(x: Any, K: Any) -> Any:
    high, wide = x.shape[1] - 1, x.shape[2] - 1
    return sum(np.einsum("chw,fc->fhw", x[:, i : i + high, j : j + wide], K[:, :, i, j]) for i in range(2) for j in range(2))


def loss(image: Any, target: Any, K1: Any, K2: Any, F: Any) -> Any:
    h = lrelu(convolution(lrelu(convolution(image, K1)), K2))
    z = lrelu(np.sum(F * h, axis=(1, 2, 3)))
    return np.log(np.sum(np.exp(z))) - np.sum(target * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.CNN(SHAPE)
    start = {name: rng.normal(scale=0.6, size=np.shape(value)) for name, value in zip(("K1", "K2", "F"), net.layers, strict=True)}
    net.layers = [value.copy() for value in start.values()]
    image, target = rng.normal(size=(2, 5, 5)), np.eye(3)[int(rng.integers(3))]

    def train(net, image, target):
        hidden, logit, softMax = net.forward_pass(image)
        return net.backward_propegation(target, softMax, hidden, logit)

    return Call(
        train,
        loss,
        {"image": image, "target": target, **start},
        lambda result: {name: np.array(value) for name, value in zip(start, result, strict=True)},
        (net, image, target),
        bind={name: f"net.layers[{k}]" for k, name in enumerate(start)},
    )


PROGRAMS = [
    Program(
        "yangkt/NumPy-CNN",
        "CNN1_fixed.py",
        build,
        (
            mistake(186, r"np\.multiply\(soft_gd, .*$", "soft_gd", "missing_activation_derivative"),
            mistake(197, r"rel_gd", "soft_gd", "wrong_variable", "missing_activation_derivative"),
            mistake(197, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(218, r"output", "prev_gd", "relu_mask_wrong", "wrong_variable"),
            mistake(220, r" \* reluCL_gd", "", "missing_activation_derivative"),
            mistake(234, r"\[hInx\]\[wInx\]", "[wInx][hInx]", "wrong_index", "transposed"),
            mistake(237, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(260, r"\+=", "=", "repeated_index_lost", "loop_cut_short"),
            mistake(251, r"range\(0", "range(1", "loop_cut_short"),
            mistake(52, r"0 - ", "0 + ", "softmax_jacobian_wrong", "sign_flipped", file=FUNCTIONS),
            two(
                mistake(186, r"np\.multiply\(soft_gd, .*$", "soft_gd", "missing_activation_derivative"),
                mistake(237, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            ),
        ),
        harmless=(
            Edit(191, r"np\.multiply\(rel_gd\[nCnt\], inputs_ff\)", "inputs_ff * rel_gd[nCnt]"),
            Edit(157, r"-1\*\(target/softMax\)", "-target / softMax"),
        ),
        more=(FUNCTIONS,),
        stubs={"numba.py": "def jit(function):\n    return function\n"},
        always=(
            Edit(38, r"np\.array\(layers\)", "layers"),
            Edit(64, r"np\.array\(layers\)", "layers"),
            Edit(146, r"np\.array\(hidden\)", "hidden"),
        ),
        backward={"CNN1_fixed.py": (184, 262), FUNCTIONS: (44, 53)},
        group="fresh",
    )
]
