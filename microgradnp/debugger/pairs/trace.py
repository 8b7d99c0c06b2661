"""The wrong line of a pair: a training step is written around it, and `debug` is asked.

The step calls forward and backward and returns the gradients. Its loss is sum(out * dout). Parameters of our own have right
gradients: so a factor that all gradients of the pair share is no convention.
"""

from __future__ import annotations

import contextlib
import inspect
import linecache
import random
import re
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.origin import one_line
from microgradnp.debugger.debug import debug
from microgradnp.debugger.pairs.judge import Point, Trial
from microgradnp.debugger.pairs.pairing import Claim
from microgradnp.debugger.pairs.protocol import Source, take
from microgradnp.debugger.pairs.report import Line
from microgradnp.debugger.pairs.world import Attribute, Path, Place, owner_of

FILE = "<the step around the pair>"
DOUTS = ("targets", "target", "goals", "goal")  # names by which the debugger knows that the forward pass ends before them
OWN = ("W_first", "W_second", "W_third")
SHIFT = "W_shift"  # is added to the first output: a loss of one parameter alone would look like a penalty
DISAGREES = "the debugger's own verdict differs, so its line is not shown"


class Step(NamedTuple):
    """A training step: its source, its arguments, its loss, and what the arguments of the loss are called in it."""

    text: str
    arguments: dict[str, Any]
    loss: Callable[..., Any]
    bind: dict[str, str]
    places: dict[str, Place]


def wrong_lines(trial: Trial, budget: float) -> tuple[list[Line], list[str]]:
    """(the wrong lines, the first one first; notes). Empty where the debugger finds none or has another verdict."""
    if trial.oracle.kind != "graph":
        return [], ["forward does not run on Tensors, so the wrong line was not looked for"]
    wrong = [place for place in trial.paired if trial.verdict_of(place) == "WRONG"]
    point = next(
        (p for p in reversed(trial.points) if any(p.compared[w].verdict == "WRONG" for w in wrong if w in p.compared)), None
    )
    if point is None or len(point.douts) > len(DOUTS):
        return [], []
    step = step_around(trial, point)
    function = compiled(step.text, trial)
    try:
        found = debug(function, step.loss, kwargs=step.arguments, bind=step.bind, budget=budget)
    except Exception as error:  # the debugger refuses, or fails: the verdict stands without it
        return [], [f"the wrong line was not found: {one_line(error)}"]
    blamed = {step.places[name] for name in found.verdict.wrong if name in step.places}
    if found.ok or blamed & set(trial.paired) != set(wrong):
        return [], [DISAGREES]
    spoken = {name: place.name for name, place in step.places.items()}
    lines = [line_of(finding, spoken) for finding in found.findings if finding.file != FILE]
    return lines, [] if lines else ["the wrong line was not found"]


def line_of(finding: Any, spoken: dict[str, str]) -> Line:
    """A finding of the debugger in the user's names."""

    def plain(text: str) -> str:
        return re.sub(r"\b\w+\b", lambda word: spoken.get(word[0], word[0]), text)

    shown = finding.cause != "unknown" and finding.certainty != "suspected"
    return Line(
        finding.file,
        finding.line,
        finding.function,
        finding.source,
        finding.cause if shown else "",
        plain(finding.explanation) if shown else "",
        plain(f"{finding.variable} = {finding.expected}") if finding.expected else "",
        finding.fix[2] if finding.fix else "",
        finding.fix[0] if finding.fix else 0,
        finding.fix[1] if finding.fix else "",
        tuple(sorted(finding.region)),
    )


# --------------------------------------------------------------------------------------------- the step


