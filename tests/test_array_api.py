"""The Python array API standard, 2024.12: every function that takes an array has a gradient, or a derivative of zero.

The names are those of https://data-apis.org/array-api/2024.12/. `x.__array_namespace__()` of a Tensor is NumPy, whose functions
record; code that is written against the standard runs unchanged.
"""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core.entries import Composite
from microgradnp.core.table import TABLE

DIFFERENTIABLE = """
    abs acos acosh add asin asinh atan atan2 atanh clip conj copysign cos cosh divide exp expm1 hypot imag log log1p log2 log10
    logaddexp maximum minimum multiply negative positive pow real reciprocal remainder sign sin sinh square sqrt subtract tan tanh
    cumulative_prod cumulative_sum max mean min prod std sum var
    broadcast_arrays broadcast_to concat expand_dims flip moveaxis permute_dims repeat reshape roll squeeze stack tile unstack
    take take_along_axis matmul matrix_transpose tensordot vecdot where sort diff astype linspace full_like meshgrid tril triu
    unique_all unique_counts unique_inverse unique_values
    linalg.cholesky linalg.cross linalg.det linalg.diagonal linalg.eigh linalg.eigvalsh linalg.inv linalg.matmul
    linalg.matrix_norm linalg.matrix_power linalg.matrix_transpose linalg.outer linalg.pinv linalg.qr linalg.slogdet linalg.solve
    linalg.svd linalg.svdvals linalg.tensordot linalg.trace linalg.vecdot linalg.vector_norm
    fft.fft fft.ifft fft.fftn fft.ifftn fft.rfft fft.irfft fft.rfftn fft.irfftn fft.hfft fft.ihfft fft.fftshift fft.ifftshift
"""
CONSTANT = """
    bitwise_and bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor ceil equal floor floor_divide greater
    greater_equal isfinite isinf isnan less less_equal logical_and logical_not logical_or logical_xor nextafter not_equal round
    signbit trunc argmax argmin argsort count_nonzero nonzero searchsorted all any
    can_cast result_type empty_like ones_like zeros_like linalg.matrix_rank
"""


def function(name):
    space, _, last = name.rpartition(".")
    return getattr(getattr(np, space) if space else np, last)


@pytest.mark.parametrize("name", DIFFERENTIABLE.split())
def test_it_has_a_gradient(name):
    entry = TABLE[function(name)]
    assert isinstance(entry, Composite) or not entry.constant


@pytest.mark.parametrize("name", CONSTANT.split())
def test_it_has_derivative_zero(name):
    entry = TABLE[function(name)]
    assert isinstance(entry, Composite) or entry.constant


def softmax_of_the_standard(x):
    """As a library writes it that does not know whose arrays it is given."""
    xp = x.__array_namespace__()
    shifted = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return shifted / xp.sum(shifted, axis=-1, keepdims=True)


def test_code_for_the_standard_runs_on_tensors():
    x = np.array([[0.5, -1.0, 2.0]])
    np.testing.assert_array_equal(softmax_of_the_standard(mg.Tensor(x)).numpy(), softmax_of_the_standard(x))
    mg.check_grads(softmax_of_the_standard, (x,))
    assert mg.Tensor(x).device == "cpu"
