"""Put a value into a variable of the user's code while it runs."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np

from microgradnp.debugger.capture.values import as_array


@dataclass(frozen=True)
class Write:
    """At one moment of the run, in the frame that runs then: put `array` into the variable that `path` names."""

    path: str
    array: np.ndarray


Writes = dict[int, Write]  # time of the trace -> what is written then


def write(frame: FrameType, one: Write) -> None:
    """Put the array into the variable, in place where it is an array or a list; what cannot be written stays as it is."""
    variables = frame.f_locals
    try:
        target = eval(one.path, frame.f_globals, variables)
    except Exception:  # gone, or not made on this path
        return
    if refill(target, one.array):
        return
    value = as_array(target)
    if value is None or value.ndim:
        return
    exec(f"{one.path} = __value", {"__value": type(target)(one.array.item()), **frame.f_globals}, variables)
    if sys.version_info < (3, 13):  # before PEP 667 the frame's own locals are a copy that has to be written back
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))


def refill(target: Any, array: np.ndarray) -> bool:
    """Overwrite an array or a nest of lists of numbers; False when it is neither."""
    if isinstance(target, np.ndarray) and target.ndim and target.dtype.kind == "f" and target.flags.writeable:
        target[...] = array.reshape(target.shape)
        return True
    if isinstance(target, list) and as_array(target) is not None:
        _refill_list(target, array.reshape(np.shape(target)).tolist())
        return True
    return False


def _refill_list(target: list[Any], fresh: list[Any]) -> None:
    for k, item in enumerate(fresh):
        if isinstance(item, list) and isinstance(target[k], list):
            _refill_list(target[k], item)
        elif not isinstance(target[k], (tuple, list)):
            target[k] = item
