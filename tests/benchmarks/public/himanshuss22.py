"""himanshuss22/MLP-CNN-VAE-GAN-Neural-Network-Numpy-from-Scratch: a course's layers; GELU, dropout and weight decay; a CNN."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

KEPT = np.random.RandomState(5).binomial(1, 0.7, size=(6, 4))  # what the program draws after this seed


def mlp_loss(feat: Any, label: Any, fc1_w: Any, fc1_b: Any, fc2_w: Any, fc2_b: Any, lam: Any) -> Any:
    z = feat @ fc1_w + fc1_b
    h = 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))) * KEPT / 0.7
    logit = h @ fc2_w + fc2_b
    decay = sum(np.sum(p**2) for p in (fc1_w, fc1_b, fc2_w, fc2_b))
    return np.mean(np.log(np.sum(np.exp(logit), axis=1)) - np.sum(np.eye(3)[label] * logit, axis=1)) + lam * decay


def mlp(module: ModuleType, rng: np.random.Generator) -> Call:
    from lib.optim import SGD

    net = module.sequential(module.fc(3, 4, name="fc1"), module.gelu(), module.dropout(0.7, seed=5), module.fc(4, 3, name="fc2"))
    criterion, optimizer = module.cross_entropy(), SGD(net, lr=0.1)
    start = {name: rng.normal(size=value.shape) for name, value in net.params.items()}
    for name, value in start.items():
        net.assign(name, value.copy())
    feat, label = rng.normal(size=(6, 3)), rng.integers(0, 3, size=6)

    def train(feat, label):
        output = feat
        for layer in net.layers:
            output = layer.forward(output, True, 5) if layer.name == "dropout" else layer.forward(output)
        criterion.forward(output, label)
        dprev = criterion.backward()
        for layer in net.layers[::-1]:
            dprev = layer.backward(dprev)
        net.apply_l2_regularization(0.05)
        optimizer.step()

    places = {name: 0 if name.startswith("fc1") else 3 for name in start}
    return Call(
        train,
        mlp_loss,
        {"feat": feat, "label": label, **start, "lam": 0.05},
        lambda _: {name: net.layers[places[name]].params[name] - value for name, value in start.items()},
        (feat, label),
        bind={name: f"net.layers[{place}].params['{name}']" for name, place in places.items()},
    )


def convolved(img: Any, w: Any, b: Any) -> Any:
    img = np.pad(img, ((0, 0), (1, 1), (1, 1), (0, 0)))
    rows = [[np.einsum("nijc,ijcf->nf", img[:, h : h + 3, v : v + 3], w) + b for v in range(4)] for h in range(4)]
    return np.array(rows).transpose(2, 0, 1, 3)


def cnn_loss(img: Any, label: Any, conv1_w: Any, conv1_b: Any, conv2_w: Any, conv2_b: Any, fc_w: Any, fc_b: Any) -> Any:
    h = convolved(convolved(img, conv1_w, conv1_b), conv2_w, conv2_b)
    pooled = [[h[:, i : i + 2, j : j + 2].max(axis=(1, 2)) for j in range(3)] for i in range(3)]
    logit = np.array(pooled).transpose(2, 0, 1, 3).reshape(len(img), -1) @ fc_w + fc_b
    return np.mean(np.log(np.sum(np.exp(logit), axis=1)) - np.sum(np.eye(3)[label] * logit, axis=1))


def cnn(module: ModuleType, rng: np.random.Generator) -> Call:
    from lib.mlp.layer_utils import cross_entropy, fc, flatten

    net = module.sequential(
        module.ConvLayer2D(1, 3, 2, padding=1, name="conv1"),
        module.ConvLayer2D(2, 3, 2, padding=1, name="conv2"),
        module.MaxPoolingLayer(2, 1, "pool"),
        flatten(),
        fc(18, 3, name="fc"),
    )
    criterion = cross_entropy()
    start = {name: rng.normal(size=value.shape) for name, value in net.params.items()}
    for name, value in start.items():
        net.assign(name, value.copy())
    img, label = rng.normal(size=(3, 4, 4, 1)), rng.integers(0, 3, size=3)

    def train(img, label):
        output = img
        for layer in net.layers:
            output = layer.forward(output)
        criterion.forward(output, label)
        dprev = criterion.backward()
        for layer in net.layers[::-1]:
            dprev = layer.backward(dprev)

    places = {name: {"conv1": 0, "conv2": 1, "fc": 4}[name.split("_")[0]] for name in start}
    return Call(
        train,
        cnn_loss,
        {"img": img, "label": label, **start},
        lambda _: {name: net.layers[place].grads[name] for name, place in places.items()},
        (img, label),
        bind={name: f"net.layers[{place}].params['{name}']" for name, place in places.items()},
    )


REPOSITORY = "himanshuss22/MLP-CNN-VAE-GAN-Neural-Network-Numpy-from-Scratch"
MLP, CNN, OPTIM = "lib/mlp/layer_utils.py", "lib/cnn/layer_utils.py", "lib/optim.py"
PROGRAMS = [
    Program(
        REPOSITORY,
        MLP,
        mlp,
        (
            mistake(83, r"2 \* lam", "lam", "factor_2", "regularisation_term_wrong"),
            mistake(83, r"\* layer\.params\[n\]", "* np.sign(layer.params[n])", "regularisation_term_wrong"),
            mistake(203, r"feat\.T @ dprev", "feat.T @ dprev / len(feat)", "batch_scale_1_over_N"),
            mistake(204, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(204, r", axis=0", "", "bias_gradient_reduction"),
            mistake(251, r"0\.044715", "0.44715", "wrong_activation_derivative"),
            mistake(252, r"0\.5 \* \(1 \+ tanh_term\)", "0.5 * tanh_term", "wrong_activation_derivative"),
            mistake(253, r"tanh_term \*\* 2", "tanh_term", "wrong_activation_derivative"),
            mistake(253, r"0\.134145", "0.044715", "missing_factor", "wrong_activation_derivative"),
            mistake(253, r"0\.5 \* feat", "0.5", "missing_factor", "wrong_activation_derivative"),
            mistake(254, r"dprev \* ", "", "upstream_gradient_dropped"),
            mistake(324, r"\* self\.kept", "", "missing_factor", "relu_mask_wrong"),
            mistake(324, r"/ self\.keep_prob if", "* self.keep_prob if", "extra_factor", "missing_factor"),
            mistake(370, r"-= 1", "= -1", "loss_derivative_wrong"),
            mistake(371, r"dlogit /=.*$", "pass", "batch_scale_1_over_N"),
            mistake(
                48,
                r"self\.lr \* dv",
                "self.lr * layer.params[n]",
                "gradient_or_update_used_for_weight",
                "wrong_variable",
                file=OPTIM,
            ),
            two(
                mistake(83, r"2 \* lam", "lam", "factor_2", "regularisation_term_wrong"),
                mistake(253, r"0\.134145", "0.044715", "missing_factor", "wrong_activation_derivative"),
            ),
            two(
                mistake(204, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(324, r"\* self\.kept", "", "missing_factor", "relu_mask_wrong"),
            ),
        ),
        harmless=(
            Edit(204, r"np\.sum\(dprev, axis=0\)", "np.ones(len(dprev)) @ dprev"),
            Edit(253, r"1 - tanh_term \*\* 2", "(1 - tanh_term) * (1 + tanh_term)"),
        ),
        more=(OPTIM,),
        backward={MLP: (203, 371), OPTIM: (44, 48)},
        name="mlp",
        group="eighth",
    ),
    Program(
        REPOSITORY,
        CNN,
        cnn,
        (
            mistake(199, r"np\.sum\(dprev,axis=\(0,1,2\)\)", "np.sum(dprev)", "bias_gradient_reduction"),
            mistake(199, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(200, r"range\(n_h\)", "range(n_h - 1)", "loop_cut_short"),
            mistake(202, r"self\.stride \* h", "self.stride * w", "wrong_index", "transposed"),
            mistake(209, r"\+=", "=", "gradient_accumulated_across_steps"),
            mistake(
                210,
                r"vert_start:vert_end, horiz_start:horiz_end",
                "horiz_start:horiz_end, vert_start:vert_end",
                "transposed",
                "wrong_index",
            ),
            mistake(211, r"h:h\+1, w:w\+1", "w:w+1, h:h+1", "transposed", "wrong_index"),
            mistake(214, r"\+=", "=", "repeated_index_lost", "gradient_accumulated_across_steps"),
            mistake(214, r"np\.newaxis,:,:,:,:\]", "np.newaxis,::-1,::-1,:,:]", "conv_kernel_reversed"),
            mistake(214, r"h:h\+1,w:w\+1", "0:1,0:1", "wrong_index"),
            mistake(216, r"self\.padding:img\.shape\[1\] \+ self\.padding, self", "0:img.shape[1], self", "wrong_index"),
            mistake(281, r"np\.argmax", "np.argmin", "relu_mask_wrong", "wrong_index"),
            mistake(285, r"\+=", "=", "repeated_index_lost", "gradient_accumulated_across_steps"),
            mistake(285, r"mask \* ", "", "relu_mask_wrong", "missing_factor"),
            two(
                mistake(209, r"\+=", "=", "gradient_accumulated_across_steps"),
                mistake(285, r"\+=", "=", "repeated_index_lost", "gradient_accumulated_across_steps"),
            ),
            two(
                mistake(199, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(214, r"np\.newaxis,:,:,:,:\]", "np.newaxis,::-1,::-1,:,:]", "conv_kernel_reversed"),
            ),
        ),
        harmless=(
            Edit(199, r"np\.sum\(dprev,axis=\(0,1,2\)\)", "dprev.reshape(-1, n_c).sum(axis=0)"),
            Edit(285, r"mask \* dprev\[:,h:h\+1,w:w\+1,:\]", "np.where(mask > 0, dprev[:,h:h+1,w:w+1,:], 0)"),
        ),
        more=(MLP,),
        backward={CNN: (192, 289)},
        name="cnn",
        group="eighth",
    ),
]
