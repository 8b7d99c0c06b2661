"""scipy.special: loaded late, decided completely, and right where its formulas divide by zero or cancel."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.checking.check_grads import check_grads
from microgradnp.core.entries import REFUSED
from microgradnp.core.table import TABLE

sp = pytest.importorskip("scipy.special", reason="SciPy is not installed; no function of it can meet a Tensor")


def gradient(f: Any, *args: Any) -> list[np.ndarray]:
    tensors = [mg.Tensor(np.array(a, float), requires_grad=True) for a in args]
    np.sum(f(*tensors)).backward()
    return [t.grad for t in tensors]


def second(f: Any, x: Any) -> np.ndarray:
    return mg.grad(lambda x: np.sum(mg.grad(lambda x: np.sum(f(x)))(x)))(np.array(x, float))


def test_rules_are_loaded_when_a_tensor_first_meets_a_ufunc_of_scipy():
    code = """
import sys, numpy as np, microgradnp as mg
assert "scipy" not in sys.modules
import scipy.special as sp
rules = "microgradnp.rules.special"
x = mg.Tensor([0.5], requires_grad=True)
np.exp(x)
assert rules not in sys.modules
sp.erf(x).backward(np.ones(1))
assert rules in sys.modules
print(x.grad)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.startswith("[0.878"), run.stderr


def test_every_ufunc_of_scipy_is_decided_once():
    mg.coverage()  # loads the rules
    ufuncs = {name: f for name in dir(sp) if isinstance(f := getattr(sp, name), np.ufunc)}
    assert len(ufuncs) > 200
    assert not sorted(name for name, f in ufuncs.items() if f not in TABLE and f not in REFUSED)
    assert not sorted(name for name, f in ufuncs.items() if f in TABLE and f in REFUSED)


def test_what_is_refused_says_why():
    with pytest.raises(TypeError, match=r"mathieu_a has no gradient rule: .*no rule; pass \.numpy\(\)"):
        sp.mathieu_a(1, mg.Tensor([0.5], requires_grad=True))


POINTS = {  # where a formula divides by zero, subtracts equal numbers, or two formulas meet
    "dawsn": (sp.dawsn, [-60.0, -12.0, 0.0, 12.0, 300.0]),
    "erfcx": (sp.erfcx, [-3.0, 0.0, 12.0, 25.1, 300.0]),
    "log_ndtr": (sp.log_ndtr, [-300.0, -10.1, -9.9, 0.0, 5.0]),
    "exprel": (sp.exprel, [-40.0, -0.06, -0.04, 0.0, 0.04, 0.06, 40.0]),
    "rgamma": (sp.rgamma, [-3.0, -1.0, 0.0, 0.4, 0.5, 0.6]),
    "psi": (sp.psi, [-2.3, 0.4, 0.6, 30.0]),
    "j1": (sp.j1, [-1e-3, 0.0, 5e-4, 1.0]),
    "i1": (sp.i1, [-1e-3, 0.0, 5e-4, 1.0]),
    "i0": (np.i0, [0.0, 19.9, 20.1]),
    "spence": (sp.spence, [0.96, 0.98, 1.0, 1.02, 1.04]),
    "ellipk": (sp.ellipk, [-0.04, -0.02, 0.0, 0.02, 0.04]),
    "ellipe": (sp.ellipe, [-0.04, -0.02, 0.0, 0.02, 0.04]),
    "ellipkm1": (sp.ellipkm1, [1e-3, 0.96, 0.98, 1.0, 1.02]),
    "expn": (lambda x: sp.expn(1, x), [0.5, 2.0]),
    "sici": (lambda x: sp.sici(x)[0], [-1.0, 0.0, 1.0]),
    "shichi": (lambda x: sp.shichi(x)[0], [-1.0, 0.0, 1.0]),
    "struve": (lambda x: sp.struve(0, x), [0.5, 1.0]),
    "boxcox": (lambda b: sp.boxcox(2.0, b), [-0.08, -0.05, 0.0, 0.05, 0.08]),
    "inv_boxcox": (lambda b: sp.inv_boxcox(2.0, b), [-0.02, 0.0, 0.01, 0.02]),
    "binom of n": (lambda n: sp.binom(n, np.array([6.0, 2.0, 2.0])), [5.0, 5.0, 2.5]),
    "binom of k": (lambda k: sp.binom(5.0, k), [6.0, -1.0, 2.0]),
    "poch": (lambda z: sp.poch(z, np.array([3.0, 3.0])), [-2.0, 1.5]),
    "hyp1f1": (lambda x: sp.hyp1f1(0.5, 1.5, x), [-1.0, 0.0, 1.0]),
    "eval_legendre": (lambda x: sp.eval_legendre(np.array([0, 1, 5]), x), [0.5, 0.5, 1.0]),
}


@pytest.mark.parametrize("name", POINTS)
def test_derivatives_where_formulas_meet(name: str):
    f, x = POINTS[name]
    for entry in range(len(x)) if "of" not in name and name not in ("poch", "eval_legendre") else [None]:
        point = np.array(x) if entry is None else np.array(x[entry])
        check_grads(f, (point,), 2)


