"""EsterHlav/MLP-Numpy: one tanh layer in one training method, with decay and a learning rate that falls."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = np.tanh(X @ W1 + b1) @ W2 + b2
    cross = np.log(np.sum(np.exp(z), axis=1)) - np.take_along_axis(z, Y[:, None], axis=1)[:, 0]
    return np.sum(cross) + 0.3 / 2 * (np.sum(W1**2) + np.sum(W2**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NeuralNetwork(4, 5, 3, regTerm=0.3)
    net.model = {name: rng.normal(size=value.shape) for name, value in net.model.items()}
    start = {name: value.copy() for name, value in net.model.items()}
    data = rng.normal(size=(8, 4)), rng.integers(0, 3, size=8)
    return Call(
        net.train,
        loss,
        {"X": data[0], "Y": data[1], **start},
        lambda _: {name: net.model[name] - value for name, value in start.items()},
        (data, data, data),
        {"nbEpochs": 3, "printLoss": False},
        bind={name: f"self.model[{name!r}]" for name in start},
        once={"nbEpochs": 1},
    )


PROGRAMS = [
    Program(
        "EsterHlav/MLP-Numpy-Implementation-Gradient-Descent-Backpropagation",
        "NN.py",
        build,
        (
            mistake(114, r" - self\.oneHot\(Y\)", "", "loss_derivative_wrong"),
            mistake(115, r"a1\.T", "z1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(116, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(117, r"a1, 2", "z1, 2", "derivative_at_wrong_point", "wrong_activation_derivative"),
            mistake(117, r"np\.power\(a1, 2\)", "np.tanh(a1) ** 2", "derivative_of_activated_value"),
            mistake(117, r" \* \(1 - .*$", "", "missing_activation_derivative"),
            mistake(117, r"delta3", "a2", "wrong_variable", "loss_derivative_wrong"),
            mistake(119, r", axis=0", "", "bias_gradient_reduction"),
            mistake(129, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong"),
            mistake(130, r"dW1 \+=.*$", "pass", "regularisation_term_wrong"),
            mistake(130, r"self\.regTerm", "2 * self.regTerm", "factor_2", "regularisation_term_wrong"),
            mistake(136, r"-self", "self", "sign_flipped"),
            two(
                mistake(116, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(130, r"dW1 \+=.*$", "pass", "regularisation_term_wrong"),
            ),
        ),
        harmless=(
            Edit(117, r"1 - np\.power\(a1, 2\)", "(1 - a1) * (1 + a1)"),
            Edit(118, r"np\.dot\(X\.T, delta2\)", "delta2.T.dot(X).T"),
            Edit(138, r"W2 \+= -self\.learningRate \* dW2", "W2 = W2 - self.learningRate * dW2"),
        ),
        more=("support.py",),
        stubs={
            **dict.fromkeys(("PIL/__init__.py", "scipy/__init__.py"), ANYTHING),
            "matplotlib/__init__.py": ANYTHING,
            "matplotlib/pyplot.py": ANYTHING,
            "PIL/Image.py": ANYTHING,
        },
        backward={"NN.py": (114, 130)},
        group="later",
    )
]
