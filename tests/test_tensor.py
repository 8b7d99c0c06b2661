"""Tensor: NumPy's operators and methods, PyTorch's rules for `.grad`, and what a Tensor refuses to be."""

import cmath
import copy
import math
import operator
import pickle
import threading

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core import habits

A = np.array([[0.5, -1.25, 2.0], [3.0, 0.25, -0.75]])
B = np.array([[1.5, 2.0, -0.5], [0.25, 4.0, 1.0]])


@pytest.fixture
def W():
    return mg.Tensor(A, requires_grad=True, name="W")


# ------------------------------------------------------------------------------------ operators and methods

BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod]
COMPARE = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


@pytest.mark.parametrize("operation", [*BINARY, *COMPARE], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "other", [B, 2.0, 3, np.float64(0.5), np.array(2.0), [1.0, 2.0, 3.0]], ids=["array", "float", "int", "np", "0-d", "list"]
)
def test_operators_in_both_orders(operation, other, W):
    array = np.asarray(other)
    np.testing.assert_array_equal(operation(W, other).numpy(), operation(A, array))
    np.testing.assert_array_equal(operation(other, W).numpy(), operation(array, A))
    np.testing.assert_array_equal(operation(W, mg.Tensor(array)).numpy(), operation(A, array))


def test_power_matmul_and_unary_operators(W):
    np.testing.assert_array_equal((abs(W) ** 1.5).numpy(), np.abs(A) ** 1.5)
    np.testing.assert_array_equal((2.0**W).numpy(), 2.0**A)
    np.testing.assert_array_equal((W @ B.T).numpy(), A @ B.T)
    np.testing.assert_array_equal((B.T @ W).numpy(), B.T @ A)
    np.testing.assert_array_equal((-W).numpy(), -A)
    np.testing.assert_array_equal((+W).numpy(), A)
    np.testing.assert_array_equal(round(W, 1).numpy(), A.round(1))
    positive, negative = W > 0, W < 0
    np.testing.assert_array_equal((positive & ~negative | (positive ^ negative)).numpy(), A != 0)
    np.testing.assert_array_equal((True & positive).numpy(), A > 0)