def step_around(trial: Trial, point: Point) -> Step:
    """The training step of a trial at one of its points."""
    subject, plan = trial.subject, trial.plan
    names = {place: "W_" + re.sub(r"\W+", "_", place.name).strip("_") for place in trial.places}
    with subject.opened(point.values) as world:
        given, options, layer = list(world.args), dict(world.kwargs), world.owners[0]
    own = {p.path[1]: p for p in trial.places if p.argument and len(p.path) == 2 and p.path[0] == "args"}
    called = [names[own[k]] if k in own else f"given_{k + 1}" for k in range(len(given))]
    arguments: dict[str, Any] = dict(zip(called, given, strict=True))
    bind = {}
    if layer is not None:
        arguments["layer"] = layer
    if options:
        arguments["options"] = options
    for place, name in names.items():
        if place.argument and place.path[1] in own and len(place.path) == 2:
            continue
        bind[name] = expression(place.path, called)
    douts = DOUTS[: len(point.douts)] if plan.seeded else ()
    arguments |= dict(zip(douts, point.douts, strict=True)) if plan.seeded else {}
    arguments |= {SHIFT: np.array([0.25])} if plan.seeded else {}
    arguments |= {name: np.linspace(0.5, 1.5, 3 + k) for k, name in enumerate(OWN)}
    text = source(trial, names, called, douts, bool(options), list(arguments))
    loss = loss_of(trial, names, called, douts)
    return Step(text, arguments, loss, bind, {name: place for place, name in names.items()})


def expression(path: Path, called: list[str]) -> str:
    """A path as an expression in the step."""
    root, *rest = path
    text = called[rest.pop(0)] if root == "args" else "options" if root == "kwargs" else "layer"
    return text + "".join(f".{key.name}" if isinstance(key, Attribute) else f"[{key!r}]" for key in rest)


def source(
    trial: Trial, names: dict[Place, str], called: list[str], douts: tuple[str, ...], options: bool, arguments: list[str]
) -> str:
    """The text of the step."""
    plan = trial.plan
    result = "result"

    def spoken(part: Source) -> str:
        if part.kind == "result":
            return result if part.key is None else f"{result}[{part.key}]"
        if part.kind == "argument":
            return called[part.key]
        if part.kind == "attribute":
            return expression(part.key, called)
        return douts[part.key]

    lines = [f"def step({', '.join(arguments)}):", "    begin()"]
    lines.append(f"    {result} = forward({', '.join(called)}{', **options' if options else ''})")
    if plan.seeded:
        lines.append(f"    shifted = {spoken(plan.outputs[0])} + {SHIFT}")
    if plan.call is None:
        answer = [spoken(part) for part in plan.returned]
        lines.append(f"    answer = {answer[0] if len(answer) == 1 else '(' + ', '.join(answer) + ')'}")
    else:
        backward = spoken(plan.returned[0]) if plan.returned else "backward"
        lines.append(f"    answer = {backward}({', '.join(spoken(part) for part in plan.call)})")
    positions = [claim.where[1] for claim in trial.pairing.claims.values() if claim.where[0] == "returned"]
    parts: dict[Any, str] = {}
    if positions and all(label and isinstance(label[0], int) for label in positions):  # each value gets a name
        parts = {k: f"d_{k + 1}" for k in range(1 + max(label[0] for label in positions))}
        lines[-1] = lines[-1].replace("    answer = ", f"    {', '.join(parts.values())}, *_ = ", 1)
    claims = trial.pairing.claims.items()
    if any(claim.update for _, claim in claims):
        rate = step_size(trial)
        moves = {expression(p.path, called): gradient(p, c, called, parts) for p, c in claims if not c.update} | {
            n: f"slope({k})" for k, n in enumerate(OWN)
        }
        moves |= {SHIFT: f"np.reshape(np.sum({douts[0]}), 1)"} if plan.seeded else {}
        lines += [f"    {target} = {target} - {rate} * {moved}" for target, moved in moves.items()]
    else:
        given = {names[p]: gradient(p, c, called, parts) for p, c in claims} | {n: f"slope({k})" for k, n in enumerate(OWN)}
        given |= {SHIFT: f"np.reshape(np.sum({douts[0]}), 1)"} if plan.seeded else {}
        lines.append("    return {" + ", ".join(f"{name!r}: {value}" for name, value in given.items()) + "}")
    return "\n".join(lines) + "\n"


