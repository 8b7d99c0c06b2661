"""The rules: one module for each area of NumPy. Importing them fills `table.TABLE`."""

from microgradnp.rules import (
    elementwise,
    indexing,
    linalg,
    ordering,
    parts,
    products,
    rearranging,
    reductions,
    refused,
    scans,
    shape,
    statistics,
)

__all__ = [
    "elementwise",
    "indexing",
    "linalg",
    "ordering",
    "parts",
    "products",
    "rearranging",
    "reductions",
    "refused",
    "scans",
    "shape",
    "statistics",
]
