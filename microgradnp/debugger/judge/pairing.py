"""Pair what is returned or kept with the parameters that do not move, where no value tells: by place, shape and order.

A wrong gradient equals no gradient. So a pair needs exactly one way to fit. Whatever else the array may be (a value of the model,
another derivative, a right gradient that was clipped or added up) is no gradient of the parameter, and is never called wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.debugger.judge.judged import Judged, both, fit, is_zero, multiple_of, quantity, tolerance
from microgradnp.debugger.judge.places import affixes_of, below, holder_of, is_inside, root_of_place, tail, word
from microgradnp.debugger.judge.points import Point, roots
from microgradnp.debugger.match.index import Index
from microgradnp.debugger.match.references import references
from microgradnp.debugger.match.trained import untrained
from microgradnp.debugger.record.meeting import argument_values
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import parts_in

MOST_WAYS = 2  # of placing an order; a second one is enough to know that it is not the only one
Pairs = dict[str, str]  # argument -> place


class Pairing:
    """The places and the arguments that are left, and what is known already: `taken` leads from a place to its argument."""

    def __init__(self, step: Step, point: Point, kept: dict[str, Any], taken: dict[str, str], left: list[str]) -> None:
        self.step, self.point, self.kept, self.taken = step, point, kept, taken
        self.gradients = {a: np.squeeze(g) for a, g in step.evaluation.gradients.items() if a not in step.upstream}
        self.owners = {holder_of(origin) for a in self.gradients if tail(origin := self.origin(a))}
        self.left = [a for a in left if self.gradients[a].size > 1]
        index = Index(references(step.evaluation))
        arrays = {path: quantity(held, step.values) for path, held in kept.items()}
        self.shapes = {path: np.squeeze(a).shape for path, a in arrays.items() if a is not None}
        self.free = [
            path
            for path, a in arrays.items()
            if a is not None and a.size > 1 and path not in taken and (is_flat(a) or index.match(a) is None)
        ]
        whole = {path for path in self.free if "[piece" not in path}
        self.free = [p for p in self.free if p in whole or not self.is_handed_on(p, whole)]
        self.free += self.twice(arrays, index)
        samples = {len(v) for v in argument_values(step.before, step.values).values() if is_label_list(v)}
        own = {self.gradients[a].shape for a in self.left if len(self.gradients[a]) not in samples}
        turned = any(self.shapes[path] != self.gradients[a].shape for path, a in taken.items() if path in self.shapes)
        self.plain = set() if turned else own  # a place of such a shape holds no gradient that is transposed or flat

    def twice(self, arrays: dict[str, np.ndarray | None], index: Index) -> list[str]:
        """Places that hold the gradient of an argument which another place holds, too: one of them should hold another one."""
        missing = set(self.left) - untrained(self.step.evaluation, set(self.taken.values()), set())
        found = []
        for path in self.kept if missing else ():
            array = arrays[path]
            if array is None or path in self.taken or path in self.free or "[piece" in path:
                continue
            match = index.match(array)
            own = [p for p, a in self.taken.items() if match is not None and a == match.reference.argument]
            if any(same_numbers(arrays[p], array) and holder_of(p) == holder_of(path) for p in own):
                found.append(path)
        return found

    def is_handed_on(self, piece: str, whole: set[str]) -> bool:
        """Whether a piece only became what is kept, as in a copy or by clipping: that counts once."""
        path = piece.partition("[piece")[0]
        return path in whole and self.shapes[path] == self.shapes[piece]

    def fits(self, path: str, argument: str) -> bool:
        """Whether a place has the shape of a gradient, perhaps transposed or flat, and lies in no other parameter's object."""
        if (home := self.home(path)) and not is_inside(holder_of(self.origin(argument)), home):
            return False
        gradient, shape = self.gradients[argument], self.shapes[path]
        if shape in self.plain:
            return bool(shape == gradient.shape)
        is_flat = shape == (gradient.size,) and "[piece" not in path  # the piece before it has the shape
        return shape in (gradient.shape, gradient.shape[::-1]) or is_flat

    def home(self, path: str) -> str:
        """The innermost object or dict of parameters that a place lies in."""
        return max((owner for owner in self.owners if is_inside(path, owner)), key=len, default="")

    def candidates(self, argument: str) -> list[str]:
        """The places that could hold the gradient of an argument, as far as the shape tells."""
        return [path for path in self.free if self.fits(path, argument)]

    def returned(self, argument: str) -> list[str]:
        """What a layer returns and has the shape of a gradient, though it is another quantity of the model: it may be meant."""
        whole = [p for p in self.shapes if self.step.upstream and root_of_place(p) == "return" and "[piece" not in p]
        return [path for path in whole if path not in self.free and self.fits(path, argument)]

    def only_one(self, argument: str, paths: list[str], rivals: list[str]) -> str | None:
        """The place that is left for an argument, where it is the only argument that is left for the place.

        Several places of one array count as one.
        """
        found = {self.identity(path): path for path in reversed(paths) if self.fits(path, argument)}
        if len(found) != 1:
            return None
        place = next(iter(found.values()))
        return place if [a for a in rivals if self.fits(place, a)] == [argument] else None

    def identity(self, path: str) -> Any:
        """What tells the array in a place from all others."""
        held = self.kept[path]
        return held if type(held) is Node else path

    def by_elimination(self) -> Iterator[tuple[str, str]]:
        """Beside gradients that were found by their values, only one place and one argument of a shape are left."""
        roots = {root_of_place(path) for path in self.taken}
        beside = [path for path in self.free if root_of_place(path) in roots]
        for argument in self.left:
            if place := self.only_one(argument, beside, self.left):
                yield argument, place

    def by_owner(self) -> Iterator[tuple[str, str]]:
        """`k.grad_w` for `k.w`, where `q.grad_w` was found to be the gradient of `q.w`; `k.grads["w"]` as well."""
        places: dict[Any, list[str]] = {}
        for path in self.kept:
            places.setdefault(self.identity(path), []).append(path)
        pairs = [(self.origin(a), other) for path, a in self.taken.items() for other in places[self.identity(path)]]
        known = {(tail(own), rest) for own, path in pairs if (rest := below(path, own))}
        for argument in self.left:
            own = self.origin(argument)
            found = [p for p in self.free if (tail(own), below(p, own)) in known]
            rivals = [a for a in self.left if found and (tail(self.origin(a)), below(found[0], self.origin(a))) in known]
            if place := self.only_one(argument, found, rivals):
                yield argument, place

    def by_return(self) -> Iterator[tuple[str, str]]:
        """The only array that the backward pass of a layer returns, where other gradients were found: that of its input."""
        returned = [path for path in self.kept if root_of_place(path) == "return" and "[piece" not in path]
        found = self.taken or self.step.after
        if self.step.upstream and found and returned == ["return"] and "return" in self.free:
            for argument in self.left:
                if place := self.only_one(argument, returned, self.left):
                    yield argument, place

    def by_home(self) -> Iterator[tuple[str, str]]:
        """In the object of a layer that is given its gradient, only one place and one argument of a shape are left."""
        for argument in self.left if self.step.upstream else ():
            own = self.origin(argument)
            found = [path for path in self.free if tail(own) and "[piece" not in path and self.home(path) == holder_of(own)]
            if place := self.only_one(argument, found, [a for a in self.left if holder_of(self.origin(a)) == holder_of(own)]):
                yield argument, place

    def by_keys(self) -> Pairs:
        """`grads["dw"]` for `net["w"]`: one place has a key for each parameter of an object or a dict, with one affix for all.

        Each of several objects has its own place, in itself. Parameters that are variables go by their names in the model.
        """
        origins = {a: self.origin(a) for a in self.gradients}
        ways: dict[str, list[Pairs]] = {}
        for holder in {holder_of(path) for path in self.free if tail(path) and "[piece" not in path}:
            places = {word(path): path for path in self.kept if holder_of(path) == holder and "[piece" not in path}
            home = self.home(holder) or self.sibling(holder)
            for owner in [home] if home else {*self.owners, ""}:
                own = {a: word(origin) for a, origin in origins.items() if tail(origin) and holder_of(origin) == owner}
                own = own if owner else {a: a for a, origin in origins.items() if not tail(origin)}
                affixes = {affix for key in places for name in own.values() for affix in affixes_of(key, name)}
                found = [self.with_affix(own, places, affix) for affix in affixes]
                ways.setdefault(home, []).extend(way for way in found if len(way) > 1 and self.covers(way, own))
        inside = [way for owner, found in ways.items() if owner for way in found[:1] if len(found) == 1]
        if inside and all(len(found) < 2 for owner, found in ways.items() if owner):
            return {argument: place for way in inside for argument, place in way.items()}
        every = [way for found in ways.values() for way in found]
        return every[0] if len(every) == 1 else {}

    def sibling(self, holder: str) -> str:
        """The only holder of parameters beside another one in an object: `layer.params` beside `layer.grads`."""
        beside = [owner for owner in self.owners if tail(owner) and tail(holder) and holder_of(owner) == holder_of(holder)]
        return beside[0] if len(beside) == 1 else ""

    def by_object(self) -> Iterator[tuple[str, str]]:
        """`w.grad` for `w.value`: in each of several objects only one place is left for its only parameter, the same in all."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for owner in self.owners:
            own = [a for a in self.gradients if tail(self.origin(a)) and holder_of(self.origin(a)) == owner]
            places = [p for p in (*self.free, *self.taken) if "[piece" not in p and holder_of(p) == owner]
            if len(own) == len(places) == 1 and self.may_hold(places[0], own[0]):
                found.setdefault((tail(self.origin(own[0])), tail(places[0])), {})[own[0]] = places[0]
        for way in found.values() if len(found) == 1 else ():
            yield from way.items() if len(way) > 1 else ()

    def by_index(self) -> Iterator[tuple[str, str]]:
        """`net.grads[k]` for `net.weights[k]`: in one object, only one list has an entry for each parameter of a list."""
        lists: dict[str, dict[str, str]] = {}
        for argument in self.gradients:
            if re.fullmatch(r"\[\d+\]", tail(origin := self.origin(argument))):
                lists.setdefault(holder_of(origin), {})[argument] = tail(origin)
        for parameters, own in lists.items():
            beside = {holder_of(p) for p in self.free if tail(p) in own.values() and "[piece" not in p}
            beside = {h for h in beside if tail(h) and holder_of(h) == holder_of(parameters) != parameters}
            ways = [{a: h + index for a, index in own.items()} for h in sorted(beside)]
            ways = [way for way in ways if len(way) > 1 and all(self.may_hold(place, a) for a, place in way.items())]
            if len(ways) == 1:
                yield from ways[0].items()

    def may_hold(self, place: str, argument: str) -> bool:
        """Whether a place holds the gradient of an argument, or is left for it and has the shape."""
        known = self.taken.get(place) == argument
        return known or (place in self.free and argument in self.left and self.fits(place, argument))

    def with_affix(self, own: dict[str, str], places: Pairs, affix: tuple[str, str]) -> Pairs:
        """The places whose key is the name of a parameter between a prefix and a suffix, as far as the shapes fit."""
        named = {a: places[key] for a, name in own.items() if (key := affix[0] + name + affix[1]) in places}
        return {a: place for a, place in named.items() if self.may_hold(place, a)}

    def covers(self, way: Pairs, own: dict[str, str]) -> bool:
        """Whether all arguments from one owner have a place, but for data and those whose gradient is zero."""
        rest = {a for a in own.keys() - way.keys() if not is_always_zero(self.step, self.point, a)}
        return rest <= untrained(self.step.evaluation, {*way, *self.taken.values()}, set())

    def by_order(self) -> Pairs:
        """All gradients in the order of the model's arguments, in the opposite order, or layer by layer from the last."""
        found: list[Pairs] = []
        for root in {root_of_place(path) for path in (*self.free, *self.taken) if "[piece" not in path}:
            places = [
                path
                for path in self.kept
                if root_of_place(path) == root and "[piece" not in path and (path in self.free or path in self.taken)
            ]
            if not set(places) & set(self.free) or (self.taken and not set(places) & set(self.taken)):
                continue  # nothing to pair, or nothing beside it that is a gradient: it may be no gradient at all
            blocks: dict[str, list[str]] = {}
            for path in places:
                blocks.setdefault(holder_of(path), []).append(path)
            orders = (places, places[::-1], [path for block in reversed(blocks.values()) for path in block])
            ways = [way for order in {tuple(order) for order in orders} for way in self.ways(order)]
            ways = [way for k, way in enumerate(ways) if way not in ways[:k] and self.is_complete(way)]
            found += ways if len(ways) == 1 else []
        return found[0] if len(found) == 1 else {}

    def ways(self, order: tuple[str, ...]) -> list[Pairs]:
        """The ways to give every place an argument, none before that of the place before it."""
        arguments = [a for a, g in self.gradients.items() if g.size > 1]
        ways: list[tuple[Pairs, int]] = [({}, 0)]
        for path in order:
            longer: list[tuple[Pairs, int]] = []
            for way, start in ways:
                for k in range(start, len(arguments)):
                    argument = arguments[k]
                    own = self.taken.get(path)
                    if argument == own or (own is None and argument in self.left and self.fits(path, argument)):
                        longer.append(({**way, argument: path}, k + 1))
            ways = longer[:200]
        return [way for way, _ in ways][:MOST_WAYS]

    def is_complete(self, way: Pairs) -> bool:
        """Whether all arguments without a place are data, or single numbers."""
        trained = {*way, *self.taken.values()}
        rest = {a for a, gradient in self.gradients.items() if a not in trained and gradient.size > 1}
        holders = {holder_of(self.origin(a)) for a in trained}
        if len(holders) == 1 and not holders & {self.origin(a) for a in trained}:  # all parameters are in one list or object
            rest = {a for a in rest if holder_of(self.origin(a)) in holders}
        resting = {a for a in rest if is_always_zero(self.step, self.point, a)}
        return rest - resting <= untrained(self.step.evaluation, trained, set())

    def origin(self, argument: str) -> str:
        """The place that a parameter comes from: `net.w`."""
        return origin_of(self.step, argument)

    def is_gradient(self, path: str, argument: str, trained: set[str]) -> bool:
        """Whether a place may be called a wrong gradient: nothing says that the right one is in it."""
        held = self.kept[path]
        for transposed in (False, True):
            shares = []
            for values, evaluation in both(self.step, self.point):
                array = quantity(held, values)
                gradient = np.squeeze(evaluation.gradients[argument])
                if array is None or not np.any(array):
                    return array is not None
                shares.append(fit(np.squeeze(array), gradient.T if transposed else gradient, 0.0)[1])
            if max(shares) <= tolerance(self.step):
                return False  # a multiple, with a factor that depends on the inputs
        ends = nodes_of(held)
        if not set(ends) & self.step.backward and self.made_from_one(ends):
            return False  # a norm of weights, say
        inside = self.step.structure.before(ends) & self.step.backward
        if any(map(self.is_cut, inside)):
            return False  # what was limited on the way says nothing of what is right before it
        size = self.gradients[argument].size
        right = {n for n in inside if is_sized(n, size) and multiple_of(self.step, self.point, n, argument) is not None}
        if not right or not self.taken:
            return not right  # all of them may go through a rule of the program's own
        return bool(self.given_after(trained, right) & set(ends))

    def is_cut(self, node: Node) -> bool:
        """Whether a node limits the numbers that it is given, and some of them were beyond."""
        if node.kind != "operation" or node.name != "clip" or type(node.args[0]) is not Node:
            return False
        values = self.step.values
        return node not in values.failed and not np.array_equal(values[node], values[node.args[0]])

    def made_from_one(self, ends: list[Node]) -> bool:
        """Whether something is made from one argument of the model, or from none."""
        before = self.step.structure.before(ends)
        return sum(not before.isdisjoint(roots(self.step, [argument])) for argument in self.step.before) < 2

    def given_after(self, trained: set[str], without: set[Node]) -> set[Node]:
        """What comes from the data or the outputs of a step, and not through some nodes. A penalty on parameters does not."""
        structure, step = self.step.structure, self.step
        pure = structure.after(roots(step, step.before.keys() - trained)) - structure.after(roots(step, trained))
        return structure.after([*pure, *step.outputs], without=without)


