"""Models that read whole numbers from a column of the data, and choose rows with them."""

import numpy as np
import pytest

import microgradnp as mg

RNG = np.random.default_rng(3)


def ratings_model(triples, P, Q, c):
    """triples (N, 3): row of P, row of Q, and what their product should be."""
    users, items = triples[:, 0].astype(int), triples[:, 1].astype(int)
    return np.sum((np.sum(P[users] * Q[items], axis=1) + c[items] - triples[:, 2]) ** 2)


def ratings(triples, P, Q, c, factor):
    for u, i, wanted in triples:
        u, i = int(u), int(i)
        e = P[u] @ Q[i] + c[i] - wanted
        c[i] -= 0.02 * e
        step = 0.02 * e * Q[i]
        Q[i] -= 0.02 * factor * e * P[u]
        P[u] -= step


def chosen_model(table, E, v):
    """table (N, 4): three numbers, and the row of E that is added to them."""
    z = (table[:, :3] + E[table[:, 3].astype(int)]) @ v
    return np.mean(np.log(1 + np.exp(z)))


def chosen(table, E, v, wrong=False):
    which = table[:, 3].astype(int)
    inside = table[:, :3] + E[which]
    d = 1 / (1 + np.exp(-inside @ v)) / len(table)
    dE = np.zeros_like(E)
    if wrong:
        dE[which] += d[:, None] * v  # the last of equal rows wins
    else:
        np.add.at(dE, which, d[:, None] * v)
    E -= 0.1 * dE
    v -= 0.1 * inside.T @ d


def labelled_model(rows, W):
    """rows (N, 4): three numbers and a class."""
    z = rows[:, :-1] @ W
    return np.sum(np.log(np.sum(np.exp(z), axis=1)) - np.sum(np.eye(3)[rows[:, -1].astype(int)] * z, axis=1))


def labelled(rows, W, back=1):
    x, t = rows[:, :-1], np.eye(3)[rows[:, -1].astype(int)]
    p = np.exp(x @ W)
    W -= 0.03 * x.T @ (p / p.sum(axis=1, keepdims=True) - back * t)


def test_columns_that_choose_rows_are_data():
    made = np.array([[2, 1, 0.7]]), *(RNG.normal(size=shape) for shape in [(4, 2), (3, 2), 3])
    right, wrong = (mg.debug(ratings, ratings_model, (*made, factor)) for factor in (1, 3))
    assert right.ok
    assert (wrong.ok, list(wrong.verdict.wrong)) == (False, ["Q"])


@pytest.mark.parametrize("wrong", [False, True])
def test_rows_of_a_table_are_chosen(wrong):
    table = np.column_stack([RNG.normal(size=(6, 3)), [0, 2, 1, 2, 2, 0]])
    report = mg.debug(chosen, chosen_model, (table, RNG.normal(size=(3, 3)), RNG.normal(size=3), wrong))
    assert list(report.verdict.wrong) == (["E"] if wrong else [])
    assert report.ok is not wrong


@pytest.mark.parametrize("back", [1, 0.5])
def test_the_last_column_holds_the_classes(back):
    rows = np.column_stack([RNG.normal(size=(5, 3)), [0, 2, 1, 1, 0]])
    report = mg.debug(labelled, labelled_model, (rows, RNG.normal(size=(3, 3)), back))
    assert list(report.verdict.wrong) == ([] if back == 1 else ["W"])
    assert report.ok is (back == 1)


def stepped_model(x, t, w):
    """Entries of x that are above a tenth of three are doubled: at 0.3 the last digit decides."""
    return np.sum((np.where(x > 0.1 * 3, 2 * x, x) @ w - t) ** 2)


def stepped(x, t, w, back):
    v = np.where(x > 0.1 * 3, 2 * x, x)
    w -= 0.01 * v.T @ (back * v @ w - t)


@pytest.mark.parametrize("back", [1, 0.7])
def test_a_gradient_that_jumps_with_the_last_digit_acquits_nobody(back):
    x = np.where(RNG.random((5, 3)) < 0.5, 0.1 * 3, RNG.normal(size=(5, 3)))
    report = mg.debug(stepped, stepped_model, (x, RNG.normal(size=5), RNG.normal(size=3), back))
    assert report.ok or back != 1
    assert not report.ok or back == 1
