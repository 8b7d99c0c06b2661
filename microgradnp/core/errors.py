"""The two exceptions of this package. Everything else raises Python's own `TypeError`, `ValueError` or `RuntimeError`."""


class GradientMismatch(AssertionError):
    """A gradient differs from its numerical oracle by more than rounding can explain."""


class ConcretizationError(TypeError):
    """A traced value was read. The compiled program must not depend on data."""
