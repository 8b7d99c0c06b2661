"""jonasitzmann/ann-numpy: dense layers with the bias as the first weight; updates are summed, then added; vectorized tanh."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, w1: Any, w2: Any) -> Any:
    h = 1 / (1 + np.exp(-(w1[:, 0] + w1[:, 1:] @ x)))
    return 0.5 * np.sum((np.tanh(w2[:, 0] + w2[:, 1:] @ h) - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.Model(np.array(3), batch_size=1)
    model.add(module.Dense(4, a_func="sigmoid", learning_rate=0.1))
    model.add(module.Dense(2, a_func="tanh", learning_rate=0.1))
    start = {"w1": rng.normal(size=(4, 4)), "w2": 0.5 * rng.normal(size=(2, 5))}
    for layer, value in zip(model.layers, start.values(), strict=True):
        layer.weights = value.copy()
    x, y = rng.normal(size=3), rng.normal(size=2)

    def train(x, y):
        model.fit([x], [y])

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: layer.weights - start[name] for name, layer in zip(start, model.layers, strict=True)},
        (x, y),
        bind={"w1": "model.layers[0].weights", "w2": "model.layers[1].weights"},
    )


UTILS = "utils.py"
MISTAKES = (
    mistake(43, r"\[\[1\], a_in\]", "[a_in, [1]]", "wrong_index"),
    mistake(48, r"self\.d_a_func\(self\.z_out\)", "self.d_a_func(self.a_func(self.z_out))", "derivative_of_activated_value"),
    mistake(48, r"self\.d_a_func\(self\.z_out\) \* ", "", "missing_activation_derivative"),
    mistake(48, r"d_a_func\(self", "a_func(self", "wrong_activation_derivative", "wrong_variable"),
    mistake(49, r"deltas", "d_a", "missing_activation_derivative", "wrong_variable"),
    mistake(49, r"self\.a_in", "np.log(1 + np.abs(self.a_in))", "wrong_activation_in_weight_gradient"),
    mistake(50, r"@ deltas", "@ d_a", "missing_activation_derivative", "wrong_variable"),
    mistake(50, r"self\.weights\.T", "(self.weights + self.d_w).T", "updated_weights_used"),
    mistake(51, r"\[1:\]", "[:-1]", "wrong_index"),
    mistake(55, r"self\.d_w", "self.d_w[::-1]", "wrong_index"),
    mistake(185, r"y - np", "y + np", "sign_flipped", "loss_derivative_wrong"),
    mistake(185, r"y - np\.clip", "1.0 - np.clip", "loss_derivative_wrong", "wrong_variable"),
    mistake(91, r"\+ 1\)\*\*2", "+ 1)", "wrong_activation_derivative", file=UTILS),
    mistake(99, r"\*\*2", "", "wrong_activation_derivative", file=UTILS),
)
PROGRAMS = [
    Program(
        "jonasitzmann/ann-numpy",
        "ann.py",
        build,
        (*MISTAKES, two(MISTAKES[8], MISTAKES[12]), two(MISTAKES[4], MISTAKES[13])),
        harmless=(
            Edit(50, r"self\.weights\.T @ deltas", "np.dot(deltas, self.weights)"),
            Edit(
                49, r"self\.learning_rate \* np\.outer\(deltas, self\.a_in\)", "np.outer(self.learning_rate * deltas, self.a_in)"
            ),
        ),
        more=(UTILS,),
        stubs={
            "graphviz.py": ANYTHING,
            "cv2.py": ANYTHING,
            **dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        },
        backward={"ann.py": (47, 60), UTILS: (88, 99)},
        group="ninth",
    )
]
