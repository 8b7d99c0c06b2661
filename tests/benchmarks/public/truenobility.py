"""TrueNobility303/numpy-neural-networks: modules that move when they hand back; penalties on norms that are not squared, a
loss that is a norm.

As published the mask of ReLU asks whether its output is below zero, which it never is."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

PENALTY = 0.3


def norm(a: Any) -> Any:
    return np.sqrt(np.sum(a**2))


def build_for(criterion: str) -> Any:
    def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        o = np.maximum(np.maximum(x @ W1 + b1, 0) @ W2 + b2, 0)
        data = norm(o - y) if criterion == "MSELoss" else np.log(np.sum(np.exp(o))) - np.sum(o * y)
        return data + PENALTY * (norm(W1) + norm(b1) + norm(W2) + norm(b2))

    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        net, last = module.LinearSequnce([3, 8, 6], lr=0.1, momentum=0.5, penalty=PENALTY), getattr(module, criterion)()
        layers = {1: net.layers[0], 2: net.layers[2]}
        start = {}
        for k, layer in layers.items():
            layer.W, layer.b = rng.uniform(-1, 1.2, size=layer.W.shape), rng.uniform(-1, 1.2, size=layer.b.shape)
            layer.W_last, layer.b_last = layer.W.copy(), layer.b.copy()
            start[f"W{k}"], start[f"b{k}"] = layer.W.copy(), layer.b.copy()
            if k == 2:
                layer.b = np.linspace(-4, 4, 6)[None]
            layer.b_last, start[f"b{k}"] = layer.b.copy(), layer.b.copy()
        x, y = rng.normal(size=(1, 3)), np.linspace(-1, 9, 6)[None] if criterion == "MSELoss" else np.eye(6)[[4]]

        def train(x, y):
            last.forloss(net.forward(x), y)
            net.backward(last.backloss())

        return Call(
            train,
            loss,
            {"x": x, "y": y, **start},
            lambda _: {name: getattr(layers[int(name[1])], name[0]) - then for name, then in start.items()},
            (x, y),
            bind={name: f"net.layers[{2 * int(name[1]) - 2}].{name[0]}" for name in start},
        )

    return build


LINEAR = (
    mistake(57, r"g, self\.W\.T", "np.sign(g), self.W.T", "upstream_gradient_dropped"),
    mistake(58, r"self\.x\.T, g", "np.abs(self.x - 1).T, g", "wrong_activation_in_weight_gradient"),
    mistake(58, r", g\)", ", g * g)", "extra_factor"),
    mistake(59, r"g", "g * self.b", "extra_factor", "wrong_variable"),
    mistake(61, r"dW \+= .*$", "pass", "regularisation_term_wrong"),
    mistake(61, r" / np\.linalg\.norm\(self\.W,\"fro\"\)", "", "regularisation_term_wrong"),
    mistake(61, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong"),
    mistake(62, r"self\.b /", "self.b ** 2 /", "regularisation_term_wrong"),
    mistake(64, r"- self\.lr", "+ self.lr", "sign_flipped"),
    mistake(65, r"\* db", "* self.b", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(126, r"= layer", "= g if layer is self.layers[-1] else layer", "missing_activation_derivative", "loop_cut_short"),
)
OWN = {
    "MSELoss": (
        mistake(232, r" / self\.l", "", "loss_derivative_wrong", "missing_factor"),
        mistake(232, r"self\.x - self\.y", "np.abs(self.x - self.y)", "sign_flipped", "loss_derivative_wrong"),
    ),
    "LogSoftmaxLoss": (
        mistake(248, r"self\.s - self\.y", "-self.y / self.s", "loss_derivative_wrong", "softmax_jacobian_wrong"),
        mistake(248, r"self\.s - self\.y", "self.s * (1 - self.y)", "loss_derivative_wrong"),
    ),
}
PROGRAMS = [
    Program(
        "TrueNobility303/numpy-neural-networks",
        "clstorch.py",
        build_for(criterion),
        (*LINEAR[first::2], *OWN[criterion], two(LINEAR[2 + first], LINEAR[7]), two(OWN[criterion][0], LINEAR[1])),
        harmless=(
            Edit(58, r"np\.matmul\(self\.x\.T, g\)", "np.outer(self.x, g)"),
            Edit(101, r"g\[.*$", "g = np.where(self.x > 0, g, 0)"),
        ),
        mend=(Edit(101, r"self\.y<0", "self.y<=0"),),
        published=("relu_mask_wrong", "missing_activation_derivative"),
        blame=(101,),
        stubs={
            "scipy/__init__.py": "",
            "scipy/io.py": "",
            "matplotlib/__init__.py": "pyplot = None\n",
        },
        backward={"clstorch.py": (56, 102)},
        name=criterion.lower()[:3],
        group="tenth",
    )
    for criterion, first in (("MSELoss", 0), ("LogSoftmaxLoss", 1))
]
