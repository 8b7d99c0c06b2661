"""Where the hand-written code shows the gradient of a parameter, and how that compares with the model's gradient.

Evidence, best first: the update (after - before), which must be a negative multiple of the gradient; a returned array; a
variable that holds the gradient; a variable that is named like the gradient.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from microgradnp.debugger.capture.roles import is_mask
from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.capture.values import as_array
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.match.matches import Matches
from microgradnp.derivatives.agreement import EQUAL, ROUNDING, fit, scale_of

EXACT = EQUAL
STEP = 1e-6  # after - before cancels leading digits
SINGLE = ROUNDING["f"]  # what may be lost in single precision
AFFIXES = frozenset(  # what is put before or after the name of a parameter to name its gradient
    ("", *"d g grad gradient delta nabla e dl dld dloss dlossd ded de dj djd dcd new updated up err".split())  # noqa: SIM905
)


class Place(NamedTuple):
    """Where evidence lies, so that a quick run can read it again."""

    kind: str  # "leaf": an array that was returned; "stepped leaf": a parameter that was returned; "variable" of a function
    expression: str
    function: str = ""


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
    place: Place | None = None
    behind: Entry | None = None  # for an update of another form: the variable that holds the gradient
    agrees: bool = False  # right to some digits, though the arithmetic would allow more

    @property
    def status(self) -> str:
        """ "right", "agrees" or "wrong"."""
        return "wrong" if not self.ok else "agrees" if self.agrees else "right"

    @property
    def digits(self) -> float:
        """How many decimal digits agree, after the common factor."""
        return 0.0 if not self.error < 1 else min(16.0, -math.log10(max(self.error, 1e-16)))


def tolerance(trace: Trace, usual: float) -> float:
    """The largest relative error that counts as equal: as usual, or what single precision allows."""
    return SINGLE if trace.single else usual


def from_update(argument: str, trace: Trace, gradient: np.ndarray) -> Entry:
    """The movement of a parameter in the step."""
    before, after = np.asarray(trace.before[argument]), np.asarray(trace.after[argument])
    entry = Entry(argument, "update", f"update of {trace.variables[argument].expression}")
    if before.shape != after.shape:
        entry.found = after
        return entry
    with np.errstate(all="ignore"):  # a step may go to infinity
        entry.found = np.asarray(after - before, float)
    entry.scale, entry.error, _ = fit_step(before, after, gradient)
    return entry


def fit_step(before: np.ndarray, after: np.ndarray, gradient: np.ndarray) -> tuple[float, float, bool]:
    """Like `fit`, with an error measured against what rounding leaves of a small difference of large numbers.

    A movement is never turned: along the transpose of its gradient a square matrix goes the wrong way.
    """
    with np.errstate(all="ignore"):  # edited code may come to any values
        moved = after - before
    c, error, flipped = fit(moved, gradient)
    if flipped and np.squeeze(moved).shape == np.squeeze(gradient).shape:
        (c, error), flipped = scale_of(np.squeeze(moved), np.squeeze(gradient)), False
    largest = float(np.max(np.abs(moved), initial=0))
    precision = after.dtype if after.dtype.kind == "f" else np.float64
    noise = 8 * np.finfo(precision).eps * float(np.max(np.abs(before), initial=0))
    if math.isfinite(error) and largest and error * largest <= noise and error < 1e-3:
        error = min(error, EXACT / 10)
    return c, error, flipped


def from_returned(argument: str, trace: Trace, gradient: np.ndarray) -> Entry | None:
    """A returned array that is the gradient, or the parameter after a step along it."""
    if gradient.size < 1:
        return None
    before = trace.before.get(argument)
    for path, leaf in trace.returned_leaves():
        array = as_array(leaf)
        if array is None or array.size != gradient.size:
            continue
        c, error, flipped = fit(array, gradient)
        if error < tolerance(trace, EXACT) and (array.size > 1 or near_named(c)):
            return Entry(
                argument,
                "returned",
                path,
                scale=c,
                error=error,
                transposed=flipped,
                found=np.asarray(array, float),
                place=Place("leaf", path),
            )
        if before is not None and np.shape(before) == array.shape:
            c, error, _ = fit_step(np.asarray(before, float), np.asarray(array, float), gradient)
            if error < tolerance(trace, STEP) and c < 0 and (array.size > 1 or like(path, argument)):
                return Entry(
                    argument,
                    "update",
                    path,
                    scale=c,
                    error=error,
                    found=array - np.asarray(before),
                    place=Place("stepped leaf", path),
                )
    return None


def returned_by_name(
    argument: str, trace: Trace, gradient: np.ndarray, claimed: set[str], entries: dict[str, Entry]
) -> Entry | None:
    """The returned array that is named like this gradient, or stands where it would stand, or is the only one of its shape."""
    before = trace.before.get(argument)
    free = [(path, as_array(leaf)) for path, leaf in trace.returned_leaves() if path not in claimed]
    fitting = [
        (p, a) for p, a in free if a is not None and np.squeeze(a).shape == np.squeeze(gradient).shape and a.dtype.kind == "f"
    ]
    held = as_array(before)  # the parameter itself, returned as it was
    fitting = [(p, a) for p, a in fitting if held is None or not np.array_equal(a, held) or fit(a, gradient)[1] < EXACT]
    if not fitting:
        return None
    if gradient.size == 1:
        fitting = [(p, a) for p, a in fitting if like(p, argument)]
    named = [(p, a) for p, a in fitting if like(p, argument)]
    tracked = returned_names(trace)
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
        and not any(e.kind == "returned" and parent(e.variable) == parent(path) for e in entries.values())
        and not any(is_gradient_name(n) for n in names)
        and not is_gradient_name(path)
    ):
        entry = Entry(argument, "update", path, place=Place("stepped leaf", path))
        entry.found = array - np.asarray(before)
        entry.scale, entry.error, _ = fit_step(np.asarray(before, float), np.asarray(array, float), gradient)
        return entry
    entry = Entry(argument, "returned", path, found=np.asarray(array, float), place=Place("leaf", path))
    entry.scale, entry.error, entry.transposed = fit(array, gradient)
    return entry


def left_over(
    argument: str, gradients: dict[str, np.ndarray], entries: dict[str, Entry], trace: Trace, claimed: set[str], matches: Matches
) -> Entry | None:
    """Where gradients are returned side by side, and as many arrays as arguments are left over: the one that stands in its place.

    Nothing is taken that equals a quantity of the model, such as the output, or a plain number, such as the loss.
    """
    returned = [e for e in entries.values() if e.kind == "returned"]
    if not returned or len(returned) < len(entries):
        return None
    missing = [a for a in gradients if a not in entries]
    holder = {parent(e.variable) for e in returned}
    free = [
        (path, array)
        for path, leaf in trace.returned_leaves()
        if path not in claimed
        and parent(path) in holder
        and (array := as_array(leaf)) is not None
        and array.dtype.kind == "f"
        and (array.ndim or gradients[argument].ndim == 0)
        and ((match := matches.index.match(array)) is None or match.reference.kind != "value" or match.note)
    ]
    called = returned_names(trace)
    named = [(p, a) for p, a in free if any(like(n, argument) and is_gradient_name(n) for n in (p, *called.get(p, ())))]
    if len(named) == 1:
        free, missing = named, [argument]
    if len(free) != len(missing) or (len(returned) < 2 and not named):
        return None
    path, array = free[missing.index(argument)]
    if array.shape == gradients[argument].shape and len(free) > 1:
        return None  # which is which cannot be told from the shapes
    entry = Entry(argument, "returned", path, found=np.asarray(array, float), place=Place("leaf", path))
    entry.scale, entry.error, entry.transposed = fit(array, gradients[argument])
    return entry


def parent(path: str) -> str:
    """`returned value[0]` for `returned value[0][1]`; the columns of pairs count as one."""
    return re.sub(r"\[[^\[\]]*\]", "", path)


def returned_names(trace: Trace) -> dict[str, set[str]]:
    """Path of each returned array -> what its value was called in the code."""
    names: dict[str, set[str]] = {}
    for path, leaf in trace.returned_leaves():
        version = trace.tracer.by_object.get(id(leaf))
        if version is not None:
            names[path] = {n for n in version.names if "()" not in n} | {version.path}
    return names


def from_match(argument: str, versions: list[Version], matches: Matches) -> Entry | None:
    """A variable that holds the gradient; the last one written."""
    for version in reversed(versions):
        match = matches.of(version) if version.line else None
        if (
            match
            and match.reference.kind == "adjoint"
            and match.reference.argument == argument
            and not match.reference.partial
            and not match.note
        ):
            entry = Entry(
                argument,
                "variable",
                version.path,
                scale=match.scale,
                error=max(match.error, 1e-15),
                transposed=match.transposed,
                version=version,
            )
            entry.found = version.array
            entry.place = Place("variable", version.path, version.function)
            return entry
    return None


def from_idle(argument: str, trace: Trace) -> Entry | None:
    """A parameter that a statement of the backward pass wrote with something that the step computed, and left where it was."""
    version = trace.idle.get(argument)
    if version is None or is_mask(version.array) or not any(v.inputs and v.time > trace.start for v in version.inputs):
        return None
    if version.time < min((v.time for v in trace.versions if v.line and id(v) in trace.tainted), default=0):
        return None
    expression = trace.variables[argument].expression
    return Entry(argument, "update", f"update of {expression}", version=version, found=np.zeros(version.array.shape))


def from_name(argument: str, versions: list[Version], gradient: np.ndarray, matches: Matches) -> Entry | None:
    """A variable that is called like the gradient and has its size, though its value is another."""
    for version in reversed(versions):
        array = as_array(version.value)
        if array is None or array.size != gradient.size or array.dtype.kind != "f" or not version.line:
            continue
        match = matches.of(version)
        if match is not None and match.reference.kind in ("value", "update"):
            continue
        names = [n for n in (version.path, *sorted(version.names)) if like(n, argument) and is_gradient_name(n)]
        if names:
            c, error, flipped = fit(array, gradient)
            return Entry(
                argument, "variable", names[0], scale=c, error=error, transposed=flipped, version=version, found=array,
                place=Place("variable", names[0], version.function),
            )  # fmt: skip
    return None


def like(path: str, argument: str) -> bool:
    """`dW1`, `grads['W1']`, `self.grad_W1`, `W1_grad`, `dL_dW1` are like `W1`."""
    tokens = [t.lower().replace("_", "") for t in re.findall(r"[A-Za-z_]\w*", path)]
    name = argument.lower().replace("_", "")
    rest = {"".join(t.rsplit(name, 1)) for t in tokens if t.endswith(name) or t.startswith(name)}
    return bool(rest & AFFIXES)


def is_gradient_name(path: str) -> bool:
    """Whether an expression is called like a gradient: `dW`, `grads["W"]`, `nabla_b`."""
    tokens = [t.lower() for t in re.findall(r"[A-Za-z_]\w*", path)]
    return any(re.match(r"^(d[_a-z0-9]|g$|g[a-z]?[0-9_]|grad|nabla|delta|e_)|.*(grad|_g$|grads$)", t) for t in tokens)


def near_named(c: float) -> bool:
    """Whether a factor is one that is met often: 1, 2, 1/2, or these with the other sign."""
    return any(abs(abs(c) - k) < 1e-7 for k in (1.0, 2.0, 0.5))


def locate_version(entry: Entry, trace: Trace) -> None:
    """Where the evidence was written: the last version in the step with its value."""
    if entry.version is None:
        wanted = None
        if entry.kind in ("update", "missing") and entry.argument in trace.after:
            wanted = np.asarray(trace.after[entry.argument])
        elif entry.place is not None and entry.place.kind != "variable":
            returned = (as_array(leaf) for path, leaf in trace.returned_leaves() if path == entry.place.expression)
            wanted = next(returned, None)
        if wanted is not None:
            data = wanted.tobytes()
            same = [v for v in trace.versions if v.array.size == wanted.size and v.array.tobytes() == data and v.line]
            entry.version = same[-1] if same else None
    if entry.version is None and entry.argument in trace.idle:
        entry.version = trace.idle[entry.argument]
    if entry.version is not None:
        entry.line, entry.file, entry.function = entry.version.line, entry.version.file, entry.version.function
