"""NumPy's one Bessel function, i0. Its derivatives need I_k(x) / x**k, which NumPy lacks. Each of those leads to the next:

d/dx I_0(x) = x * (I_1(x) / x),    d/dx (I_k(x) / x**k) = x * (I_{k+1}(x) / x**(k+1)),    DLMF 10.29.4.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.guards import finite

NEAR = 20.0  # up to here the power series, whose terms are all positive; beyond it the asymptotic series is exact to 1e-16
NEAR_TERMS, FAR_TERMS = 40, 24


@primitive
def quotient(x: Any, k: int) -> Any:
    """I_k(x) / x**k, an even function: DLMF 10.25.2, and 10.40.1 for large x."""
    x = np.abs(np.asarray(x))
    far = x > NEAR
    return np.where(far, asymptotic_series(np.where(far, x, NEAR), k), power_series(np.where(far, 0, x), k))


def power_series(x: Any, k: int) -> Any:
    """The sum of (x**2 / 4)**m / (m! (m + k)! 2**k), by Horner's scheme."""
    z = x * x / 4
    total = np.ones_like(z)
    for m in range(NEAR_TERMS, 0, -1):
        total *= z / (m * (m + k))
        total += 1
    return total / (2**k * math.factorial(k))


def asymptotic_series(x: Any, k: int) -> Any:
    """exp(x) / (x**k sqrt(2 pi x)) times a series in 1 / x."""
    total = np.ones_like(x)
    for m in range(FAR_TERMS, 0, -1):
        total *= ((2 * m - 1) ** 2 - 4 * k * k) / (8 * m) / x
        total += 1
    with np.errstate(over="ignore"):
        return total * (np.exp(x) / (np.sqrt(2 * np.pi * x) * x**k))


# fmt: off
rule(np.i0,    lambda g, y, a: g * finite(g, a * quotient(a, k=1)))
rule(quotient, lambda g, y, a, k: g * finite(g, a * quotient(a, k=k + 1)))
# fmt: on
