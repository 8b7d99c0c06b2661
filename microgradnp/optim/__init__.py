"""Optimizers, limits for gradients, and schedules of the learning rate.

The names stand in `__init__.pyi`. Each is imported on its first use, so that threads do not wait for each other in a circle.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
