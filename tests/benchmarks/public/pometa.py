"""pometa0507/Variational-Autoencoder-Numpy: encoder and decoder as ordered layers in a notebook; two published faults.

As published the way back through the encoder draws another noise, and its mean squared error is divided by the batch only.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

DRAW = 17
NOISE = np.random.RandomState(DRAW).standard_normal((6, 2))  # what the program draws after this seed
NAMES = [f"{kind}{i}" for i in range(1, 6) for kind in "Wb"]


def loss(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, W4: Any, b4: Any, W5: Any, b5: Any) -> Any:
    flat = x.reshape(6, 4)
    h = np.maximum(flat @ W1 + b1, 0)
    mu, logvar = h @ W2 + b2, h @ W3 + b3
    z = mu + np.exp(logvar / 2) * NOISE
    out = np.maximum(z @ W4 + b4, 0) @ W5 + b5
    return np.mean((out - flat) ** 2) - 0.5 * np.mean(1 + logvar - mu**2 - np.exp(logvar))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    encoder, decoder = module.Encoder(2), module.Decoder(2)
    encoder.layers["Reshape"], encoder.layers["Affine1"] = module.Reshape((4,)), module.Affine(4, 5)
    encoder.layers_mu, encoder.layers_logvar = module.Affine(5, 2), module.Affine(5, 2)
    decoder.layers["Affine1"], decoder.layers["Affine2"] = module.Affine(2, 6), module.Affine(6, 4)
    decoder.layers["Reshape"] = module.Reshape((1, 2, 2))
    places = {
        "encoder.layers['Affine1']": encoder.layers["Affine1"],
        "encoder.layers_mu": encoder.layers_mu,
        "encoder.layers_logvar": encoder.layers_logvar,
        "decoder.layers['Affine1']": decoder.layers["Affine1"],
        "decoder.layers['Affine2']": decoder.layers["Affine2"],
    }
    start, bind = {}, {}
    for i, (place, layer) in enumerate(places.items(), 1):
        for kind in "Wb":
            start[f"{kind}{i}"] = rng.normal(size=getattr(layer, kind).shape)
            setattr(layer, kind, start[f"{kind}{i}"].copy())
            bind[f"{kind}{i}"] = f"{place}.{kind}"
    x = rng.uniform(size=(6, 1, 2, 2))

    def train(x):
        np.random.seed(DRAW)  # noqa: NPY002 (the program draws from it)
        z, _, _ = encoder.forward(x)
        above = decoder.backward(z, x)
        return encoder.backward(x, decoder.dout), above

    def after(result: Any) -> dict[str, Any]:
        below, above = result
        return {**below, **{f"{kind}{i + 3}": above[f"{kind}{i}"] for i in (1, 2) for kind in "Wb"}}

    return Call(train, loss, {"x": x, **start}, after, (x,), bind=bind)


FILE = "VAE_Numpy.ipynb"
PROGRAMS = [
    Program(
        "pometa0507/Variational-Autoencoder-Numpy",
        FILE,
        build,
        (
            mistake(57, r"x <= 0", "x < 1", "relu_mask_wrong"),
            mistake(63, r"dout\[self\.mask\] = 0", "dout[dout <= 0] = 0", "relu_mask_wrong", "wrong_variable"),
            mistake(63, r"dout\[self\.mask\] = 0", "pass", "relu_mask_wrong", "missing_activation_derivative"),
            mistake(96, r"self\.W\.T", "self.W.T / len(dout)", "batch_scale_1_over_N", "extra_factor"),
            mistake(97, r"dout\)", "dout) / len(dout)", "batch_scale_1_over_N"),
            mistake(98, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(132, r"2\*", "", "factor_2", "loss_derivative_wrong"),
            mistake(132, r"self\.x - self\.t", "self.t - self.x", "sign_flipped", "loss_derivative_wrong"),
            mistake(278, r"dout_dec", "-dout_dec", "sign_flipped"),
            mistake(279, r"\*0\.5\*np", "*np", "factor_2", "missing_factor"),
            mistake(279, r"\*self\.rand_sample", "", "missing_factor"),
            mistake(
                282,
                r" / \(self\.batch_size \* self\.latent_dim\)",
                " / self.batch_size",
                "batch_scale_1_over_N",
                "missing_factor",
            ),
            mistake(283, r"np\.exp\(self\.latent_logvar\)-1", "np.exp(self.latent_logvar)", "loss_derivative_wrong"),
            mistake(286, r" \+ dkl_mu", "", "upstream_gradient_dropped", "regularisation_term_wrong"),
            mistake(294, r"dout_mu \+ dout_logvar", "dout_mu", "upstream_gradient_dropped"),
            mistake(298, r"layers:", "layers[1:]:", "loop_cut_short", "missing_activation_derivative"),
            two(
                mistake(98, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(279, r"\*0\.5\*np", "*np", "factor_2", "missing_factor"),
            ),
        ),
        harmless=(
            Edit(63, r"dout\[self\.mask\] = 0", "dout = dout * ~self.mask"),
            Edit(97, r"np\.dot\(self\.x\.T, dout\)", "self.x.T @ dout"),
        ),
        keep=((5, 5), (8, 13), (52, 134), (164, 373)),
        stubs={"cupy.py": "raise ImportError\n"},
        mend=(Edit(132, r"batch_size", "self.t.size"), Edit(273, r"self\.loss\(x\)", "pass")),
        published=(
            "batch_scale_1_over_N",
            "missing_factor",
            "wrong_variable",
            "derivative_at_wrong_point",
            "loss_derivative_wrong",
        ),
        backward={FILE: (62, 306)},
        group="later",
    )
]
