"""A penalty that was forgotten: a gradient that lacks a multiple of a parameter, which a number of the program names."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from microgradnp.debugger.derive.carrying import Atom, Pair
from microgradnp.debugger.derive.meanings import Meanings

QUOTIENT = 0.3  # what a factor costs more that is the quotient of two numbers: it may be so by chance


def penalties(
    meanings: Meanings, whole: Atom, values: list[Atom], old: str, is_rate: Callable[[Atom], bool]
) -> Iterator[tuple[float, str]]:
    """The old expression with a multiple of a parameter, where the gradient of a parameter lacks just that.

    Nobody divides by a rate.
    """
    if not whole.shape:
        return
    numbers = [v for v in values if not v.shape and float(v.pair[0]) not in (0.0, 1.0)]
    divisors = [number for number in numbers if not is_rate(number)]
    for wanted in (q for q in meanings.quantities if q.kind == "adjoint" and q.argument and q.pair[0].size == whole.pair[0].size):
        for v in values:
            if v.shape != whole.shape or v.text == whole.text or not np.any(v.pair[0]):
                continue
            factors = [lacking(whole.pair, v.pair, form) for form in forms_of(wanted.pair, whole.shape)]
            for factor in dict.fromkeys(factor for factor in factors if factor is not None):
                for text in named_factor(factor, numbers, divisors):
                    yield 1.9 + 0.01 * len(text) + QUOTIENT * (" / " in text), f"{old} + {text} * {v.factor}"


def forms_of(pair: Pair, shape: tuple[int, ...]) -> Iterator[Pair]:
    """A gradient in the shape of an expression, as it is and transposed."""
    for forms in (pair, tuple(np.squeeze(p).T for p in pair)):
        if np.squeeze(forms[0]).shape == tuple(size for size in shape if size != 1):
            yield forms[0].reshape(shape), forms[1].reshape(shape)


def lacking(whole: Pair, part: Pair, wanted: Pair) -> float | None:
    """The c for which `whole + c * part` is a multiple of what is wanted, at both inputs. None where there is none."""
    basis = np.stack([np.concatenate([np.ravel(p) for p in pair]) for pair in (wanted, part)], 1)
    target = np.concatenate([np.ravel(p) for p in whole])
    (scale, less), *_ = np.linalg.lstsq(basis, target, rcond=None)
    size = float(np.max(np.abs(target), initial=0))
    if not scale or abs(less) < 1e-9 or float(np.max(np.abs(basis @ [scale, less] - target))) > 1e-9 * size:
        return None
    return float(f"{-less:.12g}")


def named_factor(factor: float, numbers: list[Atom], divisors: list[Atom]) -> Iterator[str]:
    """The numbers of the program, their halves and doubles, and their quotients that a factor is."""
    for times, c in (("", 1.0), ("2 * ", 2.0), ("0.5 * ", 0.5)):
        for number in numbers:
            held = c * float(number.pair[0])
            quotients = [(f"{times}{number.factor} / {n.factor}", held / float(n.pair[0])) for n in divisors if n is not number]
            for text, value in ((f"{times}{number.factor}", held), *quotients):
                if abs(value - factor) < 1e-8 * abs(factor):
                    yield text
