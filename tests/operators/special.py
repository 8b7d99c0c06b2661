"""Records of `microgradnp/rules/special/`. There are none where SciPy is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from operators.record import Operator, Random, Sample, Wrong, draw

try:
    import scipy.special as sp
    from scipy.special import _ufuncs

    from microgradnp.rules.special.bessel import ratio
    from microgradnp.rules.special.errors import mills
    from microgradnp.rules.special.gamma import trigamma
except ModuleNotFoundError:  # an optional library: without it none of its functions meets a Tensor
    sp = None

Range = tuple[float, float]


def one(function: Any, low: float = -2.0, high: float = 2.0, torch: Any = None, complex: bool = False, **known: Any) -> Operator:
    """A function of one number, drawn from an interval."""

    def samples(random: Random) -> Iterator[Sample]:
        yield Sample((draw(random, (2, 3), low, high),))
        yield Sample((draw(random, (), low, high),))
        yield Sample((draw(random, (0, 2), low, high),))

    return Operator(function, samples, torch=torch and special(torch), complex=complex, **known)


def several(function: Any, *ranges: Range, torch: Any = None, complex: bool = False, **known: Any) -> Operator:
    """A function of several numbers that broadcast, each drawn from its interval."""

    def samples(random: Random) -> Iterator[Sample]:
        yield Sample(tuple(draw(random, (3,), *interval) for interval in ranges))
        yield Sample(tuple(draw(random, (2, 1) if k else (3,), *interval) for k, interval in enumerate(ranges)))
        yield Sample(
            tuple(draw(random, (2,), *interval) if k else 0.5 * sum(interval) for k, interval in enumerate(ranges)), exact=False
        )

    return Operator(function, samples, torch=torch and special(torch), complex=complex, **known)


def fixed(
    function: Any, *calls: tuple[Any, ...], torch: Any = None, complex: bool = False, before: int | None = None
) -> Operator:
    """A function whose parameters have no rule, called with (parameters..., interval). A Tensor as parameter is refused."""
    position = len(calls[0]) - 1 if before is None else before

    def samples(random: Random) -> Iterator[Sample]:
        for k, call in enumerate(calls):
            x = draw(random, (3,) if k else (2, 2), *call[position])
            yield Sample((*call[:position], x, *call[position + 1 :]))

    middle = np.array(0.5 * sum(calls[0][position]))
    refused = Wrong((np.array([0.5]), *calls[0][1:position], middle), "no derivative with respect to argument 0")
    wrong = (refused,) if position else ()
    return Operator(function, samples, torch=torch and special(torch), complex=complex, narrow=False, wrong=wrong)


def special(torch: Any) -> Any:
    return (lambda library, *args: getattr(library.special, torch)(*args)) if isinstance(torch, str) else torch


def entropy(torch: Any, a: Any, b: Any) -> Any:
    return torch.special.xlogy(a, a) - torch.special.xlogy(a, b)


def incomplete_gamma(name: str) -> Any:
    return lambda torch, a, x: getattr(torch.special, name)(torch.as_tensor(a, dtype=x.dtype), x)


def huber(torch: Any, delta: Any, r: Any) -> Any:
    size = torch.abs(r)
    return torch.where(size <= delta, 0.5 * r * r, delta * (size - 0.5 * delta))


def log_beta(torch: Any, a: Any, b: Any) -> Any:
    return torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)


def quotients(random: Random) -> Iterator[Sample]:
    for kind in ("jv", "iv", "ive"):
        yield Sample((draw(random, (2, 2), -3, 3, 0.3), kind, 1), exact=False)
    yield Sample((draw(random, (3,), 0.5, 3),), {"kind": "jv", "k": 2}, exact=False)


UNIT, ANY, POSITIVE = (0.1, 0.9), (-2.0, 2.0), (0.3, 3.0)
WHOLE = np.array([0, 1, 3])


def records() -> list[Operator]:
    return [
        # ------------------------------------------------------------------------------------ smooth
        one(sp.expit, torch="expit"),
        one(sp.log_expit, torch=lambda torch, x: torch.nn.functional.logsigmoid(x)),
        one(sp.logit, *UNIT, torch="logit"),
        one(sp.exp2, torch="exp2"),
        one(sp.exp10, torch=lambda torch, x: torch.pow(10.0, x)),
        one(sp.expm1, torch="expm1", complex=True),
        one(sp.log1p, -0.8, 3.0, torch="log1p", complex=True),
        one(sp.exprel, -3, 3, torch=lambda torch, x: torch.expm1(x) / x),
        several(sp.powm1, POSITIVE, ANY, torch=lambda torch, a, b: a**b - 1),
        one(sp.cbrt, *POSITIVE, torch=lambda torch, x: x ** (1 / 3)),
        one(sp.cosm1, 0.3, 3, torch=lambda torch, x: torch.cos(x) - 1),
        one(sp.sindg, 5, 80, torch=lambda torch, x: torch.sin(torch.deg2rad(x))),
        one(sp.cosdg, 5, 80, torch=lambda torch, x: torch.cos(torch.deg2rad(x))),
        one(sp.tandg, 5, 80, torch=lambda torch, x: torch.tan(torch.deg2rad(x))),
        one(sp.cotdg, 5, 80, torch=lambda torch, x: 1 / torch.tan(torch.deg2rad(x))),
        several(sp.radian, POSITIVE, POSITIVE, POSITIVE, torch=lambda torch, a, b, c: torch.deg2rad(a + b / 60 + c / 3600)),
        several(sp.xlogy, ANY, POSITIVE, torch="xlogy", complex=True),
        several(sp.xlog1py, ANY, POSITIVE, torch="xlog1py", complex=True),
        one(sp.entr, *POSITIVE, torch="entr"),
        several(sp.rel_entr, POSITIVE, POSITIVE, torch=entropy),
        several(sp.kl_div, POSITIVE, POSITIVE, torch=lambda torch, a, b: entropy(torch, a, b) - a + b),
        several(sp.huber, (0.3, 0.8), (-3, 3), torch=huber),
        several(sp.pseudo_huber, POSITIVE, ANY, torch=lambda torch, d, r: d * d * (torch.sqrt(1 + (r / d) ** 2) - 1)),
        several(sp.boxcox, POSITIVE, (0.2, 2), torch=lambda torch, a, b: (a**b - 1) / b),
        several(sp.boxcox1p, POSITIVE, (0.2, 2), torch=lambda torch, a, b: ((1 + a) ** b - 1) / b),
        several(sp.inv_boxcox, (0.2, 2), (0.2, 2), torch=lambda torch, y, b: (1 + b * y) ** (1 / b)),
        several(sp.inv_boxcox1p, (0.2, 2), (0.2, 2), torch=lambda torch, y, b: (1 + b * y) ** (1 / b) - 1),
        # ------------------------------------------------------------------------------------ errors
        one(sp.erf, torch="erf", complex=True),
        one(sp.erfc, torch="erfc", complex=True),
        one(sp.erfcx, torch="erfcx", complex=True),
        one(sp.erfi, complex=True),
        one(sp.dawsn, complex=True),
        one(sp.wofz, narrow=False, complex=True),
        one(sp.erfinv, -0.9, 0.9, torch="erfinv"),
        one(sp.erfcinv, 0.1, 1.9, torch=lambda torch, x: torch.special.erfinv(1 - x)),
        one(sp.ndtr, torch="ndtr", complex=True),
        one(sp.ndtri, *UNIT, torch="ndtri"),
        one(sp.log_ndtr, -5, 3, torch="log_ndtr", complex=True),
        one(sp.ndtri_exp, -3, -0.2, torch=lambda torch, x: torch.special.ndtri(torch.exp(x))),
        several(sp.owens_t, ANY, ANY),
        one(mills, -3, 3),
        # ------------------------------------------------------------------------------------- gamma
        one(sp.gamma, *POSITIVE, torch=lambda torch, x: torch.exp(torch.lgamma(x)), complex=True),
        one(sp.gammaln, *POSITIVE, torch="gammaln"),
        one(sp.loggamma, *POSITIVE, torch="gammaln", complex=True),
        one(sp.rgamma, -2.8, 3),
        one(sp.psi, -2.8, 3),  # PyTorch's slope has nine digits
        one(trigamma, -2.8, 3),
        fixed(_ufuncs._zeta, (2, POSITIVE), (3.5, POSITIVE), torch=lambda torch, x, q: torch.special.zeta(x, q)),
        several(sp.beta, POSITIVE, POSITIVE, torch=lambda torch, a, b: torch.exp(log_beta(torch, a, b))),
        several(sp.betaln, POSITIVE, POSITIVE, torch=log_beta),
        several(sp.poch, POSITIVE, POSITIVE, torch=lambda torch, z, m: torch.exp(torch.lgamma(z + m) - torch.lgamma(z))),
        several(sp.binom, (2.1, 3), (0.2, 1), torch=lambda torch, n, k: torch.exp(-log_beta(torch, n - k + 1, k + 1)) / (n + 1)),
        fixed(sp.gammainc, (2, POSITIVE), (0.7, POSITIVE), torch=incomplete_gamma("gammainc")),
        fixed(sp.gammaincc, (2, POSITIVE), (0.7, POSITIVE), torch=incomplete_gamma("gammaincc")),
        fixed(sp.gammaincinv, (2, UNIT), (0.7, UNIT)),
        fixed(sp.gammainccinv, (2, UNIT), (0.7, UNIT)),
        fixed(sp.betainc, (2, 3, UNIT), (0.7, 1.5, UNIT)),
        fixed(sp.betaincc, (2, 3, UNIT), (0.7, 1.5, UNIT)),
        fixed(sp.betaincinv, (2, 3, UNIT), (0.7, 1.5, UNIT)),
        fixed(sp.betainccinv, (2, 3, UNIT), (0.7, 1.5, UNIT)),
        # ----------------------------------------------------------------------------- distributions
        fixed(sp.stdtr, (2, ANY), (4.5, ANY)),
        fixed(sp.stdtrit, (2, UNIT), (4.5, UNIT)),
        fixed(sp.chdtr, (2, POSITIVE), (4.5, POSITIVE)),
        fixed(sp.chdtrc, (2, POSITIVE), (4.5, POSITIVE)),
        fixed(sp.chdtri, (2, UNIT), (4.5, UNIT)),
        fixed(sp.fdtr, (2, 3, POSITIVE), (4.5, 5, POSITIVE)),
        fixed(sp.fdtrc, (2, 3, POSITIVE), (4.5, 5, POSITIVE)),
        fixed(sp.fdtri, (2, 3, UNIT), (4.5, 5, UNIT)),
        fixed(sp.pdtr, (2, POSITIVE), (WHOLE, POSITIVE)),
        fixed(sp.pdtrc, (2, POSITIVE), (WHOLE, POSITIVE)),
        fixed(sp.pdtri, (2, UNIT), (WHOLE, UNIT)),
        fixed(sp.bdtr, (np.array(2), np.array(5), UNIT), (WHOLE, 4, UNIT)),
        fixed(sp.bdtrc, (np.array(2), np.array(5), UNIT), (WHOLE, 4, UNIT)),
        fixed(sp.bdtri, (np.array(2), np.array(5), UNIT), (WHOLE, 4, UNIT)),
        fixed(sp.nbdtr, (2, 5, UNIT), (WHOLE, 4, UNIT)),
        fixed(sp.nbdtrc, (2, 5, UNIT), (WHOLE, 4, UNIT)),
        fixed(sp.nbdtri, (2, 5, UNIT), (WHOLE, 4, UNIT)),
        Operator(sp.gdtr, scaled(POSITIVE), narrow=False),
        Operator(sp.gdtrc, scaled(POSITIVE), narrow=False),
        Operator(sp.gdtrix, scaled(UNIT), narrow=False),
        # ------------------------------------------------------------------------------------ bessel
        one(sp.j0, -5, 5),
        one(sp.j1, -5, 5),
        one(sp.y0, 0.3, 5),
        one(sp.y1, 0.3, 5),
        one(sp.i0, torch="i0"),
        one(sp.i1, torch="i1"),
        one(sp.i0e, 0.2, 5, torch="i0e"),
        one(sp.i1e, -5, -0.2, torch="i1e"),
        one(sp.k0, 0.3, 5),
        one(sp.k1, 0.3, 5),
        one(sp.k0e, 0.3, 5),
        one(sp.k1e, 0.3, 5),
        Operator(ratio, quotients),
        fixed(sp.jv, (0.5, POSITIVE), (WHOLE, POSITIVE), complex=True),
        fixed(sp.yv, (0.5, POSITIVE), (WHOLE, POSITIVE), complex=True),
        fixed(sp.yn, (2, POSITIVE), (WHOLE, POSITIVE)),
        fixed(sp.iv, (0.5, POSITIVE), (WHOLE, POSITIVE), complex=True),
        fixed(sp.kv, (0.5, POSITIVE), (WHOLE, POSITIVE), complex=True),
        fixed(sp.kn, (2, POSITIVE), (WHOLE, POSITIVE)),
        fixed(sp.hankel1, (0.5, POSITIVE), (WHOLE, POSITIVE), complex=True),
        fixed(sp.hankel2, (0.5, POSITIVE), (WHOLE, POSITIVE), complex=True),
        fixed(sp.kve, (0.5, POSITIVE), (WHOLE, POSITIVE), complex=True),
        fixed(sp.hankel1e, (0.5, POSITIVE), (WHOLE, POSITIVE), complex=True),
        fixed(sp.hankel2e, (0.5, POSITIVE), (WHOLE, POSITIVE), complex=True),
        fixed(sp.ive, (0.5, POSITIVE), (WHOLE, POSITIVE)),
        fixed(sp.jve, (0.5, POSITIVE), (WHOLE, POSITIVE)),
        fixed(sp.yve, (0.5, POSITIVE), (WHOLE, POSITIVE)),
        fixed(sp.struve, (0.5, POSITIVE), (WHOLE, POSITIVE)),
        fixed(sp.modstruve, (0.5, POSITIVE), (WHOLE, POSITIVE)),
        # --------------------------------------------------------------------------------- integrals
        one(sp.ellipk, -2, 0.9),
        one(sp.ellipkm1, 0.1, 2),
        one(sp.ellipe, -2, 0.9),
        fixed(sp.ellipkinc, (UNIT, 0.5), (ANY, 0.3), before=0),
        fixed(sp.ellipeinc, (UNIT, 0.5), (ANY, 0.3), before=0),
        one(sp.exp1, *POSITIVE, complex=True),
        one(sp.expi, *POSITIVE, complex=True),
        fixed(sp.expn, (2, POSITIVE), (WHOLE, POSITIVE)),
        one(sp.spence, *POSITIVE, complex=True),
        fixed(_ufuncs._lambertw, (POSITIVE, 0, 1e-8), (POSITIVE, 1, 1e-8), before=0, complex=True),
        one(sp.wrightomega, complex=True),
        fixed(sp.wright_bessel, (1, 1.5, POSITIVE), (0.5, 1, POSITIVE)),
        one(sp.airy, complex=True),
        fixed(sp.ellipj, (ANY, 0.5), (UNIT, 0.2), before=0),
        one(sp.fresnel, complex=True),
        one(sp.sici, *POSITIVE, complex=True),
        one(sp.shichi, *POSITIVE, complex=True),
        one(sp.itj0y0, *POSITIVE),
        one(sp.iti0k0, *POSITIVE),
        fixed(sp.pbdv, (0.5, POSITIVE), (2.0, POSITIVE)),
        fixed(sp.pbvv, (0.5, POSITIVE), (1.5, POSITIVE)),  # in float32, SciPy gives NaN for whole orders
        # ------------------------------------------------------------------------------- polynomials
        *(fixed(f, (2, UNIT), (WHOLE, UNIT), (2.5, UNIT)) for f in (sp.eval_legendre, sp.eval_sh_legendre, sp.eval_chebyt)),
        *(fixed(f, (2, UNIT), (WHOLE, UNIT), (2.5, UNIT)) for f in (sp.eval_chebyu, sp.eval_chebyc, sp.eval_chebys)),
        *(fixed(f, (2, UNIT), (WHOLE, UNIT), (2.5, UNIT)) for f in (sp.eval_sh_chebyt, sp.eval_sh_chebyu, sp.eval_laguerre)),
        *(fixed(f, (2, POSITIVE), (WHOLE, UNIT)) for f in (sp.eval_hermite, sp.eval_hermitenorm)),
        *(fixed(f, (2, 0.7, UNIT), (WHOLE, 1.5, UNIT)) for f in (sp.eval_gegenbauer, sp.eval_genlaguerre)),
        fixed(sp.eval_jacobi, (2, 0.7, 0.4, UNIT), (WHOLE, 1.5, 0.5, UNIT)),
        fixed(sp.hyp0f1, (0.7, ANY), (2, ANY), complex=True),
        fixed(sp.hyp1f1, (0.7, 1.2, ANY), (2, 3, ANY), complex=True),
        fixed(sp.hyp2f1, (0.7, 1.2, 2.3, UNIT), (2, 3, 4.5, UNIT), complex=True),
        fixed(sp.hyperu, (0.7, 1.2, POSITIVE), (2, 3, POSITIVE)),
    ]


def scaled(last: Range) -> Any:
    def samples(random: Random) -> Iterator[Sample]:
        yield Sample((draw(random, (3,), 0.5, 2), 2.0, draw(random, (3,), *last)))
        yield Sample((draw(random, (2, 1), 0.5, 2), np.array([1, 2, 3]), draw(random, (3,), *last)))

    return samples


OPERATORS = records() if sp else []
