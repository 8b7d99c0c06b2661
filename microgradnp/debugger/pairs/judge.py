"""The verdict on a pair: each gradient compared with the true one, at the user's values and at others near and far.

WRONG needs a difference on two inputs, so a kink at the user's values accuses nobody. RIGHT needs agreement there and at other
values, so a bias of zero or a scale of one hides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.core.origin import one_line
from microgradnp.debugger.pairs.oracle import Oracle, Truth, Values, is_single
from microgradnp.debugger.pairs.pairing import Claim, Pairing
from microgradnp.debugger.pairs.protocol import Plan
from microgradnp.debugger.pairs.run import outputs_at, run
from microgradnp.debugger.pairs.world import Path, Place, Subject
from microgradnp.derivatives.agreement import relation, scale_of

EQUAL, EQUAL_SINGLE = 1e-7, 1e-4  # relative error of a right gradient
NEARLY, NEARLY_SINGLE = 1e-4, 1e-2  # ... and of one that agrees to some digits only
ZERO = 1e-11  # relative to the largest gradient: what is smaller is rounding


@dataclass(frozen=True, eq=False)
class Comparison:
    """One gradient at one point: its relative error, and how it differs."""

    error: float
    single: bool
    how: str = ""
    factor: float = math.nan  # of the true gradient, where it is one

    @property
    def verdict(self) -> str:
        """RIGHT, AGREES or WRONG, by the relative error."""
        equal, nearly = (EQUAL_SINGLE, NEARLY_SINGLE) if self.single else (EQUAL, NEARLY)
        return "RIGHT" if self.error <= equal else "AGREES" if self.error <= nearly else "WRONG"

    @property
    def digits(self) -> int:
        """The number of digits that agree, at most 16."""
        return (
            16 if self.error <= 1e-16 else max(0, math.floor(-math.log10(self.error) + 1e-9)) if math.isfinite(self.error) else 0
        )


@dataclass(eq=False)
class Point:
    """Values at which a pair is compared, the gradients of the loss with respect to its outputs, and what came out."""

    name: str
    values: Values
    douts: list[np.ndarray]
    truths: dict[Place, Truth] = field(default_factory=dict)
    claims: dict[Place, Claim] = field(default_factory=dict)
    compared: dict[Place, Comparison] = field(default_factory=dict)
    failed: str = ""


def compare(claim: Claim, truth: Truth, typical: float, scale: float = 1.0, single: bool = False) -> Comparison:
    """One claimed gradient against the true one. `typical` is the size of the largest gradient of the pair."""
    got, true = claim.array, truth.array * scale
    single = single or is_single(got)
    if got.shape != true.shape:
        if got.size != true.size or np.squeeze(got).shape != np.squeeze(true).shape:
            turned = got.T.shape == true.shape and distance(got.T, true, typical, truth)[0] <= EQUAL
            return Comparison(
                math.inf,
                single,
                f"has shape {got.shape}, but {claim.place.name} has {true.shape}" + (": it is the transpose" if turned else ""),
            )
        got = got.reshape(true.shape)
    error, tolerated = distance(got, true, typical, truth)
    if error <= tolerated:
        return Comparison(min(error, EQUAL), single)
    known = truth.known
    factor, off = scale_of(got[known].astype(float), true[known])
    alike = factor if off < (1e-3 if single else 1e-6) and factor and known.sum() > 1 else math.nan
    if known.sum() == 1 and true[known][0]:
        alike = float(got[known][0] / true[known][0])
    how = "differs" + (relation(got, true, EQUAL) if known.all() else relation(got[known], true[known], EQUAL))
    return Comparison(error, single, how, alike)


def distance(got: np.ndarray, true: np.ndarray, typical: float, truth: Truth) -> tuple[float, float]:
    """(relative error, the part of it that rounding and the oracle explain)."""
    known = np.isfinite(true)
    if not np.isfinite(got[known]).all():
        return math.inf, 0.0
    difference = float(np.max(np.abs(got - true)[known], initial=0.0))
    scale = float(np.max(np.abs(true[known]), initial=0.0))
    if difference <= ZERO * typical or difference == 0:
        return 0.0, 0.0
    if scale <= ZERO * typical:
        scale = typical
    return difference / scale, max(EQUAL, 4 * truth.error / scale) if truth.error else EQUAL


# ---------------------------------------------------------------------------------------------- the points


def varied(place: Place, relative: float, rng: np.random.Generator) -> np.ndarray:
    """Other numbers of the same kind: positive numbers stay positive, zeros leave a kink, constant arrays become generic."""
    x = place.array
    if x.ndim == 0:
        return np.asarray(x * (1 + relative * rng.uniform(-1, 1)) if x else relative * rng.normal())
    if np.ptp(x) == 0 and relative > 0.1:
        return x * (1 + relative * rng.uniform(-1, 1, x.shape)) if x.flat[0] else 0.5 * rng.standard_normal(x.shape)
    factors = 1 + relative * rng.uniform(-1, 1, x.shape)
    if x.ndim == 2 and x.shape[0] == x.shape[1] and np.array_equal(x, x.T):
        factors = (factors + factors.T) / 2
    sums = x.sum(-1) if x.ndim else x
    if x.ndim and x.shape[-1] > 1 and x.min() >= 0 and np.allclose(sums, 1):  # rows of probabilities stay such
        return x * factors / np.sum(x * factors, axis=-1, keepdims=True)
    zeros = relative * (float(np.mean(np.abs(x))) or 1.0) * rng.uniform(0.1, 1, x.shape) * rng.choice([-1.0, 1.0], x.shape)
    return np.where(x == 0, zeros, x * factors)


def points(places: Sequence[Place], rng: np.random.Generator) -> list[Point]:
    """The user's values, twice near them, twice far from them. The parameters of a layer move only where they are constant."""
    here = {place.path: place.array for place in places}

    def moving(relative: float) -> dict[Path, np.ndarray]:
        chosen = [p for p in places if p.argument or (relative > 0.1 and p.array.ndim and np.ptp(p.array) == 0)]
        return here | {p.path: varied(p, relative, rng) for p in chosen if not p.is_data}

    ways = [("given", here), ("near", moving(1e-3)), ("near", moving(1e-3)), ("far", moving(0.3)), ("far", moving(0.3))]
    return [Point(name, values, []) for name, values in ways]


