"""jeffiry/mnist-numpy: parameter objects with data and gradient; batch norm between a linear layer and ReLU; einsum, plain
steps and Adam.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, gamma: Any, beta: Any, W2: Any, b2: Any) -> Any:
    a = x @ W1 + b1
    d = a - np.mean(a, axis=0)
    n = gamma * d / np.sqrt(np.mean(d**2, axis=0) + 1e-8) + beta
    o = np.maximum(n, 0) @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    fc1, norm, relu, fc2 = module.Linear((3, 5)), module.BatchNorm(5), module.Relu(), module.Linear((5, 3))
    softmax = module.Softmax()
    held = {"W1": fc1.W, "b1": fc1.b, "gamma": norm.gamma, "beta": norm.beta, "W2": fc2.W, "b2": fc2.b}
    for p in held.values():
        p.data = rng.normal(size=p.data.shape)
    start = {name: p.data.copy() for name, p in held.items()}
    x, y = rng.normal(size=(7, 3)), np.eye(3)[[0, 2, 1, 1, 0, 2, 1]]

    def train(x, y):
        p = softmax.forward(fc2.forward(relu.forward(norm.forward(fc1.forward(x)))))
        fc1.backward(norm.backward(relu.backward(fc2.backward(p - y))))

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: p.grad for name, p in held.items() if name != "b1"},
        (x, y),
        bind={
            "W1": "fc1.W.data", "b1": "fc1.b.data", "gamma": "norm.gamma.data", "beta": "norm.beta.data", "W2": "fc2.W.data",
            "b2": "fc2.b.data",
        },
    )  # fmt: skip


MISTAKES = (
    mistake(57, r"self\.x, eta", "np.sign(self.x), eta", "wrong_activation_in_weight_gradient"),
    mistake(57, r" / batch_size", "", "batch_scale_1_over_N"),
    mistake(58, r" / batch_size", "", "batch_scale_1_over_N", "bias_gradient_reduction"),
    mistake(58, r"np\.einsum\('i\.\.\.->\.\.\.', eta", "np.einsum('i...->...', eta ** 2", "extra_factor"),
    mistake(59, r"self\.W\.data", "self.W.grad", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(59, r"eta, self", "eta / batch_size, self", "batch_scale_1_over_N"),
    mistake(68, r"self\.x<=0", "eta<=0", "relu_mask_wrong", "wrong_variable"),
    mistake(68, r"eta\[self\.x<=0\] = 0", "pass", "missing_activation_derivative"),
    mistake(111, r"mean", "sum", "batch_scale_1_over_N", "bias_gradient_reduction"),
    mistake(112, r" \* self\.normalized", "", "missing_factor"),
    mistake(112, r"self\.normalized", "self.gamma.data", "wrong_variable"),
    mistake(113, r" - self\.normalized \* self\.gamma\.grad", "", "normalisation_term_missing"),
    mistake(113, r" - self\.beta\.grad", "", "normalisation_term_missing"),
    mistake(113, r"- self\.normalized \*", "+ self.normalized *", "sign_flipped"),
    mistake(113, r"self\.gamma_s", "self.gamma.data", "missing_factor", "normalisation_term_missing", "wrong_variable"),
    mistake(120, r" / sample_std", "", "missing_factor", "normalisation_term_missing", blame=(113,)),
)
PROGRAMS = [
    Program(
        "jeffiry/mnist-numpy",
        "dnn/layers.py",
        build,
        (
            *tuple(m for k, m in enumerate(MISTAKES) if k not in (12, 15)),
            two(MISTAKES[2], MISTAKES[11]),
            two(MISTAKES[6], MISTAKES[9]),
        ),
        harmless=(
            Edit(57, r"np\.einsum\('ji,jk->ik', self\.x, eta\)", "self.x.T @ eta"),
            Edit(68, r"eta\[self\.x<=0\] = 0", "eta = eta * (self.x > 0)"),
        ),
        root="dnn",
        backward={"dnn/layers.py": (54, 113)},
        group="tenth",
    )
]
