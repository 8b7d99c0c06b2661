"""Arrays of other libraries (dask, CuPy): anything that speaks NumPy's two protocols can be the array of a Tensor."""

import numpy as np
import pytest
from operators import OPERATORS

import microgradnp as mg
from microgradnp.core.sweep import sweep
from microgradnp.derivatives.gradients import gradients


class Remote(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that lives elsewhere. It has the attributes that such arrays share, and its numbers cannot be had."""

    def __init__(self, inside):
        self.inside = np.array(inside)

    shape = property(lambda self: self.inside.shape)
    dtype = property(lambda self: self.inside.dtype)
    ndim = property(lambda self: self.inside.ndim)
    size = property(lambda self: self.inside.size)
    T = property(lambda self: Remote(self.inside.T))
    real = property(lambda self: Remote(self.inside.real))
    imag = property(lambda self: Remote(self.inside.imag))

    def astype(self, dtype, **_):
        return Remote(self.inside.astype(dtype))

    def conj(self):
        return Remote(self.inside.conj())

    def copy(self):
        return Remote(self.inside)

    def __len__(self):
        return len(self.inside)

    def __getitem__(self, index):
        return Remote(self.inside[unwrapped(index)])

    def __setitem__(self, index, value):
        self.inside[unwrapped(index)] = unwrapped(value)

    def __bool__(self):
        raise TypeError("a remote array has no truth value here")

    def __array__(self, dtype=None, copy=None):
        raise TypeError("a remote array does not become an ndarray")

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return wrapped(getattr(ufunc, method)(*unwrapped(inputs), **unwrapped(kwargs)))

    def __array_function__(self, function, types, args, kwargs):
        return wrapped(function(*unwrapped(args), **unwrapped(kwargs)))


def unwrapped(value):
    if isinstance(value, dict):
        return {key: unwrapped(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(unwrapped(item) for item in value)
    return value.inside if isinstance(value, Remote) else value


def wrapped(value):
    if isinstance(value, tuple):
        parts = map(wrapped, value)
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return Remote(value) if isinstance(value, (np.ndarray, np.generic)) else value


A = np.array([[0.5, -1.25, 2.0], [3.0, 0.25, -0.75]])


def network(W, x):
    h = np.tanh(x @ W + W[0])
    return np.sum(np.concatenate([h, h * 2.0]) ** 2) + np.sum(h.T * 3.0 + h.T)


def test_a_forward_and_a_backward_pass_leave_the_array_where_it_is():
    value, slope = mg.value_and_grad(network)(Remote(A), np.ones((4, 2)))
    assert type(value) is type(slope) is Remote
    W = mg.Tensor(Remote(A), requires_grad=True)
    network(W, np.ones((4, 2))).backward()
    expected = mg.grad(network)(A, np.ones((4, 2)))
    np.testing.assert_allclose(slope.inside, expected, rtol=1e-14)
    np.testing.assert_allclose(W.grad.inside, expected, rtol=1e-14)


def test_second_derivatives_are_those_of_the_same_numbers():
    W = mg.Tensor(Remote(A), requires_grad=True)
    (slope,) = gradients(network(W, np.ones((4, 2))), [W], record=True)
    plain = mg.Tensor(A, requires_grad=True)
    (expected,) = gradients(network(plain, np.ones((4, 2))), [plain], record=True)
    np.testing.assert_allclose(
        gradients(np.sum(slope * slope), [W])[0].inside, gradients(np.sum(expected * expected), [plain])[0], rtol=1e-12
    )


def gradients_of(record, sample, made):
    """The result of one call and the gradients of its sum, with arrays of one kind for the arguments."""
    args = [
        mg.Tensor(made(a), requires_grad=True) if isinstance(a, np.ndarray) and a.dtype.kind in "fc" else a for a in sample.args
    ]
    y = record.call(*args, **sample.options)
    if not y.requires_grad:
        return y._array, []
    shares = {id(node): g for node, g, _ in sweep(y, made(np.ones(y.shape, y.dtype)), free=False)}
    return y._array, [shares.get(id(a)) for a in args if isinstance(a, mg.Tensor)]


# What must look at numbers or write into an array of its own: it orders, searches, counts, indexes by arrays, chooses a formula
# by the size of the numbers, or repeats until something converges.
# fmt: off
READS_NUMBERS = {
    "avg_pool", "binom", "col2im", "conv1d", "conv2d", "corrcoef", "cumprod", "cumulative_prod", "delete", "det", "diag",
    "diagonal", "eig", "eig_packed", "eigh", "eigh_packed", "eigvals", "embedding", "getitem", "gru", "i1", "i1e", "im2col",
    "insert", "interp", "interpolated", "j1", "lstm", "max_pool", "median", "nancumprod", "nanmedian", "nanpercentile",
    "nanprod", "nanquantile", "overlapped", "pad", "partition", "percentile", "piecewise", "placed", "poch", "poly",
    "polyfit", "polymul", "prod", "product_of_others", "psi", "quantile", "quotient", "ratio", "recurrence", "resize",
    "rnn", "scatter", "set_at", "setdiff1d", "setxor1d", "sliding_window_view", "sort", "sort_complex", "svd", "svd_packed",
    "take", "take_along_axis", "trace", "trigamma", "trim_zeros", "union1d", "unique", "unique_all", "unique_counts",
    "unique_inverse", "unique_values", "unsorted", "vander",
}
# fmt: on
NAMESAKES = [np.i0, *(getattr(np.emath, name) for name in np.emath.__all__)]  # functions of np.emath choose the dtype so


@pytest.mark.parametrize("record", OPERATORS, ids=lambda record: record.name)
def test_a_rule_stays_within_the_protocols_or_refuses(record):
    refused = 0
    for sample in record.samples(np.random.default_rng(20240229)):
        value, slopes = gradients_of(record, sample, np.array)
        try:
            found, found_slopes = gradients_of(record, sample, Remote)
        except (TypeError, AttributeError, ValueError, RecursionError):
            refused += 1
            continue
        refused += type(found) is not Remote  # it went on with an ndarray
        np.testing.assert_allclose(unwrapped(found), value, rtol=1e-12, atol=1e-12)
        for slope, expected in zip(found_slopes, slopes, strict=True):
            assert (slope is None) == (expected is None)
            if slope is not None:
                np.testing.assert_allclose(unwrapped(slope), expected, rtol=1e-12, atol=1e-12)
    assert bool(refused) == (record.name in READS_NUMBERS or record.function in NAMESAKES)


def test_values_are_copied_before_the_user_may_write():
    W = mg.Tensor(Remote(A), requires_grad=True)
    y = np.sum(W * W)
    data = W.data
    data.inside[0, 0] = 99.0
    y.backward()
    np.testing.assert_array_equal(W.grad.inside, 2 * A)


def test_dask(monkeypatch):
    da = pytest.importorskip("dask.array", reason='needs pip install "microgradnp[dask]"')
    W = mg.Tensor(da.from_array(A, chunks=2), requires_grad=True)
    loss = network(W, np.ones((4, 2)))
    assert isinstance(loss._array, da.Array)
    loss.backward()
    np.testing.assert_allclose(W.grad, mg.grad(network)(A, np.ones((4, 2))), rtol=1e-13)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(np.sort(x, axis=0) * x**2),  # the gradient of the sorted array is foreign
        lambda x: np.sum(np.prod(x, axis=0)),
        lambda x: np.max(x) + np.sum(np.min(x, axis=1)),
        lambda x: np.sum(np.std(x, axis=0) * np.mean(x, axis=0)),
        lambda x: np.sum(mg.logsumexp(x, axis=1)) + np.sum(mg.softmax(x) ** 2),
        lambda x: np.sum(mg.append_bias_unit(x)[1:3] ** 2) + np.sum(x[:, ::2] ** 3),
        lambda x: np.sum(np.abs(np.diff(x, axis=0)) ** 3) + np.linalg.norm(x),
        lambda x: np.sum(x[np.array([0, 2, 0])] ** 2) + np.sum(np.where(x > 0, x, 0.1 * x)),
        lambda x: np.sum(np.cumsum(x, axis=0) ** 2) + np.sum(mg.relu(x.T) @ x),
    ],
)
@pytest.mark.filterwarnings("ignore")  # Dask's own, about chunks
def test_functions_of_dask_arrays(f):
    da = pytest.importorskip("dask.array", reason='needs pip install "microgradnp[dask]"')
    x = np.random.default_rng(5).normal(size=(4, 3))
    try:
        value, slope = mg.value_and_grad(f)(da.from_array(x, chunks=(2, 3)))
    except (NotImplementedError, TypeError):  # Dask does not sort
        return
    expected, known = mg.value_and_grad(f)(x)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    np.testing.assert_allclose(slope, known, rtol=1e-11, atol=1e-12)


@pytest.fixture
def rows():
    da = pytest.importorskip("dask.array", reason='needs pip install "microgradnp[dask]"')
    random = np.random.default_rng(7)
    x, t = random.normal(size=(600, 3)), random.normal(size=(600, 2))
    return x, t, da.from_array(x, chunks=(100, 3)), da.from_array(t, chunks=(100, 2))


def misfit(W, b, x, t):
    return mg.sse(mg.sigmoid(mg.add_bias(x @ W, b)), t)


def test_gradients_over_chunks_are_lazy_and_those_of_numpy(rows):
    dask = pytest.importorskip("dask")
    x, t, far_x, far_t = rows
    W, b = np.ones((3, 2)), np.zeros(2)
    lazy = mg.value_and_grad(misfit, argnums=(0, 1))(W, b, far_x, far_t)
    assert all(hasattr(part, "__dask_graph__") for part in (lazy[0], *lazy[1]))
    (value, slopes), (expected, known) = dask.compute(lazy)[0], mg.value_and_grad(misfit, argnums=(0, 1))(W, b, x, t)
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    for slope, same in zip(slopes, known, strict=True):
        np.testing.assert_allclose(slope, same, rtol=1e-12, atol=1e-12)


def test_a_constant_gradient_has_the_chunks_of_its_array(rows):
    """The gradient of a sum is a constant of the size of the data: it must not be made here."""
    _, _, far_x, _ = rows
    _, slope = mg.value_and_grad(lambda W, x: np.sum(np.tanh(x @ W) @ np.ones((2, 1))))(np.ones((3, 2)), far_x)
    largest = max(array.size for array in arrays_of(slope.dask))
    assert largest <= 600 * 3  # the data themselves
    assert sum(array.size == 600 * 2 for array in arrays_of(slope.dask)) == 0


def arrays_of(tasks):
    """The arrays that are written into a graph of tasks."""
    found, waiting = [], list(dict(tasks).values())
    while waiting:
        item = waiting.pop()
        if isinstance(item, np.ndarray):
            found.append(item)
        elif isinstance(item, (list, tuple)):
            waiting += item
        elif hasattr(item, "args"):
            waiting += [*item.args, *getattr(item, "kwargs", {}).values()]
        elif hasattr(item, "value"):
            waiting.append(item.value)
    return found


def test_backward_computes_the_loss_and_the_gradients_of_plain_parameters_in_one_go(rows):
    dask = pytest.importorskip("dask")
    x, t, far_x, far_t = rows
    seen = []

    def counted(chunk):
        seen.append(len(chunk))
        return chunk

    W, b = mg.Tensor(np.ones((3, 2)), requires_grad=True), mg.Tensor(np.zeros(2), requires_grad=True)
    loss = misfit(W, b, far_x.map_blocks(counted, meta=x), far_t)
    with dask.config.set(scheduler="synchronous"):
        loss.backward()
    assert seen == [100] * 6  # every chunk once
    assert type(W.grad) is type(b.grad) is np.ndarray
    assert float(loss) == pytest.approx(float(misfit(W.numpy(), b.numpy(), x, t)), rel=1e-13)
    np.testing.assert_allclose(W.grad, mg.grad(misfit)(W.numpy(), b.numpy(), x, t), rtol=1e-12)
