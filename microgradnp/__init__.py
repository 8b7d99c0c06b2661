"""Define a model in plain NumPy, see its computation graph, and check hand-written backprop.

    W = mg.Tensor(weights, requires_grad=True)
    loss = mg.sse(mg.sigmoid(x @ W), targets)
    loss.backward()                                 # W.grad

The public names stand in `__init__.pyi`. Each is imported on its first use. The README has a map of the modules.
"""

import lazy_loader

from microgradnp import rules as rules  # fills the table of gradient rules before any Tensor exists
from microgradnp.core.habits import NAMES
from microgradnp.core.tensor import Tensor as Tensor

__version__ = "0.2.0"
_find, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    """A public name, imported on its first use. Names of other libraries are answered with what to write here."""
    if name not in __all__ and name in NAMES:
        raise AttributeError(f"microgradnp has no {name}: {NAMES[name]}")
    if name not in __all__ and name[0] != "_" and (same := [known for known in __all__ if known.lower() == name.lower()]):
        raise AttributeError(f"microgradnp has no {name}; did you mean {same[0]}?")
    return _find(name)


def _mimebundle(tensor: Tensor, include: object = None, exclude: object = None) -> dict[str, str]:
    """Text and HTML of a Tensor for notebooks. The viewer is imported when a Tensor is shown."""
    from microgradnp.viewer.shown import mimebundle

    return mimebundle(tensor, include, exclude)


Tensor._repr_mimebundle_ = _mimebundle
