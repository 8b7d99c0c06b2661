"""The seams between features: what happens where transforms, blocks, generators, threads and numbers at the edge meet."""

import threading

import numpy as np
import pytest
from seam_programs import FEATURES, error_of, made

import microgradnp as mg

# ------------------------------------------------------------------------------------- blocks and generators


def is_recorded() -> bool:
    return (2 * mg.Tensor([1.0], requires_grad=True)).requires_grad


def suspended(block):
    with block:
        yield


@pytest.mark.parametrize("count", [1, 2, 3])
def test_generators_that_leave_no_grad_in_any_order_leave_nothing_behind(count):
    generators = [suspended(mg.no_grad()) for _ in range(count)]
    for generator in generators:
        next(generator)
    assert not is_recorded()  # documented: a suspended generator holds its block open
    for generator in generators:
        assert not is_recorded()
        generator.close()
    assert is_recorded()


def test_a_block_that_outlives_a_generators_block_stays():
    generator = suspended(mg.no_grad())
    next(generator)
    with mg.no_grad():
        generator.close()
        assert not is_recorded()
    assert is_recorded()


def test_generators_that_leave_override_in_any_order_leave_nothing_behind():
    first, second, third = (suspended(mg.override(np.exp, lambda g, y, a, k=k: g * k)) for k in (2.0, 3.0, 4.0))
    other = suspended(mg.override(np.sin, lambda g, y, a: g * 5.0))
    for generator in (first, second, other, third):
        next(generator)
    for generator, expected in ((second, 4.0), (third, 2.0), (first, 1.0)):
        generator.close()
        assert (mg.grad(np.exp)(0.0), mg.grad(np.sin)(0.0)) == (expected, 5.0)
    other.close()
    assert mg.grad(np.sin)(0.0) == 1.0


def test_threads_that_share_a_parameter_lose_no_gradient():
    w = mg.Tensor(np.zeros(2), requires_grad=True)

    def work():
        for _ in range(200):
            np.sum(w * 1.0).backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(w.grad, [800.0, 800.0])


def test_a_gradient_is_added_under_the_lock():
    """Whoever reads the sum waits for the one that is about to write it."""
    from microgradnp.core.leaves import adding

    w = mg.Tensor(np.zeros(2), requires_grad=True)
    loss = np.sum(w * 1.0)
    thread = threading.Thread(target=loss.backward)
    with adding[0]:
        thread.start()
        thread.join(0.05)
        assert w.grad is None
    thread.join()
    np.testing.assert_array_equal(w.grad, [1.0, 1.0])


# ------------------------------------------------------------------------------------ numbers at the edge


@pytest.mark.parametrize("size", [0.0, 1e3, 1e8, 1e16, 1e300])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_weights_of_logaddexp_and_logsumexp_sum_to_one(size, dtype):
    x = np.array([size, size + 0.3, size], dtype=dtype) if size < 1e30 or dtype is np.float64 else np.zeros(3, dtype)
    eps = 4 * np.finfo(dtype).eps
    for f in (np.logaddexp, np.logaddexp2):
        weights = mg.grad(lambda a, b, f=f: f(a, b), (0, 1))(x[0], x[1])
        assert abs(float(sum(weights)) - 1) <= eps
    for axis in (None, -1, (0,)):
        assert abs(float(np.sum(mg.grad(lambda x, axis=axis: mg.logsumexp(x, axis=axis))(x))) - 1) <= eps


def test_logaddexp_and_logsumexp_of_infinite_numbers():
    inf = np.inf
    cases = {(1.0, inf): (0, 1), (inf, 1.0): (1, 0), (inf, inf): (0.5, 0.5), (1.0, -inf): (1, 0), (-inf, -inf): (0.5, 0.5)}
    for arguments, expected in cases.items():
        assert mg.grad(np.logaddexp, (0, 1))(*arguments) == expected
        assert mg.grad(np.logaddexp2, (0, 1))(*arguments) == expected
    np.testing.assert_array_equal(mg.grad(mg.logsumexp)(np.array([1.0, inf, 3.0, inf])), [0, 0.5, 0, 0.5])
    np.testing.assert_array_equal(mg.grad(mg.logsumexp)(np.array([-inf, -inf])), [0, 0])
    mg.check_grads(np.logaddexp, (np.array([1.0, -2.0, 30.0]), np.array([1.0, 5.0, -800.0])))


