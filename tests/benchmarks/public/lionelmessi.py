"""lionelmessi6410/Neural-Networks-from-Scratch: dicts of parameters, activations with a flag; its relu is published wrong."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake


def with_sigmoid(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = W2 @ (1 / (1 + np.exp(-(W1 @ x.T + b1)))) + b2
    return np.mean(np.log(np.sum(np.exp(z), axis=0)) - np.sum(y.T * z, axis=0))


def with_relu(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = W2 @ np.maximum(0, W1 @ x.T + b1) + b2
    return np.mean(np.log(np.sum(np.exp(z), axis=0)) - np.sum(y.T * z, axis=0))


def build(module: ModuleType, rng: np.random.Generator, kind: str = "sigmoid") -> Call:
    net = module.DeepNeuralNetwork((4, 5, 3), kind)
    net.optimizer = "sgd"
    net.params = {name: rng.normal(size=value.shape) for name, value in net.params.items()}
    start = {name: value.copy() for name, value in net.params.items()}
    x, y = rng.normal(size=(7, 4)), np.eye(3)[rng.integers(0, 3, size=7)]

    def train(x, y):
        output = net.feed_forward(x)
        net.back_propagate(y, output)
        net.optimize(l_rate=0.1)

    return Call(
        train,
        with_relu if kind == "relu" else with_sigmoid,
        {"x": x, "y": y, **start},
        lambda _: {name: net.params[name] - value for name, value in start.items()},
        (x, y),
        bind={name: f"net.params[{name!r}]" for name in start},
    )


def relu(module: ModuleType, rng: np.random.Generator) -> Call:
    return build(module, rng, "relu")


FORMS = (
    Edit(115, r"np\.matmul\(dZ1, self\.cache\[\"X\"\]\)", 'np.matmul(self.cache["X"].T, dZ1.T).T'),
    Edit(111, r"\(1\./current_batch_size\) \* np\.sum", "np.mean"),
)
PROGRAMS = [
    Program(
        "lionelmessi6410/Neural-Networks-from-Scratch",
        "model.py",
        build,
        (
            mistake(50, r"\*\*2", "", "wrong_activation_derivative"),
            mistake(
                50,
                r"\(np\.exp\(-x\)\)/\(\(np\.exp\(-x\)\+1\)\*\*2\)",
                "x * (1 - x)",
                "derivative_at_wrong_point",
                "wrong_activation_derivative",
            ),
            mistake(110, r"A1", "Z1", "wrong_activation_in_weight_gradient"),
            mistake(111, r"\(1\./current_batch_size\) \* ", "", "batch_scale_1_over_N"),
            mistake(111, r"axis=1, keepdims=True", "keepdims=True", "bias_gradient_reduction"),
            mistake(114, r"cache\[\"Z1\"\]", 'cache["A1"]', "derivative_of_activated_value", "derivative_at_wrong_point"),
            mistake(114, r", derivative=True", "", "wrong_activation_derivative", "wrong_variable"),
            mistake(115, r"current_batch_size\)", "current_batch_size**2)", "batch_scale_1_over_N"),
            mistake(116, r"dZ1", "dA1", "missing_activation_derivative", "wrong_variable"),
            mistake(118, r'"W2": dW2', '"W2": -dW2', "sign_flipped"),
        ),
        harmless=(Edit(50, r"return .*$", "return (1/(1 + np.exp(-x))) * (1 - 1/(1 + np.exp(-x)))"), *FORMS),
        group="later",
    ),
    Program(
        "lionelmessi6410/Neural-Networks-from-Scratch",
        "model.py",
        relu,
        (
            mistake(36, r"x < 0", "x > 0", "relu_mask_wrong", blame=(37,)),
            mistake(109, r"output - y\.T", "output", "loss_derivative_wrong", "wrong_variable"),
            mistake(113, r"dZ2", "output", "wrong_variable", "loss_derivative_wrong"),
            mistake(110, r"A1", "Z1", "wrong_activation_in_weight_gradient"),
            mistake(114, r"dA1 \* ", "", "upstream_gradient_dropped"),
            mistake(115, r"dZ1", "dA1", "missing_activation_derivative", "wrong_variable"),
            mistake(116, r"\(1\./current_batch_size\) \* ", "", "batch_scale_1_over_N"),
            mistake(116, r"np\.sum", "np.max", "bias_gradient_reduction"),
        ),
        harmless=FORMS,
        mend=(Edit(37, r"x >= 0", "x > 0"),),
        published=("relu_mask_wrong", "wrong_activation_derivative", "missing_activation_derivative"),
        blame=(36, 37, 38, 114),
        name="relu",
        group="later",
    ),
]
