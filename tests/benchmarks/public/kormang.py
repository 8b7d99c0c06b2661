"""kormang/simple-numpy-neural-network: layers that write into arrays made once; ReLU layers and one of softmax with
cross-entropy.

As published a ReLU layer hands back what came to it, without its own derivative."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    o = np.maximum(np.maximum(x @ w1 + b1, 0) @ w2 + b2, 0) @ w3 + b3
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import activations
    import layers

    net = module.Classifier(
        [
            layers.DenseLayer(3, 5, activations.ReLUActivation()),
            layers.DenseLayer(5, 4, activations.ReLUActivation()),
            layers.SoftmaxCrossEntropyLayer(4, 3),
        ],
        None,
    )
    start = {}
    for k, layer in enumerate(net.layers, 1):
        layer.prepare_training(6)
        layer.w, layer.b = rng.normal(size=layer.w.shape), rng.normal(size=layer.b.shape)
        start[f"w{k}"], start[f"b{k}"] = layer.w.copy(), layer.b.copy()
    x, y = rng.normal(size=(6, 3)), np.eye(3)[[0, 2, 1, 1, 0, 2]]

    def train(x, y):
        a = net.forward_pass(x)
        net.backward_pass((a - y) / len(x))

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(net.layers[int(name[1]) - 1], "grad_" + name[0]) for name in start},
        (x, y),
        bind={name: f"net.layers[{int(name[1]) - 1}].{name[0]}" for name in start},
    )


LAYERS, ACT = "layers.py", "activations.py"
MISTAKES = (
    mistake(18, r"reversed\(self\.layers\)", "reversed(self.layers[1:])", "loop_cut_short"),
    mistake(19, r"= layer", "= 2 * layer", "factor_2", "extra_factor"),
    mistake(46, r"self\.v, self\.a, self\.delta", "self.v - 1, self.a, self.delta", "relu_mask_wrong",
            "derivative_at_wrong_point", file=LAYERS),
    mistake(47, r"\*= delta_w_next", "+= delta_w_next", "missing_activation_derivative", "wrong_activation_derivative",
            file=LAYERS),
    mistake(47, r"self\.delta \*= delta_w_next", "self.delta[:] = delta_w_next", "missing_activation_derivative", file=LAYERS),
    mistake(51, r"self\.delta", "delta_w_next", "missing_activation_derivative", "wrong_variable", file=LAYERS),
    mistake(51, r"self\.a_prev", "np.sign(self.a_prev)", "wrong_activation_in_weight_gradient", file=LAYERS),
    mistake(54, r"\+= np\.sum\(self\.delta", "-= np.sum(self.delta", "sign_flipped", file=LAYERS),
    mistake(54, r"np\.sum\(self\.delta, axis=0\)", "np.sum(self.delta)", "bias_gradient_reduction", file=LAYERS),
    mistake(54, r"self\.delta", "delta_w_next", "missing_activation_derivative", "wrong_variable", file=LAYERS),
    mistake(70, r"self\.a_prev", "1 + self.a_prev", "wrong_activation_in_weight_gradient", file=LAYERS),
    mistake(72, r"self\.grad_w_delta", "self.grad_w_delta / len(delta_next)", "batch_scale_1_over_N", file=LAYERS),
    mistake(73, r"delta_next", "self.a", "wrong_variable", "loss_derivative_wrong", file=LAYERS),
    mistake(75, r"delta_next", "delta_next * self.a", "extra_factor", "softmax_jacobian_wrong", file=LAYERS),
    mistake(19, r"> 0\] = 1", "> 1] = 1", "wrong_activation_derivative", "relu_mask_wrong", file=ACT),
    mistake(18, r"< 0\] = 0", "< 0] = -0.1", "wrong_activation_derivative", "relu_mask_wrong", file=ACT),
)  # fmt: skip
PROGRAMS = [
    Program(
        "kormang/simple-numpy-neural-network",
        "dnn.py",
        build,
        (*MISTAKES, two(MISTAKES[6], MISTAKES[12]), two(MISTAKES[8], MISTAKES[14])),
        harmless=(
            Edit(54, r"np\.sum\(self\.delta, axis=0\)", "self.delta.sum(0)", LAYERS),
            Edit(
                75,
                r"np\.matmul\(delta_next, self\.w\.T, out=self\.delta_w_prev\)",
                "self.delta_w_prev = delta_next @ self.w.T",
                LAYERS,
            ),
        ),
        more=(LAYERS, ACT),
        mend=(Edit(56, r"delta_w_next", "self.delta", LAYERS),),
        published=("missing_activation_derivative", "wrong_variable", "relu_mask_wrong"),
        blame=(56, 47),
        stubs={"utils.py": "def print_progress_bar(*args, **kwargs):\n    pass\n"},
        backward={"dnn.py": (17, 19), LAYERS: (41, 76), ACT: (16, 20)},
        group="tenth",
    )
]