METHODS = {
    "sum": lambda x: x.sum(axis=0),
    "mean": lambda x: x.mean(axis=1, keepdims=True),
    "max": lambda x: x.max(axis=1),
    "min": lambda x: x.min(),
    "argmax": lambda x: x.argmax(axis=0),
    "argmin": lambda x: x.argmin(axis=1),
    "any": lambda x: (x > 2).any(axis=0),
    "all": lambda x: (x > -2).all(),
    "reshape": lambda x: x.reshape(3, 2),
    "reshape with a tuple": lambda x: x.reshape((-1, 2)),
    "ravel": lambda x: x.ravel(),
    "flatten": lambda x: x.flatten(),
    "transpose": lambda x: x.transpose(1, 0),
    "transpose all": lambda x: x.transpose(),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "squeeze": lambda x: x[:1].squeeze(0),
    "clip": lambda x: x.clip(-1.0, 1.0),
    "clip from below": lambda x: x.clip(min=0.0),
    "round": lambda x: x.round(1),
    "astype": lambda x: x.astype(np.float32),
    "copy": lambda x: x.copy(),
    "conj": lambda x: x.conj(),
    "real": lambda x: x.real,
    "imag": lambda x: x.imag,
    "dot": lambda x: x.dot(B.T),
    "item": lambda x: x[1, 0].item(),
    "tolist": lambda x: x.tolist(),
    "shape": lambda x: (*x.shape, x.ndim, x.size, len(x)),
    "add.reduce": lambda x: np.add.reduce(x),
    "maximum.reduce": lambda x: np.maximum.reduce(x, axis=1),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_those_of_ndarray(name, W):
    expected, found = METHODS[name](A), METHODS[name](W)
    found = found.numpy() if isinstance(found, mg.Tensor) else found
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    assert np.array_equal(found, expected)


def test_iteration_and_conversion(W):
    assert [row.tolist() for row in W] == A.tolist()
    assert (float(W[0, 0]), int(W[1, 0]), bool(W[0, 0] > 0), complex(W[0, 1])) == (0.5, 3, True, -1.25)
    assert [10, 20, 30, 40][W[1, 0].astype(int)] == 40
    assert f"{W[0, 1]:.1f}" == "-1.2"
    with pytest.raises(TypeError, match="0-d"):
        iter(W.sum())
    with pytest.raises(ValueError, match="truth value"):
        bool(W)


def test_whole_numbers_carry_no_gradient():
    x = mg.Tensor([[1.0, 0.5], [2.0, 3.0]], requires_grad=True)
    rows = x[:, 0].astype(int)
    assert not rows.requires_grad
    assert np.array_equal(np.eye(4)[rows], np.eye(4)[[1, 2]])
    table = mg.Tensor(np.arange(8.0).reshape(4, 2), requires_grad=True)
    np.sum(table[rows] * x[:, 1:]).backward()
    assert np.array_equal(table.grad, [[0, 0], [0.5, 0.5], [3, 3], [0, 0]])
    assert np.array_equal(x.grad, [[0, 5], [0, 9]])
    assert x.astype(np.float32).requires_grad


def test_repr_says_what_it_is(W):
    assert repr(mg.Tensor([1.0, 2.0])) == "Tensor([1., 2.])"
    assert "name='W', requires_grad=True" in repr(W)
    assert repr(W.sum()) == "Tensor(3.75, made by sum)"
    assert repr(mg.Tensor(np.float32(1))) == "Tensor(1., dtype=float32)"


def test_augmented_assignment_rebinds_and_keeps_the_gradient(W):
    y = W + 0
    y += B
    y *= 2
    np.sum(y).backward()
    np.testing.assert_array_equal(W.grad, np.full((2, 3), 2.0))


def plus(w, v):
    w += v
    return w


def minus(w, v):
    w -= v
    return w


def times(w, v):
    w *= v
    return w


def over(w, v):
    w /= v
    return w


@pytest.mark.parametrize(
    ("change", "sign", "value"), [(plus, "+=", 3.0), (minus, "-=", -1.0), (times, "*=", 2.0), (over, "/=", 0.5)]
)
def test_a_parameter_changes_in_place_under_no_grad_and_never_silently_elsewhere(change, sign, value):
    w = mg.Tensor(1.0, requires_grad=True, name="w")
    with pytest.raises(TypeError, match=rf"cannot change w .* by \{sign}.*w\.data \{sign} .*mg\.optim\.SGD"):
        change(w, 2.0)
    with pytest.raises(TypeError, match=r"call loss\.backward\(\) first"), mg.no_grad():
        change(w, w.grad)
    assert w.item() == 1
    with mg.no_grad():
        assert change(w, mg.Tensor(2.0)) is w
    assert w.item() == value
    assert w.requires_grad
    assert mg.grad(lambda x: change(x, 2.0))(4.0) == {"+=": 1, "-=": 1, "*=": 2, "/=": 0.5}[sign]


def test_a_missing_gradient_in_arithmetic_is_named():
    w = mg.Tensor(1.0, requires_grad=True)
    with pytest.raises(TypeError, match=r"grad is None; call loss\.backward\(\) first"):
        w - w.grad


@pytest.mark.parametrize("name", habits.METHODS)
def test_methods_of_other_libraries_are_answered(name):
    with pytest.raises(AttributeError, match=f"no attribute {name!r}: [a-z]"):
        getattr(mg.Tensor(1.0), name)
    assert name not in dir(mg.Tensor(1.0))


@pytest.mark.parametrize("name", habits.NAMES)
def test_names_of_other_libraries_are_answered(name):
    with pytest.raises(AttributeError, match=f"microgradnp has no {name}: [a-z]"):
        getattr(mg, name)


@pytest.mark.parametrize(
    "call", [lambda x: np.add.reduceat(x, [0]), lambda x: np.multiply.at(x, 0, 1.0), lambda x: np.multiply.reduceat(x, [0])]
)
def test_other_methods_of_ufuncs_are_refused_by_name(call, W):
    with pytest.raises(TypeError, match=r"(add|multiply)\.\w+: no gradient rule"):
        call(W)


@pytest.mark.parametrize("operation", BINARY[:4], ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("other", [2.0, 0.0, np.float64(3.0), np.float32(3.0), 2, True, np.inf], ids=repr)
def test_two_scalars_give_what_the_ufunc_gives(operation, dtype, other):
    """They take a way without the ufunc, which costs more than the arithmetic."""
    ufunc = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide}[operation.__name__]
    x = mg.Tensor(dtype(0.75), requires_grad=True)
    s = np.sum(x)
    with np.errstate(divide="ignore"):
        for found, right in ((operation(s, other), ufunc(dtype(0.75), other)), (operation(other, s), ufunc(other, dtype(0.75)))):
            assert (found.dtype, found.numpy().tobytes()) == (np.asarray(right).dtype, np.asarray(right).tobytes())
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match=r"divide: s \(\), 0\.0: divide by zero"):
        s / 0.0


# -------------------------------------------------------------------------------------------- gradients


def test_gradients_add_up_until_they_are_forgotten(W):
    np.sum(W).backward()
    first = W.grad
    np.sum(W * 2).backward()
    np.testing.assert_array_equal(W.grad, np.full((2, 3), 3.0))
    np.testing.assert_array_equal(first, np.ones((2, 3))), "a gradient that the user holds does not change"
    W.zero_grad()
    assert W.grad is None


