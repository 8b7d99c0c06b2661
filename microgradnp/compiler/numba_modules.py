"""Modules for Numba: a text behind elementary functions that vectorize, kept in a file so that Numba finds its cache again."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

HEADER = '''"""Written by microgradnp's numba backend; may be deleted at any time."""

import numpy as np
from numba import njit

FAST = {"contract", "nsz"}  # a * b + c may be rounded once; not "reassoc", which would undo the rounding in `exp_`


@njit(inline="always")
def exp_(x):
    """e**x to 1 unit in the last place, without a branch: 2**k e**r with |r| <= log(2) / 2 (Cody and Waite, 1980)."""
    bounded = min(max(x, -708.0), 709.75)
    shifted = bounded * 1.4426950408889634 + 6755399441055744.0  # 1.5 * 2**52: the last bits are k
    k = shifted - 6755399441055744.0
    r = bounded - k * 6.93147180369123816490e-01
    r = r - k * 1.90821492927058770002e-10
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    half = np.int64(np.float64(shifted).view(np.int64) + 1022 << 52).view(np.float64)  # 2**(k - 1), which does not overflow
    return (np.inf if x > 709.782712893384 else 0.0 if x < -708.0 else p * half * 2.0) if x == x else x


@njit(inline="always")
def maximum_(a, b):
    return a if a > b or a != a else b


@njit(inline="always")
def minimum_(a, b):
    return a if a < b or a != a else b


@njit(inline="always")
def logaddexp_(a, b):
    return a + np.log(2.0) if a == b else max(a, b) + np.log1p(np.exp(-abs(a - b)))


@njit(inline="always")
def square_(a):
    return a * a


@njit(inline="always")
def power_(a, b):
    return a**b


@njit(inline="always")
def where_(condition, a, b):
    return a if condition else b

'''


def folder() -> Path:
    """The folder of compiled code: MICROGRADNP_CACHE, or one in the user's cache."""
    chosen = os.environ.get("MICROGRADNP_CACHE")
    if chosen:
        return Path(chosen)
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "microgradnp"


def module_of(text: str) -> Any:
    """The module with the header and this text, imported from a file that is named after its content."""
    whole = HEADER + text
    name = f"step_{hashlib.sha256(whole.encode()).hexdigest()[:24]}"
    if name in sys.modules:
        return sys.modules[name]
    path = written(name, whole)
    spec: Any = importlib.util.spec_from_file_location(name, path)
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


def written(name: str, text: str) -> Path:
    """Write the file whole or not at all, to a temporary folder where the user's cannot be written to."""
    for place in (folder(), Path(tempfile.gettempdir()) / f"microgradnp-{os.getuid() if hasattr(os, 'getuid') else 0}"):
        path = place / f"{name}.py"
        try:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.is_file() or path.read_text() != text:
                temporary = path.with_suffix(f".{os.getpid()}.tmp")
                temporary.write_text(text)
                temporary.replace(path)
            return path
        except OSError:
            continue
    raise OSError(f"compile: neither {folder()} nor {tempfile.gettempdir()} can be written to; set MICROGRADNP_CACHE to a folder")
