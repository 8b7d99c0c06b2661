"""JackHanke/nets: networks in columns with fillers in front of lists; a variational autoencoder, and multi-head attention.

As published attention has a softmax' elementwise derivative as a matrix, and the keys' gradient has values for queries.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

DRAW = 7
EPSILON = np.random.RandomState(DRAW).normal(size=(2, 6))  # what the program draws after this seed


def vae_loss(activation: Any, label: Any, We2: Any, be2: Any, We3: Any, be3: Any, Wd2: Any, bd2: Any, Wd3: Any, bd3: Any) -> Any:
    z = We2 @ activation + be2
    code = We3 @ (z * (z > 0) + 0.05 * z * (z <= 0)) + be3
    mu, logsig = code[:2], code[2:]
    out = 1 / (1 + np.exp(-(Wd3 @ np.tanh(Wd2 @ (mu + np.exp(logsig) * EPSILON) + bd2) + bd3)))
    regular = -0.5 * np.sum(1 + 2 * logsig - mu**2 - np.exp(2 * logsig))
    return (0.5 * np.sum((out - label) ** 2) + regular) / activation.shape[1]


def vae(module: ModuleType, rng: np.random.Generator) -> Call:
    from functions.activation_funcs import Identity, LeakyReLu, Sigmoid, TanH
    from functions.loss_funcs import MSE, VAEInternal
    from models.ann.ann import ArtificialNeuralNetwork

    nets = {
        "e": ArtificialNeuralNetwork([4, 5, 4], [LeakyReLu(), Identity()], VAEInternal(2, None)),
        "d": ArtificialNeuralNetwork([2, 5, 4], [TanH(), Sigmoid()], MSE()),
    }
    model = module.VariationalAutoEncoder(nets["e"], nets["d"])
    kinds, start = {"W": "weights", "b": "biases"}, {}
    for net in "ed":
        for k in (2, 3):
            for kind, name in kinds.items():
                start[f"{kind}{net}{k}"] = 0.7 * rng.normal(size=getattr(nets[net], name)[k].shape)
                getattr(nets[net], name)[k] = start[f"{kind}{net}{k}"].copy()
    activation = rng.uniform(size=(4, 6))

    def train(activation, label):
        np.random.seed(DRAW)  # noqa: NPY002
        model._backward(activation, label)

    return Call(
        train,
        vae_loss,
        {"activation": activation, "label": activation, **start},
        lambda _: {key: getattr(nets[key[1]], f"{kinds[key[0]]}_gradients")[int(key[2])] for key in start},
        (activation, activation),
        bind={key: f"model.{'encoder' if key[1] == 'e' else 'decoder'}net.{kinds[key[0]]}[{key[2]}]" for key in start},
    )


def attention_loss(
    activation_q: Any, activation_k: Any, activation_v: Any, label: Any, w_q: Any, w_k: Any, w_v: Any, w_o: Any
) -> Any:
    heads = []
    for q, k, v in zip(w_q, w_k, w_v, strict=True):
        s = np.exp(activation_q @ q @ (activation_k @ k).transpose(0, 2, 1) / np.sqrt(2))
        heads.append(s / np.sum(s, axis=2, keepdims=True) @ (activation_v @ v))
    return 0.5 * np.sum((np.concatenate(heads, axis=2) @ w_o - label) ** 2) / len(label)


def attention(module: ModuleType, rng: np.random.Generator) -> Call:
    from functions.activation_funcs import SoftMax

    start = {name: 0.7 * rng.normal(size=(2, 4, 2)) for name in ("w_q", "w_k", "w_v")} | {"w_o": rng.normal(size=(4, 4))}
    lists = {name: [item.copy() for item in value] for name, value in start.items() if name != "w_o"}
    model = module.MultiHeadAttention(4, 2, SoftMax(), **lists, w_o=start["w_o"].copy())
    activations, label = rng.normal(size=(3, 3, 3, 4)), rng.normal(size=(3, 3, 4))
    return Call(
        model._backward,
        attention_loss,
        {
            "activation_q": activations[0],
            "activation_k": activations[1],
            "activation_v": activations[2],
            "label": label,
            **start,
        },
        lambda result: {name: np.array(value) for name, value in zip(("w_o", "w_q", "w_k", "w_v"), result, strict=True)},
        (*activations, label),
        bind={
            "w_q": "self.query_weights_list",
            "w_k": "self.key_weights_list",
            "w_v": "self.value_weights_list",
            "w_o": "self.output_weights",
        },
    )


ACTIVATIONS, LOSSES, ANN = "functions/activation_funcs.py", "functions/loss_funcs.py", "models/ann/ann.py"
PROGRAMS = [
    Program(
        "JackHanke/nets",
        "models/vae/vae.py",
        vae,
        (
            mistake(23, r"sig\*\(1-sig\)", "1-sig", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(36, r"np\.square\(temp\)", "temp", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(
                35, r"self\.function\(x\)", "self.function(self.function(x))", "derivative_of_activated_value", file=ACTIVATIONS
            ),
            mistake(
                56, r"0\.05 \* \(x <= 0\)", "0.5 * (x <= 0)", "wrong_activation_derivative", "relu_mask_wrong", file=ACTIVATIONS
            ),
            mistake(56, r"epsilon, sig", "epsilon, logsig", "wrong_variable", file=LOSSES),
            mistake(57, r"np\.multiply\(label, temp\)", "label", "missing_factor", file=LOSSES),
            mistake(60, r"\(mu,", "(-mu,", "sign_flipped", "regularisation_term_wrong", file=LOSSES),
            mistake(60, r"2\*logsig", "logsig", "factor_2", "regularisation_term_wrong", "missing_factor", file=LOSSES),
            mistake(60, r" - np\.ones\(logsig\.shape\)", "", "regularisation_term_wrong", file=LOSSES),
            mistake(67, r" \+ loss_prime_reg_term", "", "regularisation_term_wrong", file=LOSSES),
            mistake(
                102,
                r"self\.activation_funcs\[-1\]\.function_prime\(weighted_inputs\[-1\]\)",
                "1.0",
                "missing_activation_derivative",
                file=ANN,
            ),
            mistake(
                108,
                r"activations\[layer_index-1\]\.transpose",
                "weighted_inputs[layer_index-1].transpose",
                "wrong_activation_in_weight_gradient",
                "wrong_variable",
                file=ANN,
            ),
            mistake(109, r"mean\(axis", "sum(axis", "bias_gradient_reduction", "batch_scale_1_over_N", file=ANN),
            mistake(
                115,
                r"weighted_inputs\[layer_index-1\]",
                "activations[layer_index-1]",
                "derivative_of_activated_value",
                "wrong_variable",
                file=ANN,
            ),
            mistake(117, r"z_delta", "z", "wrong_variable", "upstream_gradient_dropped"),
            two(
                mistake(57, r"np\.multiply\(label, temp\)", "label", "missing_factor", file=LOSSES),
                mistake(109, r"mean\(axis", "sum(axis", "bias_gradient_reduction", "batch_scale_1_over_N", file=ANN),
            ),
            two(
                mistake(36, r"np\.square\(temp\)", "temp", "wrong_activation_derivative", file=ACTIVATIONS),
                mistake(60, r"\(mu,", "(-mu,", "sign_flipped", "regularisation_term_wrong", file=LOSSES),
            ),
        ),
        harmless=(
            Edit(60, r"np\.exp\(2\*logsig\)", "np.square(sig)", LOSSES),
            Edit(109, r"\(delta\)\.mean\(axis=1, keepdims=True\)", "delta.sum(axis=1, keepdims=True) / m", ANN),
        ),
        more=(ACTIVATIONS, LOSSES, ANN),
        stubs=dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        backward={"models/vae/vae.py": (104, 119), ANN: (98, 116), LOSSES: (51, 67), ACTIVATIONS: (12, 56)},
        group="eighth",
    ),
    Program(
        "JackHanke/nets",
        "models/attention/attention.py",
        attention,
        (
            mistake(
                155,
                r"\(multi_head_attention_vals-label\)",
                "multi_head_attention_vals",
                "loss_derivative_wrong",
                "wrong_variable",
            ),
            mistake(162, r"np\.transpose\(self\.output_weights\)", "self.output_weights", "transposed"),
            mistake(162, r"multi_head_attention_vals-label", "label-multi_head_attention_vals", "sign_flipped"),
            mistake(167, r"s_list\[i\]", "t_list[i]", "wrong_variable", "softmax_jacobian_wrong"),
            mistake(168, r"self\.d_k\*i:self\.d_k\*\(i\+1\)", ":self.d_k", "wrong_index"),
            mistake(168, r" - np\.sum\(dS\*B, axis=2, keepdims=True\)", "", "softmax_jacobian_wrong"),
            mistake(168, r"axis=2, keepdims", "axis=1, keepdims", "softmax_jacobian_wrong", "wrong_index"),
            mistake(168, r"/np\.sqrt\(self\.d_k\)", "", "missing_factor"),
            mistake(168, r"v_bar_list\[i\]", "k_bar_list[i]", "wrong_variable"),
            mistake(173, r"activation_v", "activation_k", "wrong_variable"),
            mistake(175, r"np\.transpose\(s_list\[i\], axes=\(0,2,1\)\)", "s_list[i]", "transposed"),
            mistake(186, r"k_bar_list", "q_bar_list", "wrong_variable"),
            mistake(192, r"q_bar_list", "k_bar_list", "wrong_variable"),
            mistake(199, r"activation_k", "activation_q", "wrong_variable"),
            mistake(207, r"np\.mean", "np.sum", "batch_scale_1_over_N"),
            two(
                mistake(168, r" - np\.sum\(dS\*B, axis=2, keepdims=True\)", "", "softmax_jacobian_wrong"),
                mistake(199, r"activation_k", "activation_q", "wrong_variable"),
            ),
            two(
                mistake(207, r"np\.mean", "np.sum", "batch_scale_1_over_N"),
                mistake(168, r"/np\.sqrt\(self\.d_k\)", "", "missing_factor"),
            ),
        ),
        harmless=(
            Edit(155, r"np\.transpose\(C, axes=\(0,2,1\)\)", "C.swapaxes(1, 2)"),
            Edit(162, r"np\.transpose\(self\.output_weights\)", "self.output_weights.T"),
        ),
        more=(ACTIVATIONS,),
        mend=(
            Edit(167, r"B = .*$", "B = s_list[i]"),
            Edit(
                168,
                r"$",
                "; dS = np.matmul(A_slice, np.transpose(v_bar_list[i], axes=(0,2,1)))"
                "; dT = B*(dS - np.sum(dS*B, axis=2, keepdims=True))/np.sqrt(self.d_k)",
            ),
            Edit(183, r"A_slice", "dT"),
            Edit(184, r"np\.transpose.*$", ""),
            Edit(185, r"B,", ""),
            Edit(192, r"v_bar_list", "q_bar_list"),
            Edit(194, r"A_slice", "dT"),
            Edit(195, r"np\.transpose.*$", ""),
            Edit(196, r"B,", ""),
        ),
        published=("softmax_jacobian_wrong", "wrong_variable", "derivative_of_activated_value"),
        blame=(167, 168, 183, 184, 185, 186, 189, 192, 194, 195, 196),
        backward={"models/attention/attention.py": (155, 217)},
        group="eighth",
    ),
]
