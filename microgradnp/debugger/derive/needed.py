"""What an expression would have to be for a wrong gradient to be right, if all else stays as it is.

Where a value is only added to a gradient, perhaps times a number, the difference to the right gradient tells. So a summand is
known that is no quantity of the model.
"""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.derive.carry import Carrier, Edits, Names
from microgradnp.debugger.derive.locate import Suspect
from microgradnp.debugger.derive.meanings import Meaning
from microgradnp.debugger.derive.quantities import Quantity
from microgradnp.debugger.derive.scene import Snapshot
from microgradnp.debugger.derive.stage import Stage
from microgradnp.debugger.derive.statements import is_numbers, value_behind
from microgradnp.debugger.derive.values import compiled
from microgradnp.debugger.judge.rates import scalars_of

NOISE = "_noise"
SAME = 1e-6
MOST_RATES = 4
PATHS = (ast.Name, ast.Attribute, ast.Subscript)
Pair = tuple[Any, Any]


class Way(NamedTuple):
    """How a value goes into a gradient: times a number, into some of its entries, perhaps transposed."""

    factor: float
    where: np.ndarray  # the entries, as flags
    turned: bool


class Needed:
    """The values that single expressions of one scene would have to have."""

    def __init__(self, stage: Stage, carrier: Carrier, wrong: list[str], until: float) -> None:
        self.stage, self.carrier, self.wrong, self.until = stage, carrier, wrong, until
        self.rng = np.random.default_rng(5)
        self.known: dict[int, list[Meaning]] = {}

    def of(self, suspect: Suspect, root: Any, old: Pair | None, snapshot: Snapshot | None) -> list[Meaning]:
        """What the value of an expression that is `old` now should be: one meaning for each gradient and rate that may hold."""
        if id(root) not in self.known:
            fit = old is not None and snapshot is not None and all(map(is_numbers, old)) and not self.carrier.by_rule
            self.known[id(root)] = self.search(suspect, root, arrays(old)) if fit and old is not None else []
        return self.known[id(root)]

    def search(self, suspect: Suspect, root: Any, old: Pair) -> list[Meaning]:
        """Add noise to the expression, and see whether a gradient gets a multiple of it."""
        noise = self.rng.standard_normal(np.shape(old[0])) * (np.max(np.abs(old[0]), initial=0) or 1.0)
        again = self.with_noise(suspect, root, np.asarray(noise))
        found: list[Meaning] = []
        for argument in self.wrong if again is not None else ():
            seen = [self.carrier.seen(argument, v) for v in (self.stage.step.values, self.stage.point.values, again)]
            if any(s is None for s in seen):
                continue
            before, other, after = (np.asarray(s[0]) for s in seen if s is not None)
            if before.shape == after.shape and (way := way_of(np.asarray(noise), after - before)) is not None:
                found += self.meanings(argument, old, (before, other), way)
        return found

    def with_noise(self, suspect: Suspect, root: Any, noise: np.ndarray) -> Any:
        """The run in which the expression is its value and some noise. None where it is evaluated more than once."""
        stage, statement = self.stage, suspect.statement
        tree = stage.tree(statement)
        code = compiled(noisy(root))
        made = stage.executions(statement.file, root)
        names: Names = ()
        edits: Edits = {}
        if not made and isinstance(tree, ast.AugAssign):
            made = stage.executions(statement.file, tree)
            code = compiled(value_behind(ast.copy_location(ast.AugAssign(tree.target, tree.op, noisy(root)), tree)))
        elif not made and isinstance(root, PATHS):
            held = stage.named(statement, root)
            if len(held) != 1 or code is None:
                return None
            names = [(held[0][0], code, with_name(held[0][1], noise))]
        if not names:
            at = stage.snapshot(statement, made[0]) if len(made) == 1 else None
            if at is None or code is None:
                return None
            edits = {made[0]: (code, with_name(at, noise))}
        return self.carrier.carried(edits, 0, self.until, names)

    def meanings(self, argument: str, old: Pair, movement: Pair, way: Way) -> list[Meaning]:
        """What is lacking, for each factor that the gradient may come with."""
        found = []
        gradients = [np.asarray(e.gradients[argument], float) for e in (self.stage.step.evaluation, self.stage.point.evaluation)]
        for factor in self.factors(argument):
            pair = []
            for value, moved, gradient in zip(old, movement, gradients, strict=True):
                lacks = (factor * gradient.reshape(moved.shape) - moved) / way.factor
                beyond = float(np.max(np.abs(lacks[~way.where]), initial=0))
                if beyond > SAME * float(np.max(np.abs(moved / way.factor))):
                    break  # something else is wrong as well
                part = lacks[way.where].reshape(np.squeeze(value).T.shape).T if way.turned else lacks[way.where]
                pair.append(value + part.reshape(np.shape(value)))
            if len(pair) == 2:
                quantity = Quantity("lack", -1, argument, (pair[0], pair[1]), f"what dL/d{argument} lacks here")
                found.append(Meaning(quantity, 1.0))
        return found

    def factors(self, argument: str) -> list[float]:
        """The factors that the gradient of an argument may come with: that of the right ones, else one or a rate."""
        moves = argument in self.stage.step.after
        entries = self.carrier.entries
        right = [
            e.factor for a, e in entries.items() if e.status in ("right", "agrees") and (a in self.stage.step.after) == moves
        ]
        if right:
            return list(dict.fromkeys(float(f"{factor:.12g}") for factor in right))[:2]
        rates = (-abs(float(node.held)) for node in scalars_of(self.stage.step))
        return list(dict.fromkeys(rate for rate in rates if 0 < -rate < 1))[:MOST_RATES] if moves else [1.0]


def way_of(noise: np.ndarray, change: np.ndarray) -> Way | None:
    """How noise became the change of a gradient; None where it is no multiple of it, entry by entry."""
    where = np.ones(change.shape, bool) if change.size == noise.size else change != 0
    if np.count_nonzero(where) != noise.size:
        return None
    part = change[where]
    for turned in (False, True) if np.squeeze(noise).ndim > 1 else (False,):
        form = (np.squeeze(noise).T if turned else noise).ravel()
        c = float(part @ form) / float(form @ form)
        if c and float(np.max(np.abs(part - c * form))) <= SAME * float(np.max(np.abs(part))):
            return Way(c, where, turned)
    return None


def arrays(pair: Pair) -> Pair:
    return np.asarray(pair[0], float), np.asarray(pair[1], float)


def noisy(root: Any) -> Any:
    """The expression with some noise added."""
    return ast.copy_location(
        ast.fix_missing_locations(ast.BinOp(root, ast.Add(), ast.copy_location(ast.Name(NOISE, ast.Load()), root))), root
    )


def with_name(snapshot: Snapshot, noise: np.ndarray) -> Snapshot:
    return snapshot._replace(globals={**snapshot.globals, NOISE: noise})


def is_needed(pair: Pair, meanings: list[Meaning]) -> Meaning | None:
    """The meaning of a value that is what is needed, at both inputs."""
    for meaning in meanings:
        wanted = meaning.quantity.pair
        if all(
            np.shape(p) == np.shape(w) and near(np.asarray(p, float), np.asarray(w)) for p, w in zip(pair, wanted, strict=True)
        ):
            return meaning
    return None


def near(value: np.ndarray, wanted: np.ndarray) -> bool:
    size = float(np.max(np.abs(wanted), initial=0))
    return bool(np.isfinite(value).all()) and float(np.max(np.abs(value - wanted), initial=0)) <= SAME * size and size > 0
