"""mertkoc/RBF-Network: coursework; fixed Gaussians of K-means, a linear output of least mean squares, bias as a weight."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def loss(data_pts: Any, data_list: Any, means: Any, variances: Any, W: Any) -> Any:
    activation = np.exp(-((data_pts[0] - means[:, 0]) ** 2) / (2 * variances[:, 0]))
    return 0.5 * np.sum((data_list[0] - np.sum(W[0] * np.append(activation, 1.0))) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    network = module.RBFNetwork(4, 1, 0.1)
    start = {"W": rng.normal(size=(1, 5))}
    network.W = start["W"].copy()
    means = np.stack([np.array([0.1, 0.3, 0.6, 0.9]), np.array([2.0, 3.0, 1.0, 4.0])], axis=1)
    data_pts, data_list = rng.uniform(size=1), rng.normal(size=1)
    variances = rng.uniform(0.05, 0.2, size=(4, 1))
    return Call(
        network.train,
        loss,
        {"data_pts": data_pts, "data_list": data_list, "means": means, "variances": variances, **start},
        lambda _: {"W": network.W - start["W"]},
        (data_pts, data_list, 1, means, variances),
        bind={"W": "self.W"},
    )


MISTAKES = (
    mistake(26, r"input\.T", "np.sign(input).T", "wrong_activation_in_weight_gradient"),
    mistake(26, r"input\.T", "input[::-1].T", "wrong_index"),
    mistake(26, r"np\.dot\(error, input\.T\)", "error", "missing_factor"),
    mistake(26, r"np\.dot\(error, input\.T\)", "np.dot(error, input.T) * self.W", "extra_factor"),
    mistake(26, r"np\.dot\(error, input\.T\)", "(np.dot(error, input.T) - 0.5 * self.W)", "regularisation_term_wrong"),
    mistake(26, r"self\.W \+= ", "self.W = ", "gradient_or_update_used_for_weight"),
    mistake(
        26, r"np\.dot\(error, input\.T\)", "np.dot(error, (input * (1 - input)).T)", "extra_factor", "wrong_activation_derivative"
    ),
    mistake(26, r"np\.dot\(error, input\.T\)", "np.dot(error, input.T).mean()", "bias_gradient_reduction", "wrong_variable"),
    mistake(26, r"error, input\.T", "error, input.T ** 2", "factor_2", "wrong_activation_in_weight_gradient"),
    mistake(
        26, r"np\.dot\(error, input\.T\)", "np.append(np.dot(error, input.T)[:, :-1], [[0]], axis=1)", "upstream_gradient_dropped"
    ),
    mistake(45, r"network_input, data", "self.W.T, data", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(45, r"network_input, data", "np.abs(network_input - self._output), data", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "mertkoc/RBF-Network",
        "lab2.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[11])),
        harmless=(
            Edit(26, r"np\.dot\(error, input\.T\)", "error * input.T"),
            Edit(26, r"self\.W \+= self\.learning_rate \*", "self.W = self.W + self.learning_rate *"),
        ),
        stubs=dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        backward={"lab2.py": (24, 26)},
        group="ninth",
    )
]