def test_a_kept_graph_is_swept_again(W):
    loss = np.sum(W**2)
    loss.backward(retain_graph=True)
    loss.backward()
    np.testing.assert_array_equal(W.grad, 4 * A)


def test_intermediates_keep_their_gradient_on_request(W):
    h = np.exp(W).retain_grad()
    other = np.sin(h)
    np.sum(other).backward()
    np.testing.assert_allclose(h.grad, np.cos(np.exp(A)))
    with pytest.warns(UserWarning, match="W.data -="):
        assert other.grad is None


def test_retain_grads_keeps_all_gradients_and_the_graph(W):
    h = np.exp(W)
    loss = np.sum(h)
    loss.backward(retain_grads=True)
    np.testing.assert_array_equal(h.grad, np.ones((2, 3)))
    assert loss.grad == 1.0
    loss.backward()


def test_backward_from_an_array_takes_its_gradient(W):
    (W * 2).backward(B)
    np.testing.assert_array_equal(W.grad, 2 * B)


def test_detach_stops_the_gradient(W):
    np.sum(W * W.detach()).backward()
    np.testing.assert_array_equal(W.grad, A)


def test_data_and_leaves_without_requires_grad_get_none(W):
    x = mg.Tensor(B)
    np.sum(W * x).backward()
    assert x.grad is None


def test_float32_stays_float32_beside_wider_arrays():
    w = mg.Tensor(np.ones(3, np.float32), requires_grad=True)
    np.sum(w * np.arange(3.0) + 1).backward()
    assert w.grad.dtype == np.float32


def test_the_gradient_of_a_complex_leaf_points_along_steepest_ascent():
    z = mg.Tensor([1 + 2j, -3j], requires_grad=True)
    np.sum(np.abs(z) ** 2).backward()
    np.testing.assert_allclose(z.grad, 2 * z.numpy())


def test_a_loss_shared_by_two_sums_counts_both_paths(W):
    h = W * 3
    np.sum(h * h + h).backward()
    np.testing.assert_allclose(W.grad, 3 * (2 * 3 * A + 1))


def test_an_error_in_a_rule_leaves_every_gradient_as_it_was(W):
    @mg.primitive
    def broken(a):
        return a * 1.0

    mg.rule(broken, lambda g, y, a: g[:1])
    other = mg.Tensor(B, requires_grad=True)
    loss = np.sum(broken(W)) + np.sum(other)
    with pytest.raises(ValueError, match=r"broken: the gradient rule of argument 0 returned shape \(1, 3\).*shape \(2, 3\)"):
        loss.backward()
    assert W.grad is None
    assert other.grad is None


def test_grad_can_be_set_and_must_fit(W):
    W.grad = B
    np.sum(W).backward()
    np.testing.assert_array_equal(W.grad, B + 1)
    with pytest.raises(ValueError, match=r"shape \(3,\) does not fit W \(2, 3\)"):
        W.grad = np.ones(3)


# ---------------------------------------------------------------------------------------------- no_grad


def test_no_grad_nests_decorates_and_survives_exceptions(W):
    with mg.no_grad():
        with mg.no_grad():
            assert not (W * 2).requires_grad
        assert not (W * 2).requires_grad
    assert (W * 2).requires_grad

    @mg.no_grad()
    def predict():
        return W * 2

    assert not predict().requires_grad
    with pytest.raises(ZeroDivisionError), mg.no_grad():
        raise ZeroDivisionError
    assert (W * 2).requires_grad


def test_no_grad_holds_in_its_own_thread_alone(W):
    found = []
    with mg.no_grad():
        thread = threading.Thread(target=lambda: found.append((W * 2).requires_grad))
        thread.start()
        thread.join()
    assert found == [True]


# ----------------------------------------------------------------------------------------------- memory


def test_a_tensor_copies_its_data():
    array = A.copy()
    w = mg.Tensor(array)
    array[:] = 0
    np.testing.assert_array_equal(w.numpy(), A)


def test_a_tensor_copies_another_tensor():
    x = mg.Tensor([1.0, 2.0])
    data = x.data
    y = mg.Tensor(x)
    data[0] = 9.0
    np.testing.assert_array_equal(y.numpy(), [1.0, 2.0])


def test_a_tensor_made_of_a_traced_one_follows_it():
    step = mg.compile(lambda w, x: np.sum(w * mg.Tensor(x) * x), wrt=0)
    for x in (np.array([1.0, 2.0]), np.array([3.0, 5.0])):
        value, slope = step(np.ones(2), x)
        assert value == np.sum(x**2)
        np.testing.assert_array_equal(slope, x**2)


