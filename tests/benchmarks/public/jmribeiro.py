"""jmribeiro/NumPy-Neural-Network-From-Scratch: pairs of a layer and a function, caches in lists; each layer moves before
the next one back.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

PENALTY = 0.2


def build_for(act: str) -> Any:
    def loss(X: Any, y: Any, W0: Any, b0: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        def f(z: Any) -> Any:
            return np.maximum(z, 0) if act == "relu" else 1 / (1 + np.exp(-z))

        o = W2 @ f(W1 @ f(W0 @ X.T + b0) + b1) + b2
        decay = PENALTY / 2 * (np.sum(W0**2) + np.sum(W1**2) + np.sum(W2**2))
        return np.mean(np.log(np.sum(np.exp(o), axis=0)) - np.sum(o * np.eye(3)[:, y], axis=0)) + decay

    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        net = module.FeedForwardNetwork(4, 3, 2, 5, act, 0.1, PENALTY, 6)
        start = {}
        for k, (layer, _) in enumerate(net.layers):
            layer.W, layer.b = rng.normal(size=layer.W.shape), rng.normal(size=layer.b.shape)
            start[f"W{k}"], start[f"b{k}"] = layer.W.copy(), layer.b.copy()
        X, y = rng.normal(size=(6, 4)), np.array([0, 2, 1, 1, 0, 2])
        return Call(
            net.sgd_step,
            loss,
            {"X": X, "y": y, **start},
            lambda _: {name: getattr(net.layers[int(name[1])][0], name[0]) - then for name, then in start.items()},
            (X, y),
            bind={name: f"self.layers[{name[1]}][0].{name[0]}" for name in start},
        )

    return build


ACT = "activations.py"
MISTAKES = (
    mistake(90, r"self\.H_cache\[l - 1\]", "self.Z_cache[l - 1]", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(91, r"layer\.grad\(dZ", "layer.grad(dZ * (1 + l)", "extra_factor"),
    mistake(95, r"self\.Z_cache\[l - 1\]", "self.H_cache[l - 1]", "derivative_of_activated_value", "derivative_at_wrong_point",
            "wrong_variable"),
    mistake(95, r"self\.Z_cache\[l - 1\]", "self.Z_cache[0]", "wrong_index", "derivative_at_wrong_point"),
    mistake(98, r"self\.l2_penalty \* layer\.W \+ dW", "dW", "regularisation_term_wrong"),
    mistake(98, r"self\.l2_penalty \* layer\.W", "self.l2_penalty * layer.W ** 2", "regularisation_term_wrong"),
    mistake(98, r"self\.l2_penalty \* layer\.W \+", "self.l2_penalty * layer.W -", "sign_flipped", "regularisation_term_wrong"),
    mistake(99, r"dB", "layer.b", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(127, r"dZ\)", "np.sign(dZ))", "upstream_gradient_dropped"),
    mistake(128, r"dH_prev \* g\(Z_prev, grad=True\)", "dH_prev", "missing_activation_derivative"),
    mistake(128, r", grad=True", "", "wrong_activation_derivative"),
    mistake(133, r"\(1\.0 / B\) \* ", "", "batch_scale_1_over_N"),
    mistake(134, r"axis=1, keepdims=True", "keepdims=True", "bias_gradient_reduction"),
    mistake(134, r"1\.0 / B", "1.0 / H_prev.shape[0]", "batch_scale_1_over_N", "wrong_index"),
    mistake(158, r"y_hat - y_one_hot", "y_hat * (1 - y_one_hot)", "loss_derivative_wrong"),
    mistake(158, r"y_hat - y_one_hot", "-y_one_hot / y_hat", "loss_derivative_wrong", "softmax_jacobian_wrong"),
)  # fmt: skip
OWN = {
    "relu": (mistake(14, r"> 0\] = 1", "> 0] = z[:, i][z[:, i] > 0]", "wrong_activation_derivative", file=ACT),),
    "sigmoid": (mistake(5, r" \* \(1 - sigmoid\(z\)\)", "", "wrong_activation_derivative", file=ACT),),
}
PROGRAMS = [
    Program(
        "jmribeiro/NumPy-Neural-Network-From-Scratch",
        "model.py",
        build_for(act),
        (
            *tuple(m for k, m in enumerate(MISTAKES) if (act, k) != ("relu", 2) and (act == "relu" or k % 2 == 0)),
            *OWN[act],
            two(MISTAKES[0], MISTAKES[12]),
            two(MISTAKES[4], MISTAKES[9]),
        ),
        harmless=(
            Edit(134, r"\(1\.0 / B\) \* np\.sum\(dZ", "np.mean(dZ"),
            Edit(
                98,
                r"layer\.W -= self\.learning_rate \* \(self\.l2_penalty \* layer\.W \+ dW\)",
                "layer.W -= self.learning_rate * self.l2_penalty * layer.W + self.learning_rate * dW",
            ),
        ),
        more=(ACT, "utils.py"),
        stubs={"matplotlib/__init__.py": "", "matplotlib/pyplot.py": ""},
        backward={"model.py": (84, 158), ACT: (4, 15)},
        name=act,
        group="tenth",
    )
    for act in ("relu", "sigmoid")
]
