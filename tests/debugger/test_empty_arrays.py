"""Arrays without entries, in the model, among the arguments and in the code: nothing fails over them."""

import numpy as np
import pytest

import microgradnp as mg

RNG = np.random.default_rng(4)


def loss(center, ids, V, U):
    z = U[ids] @ V[center]
    return np.log(1 + np.exp(-z[0])) + np.sum(np.log(1 + np.exp(z[1:])))  # z[1:] is empty where there is one id


def slopes(center, ids, V, U, seen):
    z = U[ids] @ V[center]
    e = 1 / (1 + np.exp(-z))
    e[0] -= 1
    return e @ U[ids], np.outer(e, V[center]), np.exp(seen @ V[center]).sum()


def train(center, ids, V, U, history, seen):
    dV, dU, total = slopes(center, ids, V, U, seen)
    np.add.at(U, ids, -0.1 * dU)
    V[center] -= 0.1 * dV
    return np.append(history, total)


def wrong(center, ids, V, U, history, seen):
    dV, dU, total = slopes(center, ids, V, U, seen)
    np.add.at(U, ids, -0.1 * dU)
    V[center] += 0.1 * dV
    return np.append(history, total)


@pytest.mark.parametrize("ids", [[5, 1, 6, 0], [5]])
@pytest.mark.parametrize(("program", "faults"), [(train, []), (wrong, ["V"])])
def test_empty_arrays_do_not_hinder_the_verdict(ids, program, faults):
    args = (2, ids, RNG.normal(size=(7, 3)), RNG.normal(size=(7, 3)), np.array([]), np.zeros((0, 3)))
    report = mg.debug(program, loss, args)
    assert report.verdict.wrong == faults, str(report)
    assert report.word == ("WRONG" if faults else "RIGHT")
    assert all(finding.fix[2].strip() == "V[center] -= 0.1 * dV" for finding in report.findings)