def drawn(outputs: Sequence[Any], plan: Plan, rng: np.random.Generator) -> list[np.ndarray]:
    """A gradient for each output: random, or ones where backward is given none."""
    if not plan.seeded:
        return [np.ones(np.shape(out)) for out in outputs]
    return [rng.uniform(0.5, 1.5, np.shape(out)) * rng.choice([-1.0, 1.0], np.shape(out)) for out in outputs]


# ---------------------------------------------------------------------------------------------- one plan


@dataclass(eq=False)
class Trial:
    """One way to call and to read a pair, compared at its points."""

    subject: Subject
    plan: Plan
    oracle: Oracle
    pairing: Pairing
    places: list[Place]
    points: list[Point] = field(default_factory=list)
    missing: list[Place] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    mean: float = 1.0  # 1/N where backward gives the gradient of the mean of the outputs
    notes: list[str] = field(default_factory=list)

    @property
    def paired(self) -> list[Place]:
        """The places whose gradient `backward` returns."""
        return list(self.pairing.claims)

    def verdict_of(self, place: Place) -> str:
        """RIGHT, AGREES, WRONG or CANNOT JUDGE, from all points together."""
        found = {
            name: [p.compared[place].verdict for p in self.points if p.name == name and place in p.compared]
            for name in ("given", "near", "far")
        }
        everything = [v for verdicts in found.values() for v in verdicts]
        if not everything:
            return "CANNOT JUDGE"
        for name in ("near", "far"):
            if found[name] and set(found[name]) == {"WRONG"} and len(found[name]) > 1:
                return "WRONG"
        if not found["near"] and not found["far"]:
            return "CANNOT JUDGE" if "WRONG" in everything else worst(everything)
        elsewhere = found["near"] + found["far"]
        if "WRONG" in elsewhere:
            return "CANNOT JUDGE"
        return worst(elsewhere)

    def worst_at(self, place: Place) -> Comparison:
        """The comparison to show."""
        rank = {"given": 2, "near": 1, "far": 0}
        found = [(p.compared[place].error, rank[p.name], p.compared[place]) for p in self.points if place in p.compared]
        if self.verdict_of(place) != "WRONG":
            found = [f for f in found if f[1] < 2] or found
            return max(found, key=lambda f: f[0])[2]
        wrong = [f for f in found if f[2].verdict == "WRONG"]
        return max(wrong, key=lambda f: f[1])[2]

    @property
    def right(self) -> bool:
        """Whether there is a gradient, and all are right or nearly."""
        return bool(self.paired) and all(self.verdict_of(p) in ("RIGHT", "AGREES") for p in self.paired)


def worst(verdicts: Sequence[str]) -> str:
    return max(verdicts, key=["RIGHT", "AGREES", "WRONG"].index)


