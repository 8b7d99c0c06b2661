"""How a pair is called and read: each usual way is run, and that in which the gradients are right is taken, or the likely one."""

from __future__ import annotations

import dis
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from microgradnp.debugger.capture.values import is_user_instance
from microgradnp.debugger.pairs.judge import Point, Trial, compare_at, drawn, influencing, points, usual_mean
from microgradnp.debugger.pairs.oracle import Oracle
from microgradnp.debugger.pairs.pairing import Claim, Pairing, returned_pairings, stored_claims
from microgradnp.debugger.pairs.protocol import Plan, attribute_path, plans
from microgradnp.debugger.pairs.run import Seen, outputs_at, returned_leaves, run, snapshot
from microgradnp.debugger.pairs.world import Attribute, Path, Place, Subject, name_of, owner_of, plain, written
from microgradnp.debugger.report.stopped import is_of_shapes, stopped

TRIES = 60  # ways to call a pair that are run
Wanted = Sequence[str | None] | Mapping[str, str | int]


class UnjudgedError(Exception):
    """There is no verdict. The message says why, and what to write."""


class UnknownNameError(ValueError):
    """A name in `gradients=` that there is not."""


def prepared(given: Subject) -> Subject:
    """The pair in double precision, after forward was run once as it is given. Raises UnjudgedError and TypeError."""
    try:
        with given.opened() as world:
            world.call_forward()
    except Exception as error:
        raise UnjudgedError(f"forward raised {stopped(error)}") from None
    subject = given.in_double_precision()
    if not subject.places():
        raise TypeError(
            f"check: {given.name} was given no array of floating-point numbers, so there is nothing to differentiate; "
            "pass floats, such as x.astype(float)"
        )
    return subject


def with_parameters(subject: Subject) -> tuple[Subject, list[str]]:
    """(a layer after the call in which it makes its parameters, their names). What each call appends to lists is cut off again.

    The layer itself and no names where it makes none.
    """
    if owner_of(subject.forward) is None:
        return subject, []
    with subject.opened() as world:
        known = set(world.arrays())
        before = [np.array(leaf.array) for leaf in returned_leaves(world.call_forward())]
        made = [path for path in world.arrays() if path not in known]
        first = lists_in(world.owners[0])
        later = Subject(world.forward, world.backward, subject.args, subject.kwargs, subject.seed)
    if not made or not before:
        return subject, []

    def outputs(values: Mapping[Path, Any]) -> list[np.ndarray]:
        with later.opened(values) as world:
            return [leaf.array for leaf in returned_leaves(world.call_forward())]

    try:
        with later.opened() as world:
            world.call_forward()
            lengths = {path: len(items) for path, items in lists_in(world.owners[0]).items()}
        for path, items in first.items():
            del items[max(0, 2 * len(items) - lengths.get(path, len(items))) :]
        if not all(np.allclose(a, b) for a, b in zip(before, outputs({}), strict=True)):
            return subject, []
        places = [place for place in later.places() if place.path in made]
        moving = [p for p in places if differ(before, outputs({p.path: p.array + 0.1}))]
    except Exception:  # the layer may be called once only
        return subject, []
    return (later, [place.name for place in moving]) if moving else (subject, [])


