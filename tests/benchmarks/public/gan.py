"""shinseung428/gan_numpy: two losses in one program.

As published gradients of the real batch use the hidden layer of the fake one.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

EPSILON = 10e-8


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def lrelu(a: Any) -> Any:
    return np.maximum(a, 0.01 * a)


def discriminate(x: Any, W0: Any, b0: Any, W1: Any, b1: Any) -> Any:
    return sigmoid(lrelu(x @ W0 + b0) @ W1 + b1)


def make(module: ModuleType, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    gan = module.GAN.__new__(module.GAN)
    gan.batch_size, gan.learning_rate = 4, 0.05
    for name, size in {"g_W0": (3, 5), "g_W1": (5, 6), "d_W0": (6, 4), "d_W1": (4, 1)}.items():
        setattr(gan, name, rng.normal(size=size))
        setattr(gan, name.replace("W", "b"), rng.normal(size=size[1]))
    return gan, rng.normal(size=(4, 2, 3)), rng.uniform(-1, 1, size=(4, 3))


def discriminator(module: ModuleType, rng: np.random.Generator) -> Call:
    gan, images, noise = make(module, rng)
    names = ["d_W0", "d_b0", "d_W1", "d_b1"]
    before = {name: getattr(gan, name) for name in names}
    fake_images = np.tanh(lrelu(noise @ gan.g_W0 + gan.g_b0) @ gan.g_W1 + gan.g_b1)

    def train(real, z):
        _, fake = gan.generator(z)
        real_logit, real_output = gan.discriminator(real)
        fake_logit, fake_output = gan.discriminator(fake)
        gan.backprop_dis(real_logit, real_output, real, fake_logit, fake_output, fake)

    def loss(real: Any, d_W0: Any, d_b0: Any, d_W1: Any, d_b1: Any) -> Any:
        genuine = discriminate(real.reshape(4, -1), d_W0, d_b0, d_W1, d_b1)
        forged = discriminate(fake_images, d_W0, d_b0, d_W1, d_b1)
        return -np.sum(np.log(genuine + EPSILON)) - np.sum(np.log(1 - forged + EPSILON))

    return Call(
        train,
        loss,
        {"real": images, **{name: value.copy() for name, value in before.items()}},
        lambda _: {name: getattr(gan, name) - before[name] for name in names},
        (images, noise),
        bind={name: f"self.{name}" for name in names},
    )


def generator(module: ModuleType, rng: np.random.Generator) -> Call:
    gan, _, noise = make(module, rng)
    names = ["g_W0", "g_b0", "g_W1", "g_b1"]
    before = {name: getattr(gan, name) for name in names}
    judge = [gan.d_W0.copy(), gan.d_b0.copy(), gan.d_W1.copy(), gan.d_b1.copy()]

    def train(z):
        _, fake = gan.generator(z)
        logit, output = gan.discriminator(fake)
        gan.backprop_gen(logit, output, fake)

    def loss(z: Any, g_W0: Any, g_b0: Any, g_W1: Any, g_b1: Any) -> Any:
        fake = np.tanh(lrelu(z @ g_W0 + g_b0) @ g_W1 + g_b1)
        return -np.sum(np.log(discriminate(fake, *judge) + EPSILON))

    return Call(
        train,
        loss,
        {"z": noise, **{name: value.copy() for name, value in before.items()}},
        lambda _: {name: getattr(gan, name) - before[name] for name in names},
        (noise,),
        bind={name: f"self.{name}" for name in names},
    )


STUBS = {"cv2.py": ANYTHING, "PIL/__init__.py": "", "PIL/Image.py": ANYTHING}

PROGRAMS = [
    Program(
        "shinseung428/gan_numpy",
        "gan.py",
        discriminator,
        (
            mistake(141, r" - 1\.0", "", "loss_derivative_wrong", "sign_flipped"),
            mistake(140, r"-1\.0/", "1.0/", "sign_flipped", "loss_derivative_wrong"),
            mistake(148, r"\*sigmoid.*$", "", "missing_activation_derivative"),
            mistake(155, r", derivative=True", "", "wrong_activation_derivative", "relu_mask_wrong"),
            mistake(173, r"fake_input", "real_input", "wrong_variable"),
            mistake(180, r"\+ grad_fake_W1", "- grad_fake_W1", "sign_flipped"),
            mistake(184, r"grad_fake_b0", "grad_real_b0", "wrong_variable"),
            mistake(189, r"\[idx\]", "[0]", "wrong_index", "loop_cut_short"),
        ),
        more=("utils.py",),
        keep=((1, 1), (5, 193)),
        mend=(Edit(147, r"#+ *$", "self.discriminator(real_input)"), Edit(164, r"#+ *$", "self.discriminator(fake_input)")),
        published=("wrong_variable", "wrong_activation_in_weight_gradient", "derivative_at_wrong_point"),
        blame=(149, 155),
        always=(Edit(65, "28, 28", "2, 3"),),
        stubs=STUBS,
        name="discriminator",
    ),
    Program(
        "shinseung428/gan_numpy",
        "gan.py",
        generator,
        (
            mistake(88, r"\*sigmoid.*$", "", "missing_activation_derivative"),
            mistake(91, r"self\.d_h0_l", "self.d_h0_l * 0 + 1", "relu_mask_wrong", "derivative_at_wrong_point"),
            mistake(100, r"self\.g_h1_l", "self.g_h1_a", "derivative_of_activated_value"),
            mistake(106, r"self\.g_W1", "(self.g_W1 - self.learning_rate * grad_W1.sum(0))", "updated_weights_used"),
            mistake(107, r"self\.g_h0_l", "self.d_h0_l[:, [0]]", "derivative_at_wrong_point", "wrong_variable"),
            mistake(101, r"self\.g_h0_a", "loss_deriv[:, :5]", "wrong_variable", "wrong_activation_in_weight_gradient"),
            mistake(117, r"- self", "+ self", "sign_flipped"),
            mistake(119, r"grad_W1\[idx\]", "grad_W1[0]", "wrong_index"),
            two(
                mistake(100, r"self\.g_h1_l", "self.g_h1_a", "derivative_of_activated_value"),
                mistake(117, r"- self", "+ self", "sign_flipped"),
            ),
        ),
        more=("utils.py",),
        keep=((1, 1), (5, 193)),
        always=(Edit(65, "28, 28", "2, 3"),),
        stubs=STUBS,
        name="generator",
    ),
]
