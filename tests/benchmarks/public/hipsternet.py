"""wiseodd/hipsternet: pure functions for layers with caches, dropout, normalisation, im2col; its ConvNet forgets the decay."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

LAM = 0.1


def softmax_loss(z: Any, y_train: Any) -> Any:
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.take_along_axis(z, y_train[:, None], axis=1)[:, 0])


def normalised(x: Any, gamma: Any, beta: Any) -> Any:
    x = x - np.mean(x, axis=0)
    return np.maximum(gamma * x / np.sqrt(np.mean(x**2, axis=0) + 1e-8) + beta, 0)


def forward_net(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.FeedForwardNet(5, 3, 5, lam=LAM, p_dropout=0.8)
    net.model = {name: rng.normal(size=value.shape) for name, value in net.model.items()}
    X, y, seed = rng.normal(size=(8, 5)), rng.integers(0, 3, size=8), int(rng.integers(1000))
    state = np.random.RandomState(seed)  # the program draws from the same one
    u1, u2 = (state.binomial(1, 0.8, size=(8, 5)) / 0.8 for _ in range(2))

    def loss(X_train, y_train, W1, b1, gamma1, beta1, W2, b2, gamma2, beta2, W3, b3):
        x = normalised(X_train @ W1 + b1, gamma1, beta1) * u1
        x = normalised(x @ W2 + b2, gamma2, beta2) * u2
        return softmax_loss(x @ W3 + b3, y_train) + LAM / 2 * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))

    def train(net, X_train, y_train):
        np.random.seed(seed)  # noqa: NPY002
        return net.train_step(X_train, y_train)

    start = {name: value.copy() for name, value in net.model.items()}
    return Call(
        train,
        loss,
        {"X_train": X, "y_train": y, **start},
        lambda result: {name: grad for name, grad in result[0].items() if name not in ("b1", "b2")},  # these are zero
        (net, X, y),
        bind={name: f"net.model[{name!r}]" for name in start},
    )


def conv_loss(X_train: Any, y_train: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    padded, n = np.pad(X_train, ((0, 0), (0, 0), (1, 1), (1, 1))), X_train.shape[2]
    windows = np.stack([padded[:, 0, i : i + n, j : j + n] for i in range(3) for j in range(3)], axis=-1)
    x = np.maximum(windows @ W1.reshape(len(W1), -1).T + b1[:, 0], 0)
    x = np.max(x.reshape(len(x), n // 2, 2, n // 2, 2, -1), axis=(2, 4))
    x = np.transpose(x, (0, 3, 1, 2)).reshape(len(x), -1)
    z = np.maximum(x @ W2 + b2, 0) @ W3 + b3
    return softmax_loss(z, y_train) + LAM / 2 * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))


def conv_net(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.ConvNet(2, 3, 5, lam=LAM)
    sizes = {"W1": (2, 1, 3, 3), "W2": (8, 5), "W3": (5, 3), "b1": (2, 1), "b2": (1, 5), "b3": (1, 3)}
    net.model = {name: rng.normal(size=size) for name, size in sizes.items()}
    start = {name: value.copy() for name, value in net.model.items()}
    X, y = rng.normal(size=(5, 1, 4, 4)), rng.integers(0, 3, size=5)
    return Call(
        net.train_step,
        conv_loss,
        {"X_train": X, "y_train": y, **start},
        lambda result: result[0],
        (X, y),
        bind={name: f"self.model[{name!r}]" for name in start},
    )


MAIN = "hipsternet/neuralnet.py"
LAYER, LOSS, REGULARISATION = "hipsternet/layer.py", "hipsternet/loss.py", "hipsternet/regularization.py"
MORE = (LAYER, LOSS, REGULARISATION, "hipsternet/utils.py", "hipsternet/constant.py", "hipsternet/im2col.py")
PROGRAMS = [
    Program(
        "wiseodd/hipsternet",
        MAIN,
        forward_net,
        (
            mistake(18, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYER),
            mistake(32, r"cache <= 0", "dout <= 0", "relu_mask_wrong", "wrong_variable", file=LAYER),
            mistake(78, r" \* cache", "", "missing_factor", "upstream_gradient_dropped", file=LAYER),
            mistake(113, r"\*\*3", "**2", "missing_factor", "normalisation_term_missing", file=LAYER),
            mistake(116, r" \+ \(dmu / N\)", "", "normalisation_term_missing", file=LAYER),
            mistake(116, r"2 \* X_mu", "X_mu", "factor_2", file=LAYER),
            mistake(117, r"X_norm", "X_mu", "wrong_variable", "missing_factor", file=LAYER),
            mistake(140, r"\+=", "-=", "regularisation_term_wrong", "sign_flipped"),
            mistake(142, r"u2", "u1", "wrong_variable"),
            mistake(147, r"'W2'", "'W1'", "regularisation_term_wrong", "wrong_variable", "wrong_index"),
            mistake(148, r"nl_cache1", "nl_cache2", "relu_mask_wrong", "wrong_variable"),
            mistake(10, r"lam \* W", "2 * lam * W", "factor_2", "regularisation_term_wrong", file=REGULARISATION),
            two(
                mistake(78, r" \* cache", "", "missing_factor", "upstream_gradient_dropped", file=LAYER),
                mistake(147, r"'W2'", "'W1'", "regularisation_term_wrong", "wrong_variable", "wrong_index"),
            ),
        ),
        harmless=(
            Edit(17, r"h\.T @ dout", "np.dot(dout.T, h).T", LAYER),
            Edit(33, r"return dX", "return dout * (cache > 0)", LAYER),
            Edit(32, r"<=", "<", LAYER),
        ),
        more=MORE,
        backward={LAYER: (105, 120), MAIN: (136, 154)},
        group="later",
    ),
    Program(
        "wiseodd/hipsternet",
        MAIN,
        conv_net,
        (
            mistake(151, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYER),
            mistake(154, r"1, 2, 3, 0", "1, 0, 2, 3", "transposed", "wrong_index", file=LAYER),
            mistake(176, r"= dout_col", "= 1", "upstream_gradient_dropped", file=LAYER),
            mistake(227, r"\.transpose\(2, 3, 0, 1\)", "", "transposed", "wrong_index", file=LAYER),
            mistake(40, r"-= 1\.", "-= 0.", "loss_derivative_wrong", file=LOSS),
            mistake(41, r"grad_y /= m", "pass", "batch_scale_1_over_N", file=LOSS),
            mistake(216, r"= self\.backward_nonlin.*$", "= dh3.copy()", "missing_activation_derivative"),
            mistake(219, r"dh2\.ravel\(\)", "dh2.T.ravel()", "transposed"),
            mistake(225, r"nl_cache1", "dpool", "relu_mask_wrong", "wrong_variable"),
            mistake(10, r"lam \* W", "W", "missing_factor", "regularisation_term_wrong", file=REGULARISATION),
        ),
        harmless=(
            Edit(155, r"dout_reshaped @ X_col\.T", "(X_col @ dout_reshaped.T).T", LAYER),
            Edit(40, r"grad_y\[.*$", "grad_y[np.arange(m), y_train] += -1.", LOSS),
        ),
        more=MORE,
        mend=tuple(
            Edit(line, r"$", f"; dW{k} = dW{k} + reg.dl2_reg(self.model['W{k}'], self.lam)")
            for line, k in ((215, 3), (218, 2), (226, 1))
        ),
        published=("regularisation_term_wrong",),
        blame=(215, 216, 218, 219, 226, 228, 229),
        backward={LAYER: (151, 156), MAIN: (212, 226)},
        name="conv",
        group="later",
    ),
]
