"""tranhungnghiep/simple-numpy-nn: layers with cached gradients of a batch in rows, binary cross entropy, and a trainer."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    A = np.maximum(0, np.maximum(0, X @ W1 + b1) @ W2 + b2) @ W3 + b3
    return np.sum(np.log(1 + np.exp(A)) - Y * A) / len(Y)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import model as layers

    sizes = [4, 6, 5, 2]
    dense = [layers.Dense(sizes[k], sizes[k + 1]) for k in range(3)]
    net = layers.NeuralNetwork([dense[0], layers.ReLU(), dense[1], layers.ReLU(), dense[2], layers.Sigmoid()], "cross_entropy")
    trainer = module.Trainer(net, 0.1)
    start = {f"{name}{k + 1}": rng.normal(size=getattr(dense[k], name).shape) for k in range(3) for name in "Wb"}
    for key, value in start.items():
        setattr(dense[int(key[1]) - 1], key[0], value.copy())
    X, Y = rng.normal(size=(7, 4)), rng.integers(0, 2, size=(7, 2)).astype(float)

    def train(X, Y):
        A = net.forward(X)
        net.backward(net.compute_loss_gradient(A, Y))
        trainer.optim_step()

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {key: getattr(dense[int(key[1]) - 1], key[0]) - value for key, value in start.items()},
        (X, Y),
        bind={key: f"net.layers[{2 * int(key[1]) - 2}].{key[0]}" for key in start},
    )


MODEL = "model.py"
PROGRAMS = [
    Program(
        "tranhungnghiep/simple-numpy-nn",
        "trainer.py",
        build,
        (
            mistake(13, r"self\.Z > 0", "dA > 0", "relu_mask_wrong", "wrong_variable", file=MODEL),
            mistake(13, r"self\.Z > 0", "self.Z < 0", "relu_mask_wrong", file=MODEL),
            mistake(13, r"dA \* \(self\.Z > 0\)", "dA", "missing_activation_derivative", "relu_mask_wrong", file=MODEL),
            mistake(
                37,
                r"self\.A \* \(1 - self\.A\)",
                "self.Z * (1 - self.Z)",
                "derivative_at_wrong_point",
                "wrong_activation_derivative",
                "wrong_variable",
                file=MODEL,
            ),
            mistake(38, r" \* dSigmoid", "", "missing_activation_derivative", file=MODEL),
            mistake(73, r"\(1 / b\) \* ", "", "batch_scale_1_over_N", file=MODEL),
            mistake(74, r"axis=0, keepdims=True", "keepdims=True", "bias_gradient_reduction", file=MODEL),
            mistake(74, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=MODEL),
            mistake(86, r"-=", "+=", "sign_flipped", file=MODEL),
            mistake(87, r"self\.db", "self.b", "gradient_or_update_used_for_weight", "wrong_variable", file=MODEL),
            mistake(127, r" / \(A \* \(1 - A\)\)", "", "loss_derivative_wrong", "missing_factor", file=MODEL),
            two(
                mistake(13, r"self\.Z > 0", "self.Z < 0", "relu_mask_wrong", file=MODEL),
                mistake(73, r"\(1 / b\) \* ", "", "batch_scale_1_over_N", file=MODEL),
            ),
        ),
        harmless=(
            Edit(13, r"dA \* \(self\.Z > 0\)", "np.where(self.Z > 0, dA, 0)", MODEL),
            Edit(37, r"self\.A \* \(1 - self\.A\)", "self.A - self.A**2", MODEL),
            Edit(73, r"\(1 / b\) \* np\.dot\(self\.A_prev\.T, dZ\)", "self.A_prev.T @ (dZ / b)", MODEL),
        ),
        more=(MODEL,),
        group="newest",
    )
]
