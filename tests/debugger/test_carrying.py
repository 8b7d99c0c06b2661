"""The rules that carry an adjoint on: what they say is what they compute, for one value as for many at once."""

import itertools

import numpy as np
import pytest

from microgradnp.debugger.derive.carrying import Atom, carried_on, grouped, products, sums, times, times_slope

RNG = np.random.default_rng(5)
SHAPES = [(), (2,), (3,), (2, 2), (2, 3), (3, 2), (3, 3), (4, 2, 3)]
PAIRS = list(itertools.product(SHAPES, SHAPES))


class All:
    """Meanings to which any array of some shapes, or of all, may be a gradient."""

    shapes = None

    def may_have_shape(self, shape):
        return self.shapes is None or shape in self.shapes

    def may_be_gradients(self, arrays):
        return set(range(len(arrays)))


class Only(All):
    """Meanings to which just one array is a gradient."""

    def __init__(self, array):
        self.array = array

    def may_be_gradients(self, arrays):
        return {k for k, array in enumerate(arrays) if array.shape == self.array.shape and np.allclose(array, self.array)}


def atom(text, shape):
    return Atom(text, (RNG.normal(size=shape), RNG.normal(size=shape)))


@pytest.mark.parametrize(("d", "v"), PAIRS, ids=str)
@pytest.mark.parametrize("rules", [times_slope, times, products], ids=lambda rules: rules.__name__)
def test_a_rule_computes_what_its_text_says(rules, d, v):
    a, values = RNG.normal(size=d), RNG.normal(size=(3, *v))
    for rule in rules(d, v):
        many = rule.function(a, values)
        for k, b in enumerate(values):
            said = eval(rule.form.format(d=Atom("d", (a, a)), v=Atom("v", (b, b))), {"np": np}, {"d": a, "v": b})
            assert said.shape == rule.shape == many[k].shape
            assert np.allclose(many[k], said)
            assert np.allclose(rule.function(a, b), said)


@pytest.mark.parametrize("d", SHAPES, ids=str)
def test_a_sum_computes_what_its_text_says(d):
    a = RNG.normal(size=d)
    for form, total, shape in sums(d):
        said = eval(form.format(d=Atom("d", (a, a))), {}, {"d": a})
        assert said.shape == shape == np.shape(total(a))
        assert np.allclose(total(a), said)


def test_every_product_of_two_matrices_that_fits_is_made():
    d, v = atom("d", (2, 3)), atom("v", (3, 2))
    found = {made.text for made in carried_on(d, grouped([v]), [], All())}
    assert {"d @ v", "v @ d", "d.sum(axis=0)", "d.sum(axis=1, keepdims=True)"} <= found
    assert not any("d @ v.T" in text for text in found)
    square = {made.text for made in carried_on(atom("d", (2, 2)), grouped([atom("v", (2, 2))]), [], All())}
    assert {"d @ v", "d @ v.T", "d.T @ v", "v @ d", "v.T @ d", "v @ d.T", "d * v"} <= square


def test_a_slope_is_put_behind_and_of_an_expression_in_parentheses():
    d, s = atom("a + b", (2, 3)), atom("1 - h ** 2", (2, 3))
    assert next(made.text for made in carried_on(d, [], grouped([s]), All())) == "(a + b) * (1 - h ** 2)"


def test_of_many_values_the_one_that_gives_a_gradient_is_found():
    d, values = atom("d", (4, 2)), [atom(f"v{k}", (3, 2)) for k in range(6)] + [atom("w", (4, 3)), atom("u", (4, 2))]
    for value, text in ((values[4], "d @ v4.T"), (values[6], "w.T @ d"), (values[7], "d * u")):
        first = eval(text, {}, {value.text: value.pair[0], "d": d.pair[0]})
        (made,) = carried_on(d, grouped(values), [], Only(first))
        second = eval(text, {}, {value.text: value.pair[1], "d": d.pair[1]})
        assert made.text == text
        assert np.allclose(made.pair[0], first)
        assert np.allclose(made.pair[1], second)


def test_nothing_is_made_in_a_shape_that_no_gradient_has():
    wide = All()
    wide.shapes = {(4, 3)}
    d, values = atom("d", (4, 2)), [atom("v", (3, 2)), atom("w", (4, 3))]
    assert [made.text for made in carried_on(d, grouped(values), [], wide)] == ["d @ v.T"]
