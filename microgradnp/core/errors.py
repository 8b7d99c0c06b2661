"""The exceptions of this package. All other errors are Python's own: `TypeError`, `ValueError`, `RuntimeError`."""


class GradientMismatch(AssertionError):
    """A gradient differs from its numerical oracle by more than rounding can explain."""


class ConcretizationError(TypeError):
    """A traced value was read. The traced program must be right for all numbers, so it must not depend on these."""
