"""Models: objects that hold Tensors.

The names stand in `__init__.pyi`. Each is imported on its first use, so that threads do not wait for each other in a circle.
"""

import lazy_loader

from microgradnp.core.habits import LAYERS

_find, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    """A layer, imported on its first use. Names of other libraries are answered with what to write here."""
    if name not in __all__ and name in LAYERS:
        raise AttributeError(f"microgradnp.nn has no {name}: {LAYERS[name]}")
    return _find(name)
