"""Methods of a Tensor and of ufuncs: those of ndarray, with gradients."""

import numpy as np
import pytest

import microgradnp as mg

A = np.array([[0.5, -1.25, 2.0], [3.0, 0.25, -0.75]])

METHODS = {
    "sum": lambda x: x.sum(axis=0, keepdims=True),
    "prod": lambda x: x.prod(),
    "mean": lambda x: x.mean(1),
    "var": lambda x: x.var(ddof=1),
    "std": lambda x: x.std(axis=1),
    "max": lambda x: x.max(axis=1),
    "min": lambda x: x.min(),
    "cumsum": lambda x: x.cumsum(1),
    "cumprod": lambda x: x.cumprod(),
    "trace": lambda x: x.trace(1),
    "diagonal": lambda x: x.diagonal(),
    "take": lambda x: x.take([0, 2, 2], axis=1),
    "compress": lambda x: x.compress([False, True], axis=0),
    "repeat": lambda x: x.repeat(2, 0),
    "reshape": lambda x: x.reshape(3, 2, order="F"),
    "ravel": lambda x: x.ravel("F"),
    "flatten": lambda x: x.flatten(),
    "transpose": lambda x: x.transpose(1, 0),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "squeeze": lambda x: x[:1].squeeze(0),
    "clip": lambda x: x.clip(-1, max=1),
    "astype": lambda x: x.astype(complex).real,
    "copy": lambda x: x.copy(),
    "conj": lambda x: x.conj(),
    "dot": lambda x: x.dot(A.T),
    "divmod": lambda x: divmod(x, 0.7)[1],
    "rdivmod": lambda x: divmod(2.3, x)[1],
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_have_the_values_of_ndarrays_and_gradients(name):
    f = METHODS[name]
    np.testing.assert_array_equal(f(mg.Tensor(A)).numpy(), f(A))
    mg.check_grads(f, (A,))


CONSTANTS = {
    "argmax": lambda x: x.argmax(axis=1),
    "argmin": lambda x: x.argmin(),
    "argsort": lambda x: x.argsort(0),
    "argpartition": lambda x: x.argpartition(1),
    "any": lambda x: (x > 1).any(axis=0),
    "all": lambda x: (x > 1).all(),
    "searchsorted": lambda x: x[0, :1].searchsorted([0.3, 0.7]),
    "round": lambda x: x.round(1),
    "shift": lambda x: x.astype(int) << 1,
    "shift back": lambda x: 8 >> abs(x).astype(int),
    "device": lambda x: x.device,
    "itemsize": lambda x: x.itemsize,
    "nbytes": lambda x: x.nbytes,
    "contains": lambda x: (2.0 in x, 7.0 in x),
    "namespace": lambda x: x.__array_namespace__(),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_constant_methods_have_the_values_of_ndarrays(name):
    f = CONSTANTS[name]
    x = mg.Tensor(A, requires_grad=True)
    result = f(x)
    assert not getattr(result, "requires_grad", False)
    np.testing.assert_array_equal(result.numpy() if isinstance(result, mg.Tensor) else result, f(A))


def test_nonzero():
    rows, columns = (mg.Tensor(A) > 0).nonzero()
    np.testing.assert_array_equal((rows, columns), (A > 0).nonzero())


UFUNC_METHODS = {
    "add.reduce": lambda x: np.add.reduce(x),
    "multiply.reduce": lambda x: np.multiply.reduce(x, axis=1),
    "maximum.reduce": lambda x: np.maximum.reduce(x, keepdims=True),
    "minimum.reduce": lambda x: np.minimum.reduce(x, axis=(0, 1)),
    "add.accumulate": lambda x: np.add.accumulate(x, axis=1),
    "multiply.accumulate": lambda x: np.multiply.accumulate(x),
    "maximum.accumulate": lambda x: np.maximum.accumulate(x, axis=1),
    "minimum.accumulate": lambda x: np.minimum.accumulate(x),
    "multiply.outer": lambda x: np.multiply.outer(x, x[0]),
    "subtract.outer": lambda x: np.subtract.outer([1.0, 2.0], x),
    "arctan2.outer": lambda x: np.arctan2.outer(x[0], 3.0),
}


@pytest.mark.parametrize("name", UFUNC_METHODS)
def test_methods_of_ufuncs(name):
    f = UFUNC_METHODS[name]
    np.testing.assert_array_equal(f(mg.Tensor(A)).numpy(), f(A))
    mg.check_grads(f, (A,))


def test_of_equal_entries_the_latest_is_the_running_extreme():
    """PyTorch's convention of cummax and cummin. 1 2 1 3 2 has the running maxima 1 2 2 3 3; 2 2 1 has 2 2 2 and 2 2 1."""
    weights = np.array([1.0, 10.0, 100.0, 1000.0, 10000.0])
    for ufunc, data, expected in (
        (np.maximum, [1.0, 2.0, 1.0, 3.0, 2.0], [1, 110, 0, 11000, 0]),
        (np.minimum, [3.0, 2.0, 3.0, 1.0, 2.0], [1, 110, 0, 11000, 0]),
        (np.maximum, [2.0, 2.0, 1.0], [1, 110, 0]),
        (np.minimum, [2.0, 2.0, 1.0], [1, 10, 100]),
    ):
        x = mg.Tensor(data, requires_grad=True)
        np.sum(ufunc.accumulate(x) * weights[: len(data)]).backward()
        np.testing.assert_array_equal(x.grad, expected)


def test_running_extremes_keep_nan():
    x = np.array([1.0, np.nan, 3.0, 0.5])
    for ufunc in (np.maximum, np.minimum):
        np.testing.assert_array_equal(ufunc.accumulate(mg.Tensor(x)).numpy(), ufunc.accumulate(x))


@pytest.mark.parametrize("name", ["sort", "partition", "fill", "put", "resize", "setfield"])
def test_methods_that_write_in_place_say_what_to_write_instead(name):
    with pytest.raises(AttributeError, match=rf"no {name}\(\), which would change it in place: write (np|mg)\."):
        getattr(mg.Tensor(A), name)
    assert not hasattr(mg.Tensor(A), name)


def test_other_attributes_of_ndarrays_are_pointed_to():
    with pytest.raises(AttributeError, match=r"no attribute 'flags'; ndarrays have it: x\.numpy\(\)\.flags"):
        mg.Tensor(A).flags  # noqa: B018
    with pytest.raises(AttributeError, match=r"for windows write np.lib.stride_tricks.sliding_window_view"):
        mg.Tensor(A).strides  # noqa: B018
    with pytest.raises(AttributeError, match=r"no attribute 'strid'$"):
        mg.Tensor(A).strid  # noqa: B018


def test_options_of_methods_are_those_of_numpy():
    x = mg.Tensor(A, requires_grad=True)
    with pytest.raises(TypeError, match="sum: the keyword out="):
        x.sum(out=np.zeros(()))
    with pytest.raises(TypeError, match="the keyword dtype="):
        np.multiply.outer(x, x, dtype=np.float32)


def test_attributes_that_a_tensor_lacks_are_not_listed():
    x = mg.Tensor(A)
    listed = dir(x)
    assert {"sum", "shape", "backward"} <= set(listed)
    assert [name for name in listed if not hasattr(x, name)] == []


DEFAULTS = {
    "trace": lambda x: x[0].trace(),
    "diagonal": lambda x: x.diagonal(),
    "argsort": lambda x: x.argsort(),
    "argpartition": lambda x: x.argpartition(1),
    "round": lambda x: x.round(),
    "round()": lambda x: round(x) if isinstance(x, mg.Tensor) else x.round(0),
    "transpose": lambda x: x.transpose(),
    "transpose of a tuple": lambda x: x.transpose((1, 0, 2)),
    "transpose of numbers": lambda x: x.transpose(1, 0, 2),
    "reshape of a tuple": lambda x: x.reshape((4, 6)),
    "reshape of numbers": lambda x: x.reshape(4, 6),
    "sum of a logical array": lambda x: np.add.reduce(x > 0, axis=0, dtype=None),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_methods_with_their_defaults_are_those_of_ndarray(name):
    x = np.random.default_rng(0).normal(size=(2, 3, 4)) * 3
    np.testing.assert_array_equal(np.asarray(DEFAULTS[name](mg.Tensor(x))), DEFAULTS[name](x))


def test_dir_lists_what_a_tensor_has():
    names = dir(mg.Tensor(1.0))
    assert {"shape", "backward", "sum", "data"} <= {*names}
    assert not {"sort", "fill", "tobytes"} & {*names}


def test_an_outer_product_of_one_argument_is_refused():
    with pytest.raises((TypeError, ValueError), match=r"exp\.outer: no gradient rule|outer product only supported"):
        np.exp.outer(mg.Tensor(1.0))
