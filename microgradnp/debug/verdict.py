"""Which gradients of the hand-written code are right: the useful half of the debugger, with no guessing in it.

Evidence for a parameter, best first: the step that was made, (after - before), which must be a negative multiple of the
gradient; a returned array; a variable that holds the gradient; a variable that is named like it. A factor common to all
(sign of a gradient variable, learning rate, 1/N, 2) is a convention.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.debug.capture.bind import DATA
from microgradnp.debug.capture.step import Step
from microgradnp.debug.capture.tracer import Version
from microgradnp.debug.capture.values import as_array
from microgradnp.debug.match.index import Index, Match
from microgradnp.debug.match.references import Evaluation, scale_of

EXACT = 1e-7
STEP = 1e-6  # after - before cancels leading digits


@dataclass(eq=False)
class Entry:
    """The verdict on the gradient with respect to one argument of the model."""

    argument: str
    kind: str  # "update", "returned", "variable" or "missing"
    variable: str
    ok: bool = False
    scale: float = 0.0
    error: float = math.inf
    transposed: bool = False
    relation: str = ""
    line: int | None = None
    file: str | None = None
    function: str | None = None
    version: Version | None = None
    fault: str = ""  # "", "gradient", "scale", "sign", "update", "missing"
    expected: np.ndarray | None = None
    found: np.ndarray | None = None
    path: tuple[Any, ...] = ()

    @property
    def digits(self) -> float:
        """How many decimal digits agree, after the common factor."""
        return 0.0 if not self.error < 1 else min(16.0, -math.log10(max(self.error, 1e-16)))


@dataclass(eq=False)
class Verdict:
    """All entries, and what is said about all of them at once."""

    entries: dict[str, Entry]
    conventions: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(entry.ok for entry in self.entries.values())

    @property
    def wrong(self) -> list[str]:
        return [name for name, entry in self.entries.items() if not entry.ok]


def fit(found: Any, gradient: np.ndarray) -> tuple[float, float, bool]:
    """(scale, relative error, transposed) of found = scale * gradient, in whichever layout fits best."""
    array = np.squeeze(np.asarray(found, float))
    target = np.squeeze(np.asarray(gradient, float))
    best = (0.0, math.inf, False)
    if array.shape == target.shape:
        best = (*scale_of(array, target), False)
    if array.ndim == 2 and array.T.shape == target.shape and best[1] > EXACT:
        flipped = (*scale_of(array.T, target), True)
        best = min(best, flipped, key=lambda t: t[1])
    return best


def judge(step: Step, evaluation: Evaluation, index: Index) -> Verdict:
    """The verdict on one traced step."""
    versions = step.versions
    matches = {id(v): index.match(v.array) for v in versions if v.line}
    entries: dict[str, Entry] = {}
    claimed: set[str] = set()
    gradients = {a: g for a, g in evaluation.gradients.items() if g.size and np.any(g)}
    for argument, gradient in gradients.items():
        entry = from_update(argument, step, gradient) if argument in step.changed else None
        if entry is not None and entry.error > STEP:
            better = from_match(argument, versions, matches)
            if better is not None:
                entry.path = ("optimizer", better)
        if entry is None and argument.lower() not in DATA:
            entry = from_returned(argument, step, gradient)
        if entry is not None:
            entries[argument] = entry
            claimed.add(entry.variable)
    style = {e.kind for e in entries.values()}
    for argument, gradient in gradients.items():
        if argument in entries or argument.lower() in DATA:
            continue
        entry = returned_by_name(argument, step, gradient, claimed)
        entry = entry or from_match(argument, versions, matches) or from_name(argument, versions, gradient, matches)
        entry = entry or left_over(argument, gradients, entries, step, claimed, index)
        if entry is None:
            continue
        if "update" in style and argument in step.before and entry.error < EXACT:
            entry.kind, entry.fault = "missing", "missing"
            entry.error = math.inf
        elif "update" in style and entry.error >= EXACT:
            entry.kind = "variable"
        entries[argument] = entry
        claimed.add(entry.variable)
    verdict = Verdict(entries)
    verdict.unchecked = [a for a in gradients if a not in entries and a.lower() not in DATA]
    for argument, entry in entries.items():
        entry.expected = gradients[argument]
        locate_version(entry, step)
    settle(verdict, step)
    return verdict


# ------------------------------------------------------------------------------------------- evidence


def from_update(argument: str, step: Step, gradient: np.ndarray) -> Entry:
    before, after = np.asarray(step.before[argument], float), np.asarray(step.after[argument], float)
    entry = Entry(argument, "update", f"update of {step.variables[argument].expression}")
    if before.shape != after.shape:
        entry.found = after
        return entry
    entry.found = after - before
    entry.scale, entry.error, _ = fit_step(before, after, gradient)
    return entry


def fit_step(before: np.ndarray, after: np.ndarray, gradient: np.ndarray) -> tuple[float, float, bool]:
    """Like `fit`, with an error measured against what rounding leaves of a small difference of large numbers."""
    moved = after - before
    c, error, flipped = fit(moved, gradient)
    largest = float(np.max(np.abs(moved), initial=0))
    noise = 8 * np.finfo(after.dtype).eps * float(np.max(np.abs(before), initial=0))
    if math.isfinite(error) and largest and error * largest <= noise and error < 1e-3:
        error = min(error, EXACT / 10)
    return c, error, flipped


def from_returned(argument: str, step: Step, gradient: np.ndarray) -> Entry | None:
    """A returned array that is the gradient, or the parameter after a step along it."""
    if gradient.size < 1:
        return None
    before = step.before.get(argument)
    for path, leaf in step.returned_leaves():
        array = as_array(leaf)
        if array is None or array.size != gradient.size:
            continue
        c, error, flipped = fit(array, gradient)
        if error < EXACT and (array.size > 1 or near_named(c)):
            return Entry(
                argument,
                "returned",
                path,
                scale=c,
                error=error,
                transposed=flipped,
                found=np.asarray(array, float),
                path=("leaf", path),
            )
        if before is not None and np.shape(before) == array.shape:
            c, error, _ = fit_step(np.asarray(before, float), np.asarray(array, float), gradient)
            if error < STEP and c < 0 and (array.size > 1 or like(path, argument)):
                return Entry(
                    argument, "update", path, scale=c, error=error, found=array - np.asarray(before), path=("stepped leaf", path)
                )
    return None


def returned_by_name(argument: str, step: Step, gradient: np.ndarray, claimed: set[str]) -> Entry | None:
    """The returned array that is named like this gradient, or stands where it would stand, or is the only one of its shape."""
    free = [(path, as_array(leaf)) for path, leaf in step.returned_leaves() if path not in claimed]
    fitting = [
        (p, a) for p, a in free if a is not None and np.squeeze(a).shape == np.squeeze(gradient).shape and a.dtype.kind == "f"
    ]
    if not fitting:
        return None
    if gradient.size == 1:
        fitting = [(p, a) for p, a in fitting if like(p, argument)]
    before = step.before.get(argument)
    named = [(p, a) for p, a in fitting if like(p, argument)]
    tracked = returned_names(step)
    by_trace = [(p, a) for p, a in fitting if any(like(n, argument) for n in tracked.get(p, ()))]
    chosen = named or by_trace or (fitting if len(fitting) == 1 else [])
    if len(chosen) != 1:
        return None
    path, array = chosen[0]
    names = tracked.get(path, set())
    if (
        before is not None
        and np.shape(before) == array.shape
        and names
        and not any(is_gradient_name(n) for n in names)
        and not is_gradient_name(path)
    ):
        entry = Entry(argument, "update", path, path=("stepped leaf", path))
        entry.found = array - np.asarray(before)
        entry.scale, entry.error, _ = fit_step(np.asarray(before, float), np.asarray(array, float), gradient)
        return entry
    entry = Entry(argument, "returned", path, found=np.asarray(array, float), path=("leaf", path))
    entry.scale, entry.error, entry.transposed = fit(array, gradient)
    return entry


def left_over(
    argument: str, gradients: dict[str, np.ndarray], entries: dict[str, Entry], step: Step, claimed: set[str], index: Index
) -> Entry | None:
    """Where gradients are returned side by side, and as many arrays as arguments are left over: the one that stands in its place.

    Nothing is taken that equals a quantity of the model, such as the output, or a plain number, such as the loss.
    """
    returned = [e for e in entries.values() if e.kind == "returned"]
    if not returned or len(returned) < len(entries):
        return None
    missing = [a for a in gradients if a not in entries and a.lower() not in DATA]
    holder = {parent(e.variable) for e in returned}
    free = [
        (path, array)
        for path, leaf in step.returned_leaves()
        if path not in claimed
        and parent(path) in holder
        and (array := as_array(leaf)) is not None
        and array.dtype.kind == "f"
        and (array.ndim or gradients[argument].ndim == 0)
        and ((match := index.match(array)) is None or match.reference.kind != "value" or match.note)
    ]
    called = returned_names(step)
    named = [(p, a) for p, a in free if any(like(n, argument) and is_gradient_name(n) for n in (p, *called.get(p, ())))]
    if len(named) == 1:
        free, missing = named, [argument]
    if len(free) != len(missing) or (len(returned) < 2 and not named):
        return None
    path, array = free[missing.index(argument)]
    if array.shape == gradients[argument].shape and len(free) > 1:
        return None  # which is which cannot be told from the shapes
    entry = Entry(argument, "returned", path, found=np.asarray(array, float), path=("leaf", path))
    entry.scale, entry.error, entry.transposed = fit(array, gradients[argument])
    return entry


def parent(path: str) -> str:
    """`returned value[0]` for `returned value[0][1]`; the columns of pairs count as one."""
    return re.sub(r"\[[^\[\]]*\]", "", path)


def returned_names(step: Step) -> dict[str, set[str]]:
    """Path of each returned array -> what its value was called in the code."""
    names: dict[str, set[str]] = {}
    for path, leaf in step.returned_leaves():
        version = step.tracer.by_object.get(id(leaf))
        if version is not None:
            names[path] = {n for n in version.names if "()" not in n} | {version.path}
    return names


def from_match(argument: str, versions: list[Version], matches: dict[int, Match | None]) -> Entry | None:
    """A variable that holds the gradient; the last one written."""
    for version in reversed(versions):
        match = matches.get(id(version))
        if (
            match
            and match.reference.kind == "adjoint"
            and match.reference.argument == argument
            and not match.reference.partial
            and not match.note
        ):
            entry = Entry(
                argument, "variable", version.path, scale=match.scale, error=1e-15, transposed=match.transposed, version=version
            )
            entry.found = version.array
            entry.path = ("variable", version.function, version.path)
            return entry
    return None


def from_name(argument: str, versions: list[Version], gradient: np.ndarray, matches: dict[int, Match | None]) -> Entry | None:
    """A variable that is called like the gradient and has its size, though its value is another."""
    for version in reversed(versions):
        array = as_array(version.value)
        if array is None or array.size != gradient.size or array.dtype.kind != "f" or not version.line:
            continue
        match = matches.get(id(version))
        if match is not None and match.reference.kind in ("value", "update"):
            continue
        names = [n for n in (version.path, *version.names) if like(n, argument) and is_gradient_name(n)]
        if names:
            c, error, flipped = fit(array, gradient)
            return Entry(
                argument, "variable", names[0], scale=c, error=error, transposed=flipped, version=version, found=array,
                path=("variable", version.function, names[0]),
            )  # fmt: skip
    return None


PREFIX = r"(?:d|g|grad|gradient|delta|nabla|e|dl|dl_d|dloss_d|de_d|de|dj|dj_d|d_l_d|g_|dc_d|err|error)"


def like(path: str, argument: str) -> bool:
    """`dW1`, `grads['W1']`, `self.grad_W1`, `W1_grad`, `dL_dW1` are like `W1`."""
    tokens = [t.lower().replace("_", "") for t in re.findall(r"[A-Za-z_]\w*", path)]
    name = argument.lower().replace("_", "")
    rest = {"".join(t.rsplit(name, 1)) for t in tokens if t.endswith(name) or t.startswith(name)}
    affixes = {
        "",
        "d",
        "g",
        "grad",
        "gradient",
        "delta",
        "nabla",
        "e",
        "dl",
        "dld",
        "dloss",
        "dlossd",
        "ded",
        "de",
        "dj",
        "djd",
        "dcd",
        "new",
        "updated",
        "up",
        "err",
    }
    return bool(rest & affixes)


def is_gradient_name(path: str) -> bool:
    tokens = [t.lower() for t in re.findall(r"[A-Za-z_]\w*", path)]
    return any(re.match(r"^(d[_a-z0-9]|g[a-z]?[0-9_]|grad|nabla|delta|e_)|.*(grad|_g$|grads$)", t) for t in tokens)


def near_named(c: float) -> bool:
    return any(abs(abs(c) - k) < 1e-7 for k in (1.0, 2.0, 0.5))


def locate_version(entry: Entry, step: Step) -> None:
    """Where the evidence was written: the last version in the step with its value."""
    if entry.version is None:
        wanted = None
        if entry.kind in ("update", "missing") and entry.argument in step.after:
            wanted = np.asarray(step.after[entry.argument])
        elif entry.path and entry.path[0] in ("leaf", "stepped leaf"):
            wanted = next((as_array(leaf) for path, leaf in step.returned_leaves() if path == entry.path[1]), None)
        if wanted is not None:
            data = wanted.tobytes()
            same = [v for v in step.versions if v.array.size == wanted.size and v.array.tobytes() == data and v.line]
            entry.version = same[-1] if same else None
    if entry.version is not None:
        entry.line, entry.file, entry.function = entry.version.line, entry.version.file, entry.version.function


# ------------------------------------------------------------------------------- conventions and faults


def settle(verdict: Verdict, step: Step) -> None:
    """Decide from scales and errors which entries are right, and say what all have in common."""
    optimizers = [e for e in verdict.entries.values() if e.path and e.path[0] == "optimizer"]
    updates = [e for e in verdict.entries.values() if e.kind == "update"]
    if optimizers and len(optimizers) == len(updates):
        for entry in updates:
            found: Entry = entry.path[1]
            entry.variable, entry.scale, entry.error, entry.kind, entry.path = (
                found.variable,
                found.scale,
                found.error,
                "variable",
                found.path,
            )
            entry.version, entry.line, entry.found = found.version, found.version.line if found.version else None, found.found
        verdict.conventions.append(
            "the parameters move by another rule than a plain step (momentum, Adam, clipping); the gradients were checked"
        )
    for kinds in (("update",), ("returned", "variable")):
        group = [e for e in verdict.entries.values() if e.kind in kinds]
        settle_group(group, kinds[0] == "update", step, verdict)
    for entry in verdict.entries.values():
        entry.relation = relation(entry, step)


def settle_group(group: list[Entry], is_update: bool, step: Step, verdict: Verdict) -> None:
    tolerance = STEP if is_update else EXACT
    exact = [e for e in group if e.error < tolerance and e.scale != 0]
    for entry in group:
        if entry not in exact:
            entry.fault = entry.fault or "gradient"
    if not exact:
        return
    common = common_scale([e.scale for e in exact], is_update, step)
    for entry in exact:
        if is_update and common > 0:
            entry.fault = "sign"
        elif abs(entry.scale - common) <= 1e-5 * abs(common):
            entry.ok = True
        else:
            entry.fault = "sign" if abs(entry.scale + common) <= 1e-5 * abs(common) else "scale"
    if not is_update and abs(common - 1) > 1e-6 and any(e.ok for e in exact):
        verdict.conventions.append(
            f"every gradient is {common:.6g} times that of the model{reason(common, step)}: a convention, not a bug"
        )
    elif is_update and common < 0:
        verdict.conventions.append(f"every parameter moves by {common:.6g} times its gradient{reason(common, step)}")
    if any(e.transposed for e in exact if e.ok):
        names = ", ".join(e.argument for e in exact if e.ok and e.transposed)
        verdict.conventions.append(f"{names}: stored transposed: a convention, not a bug")


def common_scale(scales: list[float], is_update: bool, step: Step) -> float:
    """The factor that most share; at a tie the one that looks natural."""
    groups: list[list[float]] = []
    for scale in scales:
        for group in groups:
            if abs(group[0] - scale) <= 1e-5 * abs(scale):
                group.append(scale)
                break
        else:
            groups.append([scale])
    known = scalars(step)
    size = max((len(np.atleast_1d(v)) for a, v in step.before.items() if a.lower() in DATA and np.ndim(v)), default=1)

    def naturalness(c: float) -> int:
        if is_update:
            if c > 0:
                return 9
            ranks = [abs(c), abs(c) * size, abs(c) / 2, abs(c) * 2, abs(c) * size / 2]
            return next((k for k, s in enumerate(ranks) if any(abs(s - v) < 1e-6 * v for v in known)), 8)
        ranks = [1.0, 1 / size, float(size), -1.0, 2.0, 0.5, *known, *[-v for v in known]]
        return next((k for k, s in enumerate(ranks) if abs(c - s) < 1e-6 * abs(s)), len(ranks) + (c < 0))

    return min(groups, key=lambda g: (-len(g), naturalness(g[0])))[0]


def scalars(step: Step) -> list[float]:
    """Positive numbers below one or so that the code knew: candidates for a learning rate."""
    found = set()
    for version in step.tracer.versions:
        if isinstance(version.value, (float, int)) and not isinstance(version.value, bool) and 0 < version.value <= 10:
            names = " ".join((version.path, *version.names)).lower()
            if version.is_argument or re.search(r"lr|eta|alpha|rate|step|epsilon|mu", names):
                found.add(float(version.value))
    return sorted(found)


def reason(c: float, step: Step) -> str:
    """What a common factor probably is: " (-lr)"."""
    size = max((len(np.atleast_1d(v)) for a, v in step.before.items() if a.lower() in DATA and np.ndim(v)), default=0)
    if any(abs(abs(c) - v) < 1e-6 * v and v != 1 for v in scalars(step)):
        return " (-lr)" if c < 0 else " (lr)"
    for value, text in (
        (-1.0, "-1"),
        (2.0, "2"),
        (0.5, "1/2"),
        (size, "N: a sum where the model has a mean"),
        (1 / size if size else 0, "1/N: a mean where the model has a sum"),
    ):
        if value and abs(c - value) < 1e-6 * abs(value):
            return f" ({text})"
    return ""


def relation(entry: Entry, step: Step) -> str:
    if entry.fault == "missing":
        return "right, but never applied"
    if entry.error < STEP and entry.scale:
        text = "equal" if abs(entry.scale - 1) < 1e-6 else f"equal x {entry.scale:.6g}{reason(entry.scale, step)}"
        if entry.transposed:
            text = "transposed" if text == "equal" else f"transposed, {text}"
        return text if entry.ok else f"{text}, unlike the others" if entry.fault == "scale" else f"{text}: the sign is wrong"
    if entry.found is not None and entry.expected is not None and np.size(entry.found) == np.size(entry.expected):
        a, b = np.ravel(entry.found), np.ravel(entry.expected)
        norms = float(np.linalg.norm(a) * np.linalg.norm(b))
        cosine = float(a @ b) / norms if norms else 0.0
        return f"different (cosine {cosine:.4f})"
    return "different"
