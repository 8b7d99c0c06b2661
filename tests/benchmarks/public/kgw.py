"""kgw-wilson/numpy-autoencoder: lists of weights and of values before activations; published with mean gradients of biases."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(images: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    code = sigmoid(sigmoid(images @ W1 + b1) @ W2 + b2)
    return np.sum((sigmoid(code @ W3 + b3) - images) ** 2) / len(images)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    coder = module.AutoEncoder(1, 8, 0.3, [5, 4], [5], 2, "sigmoid")
    coder.weights = [rng.normal(size=w.shape) for w in coder.weights]
    coder.biases = [rng.normal(size=b.shape) for b in coder.biases]
    images = rng.uniform(size=(8, 5))
    start = {f"{n}{k + 1}": getattr(coder, NAMES[n])[k].copy() for k in range(3) for n in NAMES}

    def train(images):
        out = coder.forward(images)
        coder.backward(coder.d_loss_d_out(images, out))

    def after(_: Any) -> dict[str, Any]:
        return {name: getattr(coder, NAMES[name[0]])[int(name[1]) - 1] - value for name, value in start.items()}

    bind = {name: f"coder.{NAMES[name[0]]}[{int(name[1]) - 1}]" for name in start}
    return Call(train, loss, {"images": images, **start}, after, (images,), bind=bind)


NAMES = {"W": "weights", "b": "biases"}
STUBS = ("matplotlib/__init__.py", "matplotlib/pyplot.py", "tqdm.py", "torchvision/__init__.py", "torchvision/datasets.py")
MORE_STUBS = ("torchvision/transforms.py", "torch/__init__.py", "torch/utils/__init__.py", "torch/utils/data.py")
PROGRAMS = [
    Program(
        "kgw-wilson/numpy-autoencoder",
        "autoencoder.py",
        build,
        (
            mistake(210, r"sigmoid_output \* \(1 - sigmoid_output\)", "1 - sigmoid_output ** 2", "wrong_activation_derivative"),
            mistake(
                209,
                r"\(z\)",
                "(self.apply_activation(z))",
                "derivative_of_activated_value",
                "derivative_at_wrong_point",
                blame=(210,),
            ),
            mistake(263, r" \* self\.d_activation_dz\(z_out\)", "", "missing_activation_derivative"),
            mistake(274, r" \* self\.d_activation_dz\(z_prev\)", "", "missing_activation_derivative"),
            mistake(
                274,
                r"\(z_prev\)",
                "(self.activations[layer_i])",
                "derivative_of_activated_value",
                "derivative_at_wrong_point",
                "wrong_variable",
            ),
            mistake(291, r"\)$", ") / self.batch_size", "batch_scale_1_over_N", "extra_factor", blame=(289, 290)),
            mistake(294, r"-=", "+=", "sign_flipped"),
            mistake(294, r"-= self\.learning_rate \*", "-=", "missing_factor"),
        ),
        harmless=(
            Edit(171, r"2 \* \(output - input\) / batch_size", r"2 * (output - input)"),
            Edit(210, r"sigmoid_output \* \(1 - sigmoid_output\)", r"sigmoid_output - sigmoid_output ** 2"),
        ),
        stubs=dict.fromkeys((*STUBS, *MORE_STUBS), ANYTHING),
        mend=(Edit(294, r"np\.mean", "np.sum"),),
        published=("bias_gradient_reduction", "batch_scale_1_over_N"),
        group="fresh",
    )
]
