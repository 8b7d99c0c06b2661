"""Records of `microgradnp/rules/parts.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from operators.record import Operator, Random, Sample, draw


def any_sign(low: float, high: float, away: float) -> Any:
    """Arrays with an entry outside of the real function's domain, and arrays without."""

    def samples(random: Random) -> Iterator[Sample]:
        for shape in ((3, 2), (), (0, 3)):
            yield Sample((draw(random, shape, 0.2, 0.9),))
            yield Sample((draw(random, shape, low, high, away),))

    return samples


def roots(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (3, 2), 0.2, 2), draw(random, (2,), -2, 2)))
    yield Sample((draw(random, (3,), -2, -0.2), 0.5), exact=False)  # the real part is exactly 0 in PyTorch, and 1e-17 here
    yield Sample((draw(random, (3,), -2, -0.2), draw(random, (), -2, 2)))


def bases(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (3, 1), 1.5, 3), draw(random, (2,), 0.2, 2)))
    yield Sample((2, draw(random, (2,), -2, -0.2)))
    yield Sample((3.0, draw(random, (2,), 0.2, 2)))


def whole_multiples(random: Random) -> Iterator[Sample]:
    b = draw(random, (3,), 0.7, 1.3) * np.array([1, -1, 1])
    yield Sample(((np.array([[2.0], [-3.0]]) + random.uniform(0.2, 0.6, (2, 3))) * b, b))
    yield Sample((np.array([1.3, 2.4, -0.7]), 0.5))
    yield Sample((7.3, np.array([0.9, -2.0])))


def parts_of(random: Random) -> Iterator[Sample]:
    for shape in ((3, 2), (), (0, 3)):
        yield Sample((np.asarray(draw(random, shape, -2, 2, 0.3) + 0.003),))
    yield Sample((np.array([2.3, -7.9, 0.2]),))


def angles(random: Random) -> Iterator[Sample]:
    for shape in ((3, 2), ()):
        yield Sample((draw(random, shape, -2, 2, 0.3),))
    yield Sample((draw(random, (3,), -2, 2, 0.3),), {"deg": True}, exact=False)
    yield Sample((draw(random, (3,), -2, 2, 0.3), True), exact=False)


def maybe_real(random: Random) -> Iterator[Sample]:
    for shape in ((3, 2), ()):
        yield Sample((draw(random, shape, -2, 2),))
        yield Sample((draw(random, shape, -2, 2),), {"tol": 0.5})


def beyond_one_torch(name: str) -> Any:
    def call(torch: Any, x: Any) -> Any:
        return getattr(torch, name)(torch.complex(x, torch.zeros_like(x)) if bool((torch.abs(x) > 1).any()) else x)

    return call


def logn_torch(torch: Any, n: Any, x: Any) -> Any:
    n = torch.as_tensor(n, dtype=x.dtype)
    return wide_torch("log")(torch, x) / wide_torch("log")(torch, n)


def power_torch(torch: Any, x: Any, p: Any) -> Any:
    return torch.pow(x + 0j if bool((x < 0).any()) else x, p)


def modf_torch(torch: Any, x: Any) -> Any:
    return torch.frac(x), torch.trunc(x)


def divmod_torch(torch: Any, a: Any, b: Any) -> Any:
    a, b = torch.as_tensor(a, dtype=torch.result_type(a, b)), torch.as_tensor(b, dtype=torch.result_type(a, b))
    return torch.broadcast_tensors(torch.floor_divide(a, b).detach(), torch.remainder(a, b))


def wide_torch(name: str) -> Any:
    """PyTorch's function on an argument that is made complex where the real function is not defined."""

    def call(torch: Any, *args: Any) -> Any:
        *first, x = args
        return getattr(torch, name)(*first, x + 0j if bool((x < 0).any()) else x)

    return call


OPERATORS = [
    Operator(np.modf, parts_of, torch=modf_torch),
    Operator(np.frexp, parts_of, torch=lambda torch, x: tuple(torch.frexp(x)), narrow=False),
    Operator(np.divmod, whole_multiples, torch=divmod_torch),
    Operator(np.angle, angles, torch="angle", complex=True),
    Operator(np.real_if_close, maybe_real, torch=lambda torch, x, tol=100: x.clone(), complex=True),
    Operator(np.emath.sqrt, any_sign(-2, 2, 0.2), torch=wide_torch("sqrt"), complex=True),
    Operator(np.emath.log, any_sign(-2, 2, 0.2), torch=wide_torch("log"), complex=True),
    Operator(np.emath.log2, any_sign(-2, 2, 0.2), torch=wide_torch("log2"), complex=True),
    Operator(np.emath.log10, any_sign(-2, 2, 0.2), torch=wide_torch("log10"), complex=True),
    Operator(np.emath.logn, bases, torch=logn_torch),
    Operator(np.emath.power, roots, torch=power_torch),
    Operator(np.emath.arccos, any_sign(1.2, 2, 0.2), torch=beyond_one_torch("arccos"), complex=True),
    Operator(np.emath.arcsin, any_sign(1.2, 2, 0.2), torch=beyond_one_torch("arcsin"), complex=True),
    Operator(np.emath.arctanh, any_sign(1.2, 2, 0.2), torch=beyond_one_torch("arctanh"), complex=True),
]
