"""Distribution functions and their inverses with respect to the variable: the slope of the one is the density, of the other its
reciprocal. Degrees of freedom and counts have no rule. Each is a formula of `gammainc` or `betainc`: DLMF 8.
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
    """DLMF has no section on it: (1 + t**2 / v)**(-(v + 1) / 2) / (sqrt(v) beta(v / 2, 1 / 2))."""
    return np.exp(-0.5 * (v + 1) * np.log1p(t * t / v) - sp.betaln(0.5 * v, 0.5)) / np.sqrt(v)


def chi_square(v: Any, x: Any) -> Any:
    return 0.5 * gamma_density(0.5 * v, 0.5 * x)


def fisher(m: Any, n: Any, x: Any) -> Any:
    """The beta density of m x / (m x + n), with the slope of that."""
    whole = m * x + n
    return beta_density(0.5 * m, 0.5 * n, m * x / whole) * m * n / (whole * whole)


def poisson(k: Any, m: Any) -> Any:
    return gamma_density(np.floor(k) + 1.0, m)


def binomial(k: Any, n: Any, p: Any) -> Any:
    return beta_density(np.floor(k) + 1.0, n - np.floor(k), p)


def negative_binomial(k: Any, n: Any, p: Any) -> Any:
    return beta_density(n * 1.0, k + 1.0, p)


def up(density: Density) -> Density:
    return lambda g, y, *args: times(g, density(*args))


def down(density: Density) -> Density:
    return lambda g, y, *args: times(g, -density(*args))


def inverse(density: Density, sign: float = 1.0) -> Density:
    """The last argument is a probability, and the result what belongs to it."""
    return lambda g, y, *args: times(g, sign / density(*args[:-1], y))


# fmt: off
rule(sp.stdtr,   None,       up(student))
rule(sp.stdtrit, None,       inverse(student))
rule(sp.chdtr,   None,       up(chi_square))
rule(sp.chdtrc,  None,       down(chi_square))
rule(sp.chdtri,  None,       inverse(chi_square, -1.0))
rule(sp.fdtr,    None, None, up(fisher))
rule(sp.fdtrc,   None, None, down(fisher))
rule(sp.fdtri,   None, None, inverse(fisher))
rule(sp.pdtr,    None,       down(poisson))
rule(sp.pdtrc,   None,       up(poisson))
rule(sp.pdtri,   None,       inverse(poisson, -1.0))
rule(sp.bdtr,    None, None, down(binomial))
rule(sp.bdtrc,   None, None, up(binomial))
rule(sp.bdtri,   None, None, inverse(binomial, -1.0))
rule(sp.nbdtr,   None, None, up(negative_binomial))
rule(sp.nbdtrc,  None, None, down(negative_binomial))
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
