"""zotroneneis/machine_learning_basics: softmax regression, and a small network published with biases summed over all entries."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def regression_loss(X: Any, y_true: Any, weights: Any, bias: Any) -> Any:
    scores = X @ weights.T + bias
    return np.mean(np.log(np.sum(np.exp(scores), axis=1)) - scores[np.arange(len(X)), y_true[:, 0]])


def regression(module: ModuleType, rng: np.random.Generator) -> Call:
    same = np.random.RandomState()
    same.set_state(np.random.get_state())  # noqa: NPY002 (the program draws from it)
    weights = same.rand(3, 4)
    X, y = rng.normal(size=(8, 4)), rng.integers(0, 3, size=(8, 1))
    model = module.SoftmaxRegressor()
    return Call(
        model.train,
        regression_loss,
        {"X": X, "y_true": y, "weights": weights, "bias": np.zeros((1, 3))},
        lambda result: {"weights": result[0] - weights, "bias": result[1]},
        (X, y),
        {"n_classes": 3, "n_iters": 10},
        bind={"weights": "self.weights", "bias": "self.bias"},
        once={"n_iters": 1},
    )


def network_loss(X: Any, Y: Any, W_h: Any, b_h: Any, W_o: Any, b_o: Any) -> Any:
    p = 1 / (1 + np.exp(-(np.tanh(X @ W_h + b_h) @ W_o + b_o)))
    return -np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p)) / len(X)


def network(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NeuralNet(3, 1, 4)
    net.b_h, net.b_o = rng.normal(size=(1, 4)), rng.normal(size=(1, 1))
    before = {name: getattr(net, name) for name in ("W_h", "b_h", "W_o", "b_o")}
    X, y = rng.normal(size=(8, 3)), rng.integers(0, 2, size=(8, 1))
    return Call(
        net.train,
        network_loss,
        {"X": X, "Y": y, **{name: value.copy() for name, value in before.items()}},
        lambda _: {name: getattr(net, name) - then for name, then in before.items()},
        (X, y),
        {"n_iters": 500},
        bind={name: f"self.{name}" for name in before},
        once={"n_iters": 1},
    )


PROGRAMS = [
    Program(
        "zotroneneis/machine_learning_basics",
        "softmax_regression.ipynb",
        regression,
        (
            mistake(
                49,
                r"probs - y_one_hot",
                "probs * (1 - probs) * (probs - y_one_hot)",
                "loss_derivative_wrong",
                "missing_factor",
                "softmax_jacobian_wrong",
                "extra_factor",
            ),
            mistake(50, r"probs - y_one_hot", "y_one_hot - probs", "sign_flipped"),
            mistake(50, r", axis=0", "", "bias_gradient_reduction"),
            mistake(50, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(52, r"self\.weights - ", "self.weights + ", "sign_flipped"),
            mistake(49, r"probs - y_one_hot", "probs", "loss_derivative_wrong", "wrong_variable"),
        ),
        keep=((2, 2), (24, 111)),
    ),
    Program(
        "zotroneneis/machine_learning_basics",
        "simple_neural_net.ipynb",
        network,
        (
            mistake(94, r"- Y", "- 2 * Y", "loss_derivative_wrong", "factor_2", "extra_factor"),
            mistake(95, r"O_h", "A_h", "wrong_activation_in_weight_gradient"),
            mistake(95, r"\(1 / n_samples\) \* ", "", "batch_scale_1_over_N"),
            mistake(98, r"1 - np\.power\((.*), 2\)", r"1 - \1", "wrong_activation_derivative"),
            mistake(98, r"outputs\[\"O_h\"\]", 'outputs["A_h"]', "derivative_at_wrong_point", "wrong_activation_derivative"),
            mistake(98, r" \* \(1 - np.*$", "", "missing_activation_derivative"),
            mistake(100, r"axis=0, keepdims=True\)", "axis=1, keepdims=True)[:1]", "bias_gradient_reduction"),
            mistake(116, r"- eta", "+ eta", "sign_flipped"),
            mistake(117, r"gradients", "-gradients", "sign_flipped"),
            two(
                mistake(98, r" \* \(1 - np.*$", "", "missing_activation_derivative"),
                mistake(95, r"O_h", "A_h", "wrong_activation_in_weight_gradient"),
            ),
        ),
        keep=((1, 1), (28, 135)),
        mend=(Edit(100, r"dA_h\)", "dA_h, axis=0, keepdims=True)"),),
        published=("bias_gradient_reduction",),
    ),
]
