"""Save a model as an npz or safetensors file, and fill a model from it: arrays and a JSON header, no pickle."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.inspection.files import write_whole
from microgradnp.nn.module import Module

HEADER = "__header__"  # name of the entry that holds the JSON text, as bytes


def save(model: Module | Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write all arrays of a module, or a dict of Tensors or arrays by name, to an npz file. The file is whole or not there.

    `np.load` reads it, too. A path that ends in .safetensors is written in that format (extra `safetensors`). Raises TypeError
    for a value that is not an array of numbers, and OSError.

    >>> import microgradnp as mg, os, tempfile
    >>> model, path = mg.nn.Linear(2, 3, rng=0), os.path.join(tempfile.mkdtemp(), "model.npz")
    >>> mg.save(model, path)
    >>> mg.load(mg.nn.Linear(2, 3), path).W.shape
    (2, 3)
    """
    arrays = {name: plain(name, value) for name, value in state_of(model, "save").items()}
    header = {"format": "microgradnp", "version": 1, "model": type(model).__name__, "arrays": list(arrays)}
    write_whole(Path(path), safetensors_bytes(arrays, header) if is_safetensors(path) else npz_bytes(arrays, header))


def load(model: Any, path: str | os.PathLike[str]) -> Any:
    """Fill a module, or a dict of Tensors or arrays, from a file that `save` wrote, or one of that format. Returns it.

    Nothing is changed before all names, shapes and dtypes were compared. Raises ValueError naming all that differ, and OSError.

    >>> import microgradnp as mg, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.npz")
    >>> mg.save(mg.nn.Linear(2, 3, rng=0), path)
    >>> mg.load(mg.nn.Linear(2, 3), path).W.shape
    (2, 3)
    """
    held = state_of(model, "load")
    found = read_safetensors(path) if is_safetensors(path) else read_npz(path, "load")[0]
    wrong = [f"{name} is missing in the file" for name in held if name not in found]
    wrong += [f"{name} of the file is not in the model" for name in found if name not in held]
    for name in held.keys() & found.keys():
        mine, theirs = ((np.shape(a), a.dtype) for a in (held[name], found[name]))
        if mine != theirs:
            wrong.append(f"{name} is {mine[0]} {mine[1]} in the model and {theirs[0]} {theirs[1]} in the file")
        elif isinstance(held[name], np.ndarray) and not held[name].flags.writeable:
            wrong.append(f"{name} of the model is read-only")
    if wrong:
        raise ValueError(f"load: {os.fspath(path)} does not fit: {'; '.join(sorted(wrong))}")
    for name, value in held.items():
        if isinstance(value, Tensor):
            value.data = found[name]
        else:
            value[...] = found[name]
    return model


def npz_bytes(arrays: Mapping[str, Any], header: dict[str, Any]) -> bytes:
    """The bytes of an npz file of arrays, with a header as JSON."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in {**arrays, HEADER: np.frombuffer(json.dumps(header).encode(), np.uint8)}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)
    return buffer.getvalue()


def read_npz(path: str | os.PathLike[str], function: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays and the header of an npz file; the header is empty for a file of NumPy's. Raises ValueError and OSError."""
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
            return found, json.loads(found.pop(HEADER).tobytes()) if HEADER in found else {}
    except (zipfile.BadZipFile, ValueError, EOFError, AttributeError) as error:
        raise ValueError(f"{function}: {os.fspath(path)} is not a whole npz file of arrays: {error}") from error


def is_safetensors(path: str | os.PathLike[str]) -> bool:
    """Whether a path has the ending .safetensors."""
    return Path(path).suffix == ".safetensors"


def safetensors_numpy() -> Any:
    """The library for safetensors files. Raises ModuleNotFoundError with the line that installs it."""
    try:
        import safetensors.numpy
    except ModuleNotFoundError:
        raise ModuleNotFoundError('a .safetensors file needs its library: pip install "microgradnp[safetensors]"') from None
    return safetensors.numpy


def safetensors_bytes(arrays: Mapping[str, Any], header: dict[str, Any]) -> bytes:
    """The bytes of a safetensors file. Raises TypeError for a dtype that the format lacks."""
    library = safetensors_numpy()
    try:
        held = {name: np.ascontiguousarray(array).reshape(np.shape(array)) for name, array in arrays.items()}
        return bytes(library.save(held, {"microgradnp": json.dumps(header)}))
    except Exception as error:  # the library has an error of its own
        raise TypeError(f"save: safetensors files cannot hold this: {error}. An npz file can") from error


def read_safetensors(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The arrays of a safetensors file. Raises ValueError and OSError."""
    library, data = safetensors_numpy(), Path(path).read_bytes()
    try:
        return dict(library.load(data))
    except Exception as error:  # the library has an error of its own
        raise ValueError(f"load: {os.fspath(path)} is not a whole safetensors file: {error}") from error


def state_of(model: Any, function: str) -> dict[str, Any]:
    """The arrays of a module or a dict, by name. Raises TypeError for anything else."""
    if not isinstance(model, (Module, Mapping)):
        raise TypeError(f"{function}: a module or a dict of arrays is needed, got {type(model).__name__}")
    held = model.state() if isinstance(model, Module) else dict(model)
    for name, value in held.items():
        if not isinstance(name, str) or name == HEADER:
            raise TypeError(f"{function}: names must be strings other than {HEADER}, got {name!r}")
        if not isinstance(value, (Tensor, np.ndarray)):
            raise TypeError(f"{function}: {name} is a {type(value).__name__}; Tensors and ndarrays can be saved")
        if isinstance(value, Tensor) and not value.is_leaf:
            raise TypeError(f"{function}: {name} is a result, part of a graph; use its .numpy()")
    return held


def plain(name: str, value: Any) -> np.ndarray[Any, Any]:
    """The value as an ndarray of numbers. Raises TypeError for objects, which only pickle could write."""
    array = value.numpy() if isinstance(value, Tensor) else value
    if array.dtype.hasobject:
        raise TypeError(f"save: {name} is an array of objects; arrays of numbers can be saved")
    return np.asarray(array)