@pytest.mark.parametrize("number", [0.1, 0.7, 1e8 / 3])
@pytest.mark.parametrize("options", [{}, {"ddof": 1}, {"axis": 0}, {"where": np.array([True, True, False] * 3)}])
def test_the_deviation_of_equal_numbers_has_the_gradient_zero(number, options):
    x = np.full(9, number)
    for f in (np.std, np.var):
        slope = mg.grad(lambda x, f=f: f(x, **options))(x)
        np.testing.assert_allclose(slope, 0, atol=1e-7 * number if f is np.var else 1e-14)
    np.testing.assert_allclose(mg.compile(lambda x: np.std(x, **options))(x)[1], 0, atol=1e-14)


def test_numbers_that_differ_in_the_last_place_have_a_deviation():
    x = np.array([1.0, 1.0 + 2 * np.finfo(float).eps])
    np.testing.assert_allclose(mg.grad(np.std)(x), [-0.5, 0.5])


def test_the_correlation_of_a_constant_row_is_not_a_number_nor_is_its_gradient():
    x = np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 4.0], [2.0, 1.0, 1.0]])
    with np.errstate(all="ignore"):
        assert np.isnan(np.corrcoef(x)[0, 1])
        assert np.isnan(mg.grad(lambda x: np.corrcoef(x)[0, 1])(x)).any()
        between_others = mg.grad(lambda x: np.corrcoef(x)[1, 2])(x)
    np.testing.assert_allclose(between_others[1:], mg.grad(lambda x: np.corrcoef(x)[0, 1])(x[1:]))


# ------------------------------------------------------------------------- smooth functions of a norm, at 0

