"""The list of covered functions, made from the table itself. It is printed for people, and for the guide."""

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

from microgradnp.core import binding
from microgradnp.core.entries import KINKS, LIBRARY_RULES, REFUSED, Composite
from microgradnp.core.table import TABLE, Rule
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
    "composite": "written in terms of other functions",
    "constant": "its derivative is 0 wherever it exists",
    "refused": "raises an error that says why",
}


@dataclass(frozen=True)
class Entry:
    """One function of NumPy, SciPy or microgradnp, and how it is differentiated."""

    name: str  # np.linalg.svd
    aliases: tuple[str, ...]  # other names of the same function, such as those of the array API standard
    kind: str  # one of KINDS
    area: str  # the module of microgradnp.rules
    keywords: tuple[str, ...]  # options that the gradient takes into account
    note: str  # the convention at a kink, or the reason for a refusal

    def __str__(self) -> str:
        names = " = ".join((self.name, *self.aliases))
        options = f"; keywords: {', '.join(self.keywords)}" if self.keywords else ""
        return f"{names}: {self.kind}, {KINDS[self.kind]}{options}{f'; {self.note}' if self.note else ''}"


class Coverage(list[Entry]):
    """All entries, sorted by area and name. It prints as a table; `coverage["np.sort"]` is one entry."""

    def __getitem__(self, key: Any) -> Any:
        return self.find(key) if isinstance(key, str) else super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or any(key in names_of(entry) for entry in self)

    def find(self, name: str) -> Entry:
        """The entry with this name, which may leave out its namespace. Raises KeyError when there is none."""
        for entry in self:
            if name in names_of(entry):
                return entry
        raise KeyError(f"{name}: no covered or refused function has this name")

    def areas(self) -> Iterator[tuple[str, list[Entry]]]:
        """Each area with its entries."""
        for area in dict.fromkeys(entry.area for entry in self):
            yield area, [entry for entry in self if entry.area == area]

    def __str__(self) -> str:
        lines = []
        for area, entries in self.areas():
            lines += [f"{area} ({len(entries)})", *(f"  {entry}" for entry in entries)]
        return "\n".join(lines)

    def markdown(self) -> str:
        """Two tables: the functions of each area, and the gradient at each kink."""
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
    """All names of an entry, with and without their namespace."""
    names = {entry.name, *entry.aliases}
    return names | {name.rpartition(".")[2] for name in names}


def short(entry: Entry) -> str:
    """The entry's names without `np.`: `linalg.svd`, or `concatenate = concat`."""
    return " = ".join(name.removeprefix("np.") for name in (entry.name, *entry.aliases))


def coverage() -> Coverage:
    """List every function that is covered or refused.

    `coverage().find(name)` raises KeyError for a function that is unknown.

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
    """Function -> all its public names. The name that the function was defined under comes first."""
    found: dict[Callable[..., Any], list[str]] = {operator.getitem: ["x[index]"]}
    for prefix, space in {**NAMESPACES, **optional()}.items():
        for name in dict.fromkeys(getattr(space, "__all__", dir(space))):  # SciPy lists some twice
            function = getattr(space, name, None)
            if callable(function) and not isinstance(function, type):
                found.setdefault(function, []).append(f"{prefix}.{name}")
    return {function: tuple(sorted(names, key=lambda name: (not own(name, function), name))) for function, names in found.items()}


def optional() -> dict[str, ModuleType]:
    """Load the rules of optional libraries, and return the libraries that are installed."""
    found = {}
    for library, rules in LIBRARY_RULES.items():
        with contextlib.suppress(ModuleNotFoundError):
            found[library] = importlib.import_module(library)
            importlib.import_module(rules)
    return found


def own(name: str, function: Callable[..., Any]) -> bool:
    """Whether the function was defined under this name."""
    return name.rpartition(".")[2] == getattr(function, "__name__", None)


def described(function: Callable[..., Any], entry: Rule | Composite, names: tuple[str, ...]) -> Entry:
    kink = KINKS.get(function)
    note = kink.convention if kink else ""
    if isinstance(entry, Composite):
        return Entry(names[0], names[1:], "composite", area_of(entry.expression), keywords_of(entry.expression), note)
    if entry.constant:
        return Entry(names[0], names[1:], "constant", "constants", (), note)
    formula = next(vjp for vjp in entry.vjps if vjp is not None)
    return Entry(names[0], names[1:], "rule", area_of(formula), tuple(sorted(binding.keywords_of(entry).options)), note)


def area_of(formula: Callable[..., Any]) -> str:
    """The module of microgradnp.rules that holds the formula; for the rules of a library, the library."""
    library = next((library for library, rules in LIBRARY_RULES.items() if formula.__module__.startswith(rules)), None)
    return library or str(formula.__module__).rpartition(".")[2]


def keywords_of(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(p.name for p in inspect.signature(function).parameters.values() if p.default is not p.empty)
