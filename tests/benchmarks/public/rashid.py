"""makeyourownneuralnetwork: the class of the book, columns of samples, updated in place."""

from types import ModuleType

import numpy as np

from public.case import Call, Edit, Program, mistake, moved, two


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def loss(inputs_list: np.ndarray, targets_list: np.ndarray, wih: np.ndarray, who: np.ndarray) -> np.ndarray:
    outputs = sigmoid(who @ sigmoid(wih @ inputs_list.T))
    return 0.5 * np.sum((targets_list.T - outputs) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.neuralNetwork(3, 4, 2, 0.1)
    x, t = rng.uniform(size=(5, 3)), rng.uniform(size=(5, 2))
    before = {"wih": net.wih.copy(), "who": net.who.copy()}
    return Call(
        net.train,
        loss,
        {"inputs_list": x, "targets_list": t, **before},
        lambda _: {name: getattr(net, name) - then for name, then in before.items()},
        (x, t),
        bind={"wih": "self.wih", "who": "self.who", "inputs_list": "inputs_list", "targets_list": "targets_list"},
    )


PROGRAMS = [
    Program(
        "makeyourownneuralnetwork/makeyourownneuralnetwork",
        "part2_neural_network.ipynb",
        build,
        (
            moved(53, 57, "updated_weights_used", "gradient_or_update_used_for_weight"),
            mistake(56, r" \* final_outputs \* \(1\.0 - final_outputs\)", "", "missing_activation_derivative"),
            mistake(56, r"\(1\.0 - final_outputs\)", "(1.0 + final_outputs)", "sign_flipped", "wrong_activation_derivative"),
            mistake(56, r"hidden_outputs", "hidden_inputs", "wrong_activation_in_weight_gradient"),
            mistake(56, r"\+=", "=", "gradient_or_update_used_for_weight"),
            mistake(
                59, r"1\.0 - hidden_outputs", "1.0 - hidden_inputs", "derivative_at_wrong_point", "wrong_activation_derivative"
            ),
            mistake(59, r"\+=", "-=", "sign_flipped"),
            mistake(59, r"\(1\.0 - hidden_outputs\)", "hidden_outputs", "wrong_activation_derivative"),
            two(
                mistake(56, r"hidden_outputs", "hidden_inputs", "wrong_activation_in_weight_gradient"),
                mistake(59, r" \* hidden_outputs \* \(1\.0 - hidden_outputs\)", "", "missing_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(51, r"targets - final_outputs", r"2 * (targets - final_outputs)"),
            Edit(59, r"hidden_outputs \* \(1\.0 - hidden_outputs\)", r"(hidden_outputs - hidden_outputs ** 2)"),
            Edit(56, r"\+= self\.lr", r"-= -self.lr"),
        ),
        keep=((1, 61),),
        mend=(Edit(53, r"output_errors\)", "output_errors * final_outputs * (1.0 - final_outputs))"),),
        published=("missing_activation_derivative",),
    )
]
