"""etekmen13/numpy-rl-engine: layers with parameters that hold gradients, one state, and the policy gradient of its softmax."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = np.tanh(x @ W1 + b1) @ W2 + b2
    return 1.7 * (np.log(np.sum(np.exp(o))) - o[0, 2])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from neuralnet.activations import Softmax, Tanh
    from neuralnet.layers import Layer

    first, last, softmax = Layer(4, 6, Tanh()), Layer(6, 3), Softmax()
    net = module.MLP(first, last, loss=None)
    held = {"W1": first.weights, "b1": first.bias, "W2": last.weights, "b2": last.bias}
    start = {}
    for name, parameter in held.items():
        start[name] = rng.normal(size=parameter.data.shape)
        parameter.data = start[name].copy()
        if name[0] == "b":
            parameter.grad = np.zeros((1, len(start[name])))
    x = rng.normal(size=(1, 4))

    def train(x):
        logits = net.forward(x)
        net.backward(softmax.derivative(logits, actions=np.array([2]), rewards=np.array([1.7])))

    return Call(
        train,
        loss,
        {"x": x, **start},
        lambda _: {name: parameter.grad for name, parameter in held.items()},
        (x,),
        bind={"W1": "first.weights.data", "b1": "first.bias.data", "W2": "last.weights.data", "b2": "last.bias.data"},
    )


FILE, LAYER, ACT = "neuralnet/models.py", "neuralnet/layers.py", "neuralnet/activations.py"
MISTAKES = (
    mistake(44, r"-= 1", "-= 2", "loss_derivative_wrong", file=ACT),
    mistake(44, r", actions\]", ", actions - 1]", "wrong_index", file=ACT),
    mistake(44, r"-= 1", "+= 1", "sign_flipped", "loss_derivative_wrong", file=ACT),
    mistake(43, r"softmax_out\.copy\(\)", "softmax_out * (1 - softmax_out)", "softmax_jacobian_wrong", "loss_derivative_wrong",
            file=ACT, blame=(44,)),
    mistake(28, r"np\.tanh\(x\)\*\*2", "np.tanh(x)", "wrong_activation_derivative", file=ACT),
    mistake(28, r"1 - np\.tanh\(x\)\*\*2", "1 - x**2", "derivative_at_wrong_point", "wrong_activation_derivative", file=ACT),
    mistake(24, r"grad \* self\.activation", "self.activation", "upstream_gradient_dropped", file=LAYER),
    mistake(24, r"derivative\(self\.z\)", "derivative(self.a)", "derivative_of_activated_value", "derivative_at_wrong_point",
            file=LAYER),
    mistake(31, r"self\.inputs\.T", "np.sign(self.inputs.T)", "wrong_activation_in_weight_gradient", file=LAYER),
    mistake(31, r"grad\)", "-grad)", "sign_flipped", file=LAYER),
    mistake(32, r"np\.sum\(grad, axis=0, keepdims=True\)", "np.sum(grad, keepdims=True)", "bias_gradient_reduction", file=LAYER),
    mistake(35, r"self\.weights\.get\(\)\.T", "np.abs(self.weights.get().T)", "wrong_variable", file=LAYER),
    mistake(35, r"np\.dot\(grad, ", "np.dot(np.sign(grad), ", "upstream_gradient_dropped", file=LAYER),
)  # fmt: skip
PROGRAMS = [
    Program(
        "etekmen13/numpy-rl-engine",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[4]), two(MISTAKES[8], MISTAKES[12])),
        harmless=(
            Edit(31, r"np\.outer\(self\.inputs\.T, grad\)", "self.inputs.T @ grad", LAYER),
            Edit(45, r"grad \*= rewards\[:, np\.newaxis\]", "grad = grad * rewards[:, np.newaxis]", ACT),
        ),
        more=(LAYER, ACT, "neuralnet/util.py"),
        stubs={"neuralnet/__init__.py": ""},
        backward={FILE: (17, 29), LAYER: (24, 36), ACT: (26, 46)},
        group="eleventh",
    )
]
