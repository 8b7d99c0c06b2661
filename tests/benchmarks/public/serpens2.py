"""serpens2/FNN-NumPy: one column of a batch at a time, outer products as nested lists, means over the batch.

As published the ReLU of the first layer takes the maximum of each number along an axis, which is the number.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def loss(batch: Any, batch_labels: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = np.maximum(batch.T @ W1.T + b1, 0) @ W2.T + b2
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(batch_labels)), batch_labels])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    network = module.neural_network(batch_size=3, learning_rate=0.1)
    start = {
        "W1": rng.normal(size=(6, 3)),
        "b1": rng.uniform(size=6),
        "W2": 0.5 * rng.normal(size=(10, 6)),
        "b2": rng.normal(size=10),
    }
    for name, value in start.items():
        setattr(network, name, value.copy())
    batch, batch_labels = rng.normal(size=(3, 3)), np.array([7, 0, 4])
    return Call(
        network.learn_batch,
        loss,
        {"batch": batch, "batch_labels": batch_labels, **start},
        lambda _: {name: getattr(network, name) - then for name, then in start.items()},
        (batch, batch_labels),
        bind={name: f"self.{name}" for name in start},
    )


MISTAKES = (
    mistake(31, r"z_j > 0", "z_j < 0", "relu_mask_wrong"),
    mistake(31, r"int\(z_j > 0\)", "max(z_j, 0)", "wrong_activation_derivative", "relu_mask_wrong"),
    mistake(54, r"a2 - y_true", "a2 * (a2 - y_true)", "extra_factor", "loss_derivative_wrong"),
    mistake(54, r"a2 - y_true", "z2 - y_true", "loss_derivative_wrong", "wrong_variable"),
    mistake(55, r" \* self\.ReLU_derivative\(z1\)", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(55, r"@ d2", "@ a2", "wrong_variable", "upstream_gradient_dropped"),
    mistake(56, r"\[d1,d2\]", "[d1,a2]", "wrong_variable", "loss_derivative_wrong"),
    mistake(58, r"a1\[k\]", "z1[k]", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(58, r"a1\[k\]", "a1[0]", "wrong_index"),
    mistake(61, r"x\[k\]", "x[0]", "wrong_index"),
    mistake(61, r"d1\[j\]", "d2[j]", "wrong_variable"),
    mistake(73, r"range\(self\.batch_size\)", "range(1, self.batch_size)", "loop_cut_short"),
    mistake(76, r"\+=", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(77, r"\+= db\[j\]", "+= np.abs(db[j])", "wrong_variable"),
    mistake(78, r" / self\.batch_size", "", "batch_scale_1_over_N"),
    mistake(81, r"-=", "+=", "sign_flipped"),
)
PROGRAMS = [
    Program(
        "serpens2/FNN-NumPy",
        "network.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[12]), two(MISTAKES[7], MISTAKES[15])),
        harmless=(
            Edit(58, r"np\.array\(.*$", "np.outer(d2, a1)"),
            Edit(55, r"self\.ReLU_derivative\(z1\)", "(z1 > 0)"),
        ),
        mend=(Edit(24, r"np\.max\(z_j,0\)", "max(z_j, 0)"),),
        published=("relu_mask_wrong", "wrong_activation_derivative", "extra_factor", "missing_activation_derivative"),
        blame=(24, 55, 31),
        stubs={"reader.py": ANYTHING, **dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING)},
        backward={"network.py": (50, 81)},
        group="ninth",
    )
]
