"""A block that proves an emitted text when it is run: its gradient against differences along random directions."""

from __future__ import annotations

from typing import Any

import numpy as np

SMALL = 12  # entries up to which an array is written down as it is

BLOCK = """

if __name__ == "__main__":  # the gradient along random directions against central differences
    rng = np.random.default_rng(0)
{arrays}
    gradient = {name}({arguments})[1]
    for argument, slope in [{pairs}]:
        direction = rng.normal(size=argument.shape).astype(argument.dtype)
        kept, h = argument.copy(), {step}
        argument[...] = kept + h * direction
        above = {name}({arguments})[0]
        argument[...] = kept - h * direction
        below = {name}({arguments})[0]
        argument[...] = kept
        difference, product = (above - below) / (2 * h), np.vdot(slope, direction).real
        if not abs(difference - product) <= {tolerance} * max(1, abs(product), abs(above)):
            raise AssertionError(f"the gradient says {{product}} where differences say {{difference}}")
    print("the gradient agrees with central differences")
"""


def proof(name: str, arguments: dict[str, Any], pairs: list[tuple[str, str]], *, single: bool) -> str:
    """The block for a function `name`.

    `arguments` are the texts that make them, by name; `pairs` the texts of each array that is differentiated and of its gradient.
    """
    return BLOCK.format(
        name=name,
        arrays="\n".join(f"    {argument} = {text}" for argument, text in arguments.items()),
        arguments=", ".join(arguments),
        pairs=", ".join(f"({array}, {slope})" for array, slope in pairs),
        step=1e-2 if single else 1e-6,
        tolerance=1e-2 if single else 1e-5,
    )


def array_text(array: Any) -> str:
    """An expression for an array like this one: the same numbers where they are few, else random ones from the same interval."""
    dtype = f"np.{array.dtype.name}" if array.dtype != np.bool_ else "np.bool_"
    if array.size <= SMALL and np.all(np.isfinite(array)):
        return f"np.array({array.tolist()!r}, {dtype})"
    if array.dtype == np.bool_:
        return f"rng.random({array.shape}) < 0.5"
    if array.dtype.kind in "iu":
        return f"rng.integers({array.min()}, {array.max() + 1}, {array.shape}, {dtype})"
    low, high = f"{np.nanmin(array.real):.4g}", f"{np.nanmax(array.real):.4g}"
    text = f"rng.uniform({low}, {high}, {array.shape})"
    if array.dtype.kind == "c":
        text = f"({text} + 1j * rng.uniform({np.nanmin(array.imag):.4g}, {np.nanmax(array.imag):.4g}, {array.shape}))"
    return text if array.dtype in (np.float64, np.complex128) else f"{text}.astype({dtype})"
