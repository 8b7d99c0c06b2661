"""How the samples lie: as rows or columns in the code, and as rows, columns, or one at a time in the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.doctor.patient import Array

TRIED = 5  # samples with which a model of one sample is tried on several
MOST_SINGLE = 40  # samples of a model that takes no more than one


class Layout(NamedTuple):
    """`columns`: the code holds its samples as columns. `turned`: the model takes columns. `single`: it is of one sample."""

    columns: bool = False
    turned: bool = False
    single: bool = False
    one_by_one: bool = False  # it takes no more than one

    def rows_first(self, array: Array) -> Array:
        """An array of the code with its samples as rows."""
        return array.T if self.columns else array

    def picked(self, array: Array, rows: Sequence[int]) -> Array:
        """Some samples of an array of the code, as the model wants them."""
        if self.single:
            return array[rows[0]]
        return array[..., list(rows)] if self.columns else array[list(rows)]

    def value(self, model: Callable[..., Any], data: Sequence[Any]) -> Any:
        """What a model makes of data whose rows are samples."""
        if self.one_by_one:
            count = min(len(data[0]), MOST_SINGLE)
            values = [model(*(a[k] for a in data)) for k in range(count)]
            return sum(values[1:], values[0]) / count
        return model(*(a.T for a in data)) if self.turned else model(*data)


def are_columns(arrays: Sequence[Array]) -> bool:
    """Whether several matrices have one number of columns and not one number of rows: the columns are samples."""
    flat = len(arrays) > 1 and all(a.ndim == 2 for a in arrays)
    return flat and len({len(a) for a in arrays}) > 1 and len({a.shape[1] for a in arrays}) == 1 and arrays[0].shape[1] > 1


def layout_of_one(model: Callable[..., Any], data: Sequence[Array]) -> Layout | None:
    """The layout of a model of one sample, for data whose rows are samples; None where it takes no sample.

    It may take several as well, as rows or columns: then it gives the sum or the mean of their losses.
    """
    few = [a[:TRIED] for a in data]
    try:
        each = [number(model(*(Tensor(a[k]) for a in few))) for k in range(len(few[0]))]
    except Exception:  # the model wants something else
        return None
    for layout in (Layout(turned=True, single=True), Layout(single=True)):
        try:
            together = number(layout.value(model, [Tensor(a) for a in few]))
        except Exception:  # nor columns, or rows
            continue
        if len(each) > 1 and np.any(np.isclose(together, [np.sum(each), np.mean(each)], rtol=1e-9)):
            return layout
    return Layout(single=True, one_by_one=True)


def number(value: Any) -> float:
    """A loss as a number. Raises ValueError for anything else."""
    if not isinstance(value, Tensor) or value.shape != ():
        raise ValueError("no loss")
    return float(value.item())
