"""What the table covers, as a table: for people, and for the README, which a test compares with it."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from microgradnp.core.table import KINKS, LATE, REFUSED, TABLE, Composite, Rule
from microgradnp.rules import functional

NAMESPACES: dict[str, ModuleType] = {
    "np": np,
    "np.linalg": np.linalg,
    "np.fft": np.fft,
    "np.emath": np.emath,
    "np.lib.stride_tricks": np.lib.stride_tricks,
    "mg": functional,
}
KINDS = {
    "rule": "a formula for each argument",
    "composite": "written in functions that have one",
    "constant": "derivative zero wherever it exists",
    "refused": "an error that says why",
}


@dataclass(frozen=True)
class Entry:
    """One function of NumPy, SciPy or microgradnp, and what a Tensor makes of it."""

    name: str  # np.linalg.svd
    aliases: tuple[str, ...]  # other names of the same function, those of the array API standard among them
    kind: str  # one of KINDS
    area: str  # the module of microgradnp.rules
    keywords: tuple[str, ...]  # arguments that are no arrays, and are differentiated through
    note: str  # the convention at a kink, or the reason of a refusal

    def __str__(self) -> str:
        names = " = ".join((self.name, *self.aliases))
        options = f"; keywords: {', '.join(self.keywords)}" if self.keywords else ""
        return f"{names}: {self.kind}, {KINDS[self.kind]}{options}{f'; {self.note}' if self.note else ''}"


class Coverage(list[Entry]):
    """All entries, by area and name. Prints as a table; `coverage["np.sort"]` is one entry."""

    def __getitem__(self, key: Any) -> Any:
        return self.find(key) if isinstance(key, str) else super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or any(key in names_of(entry) for entry in self)

    def find(self, name: str) -> Entry:
        """The entry of a name, with or without its namespace. Raises KeyError."""
        for entry in self:
            if name in names_of(entry):
                return entry
        raise KeyError(f"{name}: not a function that NumPy would ask a Tensor about, or one that nobody has decided yet")

    def areas(self) -> Iterator[tuple[str, list[Entry]]]:
        for area in dict.fromkeys(entry.area for entry in self):
            yield area, [entry for entry in self if entry.area == area]

    def __str__(self) -> str:
        lines = []
        for area, entries in self.areas():
            lines += [f"{area} ({len(entries)})", *(f"  {entry}" for entry in entries)]
        return "\n".join(lines)

    def markdown(self) -> str:
        """Two tables: the functions of each area, and what the gradient is at the kinks."""
        lines = ["| area | functions |", "|---|---|"]
        for area, entries in self.areas():
            lines.append(f"| {area} | {' '.join(f'`{short(entry)}`' for entry in entries)} |")
        lines += ["", "| kink | gradient there |", "|---|---|"]
        notes: dict[str, list[str]] = {}
        for entry in self:
            if entry.note and entry.kind in ("rule", "composite"):
                notes.setdefault(entry.note, []).append(f"`{short(entry)}`")
        lines += [f"| {' '.join(names)} | {note} |" for note, names in notes.items()]
        return "\n".join(lines) + "\n"


def names_of(entry: Entry) -> set[str]:
    names = {entry.name, *entry.aliases}
    return names | {name.rpartition(".")[2] for name in names}


def short(entry: Entry) -> str:
    """`linalg.svd`, and `concatenate = concat` where the standard has another name."""
    return " = ".join(name.removeprefix("np.") for name in (entry.name, *entry.aliases))


def coverage() -> Coverage:
    """Every function that is covered or refused, from the table itself.

    >>> import microgradnp as mg
    >>> print(mg.coverage()["np.concat"])
    np.concatenate = np.concat: rule, a formula for each argument; keywords: axis
    """
    names = public_names()
    entries = [described(f, entry, names[f]) for f, entry in TABLE.items() if f in names]
    entries += [Entry(names[f][0], names[f][1:], "refused", "refused", (), why) for f, why in REFUSED.items() if f in names]
    order = list(dict.fromkeys(entry.area for entry in sorted(entries, key=lambda e: (list(KINDS).index(rank(e)), e.area))))
    return Coverage(sorted(entries, key=lambda e: (order.index(e.area), e.name)))


def rank(entry: Entry) -> str:
    return entry.kind if entry.kind in ("constant", "refused") else "rule"


def public_names() -> dict[Callable[..., Any], tuple[str, ...]]:
    """Function -> all its public names, that under which NumPy made it first."""
    found: dict[Callable[..., Any], list[str]] = {operator.getitem: ["x[index]"]}
    for prefix, space in {**NAMESPACES, **optional()}.items():
        for name in dict.fromkeys(getattr(space, "__all__", dir(space))):  # SciPy lists some twice
            function = getattr(space, name, None)
            if callable(function) and not isinstance(function, type):
                found.setdefault(function, []).append(f"{prefix}.{name}")
    return {function: tuple(sorted(names, key=lambda name: (not own(name, function), name))) for function, names in found.items()}


def optional() -> dict[str, ModuleType]:
    """Libraries whose rules are loaded late, as far as they are installed; now they are loaded."""
    found = {}
    for library, rules in LATE.items():
        with contextlib.suppress(ModuleNotFoundError):
            found[library] = importlib.import_module(library)
            importlib.import_module(rules)
    return found


def own(name: str, function: Callable[..., Any]) -> bool:
    """Whether a name is the one that the function was made under."""
    return name.rpartition(".")[2] == getattr(function, "__name__", None)


def described(function: Callable[..., Any], entry: Rule | Composite, names: tuple[str, ...]) -> Entry:
    kink = KINKS.get(function)
    note = kink.convention if kink else ""
    if isinstance(entry, Composite):
        return Entry(names[0], names[1:], "composite", area_of(entry.expression), keywords_of(entry.expression), note)
    if entry.constant:
        return Entry(names[0], names[1:], "constant", "constants", (), note)
    formula = next(vjp for vjp in entry.vjps if vjp is not None)
    return Entry(names[0], names[1:], "rule", area_of(formula), tuple(sorted(entry.options)), note)


def area_of(formula: Callable[..., Any]) -> str:
    """The module of the rules; of a library's rules, the library."""
    library = next((library for library, rules in LATE.items() if formula.__module__.startswith(rules)), None)
    return library or str(formula.__module__).rpartition(".")[2]


def keywords_of(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(p.name for p in inspect.signature(function).parameters.values() if p.default is not p.empty)
