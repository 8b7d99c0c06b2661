"""Which returned or stored array is the gradient of which argument or parameter: by container, name, position and shape.

Several pairings may be possible. The first is the likely one. `sure` tells whether there is no doubt about it.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from microgradnp.debugger.pairs.protocol import Plan, Returned, returns_of
from microgradnp.debugger.pairs.run import Seen
from microgradnp.debugger.pairs.world import Attribute, Path, Place, Subject, written

BEFORE = ("d", "d_", "grad", "grad_", "gradient_", "g", "g_", "delta", "delta_", "nabla_", "dl_d", "dld", "dj_d", "dloss_d")
AFTER = ("_grad", "_gradient", "_gradients", "_grads", "grad", "_d", "_delta")
MOST = 200  # pairings that are tried


@dataclass(frozen=True, eq=False)
class Claim:
    """The gradient that the pair gives for one place."""

    place: Place
    array: np.ndarray
    source: str  # what the user calls it
    where: tuple[str, Any]  # ("returned", label) or ("stored", path)
    update: bool = False  # the parameter itself was moved

    def read(self, seen: Seen) -> Claim | None:
        """The same claim in another run."""
        kind, key = self.where
        if kind == "returned":
            array = next((leaf.array for leaf in seen.returned if leaf.label == key), None)
        elif self.update:
            array = seen.held[key] - seen.stored[key] if key in seen.held and key in seen.stored else None
        else:
            array = seen.stored.get(key)
        return None if array is None else replace(self, array=array)


@dataclass(eq=False)
class Pairing:
    """One claim for each place that has one."""

    claims: dict[Place, Claim]
    sure: bool = True
    left: list[str] = field(default_factory=list)  # returned arrays that fit nothing
    note: str = ""


def fits(array: np.ndarray, place: Place) -> int:
    """2 for the same shape, 1 for one that differs by axes of length 1, 0 for another."""
    if array.shape == place.array.shape:
        return 2
    return int(array.size == place.array.size and np.squeeze(array).shape == np.squeeze(place.array).shape)


def is_name_of_gradient(name: str, of: str) -> bool:
    """Whether `name` is called like the gradient of `of`: `dW`, `W_grad`, `grad_W`, or `W` itself in a dict of gradients."""
    name, of = (text.strip("_").lower() for text in (name, of))
    return name == of or any(name == start + of for start in BEFORE) or any(name == of + end for end in AFTER)


def last_name(path: Path) -> str:
    """The attribute or key at the end of a path; empty for a number."""
    key = path[-1]
    return key.name if isinstance(key, Attribute) else key if isinstance(key, str) else ""


# ------------------------------------------------------------------------------------------ what was returned


def returned_pairings(subject: Subject, plan: Plan, seen: Seen, places: Sequence[Place]) -> Iterator[Pairing]:
    """The ways to give the returned arrays to the arguments, the likely one first."""
    leaves = [leaf for leaf in seen.returned if leaf.array.size]
    arguments = [p for p in places if p.argument]
    if not leaves:
        yield from stored_inputs(subject, seen, places)
        return
    keyed = by_key(leaves, places)
    if keyed is not None:
        yield keyed
        return
    names = [name_of_leaf(leaf, subject, plan) for leaf in leaves]
    by_position = direct(subject, seen, arguments, names)
    by_name = named(leaves, names, arguments)
    first = [found for found in (by_name, by_position) if found is not None]
    yield from first
    others = list(itertools.islice(assignments(leaves, names, arguments), MOST))
    lone = len(others) == 1 or not arguments
    for other in others:
        other.sure = lone and not first
        yield other
    if not first and not others:
        yield Pairing({}, left=[source_of_leaf(leaf, name) for leaf, name in zip(leaves, names, strict=True)])


def stored_inputs(subject: Subject, seen: Seen, places: Sequence[Place]) -> Iterator[Pairing]:
    """Backward returned nothing: what it wrote may be the gradients of the arguments, by name first, then by shape."""
    arguments = [p for p in places if p.argument]
    known = {seen.identity.get(p.path) for p in places}
    new = {path: array for path, array in seen.stored.items() if path in seen.written and seen.identity[path] not in known}
    spoken = [(p, path) for p in arguments for path in new if by_attribute(path, p)]
    if spoken:
        yield Pairing({p: Claim(p, new[path], written(path, subject.forward), ("stored", path)) for p, path in spoken})
        return
    parameters = [p for p in places if not p.argument]
    free = [path for path in new if not any(by_attribute(path, p) or by_container(path, p) for p in parameters)]
    ways = [(p, path) for p in arguments for path in free if fits(new[path], p) == 2]
    for p, path in ways:
        claim = Claim(p, new[path], written(path, subject.forward), ("stored", path))
        yield Pairing({p: claim}, sure=len(ways) == 1)
    yield Pairing({})


def by_key(leaves: list[Returned], places: Sequence[Place]) -> Pairing | None:
    """A dict of gradients: by its keys."""
    if not all(leaf.label and isinstance(leaf.label[-1], str) for leaf in leaves):
        return None
    claims: dict[Place, Claim] = {}
    left = []
    for leaf in leaves:
        key = leaf.label[-1]
        fitting = [p for p in places if is_name_of_gradient(key, last_name(p.path) or p.name) or is_name_of_gradient(key, p.name)]
        exact = [p for p in fitting if p not in claims]
        if exact:
            claims[exact[0]] = Claim(exact[0], leaf.array, repr(key), ("returned", leaf.label))
        else:
            left.append(repr(key))
    return Pairing(claims, left=left) if claims else None


def name_of_leaf(leaf: Returned, subject: Subject, plan: Plan) -> str:
    """The name of a returned array in `return dx, dw, db`."""
    if subject.backward is not None:
        function, offset = subject.backward, list(range(99))
    elif plan.call is None:
        function, offset = subject.forward, [source.key for source in plan.returned]
    else:
        return ""
    label = leaf.label if leaf.label else (0,)
    if subject.backward is None and plan.call is None and len(plan.returned) == 1:
        label = (0, *leaf.label)
    found = set()
    for value in returns_of(function):
        node: ast.expr | None = value
        for depth, key in enumerate(label):
            position = offset[key] if depth == 0 and isinstance(key, int) and key < len(offset) else key
            if isinstance(node, (ast.Tuple, ast.List)) and isinstance(position, int) and position < len(node.elts):
                node = node.elts[position]
            elif label != (0,):
                node = None
        found.add(node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else "")
    return found.pop() if len(found) == 1 else ""


def direct(subject: Subject, seen: Seen, arguments: Sequence[Place], names: list[str]) -> Pairing | None:
    """As many returned values as arguments, or as arguments of numbers: one after the other, if most of the shapes fit."""
    if any(len(leaf.label) > 1 for leaf in seen.returned):
        return None
    by_position = {p.path[1]: p for p in arguments if len(p.path) == 2}
    whole = [by_position.get(k) for k in range(len(subject.args))]
    arrays = [p for p in arguments if not p.is_setting and not p.is_data]
    top = [p for p in arrays if len(p.path) == 2]
    for wanted in (whole, list(arguments), arrays, top):
        if len(wanted) != len(seen.returned):
            continue
        pairs = [
            (leaf, place) for leaf, place in zip(seen.returned, wanted, strict=True) if place is not None and leaf.array.size
        ]
        matching = [fits(leaf.array, place) > 0 for leaf, place in pairs]
        if (pairs and all(matching)) or (len(pairs) > 1 and sum(matching) > len(pairs) / 2):
            spoken = {id(leaf): name for leaf, name in zip([r for r in seen.returned if r.array.size], names, strict=False)}
            return Pairing(
                {
                    place: Claim(place, leaf.array, source_of_leaf(leaf, spoken.get(id(leaf), "")), ("returned", leaf.label))
                    for leaf, place in pairs
                }
            )
    return None


def named(leaves: list[Returned], names: list[str], arguments: Sequence[Place]) -> Pairing | None:
    """Every returned array has the name of an argument's gradient, and nearly every shape fits."""
    claims: dict[Place, Claim] = {}
    for leaf, name in zip(leaves, names, strict=True):
        of = [p for p in arguments if name and is_name_of_gradient(name, last_name(p.path) or p.name)]
        if len(of) != 1 or of[0] in claims:
            return None
        claims[of[0]] = Claim(of[0], leaf.array, name, ("returned", leaf.label))
    matching = [fits(claim.array, place) > 0 for place, claim in claims.items()]
    return Pairing(claims) if claims and sum(matching) >= max(1, len(matching) - 1) else None


