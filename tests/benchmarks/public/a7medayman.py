"""a7medayman6/MLP-from-Scratch: one pattern at a time, the bias in the weights; all deltas in a list, then all updates."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def build_for(activation: str) -> Any:
    def loss(x: Any, y: Any, W0: Any, W1: Any, W2: Any) -> Any:
        def f(a: Any) -> Any:
            return np.tanh(a) if activation == "tanh" else 1 / (1 + np.exp(-a))

        return 0.5 * np.sum((f(f(f(x @ W0) @ W1) @ W2) - y) ** 2)

    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        mlp = module.MLP([2, 4, 3, 2], activation=activation)
        start = {f"W{k}": rng.normal(size=w.shape) for k, w in enumerate(mlp.W)}
        mlp.W = [w.copy() for w in start.values()]
        x, y = np.append(rng.normal(size=2), 1.0), rng.uniform(size=2)
        return Call(
            mlp.propagate,
            loss,
            {"x": x, "y": y, **start},
            lambda _: {name: mlp.W[k] - then for k, (name, then) in enumerate(start.items())},
            (x, y),
            bind={name: f"self.W[{k}]" for k, name in enumerate(start)},
        )

    return build


MISTAKES = (
    mistake(72, r"A\[-1\] - y", "y - A[-1]**2", "loss_derivative_wrong", "sign_flipped"),
    mistake(74, r" \* self\.activation_derivation\(A\[-1\]\)", "", "missing_activation_derivative"),
    mistake(74, r"A\[-1\]\)", "error)", "derivative_at_wrong_point", "wrong_variable"),
    mistake(78, r"self\.W\[layer\]\.T", "np.sign(self.W[layer]).T", "wrong_variable"),
    mistake(79, r"delta = delta \* ", "delta = ", "upstream_gradient_dropped"),
    mistake(79, r"delta \* .*$", "delta * 1", "missing_activation_derivative"),
    mistake(79, r"A\[layer\]", "A[layer].dot(self.W[layer])[:, :1]", "derivative_at_wrong_point", "wrong_index"),
    mistake(88, r"A\[layer\]", "np.ones_like(A[layer])", "wrong_activation_in_weight_gradient", "missing_factor"),
    mistake(88, r"A\[layer\]", "self.activation_derivation(A[layer])", "wrong_activation_in_weight_gradient"),
    mistake(88, r"D\[layer\]", "(D[layer] * (layer + 1))", "extra_factor"),
    mistake(
        97,
        r"x \* \(1 - x\)",
        "self.sigmoid(x) * (1 - self.sigmoid(x))",
        "derivative_of_activated_value",
        "wrong_activation_derivative",
        "derivative_at_wrong_point",
    ),
)
TANH = (MISTAKES[0], *MISTAKES[3:6], *MISTAKES[7:9], mistake(103, r"\*\*2", "", "wrong_activation_derivative"))
HARMLESS = (Edit(88, r"A\[layer\]\.T\.dot\(D\[layer\]\)", "np.outer(A[layer], D[layer])"), Edit(74, r"error \*", "1.0 * error *"))
PROGRAMS = [
    Program(
        "a7medayman6/MLP-from-Scratch",
        "MLP.py",
        build_for("sigmoid"),
        (*MISTAKES, two(MISTAKES[1], MISTAKES[8]), two(MISTAKES[4], MISTAKES[7])),
        harmless=HARMLESS,
        backward={"MLP.py": (71, 103)},
        name="sigmoid",
        group="tenth",
    ),
    Program(
        "a7medayman6/MLP-from-Scratch",
        "MLP.py",
        build_for("tanh"),
        (*TANH, two(TANH[2], TANH[4])),
        harmless=HARMLESS,
        mend=(Edit(103, r"np\.tanh\(x\)", "x"),),
        published=("derivative_of_activated_value", "wrong_activation_derivative", "derivative_at_wrong_point"),
        blame=(103, 74, 79),
        backward={"MLP.py": (71, 103)},
        name="tanh",
        group="tenth",
    ),
]