def step_size(trial: Trial) -> str:
    """What every parameter moves by: the learning rate where backward moves its own parameters."""
    factors = [trial.worst_at(p).factor for p, claim in trial.pairing.claims.items() if claim.update]
    return repr(float(factors[0])) if factors and np.isfinite(factors[0]) else "1.0"


def gradient(place: Place, claim: Claim, called: list[str], parts: dict[Any, str]) -> str:
    """A claimed gradient as an expression in the step, in the shape of its place."""
    text = spelled(claim, called, parts)
    if claim.array.shape != place.array.shape and claim.array.size == place.array.size:
        return f"np.reshape({text}, {place.array.shape})"
    return text


def spelled(claim: Claim, called: list[str], parts: dict[Any, str]) -> str:
    """Where a claimed gradient stands in the step."""
    kind, key = claim.where
    if kind == "stored":
        return expression(key, called)
    start, rest = (parts[key[0]], key[1:]) if parts else ("answer", key)
    return start + "".join(f"[{part!r}]" for part in rest)


def compiled(text: str, trial: Trial) -> Callable[..., Any]:
    """The step as a function whose source can be read."""
    subject = trial.subject
    for name, function in (("forward", subject.forward), ("backward", subject.backward)):
        owner = owner_of(function)
        if owner is not None and owner is owner_of(subject.forward):
            method = f".{function.__name__}" if isinstance(function, types.MethodType) else ""  # else the object is called
            text = text.replace(f"= {name}(", f"= layer{method}(")
    linecache.cache[FILE] = (len(text), None, text.splitlines(keepends=True), FILE)
    space: dict[str, Any] = {"begin": begin, "slope": slope, "forward": subject.forward, "backward": subject.backward, "np": np}
    exec(compile(text, FILE, "exec"), space)
    step: Callable[..., Any] = space["step"]
    return step


def begin() -> None:
    """Put the random state where every run starts."""
    np.random.set_state(np.random.RandomState(1234).get_state())  # noqa: NPY002
    random.setstate(random.Random(1234).getstate())


def slope(number: int) -> np.ndarray:
    """The gradient of one of our own parameters."""
    return np.array([0.7, -1.1, 0.4, 1.3, -0.6])[: 3 + number] * (1 + number)


def loss_of(trial: Trial, names: dict[Place, str], called: list[str], douts: tuple[str, ...]) -> Callable[..., Any]:
    """sum(out * dout) of the pair's own forward as a function of the places, and of what else forward is given."""
    spoken = {name: place for place, name in names.items()}
    others = {
        name: k
        for k, name in enumerate(called)
        if name not in spoken and not any(p.path[:2] == ("args", k) for p in trial.places)
    }
    rewritten = trial.oracle.rewritten

    def loss(**given: Any) -> Any:
        put = {place.path: given[name] for name, place in spoken.items()}
        code = rewritten.active() if rewritten is not None else contextlib.nullcontext()
        with code, trial.subject.opened(put) as world:
            for name, k in others.items():
                world.args[k] = given[name]
            begin()
            result = world.call_forward()
            outputs = [take(part, result, world, []) for part in trial.plan.outputs]
        outputs = [outputs[0] + given[SHIFT], *outputs[1:]] if douts else outputs
        weights = [given[name] for name in douts] or [np.asarray(trial.mean) for _ in outputs]
        total = sum(np.sum(out * weight) for out, weight in zip(outputs, weights, strict=True))
        return total + sum(np.sum(given[name] * slope(k)) for k, name in enumerate(OWN))

    parameters = [
        inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY)
        for n in (*spoken, *others, *douts, *([SHIFT] if douts else []), *OWN)
    ]
    loss.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return loss
