"""A list that begins with the first state, and gets those of all times: the model begins with the first."""

import numpy as np
import pytest

import microgradnp as mg


def energy(notes, marks, state, drive, keep, read):
    now, total = state[-1], 0.0
    for note, mark in zip(notes, marks, strict=True):
        now = np.tanh(keep @ now + note * drive)
        total = total + 0.5 * np.sum((read @ now - mark) ** 2)
    return total


def roll_out(notes, state, drive, keep):
    states = [state]
    for note in notes:
        states.append(np.tanh(keep @ states[-1] + note * drive))
    return states


def pull_back(notes, marks, states, drive, keep, read, wrong):
    for_drive, for_keep, for_read, later = np.zeros_like(drive), np.zeros_like(keep), np.zeros_like(read), np.zeros(len(keep))
    for t in reversed(range(len(notes))):
        miss = read @ states[t + 1] - marks[t]
        for_read += np.outer(miss, states[t + 1])
        inner = (read.T @ miss + later) * (1 - states[t + 1] ** 2)
        for_keep += np.outer(inner, states[t + 1] if wrong else states[t])
        for_drive += inner * notes[t]
        later = keep.T @ inner
    return for_drive, for_keep, for_read


def bound_again(notes, marks, state, drive, keep, read, wrong):
    state = roll_out(notes, state[-1], drive, keep)
    return pull_back(notes, marks, state, drive, keep, read, wrong)


def appended(notes, marks, state, drive, keep, read, wrong):
    for note in notes:
        state.append(np.tanh(keep.dot(state[-1]) + drive * note))
    return pull_back(notes, marks, state, drive, keep, read, wrong)


def moved(notes, marks, state, drive, keep, read, wrong):
    for _ in range(2):
        state = roll_out(notes, state[-1], drive, keep)
        for_drive, for_keep, for_read = pull_back(notes, marks, state, drive, keep, read, wrong)
        drive -= 0.1 * for_drive
        keep -= 0.1 * for_keep
        read -= 0.1 * for_read


def arguments():
    rng = np.random.default_rng(6)
    sizes = [4, (4, 4), (2, 4)]
    return rng.normal(size=3), rng.normal(size=(3, 2)), [rng.normal(size=4)], *(rng.normal(size=size) for size in sizes)


@pytest.mark.parametrize("train", [bound_again, appended, moved])
def test_right_code_is_right(train):
    report = mg.debug(train, energy, (*arguments(), False))
    assert report.word == "RIGHT", str(report)


@pytest.mark.parametrize("train", [bound_again, appended, moved])
def test_wrong_code_is_wrong(train):
    report = mg.debug(train, energy, (*arguments(), True))
    assert report.word == "WRONG", str(report)
    assert [name for name, entry in report.gradients.items() if entry.ok is False] == ["keep"]


def test_data_that_are_collected_are_whole():
    def fit(first, heights, slope):
        points = [first]
        for k in range(1, 4):
            points.append(np.roll(first, k) + k)  # noqa: PERF401
        miss = [point @ slope - height for point, height in zip(points, heights, strict=True)]
        slope -= 0.01 * sum(one * point for one, point in zip(miss, points, strict=True))

    def squares(points, heights, slope):
        return sum(0.5 * (point @ slope - height) ** 2 for point, height in zip(points, heights, strict=True))

    rng = np.random.default_rng(0)
    report = mg.debug(fit, squares, (rng.normal(size=3), rng.normal(size=4), rng.normal(size=3)))
    assert report.word == "RIGHT", str(report)