SMOOTH = {  # name -> (as a function of a norm, without one, the point)
    "norm": (lambda x: np.linalg.norm(x) ** 2, lambda x: np.sum(x**2), np.zeros(2)),
    "norm, times itself": (lambda x: (lambda n: n * n)(np.linalg.norm(x)), lambda x: np.sum(x**2), np.zeros(2)),
    "rows": (lambda x: np.sum(np.linalg.norm(x, axis=1) ** 2), lambda x: np.sum(x**2), np.array([[0.0, 0.0], [1.0, 2.0]])),
    "cosine": (lambda x: np.cos(np.linalg.norm(x)), lambda x: np.sum(x**2) ** 2 / 24 - np.sum(x**2) / 2, np.zeros(3)),
    "vector norm": (lambda x: np.linalg.vector_norm(x) ** 4, lambda x: np.sum(x**2) ** 2, np.zeros(2)),
    "std": (lambda x: np.std(x) ** 2, lambda x: np.var(x), np.ones(3)),
    "hypot": (lambda x: np.hypot(x[0], x[1]) ** 2, lambda x: np.sum(x**2), np.zeros(2)),
    "absolute": (lambda x: np.sum(np.abs(x) ** 4 + np.fabs(x) ** 2), lambda x: np.sum(x**4 + x**2), np.array([0.0, 1.0])),
    "hidden": (lambda x: np.sum(np.where(x > 0, np.abs(x), 0) ** 2), lambda x: x[1] ** 2, np.array([0.0, 1.0])),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_functions_of_a_norm_have_their_second_derivative_at_zero(name):
    f, g, x = SMOOTH[name]
    np.testing.assert_allclose(mg.grad(f)(x), mg.grad(g)(x), atol=1e-14)
    np.testing.assert_allclose(mg.hessian(f)(x), mg.hessian(g)(x), atol=1e-13)
    v = np.linspace(0.3, 0.9, x.size).reshape(x.shape)

    def fourth(f):  # the fourth derivative along v
        along = lambda t: f(x + t * v)  # noqa: E731
        for _ in range(4):
            along = mg.grad(along)
        return along(0.0)

    if name not in ("std", "hypot"):  # a third derivative that is a constant; seconds
        np.testing.assert_allclose(fourth(f), fourth(g), atol=1e-10)


def test_a_kink_that_a_gradient_passes_has_no_second_derivative():
    for f in (np.linalg.norm, lambda x: np.hypot(x[0], x[1]), lambda x: np.sum(np.abs(x)), np.std):
        np.testing.assert_array_equal(mg.hessian(f)(np.zeros(2)), np.zeros((2, 2)))


# ---------------------------------------------------------------------------------------------------- JAX


def test_xla_computes_a_value_that_is_compared_once():
    pytest.importorskip("jax")
    step = mg.compile(lambda x: np.sum(np.max(np.tanh(x) * 2, axis=1)), backend="jax")
    x = np.linspace(0, 1, 6).reshape(2, 3)
    np.testing.assert_allclose(step(x)[1], mg.grad(lambda x: np.sum(np.max(np.tanh(x) * 2, axis=1)))(x))
    assert step.source.count("barrier(") >= 1


# ------------------------------------------------------------------------------------------ pairs of features


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("outer", FEATURES)
def test_the_gradient_of_one_feature_around_another(outer):
    """A third of the pairs; `tests/benchmarks/seams.py` tries all. A jvp reads the numbers, which a traced program may not."""
    for inner in list(FEATURES)[list(FEATURES).index(outer) % 3 :: 3]:
        if (outer, inner) != ("compile", "jvp"):
            f, x = made(outer, inner, seed=1)
            assert error_of(f, x, np.random.default_rng(0)) < 1e-7, inner


def test_the_derivative_of_a_tensor_under_no_grad_is_a_number():
    """It was None: the connection to the graph outside was not recorded, and the variable was lost with it."""
    x = mg.Tensor([0.5, 1.0], requires_grad=True)
    with mg.no_grad():
        np.testing.assert_allclose(mg.grad(lambda x: np.sum(x**2))(x), [1.0, 2.0])
        np.testing.assert_allclose(mg.vjp(np.sin, x)[1](np.ones(2))[0], np.cos([0.5, 1.0]))
        np.testing.assert_allclose(mg.jacobian(np.sin)(x), np.diag(np.cos([0.5, 1.0])))
        np.testing.assert_allclose(mg.hessian(lambda x: np.sum(x**3))(x), np.diag([3.0, 6.0]))
        assert isinstance(mg.grad(lambda x: np.sum(x**2))(x), np.ndarray)


# ------------------------------------------------------------------------ one feature inside of another


def centred(y):
    y -= np.mean(y)
    return np.sum(y**3)


@pytest.mark.parametrize(
    "use",
    [mg.emit, lambda f, x: mg.check_grads(f, (x,)), lambda f, x: mg.grad(f)(x), lambda f, x: mg.compile(f)(x)],
    ids=["emit", "check_grads", "grad", "compile"],
)
def test_a_function_may_give_its_argument_a_new_value_by_an_operator_in_place(use):
    use(centred, np.array([1.0, 2.0, 4.0]))


def test_the_grad_of_an_argument_is_refused_inside_of_the_function():
    def f(a):
        np.sum(a**2).backward()
        return np.sum(a * a.grad)

    with pytest.raises(TypeError, match="is an array without a history"):
        mg.grad(f)(np.ones(2))


def slope_along(x):
    value, slope = mg.jvp(lambda t: np.sin(t) * t, (x,), (x**2,))
    return np.sum(slope * value)


@pytest.mark.parametrize(
    "f",
    [
        slope_along,
        lambda x: np.sum(np.bincount([0, 1, 1], weights=x) ** 2),
        lambda x: np.linalg.norm(np.outer(x, x**2) + np.eye(3), "nuc"),
        lambda x: np.sum(np.linalg.lstsq(np.outer(x, x**2) + np.eye(3), x, rcond=None)[0] ** 2),
    ],
    ids=["jvp", "bincount", "nuclear norm", "lstsq"],
)
def test_what_needs_no_numbers_is_compiled_and_printed(f):
    x, other = np.array([1.0, 2.0, 4.0]), np.array([0.5, -1.0, 2.0])
    printed: dict = {}
    exec(mg.emit(f, x), printed)
    expected = mg.value_and_grad(f)(other)
    for found in (mg.compile(f)(other), printed["value_and_grad"](other)):
        np.testing.assert_allclose(found[0], expected[0])
        np.testing.assert_allclose(found[1], expected[1])
