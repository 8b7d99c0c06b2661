"""sumeyye-agac/next-word-prediction-using-MLP-from-scratch: coursework; three words share one embedding; sums, not means."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(input1: Any, input2: Any, input3: Any, expected_outputs: Any, w1: Any, w2: Any, w3: Any, b1: Any, b2: Any) -> Any:
    e = np.concatenate([input1 @ w1, input2 @ w1, input3 @ w1], axis=1)
    o = 1 / (1 + np.exp(-(e @ w2 + b1))) @ w3 + b2
    return np.sum(np.log(np.sum(np.exp(o), axis=1))) - np.sum(o * expected_outputs)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.Network()
    start = {
        "w1": rng.normal(size=(6, 2)),
        "w2": rng.normal(size=(6, 5)),
        "w3": rng.normal(size=(5, 6)),
        "b1": rng.normal(size=5),
        "b2": rng.normal(size=6),
    }
    for name, value in start.items():
        setattr(net, name, value.copy())
    words = np.eye(6)[rng.integers(0, 6, size=(4, 4))]
    inputs = tuple(words[k] for k in range(4))

    def train(input1, input2, input3, expected_outputs):
        _, probabilities, X1, X2 = net.forward_propagation(input1, input2, input3, expected_outputs)
        gradients = net.backward_propagation(input1, input2, input3, probabilities, X1, X2, expected_outputs)
        net.update_parameters(*gradients, 0.1)

    return Call(
        train,
        loss,
        {**dict(zip(("input1", "input2", "input3", "expected_outputs"), inputs, strict=True)), **start},
        lambda _: {name: getattr(net, name) - then for name, then in start.items()},
        inputs,
        bind={name: f"net.{name}" for name in start},
    )


MISTAKES = (
    mistake(52, r"probabilities - expected_outputs", "probabilities * (1 - expected_outputs)", "loss_derivative_wrong"),
    mistake(52, r"expected_outputs", "expected_outputs / len(X2)", "batch_scale_1_over_N", "loss_derivative_wrong"),
    mistake(53, r"X2\.transpose", "np.sign(X2).transpose", "wrong_activation_in_weight_gradient"),
    mistake(54, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(55, r" \* X2 \* \(1 - X2\)", "", "missing_activation_derivative"),
    mistake(55, r" \* \(1 - X2\)", "", "wrong_activation_derivative"),
    mistake(55, r"1 - X2\)", "1 - X2 ** 2)", "wrong_activation_derivative"),
    mistake(55, r"\(derror,", "(probabilities,", "loss_derivative_wrong", "wrong_variable"),
    mistake(56, r"X1\.transpose\(\)", "X1[::-1].transpose()", "wrong_index"),
    mistake(57, r", axis=0", "", "bias_gradient_reduction"),
    mistake(58, r"derror1", "(derror1 * X2)", "extra_factor"),
    mistake(62, r"range\(0, 3\)", "range(0, 2)", "loop_cut_short"),
    mistake(63, r"= w1_gradient \+", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(63, r"inputs\[word\]", "inputs[2 - word]", "wrong_index"),
    mistake(63, r"\(word\) \* 2:\(word \+ 1\) \* 2", ":2", "wrong_index"),
    mistake(83, r"- learning", "+ learning", "sign_flipped"),
    Mistake((Edit(87, r"d_b2", "d_b2 * self.b2"),), ("extra_factor", "wrong_variable"), (87,)),
)
PROGRAMS = [
    Program(
        "sumeyye-agac/next-word-prediction-using-MLP-from-scratch",
        "Network.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[5]), two(MISTAKES[11], MISTAKES[15])),
        harmless=(
            Edit(55, r"X2 \* \(1 - X2\)", "(X2 - X2 * X2)"),
            Edit(57, r"np\.sum\(derror1, axis=0\)", "derror1.sum(0)"),
        ),
        always=(Edit(60, r"250, 16", "6, 2"), Edit(63, r"\* 16:(.*) \* 16", r"* 2:\1 * 2")),
        backward={"Network.py": (52, 87)},
        group="ninth",
    )
]
