"""Optimizers, limits for gradients, and schedules of the learning rate.

The names stand in `__init__.pyi`. Each is imported on its first use, so that threads do not wait for each other in a circle.
"""

import lazy_loader

from microgradnp.core.habits import OPTIM, nearest

_find, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    """An optimizer or a schedule, imported on its first use. Names of other libraries are answered with what to write here."""
    try:
        return _find(name)
    except AttributeError:
        if name[0] == "_":
            raise
        raise AttributeError(nearest("microgradnp.optim", name, __all__, OPTIM)) from None
