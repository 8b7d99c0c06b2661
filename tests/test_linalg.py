"""Special cases of linear algebra: repeated eigenvalues, arbitrary phases, singular and symmetric matrices."""

import numpy as np
import pytest

import microgradnp as mg

A = np.array([[2.0, 0.3, -0.4], [0.3, 1.0, 0.5], [-0.4, 0.5, -1.5]])
W = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75], [-2.0, 1.0, 0.1]])
Q = np.linalg.qr(W)[0]


def symmetric(x):
    return (x + np.conjugate(np.swapaxes(x, -1, -2))) / 2


def exponential(a):
    """The exponential of a symmetric matrix. It depends on the eigenvectors, but not on their choice."""
    w, v = np.linalg.eigh(symmetric(a))
    return (v * np.exp(w)) @ np.conjugate(np.swapaxes(v, -1, -2))


def test_a_function_of_a_matrix_with_distinct_eigenvalues():
    mg.check_grads(exponential, (A,))
    mg.check_grads(exponential, (A + 0.3j * (W - W.T),))


@pytest.mark.parametrize("values", [[2.0, 2.0, 2.0], [2.0, 2.0, -1.0], [0.0, 0.0, 0.0]])
def test_eigenvalues_alone_of_a_matrix_with_repeated_ones(values):
    """The sum of the exponentials of all eigenvalues is the trace of exp(A), with the gradient exp(A)."""
    a = (Q * values) @ Q.T
    for f in (lambda x: np.linalg.eigh(x)[0], np.linalg.eigvalsh):
        slope = mg.grad(lambda x, f=f: np.sum(np.exp(f(symmetric(x)))))(a)
        np.testing.assert_allclose(slope, (Q * np.exp(values)) @ Q.T, atol=1e-12)


def by_svd(x, **options):
    u, s, vh = np.linalg.svd(x, **options)
    return (u * s**2) @ vh


def by_eigh(f, x):
    w, v = np.linalg.eigh(symmetric(x))
    return (v * f(w)) @ v.T


def by_eig(x):
    w, v = np.linalg.eig(x)
    return np.real((v * w**2) @ np.linalg.inv(v))


NEEDS_DISTINCT = {
    "vectors": lambda x: np.sum(np.linalg.eigh(x)[1] * W),
    "vectors of svd": lambda x: np.sum(np.linalg.svd(x)[0] * W),
    "a square of a vector": lambda x: np.sum(np.linalg.eigh(x)[1][:, 1] ** 2 * np.arange(1.0, 4.0)),
    "a function by eigh": lambda x: np.sum(exponential(symmetric(x)) * W),
    "of the upper triangle": lambda x: np.sum(np.linalg.eigh(x, UPLO="U")[1] ** 3 * W),
    "a logarithm by eigh": lambda x: by_eigh(np.log, x)[0, 1],
    "a logarithm of one part": lambda x: np.sum(by_eigh(lambda w: np.log(w / 2.0), x) * W),
    "a function of the inverse vectors": lambda x: np.sum((lambda w, v: (v * w**3) @ np.linalg.inv(v))(*np.linalg.eigh(x)) * W),
    "a logarithm by svd": lambda x: np.sum((lambda u, s, vh: (u * np.log(s / 2.0)) @ vh)(*np.linalg.svd(x)) * W),
    "second derivatives where the first is 0": lambda x: np.sum(
        mg.grad(lambda x: np.sum((np.linalg.eigvalsh(symmetric(x)) - 2.0) ** 2))(x) * W
    ),
    "a function by eig": lambda x: np.sum(by_eig(x) * W),
    "a function by svd": lambda x: np.sum(by_svd(x) * W),
    "a function by svd, hermitian": lambda x: np.sum(by_svd(symmetric(x), hermitian=True) * W),
    "second derivatives of eigenvalues": lambda x: np.sum(
        mg.grad(lambda x: np.sum(np.linalg.eigvalsh(symmetric(x)) ** 3))(x) * W
    ),
    "second derivatives of singular values": lambda x: np.sum(mg.grad(lambda x: np.sum(np.linalg.svdvals(x) ** 3))(x) * W),
    "second derivatives of the nuclear norm": lambda x: np.sum(mg.grad(lambda x: np.linalg.norm(x, "nuc"))(x) * W),
}


