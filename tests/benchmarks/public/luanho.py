"""Luanho20092002/RNN-with-Numpy: layers that hand gradients to an optimizer on the way back; an RNN."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["Wx", "Wh", "b", "w1", "b1", "w2", "b2"]


def loss(X: Any, y: Any, Wx: Any, Wh: Any, b: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    h = np.zeros((len(X), len(Wh)))
    for t in range(X.shape[1]):
        h = np.tanh(X[:, t] @ Wx + b + h @ Wh)
    z = np.maximum(h @ w1 + b1, 0) @ w2 + b2
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(y * z, axis=1))


class Plain:
    """Moves each parameter against its gradient."""

    def update(self, layer: Any, keys: Any, *grads: Any) -> None:
        for key, grad in zip(keys, grads, strict=True):
            layer.params[key] = layer.params[key] - 0.1 * grad


def build(module: ModuleType, rng: np.random.Generator, optimizer: Any = None, epochs: int = 1) -> Call:
    from module.layers import RNN, Dense

    layers = [RNN.RNN(3, "tanh"), Dense.Dense(4), Dense.Dense(3, "softmax")]
    shapes = [{"Wx": (2, 3), "Wh": (3, 3), "b": (1, 3)}, {"w": (3, 4), "b": (1, 4)}, {"w": (4, 3), "b": (1, 3)}]
    homes = [(k, key) for k, shape in enumerate(shapes) for key in shape]
    for layer, shape in zip(layers, shapes, strict=True):
        layer.has_params = False
        layer.params = {key: rng.normal(size=size) for key, size in shape.items()}
    start = {name: layers[k].params[key].copy() for name, (k, key) in zip(NAMES, homes, strict=True)}
    net = module.Sequential(*layers)
    net.compile(optimizer=optimizer or Plain())
    X, y = rng.normal(size=(6, 4, 2)), np.eye(3)[[0, 2, 1, 1, 0, 2]]
    return Call(
        net.fit,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {name: layers[k].params[key] - start[name] for name, (k, key) in zip(NAMES, homes, strict=True)},
        (X, y),
        {"batch_size": 6, "epochs": epochs},
        bind={name: f"self.layers[{k}].params[{key!r}]" for name, (k, key) in zip(NAMES, homes, strict=True)},
    )


def adam(module: ModuleType, rng: np.random.Generator) -> Call:
    return build(module, rng, "adam", 3)


RNN, DENSE, ADAM = "module/layers/RNN.py", "module/layers/Dense.py", "module/optimizer/Adam.py"
MORE = (RNN, DENSE, ADAM, "module/optimizer/RMSProp.py")
PACKAGES = dict.fromkeys(("module/__init__.py", "module/layers/__init__.py", "module/optimizer/__init__.py"), "")
BACKWARD = {RNN: (36, 53), DENSE: (27, 34)}
PROGRAMS = [
    Program(
        "Luanho20092002/RNN-with-Numpy",
        "module/Sequential.py",
        build,
        (
            mistake(46, r"self\.hs\[i \+ 1\]", "self.hs[i]", "wrong_time_index", "derivative_at_wrong_point", file=RNN),
            mistake(46, r"\*\*2", "", "wrong_activation_derivative", file=RNN),
            mistake(47, r"\[:, i\]", "[:, i - 1]", "wrong_time_index", file=RNN),
            mistake(48, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time", file=RNN),
            mistake(49, r"self\.hs\[i\]", "self.hs[i + 1]", "wrong_time_index", file=RNN),
            mistake(50, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=RNN),
            mistake(51, r"\.T", "", "transposed", file=RNN),
            mistake(42, r"range\(t\)", "range(1, t)", "loop_cut_short", file=RNN),
            mistake(52, r"dWx, dWh, db", "dWx, dWh.T, db", "transposed", file=RNN),
            mistake(29, r"dZ = dZ \* self\.mask", "pass", "relu_mask_wrong", "missing_activation_derivative", file=DENSE),
            mistake(29, r"self\.mask", "(dZ > 0)", "relu_mask_wrong", "wrong_variable", file=DENSE),
            mistake(31, r"self\.X\.T", "(self.X / len(self.X)).T", "batch_scale_1_over_N", file=DENSE),
            mistake(32, r"axis=0, keepdims=True", "keepdims=True", "bias_gradient_reduction", file=DENSE),
            mistake(34, r"\(A - y_batch\)", "(A - y_batch) * A", "loss_derivative_wrong", "extra_factor"),
            two(
                mistake(49, r"self\.hs\[i\]", "self.hs[i + 1]", "wrong_time_index", file=RNN),
                mistake(31, r"self\.X\.T", "(self.X / len(self.X)).T", "batch_scale_1_over_N", file=DENSE),
            ),
        ),
        harmless=(
            Edit(46, r"\(1 - self\.hs\[i \+ 1\]\*\*2\) \* dh", "dh - self.hs[i + 1]**2 * dh", RNN),
            Edit(31, r"self\.X\.T @ dZ", "np.dot(self.X.T, dZ)", DENSE),
        ),
        more=MORE,
        stubs=PACKAGES,
        backward=BACKWARD,
        group="later",
    ),
    Program(
        "Luanho20092002/RNN-with-Numpy",
        "module/Sequential.py",
        adam,
        (
            mistake(25, r"\(1 - self\.beta1\) \* ", "", "optimizer_rule_wrong", "missing_factor", file=ADAM),
            mistake(26, r"D\[i\]\*\*2", "D[i]", "optimizer_rule_wrong", "missing_factor", file=ADAM),
            mistake(
                26,
                r"self\.beta2 \* layer\.optimizer_params\[k\]\[\"v\"\]",
                'self.beta2 * layer.optimizer_params[k]["m"]**2',
                "optimizer_rule_wrong",
                "wrong_variable",
                file=ADAM,
            ),
            mistake(27, r"\*\*layer\.iter", "", "optimizer_rule_wrong", "missing_factor", file=ADAM),
            mistake(28, r"beta2", "beta1", "optimizer_rule_wrong", "wrong_variable", file=ADAM),
            mistake(29, r"w_m_hat", "D[i]", "optimizer_rule_wrong", "wrong_variable", file=ADAM),
            mistake(29, r"np\.sqrt\(w_v_hat\)", "w_v_hat", "optimizer_rule_wrong", "missing_factor", file=ADAM),
            mistake(24, r"enumerate\(key_params\)", "enumerate(list(key_params)[:2])", "loop_cut_short", file=ADAM),
        ),
        harmless=(
            Edit(26, r"\(D\[i\]\*\*2\)", "np.square(D[i])", ADAM),
            Edit(29, r"self\.lr / \((.*)\) \* w_m_hat", r"self.lr * w_m_hat / (\1)", ADAM),
        ),
        adaptive=True,
        more=MORE,
        stubs=PACKAGES,
        backward={**BACKWARD, ADAM: (21, 29)},
        name="adam",
        group="later",
    ),
]
