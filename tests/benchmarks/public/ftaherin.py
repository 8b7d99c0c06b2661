"""FTaheriN/MLP-from-scratch---numpy: many small files; ReLU layers, softmax, weight decay and momentum in a dictionary."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

REG = 0.8


def loss(X: Any, Y: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    h = np.maximum(np.maximum(X @ w1 + b1, 0) @ w2 + b2, 0)
    z = h @ w3 + b3
    data = np.sum(np.log(np.sum(np.exp(z), axis=1)) - np.sum(z * Y, axis=1))
    return (data + REG / 2 * (np.sum(w1**2) + np.sum(w2**2) + np.sum(w3**2))) / len(X)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from deeplearning.forward import forward
    from deeplearning.update_parameters import update_params

    nn_arch = [{"act_func": "relu"}, {"act_func": "relu"}, {"act_func": "softmax"}]
    start, nn_params = {}, {}
    for k, (n_in, n_out) in enumerate([(3, 5), (5, 4), (4, 3)], 1):
        start[f"w{k}"], start[f"b{k}"] = rng.normal(size=(n_in, n_out)), rng.normal(size=(1, n_out))
        nn_params[f"w_change{k}"], nn_params[f"b_change{k}"] = np.zeros((n_in, n_out)), np.zeros((1, n_out))
    nn_params.update({name: value.copy() for name, value in start.items()})
    X, Y = rng.normal(size=(6, 3)), np.eye(3)[rng.integers(0, 3, size=6)]

    def train(X, Y):
        y_hat, cache = forward(X, nn_arch, nn_params)
        gradients = module.backward(Y, y_hat, "crossentropy", nn_params, nn_arch, cache, REG)
        update_params(gradients, nn_params, nn_arch, 1, 0.1)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {name: nn_params[name] - then for name, then in start.items()},
        (X, Y),
        bind={name: f"nn_params['{name}']" for name in start},
    )


COSTS, RELU, UPDATE = "losses/costs.py", "activation_functions/relu.py", "deeplearning/update_parameters.py"
MISTAKES = (
    mistake(26, r"dz @ w\.T", "dA @ w.T", "missing_activation_derivative", "wrong_variable"),
    mistake(27, r"a_prev\.T", "np.sign(a_prev).T", "wrong_activation_in_weight_gradient"),
    mistake(28, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(43, r"dz @ w\.T", "y_hat @ w.T", "wrong_variable", "loss_derivative_wrong"),
    mistake(44, r"a_prev\.T @ dz", "a_prev.T @ (dz * y_hat)", "extra_factor"),
    mistake(45, r"axis=0, ", "", "bias_gradient_reduction"),
    mistake(46, r"= dw \+ .*$", "= dw", "regularisation_term_wrong"),
    mistake(57, r"\(reg/y_hat\.shape\[0\]\)", "reg", "regularisation_term_wrong", "batch_scale_1_over_N"),
    mistake(57, r"nn_params\['w'", "2 * nn_params['w'", "regularisation_term_wrong", "factor_2"),
    mistake(28, r"-= 1", "-= y_hat.max()", "loss_derivative_wrong", file=COSTS),
    mistake(28, r"axis=1", "axis=1) * 0 + np.argmin(y, axis=1", "loss_derivative_wrong", "wrong_index", file=COSTS),
    mistake(8, r"<= 0", ">= 0", "relu_mask_wrong", file=RELU),
    mistake(8, r"z <= 0", "da <= 0", "relu_mask_wrong", "wrong_variable", file=RELU),
    mistake(8, r"-=", "+=", "sign_flipped", file=UPDATE),
    mistake(7, r"\"db\" \+ str\(l\+1\)\]", '"db" + str(l+1)] * lr', "optimizer_rule_wrong", "extra_factor", file=UPDATE),
)
PROGRAMS = [
    Program(
        "FTaheriN/MLP-from-scratch---numpy",
        "deeplearning/backward.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[6]), two(MISTAKES[0], MISTAKES[13])),
        harmless=(
            Edit(28, r"np\.sum\(dz, axis=0, keepdims=True\)", "dz.sum(0)[None, :]"),
            Edit(8, r"dz\[z <= 0\] = 0", "dz *= z > 0", RELU),
        ),
        more=(
            COSTS,
            RELU,
            UPDATE,
            "losses/__init__.py",
            "deeplearning/forward.py",
            "activation_functions/__init__.py",
            "activation_functions/softmax.py",
            "activation_functions/sigmoid.py",
            "activation_functions/tanh.py",
            "activation_functions/leaky_relu.py",
            "activation_functions/linear.py",
        ),
        backward={"deeplearning/backward.py": (16, 60), COSTS: (26, 30), RELU: (6, 9), UPDATE: (3, 10)},
        group="ninth",
    )
]
