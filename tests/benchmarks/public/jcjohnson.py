"""jcjohnson/pytorch-examples: two layers and a ReLU as a script; the kept lines become a function."""

from types import ModuleType

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: np.ndarray, y: np.ndarray, w1: np.ndarray, w2: np.ndarray) -> np.ndarray:
    return np.sum((np.maximum(x @ w1, 0) @ w2 - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    values = {name: rng.normal(size=size) for name, size in {"x": (6, 4), "y": (6, 2), "w1": (4, 5), "w2": (5, 2)}.items()}
    mine = {name: value.copy() for name, value in values.items()}
    return Call(
        module.program,
        loss,
        values,
        lambda _: {name: mine[name] - values[name] for name in ("w1", "w2")},
        tuple(mine.values()),
        {"learning_rate": 1e-3, "steps": 500},
        once={"steps": 1},
    )


PROGRAMS = [
    Program(
        "jcjohnson/pytorch-examples",
        "tensor/two_layer_net_numpy.py",
        build,
        (
            mistake(41, r"w2\.T", "(w2 - learning_rate * grad_w2).T", "updated_weights_used"),
            mistake(43, r"grad_h\[h < 0\] = 0", "pass", "relu_mask_wrong", "missing_activation_derivative"),
            mistake(43, r"h < 0", "h > 0", "relu_mask_wrong"),
            mistake(43, r"h < 0", "grad_h < 0", "relu_mask_wrong"),
            mistake(43, r"\[h < 0\]", "[h_relu < 0]", "relu_mask_wrong"),
            mistake(
                44,
                r"grad_h\)",
                "grad_h_relu)",
                "relu_mask_wrong",
                "missing_activation_derivative",
                "wrong_variable",
                "upstream_gradient_dropped",
            ),
            mistake(40, r"h_relu\.T", "h.T", "wrong_activation_in_weight_gradient"),
            mistake(41, r"grad_y_pred", "y_pred", "wrong_variable"),
            mistake(47, r"-=", "+=", "sign_flipped"),
            mistake(48, r"grad_w2", "grad_w2 / len(x)", "batch_scale_1_over_N", blame=(40,)),
            two(
                mistake(40, r"h_relu\.T", "h.T", "wrong_activation_in_weight_gradient"),
                mistake(43, r"h < 0", "h > 0", "relu_mask_wrong"),
            ),
        ),
        harmless=(
            Edit(39, r"2\.0 \* ", r""),
            Edit(43, r"h < 0", r"h_relu == 0"),
            Edit(44, r"x\.T\.dot\(grad_h\)", r"grad_h.T.dot(x).T"),
            Edit(41, r"grad_y_pred\.dot\(w2\.T\)", r"np.einsum('ij,kj->ik', grad_y_pred, w2)"),
        ),
        keep=((1, 1), (28, 48)),
        head="def program(x, y, w1, w2, learning_rate, steps):",
        always=(Edit(28, "500", "steps"),),
    )
]
