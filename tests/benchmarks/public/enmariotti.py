"""enmariotti/backpropagation-from-scratch: course work; a layer can be given the input of the net, too, stacked; weight decay."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, moved, two


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    h = np.tanh(W1 @ x + b1)
    h = 1 / (1 + np.exp(-(W2 @ np.concatenate((h, x)) + b2)))
    o = W3 @ h + b3
    decay = sum(np.sum(p**2) for p in (W1, b1, W2, b2, W3, b3))
    return np.sum(np.log(np.sum(np.exp(o), axis=0)) - np.sum(o * y, axis=0)) + 0.15 * decay


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from src.layers import Activation, Dense, Input
    from src.optimizers import SGD

    model = module.NeuralNetwork(SGD(0.05, 0.3), loss="cce")
    for layer in (Input((3,)), Dense(4), Activation("tanh"), Dense(4, input_stack=True), Activation("sigmoid"), Dense(3)):
        model.add(layer)
    places, start = {"1": 1, "2": 3, "3": 5}, {}
    for name, k in places.items():
        layer = model.layers[k]
        layer.w, layer.b = rng.normal(size=layer.w.shape), rng.normal(size=layer.b.shape)
        start["W" + name], start["b" + name] = layer.w.copy(), layer.b.copy()
    x, y = rng.normal(size=(3, 6)), np.eye(3)[:, [0, 2, 1, 1, 0, 2]]
    return Call(
        model.train_batch,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(model.layers[places[name[1]]], name[0].lower()) - then for name, then in start.items()},
        (x, y),
        bind={name: f"model.layers[{places[name[1]]}].{name[0].lower()}" for name in start},
    )


L, A, O, E = "src/layers.py", "src/activations.py", "src/optimizers.py", "src/losses.py"  # noqa: E741
MISTAKES = (
    mistake(78, r"self\.layer_input\.T", "np.sign(self.layer_input.T)", "wrong_activation_in_weight_gradient", file=L),
    mistake(78, r"np\.dot\(grad_acc,", "np.dot(grad_acc / grad_acc.shape[1],", "batch_scale_1_over_N", file=L),
    mistake(79, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=L),
    mistake(82, r"self\.w\.T", "grad_w.T", "gradient_or_update_used_for_weight", "wrong_variable", file=L),
    moved(82, 88, "updated_weights_used", file=L, blame=(82, 85)),
    mistake(90, r":self\.n_units,", "-self.n_units:,", "wrong_index", file=L),
    mistake(109, r"grad_acc \* ", "", "upstream_gradient_dropped", file=L),
    mistake(109, r" \* self\.activation_function\.gradient\(.*$", "", "missing_activation_derivative", file=L),
    mistake(
        109,
        r"gradient\(self\.layer_input\)",
        "gradient(self.activation_function(self.layer_input))",
        "derivative_of_activated_value",
        "derivative_at_wrong_point",
        file=L,
    ),
    mistake(22, r"np\.power\(np\.tanh\(x\),2\)", "np.tanh(x)", "wrong_activation_derivative", file=A),
    mistake(29, r" \* \(1 - self\.__call__\(x\)\)", "", "wrong_activation_derivative", "missing_factor", file=A),
    mistake(9, r"\* w", "* np.sign(w)", "regularisation_term_wrong", file=O),
    mistake(10, r"grad_w \+ reg_grad", "grad_w - reg_grad", "regularisation_term_wrong", "sign_flipped", file=O),
    mistake(25, r"softmax - y", "-y / softmax", "loss_derivative_wrong", "softmax_jacobian_wrong", file=E),
)
PROGRAMS = [
    Program(
        "enmariotti/backpropagation-from-scratch",
        "src/models.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[9]), two(MISTAKES[0], MISTAKES[11])),
        harmless=(
            Edit(79, r"np\.sum\(grad_acc, axis=1, keepdims=True\)", "grad_acc.sum(1, keepdims=True)", L),
            Edit(109, r"grad_acc \* (.*)$", r"np.multiply(\1, grad_acc)", L),
        ),
        more=(L, A, O, E, "src/metrics.py"),
        backward={L: (76, 109), A: (22, 29), O: (9, 10), E: (24, 25)},
        group="eleventh",
    )
]
