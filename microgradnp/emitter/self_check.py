"""A block for the end of a printed module. Run as a program, it compares the gradient with central differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.trees import tree_map
from microgradnp.emitter.source import Source, displayed, root_of

SMALL = 12  # largest number of entries that are written down as they are

BLOCK = """

if __name__ == "__main__":  # compare the gradient with central differences along random directions
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
            raise AssertionError(f"the gradient gives {{product}}, central differences give {{difference}}")
    print("the gradient agrees with central differences")
"""


def self_check(source: Source) -> str:
    """The block for the function of a module: for each argument one random direction."""
    arguments = zip(source.parameters, source.arguments(source.question), strict=True)
    texts = {name: displayed(tree_map(leaf_text, tree)) for name, tree in arguments}
    single = any(v.dtype in (np.float32, np.complex64, np.float16) for v in source.program.inputs)
    return BLOCK.format(
        name=source.name,
        arrays="\n".join(f"    {argument} = {text}" for argument, text in texts.items()),
        arguments=", ".join(texts),
        pairs=", ".join(f"({array}, {slope})" for array, slope in gradients_by_argument(source)),
        step=1e-2 if single else 1e-6,
        tolerance=1e-2 if single else 1e-5,
    )


def gradients_by_argument(source: Source) -> list[tuple[str, str]]:
    """The text of each array that is differentiated, and of its gradient in what the function returns."""
    question, inputs, names = source.question, source.program.inputs, source.names()
    call, order = question.call, [question.call.names[where] for where in question.call.wrt]
    outside = [names[id(v)] for v in inputs[len(call.leaves) :]]
    keys: list[Any] = list(question.keys) or list(range(len(outside)))
    alone = len(keys) == 1 and not question.keys
    pairs = [(path, "gradient" if alone else f"gradient[{key!r}]") for path, key in zip(outside, keys, strict=True)]
    for value, leaf in zip(inputs, call.leaves, strict=False):
        if leaf.wanted:
            name, argument = names[id(value)], root_of(leaf.path)
            slope = "gradient" if call.single else f"gradient[{order.index(argument)}]"
            pairs.append((name, slope + leaf.path[len(argument) :]))
    return pairs


def leaf_text(leaf: Any) -> str:
    leaf = leaf._array if isinstance(leaf, Tensor) else leaf
    return array_text(leaf) if isinstance(leaf, (np.ndarray, np.generic)) else repr(leaf)


def array_text(array: Any) -> str:
    """An expression for an array like this one: a few numbers as they are, many as random numbers from the same interval."""
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
