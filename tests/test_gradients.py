"""grad, value_and_grad and vjp: arguments by number and name, nesting, and mistakes."""

import functools

import numpy as np
import pytest

import microgradnp as mg


def polynomial(a, b, *, c=1.0):
    return np.sum(a**2 * b) * c


A, B = np.array([1.0, 2.0]), np.array([3.0, -1.0])


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        (0, 2 * A * B),
        (1, A**2),
        (-1, A**2),
        ("b", A**2),
        ((0, 1), (2 * A * B, A**2)),
        (("b", "a"), (A**2, 2 * A * B)),
        ((1,), (A**2,)),
        ([0, "b"], (2 * A * B, A**2)),
    ],
)
def test_argnums(argnums, expected):
    value, found = mg.value_and_grad(polynomial, argnums)(A, B)
    assert value == np.sum(A**2 * B)
    assert type(found) is type(expected)
    np.testing.assert_allclose(found, expected)


def test_an_argument_given_by_keyword():
    assert mg.grad(polynomial, "c")(A, B, c=2.0) == np.sum(A**2 * B)
    np.testing.assert_allclose(mg.grad(polynomial, "b")(A, b=B), A**2)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_nested_gradients_of_sine(order):
    f = np.sin
    for _ in range(order):
        f = mg.grad(f)
    assert float(f(0.7)) == pytest.approx(
        float([np.sin, np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x)][order % 4](0.7)), rel=1e-14
    )


def test_inner_and_outer_variables_are_kept_apart():
    """d/dx (x * d/dy (x + y)) = 1: an engine that confuses the two perturbations says 2 (Siskind and Pearlmutter, 2005)."""
    assert float(mg.grad(lambda x: x * mg.grad(lambda y: x + y)(1.0))(1.0)) == 1.0
    assert float(mg.grad(lambda x: mg.grad(lambda y: x * x * y * y)(3.0))(2.0)) == 2 * 2 * 2 * 3


def test_mixed_derivatives_are_arrays():
    def f(a, b):
        return np.sum(a**2 * b**3)

    mixed = mg.grad(lambda a, b: np.sum(mg.grad(f, 0)(a, b)), 1)(A, B)
    assert isinstance(mixed, np.ndarray)
    np.testing.assert_allclose(mixed, 6 * A * B**2)


def test_vjp_inside_grad():
    np.testing.assert_allclose(mg.grad(lambda x: mg.vjp(np.sin, x)[1](1.0)[0])(0.3), -np.sin(0.3))
    np.testing.assert_allclose(mg.grad(lambda x: mg.vjp(lambda y: x * y**2, 3.0)[1](1.0)[0])(0.3), 6.0)
    np.testing.assert_allclose(mg.grad(lambda v: np.sum(mg.vjp(np.exp, 0.5)[1](v)[0] ** 2))(3.0), 2 * 3 * np.exp(1.0))


def test_gradient_of_a_gradient_norm_against_complex_step():
    def norm(w):
        return np.sum(mg.grad(lambda v: np.sum(np.exp(v) * v))(w) ** 2)

    w, h = np.array([0.3, -0.4]), 1e-30
    first = lambda v: np.exp(v) * (v + 1)  # noqa: E731
    expected = [np.imag(np.sum(first(w + 1j * h * e) ** 2)) / h for e in np.eye(2)]
    np.testing.assert_allclose(mg.grad(norm)(w), expected, rtol=1e-13)


def test_no_path_gives_zeros():
    np.testing.assert_array_equal(mg.grad(polynomial)(A, np.zeros(2)), [0, 0])
    np.testing.assert_array_equal(mg.grad(lambda a, b: np.sum(b**2), (0, 1))(A, B)[0], [0, 0])
    np.testing.assert_array_equal(mg.grad(lambda a: np.sum(a > 0))(A), [0, 0])


def test_a_gradient_lost_on_the_way_is_an_error_and_not_zero():
    with pytest.raises(TypeError, match=r"<lambda> returned a float, not a Tensor, so its gradient is lost. Look for float\(\)"):
        mg.grad(lambda a: float(np.sum(a)))(A)


def test_no_grad_around_does_not_turn_gradients_into_zeros():
    with mg.no_grad():
        np.testing.assert_allclose(mg.grad(polynomial)(A, B), 2 * A * B)
        assert mg.vjp(np.sin, 0.0)[1](1.0)[0] == 1.0


def test_value_and_grad_leaves_its_arguments_alone():
    before = A.copy()
    mg.value_and_grad(polynomial)(A, B)
    np.testing.assert_array_equal(A, before)
    w = mg.Tensor(A, requires_grad=True)
    _, slope = mg.value_and_grad(polynomial)(w, B)
    assert isinstance(slope, mg.Tensor), "w requires a gradient, so somebody may differentiate again"
    assert w.grad is None


def test_vjp_pulls_back_again_and_again():
    x = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    w = np.array([[1.0], [2.0]])
    value, pullback = mg.vjp(np.matmul, x, w)
    np.testing.assert_array_equal(value, x @ w)
    for v in (np.ones((3, 1)), np.array([[1.0], [0.0], [-2.0]])):
        dx, dw = pullback(v)
        np.testing.assert_array_equal(dx, v @ w.T)
        np.testing.assert_array_equal(dw, x.T @ v)


