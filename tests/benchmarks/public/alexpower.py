"""alexpower9/mlp-from-scratch: layers after a book, with the whole Jacobian of softmax, and an optimizer with momentum.

As published the momentum of the biases is computed and not kept, so that no bias moves."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    o = np.maximum(X @ w1 + b1, 0) @ w2 + b2
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    dense1, relu, dense2, softmax = module.Dense(3, 5), module.ReLu(), module.Dense(5, 3), module.Softmax()
    criterion, optimizer = module.CategoricalCrossEntropy(), module.SGDOptimizer(0.1, 0.9)
    start = {}
    for k, layer in ((1, dense1), (2, dense2)):
        layer.weights = rng.normal(size=layer.weights.shape)
        layer.biases = rng.normal(size=layer.biases.shape)
        start[f"w{k}"], start[f"b{k}"] = layer.weights.copy(), layer.biases.copy()
    X, y = rng.normal(size=(6, 3)), np.eye(3)[[0, 2, 1, 1, 0, 2]]

    def train(X, y):
        dense1.forward(X)
        relu.forward(dense1.output)
        dense2.forward(relu.output)
        softmax.forward(dense2.output)
        criterion.backward(softmax.output, y)
        softmax.backward(criterion.dinputs)
        dense2.backward(softmax.dinputs)
        relu.backward(dense2.dinputs)
        dense1.backward(relu.dinputs)
        optimizer.update_params(dense1)
        optimizer.update_params(dense2)

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {
            name: (dense1, dense2)[int(name[1]) - 1].__dict__[{"w": "weights", "b": "biases"}[name[0]]] - then
            for name, then in start.items()
        },
        (X, y),
        bind={"w1": "dense1.weights", "b1": "dense1.biases", "w2": "dense2.weights", "b2": "dense2.biases"},
    )


MISTAKES = (
    mistake(32, r"self\.inputs\.T", "np.sign(self.inputs).T", "wrong_activation_in_weight_gradient"),
    mistake(33, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(33, r"axis=0, ", "", "bias_gradient_reduction"),
    mistake(36, r"self\.weights", "self.dweights", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(49, r"self\.inputs", "self.dinputs", "relu_mask_wrong", "wrong_variable"),
    mistake(49, r".*", "        pass", "relu_mask_wrong", "missing_activation_derivative"),
    mistake(49, r"\] = 0", "] = 0.1", "relu_mask_wrong", "wrong_activation_derivative"),
    mistake(66, r" - np\.dot\(single_output, single_output\.T\)", "", "softmax_jacobian_wrong"),
    mistake(66, r" - np", " + np", "softmax_jacobian_wrong", "sign_flipped"),
    mistake(66, r"np\.diagflat\(single_output\)", "np.eye(len(single_output))", "softmax_jacobian_wrong"),
    mistake(67, r"single_dvalues", "single_output[:, 0] * single_dvalues", "softmax_jacobian_wrong", "extra_factor"),
    mistake(100, r"-y_true / values", "values - y_true", "loss_derivative_wrong"),
    mistake(102, r"/ samples", "/ values.sum(axis=0)", "loss_derivative_wrong", "batch_scale_1_over_N"),
    mistake(134, r"layer\.dweights", "np.sign(layer.dweights)", "optimizer_rule_wrong"),
    mistake(137, r"\+=", "-=", "sign_flipped"),
    mistake(138, r"\+=", "=", "gradient_or_update_used_for_weight"),
)
PROGRAMS = [
    Program(
        "alexpower9/mlp-from-scratch",
        "src/mlp.py",
        build,
        (*MISTAKES, two(MISTAKES[0], MISTAKES[14]), two(MISTAKES[2], MISTAKES[8])),
        harmless=(
            Edit(36, r"np\.dot\(dvalues, self\.weights\.T\)", "dvalues @ self.weights.T"),
            Edit(49, r"self\.dinputs\[self\.inputs <= 0 \] = 0", "self.dinputs = np.where(self.inputs > 0, dvalues, 0)"),
        ),
        root="src",
        mend=(Edit(135, r"layer\.bias_momentums - self", "layer.bias_momentums = self"),),
        published=("optimizer_rule_wrong",),
        blame=(138,),
        stubs={"matplotlib/__init__.py": "", "matplotlib/pyplot.py": ""},
        backward={"src/mlp.py": (31, 138)},
        group="tenth",
    )
]
