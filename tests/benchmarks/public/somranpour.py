"""s-omranpour/MLP-Numpy: layers of columns that update themselves; activations derive what they are handed.

As published a layer hands its activation to the derivative, which applies the activation once more.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(X: Any, y: Any, W1: Any, B1: Any, W2: Any, B2: Any) -> Any:
    z = W2 @ np.tanh(W1 @ X.T + B1) + B2
    return np.mean(np.log(np.sum(np.exp(z), axis=0)) - np.sum(y.T * z, axis=0))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from src.modules import Linear, TanH

    model = module.Model([3, 4, 3], [TanH(), Linear()])
    start = {}
    for k, layer in enumerate(model.layers, 1):
        start[f"W{k}"], start[f"B{k}"] = rng.normal(size=layer.W.shape), rng.normal(size=layer.B.shape)
        layer.W, layer.B = start[f"W{k}"].copy(), start[f"B{k}"].copy()
    X, y = rng.normal(size=(6, 3)), np.eye(3)[rng.integers(0, 3, size=6)]
    return Call(
        model.fit,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {key: getattr(model.layers[int(key[1]) - 1], key[0]) - value for key, value in start.items()},
        (X, y, 0.1),
        bind={key: f"self.layers[{int(key[1]) - 1}].{key[0]}" for key in start},
    )


MODULES = "src/modules.py"
PROGRAMS = [
    Program(
        "s-omranpour/MLP-Numpy",
        "src/model.py",
        build,
        (
            mistake(38, r"probs - y\.T", "vectors[-1] - y.T", "loss_derivative_wrong", "wrong_variable"),
            mistake(38, r"probs - y\.T", "probs * (probs - y.T)", "loss_derivative_wrong", "extra_factor"),
            mistake(39, r"1, -1, -1", "1, 0, -1", "loop_cut_short"),
            mistake(51, r"1 - z\*\*2", "1 - z", "wrong_activation_derivative", file=MODULES),
            mistake(51, r"grad\* \(1 - z\*\*2\)", "grad", "missing_activation_derivative", file=MODULES),
            mistake(51, r"1 - z", "1 + z", "wrong_activation_derivative", "sign_flipped", file=MODULES),
            mistake(81, r"\(1/m\) \* ", "", "batch_scale_1_over_N", file=MODULES),
            mistake(82, r"\(1/m\) \* ", "", "batch_scale_1_over_N", "bias_gradient_reduction", file=MODULES),
            mistake(82, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=MODULES),
            mistake(82, r"np\.sum\(grad, axis=1, ", "np.sum(grad, ", "bias_gradient_reduction", file=MODULES),
            mistake(83, r"self\.W\.T @ grad", "self.W.T @ (grad * h)", "extra_factor", file=MODULES),
            mistake(86, r"-=", "+=", "sign_flipped", file=MODULES),
            Mistake(
                (Edit(86, r"self\.W -= lr\*grad_W", "pass", MODULES), Edit(82, r"$", "\n        self.W -= lr*grad_W", MODULES)),
                ("updated_weights_used",),
                (82, 83, 84),
            ),
            two(
                mistake(38, r"probs - y\.T", "probs * (probs - y.T)", "loss_derivative_wrong", "extra_factor"),
                mistake(82, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=MODULES),
            ),
            two(
                mistake(51, r"1 - z\*\*2", "1 - z", "wrong_activation_derivative", file=MODULES),
                mistake(86, r"-=", "+=", "sign_flipped", file=MODULES),
            ),
        ),
        harmless=(
            Edit(51, r"grad\* \(1 - z\*\*2\)", "grad - grad * z * z", MODULES),
            Edit(82, r"\(1/m\) \* np\.sum\(grad", "np.mean(grad", MODULES),
        ),
        more=(MODULES,),
        always=(Edit(1, r"$", "; from typing import List, Union"), Edit(2, r"softmax", "softmax, Module")),
        mend=(Edit(79, r"\(h, grad\)", "(self.W@X + self.B, grad)", MODULES),),
        published=("derivative_of_activated_value", "wrong_variable"),
        backward={"src/model.py": (38, 40), MODULES: (50, 88)},
        group="eighth",
    )
]
