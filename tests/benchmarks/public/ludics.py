"""ludics/numpy-cnn: a padded convolution by columns, ReLU, max pooling and a linear layer; plain steps with decay, and Adam.

As published the gradient of cross-entropy lacks the softmax. Adam starts with moments of earlier steps."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, k: Any, c: Any, W: Any, b: Any) -> Any:
    p = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    z = np.stack(
        [np.stack([np.einsum("nijc,ijco->no", p[:, i : i + 3, j : j + 3], k) + c for j in range(4)], axis=1) for i in range(4)],
        axis=1,
    )
    h = np.max(np.maximum(z, 0).reshape(3, 2, 2, 2, 2, 2), axis=(2, 4)).reshape(3, 8)
    o = h @ W + b
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))


def build_for(adam: bool) -> Any:
    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        from numpy_cnn.layers.activation import ReLU
        from numpy_cnn.layers.linear import Linear
        from numpy_cnn.layers.pooling import MaxPool2d
        from numpy_cnn.loss import CrossEntropyLoss
        from numpy_cnn.optimizer import SGD, Adam

        conv, relu, pool, last = module.Conv2d(2, 2, padding=(1, 1)), ReLU(), MaxPool2d((2, 2), (2, 2)), Linear(8, 3)
        held = {"k": conv.params["w"], "c": conv.params["b"], "W": last.params["w"], "b": last.params["b"]}
        start = {}
        for name, tensor in held.items():
            start[name] = rng.normal(size=tensor.data.shape) - (1.5 if name == "c" else 0)
            tensor.data = start[name].copy()
        optimizer: Any = (Adam if adam else SGD)(list(held.values()), 0.1)
        if adam:
            optimizer.accumulated_grad_mom = [rng.normal(size=value.shape) for value in start.values()]
            optimizer.accumulated_grad_rms = [np.full(value.shape, 2.0) for value in start.values()]
            optimizer.accumulated_beta1, optimizer.accumulated_beta2 = 0.8, 0.9
        x, y = rng.normal(size=(3, 4, 4, 2)), np.eye(3)[[1, 0, 2]]

        def train(x, y):
            out = pool.forward(relu.forward(conv.forward(x)))
            grad = last.backward(CrossEntropyLoss().grad(last.forward(out.reshape(3, -1)), y))
            conv.backward(relu.backward(pool.backward(grad.reshape(3, 2, 2, 2))))
            optimizer.update()

        return Call(
            train,
            loss,
            {"x": x, "y": y, **start},
            lambda _: {name: tensor.data - start[name] for name, tensor in held.items()},
            (x, y),
            bind={name: f"{'conv' if name in 'kc' else 'last'}.params['{'w' if name in 'kW' else 'b'}'].data" for name in held},
        )

    return build


P = "numpy_cnn/"
FILE, ACT, LINEAR, POOL, LAYER = (f"{P}layers/{name}.py" for name in ("conv", "activation", "linear", "pooling", "layer"))
LOSS, STEP = P + "loss.py", P + "optimizer.py"
CONV = (
    mistake(57, r"self\.col\.T", "np.sign(self.col.T)", "wrong_activation_in_weight_gradient"),
    mistake(59, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(58, r"d_w\.reshape\(self\.k_shape\)", "d_w.reshape(self.k_shape)[::-1, ::-1]", "conv_kernel_reversed", "wrong_index"),
    mistake(56, r"grad\.reshape\(\(-1, out_c\)\)", "grad.transpose(0, 2, 1, 3).reshape((-1, out_c))", "transposed"),
    mistake(20, r"grad\[self\.x < 0\] = 0", "pass", "missing_activation_derivative", "relu_mask_wrong", file=ACT),
    mistake(20, r"self\.x < 0", "grad < 0", "relu_mask_wrong", "wrong_variable", file=ACT),
    mistake(30, r"self\.inputs\.T", "np.sign(self.inputs.T)", "wrong_activation_in_weight_gradient", file=LINEAR),
    mistake(31, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LINEAR),
    mistake(32, r"self\.params\['w'\]\.T", "self.params['w'].grad.T", "gradient_or_update_used_for_weight", "wrong_variable",
            file=LINEAR),
    mistake(31, r"grad\[self\.mask\] = 0", "pass", "missing_factor", "relu_mask_wrong", file=POOL),
    mistake(31, r"\[self\.mask\]", "[~self.mask]", "relu_mask_wrong", "sign_flipped", file=POOL),
    mistake(21, r"-= actual", "-= actual / 2", "loss_derivative_wrong", file=LOSS),
    mistake(21, r"-= actual", "+= actual", "sign_flipped", "loss_derivative_wrong", file=LOSS),
)  # fmt: skip
ADAM = (
    mistake(43, r"\(1 - self\.beta1\) \* p\.grad", "p.grad", "optimizer_rule_wrong", "missing_factor", file=STEP),
    mistake(43, r"self\.beta1 \* grad_mom", "self.beta2 * grad_mom", "optimizer_rule_wrong", "wrong_variable", file=STEP),
    mistake(43, r"\* p\.grad", "* p.data", "optimizer_rule_wrong", "wrong_variable", file=STEP),
    mistake(44, r"np\.power\(p\.grad, 2\)", "p.grad", "optimizer_rule_wrong", file=STEP),
    mistake(44, r"self\.beta2 \* grad_rms \+ ", "", "optimizer_rule_wrong", file=STEP),
    mistake(45, r"np\.sqrt\(grad_rms\)", "grad_rms", "optimizer_rule_wrong", file=STEP),
    mistake(45, r"grad_mom /", "p.grad /", "optimizer_rule_wrong", "wrong_variable", file=STEP),
    mistake(44, r"\(1 - self\.beta2\) \* ", "", "optimizer_rule_wrong", "missing_factor", file=STEP),
    mistake(44, r"p\.grad, 2", "p.data, 2", "optimizer_rule_wrong", "wrong_variable", file=STEP),
    mistake(45, r"np\.sqrt\(grad_rms\)", "np.sqrt(grad_mom**2)", "optimizer_rule_wrong", "wrong_variable", file=STEP),
)
COMMON = {
    "harmless": (
        Edit(57, r"np\.matmul\(self\.col\.T, flat_grad\)", "self.col.T @ flat_grad"),
        Edit(20, r"grad\[self\.x < 0\] = 0", "grad = grad * (self.x >= 0)", ACT),
    ),
    "more": (ACT, LINEAR, POOL, LAYER, LOSS, STEP),
    "stubs": {f"{P}__init__.py": "", f"{P}layers/__init__.py": ""},
    "mend": (Edit(20, r"np\.copy\(predicted\)", "np.exp(predicted) / np.sum(np.exp(predicted), axis=1, keepdims=True)", LOSS),),
    "published": ("loss_derivative_wrong", "wrong_variable", "missing_factor"),
    "group": "eleventh",
}
PROGRAMS = [
    Program(
        "ludics/numpy-cnn",
        FILE,
        build_for(False),
        (*CONV, two(CONV[1], CONV[6]), two(CONV[4], CONV[7])),
        backward={FILE: (49, 70), ACT: (19, 22), LINEAR: (29, 32), POOL: (29, 32), LOSS: (18, 23)},
        name="conv",
        **COMMON,
    ),
    Program(
        "ludics/numpy-cnn",
        FILE,
        build_for(True),
        (*ADAM, two(ADAM[1], CONV[7]), two(ADAM[6], CONV[4])),
        adaptive=True,
        backward={STEP: (38, 45)},
        name="adam",
        **COMMON,
    ),
]
