"""What an argument of the model is: data, targets, or a parameter. Names decide only where nothing better is known."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import numpy as np

from microgradnp.debugger.capture.values import as_array

# Nobody is expected to have the gradient of these, as long as they do not move by learning.
DATA = frozenset(
    "x xs xb sample samples data input inputs ids seq mask masks lr eta lam lambda reg batch eps noise".split()  # noqa: SIM905
)
STATE = re.compile(r"(h|c|s|state|hidden)_?(0|prev|previous|init|initial|start)$")
TARGETS = frozenset(
    "y ys yb target targets label labels desired expected wanted truth goal goals aim aims answer answers y_true t_true".split()  # noqa: SIM905
)
MAYBE_TARGETS = frozenset("t d ts ds tb".split())  # noqa: SIM905  # unless there are others: `d` may be a bias as well

RATES = frozenset(["lr", "eta", "alpha", "rate", "lrate", "learnrate", "step", "stepsize", "epsilon", "mu"])


def is_data(argument: str) -> bool:
    """Whether an argument, or the container that it stands in, is called like data, a setting or a hidden state."""
    name = argument.partition("[")[0].lower()
    return name in DATA or bool(STATE.match(name))


def targets_of(arguments: Iterable[str]) -> set[str]:
    """Those arguments of the model that are called like what the network should answer."""
    names = list(arguments)
    plain = {name: name.partition("[")[0].lower() for name in names}
    sure = {name for name in names if plain[name] in TARGETS}
    return sure or {name for name in names if plain[name] in MAYBE_TARGETS}


def data_of(arguments: Iterable[str], parameters: Iterable[str]) -> set[str]:
    """Those that are data by their names, or because they stand before the first parameter, as data do.

    Not after the last that is called like data, and not what is called much like a known parameter, `W1` where `W2` is one:
    those may be parameters that nothing was found of.
    """
    names = list(arguments)
    known = set(parameters)
    called = {name for name in names if is_data(name)} | targets_of(names)
    front = list(itertools.takewhile(lambda name: name not in known, names)) if known else []
    last = max((front.index(name) for name in called & set(front)), default=len(front))
    unlike = {name for name in front[: last + 1] if not any(are_alike(name, other) for other in known)}
    return (called | unlike) - known


def are_alike(name: str, other: str) -> bool:
    """`W1` and `W2`, `w_in` and `w_out`, `Wxh` and `Why`."""
    a, b = (re.split(r"[_\d]", text)[0].lower() for text in (name, other))
    return a == b or (len(name) == len(other) <= 4 and a[:1] == b[:1])


def is_rate(name: str) -> bool:
    """Whether a word of a name or an expression names a learning rate: `lr`, `self.learning_rate`, `etaW`."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return any(word.lower() in RATES for word in words)


def is_mask(value: object) -> bool:
    """Whether it is zero here and one other number there, as what dropout leaves out."""
    array = as_array(value)
    return array is not None and array.size > 1 and array.dtype.kind in "bfiu" and len(np.unique([0, *np.ravel(array)])) == 2


def lengths(values: dict[str, object], data: set[str]) -> set[int]:
    """How many samples each array among the data has."""
    arrays = (as_array(values[name]) for name in data if name in values)
    return {len(array) for array in arrays if array is not None and np.ndim(array)}