def test_complex_arguments_point_along_steepest_ascent():
    z = np.array([3 + 4j])
    np.testing.assert_allclose(mg.grad(lambda z: np.sum(np.abs(z)))(z), z / 5)
    np.testing.assert_allclose(mg.grad(lambda z: np.real(np.sum(z * (1 + 2j))))(z), [1 - 2j])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mg.grad(lambda x: x * 2)(A), ValueError, "is not a scalar"),
        (lambda: mg.grad(lambda x: np.sum(x))(np.array([1, 2])), TypeError, "argument 0: .*got int64"),
        (lambda: mg.grad(polynomial, 2)(A, B), ValueError, "argnums=2, but polynomial was called with 2 positional"),
        (
            lambda: mg.grad(polynomial, "d")(A, B),
            ValueError,
            "argnums='d', but polynomial was called without that argument; its parameters: a, b",
        ),
        (lambda: mg.grad(polynomial, "c")(A, B), ValueError, "called without that argument"),
    ],
)
def test_mistakes(call, error, message):
    with pytest.raises(error, match=message):
        call()


def vector_function(x):
    return np.stack([np.sin(x[0]) * x[1], x[1] ** 2, x[0] + x[1] ** 3])


def vector_jacobian(x):
    return np.array([[np.cos(x[0]) * x[1], np.sin(x[0])], [0, 2 * x[1]], [1, 3 * x[1] ** 2]])


X = np.array([0.4, 1.5])


def test_jacobian_and_its_products():
    np.testing.assert_allclose(mg.jacobian(vector_function)(X), vector_jacobian(X), rtol=1e-14)
    v, u = np.array([2.0, -1.0]), np.array([1.0, 2.0, 3.0])
    value, forward = mg.jvp(vector_function, (X,), (v,))
    np.testing.assert_allclose(value, vector_function(X))
    np.testing.assert_allclose(forward, vector_jacobian(X) @ v, rtol=1e-14)
    np.testing.assert_allclose(mg.vjp(vector_function, X)[1](u)[0], u @ vector_jacobian(X), rtol=1e-14)


def test_jacobian_has_the_shape_of_result_and_argument():
    w = np.arange(6.0).reshape(2, 3)
    found = mg.jacobian(lambda a, b: a @ b, "b")(np.ones((4, 2)), w)
    assert found.shape == (4, 3, 2, 3)
    np.testing.assert_array_equal(found, np.einsum("ik,jl->ijkl", np.ones((4, 2)), np.eye(3)))
    assert mg.jacobian(lambda a: a[:0])(X).shape == (0, 2)


def test_jvp_of_several_arguments():
    _, product = mg.jvp(np.multiply, (A, B), (B, A))
    np.testing.assert_allclose(product, B * B + A * A)


