"""Data that are shuffled, or cut, under their own name: that is no step of learning."""

import numpy as np
import pytest

import microgradnp as mg


def model(points, heights, slope, offset):
    return np.mean((points @ slope + offset - heights) ** 2)


def each_epoch(points, heights, slope, offset, wrong):
    for _ in range(3):
        order = np.random.default_rng(1).permutation(len(points))
        points, heights = points[order], heights[order]
        miss = points @ slope + offset - heights
        slope = slope - 0.1 * 2 / len(points) * points.T @ (miss * np.sign(miss) if wrong else miss)
        offset = offset - 0.1 * 2 * np.mean(miss)
    return slope, offset


class Line:
    def __init__(self, slope, offset):
        self.slope, self.offset = slope, offset

    def learn(self, points, heights, wrong):
        self.points, self.heights = points, heights
        for _ in range(3):
            self.mix()
            miss = self.points.dot(self.slope) + self.offset - self.heights
            self.slope -= 0.05 * 2 * self.points.T.dot(miss) / len(miss)
            self.offset -= 0.05 * 2 * (miss.sum() if wrong else miss.mean())

    def mix(self):
        table = np.hstack([self.points, self.heights[:, None]])[np.random.default_rng(1).permutation(len(self.points))]
        self.points, self.heights = table[:, :-1], table[:, -1]


def learn(points, heights, slope, offset, wrong):
    Line(slope, offset).learn(points, heights, wrong)


def halves(points, heights, slope, offset, wrong):
    points, heights = points[::2], heights[::2]
    for _ in range(2):
        miss = points @ slope + offset - heights
        points, heights = points[::-1], heights[::-1]
        slope = slope - 0.1 * 2 / len(points) * points.T @ (miss if wrong else miss[::-1])
        offset = offset - 0.1 * 2 * np.mean(miss)
    return slope, offset


def arguments():
    rng = np.random.default_rng(0)
    return rng.normal(size=(8, 3)), rng.normal(size=8), rng.normal(size=3), np.array(rng.normal())


@pytest.mark.parametrize("train", [each_epoch, learn, halves])
def test_right_code_is_right(train):
    report = mg.debug(train, model, (*arguments(), False))
    assert report.word == "RIGHT", str(report)


@pytest.mark.parametrize(("train", "argument"), [(each_epoch, "slope"), (learn, "offset"), (halves, "slope")])
def test_wrong_code_is_wrong(train, argument):
    report = mg.debug(train, model, (*arguments(), True))
    assert report.word == "WRONG", str(report)
    assert [name for name, entry in report.gradients.items() if entry.ok is False] == [argument]


def test_a_parameter_that_is_only_turned_round_has_not_learned():
    def turned(points, heights, slope, offset):
        miss = points @ slope + offset - heights
        offset = offset - 0.1 * 2 * np.mean(miss)
        slope = slope[::-1]
        return slope, offset

    report = mg.debug(turned, model, arguments())
    assert report.word not in ("RIGHT",), str(report)
