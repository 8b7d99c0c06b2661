"""Second derivatives at work: Newton's method by products with the Hessian, and the natural gradient. Neither forms a matrix.

A logistic regression has badly scaled columns, and gradient descent crawls. Newton's step solves H s = g by conjugate gradients,
which need only products H v: `mg.hvp`. The natural gradient solves F s = g with the Fisher matrix F = J' diag(p (1 - p)) J. A
product with the Jacobian is `mg.jvp`, and one with its transpose is `mg.vjp`. For this model both steps are equal.

python examples/second_order.py
"""

import numpy as np

import microgradnp as mg

rng = np.random.default_rng(0)
x = rng.normal(size=(300, 6)) * np.array([1.0, 0.3, 3.0, 0.1, 10.0, 1.0])
truth = np.array([1.0, -2.0, 0.3, 5.0, 0.05, 0.5])
y = (rng.random(300) < 1 / (1 + np.exp(-(x @ truth)))).astype(float)


def scores(w):
    return x @ w


def loss(w):
    return mg.bce_with_logits(scores(w), y, "sum") + 0.5 * np.sum(w**2)


slope = mg.grad(loss)


def conjugate_gradients(product, g, steps=20):
    """s with product(s) = g, for a symmetric positive matrix: M. R. Hestenes and E. Stiefel (1952)."""
    s, r = np.zeros_like(g), g.copy()
    p = r.copy()
    for _ in range(steps):
        if r @ r < 1e-24:
            break
        q = product(p)
        rate = (r @ r) / (p @ q)
        s, new = s + rate * p, r - rate * q
        p, r = new + (new @ new) / (r @ r) * p, new
    return s


def newton(w):
    return conjugate_gradients(lambda v: mg.hvp(loss, (w,), v), slope(w))


def natural(w):
    p = 1 / (1 + np.exp(-scores(w)))

    def fisher(v):
        _, moved = mg.jvp(scores, (w,), (v,))
        _, pull = mg.vjp(scores, w)
        return np.ravel(pull(p * (1 - p) * moved)) + v  # + v: the penalty

    return conjugate_gradients(fisher, slope(w))


def descend(step, number):
    """The norms of the gradient along the way."""
    w, norms = np.zeros(6), []
    for _ in range(number):
        w = w - step(w)
        norms.append(float(np.linalg.norm(slope(w))))
    return norms


plain = descend(lambda w: 1e-4 * slope(w), 300)
by_newton, by_nature = descend(newton, 8), descend(natural, 8)
print(f"gradient descent, 300 steps: norm of the gradient {plain[-1]:.1e}")
print("Newton, step by step:       ", " ".join(f"{norm:.0e}" for norm in by_newton))
print("natural gradient:           ", " ".join(f"{norm:.0e}" for norm in by_nature))
assert plain[-1] > 1e-2
assert by_newton[-1] < 1e-8
np.testing.assert_allclose(by_newton[:3], by_nature[:3], rtol=1e-6)