def test_hessian_and_its_product():
    def f(x):
        return np.sum(vector_function(x)) + x[0] ** 2 * x[1]

    expected = np.array([[-np.sin(X[0]) * X[1] + 2 * X[1], np.cos(X[0]) + 2 * X[0]], [np.cos(X[0]) + 2 * X[0], 2 + 6 * X[1]]])
    np.testing.assert_allclose(mg.hessian(f)(X), expected, rtol=1e-13)
    np.testing.assert_allclose(mg.hvp(f, (X,), A), expected @ A, rtol=1e-13)
    third = mg.jacobian(mg.hessian(lambda x: np.sum(x**4)))(X)
    np.testing.assert_allclose(third[1, 1, 1], 24 * X[1])
    np.testing.assert_allclose(mg.grad(lambda x: mg.jvp(np.sin, (x,), (1.0,))[1])(0.3), -np.sin(0.3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mg.jvp(np.sin, (A,), ()), "1 arguments, but 0 tangents"),
        (lambda: mg.jvp(np.sin, (A,), (1.0,)), r"argument 0 has shape \(2,\), but its tangent \(\)"),
        (lambda: mg.hvp(np.sum, (A,), 1.0), r"argument 0 has shape \(2,\), but v has \(\)"),
    ],
)
def test_directions_of_the_wrong_shape(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -------------------------------------------------------------------------------------- short axes, and numbers with an axis


REDUCED = (np.sum, np.prod, np.max, np.min, np.ptp, np.cumsum, np.nansum, np.nanmean, np.nanmax, np.cumulative_prod)
NUMBERS = {
    **{f"{f.__name__}, axis={axis}": functools.partial(f, axis=axis) for f in REDUCED for axis in (0, -1)},
    "take": lambda x: np.take(x, [0, 0, 0], axis=0),
    "take one": lambda x: np.take(x, 0, axis=-1),
    "repeat": lambda x: np.repeat(x, 3, axis=0),
    "repeat, a list": lambda x: np.repeat(x, [2], axis=-1),
    "compress": lambda x: np.compress([True], x, axis=0),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_may_be_given_an_axis(name):
    f, x = NUMBERS[name], np.array(1.7)
    difference = (np.sum(f(x + 0.5)) - np.sum(f(x - 0.5))).item()  # exact: all of them are linear here
    slope = mg.grad(lambda x: np.sum(f(x)))(x)
    assert slope.shape == ()
    np.testing.assert_allclose(slope, difference, rtol=1e-12)


SHORT = {
    "diff": (lambda x: np.diff(x), (1,)),
    "diff of nothing": (lambda x: np.diff(x), (0,)),
    "twice": (lambda x: np.diff(x, n=2), (2,)),
    "five times": (lambda x: np.diff(x, n=5, axis=0), (3, 2)),
    "along the axis of one": (lambda x: np.diff(x, axis=1), (3, 1)),
    "with ends": (lambda x: np.diff(x, prepend=x[:1] * 2.0), (1,)),
    "ediff1d": (lambda x: np.ediff1d(x), (1,)),
    "ediff1d with an end": (lambda x: np.ediff1d(x, to_end=x), (1,)),
    "trapezoid": (lambda x: np.trapezoid(x), (1,)),
}


@pytest.mark.parametrize("name", SHORT)
def test_differences_along_short_axes(name):
    f, shape = SHORT[name]
    x = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
    columns = [np.sum(f(x + e)) - np.sum(f(x)) for e in np.eye(x.size).reshape(x.size, *shape)]
    np.testing.assert_allclose(mg.grad(lambda x: np.sum(f(x)))(x), np.reshape(columns, shape))
    mg.check_grads(f, (x,))


# ------------------------------------------------------------------------------------------ complex arguments and results


Z = np.array([0.5 - 1.0j, 2.0 + 0.25j, -1.5 + 1.0j])


@pytest.mark.parametrize("f", [np.fft.rfft, lambda x: np.exp(1j * x) * x[0], lambda x: 2.0 - 1j * np.outer(x, x)])
def test_the_jacobian_of_a_complex_result_is_complex(f):
    x = np.array([1.0, -0.5, 2.0])
    columns = [mg.jvp(f, (x,), (e,))[1] for e in np.eye(3)]
    differences = [(f(x + 1e-6 * e) - f(x - 1e-6 * e)) / 2e-6 for e in np.eye(3)]
    found = mg.jacobian(f)(x)
    np.testing.assert_allclose(found, np.stack(columns, axis=-1), atol=1e-14)
    np.testing.assert_allclose(found, np.stack(differences, axis=-1), atol=1e-8)
    assert mg.jacobian(f)(x.astype(np.float32)).dtype == np.complex64


def test_the_jacobian_of_an_analytic_function_is_its_derivative():
    np.testing.assert_allclose(mg.jacobian(lambda z: z**3 * 2j)(Z), np.diag(6j * Z**2), rtol=1e-14)
    differences = (np.linalg.inv(np.diag(Z) + 1e-6) - np.linalg.inv(np.diag(Z) - 1e-6)) / 2e-6
    np.testing.assert_allclose(np.sum(mg.jacobian(np.linalg.inv)(np.diag(Z)), axis=(-2, -1)), differences, rtol=1e-7)
    slope = mg.grad(lambda x: np.sum(np.abs(mg.jacobian(lambda z: z**3)(x * (1 + 2j))) ** 2))(A)
    np.testing.assert_allclose(slope, 9 * 25 * 4 * A**3, rtol=1e-13)


@pytest.mark.parametrize("f", [np.conjugate, lambda z: np.abs(z) * z, lambda z: np.real(z) + 0j * z])
def test_a_function_that_is_not_analytic_has_no_complex_jacobian(f):
    with pytest.raises(TypeError, match=r"not analytic has no df/dz\. Take np\.real and np\.imag"):
        mg.jacobian(f)(Z)


@pytest.mark.parametrize("f", [np.conjugate, lambda z: np.abs(z) * z, lambda z: np.sum(np.exp(z)), lambda z: np.abs(z[0] * z)])
def test_jvp_of_complex_arguments_is_the_derivative_along_the_tangent(f):
    v = np.array([1.0 + 0.5j, -2.0j, 0.25])
    value, slope = mg.jvp(f, (Z,), (v,))
    np.testing.assert_allclose(value, f(Z))
    np.testing.assert_allclose(slope, (f(Z + 1e-6 * v) - f(Z - 1e-6 * v)) / 2e-6, atol=1e-7)
    with pytest.raises(TypeError, match="argument 0 is real, but its tangent is complex"):
        mg.jvp(np.exp, (A,), (A * 1j,))


def test_hvp_of_complex_arguments_is_the_change_of_the_gradient():
    def f(z):
        return np.sum(np.abs(z) ** 3 + np.real(z**3 * np.conjugate(z[0])))

    v = np.array([1.0 + 0.5j, -2.0j, 0.25])
    slope = mg.grad(f)
    np.testing.assert_allclose(mg.hvp(f, (Z,), v), (slope(Z + 1e-6 * v) - slope(Z - 1e-6 * v)) / 2e-6, atol=1e-6)
