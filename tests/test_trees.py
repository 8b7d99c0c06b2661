"""Derivatives with respect to nested containers, has_aux, stop_gradient: against the same derivatives taken array by array."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.derivatives.trees import leaves_with_paths, outline, tree_map

A, B = np.array([0.5, -1.25, 2.0]), np.array([[3.0, 0.25, -0.75]])


class Layer(NamedTuple):
    W: Any
    b: Any


@dataclass(frozen=True)
class Model:
    layers: list
    name: str = "model"
    units: int = 3
    scale: float = 2.0
    cache: Any = field(default=None, init=False)


def loss(tree):
    """Reads one array of each kind of container: sum(A**2 * B) * scale."""
    first, second, scale = parts(tree)
    return np.sum(first**2 * second) * scale


def parts(tree):
    if isinstance(tree, Model):
        return tree.layers[0].W, tree.layers[0].b, tree.scale
    if isinstance(tree, Layer):
        return tree.W, tree.b, 2.0
    if isinstance(tree, dict):
        return tree["a"], tree["more"][0], tree.get("scale", 2.0)
    return tree[0], tree[1][0], 2.0


TREES = {
    "dict": {"a": A, "more": [B, 3, "text", None, True]},
    "ordered dict": OrderedDict(a=A, more=(B, 1)),
    "list": [A, [B]],
    "tuple": (A, (B, np.arange(3))),
    "named tuple": Layer(A, B),
    "dataclass": Model([Layer(A, B)]),
    "Python floats": {"a": A, "more": [B], "scale": 2.0},
}


@pytest.mark.parametrize("name", TREES)
def test_the_gradient_is_a_tree_like_the_argument(name):
    tree = TREES[name]
    value, found = mg.value_and_grad(loss)(tree)
    assert type(found) is type(tree)
    assert [path for path, _ in leaves_with_paths(found)] == [path for path, _ in leaves_with_paths(tree)]
    first, second, scale = parts(found)
    assert value == 2 * np.sum(A**2 * B)
    np.testing.assert_array_equal(first, np.sum(2 * 2 * A * B, axis=0))
    np.testing.assert_array_equal(second, 2 * A**2 * np.ones((1, 1)))
    if isinstance(tree, Model) or "scale" in str(name) or name == "Python floats":
        assert scale == np.sum(A**2 * B)


def test_what_is_no_number_has_no_gradient_and_arrives_as_it_is():
    seen = []

    def f(tree):
        seen.append([type(leaf).__name__ for leaf in tree["more"]])
        return loss(tree)

    found = mg.grad(f)(TREES["dict"])
    assert seen == [["Tensor", "int", "str", "NoneType", "bool"]]
    assert found["more"][1:] == [None, None, None, None]
    model = mg.grad(loss)(TREES["dataclass"])
    assert (model.name, model.units, model.cache) == (None, None, None)
    assert TREES["dataclass"].name == "model", "the argument itself is left alone"


def test_one_array_in_two_places_has_two_gradients():
    found = mg.grad(lambda t: np.sum(t[0] * A) + np.sum(t[1] * 2 * A))([A, A])
    np.testing.assert_array_equal(found[0], A)
    np.testing.assert_array_equal(found[1], 2 * A)


def test_several_arguments_by_number_and_name():
    def f(p, q, *, r):
        return np.sum(p["a"] * q[0]) * r["c"]

    p, q, r = {"a": A}, (B[0], 1), {"c": 2.0}
    found = mg.grad(f, (0, "q", "r"))(p, q, r=r)
    np.testing.assert_array_equal(found[0]["a"], 2 * B[0])
    np.testing.assert_array_equal(found[1][0], 2 * A)
    assert found[1][1] is None
    assert found[2]["c"] == np.sum(A * B[0])


def test_a_list_of_numbers_is_an_array():
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(x**2))([[1.0, 2.0], [3, 4]]), [[2, 4], [6, 8]])


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"layers": [np.arange(3)]}, r"argument 0 holds no floating-point or complex number.*\['layers'\]\[0\] is int64"),
        ([], "it is empty"),
        (Layer("a", None), r"\.W is str, \.b is NoneType"),
        ("text", "argument 0: "),
    ],
)
def test_a_tree_without_numbers_is_refused_with_its_paths(tree, message):
    with pytest.raises(TypeError, match=f"(?s){message}"):
        mg.grad(lambda t: t)(tree)


# ------------------------------------------------------------------------------------------------- has_aux


def test_aux_is_returned_beside_the_value():
    def f(x):
        h = np.tanh(x)
        return np.sum(h**2), {"h": h, "steps": 3}

    (value, more), slope = mg.value_and_grad(f, has_aux=True)(A)
    np.testing.assert_array_equal(more["h"], np.tanh(A))
    assert type(more["h"]) is np.ndarray
    assert more["steps"] == 3
    assert value == np.sum(np.tanh(A) ** 2)
    np.testing.assert_allclose(slope, 2 * np.tanh(A) * (1 - np.tanh(A) ** 2), rtol=1e-14)
    again, other = mg.grad(f, has_aux=True)(A)
    np.testing.assert_array_equal(again, slope)
    np.testing.assert_array_equal(other["h"], np.tanh(A))
    result, pullback, third = mg.vjp(f, A, has_aux=True)
    np.testing.assert_array_equal(pullback(1.0)[0], slope)
    assert (float(result), third["steps"]) == (float(value), 3)


def test_aux_stays_connected_when_somebody_else_differentiates():
    def outer(x):
        slope, more = mg.grad(lambda y: (np.sum(y**3 * x), y * x), has_aux=True)(A)
        return np.sum(slope) + np.sum(more)

    mg.check_grads(outer, (np.array(0.7),))


def test_aux_must_be_a_pair():
    with pytest.raises(TypeError, match=r"must return \(value, more\) with has_aux=True, and returned Tensor"):
        mg.grad(lambda x: np.sum(x), has_aux=True)(A)
    with pytest.raises(TypeError, match="With has_aux=True it may return"):
        mg.grad(lambda x: (np.sum(x), 1))(A)


# ------------------------------------------------------------------------- vjp, jvp, jacobian, hessian, hvp of trees


def outputs(p):
    return {"product": p["a"] * p["b"], "sum": [np.sum(p["a"] ** 2), 7]}


P = {"a": A, "b": B[0]}


def test_vjp_of_trees():
    value, pullback = mg.vjp(outputs, P)
    assert value["sum"][1] == 7
    np.testing.assert_array_equal(value["product"], A * B[0])
    (found,) = pullback({"product": np.array([1.0, 10.0, 100.0]), "sum": [2.0, None]})
    np.testing.assert_array_equal(found["a"], [1, 10, 100] * B[0] + 4 * A)
    np.testing.assert_array_equal(found["b"], [1, 10, 100] * A)
    with pytest.raises(TypeError, match="two trees differ in structure"):
        pullback({"product": A})


def test_jvp_of_trees():
    tangent = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([-1.0, 0.5, 0.25])}
    value, slope = mg.jvp(outputs, (P,), (tangent,))
    np.testing.assert_array_equal(value["product"], A * B[0])
    np.testing.assert_allclose(slope["product"], tangent["a"] * B[0] + A * tangent["b"])
    np.testing.assert_allclose(slope["sum"][0], np.sum(2 * A * tangent["a"]))
    assert slope["sum"][1] is None
    with pytest.raises(ValueError, match=r"jvp: argument 0 has shape \(3,\), but its tangent \(2,\)"):
        mg.jvp(outputs, (P,), ({"a": A, "b": A[:2]},))


def test_jacobian_of_trees_is_a_tree_of_trees():
    found = mg.jacobian(outputs)(P)
    np.testing.assert_array_equal(found["product"]["a"], np.diag(B[0]))
    np.testing.assert_array_equal(found["product"]["b"], np.diag(A))
    np.testing.assert_array_equal(found["sum"][0]["a"], 2 * A)
    np.testing.assert_array_equal(found["sum"][0]["b"], np.zeros(3))
    assert found["sum"][1] is None


def test_hessian_and_hvp_of_trees():
    def f(p):
        return np.sum(p["a"] ** 2 * p["b"]) + np.sum(p["b"] ** 3) / 3

    found = mg.hessian(f)({**P, "name": "x"})
    expected = {"aa": np.diag(2 * B[0]), "ab": np.diag(2 * A), "bb": np.diag(2 * B[0])}
    np.testing.assert_allclose(found["a"]["a"], expected["aa"])
    np.testing.assert_allclose(found["a"]["b"], expected["ab"])
    np.testing.assert_allclose(found["b"]["a"], expected["ab"])
    np.testing.assert_allclose(found["b"]["b"], expected["bb"])
    v = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([-1.0, 0.5, 0.25])}
    product = mg.hvp(f, (P,), v)
    np.testing.assert_allclose(product["a"], expected["aa"] @ v["a"] + expected["ab"] @ v["b"])
    np.testing.assert_allclose(product["b"], expected["ab"] @ v["a"] + expected["bb"] @ v["b"])


def test_jacobian_of_several_arguments():
    found = mg.jacobian(lambda a, b: a * b, (0, 1))(A, B[0])
    np.testing.assert_array_equal(found[0], np.diag(B[0]))
    np.testing.assert_array_equal(found[1], np.diag(A))


def test_gradients_of_gradients_of_trees():
    """The gradient of |grad f|**2 / 2 is H grad f."""

    def f(p):
        return np.sum(p["a"] ** 2 * p["b"])

    def half_square(p):
        slope = mg.grad(f)(p)
        return 0.5 * (np.sum(slope["a"] ** 2) + np.sum(slope["b"] ** 2))

    found, slope = mg.grad(half_square)(P), mg.grad(f)(P)
    expected = mg.hvp(f, (P,), slope)
    np.testing.assert_allclose(found["a"], expected["a"])
    np.testing.assert_allclose(found["b"], expected["b"])


# ------------------------------------------------------------------------------------------- stop_gradient


def test_stop_gradient_keeps_the_value_and_stops_every_order():
    x = mg.Tensor(A, requires_grad=True)
    y = mg.stop_gradient(x)
    np.testing.assert_array_equal(y.numpy(), A)
    assert not y.requires_grad
    slope = mg.grad(lambda x: np.sum(x * mg.stop_gradient(x**2)))
    np.testing.assert_array_equal(slope(A), A**2)
    second = mg.grad(lambda x: np.sum(mg.grad(lambda x: np.sum(mg.stop_gradient(x) * x**2))(x)))
    np.testing.assert_array_equal(second(A), 2 * A)
    assert mg.grad(lambda x: mg.grad(lambda y: mg.stop_gradient(x) * y)(1.0) * x)(3.0) == 3.0


def test_stop_gradient_of_trees_and_arrays():
    tree = mg.stop_gradient({"x": mg.Tensor(A, requires_grad=True), "n": 3, "plain": A})
    assert not tree["x"].requires_grad
    assert tree["n"] == 3
    assert tree["plain"] is A


# -------------------------------------------------------------------------------------------------- trees


def test_paths_and_outlines():
    tree = {"layers": [Layer(A, None)], 1: Model([])}
    assert dict(leaves_with_paths(tree))["['layers'][0].W"] is A
    assert "layers" in outline(tree)
    assert tree_map(lambda leaf: 0, tree)["layers"][0] == Layer(0, 0)
    assert outline(()) == "tuple of nothing"


# ------------------------------------------------------------------------------- a function changes what it was given


def scales(p):
    p["W"] = p["W"] * 2.0
    p["new"] = p["W"]
    del p["b"]
    return np.sum(p["W"] ** 2)


def test_the_gradient_is_that_of_what_a_function_was_given():
    p = {"W": A, "b": B}
    right = {"W": 8.0 * A, "b": np.zeros_like(B)}
    for found in (
        mg.grad(scales)(p),
        mg.value_and_grad(scales)(p)[1],
        mg.vjp(scales, p)[1](1.0)[0],
        mg.jacobian(scales)(p),
        mg.compile(scales)(p)[1],
        mg.grad(mg.checkpoint(scales))(p),
    ):
        assert found.keys() == right.keys()
        for name in right:
            np.testing.assert_array_equal(found[name], right[name])
    assert list(p) == ["W", "b"]
    _, slope = mg.jvp(scales, (p,), ({"W": np.ones(3), "b": np.ones_like(B)},))
    np.testing.assert_allclose(slope, np.sum(8.0 * A))


def test_what_a_function_appends_gets_no_place():
    def appends(parts):
        parts.append(parts[0] * 3.0)
        parts[0] = parts[1] * 1.0
        return np.sum(parts[0] ** 2) + np.sum(parts[2])

    found = mg.grad(appends)([A, A])
    assert len(found) == 2
    np.testing.assert_array_equal(found[0], np.full(3, 3.0))
    np.testing.assert_array_equal(found[1], 2.0 * A)


def test_an_outer_derivative_sees_what_an_inner_function_changed():
    def inner(p):
        p["W"] = p["W"] ** 3
        return np.sum(p["W"])

    found = mg.grad(lambda p: np.sum(mg.grad(inner)(p)["W"] ** 2))({"W": A})
    np.testing.assert_allclose(found["W"], 36.0 * A**3, rtol=1e-14)


def test_ravel_makes_a_vector_of_a_tree_and_a_tree_of_a_vector():
    tree = {"layers": [Layer(A, B.astype(np.float32))], "scale": 2.0}
    flat, back = mg.ravel(tree)
    np.testing.assert_array_equal(flat, [*A, *B[0].astype(np.float32), 2.0])
    again = back(flat)
    assert outline(again) == outline({"layers": [Layer(A, B.astype(np.float32))], "scale": np.array(2.0)})
    assert again["layers"][0].b.dtype == np.float32
    np.testing.assert_array_equal(again["layers"][0].W, A)
    loss = lambda v: np.sum(back(v)["layers"][0].W ** 3) * back(v)["scale"]  # noqa: E731
    np.testing.assert_allclose(mg.grad(loss)(flat), [*(6 * A**2), 0, 0, 0, np.sum(A**3)], rtol=1e-12)
    mg.check_grads(lambda a: mg.ravel([a, a * 2])[0], (A,), order=2)
    model = mg.nn.MLP([2, 3, 1], rng=0)
    vector, named = mg.ravel(model)
    assert vector.shape == (13,)
    assert {name: p.shape for name, p in named(vector).items()} == {name: p.shape for name, p in model.parameters().items()}
    assert mg.ravel({})[1](mg.ravel({})[0]) == {}


def test_ravel_refuses_what_has_no_derivative_and_vectors_of_another_length():
    with pytest.raises(TypeError, match=r"ravel: \['n'\] is a ndarray; floating-point arrays are needed"):
        mg.ravel({"n": np.arange(3)})
    with pytest.raises(ValueError, match=r"ravel: the vector has shape \(2,\); the tree has 3 entries"):
        mg.ravel(A)[1](np.ones(2))
