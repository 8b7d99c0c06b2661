"""Distribution functions, whose slope is a density, and their inverses, whose slope is 1 / density.

Degrees of freedom and counts have no rule. Each function is a formula of `gammainc` or `betainc`: DLMF 8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special as sp

from microgradnp.core.table import rule
from microgradnp.rules.special.gamma import beta_density, gamma_density
from microgradnp.rules.special.tools import times

Density = Callable[..., Any]


def student(v: Any, t: Any) -> Any:
    """(1 + t**2 / v)**(-(v + 1) / 2) / (sqrt(v) beta(v / 2, 1 / 2)). DLMF has no section on it."""
    return np.exp(-0.5 * (v + 1) * np.log1p(t * t / v) - sp.betaln(0.5 * v, 0.5)) / np.sqrt(v)


def chi_square(v: Any, x: Any) -> Any:
    return 0.5 * gamma_density(0.5 * v, 0.5 * x)


def fisher(m: Any, n: Any, x: Any) -> Any:
    """The beta density at m x / (m x + n), times the slope of m x / (m x + n)."""
    whole = m * x + n
    return beta_density(0.5 * m, 0.5 * n, m * x / whole) * m * n / (whole * whole)


def poisson(k: Any, m: Any) -> Any:
    return gamma_density(np.floor(k) + 1.0, m)


def binomial(k: Any, n: Any, p: Any) -> Any:
    return beta_density(np.floor(k) + 1.0, n - np.floor(k), p)


def negative_binomial(k: Any, n: Any, p: Any) -> Any:
    return beta_density(n * 1.0, k + 1.0, p)


def rising(density: Density) -> Density:
    """The rule of a function that rises with this slope."""
    return lambda g, y, *args: times(g, density(*args))


def falling(density: Density) -> Density:
    """The rule of a function that falls with this slope."""
    return lambda g, y, *args: times(g, -density(*args))


def inverse(density: Density, sign: float = 1.0) -> Density:
    """The rule of an inverse: the last argument is a probability, the result the place where it is reached."""
    return lambda g, y, *args: times(g, sign / density(*args[:-1], y))


# fmt: off
rule(sp.stdtr,   None,       rising(student))
rule(sp.stdtrit, None,       inverse(student))
rule(sp.chdtr,   None,       rising(chi_square))
rule(sp.chdtrc,  None,       falling(chi_square))
rule(sp.chdtri,  None,       inverse(chi_square, -1.0))
rule(sp.fdtr,    None, None, rising(fisher))
rule(sp.fdtrc,   None, None, falling(fisher))
rule(sp.fdtri,   None, None, inverse(fisher))
rule(sp.pdtr,    None,       falling(poisson))
rule(sp.pdtrc,   None,       rising(poisson))
rule(sp.pdtri,   None,       inverse(poisson, -1.0))
rule(sp.bdtr,    None, None, falling(binomial))
rule(sp.bdtrc,   None, None, rising(binomial))
rule(sp.bdtri,   None, None, inverse(binomial, -1.0))
rule(sp.nbdtr,   None, None, rising(negative_binomial))
rule(sp.nbdtrc,  None, None, falling(negative_binomial))
rule(sp.nbdtri,  None, None, inverse(negative_binomial))
rule(sp.gdtr,    lambda g, y, a, b, x: times(g, x * gamma_density(b, a * x)),
                 None,
                 lambda g, y, a, b, x: times(g, a * gamma_density(b, a * x)))
rule(sp.gdtrc,   lambda g, y, a, b, x: times(g, -x * gamma_density(b, a * x)),
                 None,
                 lambda g, y, a, b, x: times(g, -a * gamma_density(b, a * x)))
rule(sp.gdtrix,  lambda g, y, a, b, p: -g * y / a,
                 None,
                 lambda g, y, a, b, p: times(g, 1 / (a * gamma_density(b, a * y))))
# fmt: on
