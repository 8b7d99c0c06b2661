"""robertof1lho/MLP-numpy: Portuguese comments; two hidden neurons by name, weights in an array of arrays, fixed biases of one."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, yt: Any, w1: Any, w2: Any, w3: Any) -> Any:
    A1, A2 = np.tanh(np.sum(w1 * X) + 1), np.tanh(np.sum(w2 * X) + 1)
    return 0.5 * (yt - 1 / (1 + np.exp(-(w3[0] + w3[1] * A1 + w3[2] * A2)))) ** 2


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {name: 0.5 * rng.normal(size=3) for name in ("w1", "w2", "w3")}
    weights = np.array([value.copy() for value in start.values()], dtype=object)
    X, yt = np.insert(rng.normal(size=2), 0, 1), 1

    def train(X, yt):
        _, cache = module.forward(weights, 1, X)
        module.update_param(weights, module.backprop(weights, cache, yt), 0.1)

    return Call(
        train,
        loss,
        {"X": X, "yt": yt, **start},
        lambda _: {name: weights[k].astype(float) - then for k, (name, then) in enumerate(start.items())},
        (X, yt),
        bind={name: f"weights[{k}]" for k, name in enumerate(start)},
    )


MSE, SIG, TANH = "mse.py", "sig.py", "tanh.py"
MISTAKES = (
    mistake(39, r"cache\['H'\]", "cache['H'] ** 2", "wrong_activation_in_weight_gradient"),
    mistake(39, r"cache\['H'\]", "cache['H'][::-1]", "wrong_index"),
    mistake(40, r" \* da3_dZ3", "", "missing_activation_derivative"),
    mistake(42, r"weights\[2\]\[1\]", "weights[2][0]", "wrong_index"),
    mistake(43, r"cache\['Z1'\]", "cache['A1']", "derivative_of_activated_value", "wrong_variable"),
    mistake(45, r" \* dZ3_da1", "", "missing_factor", "upstream_gradient_dropped"),
    mistake(45, r" \* da1_dZ1", "", "missing_activation_derivative"),
    mistake(47, r"weights\[2\]\[2\]", "weights[2][1]", "wrong_index"),
    mistake(48, r"cache\['Z2'\]", "cache['Z1']", "wrong_variable", "derivative_at_wrong_point"),
    mistake(50, r"dC_da3 \* ", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(52, r"dC_dw1, dC_dw2", "dC_dw2, dC_dw1", "wrong_index"),
    mistake(56, r"-=", "+=", "sign_flipped"),
    mistake(58, r"bp_results\[2\]", "weights[2]", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(7, r" \*\* 2", "", "wrong_activation_derivative", file=TANH),
    mistake(7, r"np\.tanh\(x\) \*\* 2", "np.tanh(np.tanh(x)) ** 2", "derivative_of_activated_value", file=TANH),
)
PROGRAMS = [
    Program(
        "robertof1lho/MLP-numpy",
        "mlp_XOR.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[7]), two(MISTAKES[10], MISTAKES[13])),
        harmless=(
            Edit(40, r"dC_da3 \* da3_dZ3 \* dZ3_dw3", "dZ3_dw3 * (dC_da3 * da3_dZ3)"),
            Edit(8, r"s \* \(1 - s\)", "s - s ** 2", SIG),
        ),
        keep=((1, 59),),
        more=(MSE, SIG, TANH),
        backward={"mlp_XOR.py": (36, 59), MSE: (4, 5), SIG: (6, 8), TANH: (6, 7)},
        group="ninth",
    )
]