@pytest.mark.parametrize("values", [[2.0, 2.0, 2.0], [2.0, 2.0, 1.0]])
@pytest.mark.parametrize("name", NEEDS_DISTINCT)
def test_vectors_of_a_repeated_eigenvalue_are_refused(name, values):
    """A gradient off the diagonal exists in some of these cases. It hangs on more than the rule can see."""
    f = NEEDS_DISTINCT[name]
    with pytest.raises(ValueError, match=r"values are equal, and the loss depends on their vectors.* Add a small np\.diag"):
        mg.grad(f)(np.diag(values))
    distinct = np.diag(values) + np.diag(1e-3 * np.arange(3))
    assert np.all(np.isfinite(mg.grad(f)(distinct)))


def test_one_matrix_of_a_stack_with_a_repeated_eigenvalue_is_refused():
    stack = np.stack([A + A.T, np.eye(3)])
    with pytest.raises(ValueError, match="eigenvalues are equal"):
        mg.grad(lambda x: np.sum(np.linalg.eigh(symmetric(x))[1] * W))(stack)


def test_a_compiled_function_refuses_a_repeated_eigenvalue():
    step = mg.compile(NEEDS_DISTINCT["a function by eigh"])
    a = A + A.T
    np.testing.assert_allclose(step(a)[1], mg.grad(NEEDS_DISTINCT["a function by eigh"])(a), rtol=1e-9)
    with pytest.raises(ValueError, match="eigenvalues are equal"):
        step(np.eye(3))


def test_a_vector_of_a_simple_eigenvalue_has_a_gradient_beside_repeated_ones():
    mg.check_grads(lambda x: np.linalg.eigh(symmetric(x))[1][:, 2] ** 2, (np.diag([1.0, 1.0, 3.0]),), order=1)
    mg.check_grads(lambda x: np.linalg.svd(x)[0][:, 0] ** 2, (np.diag([3.0, 1.0, 1.0]),), order=1)


def test_a_singular_matrix_taken_as_hermitian_is_refused():
    with pytest.raises(ValueError, match=r"an eigenvalue of 0 has the sign 0.*hermitian=False"):
        mg.grad(lambda x: np.sum(by_svd(x, hermitian=True) * W))(np.diag([1.0, 0.0, 2.0]))


def test_a_loss_that_depends_on_the_phase_of_a_complex_vector_is_refused():
    a = A + 0.3j * (W - W.T)
    for f in (
        lambda x: np.sum(np.real(np.linalg.eigh(x)[1] * W)),
        lambda x: np.sum(np.real(np.linalg.svd(x)[0] * W)),
        lambda x: np.sum(np.real(np.linalg.eig(x)[1] * W)),
    ):
        with pytest.raises(ValueError, match="has no gradient"):
            mg.grad(f)(a)


def test_a_defective_matrix_is_refused():
    with pytest.raises(np.linalg.LinAlgError, match="defective"):
        mg.grad(lambda x: np.sum(np.real(np.linalg.eigvals(x)) ** 2))(np.array([[1.0, 1.0], [0.0, 1.0]]))


def test_singular_values_of_a_singular_matrix():
    a = np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 0.5])
    slope = mg.grad(lambda x: np.linalg.svd(x)[1][0])(a)
    np.testing.assert_allclose(slope, a / np.linalg.norm(a), atol=1e-12)
    with pytest.raises(ValueError, match=r"svd: (two )?singular values? (is|are)"):
        mg.grad(lambda x: np.sum(np.linalg.svd(x)[0] * W))(a)


@pytest.mark.parametrize("compute_uv", [True, False])
def test_singular_values_of_a_symmetric_matrix(compute_uv):
    def f(x, symmetric_too=True):
        s = np.linalg.svd(symmetric(x), hermitian=symmetric_too, compute_uv=compute_uv)
        return (s[0] * s[1]) @ s[2] if compute_uv else s

    np.testing.assert_allclose(f(mg.Tensor(A)).numpy(), f(A), rtol=1e-14)
    mg.check_grads(f, (A,))


def test_a_symmetric_pseudo_inverse():
    def f(x):
        return np.linalg.pinv(symmetric(x), hermitian=True)

    np.testing.assert_array_equal(f(mg.Tensor(A)).numpy(), f(A))
    mg.check_grads(f, (A,))


