"""The program for any number of samples: which graphs have one."""

import numpy as np

import microgradnp as mg
from microgradnp.emitter.javascript import live_program
from microgradnp.viewer.batches import batched, general

rng = np.random.default_rng(5)


def found(loss):
    program = live_program(loss)
    return program, batched(program.nodes, program.leaves)


def weights(*shape):
    return mg.Tensor(rng.normal(size=shape), requires_grad=True, name="W")


def test_a_network_has_a_program_for_any_number_of_samples():
    x, t = rng.normal(size=(7, 3)), rng.integers(0, 2, 7)
    program, made = found(mg.cross_entropy(x @ weights(3, 2), t))
    assert made.rows == 7
    assert [program.shapes[program.leaves[k]] for k in made.leaves] == [(7, 3), (7,)]
    assert "(3 * rows_)" in made.text  # the length of x
    assert "rows_" not in program.text


def test_without_it_where_the_rows_are_fixed_or_there_is_no_data():
    x, W = rng.normal(size=(6, 4)), weights(4, 4)
    assert found(np.sum(np.reshape(x @ W, (6, 2, 2)) ** 2))[1] is None
    assert found(np.sum((x @ W)[np.arange(6), [0, 1, 2, 3, 0, 1]]))[1] is None  # rows that a small batch does not have
    assert found(np.sum((x @ W) @ (x @ W).T))[1] is None  # a matrix of samples by samples
    assert found(np.sum(W**2))[1] is None


def test_numbers_become_formulas_of_the_rows():
    sizes = [10, 11, 12]
    assert general(["a[20] + 3", "a[22] + 3", "a[24] + 3"], sizes) == "a[(2 * rows_)] + 3"
    assert general(["0.05 * s", f"{0.5 / 11} * s", f"{0.5 / 12} * s"], sizes) == "(0.5 / rows_) * s"
    assert general(["a[100]", "a[121]", "a[144]"], sizes) is None
    assert general(["a", "b", "c"], sizes) is None
