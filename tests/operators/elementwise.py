"""Records of `microgradnp/rules/elementwise.py`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from operators.record import COMPLEX, PAIRS, SHAPES, Operator, Random, Sample, binary, draw, unary


def powers(random: Random) -> Iterator[Sample]:
    for left, right in PAIRS:
        yield Sample((draw(random, left, 0.3, 2), draw(random, right, -2, 2)))
    for exponent in (0, 1, 2, 3, -1, 0.5, -1.5, 2.0):
        yield Sample((draw(random, (3,), 0.3, 2), exponent))
    for exponent in (0, 1, 2, 3, -1, -2.0, 5.0):  # whole exponents of a negative base
        yield Sample((draw(random, (3,), -2, -0.3), exponent))
    yield Sample((np.array([0.0, 0.0, 1.5]), 2))
    yield Sample((np.array([0.0, -1.5, 1.5]), np.array([2, 3, 0])))
    yield Sample((np.array([1.5, -1.5, 1.5]), np.array([0, 3, 1], np.uint8)), exact=False)
    yield Sample((np.array([1.5, -1.5, 1.5]), np.array([-3, -1, 0], np.int8)), exact=False)
    yield Sample((np.array([2.0, 3.0]), np.array([0.0, 1.0])))
    yield Sample((2.0, draw(random, (3,), -2, 2)))
    yield Sample((3, draw(random, (3,), -2, 2)))
    yield Sample((draw(random, (3,), 0.3, 2).astype(int) + 1, draw(random, (3,), -2, 2)))


def halves(random: Random) -> Iterator[Sample]:
    """Operands whose quotients are not near a whole number."""
    for left, right in PAIRS:
        b = draw(random, right, 0.7, 1.3) * random.choice([-1.0, 1.0], right)
        a = (
            random.integers(-3, 3, np.broadcast_shapes(left, right)) * b
            + random.uniform(0.2, 0.6, np.broadcast_shapes(left, right)) * b
        )
        yield Sample((a, b))
    yield Sample((np.array([1.3, 2.4, -0.7]), 0.5))
    yield Sample((7.3, np.array([0.9, -2.0])), exact=False)


def clips(random: Random) -> Iterator[Sample]:
    x = np.array([[-2.0, -0.3, 0.4], [0.9, 1.7, 3.0]]) + random.uniform(-0.05, 0.05)
    low, high = np.array([-1.0, 0.0, 0.5]), np.array([[1.0], [2.0]])
    yield Sample((x, -1.0, 1.0))
    yield Sample((x, None, 1.0))
    yield Sample((x, 0, None))
    yield Sample((x, low, high))
    yield Sample((x, low, None))
    yield Sample((x, None, high))
    yield Sample((x, high, low))  # bounds that cross: the upper bound wins
    yield Sample((x[:0], low, high[:1]))
    yield Sample((x,), {"min": -1.0, "max": 1.0}, exact=False)
    yield Sample((x,), {"max": 1.0}, exact=False)


def choices(random: Random) -> Iterator[Sample]:
    for left, right in PAIRS:
        shape = np.broadcast_shapes(left, right)
        yield Sample((random.uniform(size=shape) > 0.5, draw(random, left, -2, 2), draw(random, right, -2, 2)))
    yield Sample((np.array([True, False]), draw(random, (3, 1), -2, 2), 0.0), exact=False)
    yield Sample((True, draw(random, (3, 1), -2, 2), draw(random, (2,), -2, 2)), exact=False)
    yield Sample(([1, 0], 1, draw(random, (2,), -2, 2)), exact=False)


def scaled_by_two(random: Random) -> Iterator[Sample]:
    for left, right in PAIRS:
        yield Sample((draw(random, left, -2, 2), random.integers(-3, 4, right)))
    yield Sample((np.array([1.5, -0.3]), np.array([20, -20], np.int8)), exact=False)
    yield Sample((np.array([1.5, -0.3]), 3), exact=False)


def casts(random: Random) -> Iterator[Sample]:
    for shape in SHAPES:
        yield Sample((draw(random, shape, -2, 2), float))


def heavisides(random: Random) -> Iterator[Sample]:
    for left, right in PAIRS:
        yield Sample((draw(random, left, -2, 2, 0.2), draw(random, right, -2, 2)))
    yield Sample((np.array([-1, 0, 2]), draw(random, (2, 3), -2, 2)), exact=False)


OPERATORS = [
    binary(np.add, **COMPLEX),
    binary(np.subtract, **COMPLEX),
    binary(np.multiply, **COMPLEX),
    binary(np.divide, away=0.4, **COMPLEX),
    Operator(np.power, powers, torch="pow"),
    Operator(np.float_power, powers, torch="float_power", narrow=False),
    Operator(np.remainder, halves, torch="remainder"),
    Operator(np.fmod, halves, torch="fmod"),
    unary(np.negative, **COMPLEX),
    unary(np.positive, **COMPLEX),
    unary(np.reciprocal, away=0.4, **COMPLEX),
    unary(np.square, **COMPLEX),
    unary(np.sqrt, 0.2, 3.0, **COMPLEX),
    unary(np.cbrt, away=0.3, torch=lambda torch, x: torch.sign(x) * torch.abs(x) ** (1 / 3)),
    Operator(np.ldexp, scaled_by_two, torch=lambda torch, x, n: x * torch.exp2(n.to(x.dtype))),
    unary(np.exp, **COMPLEX),
    unary(np.exp2, **COMPLEX),
    unary(np.expm1, **COMPLEX),
    unary(np.log, 0.2, 3.0, **COMPLEX),
    unary(np.log2, 0.2, 3.0, **COMPLEX),
    unary(np.log10, 0.2, 3.0, **COMPLEX),
    unary(np.log1p, -0.8, 3.0, **COMPLEX),
    binary(np.logaddexp),
    binary(np.logaddexp2),
    unary(np.sin, **COMPLEX),
    unary(np.cos, **COMPLEX),
    unary(np.tan, -1.2, 1.2, **COMPLEX),
    unary(np.arcsin, -0.9, 0.9, **COMPLEX),
    unary(np.arccos, -0.9, 0.9, **COMPLEX),
    unary(np.arctan, **COMPLEX),
    binary(np.arctan2, away=0.3),
    binary(np.hypot, away=0.3),
    unary(np.sinh, **COMPLEX),
    unary(np.cosh, **COMPLEX),
    unary(np.tanh, **COMPLEX),
    unary(np.arcsinh, **COMPLEX),
    unary(np.arccosh, 1.2, 3.0, **COMPLEX),
    unary(np.arctanh, -0.9, 0.9, **COMPLEX),
    unary(np.degrees, torch="rad2deg"),
    unary(np.rad2deg),
    unary(np.radians, torch="deg2rad"),
    unary(np.deg2rad),
    binary(np.maximum),
    binary(np.minimum),
    binary(np.fmax),
    binary(np.fmin),
    unary(np.absolute, away=0.2, torch="abs", **COMPLEX),
    unary(np.fabs, away=0.2, torch="abs"),
    unary(np.sign, away=0.2, torch="sgn", **COMPLEX),
    binary(np.copysign, away=0.2),
    Operator(np.heaviside, heavisides),
    Operator(np.clip, clips, torch="clamp"),
    Operator(np.where, choices, torch="where", complex=True),
    unary(np.conjugate, torch="conj_physical", **COMPLEX),
    unary(np.real, torch=lambda torch, x: torch.real(x) if x.is_complex() else x.clone(), **COMPLEX),
    unary(np.imag, torch=lambda torch, x: torch.imag(x) if x.is_complex() else 0 * x, **COMPLEX),
    Operator(np.astype, casts, narrow=False),
]
