"""git-samia/numpy-nn: modules with Parameters; a network with a skip block, and an autoencoder whose optimizer is Adam."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(Xb: Any, Yb: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, W4: Any, b4: Any, W5: Any, b5: Any) -> Any:
    h = np.maximum(Xb @ W1 + b1, 0)
    h = (1 / (1 + np.exp(-(h @ W2 + b2)))) @ W3 + b3 + h
    logits = 1 / (1 + np.exp(-(h @ W4 + b4))) @ W5 + b5
    return np.mean(np.log(np.sum(np.exp(logits), axis=1)) - logits[np.arange(len(Yb)), Yb])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from losses import CrossEntropyLoss
    from optimizers import SGD

    model = module.Sequential(
        module.Linear(3, 4),
        module.ReLU(),
        module.SkipBlock(4, module.Sigmoid),
        module.Linear(4, 3),
        module.Sigmoid(),
        module.Linear(3, 3),
    )
    optimizer, loss_fn = SGD(model.parameters(), lr=0.1), CrossEntropyLoss()
    start = {}
    for k in range(5):
        for name, parameter in zip("Wb", model.parameters()[2 * k : 2 * k + 2], strict=True):
            start[f"{name}{k + 1}"] = rng.normal(size=parameter.data.shape)
            parameter.data = start[f"{name}{k + 1}"].copy()
    Xb, Yb = rng.normal(size=(6, 3)), rng.integers(0, 3, size=6)

    def train(Xb, Yb):
        pred = model.forward(Xb)
        loss_fn.forward(pred, Yb)
        optimizer.zero_grad()
        model.backward(loss_fn.backward())
        optimizer.step()

    return Call(
        train,
        loss,
        {"Xb": Xb, "Yb": Yb, **start},
        lambda _: {name: p.data - start[name] for name, p in zip(start, model.parameters(), strict=True)},
        (Xb, Yb),
        bind={
            "W1": "model.layers[0].W.data",
            "b1": "model.layers[0].b.data",
            "W2": "model.layers[2].block.layers[0].W.data",
            "b2": "model.layers[2].block.layers[0].b.data",
            "W3": "model.layers[2].block.layers[2].W.data",
            "b3": "model.layers[2].block.layers[2].b.data",
            "W4": "model.layers[3].W.data",
            "b4": "model.layers[3].b.data",
            "W5": "model.layers[5].W.data",
            "b5": "model.layers[5].b.data",
        },
    )


def coder_loss(X: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return 0.5 * np.sum((np.maximum(X @ W1 + b1, 0) @ W2 + b2 - X) ** 2) / len(X)


def coder(module: ModuleType, rng: np.random.Generator) -> Call:
    from losses import MSELoss
    from nn import Autoencoder, Linear, ReLU, Sequential

    model = Autoencoder(Sequential(Linear(4, 3), ReLU()), Linear(3, 4))
    optimizer, loss_fn = module.Adam(model.parameters(), lr=0.1), MSELoss()
    names, start = ("W1", "b1", "W2", "b2"), {}
    for name, parameter in zip(names, model.parameters(), strict=True):
        start[name] = rng.normal(size=parameter.data.shape)
        parameter.data = start[name].copy()
    X = rng.normal(size=(6, 4))

    def train(X):
        for _ in range(2):
            loss_fn.forward(model.forward(X), X)
            optimizer.zero_grad()
            model.backward(loss_fn.backward())
            optimizer.step()

    return Call(
        train,
        coder_loss,
        {"X": X, **start},
        lambda _: {name: p.data - start[name] for name, p in zip(names, model.parameters(), strict=True)},
        (X,),
        bind={
            "W1": "model.encoder.layers[0].W.data",
            "b1": "model.encoder.layers[0].b.data",
            "W2": "model.decoder.W.data",
            "b2": "model.decoder.b.data",
        },
    )


MISTAKES = (
    mistake(49, r"self\._input\.T", "np.abs(self._input).T", "wrong_activation_in_weight_gradient"),
    mistake(50, r"grad\.sum\(axis=0", "grad.mean(axis=0", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(50, r"self\.b\.grad \+= .*$", "pass", "upstream_gradient_dropped"),
    mistake(51, r"self\.W\.data\.T", "self.W.grad.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(51, r"data\.T", "data.T / len(grad)", "batch_scale_1_over_N", "extra_factor"),
    mistake(64, r"x > 0", "x > 0.5", "relu_mask_wrong"),
    mistake(68, r"grad \* self\._mask", "grad", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(79, r"\* \(1\.0 - self\._out\)", "", "wrong_activation_derivative"),
    mistake(79, r"1\.0 - self\._out", "1.0 - self._out ** 2", "wrong_activation_derivative"),
    mistake(79, r"grad \* ", "", "upstream_gradient_dropped"),
    mistake(131, r" \+ grad", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(131, r"self\.block\.backward\(grad\) \+ grad", "self.block.backward(grad)*0 + grad", "upstream_gradient_dropped"),
    mistake(34, r"-= 1", "+= 1", "sign_flipped", "loss_derivative_wrong", file="losses.py"),
    mistake(34, r"self\._targets", "0", "wrong_index", "loss_derivative_wrong", file="losses.py"),
    mistake(16, r"param\.grad", "(param.grad + 0.1 * param.data)", "regularisation_term_wrong", file="optimizers.py"),
)
CODER = (
    mistake(43, r"\(1 - self\.beta1\) \* param\.grad", "param.grad", "optimizer_rule_wrong", "missing_factor"),
    mistake(43, r"self\.beta1 \* self\.m\[i\]", "self.beta1 * param.data", "optimizer_rule_wrong", "wrong_variable"),
    mistake(44, r" \*\* 2", "", "optimizer_rule_wrong"),
    mistake(44, r"self\.v\[i\] \+", "self.m[i] +", "optimizer_rule_wrong", "wrong_variable"),
    mistake(46, r"self\.beta1 \*\*", "self.beta2 **", "optimizer_rule_wrong", "wrong_variable"),
    mistake(47, r" / \(1 - self\.beta2 \*\* self\.t\)", "", "optimizer_rule_wrong", "missing_factor"),
    mistake(49, r"-=", "+=", "sign_flipped"),
    mistake(49, r"m_hat", "param.grad", "optimizer_rule_wrong", "wrong_variable"),
    mistake(49, r"np\.sqrt\(v_hat\)", "v_hat", "optimizer_rule_wrong"),
    mistake(53, r"fill\(0\)", "fill(1)", "gradient_accumulated_across_steps", "extra_factor"),
    mistake(53, r"param\.grad\.fill\(0\)", "pass", "gradient_accumulated_across_steps"),
    mistake(15, r"self\._pred - self\._target", "self._pred", "loss_derivative_wrong", "wrong_variable", file="losses.py"),
    mistake(51, r"self\.W\.data\.T", "self.W.grad.T", "gradient_or_update_used_for_weight", "wrong_variable", file="nn.py"),
    mistake(51, r"grad @ self", "-grad @ self", "sign_flipped", file="nn.py"),
    mistake(50, r"axis=0, keepdims=True", "keepdims=True", "bias_gradient_reduction", file="nn.py"),
)
PROGRAMS = [
    Program(
        "git-samia/numpy-nn",
        "nn.py",
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[7]), two(MISTAKES[10], MISTAKES[13])),
        harmless=(
            Edit(79, r"grad \* self\._out \* \(1\.0 - self\._out\)", "grad * (self._out - self._out ** 2)"),
            Edit(68, r"grad \* self\._mask", "np.where(self._mask == 1, grad, 0.0)"),
        ),
        more=("losses.py", "optimizers.py"),
        backward={"nn.py": (45, 137), "losses.py": (32, 35)},
        group="ninth",
    ),
    Program(
        "git-samia/numpy-nn",
        "optimizers.py",
        coder,
        (*CODER, two(CODER[2], CODER[12])),
        harmless=(
            Edit(44, r"param\.grad \*\* 2", "np.square(param.grad)"),
            Edit(49, r"param\.data -= self\.lr \* m_hat", "param.data -= m_hat * self.lr"),
        ),
        adaptive=True,
        more=("losses.py", "nn.py"),
        backward={"optimizers.py": (40, 53)},
        group="ninth",
    ),
]