def differ(some: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> bool:
    """Whether any of the arrays differ."""
    return any(not np.array_equal(a, b, equal_nan=True) for a, b in zip(some, others, strict=True))


def lists_in(value: Any, path: Path = ()) -> dict[Path, list[Any]]:
    """Every list inside an object, by its path."""
    if len(path) > 5:
        return {}
    found = {path: value} if isinstance(value, list) else {}
    items: list[tuple[Any, Any]] = []
    if isinstance(value, (list, tuple)):
        items = list(enumerate(value[:100]))
    elif isinstance(value, dict):
        items = list(value.items())[:100]
    elif is_user_instance(value):
        items = list(vars(value).items())
    for key, item in items:
        found |= lists_in(item, (*path, key))
    return found


class Search:
    """Finds the way to call and to read a pair."""

    def __init__(self, subject: Subject, wanted: Wanted | None, output: str | None, rng: np.random.Generator) -> None:
        self.subject = subject
        self.wanted = wanted
        self.output = output
        self.rng = rng
        self.oracles: dict[Any, tuple[Oracle, list[Place]]] = {}

    def find(self) -> Trial:
        """The way in which the pair is right, else the most likely one, compared at all points. Raises UnjudgedError."""
        with self.subject.opened() as world:
            before = snapshot(world)
            result = world.call_forward()
            ways = list(plans(self.subject, result, before, world, self.output))[:TRIES]
        if not ways:
            raise UnjudgedError(self.no_way(result))
        fitting: list[Trial] = []
        raised: list[tuple[Plan, Exception]] = []
        failed: list[str] = []
        for plan in ways:
            try:
                trials = self.trials(plan)
            except (UnjudgedError, UnknownNameError):
                raise
            except Exception as error:  # backward wants other arguments
                raised.append((plan, error))
                continue
            for trial in trials:
                self.first_look(trial)
                if not trial.points[0].compared:
                    failed.append(trial.points[0].failed)
                    continue
                fitting.append(trial)
                if trial.right and not trial.missing and len(trial.paired) >= max(len(t.paired) for t in fitting):
                    return self.complete(trial)
        if not fitting:
            why = next((f"its slopes could not be measured: {text}" for text in failed if text), None)
            raise UnjudgedError(why or self.nothing_fits(ways, raised))
        return self.complete(self.chosen(fitting))

    def chosen(self, fitting: list[Trial]) -> Trial:
        """The trial with the most gradients: a right one, else the likely one. Raises UnjudgedError where that is a guess."""
        most = max(len(t.paired) for t in fitting)
        best = [t for t in fitting if len(t.paired) == most]
        right = next((t for t in best if t.right), None)
        if right is not None:
            return right
        first = min(best, key=unlikelihood)
        if not first.pairing.sure and len(first.paired) > 1:
            names = tuple(p.name for p in first.paired)
            raise UnjudgedError(
                f"the returned arrays could be gradients of the arguments in {len(best)} ways, and none is right. "
                f"Say whose gradients they are, such as gradients={names!r}"
            )
        return first

    def trials(self, plan: Plan) -> list[Trial]:
        """The pair called in one way, with each pairing that is possible. Raises what the user's code raises."""
        oracle, places = self.oracle(plan)
        values = {place.path: place.array for place in places}
        seen = run(self.subject, plan, values, drawn(outputs_at(self.subject, plan, {}), plan, self.rng))
        listed = self.listed(seen)
        if listed is not None:
            return [Trial(self.subject, plan, oracle, self.explicit(listed, places, seen), places)]
        found = []
        for pairing in returned_pairings(self.subject, plan, seen, places):
            claims, doubts = stored_claims(seen, places, pairing.claims, self.subject)
            pairing.claims |= claims
            if self.wanted is not None:
                self.check_names(places, [name for name in self.wanted if name])
                pairing.claims = {p: claim for p, claim in pairing.claims.items() if p.name in self.wanted}
                doubts = []
            if pairing.claims:
                found.append(Trial(self.subject, plan, oracle, pairing, places, doubts=doubts))
        return found

    def oracle(self, plan: Plan) -> tuple[Oracle, list[Place]]:
        """The oracle for the outputs of a plan, and the places that they depend on. Raises UnjudgedError."""
        if plan.outputs not in self.oracles:
            outputs, again = (outputs_at(self.subject, plan, {}) for _ in range(2))
            if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(outputs, again, strict=True)):
                raise UnjudgedError("two runs of forward differ, though its random numbers were seeded; pass the numbers in")
            if not all(np.isfinite(out).all() for out in outputs):
                raise UnjudgedError("the output is not finite at these values")
            places = [p for p in influencing(self.subject, plan, self.subject.places(), self.rng) if not self.is_fixed(plan, p)]
            oracle = Oracle(self.subject, plan, places)
            values = {p.path: p.array * (1 + 1e-3 * self.rng.uniform(-1, 1, p.array.shape)) for p in places}
            oracle.choose(values, drawn(outputs, plan, self.rng), self.rng)
            self.oracles[plan.outputs] = oracle, places
        return self.oracles[plan.outputs]

    def is_fixed(self, plan: Plan, place: Place) -> bool:
        """Whether labels or masks may not move: the code refuses other numbers than zeros and ones."""
        if not place.is_data:
            return False
        try:
            outputs_at(self.subject, plan, {place.path: place.array + 1e-3})
        except Exception:  # whatever it is, it comes from the other numbers
            return True
        return False

    def listed(self, seen: Seen) -> list[tuple[str, Any]] | None:
        """(name, where its gradient is) as `gradients=` says; None where it only says which are wanted."""
        if isinstance(self.wanted, Mapping):
            return list(self.wanted.items())
        labels = [leaf.label for leaf in seen.returned]
        if (
            self.wanted is None
            or len(labels) != len(self.wanted)
            or any(isinstance(key, str) for label in labels for key in label)
        ):
            return None
        return [(name, k) for k, name in enumerate(self.wanted) if name not in (None, "_", "")]

    def explicit(self, listed: list[tuple[str, Any]], places: list[Place], seen: Seen) -> Pairing:
        """The pairing that `gradients=` names. Raises ValueError for a name that there is not."""
        self.check_names(places, [name for name, _ in listed])
        known = {p.name: p for p in places}
        return Pairing({known[name]: named_claim(known[name], where, seen, self.subject) for name, where in listed})

    def check_names(self, places: list[Place], names: list[str]) -> None:
        """Raise ValueError for a name in `gradients=` that there is not."""
        known = [place.name for place in places]
        for name in names:
            if name not in known and name != "_":
                raise UnknownNameError(f"check: gradients names {name}; there are {', '.join(known) or 'none'}")

    def first_look(self, trial: Trial) -> None:
        """Compare at the user's values and near them."""
        trial.points = points(trial.places, self.rng)
        compare_at(trial, trial.points[0], self.rng)
        usual_mean(trial)
        if trial.mean != 1.0:
            compare_at(trial, trial.points[0], self.rng)
        compare_at(trial, trial.points[1], self.rng)
        optional = still(trial.places, trial.points[:2]) + targets_of(trial) + options_of(trial)
        missing = [
            p for p in trial.places if p not in trial.pairing.claims and p not in optional and not p.is_data and not p.is_setting
        ]
        trial.missing = missing if self.wanted is None else [p for p in missing if p.name in self.wanted]

    def complete(self, trial: Trial) -> Trial:
        """Compare at the points that are left."""
        for point in trial.points[2:]:
            compare_at(trial, point, self.rng)
        return trial

    # ------------------------------------------------------------------------------------------ what is refused

    def no_way(self, result: Any) -> str:
        """Why the pair cannot be called."""
        if self.subject.backward is None:
            return (
                f"{self.subject.name} returned neither a loss with its gradients nor a function; "
                "pass the backward function as the second argument, check(forward, backward, x)"
            )
        if result is None:
            return 'forward returned None, and its output is not one attribute; name it: output="out"'
        return (
            f"forward returned a {type(result).__name__} without an array of floats, or backward takes no usual arguments; "
            "wrap both in functions, check(lambda x: ..., lambda dout, cache: ..., x)"
        )

    def nothing_fits(self, ways: list[Plan], raised: list[tuple[Plan, Exception]]) -> str:
        """Why no call gave gradients."""
        cure = f"say how it is called: check(forward, lambda dout, cache: {name_of(self.subject.backward)}(...), ...)"
        if len(raised) == len(ways):
            plan, error = raised[0]
            return f"{plan} raised {stopped(error)}" + ("" if is_of_shapes(error) else f"; if it is called otherwise, {cure}")
        return f'{ways[0]} gave no array that fits an argument; name the gradients, gradients=("x", ...), or {cure}'


