"""Records of `microgradnp/rules/polynomials.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from operators.record import Operator, Random, Sample, Wrong, called_with, draw


def two(*lengths: tuple[int, int]) -> Callable[[Random], Iterator[Sample]]:
    def samples(random: Random) -> Iterator[Sample]:
        for n, m in lengths:
            yield Sample((draw(random, (n,), 0.5, 2), draw(random, (m,), 0.5, 2)))
        yield Sample((draw(random, (3,), 0.5, 2), [1.0, 2.0]), exact=False)

    return samples


def places(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (4,), -2, 2), draw(random, (2, 3), -2, 2)))
    yield Sample(([1.0, 2.0, -1.0], draw(random, (3,), -2, 2)), exact=False)
    yield Sample((draw(random, (3,), -2, 2), 0.5), exact=False)


def polyval_torch(torch: Any, p: Any, x: Any) -> Any:
    powers = [x**k for k in reversed(range(len(p)))]
    return sum((c * power for c, power in zip(p, powers, strict=True)), start=torch.zeros_like(x) + 0 * x)


def aligned_torch(torch: Any, a: Any, b: Any) -> Any:
    n = max(len(a), len(b))
    return tuple(torch.nn.functional.pad(part, (n - len(part), 0)) for part in (a, b))


def product_torch(torch: Any, a: Any, b: Any) -> Any:
    place = torch.arange(len(a))[:, None] + torch.arange(len(b))
    return torch.zeros(len(a) + len(b) - 1, dtype=a.dtype).index_add(0, place.ravel(), torch.outer(a, b).ravel())


def integrals(random: Random) -> Iterator[Sample]:
    p = draw(random, (3,), -2, 2)
    yield Sample((p,))
    yield Sample((p, 2))
    yield Sample((p, 2, [0.5, -1.5]))
    yield Sample((p, 2), {"k": 1.5})


def polyint_torch(torch: Any, p: Any, m: int = 1, k: Any = 0.0) -> Any:
    constants = torch.as_tensor(k, dtype=p.dtype).expand(m)
    for step in range(m):
        p = torch.cat([p / torch.arange(len(p), 0, -1), constants[step : step + 1]])
    return p


def polyder_torch(torch: Any, p: Any, m: int = 1) -> Any:
    for _ in range(m):
        p = p[:-1] * torch.arange(len(p) - 1, 0, -1)
    return p


def poly_torch(torch: Any, roots: Any) -> Any:
    roots = torch.linalg.eigvals(roots).real if roots.ndim == 2 else roots
    p = torch.ones(1, dtype=roots.dtype)
    for root in roots:
        p = product_torch(torch, p, torch.stack([torch.ones_like(root), -root]))
    return p


def zeros_of(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (3,), -2, 2),))
    yield Sample((np.diag([1.0, 2.0, -1.5]) + draw(random, (3, 3), -0.2, 0.2),))


def fits(random: Random) -> Iterator[Sample]:
    x, y = np.linspace(-1, 1, 6) + draw(random, (6,), -0.1, 0.1), draw(random, (6,), -2, 2)
    yield Sample((x, y, 2))
    yield Sample((x, np.stack([y, y**2], axis=1), 1), exact=False)
    yield Sample((x, y, 1), {"rcond": 1e-12})
    yield Sample((x, y, 2), {"w": np.linspace(0.5, 1.5, 6)}, exact=False)


def polyfit_torch(torch: Any, x: Any, y: Any, deg: int, rcond: Any = None) -> Any:
    return torch.linalg.pinv(vander_torch(torch, x, deg + 1)) @ y.to(torch.float64)


def vander_torch(torch: Any, x: Any, N: int | None = None, increasing: bool = False) -> Any:
    powers = [x.to(torch.float64) ** k for k in range(len(x) if N is None else N)]
    return torch.stack(powers if increasing else powers[::-1], dim=1)


OPERATORS = [
    Operator(np.polyval, places, torch=polyval_torch, complex=True),
    Operator(
        np.polyadd,
        two((3, 3), (2, 4), (4, 2)),
        torch=lambda torch, a, b: torch.add(*aligned_torch(torch, a, b)),
        complex=True,
    ),
    Operator(
        np.polysub,
        two((3, 3), (2, 4), (4, 2)),
        torch=lambda torch, a, b: torch.subtract(*aligned_torch(torch, a, b)),
        complex=True,
    ),
    Operator(np.polymul, two((3, 3), (2, 4)), torch=product_torch, complex=True),
    Operator(np.polydiv, two((4, 2), (3, 3)), part=lambda result: np.concatenate([result[0], result[1][-1:]]), complex=True),
    Operator(
        np.polyder,
        called_with(((4,), (), {}), ((4,), (2,), {}), ((4,), (0,), {})),
        torch=polyder_torch,
        complex=True,
        narrow=False,
        wrong=(Wrong((np.ones(3), -1), "must not be negative", error=ValueError),),
    ),
    Operator(
        np.polyint,
        integrals,
        torch=polyint_torch,
        complex=True,
        narrow=False,
        wrong=(
            Wrong((np.ones(3), -1), "must not be negative", error=ValueError),
            Wrong((np.ones(3), 3, np.ones(2)), "2 constants for 3 integrations", error=ValueError),
        ),
    ),
    Operator(np.poly, zeros_of, torch=poly_torch),
    Operator(
        np.vander,
        called_with(((3,), (), {}), ((3,), (5,), {}), ((3,), (), {"N": 2, "increasing": True})),
        torch=vander_torch,
        complex=True,
        narrow=False,
    ),
    Operator(np.polyfit, fits, torch=polyfit_torch, narrow=False),
]