def pair_by_structure(
    step: Step, point: Point, entries: dict[str, Judged], kept: dict[str, Any], taken: dict[str, str]
) -> dict[str, list[str]]:
    """Judge the arguments that have exactly one place. Returns the places that the others could have."""
    left = [a for a, entry in entries.items() if entry.status == "not checked"]
    pairing = Pairing(step, point, kept, dict(taken), left)
    keyed, found = pairing.by_keys(), pairing.by_order()
    if any(keyed.get(argument, place) != place for argument, place in found.items()):
        found = {}  # keys say more than the order in which they stand
    for argument, place in (
        *pairing.by_owner(),
        *keyed.items(),
        *pairing.by_home(),
        *pairing.by_index(),
        *pairing.by_object(),
    ):
        if place not in found.values():
            found.setdefault(argument, place)
    others = {a: place for a, place in pairing.by_elimination() if a not in found and place not in found.values()}
    if pairing.is_complete({**found, **others}):
        found |= others
    trained = {*found, *taken.values()}
    found |= {a: place for a, place in pairing.by_return() if a not in found and place not in found.values()}
    found = {argument: place for argument, place in found.items() if argument in left}
    order = list(step.evaluation.gradients)
    for argument, place in list(found.items()):
        for other, owner in list(taken.items()):
            turned = (list(kept).index(place) < list(kept).index(other)) != (order.index(argument) < order.index(owner))
            if turned and same_numbers(quantity(kept[place], step.values), quantity(kept[other], step.values)):
                found[argument], entries[owner].place = other, place  # equal gradients stand in the order of the arguments
                taken[place] = taken.pop(other)
                break
    for argument, place in found.items():
        zero = is_always_zero(step, point, argument)
        if not zero and not pairing.is_gradient(place, argument, trained):
            continue
        entries[argument] = Judged(argument, "wrong", "returned", node=nodes_of(kept[place])[0], place=place)
        entries[argument].why = "its gradient is zero, and this is not" if zero else ""
        taken[place] = argument
    still = [a for a in pairing.left if entries[a].status == "not checked"]
    return {a: [place for place in pairing.candidates(a) + pairing.returned(a) if place not in taken] for a in still}


