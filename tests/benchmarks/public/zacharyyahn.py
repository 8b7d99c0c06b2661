"""zacharyyahn/MLP-from-Scratch: no biases, deltas and gradients gathered until a batch ends; here a batch is one pattern.

As published the hidden deltas see the new weights of the output layer."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def build_for(hidden: str, output: str) -> Any:
    def loss(x: Any, target: Any, w0: Any, w1: Any) -> Any:
        z = w0 @ x
        o = w1 @ (np.tanh(z) if hidden == "tanh" else 1 / (1 + np.exp(-z)))
        if output == "softmax":
            return np.log(np.sum(np.exp(o))) - np.sum(o * target)
        return 0.5 * np.sum(((np.tanh(o) if output == "tanh" else 1 / (1 + np.exp(-o))) - target) ** 2)

    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        mlp = module.MLP(3, 5, 3, hidden_activation=hidden, output_activation=output)
        mlp.initialize()
        mlp.w = [rng.normal(size=w.shape) for w in mlp.w]
        start = {"w0": mlp.w[0].copy(), "w1": mlp.w[1].copy()}
        x, target = rng.normal(size=(3, 1)), np.array([[0.0], [1.0], [0.0]])

        def train(x, target):
            mlp.backprop(target, mlp.feedforward(x), 0.1, 0)

        return Call(
            train,
            loss,
            {"x": x, "target": target, **start},
            lambda _: {name: mlp.w[int(name[1])] - then for name, then in start.items()},
            (x, target),
            bind={"w0": "mlp.w[0]", "w1": "mlp.w[1]"},
        )

    return build


COMMON = (
    mistake(88, r"target - output", "target + output", "loss_derivative_wrong", "sign_flipped"),
    mistake(90, r"self\.y\[1\]", "self.z[1]", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(90, r"this_delta", "np.sign(this_delta)", "upstream_gradient_dropped"),
    mistake(96, r"self\.hidden_activation_prime\(self\.z\[1\]\)", "self.hidden_activation_prime(self.y[1])",
            "derivative_of_activated_value", "derivative_at_wrong_point", "wrong_variable"),
    mistake(96, r"self\.hidden_activation_prime\(self\.z\[1\]\)", "1", "missing_activation_derivative"),
    mistake(96, r"self\.hidden_activation_prime", "self.hidden_activation", "wrong_activation_derivative", "wrong_variable"),
    mistake(97, r"self\.y\[0\]", "np.abs(self.y[0] - 1)", "wrong_activation_in_weight_gradient"),
    mistake(97, r"self\.w\[0\] \+", "self.w[0] -", "sign_flipped"),
    mistake(97, r"self\.deltas\[0\]", "self.hidden_activation_prime(self.z[1])", "upstream_gradient_dropped", "wrong_variable"),
)  # fmt: skip
OWN = {
    "tanh": (
        mistake(50, r"1 / np\.cosh\(vec\), 1 / np\.cosh\(vec\)", "1 / np.cosh(vec), np.tanh(vec)", "wrong_activation_derivative"),
        mistake(88, r"self\.z\[2\]", "output", "derivative_of_activated_value", "derivative_at_wrong_point", "wrong_variable"),
        mistake(88, r"output_activation_prime", "output_activation", "wrong_activation_derivative", "wrong_variable"),
    ),
    "sigmoid": (
        mistake(57, r"1 - self\.__sigmoid\(vec\)", "1 - vec", "wrong_activation_derivative"),
        mistake(88, r"self\.output_activation_prime\(self\.z\[2\]\)", "output * (1 - output)", "extra_factor",
                "loss_derivative_wrong"),
        mistake(66, r"np\.ones\(vec\.shape\)", "vec", "extra_factor", "loss_derivative_wrong", blame=(88,)),
    ),
}  # fmt: skip
PROGRAMS = [
    Program(
        "zacharyyahn/MLP-from-Scratch",
        "mlp.py",
        build_for(hidden, output),
        (*COMMON[first::2], *OWN[hidden], two(COMMON[2 + first], OWN[hidden][0]), two(COMMON[6], OWN[hidden][1])),
        harmless=(
            Edit(90, r"np\.matmul\(this_delta, np\.transpose\(self\.y\[1\]\)\)", "this_delta @ self.y[1].T"),
            Edit(97, r"lr \* self\.deltas\[0\] \* np\.transpose\(self\.y\[0\]\)", "lr * np.outer(self.deltas[0], self.y[0])"),
        ),
        mend=(Edit(94, r"self\.w\[1\] = self", "old = self.w[1]; self.w[1] = self"), Edit(96, r"self\.w\[1\]", "old")),
        published=("updated_weights_used",),
        blame=(96, 94),
        stubs={"matplotlib/__init__.py": "", "matplotlib/pyplot.py": ""},
        backward={"mlp.py": (88, 101)},
        name=output,
        group="tenth",
    )
    for hidden, output, first in (("tanh", "tanh", 0), ("sigmoid", "softmax", 1))
]