def influencing(subject: Subject, plan: Plan, places: Sequence[Place], rng: np.random.Generator) -> list[Place]:
    """The places on which the outputs depend: all arguments, and those arrays of the layer that change the outputs."""
    here = outputs_at(subject, plan, {})
    found = []
    for place in places:
        if place.argument:
            found.append(place)
            continue
        for way in (
            place.array * (1 + 0.1 * rng.uniform(-1, 1, place.array.shape)),
            place.array + 0.1 * rng.normal(size=place.array.shape),
        ):
            try:
                there = outputs_at(subject, plan, {place.path: way})
            except Exception:  # other numbers than the user's may break anything
                continue
            if any(
                np.shape(a) != np.shape(b) or not np.array_equal(a, b, equal_nan=True) for a, b in zip(here, there, strict=True)
            ):
                found.append(place)
                break
    return found


def compare_at(trial: Trial, point: Point, rng: np.random.Generator) -> None:
    """Fill in one point. What the user's code raises at values that are not the user's is kept in `failed`."""
    try:
        outputs = outputs_at(trial.subject, trial.plan, point.values)
        point.douts = point.douts or drawn(outputs, trial.plan, rng)
        point.truths = trial.oracle.gradients(point.values, point.douts, rng)
        seen = run(trial.subject, trial.plan, point.values, point.douts)
    except Exception as error:
        point.failed = one_line(error)
        return
    if not all(np.isfinite(out).all() for out in outputs):
        point.failed = "the output is not finite"
        return
    again = {place: claim.read(seen) for place, claim in trial.pairing.claims.items()}
    point.claims = {place: claim for place, claim in again.items() if claim is not None}
    sizes = [float(np.max(np.abs(t.array[t.known]), initial=0.0)) for t in point.truths.values()]
    typical = max([*sizes, 1e-300])
    single = trial.oracle.single or any(is_single(out) for out in outputs)
    for place, claim in point.claims.items():
        truth = point.truths[place]
        if truth.known.any() or claim.array.shape != truth.array.shape:
            if claim.update:
                point.compared[place] = compare_update(claim, truth, typical)
            else:
                point.compared[place] = compare(claim, truth, typical, trial.mean, single)


def compare_update(claim: Claim, truth: Truth, typical: float) -> Comparison:
    """A parameter that backward moved: against its gradient, up to a positive factor, which is the learning rate."""
    if claim.array.shape != truth.array.shape:
        return Comparison(math.inf, False, "moves by an array of another shape")
    factor, off = scale_of(claim.array, truth.array)
    if off <= 1e-6 and factor > 0:
        return Comparison(min(off, EQUAL), False, factor=factor)
    return compare(claim, truth, typical)


def usual_mean(trial: Trial) -> None:
    """Recognise a loss whose backward gives the gradient of the mean of what forward returns for each sample."""
    point = trial.points[0]
    if trial.plan.seeded or not point.compared or not point.douts or point.douts[0].ndim == 0:
        return
    count = point.douts[0].size
    factors = {round(c.factor * n, 6) for c in point.compared.values() for n in (count,)}
    if factors == {1.0}:
        trial.mean = 1 / count


def averaged(trial: Trial, rng: np.random.Generator) -> tuple[list[Place], int]:
    """The parameters whose gradients are all 1/N of the true ones, while those of the data are right; N is the batch size.

    Data belong to single samples: with `dout` of one sample alone, their gradient is zero for the others.
    """
    wrong = [p for p in trial.paired if trial.verdict_of(p) == "WRONG"]
    right = [p for p in trial.paired if trial.verdict_of(p) == "RIGHT"]
    factors = [trial.worst_at(p).factor for p in wrong]
    if not wrong or not right or not all(math.isfinite(f) and f > 0 for f in factors) or np.ptp(factors) > 1e-6 * factors[0]:
        return [], 0
    count = round(1 / factors[0])
    if count < 2 or abs(factors[0] * count - 1) > 1e-6:
        return [], 0
    point = trial.points[-1] if trial.points[-1].truths else trial.points[0]
    for number, dout in enumerate(point.douts):
        for axis in [k for k, n in enumerate(dout.shape) if n == count]:
            one = [np.zeros_like(d) for d in point.douts]
            first = (slice(None),) * axis + (0,)
            one[number][first] = dout[first]
            truths = trial.oracle.gradients(point.values, one, rng)
            if all(is_of_one_sample(truths[p].array, count) for p in right) and not any(
                is_of_one_sample(truths[p].array, count) for p in wrong
            ):
                return wrong, count
    return [], 0


def is_of_one_sample(gradient: np.ndarray, count: int) -> bool:
    """Whether a gradient is zero for all samples but one, along an axis of `count` samples."""
    for axis in [k for k, n in enumerate(gradient.shape) if n == count]:
        others = tuple(k for k in range(gradient.ndim) if k != axis)
        if np.count_nonzero(np.any(np.nan_to_num(gradient) != 0, axis=others)) <= 1:
            return True
    return False