def test_slopes_far_out_are_not_lost_to_cancellation():
    """Asymptotic series, DLMF 7.12.1: dawsn' = -1 / (2 x**2) - ..., erfcx' = -1 / (sqrt(pi) x**2) + ..."""
    np.testing.assert_allclose(gradient(sp.dawsn, [24.9, 25.1]), [[-8.083975471666801e-04, -7.95535321168156e-04]], rtol=1e-12)
    np.testing.assert_allclose(gradient(sp.dawsn, [-1e6, 1e6])[0] * 2e12, [-1, -1], rtol=1e-11)
    np.testing.assert_allclose(gradient(sp.erfcx, [1e6])[0] * np.sqrt(np.pi) * 1e12, [-1], rtol=1e-11)
    np.testing.assert_allclose(second(sp.log_ndtr, [-1e5]) + 1, [1e-10], rtol=1e-5)
    z = mg.Tensor(np.array([1e6j]), requires_grad=True)
    np.sum(np.imag(sp.wofz(z))).backward()  # wofz(i x) = erfcx(x), so wofz'(i x) = -i erfcx'(x)
    np.testing.assert_allclose(np.abs(z.grad) * np.sqrt(np.pi) * 1e12, [1], rtol=1e-11)


def test_dawsn_of_complex_numbers_keeps_its_exponential_part():
    for z in (60 + 1j, 40 + 39.9j, 2 + 1j):
        check_grads(lambda z: np.real(sp.dawsn(z)), (np.array(z),), 1)


BRANCHES = {
    "entr": (sp.entr, lambda x: x > 0, [1.0, 0.0, -1.0]),
    "logit": (sp.logit, lambda x: (x > 0) & (x < 1), [0.5, 0.0, 1.0, 2.0]),
    "gammaln": (sp.gammaln, lambda x: x > 0, [2.0, 0.0, -1.0]),
    "psi": (sp.psi, lambda x: x > 0, [2.0, 0.0, -1.0]),
    "ndtri": (sp.ndtri, lambda x: (x > 0) & (x < 1), [0.5, 0.0, 1.0, 2.0]),
    "erfinv": (sp.erfinv, lambda x: (x > -1) & (x < 1), [0.5, 1.0, 2.0]),
    "y1": (sp.y1, lambda x: x > 0, [2.0, 0.0, -1.0]),
    "k1e": (sp.k1e, lambda x: x > 0, [2.0, 0.0, -1.0]),
    "log1p": (sp.log1p, lambda x: x > -1, [1.0, -1.0, -2.0]),
    "exp1": (sp.exp1, lambda x: x > 0, [1.0, 0.0]),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_that_was_not_taken_does_no_harm(name: str):
    f, good, x = BRANCHES[name]
    with np.errstate(all="ignore"):
        (together,) = gradient(lambda x: np.where(good(x), f(x), 0), x)
        (alone,) = gradient(f, x[:1])
        twice = second(lambda x: np.where(good(x), f(x), 0), x)
    np.testing.assert_allclose(together, [*alone, *[0] * (len(x) - 1)], atol=1e-300)
    np.testing.assert_allclose(twice, [*second(f, x[:1]), *[0] * (len(x) - 1)], atol=1e-300)


def test_zero_times_the_logarithm_of_zero():
    a, b = gradient(sp.xlogy, [0.0, 0.0], [0.0, 2.0])
    np.testing.assert_allclose(a, [0, np.log(2)])  # PyTorch's convention
    np.testing.assert_allclose(b, [0, 0])
    np.testing.assert_allclose(gradient(sp.pseudo_huber, [0.0], [0.0]), [[0], [0]])


def test_binomial_coefficients_that_are_zero():
    n, k = gradient(sp.binom, [5.0, 5.0], [6.0, -1.0])
    np.testing.assert_allclose(n, [1 / 6, 0], atol=1e-15)
    np.testing.assert_allclose(k, [-1 / 6, 1 / 6])


def test_slopes_that_need_a_real_argument_say_so():
    z = mg.Tensor([1 + 1j], requires_grad=True)
    with pytest.raises(TypeError, match="jve: no gradient rule for complex numbers"):
        np.sum(np.real(sp.jve(1, z))).backward()


@pytest.mark.parametrize(
    ("call", "cure"),
    [
        (sp.softmax, "mg.softmax"),
        (sp.log_softmax, "mg.log_softmax"),
        (sp.logsumexp, "mg.logsumexp"),
        (lambda x: sp.polygamma(1, x), "scipy.special.zeta"),
        (lambda x: sp.multigammaln(x, 2), "gammaln"),
        (lambda x: sp.comb(x, 2), "scipy.special.binom"),
        (lambda x: sp.perm(x, 2), "scipy.special.poch"),
    ],
)
def test_python_functions_of_scipy_name_the_cure_instead_of_detaching(call: Any, cure: str):
    with pytest.raises(TypeError, match=rf"silent detach .* write .*{cure}"):
        call(mg.Tensor([1.5, 2.5], requires_grad=True))


def test_scipy_takes_no_number_behind_the_users_back():
    n = mg.Tensor(2.0, requires_grad=True)
    with pytest.raises(TypeError, match=r"scipy: .* which requires a gradient"):
        sp.roots_legendre(n)


def test_logsumexp_of_infinities():
    (slope,) = gradient(mg.logsumexp, [-np.inf, -np.inf])
    np.testing.assert_array_equal(slope, [0, 0])
    (slope,) = gradient(mg.logsumexp, [-np.inf, 1.0])
    np.testing.assert_array_equal(slope, [0, 1])
    np.testing.assert_array_equal(mg.logsumexp(np.zeros((0, 2)), axis=0), [-np.inf, -np.inf])
    assert mg.logsumexp([0, 0]) == np.log(2)
