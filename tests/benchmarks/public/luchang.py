"""LuChang-CS/plain-numpy-neural-networks: lists of weights, inputs and sums; softmax with cross-entropy, gradients appended from the end."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, w0: Any, b0: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    o = np.maximum(np.maximum(x @ w0 + b0, 0) @ w1 + b1, 0) @ w2 + b2
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * np.eye(3)[y], axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    mlp = module.MLP(4, [6, 5], 3)
    mlp.ws, mlp.bs = [rng.normal(size=w.shape) for w in mlp.ws], [rng.normal(size=b.shape) for b in mlp.bs]
    start = {}
    for k in range(3):
        start[f"w{k}"], start[f"b{k}"] = mlp.ws[k].copy(), mlp.bs[k].copy()
    x, y = rng.normal(size=(6, 4)), np.array([0, 2, 1, 1, 0, 2])

    def train(x, y):
        return mlp.backward(mlp.forward(x), y)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda result: {name: result["wb".index(name[0])][int(name[1])] for name in start},
        (x, y),
        bind={name: f"mlp.{name[0]}s[{name[1]}]" for name in start},
    )


ROOT = "2. Multi-layer Perceptron/code"
MISTAKES = (
    mistake(26, r"self\.zs\.append\(z\)", "self.zs.append(activation(z) - 0.2)", "wrong_cached_layer", "relu_mask_wrong", blame=(52,)),
    mistake(24, r"append\(h\)", "append(np.sign(h))", "wrong_activation_in_weight_gradient", blame=(48,)),
    mistake(45, r"-= 1", "-= 2", "loss_derivative_wrong"),
    mistake(45, r"\[np\.arange\(len\(y\)\), y\] -= 1", "[np.arange(len(y)), y] = 0", "loss_derivative_wrong"),
    mistake(45, r"\[np\.arange\(len\(y\)\), y\] -= 1", "[:, y[0]] -= 1", "wrong_index", "loss_derivative_wrong"),
    mistake(48, r" / n", "", "batch_scale_1_over_N"),
    mistake(48, r" / n", " / h_t.shape[1]", "batch_scale_1_over_N", "wrong_index"),
    mistake(48, r"h_t\.T", "(h_t ** 2).T", "wrong_activation_in_weight_gradient"),
    mistake(49, r"np\.mean\(phi_t, axis=0\)", "np.mean(phi_t)", "bias_gradient_reduction"),
    mistake(49, r"np\.mean", "np.sum", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(50, r"t > 0", "t > 1", "loop_cut_short", "missing_activation_derivative", blame=(52,)),
    mistake(52, r" \* relu_bp\(z_t\)", "", "missing_activation_derivative"),
    mistake(52, r"relu_bp", "relu", "wrong_activation_derivative", "wrong_variable"),
    mistake(52, r"phi_t, w_t\.T", "np.abs(phi_t), w_t.T", "sign_flipped"),
    mistake(52, r"w_t\.T", "dw.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(54, r"append\(db\)", "append(-db)", "sign_flipped"),
)
PROGRAMS = [
    Program(
        "LuChang-CS/plain-numpy-neural-networks",
        f"{ROOT}/model/mlp.py",
        build,
        tuple(m for k, m in enumerate(MISTAKES) if k not in (0, 10)) + (two(MISTAKES[5], MISTAKES[12]), two(MISTAKES[3], MISTAKES[8])),
        harmless=(
            Edit(49, r"np\.mean\(phi_t, axis=0\)", "phi_t.sum(axis=0) / n"),
            Edit(48, r"np\.matmul\(h_t\.T, phi_t\) / n", "h_t.T @ (phi_t / n)"),
        ),
        more=tuple(f"{ROOT}/model/{name}.py" for name in ("activation", "loss", "init")),
        root=ROOT,
        stubs={"model/model.py": "class Model:\n    pass\n"},
        backward={f"{ROOT}/model/mlp.py": (41, 55)},
        group="tenth",
    )
]