def assignments(leaves: list[Returned], names: list[str], arguments: Sequence[Place]) -> Iterator[Pairing]:
    """Ways to give each returned array to an argument of its shape: in the order of the arguments first, then in any."""
    arguments = [p for p in arguments if not p.is_setting or any(leaf.array.ndim == 0 for leaf in leaves)]
    for level in (2, 1):
        options = [[p for p in arguments if fits(leaf.array, p) >= level] for leaf in leaves]
        used = [k for k, option in enumerate(options) if option]
        if not used or (level == 2 and len(used) < len(leaves)):
            continue
        ways = [
            way for way in itertools.islice(itertools.product(*(options[k] for k in used)), 5000) if len(set(way)) == len(way)
        ]
        order = {p: k for k, p in enumerate(arguments)}
        ways.sort(key=lambda way: not all(order[a] < order[b] for a, b in itertools.pairwise(way)))
        left = [source_of_leaf(leaf, name) for k, (leaf, name) in enumerate(zip(leaves, names, strict=True)) if k not in used]
        for way in ways:
            claims = {
                p: Claim(p, leaves[k].array, source_of_leaf(leaves[k], names[k]), ("returned", leaves[k].label))
                for p, k in zip(way, used, strict=True)
            }
            yield Pairing(claims, left=left)
        if ways:
            return