OF_ONE_TRIANGLE = {  # function -> whether it reads the lower triangle
    "cholesky": (np.linalg.cholesky, True),
    "cholesky, upper": (lambda x: np.linalg.cholesky(x, upper=True), False),
    "eigvalsh": (np.linalg.eigvalsh, True),
    "eigvalsh, upper": (lambda x: np.linalg.eigvalsh(x, "U"), False),
    "eigh": (lambda x: np.linalg.eigh(x, UPLO="L")[1] ** 2, True),
    "eigh, upper": (lambda x: np.linalg.eigh(x, UPLO="u")[1] ** 2, False),
    "pinv": (lambda x: np.linalg.pinv(x, hermitian=True), True),
    "svd": (lambda x: np.linalg.svd(x, hermitian=True)[1], True),
}


@pytest.mark.parametrize("name", OF_ONE_TRIANGLE)
def test_the_gradient_is_that_of_the_triangle_that_numpy_reads(name):
    """The other triangle holds other numbers, which change nothing."""
    f, lower = OF_ONE_TRIANGLE[name]
    other = np.triu(np.full((3, 3), 0.7), 1) if lower else np.tril(np.full((3, 3), 0.7), -1)
    x = A @ A.T + np.eye(3) + other
    mg.check_grads(f, (x,))
    weights = np.arange(1.0, 1 + f(x).size).reshape(f(x).shape)
    slope = mg.grad(lambda x: np.sum(f(x) * weights))(x)
    unread = np.triu(slope, 1) if lower else np.tril(slope, -1)
    np.testing.assert_array_equal(unread, 0)
    if name != "svd":  # which sorts by the numbers
        np.testing.assert_allclose(mg.compile(lambda x: np.sum(f(x) * weights))(x)[1], slope, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", OF_ONE_TRIANGLE)
def test_the_triangle_of_a_complex_matrix(name):
    f, lower = OF_ONE_TRIANGLE[name]
    a = A + 1j * A[::-1]
    x = a @ a.conj().T + np.eye(3) + (np.triu(a, 1) if lower else np.tril(a, -1))
    mg.check_grads(lambda x: np.real(f(x)) if name != "eigh" and name != "eigh, upper" else np.abs(f(x)), (x,), order=1)


def test_determinants_of_singular_matrices_at_second_order():
    """det([[a, b], [c, d]]) = ad - bc: the Hessian is constant."""
    h = mg.hessian(np.linalg.det)(np.zeros((2, 2)))
    expected = np.zeros((2, 2, 2, 2))
    expected[0, 0, 1, 1] = expected[1, 1, 0, 0] = 1
    expected[0, 1, 1, 0] = expected[1, 0, 0, 1] = -1
    np.testing.assert_allclose(h, expected, atol=1e-15)


def test_a_power_of_zero_is_the_identity():
    x = mg.Tensor(A, requires_grad=True)
    np.testing.assert_array_equal(np.linalg.matrix_power(x, 0).numpy(), np.eye(3))
    assert not np.linalg.matrix_power(x, 0).requires_grad


def test_lapacks_errors_name_the_argument():
    x = mg.Tensor(np.ones((2, 2)), requires_grad=True, name="x")
    with pytest.raises(np.linalg.LinAlgError, match=r"inv: x \(2, 2\): Singular matrix"):
        np.linalg.inv(x)
    with pytest.raises(np.linalg.LinAlgError, match=r"cholesky: .*not positive definite"):
        np.linalg.cholesky(-x)


def test_single_precision_stays():
    x = mg.Tensor(A.astype(np.float32), requires_grad=True)
    w, v = np.linalg.eigh(x)
    u, s, vh = np.linalg.svd(x)
    total = np.sum(w**2) + np.sum(v**3) + np.sum(s) + np.sum(u**2 * W.astype(np.float32)) + np.sum(vh**3)
    total = total + np.linalg.slogdet(x)[1] + np.sum(np.linalg.qr(x)[1]) + np.linalg.cond(x)
    total.backward()
    assert total.dtype == x.grad.dtype == np.float32


def test_a_large_triangle_is_inverted_by_halves():
    from microgradnp.rules.decompositions import BLOCK, inverse_of_lower

    lower = np.tril(np.random.default_rng(0).normal(size=(2, 3 * BLOCK + 1, 3 * BLOCK + 1)) / 20) + 2 * np.eye(3 * BLOCK + 1)
    np.testing.assert_allclose(inverse_of_lower(lower), np.linalg.inv(lower), atol=1e-13)
    a = lower[0] @ lower[0].T
    slope = mg.grad(lambda a: np.sum(np.log(np.diagonal(np.linalg.cholesky(a)))))(a)  # half of log det
    np.testing.assert_allclose((slope + slope.T) / 2, np.linalg.inv(a) / 2, atol=1e-12)
