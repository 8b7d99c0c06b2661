"""arunbonagiri190/digit-generation-with-numpy-gan: a GAN of one layer each, which move by one sample with two losses."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

SIZE = 9


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def make(module: ModuleType, rng: np.random.Generator) -> tuple[Any, Any]:
    module.Generator.nodes = module.Discriminator.nodes = SIZE
    generator, judge = module.Generator(), module.Discriminator()
    generator.weights, generator.biases = rng.normal(size=SIZE), rng.normal(size=SIZE)
    judge.weights, judge.biases = 0.5 * rng.normal(size=SIZE), np.array(rng.normal())
    return generator, judge


def moves(net: Any, before: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(net, name) - value for name, value in before.items()}


def fooled(x: Any, weights: Any, biases: Any, judge: Any, bias: Any) -> Any:
    return np.log(1 + np.exp(-(sigmoid(x * weights + biases) @ judge + bias)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    generator, judge = make(module, rng)
    before = {"weights": generator.weights.copy(), "biases": generator.biases.copy()}
    x = rng.uniform(0.5, 1, size=SIZE)
    return Call(
        generator.fit,
        fooled,
        {"x": x, **before, "judge": judge.weights.copy(), "bias": judge.biases.copy()},
        lambda _: moves(generator, before),
        (x, judge),
        bind={**{name: f"self.{name}" for name in before}, "judge": "discriminator.weights", "bias": "discriminator.biases"},
    )


def real(x: Any, weights: Any, biases: Any) -> Any:
    return np.log(1 + np.exp(-(x @ weights + biases)))


def fake(x: Any, weights: Any, biases: Any) -> Any:
    return np.log(1 + np.exp(x @ weights + biases))


def judge_call(module: ModuleType, rng: np.random.Generator, digit: bool) -> Call:
    _, judge = make(module, rng)
    before = {"weights": judge.weights.copy(), "biases": judge.biases.copy()}
    x = rng.uniform(size=SIZE)
    return Call(
        judge.fit,
        real if digit else fake,
        {"x": x, **before},
        lambda _: moves(judge, before),
        (x, digit),
        bind={name: f"self.{name}" for name in before},
    )


def with_digit(module: ModuleType, rng: np.random.Generator) -> Call:
    return judge_call(module, rng, True)


def with_fake(module: ModuleType, rng: np.random.Generator) -> Call:
    return judge_call(module, rng, False)


REPOSITORY = "arunbonagiri190/digit-generation-with-numpy-gan"
UTIL = "src/util.py"
STUBS = {
    **dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py", "matplotlib/legend_handler.py"), ANYTHING),
}
PROGRAMS = [
    Program(
        REPOSITORY,
        "src/GAN.py",
        build,
        (
            mistake(18, r"gOut \* \(1-gOut\)", "(1-gOut**2)", "wrong_activation_derivative"),
            mistake(
                18, r"gOut \* \(1-gOut\)", "a.sigmoid(gOut, True)", "derivative_of_activated_value", "derivative_at_wrong_point"
            ),
            mistake(18, r"discriminator\.weights", "self.weights", "wrong_variable"),
            mistake(18, r" \* \(1-gOut\)", "", "missing_factor", "wrong_activation_derivative"),
            mistake(18, r" \* gOut \* \(1-gOut\)", "", "missing_activation_derivative"),
            mistake(19, r"factor \* x", "factor * gOut", "wrong_variable", "wrong_activation_in_weight_gradient"),
            mistake(19, r"factor \* x, factor", "factor * x, factor.mean()", "bias_gradient_reduction"),
            mistake(29, r"-=", "+=", "sign_flipped"),
            mistake(30, r"nBiases", "nWeights", "wrong_variable"),
            two(
                mistake(18, r" \* \(1-gOut\)", "", "missing_factor", "wrong_activation_derivative"),
                mistake(30, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(18, r"-\(1-dOut\)", "(dOut-1)"),
            Edit(18, r"gOut \* \(1-gOut\)", "(gOut - gOut ** 2)"),
        ),
        more=(UTIL,),
        root="src",
        stubs=STUBS,
        backward={"src/GAN.py": (17, 30)},
        name="generator",
        group="later",
    ),
    Program(
        REPOSITORY,
        "src/GAN.py",
        with_digit,
        (
            mistake(54, r"\(1-dOut\)", "dOut", "loss_derivative_wrong", "wrong_variable"),
            mistake(54, r"-x", "-self.weights", "wrong_variable"),
            mistake(54, r"-x \* ", "x * ", "sign_flipped", "loss_derivative_wrong"),
            mistake(55, r"-\(1-dOut\)", "-(1-dOut) * dOut", "extra_factor", "loss_derivative_wrong"),
            mistake(55, r"-\(1-dOut\)", "1-dOut", "sign_flipped", "loss_derivative_wrong"),
            mistake(71, r"nWeights", "nWeights / self.nodes", "batch_scale_1_over_N", "extra_factor"),
            mistake(72, r"nBiases", "nBiases * self.biases", "extra_factor", "wrong_variable"),
        ),
        harmless=(
            Edit(54, r"-x \* \(1-dOut\)", "(dOut-1) * x"),
            Edit(55, r"-\(1-dOut\)", "dOut-1"),
        ),
        more=(UTIL,),
        root="src",
        stubs=STUBS,
        backward={"src/GAN.py": (52, 72)},
        name="digit",
        group="later",
    ),
    Program(
        REPOSITORY,
        "src/GAN.py",
        with_fake,
        (
            mistake(57, r"x \* dOut", "x * (1-dOut)", "loss_derivative_wrong", "wrong_variable"),
            mistake(57, r"x \* dOut", "-x * dOut", "sign_flipped", "loss_derivative_wrong"),
            mistake(57, r"x \* ", "", "wrong_activation_in_weight_gradient", "missing_factor"),
            mistake(58, r"dOut", "dOut * (1-dOut)", "extra_factor", "loss_derivative_wrong"),
            mistake(58, r"dOut", "1-dOut", "loss_derivative_wrong", "wrong_variable"),
            mistake(71, r"-=", "+=", "sign_flipped"),
            mistake(72, r"-= self\.learning_rate \*", "-=", "missing_factor"),
        ),
        harmless=(
            Edit(57, r"x \* dOut", "np.multiply(dOut, x)"),
            Edit(71, r"self\.weights -= (.*)$", r"self.weights = self.weights - \1"),
        ),
        more=(UTIL,),
        root="src",
        stubs=STUBS,
        backward={"src/GAN.py": (52, 72)},
        name="fake",
        group="later",
    ),
]