def origin_of(step: Step, argument: str) -> str:
    """The place that an argument of the model comes from: `net.w`."""
    return next((part.node.origin for part in parts_in(step.before[argument])), "")


def kept_parameters(step: Step, judged: set[str], needless: set[str]) -> set[str]:
    """Of the arguments that seem to be data those that may be parameters, where only gradients of what is passed in were found.

    `x @ W` does not say which of the two is data. Where a layer is given its gradient, its parameters lie in objects, and its
    data are passed in.
    """
    inside = {a for a in needless | judged if a in step.before and tail(origin_of(step, a))}
    if not step.upstream or not inside & needless:
        return set()
    return inside & needless - untrained(step.evaluation, judged & inside, set(), step.model)


def is_always_zero(step: Step, point: Point, argument: str) -> bool:
    """Whether the gradient of an argument is zero on both inputs."""
    return all(is_zero(evaluation, argument) for _, evaluation in both(step, point))


def is_sized(node: Node, size: int) -> bool:
    return node.kind != "decision" and node.memory is not None and node.array is not None and node.array.size == size


def same_numbers(first: np.ndarray | None, second: np.ndarray | None) -> bool:
    return first is not None and second is not None and np.array_equal(first.ravel(), second.ravel())


def is_label_list(value: Any) -> bool:
    """Whether a value is one whole number for each sample."""
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iu"


def is_flat(array: np.ndarray) -> bool:
    """Whether all entries are equal: such an array is equal to many."""
    return bool(np.ptp(array) == 0)


def nodes_of(held: Any) -> list[Node]:
    """The nodes inside of an operand."""
    return [held] if type(held) is Node else [part.node for part in parts_in(held)]
