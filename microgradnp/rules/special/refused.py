"""The ufuncs of scipy.special that are refused, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import scipy.special as sp
from scipy.special import _ufuncs

from microgradnp.core.entries import refused

CURE = "; pass .numpy(), or give it a rule with mg.rule"


def named(names: str) -> Iterator[Any]:
    """The functions of these names that this release of SciPy has."""
    for name in names.split():
        function = getattr(sp, name, None) or getattr(_ufuncs, name, None)
        if function is not None:
            yield function


refused(
    "SciPy lacks its derivative" + CURE,
    *named("zetac _riemann_zeta kolmogorov kolmogi smirnov smirnovi besselpoly voigt_profile modfresnelm modfresnelp agm"),
)
refused(
    "it is the inverse of a distribution function with respect to a parameter, and SciPy lacks its derivative" + CURE,
    *named("bdtrik bdtrin btdtria btdtrib chdtriv chndtridf chndtrinc fdtridfd gdtria gdtrib nbdtrik nbdtrin ncfdtridfd"),
    *named("ncfdtridfn ncfdtrinc nctdtridf nctdtrinc nrdtrimn nrdtrisd pdtrik stdtridf"),
)
refused(
    "SciPy lacks the density of this distribution" + CURE,
    *named("chndtr chndtrix ncfdtr ncfdtri nctdtr nctdtrit tklmbda"),
)
refused(
    "spheroidal, Mathieu and associated Legendre functions have no rule" + CURE,
    *named("lpmv mathieu_a mathieu_b mathieu_cem mathieu_sem mathieu_modcem1 mathieu_modcem2 mathieu_modsem1 mathieu_modsem2"),
    *named("obl_ang1 obl_ang1_cv obl_cv obl_rad1 obl_rad1_cv obl_rad2 obl_rad2_cv"),
    *named("pro_ang1 pro_ang1_cv pro_cv pro_rad1 pro_rad1_cv pro_rad2 pro_rad2_cv"),
)
refused(
    "Kelvin functions have no rule; write them with kv, jv and complex numbers",
    *named("bei beip ber berp kei keip ker kerp kelvin"),
)
refused(
    "the symmetric elliptic integrals have no rule" + CURE,
    *named("elliprc elliprd elliprf elliprg elliprj"),
)
refused(
    "SciPy computes it to six digits, too few to check a slope against" + CURE,
    *named("itairy"),
)
refused(
    "its slope is a Struve function, which takes eighty times as long" + CURE,
    *named("itstruve0 itmodstruve0"),
)
refused(
    "it has no rule" + CURE,
    *named("airye eval_sh_jacobi it2i0k0 it2j0y0 it2struve0 log_wright_bessel pbwa"),
)
