"""mystic123/nn-optimizers-numpy: optimizers that hold the net and its backward pass; published with the deltas of another loss.

As published the momentum keeps only the last gradient.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

STUBS = dict.fromkeys(
    (
        "matplotlib/__init__.py",
        "matplotlib/pyplot.py",
        "tensorflow/__init__.py",
        "tensorflow/examples/__init__.py",
        "tensorflow/examples/tutorials/__init__.py",
        "tensorflow/examples/tutorials/mnist/__init__.py",
    ),
    ANYTHING,
)


def loss(xs: Any, ys: Any, W1: Any, W2: Any, W3: Any) -> Any:
    a = xs
    for W in (W1, W2, W3):
        a = 1 / (1 + np.exp(-(a @ W.T)))
    return np.mean(-ys * np.log(a) - (1 - ys) * np.log(1 - a))


def build(module: ModuleType, rng: np.random.Generator, kind: str = "SGD", steps: int = 1) -> Call:
    import example

    net = example.MLP([4, 5, 3, 2])
    start = {f"W{i}": value.copy() for i, value in enumerate(net.weights, 1)}
    optimizer = getattr(module, kind)(net=net, cost=example.CrossEntropyLoss(), learning_rate=0.1)
    xs, ys = rng.normal(size=(7, 4)), np.eye(2)[np.arange(7) % 2]

    def train(xs, ys, steps):
        for _ in range(steps):
            optimizer.update_weights((xs, ys))

    return Call(
        train,
        loss,
        {"xs": xs, "ys": ys, **start},
        lambda _: {f"W{i}": value - start[f"W{i}"] for i, value in enumerate(net.weights, 1)},
        (xs, ys, steps),
        bind={f"W{i + 1}": f"net.weights[{i}]" for i in range(3)},
    )


def momentum(module: ModuleType, rng: np.random.Generator) -> Call:
    return build(module, rng, "MomentumOptimizer", 3)


def adam(module: ModuleType, rng: np.random.Generator) -> Call:
    return build(module, rng, "Adam", 3)


def rmsprop(module: ModuleType, rng: np.random.Generator) -> Call:
    return build(module, rng, "RMSProp", 3)


EXAMPLE = "example.py"
MEND = Edit(63, r"logits - y", "(logits - y) / (logits * (1 - logits))", EXAMPLE)
BACKWARD = {"optimizers.py": (15, 27)}
PROGRAMS = [
    Program(
        "mystic123/nn-optimizers-numpy",
        "optimizers.py",
        build,
        (
            mistake(26, r"\(1 - sigmoid\(x\)\)", "sigmoid(x)", "wrong_activation_derivative", file=EXAMPLE),
            mistake(18, r"as_\[-1\]", "zs[-1]", "wrong_variable", "loss_derivative_wrong", "derivative_at_wrong_point"),
            mistake(20, r"zs\[i\]", "as_[i]", "derivative_of_activated_value", "derivative_at_wrong_point"),
            mistake(21, r"as_\[i - 1\]", "zs[i - 1]", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(21, r"dZ,", "dA,", "missing_activation_derivative", "wrong_variable"),
            mistake(23, r"dZ\)", "dA)", "missing_activation_derivative", "wrong_variable"),
            mistake(
                23, r"self\.net\.weights\[i\]\.T, dZ", "self.net.weights[i].T / m, dZ", "extra_factor", "batch_scale_1_over_N"
            ),
            mistake(24, r" \* self\.net\.activation_prime\(zs\[0\]\)", "", "missing_activation_derivative"),
            mistake(25, r" / m", "", "batch_scale_1_over_N"),
            mistake(
                49,
                r"w -= self\.learning_rate \* dW",
                "w -= self.learning_rate * (dW + w)",
                "regularisation_term_wrong",
                "gradient_or_update_used_for_weight",
            ),
            two(
                mistake(20, r"zs\[i\]", "as_[i]", "derivative_of_activated_value", "derivative_at_wrong_point"),
                mistake(25, r" / m", "", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(21, r"np\.matmul\(dZ, (.*)\) / m", r"(dZ / m) @ \1"),
            Edit(22, r"\[dW\] \+ gradients", "[dW, *gradients]"),
        ),
        more=(EXAMPLE,),
        mend=(MEND,),
        published=("loss_derivative_wrong", "missing_factor", "extra_factor"),
        stubs=STUBS,
        backward=BACKWARD,
        group="later",
    ),
    Program(
        "mystic123/nn-optimizers-numpy",
        "optimizers.py",
        momentum,
        (
            mistake(73, r"self\.gamma \* self", "self", "optimizer_rule_wrong", "missing_factor"),
            mistake(
                73,
                r"= self\.gamma \* self\.past_gradients\[i\] \+",
                "= self.gamma * self.net.weights[i] +",
                "optimizer_rule_wrong",
                "wrong_variable",
            ),
            mistake(73, r"self\.gamma \* self\.past_gradients\[i\] \+", "", "optimizer_rule_wrong", "missing_path_through_time"),
            mistake(
                74, r"self\.past_gradients\[i\]$", "self.learning_rate * dW", "optimizer_rule_wrong", "missing_path_through_time"
            ),
            mistake(74, r"-=", "+=", "sign_flipped"),
            mistake(20, r"dA \* ", "", "upstream_gradient_dropped"),
            mistake(
                21,
                r"as_\[i - 1\]",
                "(as_[i - 1] * zs[i - 1])",
                "wrong_activation_in_weight_gradient",
                "extra_factor",
                "wrong_variable",
            ),
        ),
        harmless=(
            Edit(74, r"-= (.*)$", r"= self.net.weights[i] - \1"),
            Edit(22, r"\[dW\] \+ gradients", "[dW, *gradients]"),
        ),
        adaptive=True,
        more=(EXAMPLE,),
        mend=(
            MEND,
            Edit(73, r"self\.net\.weights\[i\] -=", "self.past_gradients[i] ="),
            Edit(74, r"self\.past_gradients\[i\] = dW", "self.net.weights[i] -= self.past_gradients[i]"),
        ),
        published=("loss_derivative_wrong", "missing_factor", "extra_factor", "optimizer_rule_wrong"),
        stubs=STUBS,
        backward=BACKWARD,
        name="momentum",
        group="later",
    ),
    Program(
        "mystic123/nn-optimizers-numpy",
        "optimizers.py",
        adam,
        (
            mistake(227, r"\(1 - self\.beta1\) \* dW", "dW", "optimizer_rule_wrong", "missing_factor"),
            mistake(229, r"dW \*\* 2", "dW", "optimizer_rule_wrong", "missing_factor"),
            mistake(229, r"self\.beta2 \* self", "self.beta1 * self", "optimizer_rule_wrong", "wrong_variable"),
            mistake(231, r"self\.step", "(self.step - 1 or 1)", "optimizer_rule_wrong", "wrong_index"),
            mistake(232, r"self\.gradient_squares", "self.past_gradients", "optimizer_rule_wrong", "wrong_variable"),
            mistake(233, r"np\.sqrt\(var_estimate\)", "var_estimate", "optimizer_rule_wrong", "missing_factor"),
            mistake(233, r"mean_estimate", "dW", "optimizer_rule_wrong", "wrong_variable"),
            mistake(234, r"\+=", "-=", "sign_flipped"),
            mistake(236, r"\+= 1", "+= 2", "optimizer_rule_wrong", "wrong_index"),
        ),
        harmless=(
            Edit(229, r"dW \*\* 2", "np.square(dW)"),
            Edit(25, r"np\.matmul\(dZ, batch\) / m", "dZ @ batch / m"),
        ),
        adaptive=True,
        more=(EXAMPLE,),
        mend=(MEND,),
        published=("loss_derivative_wrong", "missing_factor", "extra_factor"),
        stubs=STUBS,
        backward=BACKWARD,
        name="adam",
        group="later",
    ),
    Program(
        "mystic123/nn-optimizers-numpy",
        "optimizers.py",
        rmsprop,
        (
            mistake(196, r"\(1 - self\.gamma\) \* dW \*\* 2", "dW ** 2", "optimizer_rule_wrong", "missing_factor"),
            mistake(
                196, r"self\.gamma \* self\.gradients_squares\[i\] \+ ", "", "optimizer_rule_wrong", "missing_path_through_time"
            ),
            mistake(
                196, r"\(1 - self\.gamma\) \* dW \*\* 2", "((1 - self.gamma) * dW) ** 2", "optimizer_rule_wrong", "extra_factor"
            ),
            mistake(197, r"np\.sqrt\((.*)\) \* dW", r"(\1) * dW", "optimizer_rule_wrong", "missing_factor"),
            mistake(196, r"dW \*\* 2", "np.abs(dW)", "optimizer_rule_wrong", "missing_factor"),
            mistake(198, r"\+=", "-=", "sign_flipped"),
            mistake(23, r"dZ\)", "2 * dZ)", "factor_2", "extra_factor"),
        ),
        harmless=(
            Edit(197, r" \* dW", " * np.multiply(1, dW)"),
            Edit(196, r"dW \*\* 2", "np.square(dW)"),
        ),
        adaptive=True,
        more=(EXAMPLE,),
        mend=(MEND,),
        published=("loss_derivative_wrong", "missing_factor", "extra_factor"),
        stubs=STUBS,
        backward=BACKWARD,
        name="rmsprop",
        group="later",
    ),
]
