"""manursutil/simple-nn-numpy: the well-known XOR network with a ReLU hidden layer; errors are targets minus outputs."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(
    training_inputs: Any, training_output: Any, hidden_weights: Any, hidden_bias: Any, output_weights: Any, output_bias: Any
) -> Any:
    hidden = np.maximum(training_inputs @ hidden_weights + hidden_bias, 0)
    final = 1 / (1 + np.exp(-(hidden @ output_weights + output_bias)))
    return 0.5 * np.sum((training_output - final) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    network = module.NeuralNetwork(3, 4, 1)
    start = {}
    for name in ("hidden_weights", "hidden_bias", "output_weights", "output_bias"):
        start[name] = rng.normal(size=getattr(network, name).shape)
        setattr(network, name, start[name].copy())
    training_inputs, training_output = rng.normal(size=(5, 3)), np.array([[0, 1, 1, 0, 1]]).T
    return Call(
        network.train,
        loss,
        {"training_inputs": training_inputs, "training_output": training_output, **start},
        lambda _: {name: getattr(network, name) - then for name, then in start.items()},
        (training_inputs, training_output, 1, 0.1),
        bind={name: f"self.{name}" for name in start},
    )


MISTAKES = (
    mistake(7, r"x > 0", "x < 0", "relu_mask_wrong"),
    mistake(14, r"x \* \(1 - x\)", "sigmoid(x) * (1 - sigmoid(x))", "derivative_of_activated_value"),
    mistake(14, r"1 - x", "1 - x ** 2", "wrong_activation_derivative"),
    mistake(44, r"training_output - final_output", "training_output", "loss_derivative_wrong", "wrong_variable"),
    mistake(45, r" \* sigmoid_derivative\(final_output\)", "", "missing_activation_derivative"),
    mistake(45, r"final_output", "self.output_layer_input", "derivative_at_wrong_point", "wrong_variable"),
    mistake(48, r"output_delta", "output_error", "missing_activation_derivative", "wrong_variable"),
    mistake(49, r"relu_derivative", "sigmoid_derivative", "wrong_activation_derivative", "wrong_variable"),
    mistake(49, r"hidden_error \* relu", "relu", "upstream_gradient_dropped"),
    mistake(52, r"hidden_layer_output", "hidden_layer_input", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(53, r"hidden_delta", "hidden_error", "missing_activation_derivative", "relu_mask_wrong", "wrong_variable"),
    mistake(56, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(57, r"hidden_delta, axis=0", "hidden_delta, axis=None", "bias_gradient_reduction"),
    mistake(60, r"\+=", "-=", "sign_flipped"),
    mistake(63, r"hidden_bias_adjustment", "hidden_delta[0]", "bias_gradient_reduction", "wrong_index"),
    Mistake(
        (
            Edit(
                48,
                r"np\.dot\(output_delta, self\.output_weights\.T\)",
                "output_delta @ (self.output_weights + learning_rate * self.hidden_layer_output.T @ output_delta).T",
            ),
        ),
        ("updated_weights_used",),
        (48,),
    ),
)
PROGRAMS = [
    Program(
        "manursutil/simple-nn-numpy",
        "xor/nn_xor_problem.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[12]), two(MISTAKES[9], MISTAKES[13])),
        harmless=(
            Edit(48, r"np\.dot\(output_delta, self\.output_weights\.T\)", "output_delta @ self.output_weights.T"),
            Edit(49, r"self\.hidden_layer_output", "self.hidden_layer_input"),
        ),
        backward={"xor/nn_xor_problem.py": (44, 63)},
        group="ninth",
    )
]
