"""Records of `microgradnp/rules/bessel.py`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from microgradnp.rules.bessel import quotient
from operators.record import Operator, Random, Sample, Wrong, draw


def everywhere(random: Random) -> Iterator[Sample]:
    for shape in ((3, 2), (), (0, 3)):
        yield Sample((draw(random, shape, -5, 5),))
    yield Sample((np.array([0.0, 1e-3, -7.9, 8.1, 19.9, 20.1, -30.0]),))


def quotients(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (3, 2), -5, 5, 0.3), 1))
    yield Sample((np.array([-7.9, 8.1, 19.9, 20.1, 30.0]),), {"k": 3})


OPERATORS = [
    Operator(np.i0, everywhere, torch="i0", wrong=(Wrong((np.array([1j]),), "i0: .*not supported for complex"),)),
    Operator(quotient, quotients),
]
