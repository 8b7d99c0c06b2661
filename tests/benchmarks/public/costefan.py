"""costefan/nn-numpy: a network in a runner, one row at a time, without biases; ReLU works in place.

As published the error has the other sign, and the weights' gradients have values from before the activations.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, W_1: Any, W_2: Any, W_3: Any) -> Any:
    z = W_3 @ np.maximum(W_2 @ np.tanh(W_1 @ X[0]), 0)
    return np.log(np.sum(np.exp(z))) - np.sum(z * y[0])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"W_1": rng.normal(size=(10, 3)), "W_2": rng.normal(size=(20, 10)) / 3, "W_3": rng.normal(size=(3, 20)) / 4}
    X, y = rng.normal(size=(1, 3)), np.array([[0.0, 1.0, 0.0]])
    net = module.AlaResNet(3, 10, 20, 3, 0.01)
    for name, value in start.items():
        setattr(net, name, value.copy())

    def train(X, y):
        module.AlaResNet = lambda *sizes: net
        module.Runner.run(X, y)

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {name: getattr(net, name) - then for name, then in start.items()},
        (X, y),
        bind={name: f"net.{name}" for name in start},
    )


ACTIVATIONS, NET = "nn/activations/functions.py", "nn/ala_resnet.py"
MISTAKES = (
    mistake(39, r"y_pred - y_batch\.flatten\(\)", "y_batch.flatten() * (y_pred - 1)", "loss_derivative_wrong"),
    mistake(40, r"relu_deriv\(model\.a_2\)", "relu_deriv(-model.a_2)", "relu_mask_wrong"),
    mistake(40, r"relu_deriv\(model\.a_2\)", "model.a_2", "wrong_activation_derivative", "relu_mask_wrong"),
    mistake(41, r"d_out", "d_out ** 2", "extra_factor", "wrong_variable"),
    mistake(43, r"tanh_deriv\(model\.a_1\)", "tanh_deriv(out1)", "derivative_of_activated_value", "wrong_variable"),
    mistake(43, r"tanh_deriv\(model\.a_1\)", "np.ones(n_hidden_1)", "missing_activation_derivative"),
    mistake(44, r"d_l2", "np.abs(d_l2)", "wrong_variable", "upstream_gradient_dropped"),
    mistake(47, r"out2", "np.sign(out2)", "wrong_activation_in_weight_gradient"),
    mistake(49, r"out1", "model.a_1", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(50, r"X_batch", "X_batch ** 2", "wrong_activation_in_weight_gradient", "extra_factor"),
    mistake(54, r"- learning_rate", "+ learning_rate", "sign_flipped"),
    mistake(55, r"model\.W_1 - learning", "- learning", "gradient_or_update_used_for_weight"),
    mistake(14, r" \*\* 2", "", "wrong_activation_derivative", file=ACTIVATIONS),
    mistake(14, r"np\.tanh\(x\)", "x", "wrong_activation_derivative", "derivative_at_wrong_point", file=ACTIVATIONS),
)
PROGRAMS = [
    Program(
        "costefan/nn-numpy",
        "nn/runner.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[7]), two(MISTAKES[9], MISTAKES[12])),
        harmless=(
            Edit(40, r"np\.diag\(relu_deriv\(model\.a_2\)\)", "np.diag(1.0 * (model.a_2 > 0))"),
            Edit(50, r"np\.dot\(d_l1, X_batch\)", "np.outer(d_l1, X_batch)"),
        ),
        more=(
            NET,
            ACTIVATIONS,
            "nn/losses.py",
            "nn/layers/linear.py",
            "nn/layers/__init__.py",
            "nn/activations/__init__.py",
        ),
        mend=(
            Edit(39, r"y_batch\.flatten\(\) - y_pred", "y_pred - y_batch.flatten()"),
            Edit(47, r"model\.a_2", "out2"),
            Edit(49, r"model\.a_1", "out1"),
        ),
        published=("sign_flipped", "wrong_activation_in_weight_gradient", "wrong_variable", "loss_derivative_wrong"),
        always=(Edit(12, r"100", "1"),),
        stubs={
            "nn/__init__.py": "",
            "config/__init__.py": "",
            "config/logger.py": "import logging\n\nlogger = logging.getLogger('nn')\n",
        },
        backward={"nn/runner.py": (38, 55), ACTIVATIONS: (13, 26)},
        group="ninth",
    )
]
