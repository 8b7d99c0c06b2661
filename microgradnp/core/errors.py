"""The exceptions of this package. All other errors are Python's own: `TypeError`, `ValueError`, `RuntimeError`."""


class GradientMismatch(AssertionError):
    """A gradient differs from its numerical oracle by more than rounding can explain.

    `check_grads` raises it. It says which entry of which shape, and how the two numbers differ.

    >>> import numpy as np, microgradnp as mg
    >>> try:
    ...     mg.check_grads(lambda x: mg.stop_gradient(x) * x, (2.0,))
    ... except mg.GradientMismatch:
    ...     print("wrong")
    wrong
    """


class ConcretizationError(TypeError):
    """A traced value was read. The traced program must be right for all numbers, so it must not depend on these."""
