"""Arrays of other libraries (dask, CuPy): anything that speaks NumPy's two protocols can be the array of a Tensor."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.derivatives.gradients import gradients


class Remote(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that lives elsewhere. It has the attributes that such arrays share, and becomes an ndarray only when asked."""

    fetched = 0

    def __init__(self, inside):
        self.inside = np.asarray(inside)

    shape = property(lambda self: self.inside.shape)
    dtype = property(lambda self: self.inside.dtype)
    ndim = property(lambda self: self.inside.ndim)
    size = property(lambda self: self.inside.size)
    T = property(lambda self: Remote(self.inside.T))
    real = property(lambda self: Remote(self.inside.real))

    def astype(self, dtype):
        return Remote(self.inside.astype(dtype))

    def conj(self):
        return Remote(self.inside.conj())

    def copy(self):
        return Remote(self.inside.copy())

    def __getitem__(self, index):
        return Remote(self.inside[index])

    def __array__(self, dtype=None, copy=None):
        Remote.fetched += 1
        return np.array(self.inside, dtype)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return Remote(getattr(ufunc, method)(*[unwrapped(value) for value in inputs], **kwargs))

    def __array_function__(self, function, types, args, kwargs):
        result = function(*unwrapped(args), **kwargs)
        return Remote(result) if isinstance(result, (np.ndarray, np.generic)) else result


def unwrapped(value):
    if isinstance(value, (list, tuple)):
        return type(value)(unwrapped(item) for item in value)
    return value.inside if isinstance(value, Remote) else value


A = np.array([[0.5, -1.25, 2.0], [3.0, 0.25, -0.75]])


def network(W, x):
    h = np.tanh(x @ W + W[0])
    return np.sum(np.concatenate([h, h * 2.0]) ** 2) + np.sum(h.T * 3.0 + h.T)


def test_a_forward_pass_leaves_the_array_where_it_is():
    Remote.fetched = 0
    W = mg.Tensor(Remote(A), requires_grad=True)
    loss = network(W, np.ones((4, 2)))
    assert type(loss._array) is Remote
    assert Remote.fetched == 0


def test_gradients_are_those_of_the_same_numbers():
    expected = mg.grad(network)(A, np.ones((4, 2)))
    W = mg.Tensor(Remote(A), requires_grad=True)
    network(W, np.ones((4, 2))).backward()
    np.testing.assert_allclose(W.grad, expected, rtol=1e-14)


def test_second_derivatives_are_those_of_the_same_numbers():
    W = mg.Tensor(Remote(A), requires_grad=True)
    (slope,) = gradients(network(W, np.ones((4, 2))), [W], record=True)
    plain = mg.Tensor(A, requires_grad=True)
    (expected,) = gradients(network(plain, np.ones((4, 2))), [plain], record=True)
    np.testing.assert_allclose(
        gradients(np.sum(slope * slope), [W])[0], gradients(np.sum(expected * expected), [plain])[0], rtol=1e-12
    )


def test_values_are_copied_before_the_user_may_write():
    W = mg.Tensor(Remote(A), requires_grad=True)
    y = np.sum(W * W)
    data = W.data
    data.inside[0, 0] = 99.0
    y.backward()
    np.testing.assert_array_equal(W.grad, 2 * A)


def test_dask(monkeypatch):
    da = pytest.importorskip("dask.array", reason='needs pip install "microgradnp[dask]"')
    W = mg.Tensor(da.from_array(A, chunks=2), requires_grad=True)
    loss = network(W, np.ones((4, 2)))
    assert isinstance(loss._array, da.Array)
    loss.backward()
    np.testing.assert_allclose(W.grad, mg.grad(network)(A, np.ones((4, 2))), rtol=1e-13)
