"""Models: objects that hold Tensors.

The names stand in `__init__.pyi`. Each is imported on its first use, so that threads do not wait for each other in a circle.
"""

import lazy_loader

from microgradnp.core.habits import LAYERS, nearest

_find, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    """A layer, imported on its first use. Names of other libraries are answered with what to write here."""
    try:
        return _find(name)
    except AttributeError:
        if name[0] == "_":
            raise
        raise AttributeError(nearest("microgradnp.nn", name, __all__, LAYERS)) from None
