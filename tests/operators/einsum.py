"""Records of `microgradnp/rules/einsum.py`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from operators.record import Operator, Random, Sample, draw

EINSUMS: list[tuple[str, list[tuple[int, ...]]]] = [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ki,kj", [(3, 2), (3, 4)]),
    ("ba", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iij->ji", [(3, 3, 2)]),
    ("iji,j->i", [(2, 3, 2), (3,)]),
    ("iiji->ij", [(2, 2, 3, 2)]),
    ("i,i->", [(3,), (3,)]),
    ("i,j->ij", [(2,), (3,)]),
    ("i,j,k->", [(2,), (3,), (2,)]),
    ("ij,jk,kl->il", [(2, 3), (3, 2), (2, 2)]),
    ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]),
    ("...ij,...jk->...ik", [(1, 2, 3), (4, 3, 2)]),
    ("...i,...i", [(2, 3), (3,)]),
    ("i...->...", [(3, 2, 2)]),
    ("i...->i...", [(3, 2, 2)]),
    ("...ii->...", [(2, 3, 3)]),
    ("a...,b...->ab...", [(2, 3), (4, 1)]),
    (" i j , j k -> i k ", [(2, 3), (3, 4)]),
    (",i->i", [(), (3,)]),
    ("->", [()]),
    ("ij,ij->ij", [(3, 1), (3, 4)]),
    ("ij,ij->i", [(3, 1), (3, 4)]),
    ("ij,ij->", [(1, 1), (3, 4)]),
    ("ij,kj->ik", [(2, 1), (3, 4)]),
    ("ij,jk->ik", [(0, 3), (3, 4)]),
    ("ij,jk->ik", [(2, 0), (0, 4)]),
    ("ij,ij->ij", [(1, 0), (3, 1)]),
    ("ij,ik->jk", [(2, 3), (2, 1)]),
    ("ii,i->", [(1, 1), (3,)]),
]


def einsums(random: Random) -> Iterator[Sample]:
    for subscripts, shapes in EINSUMS:
        # PyTorch does not take "->" of a scalar; NumPy is the reference there
        yield Sample((subscripts, *(draw(random, shape, -2, 2) for shape in shapes)), exact=subscripts != "->")
    chain = tuple(draw(random, shape, -2, 2) for shape in ((2, 3), (3, 2), (2, 2)))
    yield Sample(("ij,jk,kl->il", *chain), {"optimize": True}, exact=False)
    yield Sample(("ij,jk,kl->il", *chain), {"optimize": ["einsum_path", (0, 1), (0, 1)]}, exact=False)


OPERATORS = [Operator(np.einsum, einsums, torch="einsum", complex=True)]