def source_of_leaf(leaf: Returned, name: str) -> str:
    """What a returned array is called in the report."""
    if name:
        return name
    if not leaf.label:
        return "the returned array"
    return f"returned value {leaf.label[0] + 1}" if isinstance(leaf.label[0], int) else repr(leaf.label[0])


# ------------------------------------------------------------------------------------------ what was stored


def stored_claims(
    seen: Seen, places: Sequence[Place], taken: Mapping[Place, Claim], subject: Subject
) -> tuple[dict[Place, Claim], list[str]]:
    """(claims from arrays that backward wrote into the object, what could be several arrays)."""
    own = {seen.identity.get(p.path) for p in places}
    free = {path: array for path, array in seen.stored.items() if seen.identity[path] not in own}
    claims: dict[Place, Claim] = {}
    doubts: list[str] = []
    todo = [p for p in places if p not in taken and not p.is_data and not p.is_setting]
    for rule in (by_container, by_attribute):
        for place in [p for p in todo if p not in claims]:
            found = [path for path in free if rule(path, place) and (fits(free[path], place) or rule is by_attribute)]
            best = [path for path in found if fits(free[path], place) == 2] or found
            if len({seen.identity[path] for path in best}) == 1:
                claims[place] = Claim(place, free[best[0]], written(best[0], subject.forward), ("stored", best[0]))
                free = {path: array for path, array in free.items() if seen.identity[path] != seen.identity[best[0]]}
    for place in [p for p in todo if p not in claims and not p.argument]:
        found = [path for path in free if path in seen.written and fits(free[path], place) == 2]
        rivals = [p for p in todo if p not in claims and not p.argument and p.array.shape == place.array.shape]
        if len({seen.identity[path] for path in found}) == 1 and len(rivals) == 1:
            claims[place] = Claim(place, free[found[0]], written(found[0], subject.forward), ("stored", found[0]))
        elif found:
            doubts.append(f"{place.name}: {' or '.join(written(path, subject.forward) for path in found[:4])}")
    moved = [p for p in todo if p not in claims and not p.argument and p.path in seen.written]
    for place in moved:
        change = seen.held[place.path] - seen.stored[place.path] if place.path in seen.held else place.array
        claims[place] = Claim(place, change, f"the update of {place.name}", ("stored", place.path), update=True)
    return claims, [doubt for doubt in doubts if doubt.partition(":")[0] not in {p.name for p in claims}]


def by_container(path: Path, place: Place) -> bool:
    """`grads['W']` beside `params['W']`, `grads[0]` beside `params[0]`, and the second of `[W, dW]`."""
    if place.argument or len(path) != len(place.path) or len(path) < 3:
        return False
    same_key = path[:-2] == place.path[:-2] and path[-1] == place.path[-1] and path[-2] != place.path[-2]
    beside = path[:-1] == place.path[:-1] and isinstance(path[-1], int) and (place.path[-1], path[-1]) == (0, 1)
    return same_key or beside


def by_attribute(path: Path, place: Place) -> bool:
    """`dW`, `W_grad` or `grads['W']` for `W`."""
    names = {last_name(place.path), place.name}
    if last_name(place.path) in ("value", "data", "param") and last_name(path) in ("grad", "gradient", "g", "diff", "delta"):
        return path[:-1] == place.path[:-1]
    if isinstance(place.path[-1], int) or not last_name(path):
        return False
    if last_name(path) == last_name(place.path) and (place.argument or len(path) == 2):
        return False  # the input that the layer keeps
    return any(name and is_name_of_gradient(last_name(path), name) for name in names)
