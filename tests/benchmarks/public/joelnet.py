"""joelgrus/joelnet: typed layers with dicts of parameters and gradients, and an optimizer over a generator of pairs."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Program, mistake


def loss(inputs: Any, actual: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    return np.sum((np.tanh(inputs @ w1 + b1) @ w2 + b2 - actual) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from joelnet import layers, optim
    from joelnet import loss as losses

    first, last = layers.Linear(3, 4), layers.Linear(4, 2)
    net, error, optimizer = module.NeuralNet([first, layers.Tanh(), last]), losses.MSE(), optim.SGD(0.05)
    before = {name + key: part.params[name].copy() for key, part in (("1", first), ("2", last)) for name in "wb"}
    inputs, actual = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))

    def train(net, inputs, actual):
        predicted = net.forward(inputs)
        net.backward(error.grad(predicted, actual))
        optimizer.step(net)

    return Call(
        train,
        loss,
        {"inputs": inputs, "actual": actual, **before},
        lambda _: {name: {"1": first, "2": last}[name[1]].params[name[0]] - then for name, then in before.items()},
        (net, inputs, actual),
        bind={
            "w1": "net.layers[0].params['w']",
            "b1": "net.layers[0].params['b']",
            "w2": "net.layers[2].params['w']",
            "b2": "net.layers[2].params['b']",
        },
    )


LAYERS, LOSS = "joelnet/layers.py", "joelnet/loss.py"

PROGRAMS = [
    Program(
        "joelgrus/joelnet",
        "joelnet/nn.py",
        build,
        (
            mistake(64, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(64, r", axis=0", "", "bias_gradient_reduction", file=LAYERS),
            mistake(65, r"self\.inputs\.T", "np.tanh(self.inputs).T", "wrong_activation_in_weight_gradient", file=LAYERS),
            mistake(90, r" \* grad", "", "upstream_gradient_dropped", file=LAYERS),
            mistake(
                90,
                r"self\.f_prime\(self\.inputs\)",
                "self.f_prime(self.f(self.inputs))",
                "derivative_of_activated_value",
                file=LAYERS,
            ),
            mistake(98, r"y \*\* 2", "y", "wrong_activation_derivative", file=LAYERS),
            mistake(26, r"predicted - actual", "predicted", "loss_derivative_wrong", "wrong_variable", file=LOSS),
        ),
        more=(LAYERS, LOSS, "joelnet/optim.py", "joelnet/tensor.py"),
        group="tuned",
    )
]
