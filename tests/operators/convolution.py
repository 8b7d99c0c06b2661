"""Records of `microgradnp/rules/convolution.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from microgradnp.rules.convolution import col2im, im2col
from operators.record import Operator, Random, Sample, draw

GEOMETRIES: list[dict[str, Any]] = [
    {"size": (2, 3)},
    {"size": (1, 1), "stride": (2, 3)},
    {"size": (2, 2), "stride": (2, 1), "padding": (1, 2), "dilation": (2, 1)},
    {"size": (5, 4)},
]
COLUMNS = [(18, 16), (3, 12), (12, 42), (60, 2)]  # shapes of the windows of images (2, 3, 5, 4)


def images(random: Random) -> Iterator[Sample]:
    for geometry in GEOMETRIES:
        yield Sample((draw(random, (2, 3, 5, 4), -2, 2),), geometry)
    yield Sample((draw(random, (0, 3, 5, 4), -2, 2),), GEOMETRIES[0])


def columns(random: Random) -> Iterator[Sample]:
    for geometry, shape in zip(GEOMETRIES, COLUMNS, strict=True):
        yield Sample((draw(random, shape, -2, 2),), {"shape": (2, 3, 5, 4), **geometry})


def unfolded(torch: Any, x: Any, size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Any:
    found = torch.nn.functional.unfold(x, size, dilation, padding, stride)  # (samples, windows, positions)
    return found.transpose(0, 1).reshape(found.shape[1], -1)


def folded(torch: Any, columns: Any, shape: Any, size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Any:
    parts = columns.reshape(len(columns), shape[0], -1).transpose(0, 1)
    return torch.nn.functional.fold(parts, shape[2:], size, dilation, padding, stride)


OPERATORS = [
    Operator(im2col, images, torch=unfolded, complex=True),
    Operator(col2im, columns, torch=folded, complex=True),
]
