"""gaoxam123/Deep_Learning: a course's backward pass with inverted dropout, whose cache comes from outside; and Adam.

As published Adam's second moments of biases lack a square, which makes them negative.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, D1: Any, D2: Any, keep_prob: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    A1 = np.maximum(W1 @ X + b1, 0) * D1 / keep_prob
    A2 = np.maximum(W2 @ A1 + b2, 0) * D2 / keep_prob
    Z3 = W3 @ A2 + b3
    return np.mean(np.log(1 + np.exp(Z3)) - Y * Z3)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {}
    for k, (n_in, n_out) in enumerate([(3, 5), (5, 5), (5, 1)], 1):
        start[f"W{k}"], start[f"b{k}"] = rng.normal(size=(n_out, n_in)), rng.normal(size=(n_out, 1))
    X, Y = rng.normal(size=(3, 10)), rng.integers(0, 2, size=(1, 10))
    D1, D2 = (rng.uniform(size=(5, 10)) < 0.8).astype(int), (rng.uniform(size=(5, 10)) < 0.8).astype(int)

    def train(X, Y, D1, D2, keep_prob, W1, b1, W2, b2, W3, b3):
        Z1 = np.dot(W1, X) + b1
        A1 = np.maximum(Z1, 0) * D1 / keep_prob
        Z2 = np.dot(W2, A1) + b2
        A2 = np.maximum(Z2, 0) * D2 / keep_prob
        Z3 = np.dot(W3, A2) + b3
        A3 = 1 / (1 + np.exp(-Z3))
        cache = (Z1, D1, A1, W1, b1, Z2, D2, A2, W2, b2, Z3, A3, W3, b3)
        return module.backward_propagation_with_dropout(X, Y, cache, keep_prob)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, "D1": D1, "D2": D2, "keep_prob": 0.8, **start},
        lambda gradients: {name: gradients[f"d{name}"] for name in start},
        (X, Y, D1, D2, 0.8, *start.values()),
        bind={name: name for name in start},
    )


def adam_loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    Z = W3 @ np.maximum(W2 @ np.maximum(W1 @ X + b1, 0) + b2, 0) + b3
    return np.mean(np.log(1 + np.exp(Z)) - Y * Z)


def adam(module: ModuleType, rng: np.random.Generator) -> Call:
    from deepNN import L_model_backward, L_model_forward

    start = {}
    for k, (n_in, n_out) in enumerate([(3, 4), (4, 4), (4, 1)], 1):
        start[f"W{k}"], start[f"b{k}"] = rng.normal(size=(n_out, n_in)), rng.normal(size=(n_out, 1))
    parameters = {name: value.copy() for name, value in start.items()}
    optims = [module.AdamOptim(alpha=0.1) for _ in range(3)]
    X, Y = rng.normal(size=(3, 12)), rng.integers(0, 2, size=(1, 12))

    def train(X, Y):
        for t in (1, 2):
            AL, caches = L_model_forward(X, parameters)
            grads = L_model_backward(AL, Y, caches)
            for k, optim in enumerate(optims, 1):
                w, b, dw, db = parameters[f"W{k}"], parameters[f"b{k}"], grads[f"dW{k}"], grads[f"db{k}"]
                parameters[f"W{k}"], parameters[f"b{k}"] = optim.update(t, w, b, dw, db)

    return Call(
        train,
        adam_loss,
        {"X": X, "Y": Y, **start},
        lambda _: {name: parameters[name] - value for name, value in start.items()},
        (X, Y),
        bind={name: f"parameters['{name}']" for name in start},
    )


DEEP = "DNN/deepNN.py"
PROGRAMS = [
    Program(
        "gaoxam123/Deep_Learning",
        "DNN_Improvement/regularization.py",
        build,
        (
            mistake(176, r"A3 - Y", "(A3 - Y) * A3 * (1 - A3)", "loss_derivative_wrong", "extra_factor"),
            mistake(177, r"A2\.T", "Z2.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(178, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(184, r"dA2 \* D2", "dA2 * D1", "wrong_variable", "wrong_index"),
            mistake(184, r"D2$", "(1 - D2)", "relu_mask_wrong", "missing_factor"),
            mistake(185, r"dA2 /= keep_prob", "pass", "missing_factor"),
            mistake(188, r"A2 > 0", "A1 > 0", "relu_mask_wrong", "wrong_variable"),
            mistake(189, r"1\./m \* ", "", "batch_scale_1_over_N"),
            mistake(189, r"A1\.T", "A2.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(192, r"W2\.T", "W2", "transposed"),
            mistake(198, r"/=", "*=", "wrong_variable", "extra_factor", "missing_factor"),
            mistake(201, r"np\.multiply\(dA1, np\.int64\(A1 > 0\)\)", "dA1", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(202, r"dZ1", "dA1", "missing_activation_derivative", "wrong_variable"),
            mistake(203, r"axis=1, ", "", "bias_gradient_reduction"),
            two(
                mistake(185, r"dA2 /= keep_prob", "pass", "missing_factor"),
                mistake(192, r"W2\.T", "W2", "transposed"),
            ),
            two(
                mistake(178, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(188, r"A2 > 0", "A1 > 0", "relu_mask_wrong", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(184, r"dA2 \* D2", "np.where(D2 == 1, dA2, 0)"),
            Edit(203, r"1\./m \* np\.sum\(dZ1, axis=1, keepdims=True\)", "np.mean(dZ1, axis=1, keepdims=True)"),
        ),
        backward={"DNN_Improvement/regularization.py": (173, 203)},
        group="eighth",
    ),
    Program(
        "gaoxam123/Deep_Learning",
        "DNN/Adam.py",
        adam,
        (
            mistake(12, r"\(1-self\.beta1\)\*dw", "dw", "optimizer_rule_wrong", "missing_factor"),
            mistake(13, r"beta1\*self\.m_db", "beta1*self.v_db", "optimizer_rule_wrong", "wrong_variable"),
            mistake(15, r"dw\*\*2", "dw", "optimizer_rule_wrong", "missing_factor"),
            mistake(15, r"self\.beta2\*self\.v_dw \+ ", "", "optimizer_rule_wrong"),
            mistake(18, r"/\(1-self\.beta1\*\*t\)", "", "optimizer_rule_wrong", "missing_factor"),
            mistake(21, r"beta2\*\*t", "beta1**t", "optimizer_rule_wrong", "wrong_variable"),
            mistake(23, r"np\.sqrt\(v_dw_corr\)", "v_dw_corr", "optimizer_rule_wrong"),
            mistake(24, r"m_db_corr/", "db/", "optimizer_rule_wrong", "wrong_variable"),
            mistake(24, r"b - self", "b + self", "sign_flipped"),
            mistake(49, r"s \* \(1 - s\)", "(1 - s**2)", "wrong_activation_derivative", file=DEEP),
            mistake(106, r"A_prev\.T", "(A_prev > 0).T", "wrong_activation_in_weight_gradient", file=DEEP),
            mistake(56, r"Z <= 0", "dA <= 0", "relu_mask_wrong", "wrong_variable", file=DEEP),
            mistake(129, r"1 - AL", "AL", "loss_derivative_wrong", "wrong_variable", file=DEEP),
            two(
                mistake(15, r"dw\*\*2", "dw", "optimizer_rule_wrong", "missing_factor"),
                mistake(56, r"Z <= 0", "dA <= 0", "relu_mask_wrong", "wrong_variable", file=DEEP),
            ),
        ),
        harmless=(
            Edit(15, r"dw\*\*2", "dw*dw"),
            Edit(56, r"dZ\[Z <= 0\] = 0", "dZ = dZ * (Z > 0)", DEEP),
        ),
        adaptive=True,
        more=(DEEP,),
        mend=(Edit(16, r"\(db\)", "(db**2)"),),
        published=("optimizer_rule_wrong", "missing_factor"),
        root="DNN",
        stubs=dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py", "h5py.py"), ANYTHING),
        backward={"DNN/Adam.py": (12, 24), DEEP: (46, 141)},
        group="eighth",
    ),
]