def test_data_is_written_in_place_and_replaced(W):
    W.data -= 1.0
    np.testing.assert_array_equal(W.numpy(), A - 1)
    W.data[0, 0] = 7.0
    assert W.numpy()[0, 0] == 7.0
    W.data = B
    np.testing.assert_array_equal(W.numpy(), B)
    with pytest.raises(ValueError, match=r"shape \(3,\) cannot replace W \(2, 3\)"):
        W.data = np.ones(3)
    with pytest.raises(TypeError, match="it is a result; only leaves have data of their own"):
        (W * 2).data = B


def test_data_of_a_result_that_was_swept_is_still_there(W):
    h = np.exp(W)
    np.sum(h).backward()
    np.testing.assert_array_equal(h.data, np.exp(A))
    with pytest.raises(RuntimeError, match="already consumed"):
        np.sum(h * 2).backward()


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda w: pickle.loads(pickle.dumps(w))])
def test_leaves_are_copied_and_pickled(duplicate, W):
    other = duplicate(W)
    other.data[:] = 0.0
    assert (other.name, other.requires_grad) == ("W", True)
    np.testing.assert_array_equal(W.numpy(), A)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickle.dumps])
def test_results_are_not_copied(duplicate, W):
    with pytest.raises(TypeError, match="it is a result, part of a graph"):
        duplicate(W * 2)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (np.ma.masked_array(A, A > 1), r"is a MaskedArray.*\.filled\(value\)"),
        (np.array([["a"] * 3] * 2), "not of numbers"),
    ],
)
def test_arrays_with_rules_of_their_own_are_refused(other, message, W):
    with pytest.raises(TypeError, match=message):
        W * other


def exponential(x):
    return math.exp(x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: math.exp(x), r"math\.exp: x \(\).* which a number would lose.*Use np\.exp, or say \.item\(\)"),
        (lambda x: [math.sqrt(v) for v in (x, x)], r"math\.sqrt"),
        (lambda x: cmath.log(x), r"cmath\.log: .*Use np\.log"),
        (lambda x: math.hypot(1.0, 2 * x), r"math\.hypot"),
        (exponential, r"math\.exp"),
    ],
)
def test_a_number_is_not_taken_behind_ones_back(call, message):
    with pytest.raises(TypeError, match=message):
        call(mg.Tensor(0.5, requires_grad=True, name="x"))


def test_an_iterator_of_tensors_does_not_become_an_array():
    with pytest.raises(ValueError, match="sequence") as caught:
        np.fromiter([mg.Tensor(0.5, requires_grad=True)], float)
    assert "np.fromiter" in str(caught.value.__cause__)


def test_numbers_can_be_taken_where_no_gradient_is_lost():
    x = mg.Tensor(0.5, requires_grad=True)
    assert math.isfinite(x)
    assert math.floor(x) == 0
    assert math.exp(x.item()) == math.exp(0.5)
    assert math.exp(x.detach()) == math.exp(0.5)
    assert (float(x), complex(x), int(x), round(float(x), 1)) == (0.5, 0.5 + 0j, 0, 0.5)
    assert max(x, mg.Tensor(0.25)).item() == 0.5


# ------------------------------------------------------------------------------------- what is left out, what is said


def test_a_gradient_can_be_taken_away(W):
    W.grad = B
    W.grad = None
    assert W.grad is None


def test_a_copy_has_a_gradient_of_its_own(W):
    W.grad = B
    other = copy.deepcopy(W)
    other.grad[0, 0] = 99.0
    np.testing.assert_array_equal(W.grad, B)
    np.testing.assert_array_equal(other.grad[1:], B[1:])


def test_a_missing_gradient_names_the_operation_that_has_none(W):
    with pytest.raises(RuntimeError, match=r"needs no gradient.* \(floor has derivative zero\)\. Create the parameters"):
        np.floor(np.sum(W)).backward()
    with pytest.raises(RuntimeError, match="needs no gradient") as caught:
        (mg.Tensor(1.0) * 2.0).backward()
    assert "derivative zero" not in str(caught.value)


def test_keywords_of_ufuncs_that_change_nothing_are_taken(W):
    for options in ({"where": True}, {"dtype": None}, {"out": None}):
        np.testing.assert_array_equal(np.exp(W, **options).numpy(), np.exp(A))
    for options in ({"where": False}, {"where": A > 0}, {"subok": True}, {"dtype": np.float32}):
        with pytest.raises(TypeError, match=f"exp: the keyword {next(iter(options))}= has no gradient rule"):
            np.exp(W, **options)


@pytest.mark.parametrize("kind", ["generator", "coroutine", "asynchronous generator"])
def test_no_grad_refuses_to_decorate_a_function_whose_body_runs_later(kind):
    def generator():
        yield 1

    async def coroutine():
        return 1

    async def asynchronous():
        yield 1

    function = {"generator": generator, "coroutine": coroutine, "asynchronous generator": asynchronous}[kind]
    with pytest.raises(TypeError, match=rf"no_grad cannot decorate {function.__name__}, whose body runs after the call"):
        mg.no_grad()(function)
