"""The rules: one module for each area of NumPy. Importing them fills `table.TABLE`."""

from microgradnp.rules import elementwise, indexing, products, reductions, shape

__all__ = ["elementwise", "indexing", "products", "reductions", "shape"]
