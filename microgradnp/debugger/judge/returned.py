"""Judge what a program returns or keeps: which of it is the gradient of which argument."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.debugger.judge.judged import CLOSE, ROUNDING, SAME, Judged, both, multiple_of, multiples, quantity, tolerance
from microgradnp.debugger.judge.movements import ONLY_ZERO, TURNED, TURNED_WHOLE, ZERO, judge_update
from microgradnp.debugger.judge.numbers import judge_numbers
from microgradnp.debugger.judge.pairing import is_always_zero, nodes_of, pair_by_structure
from microgradnp.debugger.judge.places import affixes_of, holder_of, root_of_place, tail, word
from microgradnp.debugger.judge.points import Point
from microgradnp.debugger.match.trained import untrained
from microgradnp.debugger.record.findings import place_of
from microgradnp.debugger.record.nodes import Group, Node
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import ARRANGED, exchanged, parts_in, size_of
from microgradnp.debugger.record.upstream import made_from
from microgradnp.debugger.record.ways import arrived, readings
from microgradnp.derivatives.agreement import scale_of

LAYOUT = "the transpose of its gradient was found; it is square, so no shape tells whether that is meant"
HANDED_ON = "{} is made of its gradient, {}, and is not it, where the same is right for other parameters"
RIGHT_HERE = "its gradient is right for the values given, and another one at other values"
MOST_NUMBERS = 20  # of a returned tuple of numbers that are gradients by themselves


def judge_returned(step: Step, point: Point, entries: dict[str, Judged], kept: dict[str, Any]) -> None:
    """What the program returns or keeps, against the gradients. What equals none is paired by its shape and its neighbours."""
    taken: dict[str, str] = {}  # path -> argument
    for argument in entries:
        size = step.evaluation.gradients[argument].size
        for path, held in kept.items():
            if path in taken or size < 2:
                continue
            multiple = multiple_of(step, point, held, argument)
            if multiple is not None:
                node = nodes_of(held)[0]
                entries[argument] = Judged(
                    argument, "right", "returned", multiple.factor, 0.0, node, transposed=multiple.transposed
                )
            elif comes_from(step, held, argument):
                moved = one_step_on(step, held, argument)
                entry = judge_update(dataclasses.replace(step, after={**step.after, argument: moved}), point, argument)
                if entry.status not in ("right", "agrees") and entry.why not in (TURNED, TURNED_WHOLE):
                    continue  # a gradient may carry the data on, too
                entries[argument] = entry
            else:
                continue
            entries[argument].place = path
            taken[path] = argument
            break
    if not taken:
        judge_clipped(step, point, entries, kept, taken)
    judge_close(step, point, entries, kept, taken)
    judge_carried(step, point, entries, kept, taken)
    judge_numbers(step, point, entries, kept, taken, one_step_on)
    for argument, entry in entries.items():
        if entry.status == "not checked" and is_always_zero(step, point, argument):
            add_zero(step, point, entry, kept, taken)
    doubt_turned_squares(step, entries)
    judge_misnamed(step, point, entries, kept)
    doubt_handed_on(step, point, entries, kept)
    could = pair_by_structure(step, point, entries, kept, taken)
    free = [held for path, held in kept.items() if path not in taken]
    for argument, entry in entries.items():
        if entry.status == "not checked" and not entry.why and any(is_right_here(step, held, argument) for held in free):
            entry.status, entry.why = "cannot judge", RIGHT_HERE
    for argument, entry in entries.items():
        if entry.status == "not checked" and (free := could.get(argument, [])) and not entry.why:
            entry.why = (
                f"it does not move, and its gradient could be {' or '.join(in_words(path) for path in free[:4])}: none equals it"
            )
            entry.is_open = any(is_beside(step, path, argument) for path in free)


def is_beside(step: Step, path: str, argument: str) -> bool:
    """Whether something is returned, or is kept in the object that keeps an argument: there gradients are looked for."""
    origin = next((part.node.origin for part in parts_in(step.before[argument])), "")
    return root_of_place(path) == "return" or origin != holder_of(origin) == holder_of(path)


def doubt_turned_squares(step: Step, entries: dict[str, Judged]) -> None:
    """Square gradients that are transposed, where no other one shows that they are meant so, cannot be judged."""
    found = {a: e for a, e in entries.items() if e.status in ("right", "agrees") and e.evidence == "returned"}
    turned = {a: entry for a, entry in found.items() if entry.transposed}
    for argument in lone_squares({a: step.evaluation.gradients[a] for a in turned}):
        turned[argument].status, turned[argument].why = "cannot judge", LAYOUT


def lone_squares(turned: dict[str, np.ndarray]) -> set[str]:
    """The gradients that are transposed, where all of them are square: one of another shape would show that it is meant."""
    return set(turned) if all(len(set(np.squeeze(gradient).shape)) == 1 for gradient in turned.values()) else set()


def judge_clipped(step: Step, point: Point, entries: dict[str, Judged], kept: dict[str, Any], taken: dict[str, str]) -> None:
    """Gradients with one factor for all, and another one at other inputs, where their norm is limited to a number."""
    found: dict[tuple[float, float], dict[str, tuple[str, bool]]] = {}
    several = {a: step.evaluation.gradients[a].size > 1 for a in entries}  # one number is a multiple of any other
    for argument in (a for a, entry in entries.items() if entry.status == "not checked" and several[a]):
        for path, held in kept.items():
            pair = multiples(step, point, held, argument)
            if pair is not None and min(one.factor for one in pair) > 0:
                factors = float(f"{pair[0].factor:.6g}"), float(f"{pair[1].factor:.6g}")
                found.setdefault(factors, {}).setdefault(argument, (path, pair[0].transposed))
    for factors, group in found.items():
        roots = {root_of_place(path) for path, _ in group.values()}
        arrays = [held for path, held in kept.items() if root_of_place(path) in roots and "[piece" not in path]
        if len(group) < 2 or not is_limited(factors, arrays, step, point):
            continue
        for argument, (path, transposed) in group.items():
            node = nodes_of(kept[path])[0]
            entries[argument] = Judged(argument, "right", "returned", factors[0], 0.0, node, transposed=transposed, place=path)
            taken[path] = argument
        return


def is_limited(factors: tuple[float, float], arrays: list[Any], step: Step, point: Point) -> bool:
    """Whether a norm of all arrays is limited: it is the same at both inputs, or the arrays are as they were at one of them."""
    if abs(factors[0] - factors[1]) <= CLOSE * factors[0] or max(factors) > 1 + CLOSE:
        return False
    inside = [[quantity(held, values) for held in arrays] for values, _ in both(step, point)]
    norms = [np.sqrt(sum(float(np.sum(np.square(a))) for a in held if a is not None and a.size > 1)) for held in inside]
    return abs(max(factors) - 1) <= CLOSE or abs(norms[0] - norms[1]) <= 1e-4 * norms[0]


def judge_misnamed(step: Step, point: Point, entries: dict[str, Judged], kept: dict[str, Any]) -> None:
    """What is returned under the key of one argument, and is the gradient of another one, where most keys say what they hold."""
    right = {a: entry for a, entry in entries.items() if entry.status == "right" and entry.evidence == "returned"}
    paths = [path for path in kept if root_of_place(path) == "return" and "[piece" not in path]
    for holder in dict.fromkeys(map(holder_of, paths)):
        places = {word(path): path for path in paths if holder_of(path) == holder}
        named = Counter(affix for key in places for argument in right for affix in affixes_of(key, argument))
        for (before, after), _ in named.most_common(3):
            own = {a: path for a in right if (path := places.get(before + a + after)) is not None}
            held = {a for a, path in own.items() if multiple_of(step, point, kept[path], a) is not None}
            if 2 * len(held) <= len(places):
                continue
            for argument in own.keys() - held:
                place = own[argument]
                for other in (a for a in held if multiple_of(step, point, kept[place], a) is not None):
                    node, why = nodes_of(kept[place])[0], f"this is the gradient of {other}"
                    entries[argument] = Judged(argument, "wrong", "returned", node=node, place=place, why=why)
                    entries[other].place = own[other]
            break


def doubt_handed_on(step: Step, point: Point, entries: dict[str, Judged], kept: dict[str, Any]) -> None:
    """A right gradient of which something else is made beside it, where the same is made for other parameters and is right there.

    A layer may compute `self.dW_now` and add it to `self.dW`: nobody knows which of them moves the parameter.
    """
    right = {a: entry for a, entry in entries.items() if entry.status == "right" and entry.evidence == "returned" and entry.node}
    for argument, entry in right.items():
        own = tail(entry.place)
        like_it = [other.place for a, other in right.items() if a != argument and own and tail(other.place) == own]
        after = step.structure.after([entry.node]) if like_it and entry.node is not None else set()
        for path in (path for path in kept if path != entry.place and holder_of(path) == holder_of(entry.place)):
            if after.isdisjoint(nodes_of(kept[path])) or is_as_right(step, point, kept[path], entry):
                continue
            others = [(a, holder_of(e.place) + tail(path)) for a, e in right.items() if e.place in like_it]
            if any(there in kept and is_as_right(step, point, kept[there], right[a]) for a, there in others):
                entry.status, entry.why = "cannot judge", HANDED_ON.format(in_words(path), in_words(entry.place))
                break


def is_as_right(step: Step, point: Point, held: Any, entry: Judged) -> bool:
    """Whether something is the gradient of an argument with the factor of what was judged."""
    multiple = multiple_of(step, point, held, entry.argument)
    return multiple is not None and abs(multiple.factor - entry.factor) <= SAME * abs(entry.factor)


def judge_close(step: Step, point: Point, entries: dict[str, Judged], kept: dict[str, Any], taken: dict[str, str]) -> None:
    """What agrees with a gradient to some digits, as where the code adds an epsilon to what it divides by."""
    for argument, entry in entries.items():
        if entry.status != "not checked" or step.evaluation.gradients[argument].size < 2:
            continue
        near = {p: multiple_of(step, point, held, argument, CLOSE) for p, held in kept.items() if p not in taken}
        found = {path: multiple for path, multiple in near.items() if multiple is not None}
        for path, multiple in sorted(found.items(), key=lambda pair: pair[1].error)[:1]:
            node, error = nodes_of(kept[path])[0], multiple.error
            entries[argument] = Judged(
                argument, "agrees", "returned", multiple.factor, error, node, transposed=multiple.transposed, spread=error
            )
            entries[argument].place, taken[path] = path, argument


def judge_carried(step: Step, point: Point, entries: dict[str, Judged], kept: dict[str, Any], taken: dict[str, str]) -> None:
    """What else is a new value of a parameter, though a wrong one, where some parameters are returned with right new values."""
    settled = {argument: entry.evidence for argument, entry in entries.items() if entry.status in ("right", "agrees")}
    if not settled or set(settled.values()) != {"update"}:
        return
    data = untrained(step.evaluation, set(settled), set(settled), step.model)
    for argument in (a for a in entries if a not in settled and a not in data):
        paths = [path for path, held in kept.items() if path not in taken and comes_from(step, held, argument)]
        if entries[argument].status != "not checked" or step.evaluation.gradients[argument].size < 2 or len(paths) != 1:
            continue
        moved = one_step_on(step, kept[paths[0]], argument)
        entries[argument] = judge_update(dataclasses.replace(step, after={**step.after, argument: moved}), point, argument)
        entries[argument].place = paths[0]
        taken[paths[0]] = argument


def is_right_here(step: Step, held: Any, argument: str) -> bool:
    """Whether a kept quantity is the gradient at the values given. That may be a chance, where they are zeros or ones."""
    gradient, array = np.squeeze(step.evaluation.gradients[argument]), quantity(held, step.values)
    if array is None or gradient.size < 2 or np.squeeze(array).shape != gradient.shape or not np.any(gradient):
        return False
    factor, error = scale_of(np.squeeze(array), gradient)
    return bool(factor and error <= tolerance(step))


def add_zero(step: Step, point: Point, entry: Judged, kept: dict[str, Any], taken: dict[str, str]) -> None:
    """A gradient that is rightly zero: something of its shape is zero on both inputs."""
    entry.why = ONLY_ZERO
    shape = np.squeeze(step.evaluation.gradients[entry.argument]).shape
    for path, held in kept.items():
        if path not in taken and shape_of(held, step) == shape and is_nothing(step, point, held):
            entry.status, entry.evidence, entry.why, entry.place = "right", "returned", ZERO, path
            entry.node = nodes_of(held)[0]
            taken[path] = entry.argument
            return


def is_nothing(step: Step, point: Point, held: Any) -> bool:
    """Whether a kept quantity is zero on both inputs, but for rounding."""
    for values, evaluation in both(step, point):
        largest = max((float(np.max(np.abs(g), initial=0)) for g in evaluation.gradients.values()), default=0.0)
        array = quantity(held, values)
        if array is None or np.max(np.abs(array)) > ROUNDING * largest:
            return False
    return True


def kept_pieces(step: Step, point: Point) -> Iterator[tuple[str, Any]]:
    """(place, operand) of what is returned or kept and was made after the forward pass; also what it was put together from."""
    behind = step.backward | made_later(step)
    for path, held in stacked(step, point).items():
        nodes = set(nodes_of(held))
        if not behind & nodes or all(node.kind == "leaf" for node in nodes):
            continue  # what a program was given, it did not make: labels may be equal to a gradient
        yield path, held
        if type(held) is Group and len(held.items) <= MOST_NUMBERS:
            yield from ((f"{path}[{k}]", item) for k, item in enumerate(held.items) if type(item) is Node and size_of(item) == 1)
        todo = [held] if type(held) is Node else []
        while todo:
            node = todo.pop()
            if getattr(node.function, "__name__", "") in ARRANGED and node.kind == "operation":
                for k, parent in enumerate(step.record.parents(node)):
                    if parent in behind:
                        yield f"{path}[piece {k} of {node.number}]", parent
                        todo.append(parent)


def returned_by_layer(step: Step, point: Point) -> dict[str, Any]:
    """What a program returns that moves its parameters itself, and did not make with the moved ones."""
    moved = {part.node for held in step.after.values() for part in parts_in(held)}
    kept = {path: held for path, held in kept_pieces(step, point) if root_of_place(path) == "return"}
    return {path: held for path, held in kept.items() if moved.isdisjoint(step.structure.before(nodes_of(held)))}


def made_later(step: Step) -> set[Node]:
    """What is made behind the end of the forward pass, and the arrays into which it is written.

    A gradient that forgets the upstream one reads nothing of the end.
    """
    end = max((node.number for node in step.outputs), default=len(step.record.nodes))
    given = sorted(made_from(step.structure, step.before, step.before), key=lambda node: node.number)
    found: set[Node] = set()
    for node in given:
        is_written = node.kind == "write" and not found.isdisjoint(step.record.parents(node))
        if node.number > end and (node.kind == "operation" or is_written):
            found.add(node)
    return found


def stacked(step: Step, point: Point) -> dict[str, Any]:
    """What is returned or kept. A list of arrays stands as one where it is a gradient, or only it has the shape of one.

    So filters are often kept, one by one, in a nested list.
    """
    kept: dict[str, Any] = dict(step.record.kept)
    shapes = {a: np.squeeze(gradient).shape for a, gradient in step.evaluation.gradients.items()}
    while True:
        for holder, paths in lists_of(kept).items():
            inner = {shape_of(kept[path], step) for path in paths}
            shape = next(iter(inner)) if len(inner) == 1 else None
            if not shape:
                continue
            whole = Group(list, tuple(kept[path] for path in paths))
            fitting = [a for a, own in shapes.items() if own == (len(paths), *shape)]
            is_part = any(own[-len(shape) - 1 :] == (len(paths), *shape) for own in shapes.values())
            if (is_part and shape not in shapes.values()) or any(multiple_of(step, point, whole, a) for a in fitting):
                kept = {holder if p == paths[0] else p: whole if p == paths[0] else held for p, held in kept.items()}
                kept = {p: held for p, held in kept.items() if p not in paths}
                break
        else:
            return kept


def lists_of(kept: dict[str, Any]) -> dict[str, list[str]]:
    """The lists of which all entries are kept, each by itself, with the places of these."""
    found: dict[str, list[str]] = {}
    for path in kept:
        if path.endswith("]"):
            found.setdefault(holder_of(path), []).append(path)
    return {
        holder: paths
        for holder, paths in found.items()
        if len(paths) > 1 and holder not in kept and paths == [f"{holder}[{k}]" for k in range(len(paths))]
    }


def comes_from(step: Step, held: Any, argument: str) -> bool:
    """Whether a kept quantity carries an argument on: a new value that is returned and not stored."""
    before, after = list(parts_in(step.before[argument])), list(parts_in(held))
    if shape_of(held, step) != np.squeeze(step.evaluation.gradients[argument]).shape:
        return False
    return len(before) == len(after) and all(step.structure.way(a.node, b.node) for a, b in zip(before, after, strict=True))


def one_step_on(step: Step, held: Any, argument: str) -> Any:
    """Of an argument that is carried on to `held`, the value that the next forward pass reads; `held` itself where none does."""
    structure, end = step.structure, max((node.number for node in step.outputs), default=-1)
    forward = structure.before(step.outputs)
    parts = []
    for first, last in zip(parts_in(step.before[argument]), parts_in(held), strict=True):
        way = structure.way(first.node, last.node) or [last.node]
        early = [node for version in way if version.number <= end for node in readings(structure, version)]
        readers = {place_of(node) for node in early if node in forward and node not in way}
        later = (
            version
            for version in way
            if version.number > end
            and any(place_of(n) in readers for n in readings(structure, version) if n.number > end and n not in way)
        )
        found = next(later, None)
        moved = last if found is None else arrived(first, found, structure, last)
        parts.append(moved if np.size(moved.value(step.values)) == np.size(last.value(step.values)) else last)
    return exchanged(held, iter(parts))


def in_words(path: str) -> str:
    """A place in the words of the report: `returned value[1]` for `return[1]`."""
    return re.sub(r"^return\b", "returned value", path)


def shape_of(held: Any, step: Step) -> tuple[int, ...] | None:
    array = quantity(held, step.values)
    return None if array is None else np.squeeze(array).shape


def is_another(step: Step, entry: Judged, entries: dict[str, Judged]) -> bool:
    """Whether a kept quantity is a value of the model, or the adjoint of one with the factor of the right gradients."""
    array = quantity(entry.node, step.values)
    if array is None:
        return False
    factors = {e.factor for e in entries.values() if e.evidence == "returned" and e.status in ("right", "agrees")}
    known = [np.asarray(node._array) for node in step.evaluation.nodes]
    inner = [step.evaluation.adjoints.get(id(node)) for node in step.evaluation.nodes if node.rule is not None]
    known += [factor * adjoint for factor in factors for adjoint in inner if adjoint is not None]
    return any(k.size == array.size and np.allclose(np.ravel(k), np.ravel(array), rtol=1e-7, atol=0) for k in known)
