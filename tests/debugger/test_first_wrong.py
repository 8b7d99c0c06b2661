"""The first wrong statement where right values hide it, and the name of a mistake that the changed part tells."""

from __future__ import annotations

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.derivatives.agreement import scale_of, scales_of

BUDGET = 60.0  # no test may depend on the speed of the machine


def test_many_rows_are_held_against_one_as_each_by_itself():
    rng = np.random.default_rng(3)
    rows, one = rng.normal(size=(5, 4)), rng.normal(size=4)
    rows[1] = -2 * one
    rows[3] = 0
    for arrays, references in ((rows, one), (one, rows)):
        factors, errors = scales_of(arrays, references)
        for k in range(5):
            pair = (rows[k], one) if arrays is rows else (one, rows[k])
            expected = scale_of(*pair)
            assert (factors[k], errors[k]) == pytest.approx(expected)


def layer_loss(x, v, spread, target):
    a = x @ v
    c = a - np.mean(a, axis=0)
    return 0.5 * np.sum((c / np.sqrt(np.mean(c**2, axis=0) + 0.1) * spread - target) ** 2)


def layer_step(x, v, spread, target):
    count = len(x)
    a = x @ v
    c = a - a.mean(axis=0)
    root = 1 / np.sqrt((c**2).mean(axis=0) + 0.1)
    err = c * root * spread - target
    g_spread = (err * c * root).sum(axis=0)
    g_unit = err * spread
    g_var = -0.5 * (g_unit * c).sum(axis=0) * root**2
    g_mean = -(g_unit * root).sum(axis=0) + g_var * np.mean(-2 * c, axis=0)
    g_a = g_unit * root + g_var * 2 * c / count + g_mean / count
    return x.T @ g_a, g_spread


def test_a_gradient_of_the_root_in_place_of_that_of_the_square_is_named_where_it_is_made():
    rng = np.random.default_rng(0)
    args = rng.normal(size=(7, 4)), rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(7, 3))
    report = mg.debug(layer_step, layer_loss, args, budget=BUDGET)
    assert "root**2" in report.first_wrong.source.replace(" ", "")
    assert report.first_wrong.fix is not None


def rows_loss(x, target, p):
    return 0.5 * np.mean((x @ p - target) ** 2) + 0.05 * np.sum(p[1:] ** 2)


def rows_step(x, target, p):
    n = len(x)
    err = x @ p - target
    first = x[:, 0] @ err
    rest = x[:, 1:].T @ err / n
    p[0] = p[0] - 0.2 * first
    p[1:] = p[1:] * (1 - 0.2 * 0.1) - 0.2 * rest


def test_the_wrong_entry_of_a_parameter_leads_to_its_own_statement():
    rng = np.random.default_rng(1)
    args = rng.normal(size=(6, 4)), rng.normal(size=6), rng.normal(size=4)
    report = mg.debug(rows_step, rows_loss, args, budget=BUDGET)
    first = report.first_wrong
    assert "first" in first.source
    assert first.fix is not None
    assert first.cause == "batch_scale_1_over_N"


def outputs_loss(x, target, u, v):
    out = 1 / (1 + np.exp(-(np.tanh(x @ u) @ v)))
    return 0.5 * np.sum((out - target) ** 2)


def outputs_step(x, target, u, v):
    h = np.tanh(x @ u)
    out = 1 / (1 + np.exp(-(h @ v)))
    deltas = []
    for k in range(len(out)):
        miss = out[k] - target[0]
        deltas.append(miss * out[k] * (1 - out[k]))
    deltas = np.array(deltas)
    return np.outer(x, (v @ deltas) * (1 - h**2)), np.outer(h, deltas)


def test_a_constant_index_in_a_loop_becomes_the_counter():
    rng = np.random.default_rng(2)
    args = rng.normal(size=3), np.array([0.0, 1.0]), rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    report = mg.debug(outputs_step, outputs_loss, args, budget=BUDGET)
    assert "target[0]" in report.first_wrong.source
    assert "target[k]" in report.first_wrong.fix[2]


def net_loss(x, target, u, v):
    return 0.5 * np.sum((1 / (1 + np.exp(-(np.tanh(x @ u) @ v))) - target) ** 2)


NET = """
import numpy as np


def step(x, target, u, v):
    h = np.tanh(x @ u)
    out = 1 / (1 + np.exp(-(h @ v)))
    d_out = out - target
    d_z = d_out * out * (1 - out)
    d_h = d_z @ v.T
    d_a = d_h * (1 - h**2)
    return x.T @ d_a, h.T @ d_z
"""


@pytest.mark.parametrize(
    ("right", "wrong", "cause"),
    [
        ("d_out = out - target", "d_out = out", "loss_derivative_wrong"),
        ("x.T @ d_a,", "2 * x.T @ d_a,", "factor_2"),
        ("x.T @ d_a,", "x.T @ (d_a * h),", "extra_factor"),
        ("d_a = d_h *", "d_a = -d_h *", "sign_flipped"),
    ],
)
def test_the_changed_part_names_the_mistake(tmp_path, right, wrong, cause):
    path = tmp_path / "net.py"
    path.write_text(NET.replace(right, wrong))
    names: dict = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    rng = np.random.default_rng(4)
    args = rng.normal(size=(5, 3)), rng.uniform(size=(5, 2)), rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    report = mg.debug(names["step"], net_loss, args, budget=BUDGET)
    first = report.first_wrong
    assert first.fix is not None
    assert first.cause == cause
