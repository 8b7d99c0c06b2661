"""AbhishekBaj-Drexel/GAN_Numpy: the discriminator of a GAN, columns of examples, gradients in a dict and clipped one by one.

As published the leaky ReLU looks at the sign of its gradient, and cross-entropy has the derivative of the squared error."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

NAMES = ("Whl1", "bhl1", "Whl2", "bhl2", "Wout", "bout")


def leaky(z: Any) -> Any:
    return np.where(z > 0, z, 0.2 * z)


def loss(x: Any, y: Any, Whl1: Any, bhl1: Any, Whl2: Any, bhl2: Any, Wout: Any, bout: Any) -> Any:
    o = Wout @ leaky(Whl2 @ leaky(Whl1 @ x + bhl1) + bhl2) + bout
    return np.mean(np.log(1 + np.exp(o)) - y * o)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    gan = module.GAN.__new__(module.GAN)
    gan.discriminator, gan.lr, gan.small_value = module.Discriminator(), 0.1, 1e-25
    shapes = ((5, 3), (5, 1), (4, 5), (4, 1), (1, 4), (1, 1))
    start = {name: 0.6 * rng.normal(size=shape) for name, shape in zip(NAMES, shapes, strict=True)}
    gan.discriminator.d = {name: value.copy() for name, value in start.items()}
    x, y = rng.normal(size=(3, 6)), np.array([[1.0, 0, 0, 1, 1, 0]])

    def train(x, y):
        gan.train_discriminator_over_batch(x, y, freeze_weights=False)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: gan.discriminator.d[name] - value for name, value in start.items()},
        (x, y),
        bind={name: f"gan.discriminator.d['{name}']" for name in start},
    )


FILE = "GAN.py"
MISTAKES = (
    mistake(58, r" / train_batch_labels\.shape\[1\]", "", "batch_scale_1_over_N"),
    mistake(58, r"- train_batch_labels\)", "- train_batch_labels / 2)", "loss_derivative_wrong"),
    mistake(60, r"disc_out\['a_hl2'\]\.T", "np.sign(disc_out['a_hl2']).T", "wrong_activation_in_weight_gradient"),
    mistake(61, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(62, r"self\.discriminator\.d\['Wout'\]\.T", "d_grad['W_out'].T", "gradient_or_update_used_for_weight",
            "wrong_variable"),
    mistake(64, r"1, 0\.2", "1, 0", "relu_mask_wrong", "wrong_activation_derivative"),
    mistake(65, r" \* d_leaky_relu", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(66, r"d_grad\['z_hl2'\], disc", "d_grad['a_hl2'], disc", "missing_activation_derivative", "wrong_variable"),
    mistake(67, r"axis=1, ", "", "bias_gradient_reduction"),
    mistake(68, r"d_grad\['z_hl2'\]", "d_grad['a_hl2']", "missing_activation_derivative", "wrong_variable"),
    mistake(71, r" \* d_leaky_relu", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(72, r"disc_out\['input'\]", "np.abs(disc_out['input'])", "wrong_activation_in_weight_gradient"),
    mistake(79, r"- self\.lr", "+ self.lr", "sign_flipped"),
    mistake(82, r"d_grad\['b_hl2'\]", "self.discriminator.d['bhl2']", "gradient_or_update_used_for_weight", "wrong_variable"),
)  # fmt: skip
MISTAKES = MISTAKES[1:]
PROGRAMS = [
    Program(
        "AbhishekBaj-Drexel/GAN_Numpy",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[5]), two(MISTAKES[4], MISTAKES[7])),
        harmless=(
            Edit(60, r"np\.dot\(d_grad\['z_out'\], disc_out\['a_hl2'\]\.T\)", "d_grad['z_out'] @ disc_out['a_hl2'].T"),
            Edit(61, r"np\.sum\(d_grad\['z_out'\], axis=1, keepdims=True\)", "d_grad['z_out'].sum(axis=1, keepdims=True)"),
        ),
        more=("Discriminator.py", "ActivationFunctions.py", "BatchNormalization.py"),
        stubs={
            "DataLoader.py": ANYTHING,
            "Generator.py": ANYTHING,
            "matplotlib/__init__.py": "",
            "matplotlib/pyplot.py": "",
        },
        mend=(
            Edit(59, r"disc_out\['a_out'\] \* \(1 - disc_out\['a_out'\]\) \* ", ""),
            Edit(64, r"d_grad\['a_hl2'\] > 0", "disc_out['z_hl2'] > 0"),
            Edit(70, r"d_grad\['a_hl1'\] > 0", "disc_out['z_hl1'] > 0"),
        ),
        published=("relu_mask_wrong", "wrong_variable", "extra_factor", "loss_derivative_wrong", "derivative_at_wrong_point"),
        backward={FILE: (58, 85)},
        group="eleventh",
    )
]
