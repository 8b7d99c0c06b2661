"""kwj2104/Simple-Variational-Autoencoder: two terms of a loss, each in many parts, with one row of gradients per sample."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

NAMES = ["e_W0", "e_b0", "e_W_mu", "e_b_mu", "e_W_logvar", "e_b_logvar", "d_W0", "d_b0", "d_W1", "d_b1"]


def loss(
    x: Any,
    rand_sample: Any,
    e_W0: Any,
    e_b0: Any,
    e_W_mu: Any,
    e_b_mu: Any,
    e_W_logvar: Any,
    e_b_logvar: Any,
    d_W0: Any,
    d_b0: Any,
    d_W1: Any,
    d_b1: Any,
) -> Any:
    y = x.reshape(len(x), -1)
    a = y @ e_W0 + e_b0
    h = np.maximum(a, 0.01 * a)
    mu, logvar = h @ e_W_mu + e_b_mu, h @ e_W_logvar + e_b_logvar
    z = mu + np.exp(0.5 * logvar) * rand_sample
    out = 1 / (1 + np.exp(-(np.maximum(z @ d_W0 + d_b0, 0) @ d_W1 + d_b1)))
    kl = -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar))
    return kl - np.sum(y * np.log(out) + (1 - y) * np.log(1 - out))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    same = np.random.RandomState()
    same.set_state(np.random.get_state())  # noqa: NPY002 (the program draws from it)
    vae = module.VAE.__new__(module.VAE)
    vae.batch_size, vae.nz, vae.learning_rate, vae.t = 4, 2, 0.01, 0
    for name in NAMES:
        rows, columns = {"e_W0": (6, 5), "d_W0": (2, 4), "d_W1": (4, 6)}.get(name.replace("b", "W"), (5, 2))
        setattr(vae, name, rng.normal(size=(rows, columns) if "W" in name else columns) * 0.7)
    before = {name: getattr(vae, name) for name in NAMES}
    x = rng.uniform(0.1, 0.9, size=(4, 2, 3, 1))

    def train(vae, x):
        out, _, _ = vae.forward(x)
        vae.backward(x, out)

    return Call(
        train,
        loss,
        {"x": x, "rand_sample": same.standard_normal(size=(4, 2)), **{name: value.copy() for name, value in before.items()}},
        lambda _: {name: getattr(vae, name) - then for name, then in before.items()},
        (vae, x),
        bind={"x": "x", "rand_sample": "self.rand_sample", **{name: f"self.{name}" for name in NAMES}},
    )


PROGRAMS = [
    Program(
        "kwj2104/Simple-Variational-Autoencoder",
        "vae.py",
        build,
        (
            mistake(127, r"-y", "y", "sign_flipped", "loss_derivative_wrong"),
            mistake(128, r"self\.d_h1_l", "out", "derivative_of_activated_value"),
            mistake(136, r" \* drelu", "", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(140, r"\(1 - out\)\)", "out)", "loss_derivative_wrong", "wrong_variable"),
            mistake(163, r"\* \.5 \* self", "* self", "factor_2", "missing_factor"),
            mistake(163, r"self\.rand_sample", "self.sample_z", "wrong_variable"),
            mistake(176, r" \* self\.rand_sample", "", "missing_factor"),
            mistake(187, r"1 - np", "1 + np", "sign_flipped"),
            mistake(193, r"dlrelu \* ", "", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(198, r"self\.e_mu", "self.sample_z", "wrong_variable"),
            mistake(204, r"dKL_b_log \+ ", "", "regularisation_term_wrong", "missing_path_through_time"),
            mistake(209, r"dKL_e_W0_2", "dKL_e_W0_1", "wrong_variable"),
            mistake(208, r" \+ db0_e_r_2", "", "missing_path_through_time", "wrong_variable"),
            two(
                mistake(187, r"1 - np", "1 + np", "sign_flipped"),
                mistake(136, r" \* drelu", "", "missing_activation_derivative", "relu_mask_wrong"),
            ),
        ),
        harmless=(
            Edit(198, r"\.5 \* \(2 \* self\.e_mu\)", "self.e_mu"),
            Edit(187, r"-\.5 \* \(1 - np\.exp\(self\.e_logvar\)\)", ".5 * np.exp(self.e_logvar) - .5"),
        ),
        more=("utils_vae.py",),
        keep=((2, 4), (20, 26), (31, 243)),
        always=(
            Edit(102, "28, 28, 1", "2, 3, 1"),
            Edit(112, r"np\.random\..*$", "self.rand_sample"),
            Edit(219, r"enumerate\(grad_list\)", "[]"),
        ),
        stubs={"PIL/__init__.py": "", "PIL/Image.py": ANYTHING},
    )
]