def still(places: Sequence[Place], seen: Sequence[Point]) -> list[Place]:
    """The places on which the output does not depend."""
    found = [p for p in places if any(p in point.truths for point in seen)]
    return [p for p in found if not any(np.any(point.truths[p].array) for point in seen if p in point.truths)]


def targets_of(trial: Trial) -> list[Place]:
    """The arguments of a loss that come after the judged one and have its shape: nobody expects the gradient of the targets."""
    judged = [p for p in trial.paired if p.argument]
    if trial.plan.seeded or not judged:
        return []
    later = [p for p in trial.places if p.argument and trial.places.index(p) > trial.places.index(judged[0])]
    return [p for p in later if p.array.shape == judged[0].array.shape and p not in trial.pairing.claims]


def options_of(trial: Trial) -> list[Place]:
    """What is carried along: arrays in a dict of options that has no gradients at all, and attributes that forward writes."""
    judged = {p.path[:2] for p in trial.paired}
    options = [p for p in trial.places if p.argument and len(p.path) > 2 and p.path[:2] not in judged]
    code = getattr(plain(trial.subject.forward), "__code__", None)
    written = {i.argval for i in dis.get_instructions(code) if i.opname == "STORE_ATTR"} if code is not None else set()
    return options + [
        p for p in trial.places if not p.argument and isinstance(p.path[1], Attribute) and p.path[1].name in written
    ]


def unlikelihood(trial: Trial) -> int:
    """How unlikely it is that a pair is called so: what is linear in dout is a backward pass, else it is a derivative."""
    if not trial.plan.seeded:
        return 1
    point = trial.points[1]
    try:
        seen = run(trial.subject, trial.plan, point.values, [2 * dout for dout in point.douts])
    except Exception:  # dout was not meant to be that argument
        return 2
    twice = [(claim.array, again.array) for claim in point.claims.values() if (again := claim.read(seen)) is not None]
    linear = sum(one.shape == two.shape and np.allclose(two, 2 * one, rtol=1e-6) for one, two in twice)
    return 0 if 2 * linear >= len(point.claims) else 2


def named_claim(place: Place, where: str | int, seen: Seen, subject: Subject) -> Claim:
    """The claim that `gradients=` names: a position among the returned values, a key, or an attribute."""
    for number, leaf in enumerate(seen.returned):
        if where == number or leaf.label == (where,):
            source = f"returned value {where + 1}" if isinstance(where, int) else repr(where)
            return Claim(place, leaf.array, source, ("returned", leaf.label))
    path = next((p for p in seen.stored if written(p, subject.forward) == where), attribute_path(str(where)))
    if isinstance(where, int) or path not in seen.stored:
        raise UnjudgedError(f"gradients says that {where!r} is the gradient of {place.name}, and there is no such value")
    return Claim(place, seen.stored[path], where, ("stored", path))
