"""Orthogonal polynomials and hypergeometric functions: DLMF 18.9, 15.5 and 13.3. Degrees and parameters have no rule.

The slope of Gegenbauer's polynomial C^(a)_n is 2 a C^(a+1)_{n-1}. Legendre's polynomials have a = 1/2, and Chebyshev's of the
second kind have a = 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special as sp

from microgradnp.core.table import rule
from microgradnp.rules.special.tools import times


def one_less(n: Any) -> tuple[Any, Any]:
    """The degree n - 1, an integer that is never negative; and a factor that is 0 where n is 0, else 1."""
    n = np.asarray(n)
    return np.where(n == 0, 0, n - (n != 0)), (n != 0) * 1


def gegenbauer(n: Any, a: Any, x: Any, factor: Any = 1.0) -> Any:
    """factor * 2 a C^(a+1)_{n-1}(x): the slope of C^(a)_n."""
    degree, positive = one_less(n)
    return positive * factor * 2 * a * sp.eval_gegenbauer(degree, a + 1.0, x)


def chebyshev(n: Any, x: Any, factor: float = 1.0) -> Any:
    """factor * n U_{n-1}(x): the slope of T_n."""
    return n * factor * sp.eval_chebyu(one_less(n)[0], x)


def laguerre(n: Any, a: Any, x: Any) -> Any:
    degree, positive = one_less(n)
    return -positive * sp.eval_genlaguerre(degree, a + 1.0, x)


def jacobi(n: Any, a: Any, b: Any, x: Any) -> Any:
    degree, positive = one_less(n)
    return positive * 0.5 * (n + a + b + 1) * sp.eval_jacobi(degree, a + 1.0, b + 1.0, x)


def hermite(function: Callable[..., Any], factor: int) -> Callable[..., Any]:
    return lambda g, y, n, x: times(g, factor * n * function(one_less(n)[0], x))


def hyp2f1(a: Any, b: Any, c: Any, z: Any) -> Any:
    return a * b / c * sp.hyp2f1(a + 1.0, b + 1.0, c + 1.0, z)


# fmt: off
rule(sp.eval_gegenbauer,  None, None,       lambda g, y, n, a, x: times(g, gegenbauer(n, a, x)))
rule(sp.eval_legendre,    None,             lambda g, y, n, x: times(g, gegenbauer(n, 0.5, x)))
rule(sp.eval_sh_legendre, None,             lambda g, y, n, x: times(g, gegenbauer(n, 0.5, 2 * x - 1, 2.0)))
rule(sp.eval_chebyt,      None,             lambda g, y, n, x: times(g, chebyshev(n, x)))
rule(sp.eval_chebyu,      None,             lambda g, y, n, x: times(g, gegenbauer(n, 1.0, x)))
rule(sp.eval_chebyc,      None,             lambda g, y, n, x: times(g, chebyshev(n, 0.5 * x)))            # 2 T_n(x / 2)
rule(sp.eval_chebys,      None,             lambda g, y, n, x: times(g, gegenbauer(n, 1.0, 0.5 * x, 0.5)))  # U_n(x / 2)
rule(sp.eval_sh_chebyt,   None,             lambda g, y, n, x: times(g, chebyshev(n, 2 * x - 1, 2.0)))
rule(sp.eval_sh_chebyu,   None,             lambda g, y, n, x: times(g, gegenbauer(n, 1.0, 2 * x - 1, 2.0)))
rule(sp.eval_laguerre,    None,             lambda g, y, n, x: times(g, laguerre(n, 0.0, x)))
rule(sp.eval_genlaguerre, None, None,       lambda g, y, n, a, x: times(g, laguerre(n, a, x)))
rule(sp.eval_jacobi,      None, None, None, lambda g, y, n, a, b, x: times(g, jacobi(n, a, b, x)))
rule(sp.eval_hermite,     None,             hermite(sp.eval_hermite, 2))
rule(sp.eval_hermitenorm, None,             hermite(sp.eval_hermitenorm, 1))

rule(sp.hyp0f1,           None,             lambda g, y, b, z: times(g, sp.hyp0f1(b + 1.0, z) / b))
rule(sp.hyp1f1,           None, None,       lambda g, y, a, b, z: times(g, a / b * sp.hyp1f1(a + 1.0, b + 1.0, z)))
rule(sp.hyp2f1,           None, None, None, lambda g, y, a, b, c, z: times(g, hyp2f1(a, b, c, z)))
rule(sp.hyperu,           None, None,       lambda g, y, a, b, z: times(g, -a * sp.hyperu(a + 1.0, b + 1.0, z)))
# fmt: on
