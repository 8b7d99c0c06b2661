"""petar-ceho/rnn-numpy: a many-to-one RNN with two penalties of its weights, and an autoencoder; each returns its gradients."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["Wxh", "Whh", "Why", "bh", "by", "bx"]
CODER = ["W_dec", "b_dec", "W_enc", "b_enc"]
FIRST, SECOND = 0.02, 0.05


def loss(inputs: Any, label: Any, Wxh: Any, Whh: Any, Why: Any, bh: Any, by: Any, bx: Any) -> Any:
    h = np.zeros((1, len(Whh)))
    for x in inputs:
        h = np.tanh(x @ Wxh + bx + h @ Whh + bh)
    z = h @ Why + by
    fit = np.log(np.sum(np.exp(z))) - np.sum(label * z)
    sizes = sum(np.sum(np.abs(w)) for w in (Wxh, Whh, Why))
    return fit + FIRST * sizes + SECOND * (np.sum(Wxh**2) + np.sum(Whh**2) + np.sum(Why**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.RNN(4, 3, 0.1, 5, FIRST, SECOND)
    criterion = module.CrossEntropyLoss(list("abcde"))
    start = {name: rng.normal(size=getattr(net, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(net, name, value.copy())
    inputs, label = rng.normal(size=(4, 1, 4)), np.eye(5)[[2]]

    def train(inputs, label):
        logits, _ = net.forward(inputs, net.init_hidden())
        probs, _ = criterion.forward(logits, label)
        return net.backward(criterion.backward(probs, label), inputs)

    return Call(
        train,
        loss,
        {"inputs": inputs, "label": label, **start},
        lambda result: dict(zip(NAMES, result, strict=True)),
        (inputs, label),
        bind={name: f"net.{name}" for name in NAMES},
    )


def coder_loss(X: Any, W_dec: Any, b_dec: Any, W_enc: Any, b_enc: Any) -> Any:
    hidden = 1 / (1 + np.exp(-(X @ W_enc + b_enc)))
    return np.mean((1 / (1 + np.exp(-(hidden @ W_dec + b_dec))) - X) ** 2)


def coder(module: ModuleType, rng: np.random.Generator) -> Call:
    net, criterion = module.Autoencoder(5, 3), module.MeanSquareError()
    start = {name: rng.normal(size=getattr(net, name).shape) for name in CODER}
    for name, value in start.items():
        setattr(net, name, value.copy())
    X = rng.uniform(size=(6, 5))

    def train(X):
        out = net.forward(X)
        return net.backward(criterion.backward(out, X))

    return Call(
        train,
        coder_loss,
        {"X": X, **start},
        lambda result: dict(zip(CODER, result, strict=True)),
        (X,),
        bind={name: f"net.{name}" for name in CODER},
    )


PROGRAMS = [
    Program(
        "petar-ceho/rnn-numpy",
        "src/models.py",
        build,
        (
            mistake(39, r"self\.hs\[list\(self\.hs\.keys\(\)\)\[-1\]\]", "self.hs[0]", "wrong_time_index", "wrong_index"),
            mistake(41, r"self\.Why\.T", "dWhy.T", "gradient_or_update_used_for_weight", "wrong_variable"),
            mistake(46, r"\(1-self\.hs\[t\]\*self\.hs\[t\]\)\*dh", "dh", "missing_activation_derivative"),
            mistake(46, r"self\.hs\[t\]\*self\.hs\[t\]", "self.hs[t]", "wrong_activation_derivative"),
            mistake(47, r"self\.Whh\.T", "self.Whh", "transposed"),
            mistake(47, r"dhraw, self", "dh, self", "missing_activation_derivative", "wrong_variable"),
            mistake(50, r"dhraw,", "dh,", "wrong_variable", "wrong_time_index", "missing_activation_derivative"),
            mistake(51, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(52, r"t-1", "t", "wrong_time_index"),
            mistake(56, r"2\*", "", "factor_2", "regularisation_term_wrong", "missing_factor"),
            mistake(
                57, r"self\.Whh$", "dWhh", "regularisation_term_wrong", "wrong_variable", "gradient_or_update_used_for_weight"
            ),
            mistake(63, r"Whh<0\]=-1", "Whh<0]=0", "regularisation_term_wrong", "sign_flipped"),
            mistake(64, r";dWhy\+=self\.weight_req_l1\*dL1_dWhy", "", "regularisation_term_wrong"),
            mistake(43, r"len\(inputs\)\)", "1, len(inputs))", "loop_cut_short", "wrong_time_index"),
            two(
                mistake(46, r"self\.hs\[t\]\*self\.hs\[t\]", "self.hs[t]", "wrong_activation_derivative"),
                mistake(58, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong"),
            ),
        ),
        harmless=(
            Edit(46, r"\(1-self\.hs\[t\]\*self\.hs\[t\]\)", "(1-self.hs[t])*(1+self.hs[t])"),
            Edit(51, r"dWxh\+=np\.dot\(inputs\[t\]\.T,dhraw\)", "dWxh=dWxh+np.outer(inputs[t],dhraw)"),
        ),
        backward={"src/models.py": (35, 66)},
        group="later",
    ),
    Program(
        "petar-ceho/rnn-numpy",
        "src/models.py",
        coder,
        (
            mistake(227, r" \* dout", "", "upstream_gradient_dropped"),
            mistake(227, r"self\.a2\*\(1-self\.a2\)", "self.z2*(1-self.z2)", "derivative_at_wrong_point", "wrong_variable"),
            mistake(228, r"dy_da2,", "dout,", "missing_activation_derivative", "wrong_variable"),
            mistake(229, r"self\.a1\.T", "self.z1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(230, r"np\.sum\(dy_da2,axis=0", "np.sum(dy_da2,axis=1", "bias_gradient_reduction"),
            mistake(232, r"\*\(1-self\.a1\)", "", "wrong_activation_derivative", "missing_factor"),
            mistake(232, r"dy_da1\*=.*$", "pass", "missing_activation_derivative"),
            mistake(233, r"self\.X\.T", "(self.X/self.X.shape[0]).T", "batch_scale_1_over_N", "extra_factor"),
            mistake(234, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
        ),
        harmless=(
            Edit(232, r"dy_da1\*=self\.a1\*\(1-self\.a1\)", "dy_da1 = dy_da1*(self.a1-self.a1**2)"),
            Edit(244, r"2\*\(logits-correct_labels\)/logits\.shape\[0\]", "2*(logits-correct_labels)/logits.size"),
        ),
        backward={"src/models.py": (226, 236)},
        name="autoencoder",
        group="later",
    ),
]
