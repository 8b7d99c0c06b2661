"""simeonkolchin/rl-from-scratch-numpy: policy gradient with entropy, a value network, and autoencoders, tied and sparse."""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

ACTIONS = np.array([1.0, 0, 1, 1, 0, 0, 1])


def out(x: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return np.sum(np.tanh(x @ W1 + b1) @ W2 + b2, axis=1)


def loss_policy(x: Any, adv: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = out(x, W1, b1, W2, b2)
    p = 1 / (1 + np.exp(-z))
    entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
    return np.mean(adv * (np.log(1 + np.exp(z)) - ACTIONS * z) - 0.3 * entropy)


def loss_value(x: Any, targets: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return 0.5 * np.mean((out(x, W1, b1, W2, b2) - targets) ** 2)


FIELDS = {"W1": "l1", "b1": "l1", "W2": "l2", "b2": "l2"}


def build_for(policy: bool) -> Any:
    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        net = (module.MLPBinaryPolicy if policy else module.MLPValue)(rng, 4, 5)
        start = {name: rng.normal(size=getattr(net, layer)[name[0]].shape) for name, layer in FIELDS.items()}
        for name, layer in FIELDS.items():
            getattr(net, layer)[name[0]] = start[name].copy()
        x, weights = rng.normal(size=(7, 4)), rng.normal(size=7)

        def train(x, weights):
            _, cache = net.forward(x)
            if policy:
                return module.policy_grads_from_logits(net, cache, ACTIONS, weights, 0.3)
            return module.value_grads(net, cache, weights)[0]

        return Call(
            train,
            loss_policy if policy else loss_value,
            {"x": x, "adv" if policy else "targets": weights, **start},
            lambda result: {name: result[f"{layer}.{name[0]}"] for name, layer in FIELDS.items()},
            (x, weights),
            bind={name: f"net.{layer}['{name[0]}']" for name, layer in FIELDS.items()},
        )

    return build


def loss_tied(features: Any, weights: Any, bias: Any) -> Any:
    out = np.maximum(features @ weights @ np.transpose(weights) + bias, 0)
    return np.mean(np.sum((out - features) ** 2, axis=1)) + 0.1 * np.sum(weights**2)


def loss_sparse(hidden: Any, encoder: Any, encoder_bias: Any, decoder: Any, decoder_bias: Any) -> Any:
    z = np.maximum(hidden @ encoder + encoder_bias, 0)
    data = np.mean(np.sum((z @ decoder + decoder_bias - hidden) ** 2, axis=1)) + 0.4 * np.mean(np.sum(z, axis=1))
    return data + 0.1 * (np.sum(encoder**2) + np.sum(decoder**2))


def build_autoencoder(names: tuple[str, ...], shapes: tuple[Any, ...], data: str, width: int, loss: Any) -> Any:
    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        start = {name: rng.normal(size=shape) for name, shape in zip(names, shapes, strict=True)}
        x = rng.normal(size=(6, width))
        config = SimpleNamespace(batch_size=6, weight_decay=0.2, l1_coeff=0.4)
        return Call(
            module.grads,
            loss,
            {data: x, **start},
            lambda result: dict(zip(names, result, strict=True)),
            (x, *start.values(), config),
        )

    return build


build_tied = build_autoencoder(("weights", "bias"), ((5, 3), 5), "features", 5, loss_tied)
build_sparse = build_autoencoder(
    ("encoder", "encoder_bias", "decoder", "decoder_bias"), ((3, 6), 6, (6, 3), 3), "hidden", 3, loss_sparse
)
FILE, SAE = "HW_Week1_AI.ipynb", "week7/toy_sae.py"
TIED = (
    mistake(240, r"2\.0 / ", "1.0 / ", "factor_2", "missing_factor"),
    mistake(240, r"residual", "reconstructed", "wrong_variable", "loss_derivative_wrong"),
    mistake(241, r" \* \(pre_activation > 0\.0\)", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(241, r"pre_activation > ", "residual > ", "relu_mask_wrong", "wrong_variable"),
    mistake(242, r"grad_pre\.sum", "grad_out.sum", "missing_activation_derivative", "wrong_variable"),
    mistake(242, r"\.sum", ".mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(243, r"grad_pre\.T", "grad_out.T", "missing_activation_derivative", "wrong_variable"),
    mistake(244, r"grad_pre @", "grad_out @", "missing_activation_derivative", "wrong_variable"),
    mistake(245, r"features\.T", "np.sign(features).T", "wrong_activation_in_weight_gradient"),
    mistake(246, r"grad_weights_decoder \+ ", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(246, r" \+ grad_weights_encoder", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(246, r" \+ train_config\.weight_decay \* weights", "", "regularisation_term_wrong"),
    mistake(246, r"weight_decay \* weights", "weight_decay", "regularisation_term_wrong", "missing_factor"),
)
SPARSE = (
    mistake(317, r"2\.0 / train_config\.batch_size", "2.0", "batch_scale_1_over_N"),
    mistake(318, r"latents\.T", "pre_latent.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(318, r"\* decoder", "* np.sign(decoder)", "regularisation_term_wrong"),
    mistake(318, r"\+ train_config", "- train_config", "regularisation_term_wrong", "sign_flipped"),
    mistake(319, r"\.sum", ".mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(320, r" \+ \(sae_config\.l1_coeff / train_config\.batch_size\)", "", "regularisation_term_wrong"),
    mistake(320, r" / train_config\.batch_size", "", "batch_scale_1_over_N", "regularisation_term_wrong"),
    mistake(320, r"decoder\.T", "grad_decoder.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(321, r" \* \(pre_latent > 0\.0\)", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(321, r"> 0\.0", "> 0.5", "relu_mask_wrong"),
    mistake(322, r"grad_pre_latent", "grad_latents", "missing_activation_derivative", "wrong_variable"),
    mistake(322, r"\* encoder", "* grad_pre_latent.mean()", "regularisation_term_wrong", "wrong_variable"),
    mistake(323, r"grad_pre_latent", "grad_latents", "missing_activation_derivative", "wrong_variable"),
)
POLICY = (
    mistake(144, r"p \* \(1 - p\) \* ", "", "missing_activation_derivative", "missing_factor"),
    mistake(144, r"\(1 - p\) / p", "p / (1 - p)", "sign_flipped"),
    mistake(245, r"actions - p\)", "actions)", "loss_derivative_wrong"),
    mistake(245, r"adv \* ", "", "missing_factor"),
    mistake(245, r"\) \+ ent_coef", ") - ent_coef", "sign_flipped"),
    mistake(245, r" \+ ent_coef \* entropy_grad_logit\(p\)", "", "regularisation_term_wrong", "upstream_gradient_dropped"),
    mistake(248, r"h1\.T", "np.sign(h1.T)", "wrong_activation_in_weight_gradient"),
    mistake(249, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(251, r"policy\.l2\[\"W\"\]\.T", 'grads["l2.W"].T', "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(252, r" \* \(1\.0 - h1 \* h1\)", "", "missing_activation_derivative"),
    mistake(252, r"1\.0 - h1 \* h1", "1.0 - h1", "wrong_activation_derivative"),
    mistake(253, r"da1", "dh1", "missing_activation_derivative", "wrong_variable"),
    mistake(254, r"da1", "dh1", "missing_activation_derivative", "wrong_variable"),
    mistake(254, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
)
VALUE = (
    mistake(264, r"v - targets", "v - targets / 2", "loss_derivative_wrong"),
    mistake(264, r"\(v - targets\)", "np.sign(v - targets)", "loss_derivative_wrong"),
    mistake(267, r"dv\[:, None\]", "v[:, None]", "wrong_variable", "loss_derivative_wrong"),
    mistake(267, r"dv\[:, None\]", "dv[:, None] * n", "batch_scale_1_over_N"),
    mistake(268, r"np\.sum\(dv\)", "dv[0]", "bias_gradient_reduction"),
    mistake(270, r"dv\[:, None\]", "np.ones((n, 1))", "upstream_gradient_dropped"),
    mistake(270, r"value_net\.l2\[\"W\"\]\.T", 'np.abs(value_net.l2["W"].T)', "wrong_variable"),
    mistake(271, r"1\.0 - h1 \* h1", "1.0 + h1 * h1", "wrong_activation_derivative"),
    mistake(271, r"1\.0 - h1 \* h1", "h1 * (1.0 - h1)", "wrong_activation_derivative"),
    mistake(272, r"x\.T", "np.abs(x.T)", "wrong_activation_in_weight_gradient"),
    mistake(273, r"axis=0\)", "axis=0) / n", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(273, r"da1", "dh1", "missing_activation_derivative", "wrong_variable"),
)
COMMON = {"keep": ((1, 7), (69, 120), (142, 144), (237, 276)), "group": "eleventh"}
PROGRAMS = [
    Program(
        "simeonkolchin/rl-from-scratch-numpy",
        FILE,
        build_for(True),
        (*POLICY, two(POLICY[3], POLICY[7]), two(POLICY[4], POLICY[9])),
        harmless=(
            Edit(252, r"dh1 \* \(1\.0 - h1 \* h1\)", "dh1 - dh1 * h1**2"),
            Edit(248, r"h1\.T @ dlogit\[:, None\]", "np.dot(h1.T, dlogit)[:, None]"),
        ),
        backward={FILE: (142, 255)},
        name="policy",
        **COMMON,
    ),
    Program(
        "simeonkolchin/rl-from-scratch-numpy",
        FILE,
        build_for(False),
        (*VALUE, two(VALUE[3], VALUE[8]), two(VALUE[2], VALUE[10])),
        harmless=(
            Edit(271, r"dh1 \* \(1\.0 - h1 \* h1\)", "(1.0 - h1**2) * dh1"),
            Edit(264, r"\(v - targets\) / n", "v / n - targets / n"),
        ),
        backward={FILE: (264, 273)},
        name="value",
        **COMMON,
    ),
    Program(
        "simeonkolchin/rl-from-scratch-numpy",
        SAE,
        build_tied,
        (*TIED, two(TIED[4], TIED[11]), two(TIED[0], TIED[8])),
        harmless=(
            Edit(243, r"grad_pre\.T @ hidden", "np.dot(grad_pre.T, hidden)"),
            Edit(246, r"grad_weights_decoder \+ grad_weights_encoder", "grad_weights_encoder + grad_weights_decoder"),
        ),
        keep=((9, 9), (14, 14), (52, 53), (234, 246)),
        head="def grads(features, weights, bias, train_config):",
        foot="        return grad_weights, grad_bias",
        backward={SAE: (241, 247)},
        name="tied",
        group="eleventh",
    ),
    Program(
        "simeonkolchin/rl-from-scratch-numpy",
        SAE,
        build_sparse,
        (*SPARSE, two(SPARSE[3], SPARSE[9]), two(SPARSE[1], SPARSE[12])),
        harmless=(
            Edit(321, r"grad_latents \* \(pre_latent > 0\.0\)", "np.where(pre_latent > 0.0, grad_latents, 0.0)"),
            Edit(319, r"grad_recon\.sum\(axis=0\)", "np.sum(grad_recon, 0)"),
        ),
        keep=((9, 9), (14, 14), (52, 53), (308, 323)),
        head="def grads(hidden, encoder, encoder_bias, decoder, decoder_bias, sae_config):",
        foot="        return grad_encoder, grad_encoder_bias, grad_decoder, grad_decoder_bias",
        always=(Edit(308, r"pre_latent", "train_config = sae_config; pre_latent"),),
        backward={SAE: (317, 323)},
        name="sparse",
        group="eleventh",
    ),
]
