"""srinivas-kini/mlp-from-scratch: one hidden layer; each activation gives its derivative too, the loss is cross-entropy of
a softmax.

As published the output error sees the diagonal of the derivative of softmax as well, as if the loss were a square."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def build_for(activation: str) -> Any:
    def loss(X: Any, y: Any, h_weights: Any, h_bias: Any, o_weights: Any, o_bias: Any) -> Any:
        u = X @ h_weights + h_bias
        z = {"tanh": np.tanh, "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "relu": lambda a: np.maximum(a, 0)}[activation](u)
        o = z @ o_weights + o_bias
        return np.sum(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))

    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        net = module.MultilayerPerceptron(n_hidden=5, hidden_activation=activation, learning_rate=0.1)
        X, y = rng.normal(size=(6, 3)), np.array([0, 2, 1, 1, 0, 2])
        net._initialize(X, y)
        names = ("h_weights", "h_bias", "o_weights", "o_bias")
        start = {name: rng.normal(size=getattr(net, "_" + name).shape) for name in names}
        for name, value in start.items():
            setattr(net, "_" + name, value.copy())

        def train(X):
            net.feed_forward(X)
            net.backpropagate()

        return Call(
            train,
            loss,
            {"X": X, "y": np.eye(3)[y], **start},
            lambda _: {name: getattr(net, "_" + name) - then for name, then in start.items()},
            (X,),
            bind={name: "net._" + name for name in names},
        )

    return build


UTILS = "utils.py"
MISTAKES = (
    mistake(83, r"self\._y - self\.mlp_output", "self._y / self.mlp_output", "loss_derivative_wrong"),
    mistake(83, r"self\.mlp_output", "self.output_weighted_sum", "loss_derivative_wrong", "wrong_variable"),
    mistake(85, r"output_error", "self._y", "loss_derivative_wrong", "wrong_variable"),
    mistake(88, r"output_delta", "output_slope", "wrong_variable", "upstream_gradient_dropped"),
    mistake(89, r", derivative=True", "", "wrong_activation_derivative"),
    mistake(
        89,
        r"hidden_weighted_sum",
        "hidden_layer_activation",
        "derivative_of_activated_value",
        "derivative_at_wrong_point",
        "wrong_variable",
    ),
    mistake(90, r"np\.multiply\(hidden_error, hidden_slope\)", "hidden_error", "missing_activation_derivative"),
    mistake(93, r"hidden_layer_activation", "hidden_weighted_sum", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(94, r"hidden_delta", "hidden_error", "missing_activation_derivative", "wrong_variable"),
    mistake(94, r"\+=", "-=", "sign_flipped"),
    mistake(97, r", axis=0", "", "bias_gradient_reduction"),
    mistake(97, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(98, r"output_delta", "output_error * hidden_delta.sum()", "extra_factor", "wrong_variable"),
)
HARMLESS = (
    Edit(90, r"np\.multiply\(hidden_error, hidden_slope\)", "hidden_error * hidden_slope"),
    Edit(97, r"np\.sum\(hidden_delta, axis=0\)", "hidden_delta.sum(0)"),
)
WRONG = {
    "sigmoid": mistake(17, r"fx \* \(1\.0 - fx\)", "fx * fx", "wrong_activation_derivative", file=UTILS),
    "tanh": mistake(22, r"np\.square\(fx\)", "fx", "wrong_activation_derivative", file=UTILS),
    "relu": mistake(26, r"x > 0", "x > -1", "relu_mask_wrong", "wrong_activation_derivative", file=UTILS),
}
PROGRAMS = [
    Program(
        "srinivas-kini/mlp-from-scratch",
        "multilayer_perceptron.py",
        build_for(activation),
        (
            *(
                m
                for k, m in enumerate(MISTAKES)
                if activation == "sigmoid" or ((k + len(activation)) % 2 and (activation, k) != ("relu", 5))
            ),
            WRONG[activation],
            two(MISTAKES[1], MISTAKES[11]),
        )
        + ((two(MISTAKES[8], MISTAKES[10]),) if activation == "sigmoid" else ()),
        harmless=HARMLESS,
        more=(UTILS,),
        mend=(Edit(85, r"np\.multiply\(output_error, output_slope\)", "output_error"),),
        published=("extra_factor", "loss_derivative_wrong", "softmax_jacobian_wrong"),
        blame=(84, 83, 35),
        backward={"multilayer_perceptron.py": (79, 98), UTILS: (10, 35)},
        name=activation,
        group="tenth",
    )
    for activation in ("sigmoid", "tanh", "relu")
]
