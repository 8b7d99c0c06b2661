"""Functions that return the new parameters, and store nothing: a wrong movement is never called right."""

import numpy as np
import pytest

import microgradnp as mg


def distance(points, images, turn):
    return 0.5 * np.sum((points @ turn - images) ** 2)


def plain(points, images, turn, wrong):
    slope = points.T @ (points @ turn - images)
    return turn - 0.1 * (slope.T if wrong else slope)


def in_a_dict(points, images, turn, wrong):
    miss = points @ turn - images
    slope = miss.T @ points if wrong else points.T @ miss
    return {"turn": np.subtract(turn, 0.02 * slope)}


class Turner:
    def __init__(self, turn):
        self.turn = turn.copy()

    def learn(self, points, images, wrong):
        slope = np.dot(points.T, points.dot(self.turn) - images)
        if wrong:
            slope = np.swapaxes(slope, 0, 1)
        self.turn = self.turn - 0.05 * slope


def by_an_object(points, images, turn, wrong):
    turner = Turner(turn)
    turner.learn(points, images, wrong)
    return turner.turn


def arguments():
    rng = np.random.default_rng(8)
    return rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), rng.normal(size=(3, 3))


STYLES = [plain, in_a_dict, by_an_object]


@pytest.mark.parametrize("train", STYLES)
def test_a_plain_step_is_right(train):
    report = mg.debug(train, distance, (*arguments(), False))
    assert report.word == "RIGHT", str(report)


@pytest.mark.parametrize("train", STYLES)
def test_a_step_along_the_transpose_is_not(train):
    report = mg.debug(train, distance, (*arguments(), True))
    assert report.word not in ("RIGHT", "AGREES"), str(report)
    assert not any(entry.ok for entry in report.gradients.values())
