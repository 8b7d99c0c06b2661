"""VTongTV/glove-from-scratch: one pair of words a step; its gradients as rows, and AdaGrad on rows of four parameters."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

COUNT, ROW, OTHER = 40.0, 2, 4


def rows_loss(x_ij: Any, w_i: Any, w_j: Any, b_i: Any, b_j: Any) -> Any:
    return (x_ij / 100) ** 0.75 * (w_i @ w_j + b_i + b_j - np.log(x_ij)) ** 2


def loss(i: Any, j: Any, x_ij: Any, W: Any, W_tilde: Any, b: Any, b_tilde: Any) -> Any:
    return (x_ij / 100) ** 0.75 * (W[i] @ W_tilde[j] + b[i] + b_tilde[j] - np.log(x_ij)) ** 2


def filled(kind: Any, rng: np.random.Generator) -> tuple[Any, dict[str, Any]]:
    net = kind(6, 3)
    start = {name: rng.normal(size=getattr(net, name).shape) for name in ("W", "W_tilde", "b", "b_tilde")}
    for name, value in start.items():
        setattr(net, name, value.copy())
    return net, start


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net, start = filled(module.GloVeModel, rng)
    names = {"w_i": ("W", ROW), "w_j": ("W_tilde", OTHER), "b_i": ("b", ROW), "b_j": ("b_tilde", OTHER)}
    return Call(
        net.compute_gradients,
        rows_loss,
        {"x_ij": COUNT, **{name: start[key][at] for name, (key, at) in names.items()}},
        lambda result: dict(zip(names, result[:4], strict=True)),
        (ROW, OTHER, COUNT),
        bind={name: f"self.{key}[{at}]" for name, (key, at) in names.items()},
    )


def steps(module: ModuleType, rng: np.random.Generator) -> Call:
    from glove import adagrad, model

    net, start = filled(model.GloVeModel, rng)
    optimizer = adagrad.AdaGrad(6, 3, 0.1)

    def train(i, j, x_ij, count):
        for _ in range(count):
            module.train_step(net, optimizer, i, j, x_ij)

    return Call(
        train,
        loss,
        {"i": ROW, "j": OTHER, "x_ij": COUNT, **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (ROW, OTHER, COUNT, 3),
        bind={name: f"net.{name}" for name in start},
    )


MODEL, ADAGRAD = "glove/model.py", "glove/adagrad.py"
SHARED = ("glove/weighting.py", "config.py")
PROGRAMS = [
    Program(
        "VTongTV/glove-from-scratch",
        MODEL,
        build,
        (
            mistake(42, r"self\.W\[i\]", "self.W[j]", "wrong_index"),
            mistake(43, r"common, common", "common, common * self.b_tilde[j]", "extra_factor", "wrong_variable"),
            mistake(41, r"self\.W_tilde\[j\]", "self.W[i]", "wrong_variable"),
            mistake(41, r"self\.W_tilde\[j\]", "self.W_tilde[i]", "wrong_index"),
            mistake(41, r"common", "f_x * diff", "factor_2", "missing_factor"),
            mistake(42, r"common", "loss", "wrong_variable", "loss_derivative_wrong"),
            mistake(42, r"common", "diff", "missing_factor", "wrong_variable"),
            mistake(43, r"common, common", "common, common / 2", "factor_2", "missing_factor"),
            mistake(43, r"common, common", "-common, common", "sign_flipped"),
            two(
                mistake(41, r"self\.W_tilde\[j\]", "self.W[i]", "wrong_variable"),
                mistake(43, r"common, common", "common, common / 2", "factor_2", "missing_factor"),
            ),
        ),
        harmless=(
            Edit(41, r"common \* self\.W_tilde\[j\]", "np.multiply(self.W_tilde[j], common)"),
            Edit(39, r"2 \* f_x \* diff", "f_x * diff"),
        ),
        more=SHARED,
        stubs={"glove/__init__.py": ""},
        backward={MODEL: (37, 43)},
        group="later",
    ),
    Program(
        "VTongTV/glove-from-scratch",
        "glove/train.py",
        steps,
        (
            mistake(14, r"\+=", "=", "optimizer_rule_wrong", "missing_path_through_time", file=ADAGRAD),
            mistake(15, r" \*\* 2", "", "optimizer_rule_wrong", "missing_factor", file=ADAGRAD),
            mistake(
                16,
                r"grad_b_i",
                "grad_b_tilde_j * model.b[i]",
                "optimizer_rule_wrong",
                "wrong_variable",
                "extra_factor",
                file=ADAGRAD,
            ),
            mistake(19, r"grad_sq_W\[i\]", "grad_sq_W[j]", "wrong_index", "optimizer_rule_wrong", file=ADAGRAD),
            mistake(20, r"np\.sqrt\((.*)\)", r"(\1)", "optimizer_rule_wrong", "missing_factor", file=ADAGRAD),
            mistake(21, r"-=", "+=", "sign_flipped", file=ADAGRAD),
            mistake(22, r"model\.b_tilde\[j\] -= self\.lr", "model.b_tilde[i] -= self.lr", "wrong_index", file=ADAGRAD),
            mistake(19, r"grad_w_i", "grad_w_tilde_j", "wrong_variable", file=ADAGRAD),
            mistake(41, r"self\.W_tilde\[j\]", "self.W_tilde[j] * self.b_tilde[j]", "extra_factor", file=MODEL),
        ),
        harmless=(
            Edit(15, r"grad_w_tilde_j \*\* 2", "grad_w_tilde_j * grad_w_tilde_j", ADAGRAD),
            Edit(42, r"common \* self\.W\[i\]", "self.W[i] * common", MODEL),
        ),
        adaptive=True,
        more=(MODEL, ADAGRAD, *SHARED),
        stubs={"glove/__init__.py": ""},
        backward={MODEL: (37, 43), ADAGRAD: (14, 22)},
        name="adagrad",
        group="later",
    ),
]
