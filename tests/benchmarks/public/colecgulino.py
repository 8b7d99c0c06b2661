"""colecgulino/numpy-nn: layers that fill one dictionary of gradients; published with a misplaced scale of layer normalisation."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake

KEYS = {"W1": "one/W", "b1": "one/b", "scale": "norm/scale", "shift": "norm/shift", "W2": "two/W", "b2": "two/b"}


def loss(x: Any, y: Any, W1: Any, b1: Any, scale: Any, shift: Any, W2: Any, b2: Any) -> Any:
    z = x @ W1 + b1
    centred = z - np.mean(z, axis=1, keepdims=True)
    z = scale * centred / np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 0.00001) + shift
    z = np.tanh(z) @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(y * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator, kind: str = "SGD") -> Call:
    import activations
    import dense
    import losses
    import normalization

    layers = [
        dense.Dense(4, 6, name="one"),
        normalization.LayerNorm(6, name="norm"),
        activations.Tanh(),
        dense.Dense(6, 3, name="two"),
    ]
    known = {key: value for layer in layers for key, value in layer.parameters().items()}
    known = {key: rng.normal(size=value.shape) for key, value in known.items()}
    for layer in layers:
        layer.update_parameters(known)
    optimizer = getattr(module, kind)(0.2, known, losses.CrossEntropy(dim=-1))
    start = {name: known[key].copy() for name, key in KEYS.items()}
    x, y = rng.normal(size=(7, 4)), np.eye(3)[np.arange(7) % 3]

    def after(_: Any) -> dict[str, Any]:
        return {name: optimizer.parameters[KEYS[name]] - value for name, value in start.items()}

    def train(x, y, layers, steps):
        for _ in range(steps):
            optimizer.step(x, y, layers)

    point = {"x": x, "y": y, **start}
    if kind == "SGD":
        bind = {name: f"self.parameters[{key!r}]" for name, key in KEYS.items()}
        return Call(optimizer.step, loss, point, after, (x, y, layers), bind=bind)
    bind = {name: f"optimizer.parameters[{key!r}]" for name, key in KEYS.items()}
    return Call(train, loss, point, after, (x, y, layers, 3), bind=bind)


def with_adam(module: ModuleType, rng: np.random.Generator) -> Call:
    return build(module, rng, "Adam")


NORM, DENSE, ACTIVATIONS, LOSSES = "nn/normalization.py", "nn/dense.py", "nn/activations.py", "nn/losses.py"
MORE = (NORM, DENSE, ACTIVATIONS, LOSSES, "nn/layer.py", "nn/loss_base.py", "nn/initializers.py")
PROGRAMS = [
    Program(
        "colecgulino/numpy-nn",
        "nn/optimizers.py",
        build,
        (
            mistake(97, r"sum\(axis=0\)", "mean(axis=0)", "bias_gradient_reduction", "batch_scale_1_over_N", file=DENSE),
            mistake(94, r"x\.T @ backwards_gradient", "x.T @ backwards_gradient / b", "batch_scale_1_over_N", file=DENSE),
            mistake(107, r"-=", "+=", "sign_flipped", file=NORM),
            mistake(105, r"\(eye - dmu\)", "eye", "normalisation_term_missing", file=NORM),
            mistake(107, r"jacobian -= temp", "pass", "normalisation_term_missing", file=NORM),
            mistake(93, r"\* normalized", "* x", "wrong_variable", file=NORM),
            mistake(228, r"tanhx\*\*2", "np.tanh(tanhx)**2", "derivative_of_activated_value", file=ACTIVATIONS),
            mistake(228, r"1 - tanhx\*\*2", "tanhx * (1 - tanhx)", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(53, r"probs - y", "(probs - y) * probs * (1 - probs)", "loss_derivative_wrong", "extra_factor", file=LOSSES),
            mistake(148, r"= self\.parameters\[k\] -", "= -", "gradient_or_update_used_for_weight"),
        ),
        harmless=(
            Edit(94, r"x\.T @ backwards_gradient", "(backwards_gradient.T @ x).T", DENSE),
            Edit(228, r"1 - tanhx\*\*2", "(1 - tanhx) * (1 + tanhx)", ACTIVATIONS),
        ),
        more=MORE,
        root="nn",
        mend=(Edit(108, r"gamma\[\.\.\., None\]", "gamma", NORM),),
        published=("transposed", "wrong_index", "wrong_variable"),
        group="fresh",
    ),
    Program(
        "colecgulino/numpy-nn",
        "nn/optimizers.py",
        with_adam,
        (
            mistake(259, r"\(1 - self\.beta1\)", "self.beta1", "optimizer_rule_wrong", "missing_factor"),
            mistake(260, r"np\.square", "np.abs", "optimizer_rule_wrong", "missing_factor"),
            mistake(261, r"self\.m\[k\] /", "gradients[k] /", "optimizer_rule_wrong", "wrong_variable"),
            mistake(262, r"beta2", "beta1", "optimizer_rule_wrong", "wrong_variable"),
            mistake(263, r"np\.sqrt\(v_hat\)", "v_hat", "optimizer_rule_wrong", "missing_factor"),
            mistake(263, r"m_hat", "self.m[k]", "optimizer_rule_wrong", "wrong_variable"),
            mistake(267, r"\+= 1", "+= 0", "optimizer_rule_wrong"),
        ),
        harmless=(Edit(260, r"np\.square\(gradients\[k\]\)", "gradients[k] ** 2"),),
        adaptive=True,
        more=MORE,
        root="nn",
        mend=(Edit(108, r"gamma\[\.\.\., None\]", "gamma", NORM),),
        published=("transposed", "wrong_index", "wrong_variable"),
        name="adam",
        group="fresh",
    ),
]
