"""VadimGushchin/binary-mlp-from-scratch: one hidden layer with a choice of five activations, sigmoid and weight decay."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

L2 = 0.2


def build_for(act: str) -> Any:
    def loss(
        X: Any, y: Any, weights_input_hidden: Any, bias_hidden: Any, weights_hidden_output: Any, bias_output: Any
    ) -> Any:  # fmt: skip
        z = X @ weights_input_hidden + bias_hidden
        h = np.cos(z) if act == "cos" else np.where(z > 0, z, np.exp(z) - 1)
        p = 1 / (1 + np.exp(-(h @ weights_hidden_output + bias_output)))[:, 0]
        decay = 0.5 * L2 * (np.sum(weights_input_hidden**2) + np.sum(weights_hidden_output**2))
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)) + decay

    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        net = module.MLP(5, act, 0.1, "sgd", L2)
        net._initialize_weights(3)
        start = {}
        for name in ("weights_input_hidden", "bias_hidden", "weights_hidden_output", "bias_output"):
            start[name] = rng.normal(size=getattr(net, name).shape)
            setattr(net, name, start[name].copy())
        X, y = rng.normal(size=(7, 3)), np.array([1, 0, 1, 1, 0, 0, 1])

        def train(X, y):
            net._update_parameters(net._backward(X, y, *net._forward(X)))

        return Call(
            train,
            loss,
            {"X": X, "y": y, **start},
            lambda _: {name: getattr(net, name) - then for name, then in start.items()},
            (X, y),
            bind={name: "net." + name for name in start},
        )

    return build


MISTAKES = (
    mistake(147, r"output_activation", "output_linear", "wrong_variable", "loss_derivative_wrong"),
    mistake(147, r"$", " * output_activation * (1 - output_activation)", "extra_factor", "loss_derivative_wrong"),
    mistake(148, r"hidden_activation\.T", "hidden_linear.T", "wrong_variable", "wrong_activation_in_weight_gradient"),
    mistake(148, r" / batch_size", "", "batch_scale_1_over_N"),
    mistake(149, r"np\.mean", "np.sum", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(153, r"output_error", "output_activation", "wrong_variable", "upstream_gradient_dropped"),
    mistake(154, r" \* self\._activation_derivative\(hidden_linear, hidden_activation\)", "", "missing_activation_derivative",
            blame=(152,)),
    mistake(154, r"self\._activation_derivative\(hidden_linear, hidden_activation\)", "self._activation(hidden_linear)",
            "wrong_activation_derivative", blame=(152,)),
    mistake(155, r"X\.T", "(X > 0).T", "wrong_activation_in_weight_gradient"),
    mistake(156, r"axis=0, ", "", "bias_gradient_reduction"),
    mistake(159, r"\+= self", "-= self", "sign_flipped", "regularisation_term_wrong"),
    mistake(159, r"self\.weights_input_hidden", "np.sign(self.weights_input_hidden)", "regularisation_term_wrong"),
    mistake(160, r"\+=", "=", "gradient_overwritten", "regularisation_term_wrong", "upstream_gradient_dropped"),
    mistake(166, r"grad_bias_output", "self.bias_output", "gradient_or_update_used_for_weight", "wrong_variable", blame=(162,)),
)  # fmt: skip
OWN = {
    "cos": (mistake(103, r"-np\.sin", "np.sin", "wrong_activation_derivative", "sign_flipped"),),
    "elu": (mistake(105, r"a \+ self\.alpha", "self.alpha", "wrong_activation_derivative"),),
}
PROGRAMS = [
    Program(
        "VadimGushchin/binary-mlp-from-scratch",
        "src/MLP.py",
        build_for(act),
        (
            *(m for k, m in enumerate(MISTAKES) if act == "elu" or k % 2),
            *OWN[act],
            two(MISTAKES[2], MISTAKES[9]),
            two(MISTAKES[8], MISTAKES[10]),
        ),
        harmless=(
            Edit(156, r"np\.mean\(hidden_error, axis=0, keepdims=True\)", "hidden_error.sum(axis=0, keepdims=True) / batch_size"),
            Edit(159, r"grad_weights_input_hidden \+= ", "grad_weights_input_hidden = grad_weights_input_hidden + "),
        ),
        root="src",
        stubs={"sklearn/__init__.py": "", "sklearn/metrics.py": "roc_auc_score = None\n"},
        backward={"src/MLP.py": (98, 178)},
        name=act,
        group="tenth",
    )
    for act in ("elu", "cos")
]
