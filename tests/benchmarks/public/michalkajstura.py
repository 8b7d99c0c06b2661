"""michalkajstura/Deep-neural-net-numpy: parameters in a dictionary, batch norm after ReLU, weight decay.

As published ReLU is handed back what came to the batch norm, and not what the batch norm made of it."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

REG = 0.2


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, gamma1: Any, beta1: Any, gamma2: Any,
         beta2: Any) -> Any:  # fmt: skip
    a = X
    for W, b, gamma, beta in ((W1, b1, gamma1, beta1), (W2, b2, gamma2, beta2)):
        h = np.maximum(a @ W + b, 0)
        d = h - np.mean(h, axis=0)
        a = gamma * d / np.sqrt(np.mean(d**2, axis=0) + 1e-7) + beta
    o = a @ W3 + b3
    data = np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * np.eye(3)[Y], axis=1))
    return data + 0.5 * REG * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import optimize

    net = module.Network([5, 4], 3, 3, weight_scale=1.0)
    params, bn_params = net.initialize_batchnorm(net.shapes, net.params)
    for name, value in params.items():
        params[name] = rng.normal(size=value.shape) + (1.0 if name[0] == "b" and name[1].isdigit() else 0.0)
    start = {name: value.copy() for name, value in params.items()}
    X, Y = rng.normal(size=(9, 3)), rng.integers(0, 3, size=9)

    def train(X, Y):
        scores, caches = net.forward_pass(X, params, bn_params, use_batchnorm=True)
        grads, _ = net.backward_pass(scores, Y, params, caches, use_batchnorm=True, reg=REG)
        optimize.SGD_step(params, grads, {"learning_rate": 0.1})

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {name: params[name] - then for name, then in start.items()},
        (X, Y),
        bind={name: f"params['{name}']" for name in start},
    )


FUNCTIONS = "functions.py"
MISTAKES = (
    mistake(96, r"A_prev\.T", "np.sign(A_prev).T", "wrong_activation_in_weight_gradient"),
    mistake(96, r"dot\(dZ\)", "dot(dZ) / m", "batch_scale_1_over_N"),
    mistake(97, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(98, r"W\.T", "dW.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(104, r"ReLU\.derivative\(Z\) \* ", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(191, r"dbeta", "dgamma", "wrong_variable"),
    mistake(198, r"dW \+= .*$", "pass", "regularisation_term_wrong"),
    mistake(198, r"reg \*", "reg / 2 *", "regularisation_term_wrong", "factor_2"),
    mistake(272, r" \* gamma", "", "missing_factor"),
    mistake(274, r"x_hat \* dout", "dx_hat * x_hat", "wrong_variable", "extra_factor"),
    mistake(276, r"N \* dx_hat", "dx_hat", "missing_factor", "normalisation_term_missing"),
    mistake(277, r"- np\.sum\(dx_hat, axis=0\)", "", "normalisation_term_missing"),
    mistake(278, r"- x_hat", "+ x_hat", "sign_flipped", blame=(276,)),
    mistake(278, r"dx_hat \* x_hat", "x_hat * x_hat", "wrong_variable", blame=(276,)),
    mistake(13, r"z <= 0", "z >= 0", "relu_mask_wrong", file=FUNCTIONS),
    mistake(42, r"-= 1", "-= 0.5", "loss_derivative_wrong", file=FUNCTIONS),
)
PROGRAMS = [
    Program(
        "michalkajstura/Deep-neural-net-numpy",
        "deep_network.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[8]), two(MISTAKES[7], MISTAKES[14])),
        harmless=(
            Edit(96, r"A_prev\.T\.dot\(dZ\)", "A_prev.T @ dZ"),
            Edit(104, r"ReLU\.derivative\(Z\) \* dA", "np.where(Z > 0, dA, 0)"),
        ),
        more=(FUNCTIONS, "optimize.py"),
        mend=(Edit(194, r"\(dA, relu", "(dZ, relu"),),
        published=("upstream_gradient_dropped", "normalisation_term_missing", "wrong_variable"),
        blame=(194, 190),
        stubs={
            "logger.py": "class Logger:\n    pass\n",
            "misc.py": "check_grad = grad_diff = None\n",
            "matplotlib/__init__.py": "",
            "matplotlib/pyplot.py": "",
        },
        backward={"deep_network.py": (92, 280), FUNCTIONS: (11, 45)},
        group="tenth",
    )
]
