"""The steps of a training: at which loop one begins, and what the model's arguments were there.

The step boundary is the loop that turns most often such that every parameter that moves at all has moved since its last turn.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from microgradnp.core.origin import one_line
from microgradnp.debugger.capture.bind import BindingError, Wanted
from microgradnp.debugger.capture.fresh import Inputs
from microgradnp.debugger.capture.program import Program
from microgradnp.debugger.capture.roles import data_of, is_data, targets_of
from microgradnp.doctor.handwritten.hooks import RETURNED, EnoughError, Loop, Reader, around, counts, hooked, loops_of
from microgradnp.doctor.patient import Array

LOOKS = 40  # at each loop, to find the boundary
LEAST_TURNS, LEAST_STEPS = 200, 4  # of all loops, and of the training: they are followed whatever time it takes
FIRST, MOST = 30, 300  # steps that are kept: all of the first, then fewer and fewer
Values = dict[str, Any]


@dataclass
class Course:
    """A recorded training. `kept` holds (number of the step, the arguments before it); the last is the state at the end."""

    loop: Loop
    moving: list[str]  # the arguments that are parameters
    varying: list[str]  # data that are others in each step: batches
    inside: frozenset[str] = frozenset()  # arguments that only functions within a step know
    kept: list[tuple[int, Values]] = field(default_factory=list)
    steps: int = 0
    finished: bool = True  # the program ended by itself
    ruled: bool = False  # it left the loop by a rule, before the loop was used up
    error: str = ""

    @property
    def first(self) -> Values:
        return self.kept[0][1]

    @property
    def last(self) -> Values:
        return self.kept[-1][1]

    def weights(self, k: int) -> dict[str, Array]:
        """The parameters before the k-th step that was kept."""
        return {name: np.asarray(self.kept[k][1][name], float) for name in self.moving}


def recorded(program: Program, wanted: Wanted, until: float) -> Course:
    """Run the program twice: to find the boundary, and to collect the steps. Raises BindingError where an argument is missing."""
    began = time.process_time()
    course = boundary(program, wanted, began + 0.3 * max(until - began, 0.5))
    collect(program, wanted, course, until)
    return course


def boundary(program: Program, wanted: Wanted, until: float, inside: frozenset[str] = frozenset()) -> Course:
    """The loop of the steps, the parameters, and the data that change from step to step."""
    loops, reader = loops_of(program), Reader(wanted)
    if not loops:
        raise BindingError("diagnose: the code has no loop. Give the function that trains, with its loop over the steps")
    looks: dict[int, list[Values]] = {}
    needed = set(wanted.arguments) - wanted.optional
    turns, is_late = 0, False
    within: Values = {}

    def look(number: int, frame: FrameType) -> None:
        nonlocal turns, is_late
        if number == RETURNED:
            within.update(inner(reader, frame, inside))
        if number < 0 or number == RETURNED:
            return
        turns += 1
        seen = looks.setdefault(number, [])
        if len(seen) < LOOKS:
            seen.append(within | reader.values(frame))
            if len(seen) == LOOKS and turns_with_steps(seen, looks, wanted):
                raise EnoughError
        if time.process_time() > until and (
            turns > LEAST_TURNS or any(len(s) > LEAST_STEPS and turns_with_steps(s, looks, wanted) for s in looks.values())
        ):
            is_late = True
            raise EnoughError

    run(program, look, None, inside=bool(inside))
    if not looks:
        raise BindingError("diagnose: no loop of the code ran. Give the function that trains, with its loop over the steps")
    found: set[str] = set().union(*(values for seen in looks.values() for values in seen)) if looks else set()
    if missing := sorted(needed - found):
        if not inside:
            return boundary(program, wanted, until, frozenset(missing))
        raise BindingError(reader.binder.explain(missing[0]), missing=tuple(missing))
    changing = moved_in(looks)
    data = data_in(changing, wanted)
    moving = [name for name in wanted.arguments if name in changing - data]
    fit = [k for k, seen in looks.items() if moving and len(seen) > 2 and steps_in(seen, moving) >= 0.9]
    fit = fit or [k for k, seen in looks.items() if moving and len(seen) > LEAST_STEPS and start_to_move(seen, moving)]
    if is_late and not fit:
        raise BindingError(
            f"diagnose: the budget ended after {turns} turns of the loops, before the steps were seen. Give a larger budget="
        )
    if not moving:  # nothing moves at all, as from zeros
        return still(looks, loops, wanted)
    if not fit:
        raise BindingError(
            "diagnose: no loop was found in which the parameters move at every turn. "
            "Give the function that trains, with its loop, and check with bind= what the parameters are"
        )
    most = max(fit, key=lambda k: (len(looks[k]), -depth_of(loops[k], loops)))
    return Course(loops[most], moving, [name for name in wanted.arguments if name in data], inside)


def inner(reader: Reader, frame: FrameType, names: frozenset[str]) -> Values:
    """What a function that ends knows of these arguments."""
    return {name: value for name, value in reader.values(frame).items() if name in names}


def still(looks: dict[int, list[Values]], loops: list[Loop], wanted: Wanted) -> Course:
    """The boundary where no parameter moves: the outermost loop, and all arrays that are no data by their names."""
    first = next(seen[0] for seen in looks.values() if seen)
    data = data_of(wanted.arguments, []) | {name for name in wanted.arguments if is_data(name)}
    moving = [name for name in wanted.arguments if name not in data and isinstance(first.get(name), np.ndarray)]
    if not moving:
        raise BindingError("diagnose: no parameter moves in any loop, and none is known by its name; say which with bind=")
    return Course(loops[min(looks)], moving, [])


def depth_of(loop: Loop, loops: list[Loop]) -> int:
    """The position in the file: an outer loop comes before those inside of it."""
    return loops.index(loop)


def data_in(changing: set[str], wanted: Wanted) -> set[str]:
    """Those of the changing arguments that are data or targets by their names: batches."""
    return {name for name in changing if is_data(name)} | (targets_of(wanted.arguments) & changing)


def turns_with_steps(seen: list[Values], looks: dict[int, list[Values]], wanted: Wanted) -> bool:
    """Whether all that moves anywhere moves from turn to turn of this loop."""
    changing = moved_in(looks)
    moving = changing - data_in(changing, wanted)
    return bool(moving) and steps_in(seen, sorted(moving)) >= 0.9


def moved_in(looks: dict[int, list[Values]]) -> set[str]:
    """The arrays that change from look to look, in any loop."""
    pairs = [(a, b) for seen in looks.values() for a, b in itertools.pairwise(seen)]
    return {name for a, b in pairs for name in a if is_real(a[name]) and name in b and differs(a[name], b[name])}


def is_real(value: Any) -> bool:
    """Whether a value may be a parameter or a batch: an array, or a floating-point number."""
    return isinstance(value, (np.ndarray, float))


def differs(a: Any, b: Any) -> bool:
    return np.shape(a) != np.shape(b) or not np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f")


def steps_in(seen: list[Values], moving: list[str]) -> float:
    """The share of the turns that move something, up to numbers that are not finite; 0 unless the first moves all parameters.

    Later a saturated layer may stand still.
    """
    whole = [all(np.isfinite(v[name]).all() for name in moving if name in v) for v in seen]
    seen = seen[: whole.index(False) + 1] if False in whole else seen
    moves = [[name in a and name in b and differs(a[name], b[name]) for name in moving] for a, b in itertools.pairwise(seen)]
    first = next((move for move in moves if any(move)), [False])
    return float(np.mean([any(move) for move in moves])) if all(first) else 0.0


def start_to_move(seen: list[Values], moving: list[str]) -> bool:
    """Whether every parameter moves at nearly every turn, from one of the first on: units that are alike may hold one back."""
    for name in moving:
        moves = [name in a and name in b and differs(a[name], b[name]) for a, b in itertools.pairwise(seen)]
        first = moves.index(True) if True in moves else len(moves)
        if first > 2 or np.mean(moves[first:]) < 0.9:
            return False
    return True


def collect(program: Program, wanted: Wanted, course: Course, until: float) -> None:
    """Run the program, and keep its steps. Ends early when the time is over, but not within the first few."""
    reader, stride, newest = Reader(wanted), 1, None
    kept, known = course.kept, set(wanted.arguments)
    outer = around(course.loop)
    number_of = {loop: k for k, loop in enumerate(loops_of(program))}
    own, used_up = number_of[course.loop], -1 - number_of[outer]
    course.ruled = True
    within: Values = {}

    def look(number: int, frame: FrameType) -> None:
        nonlocal stride, newest
        if number == RETURNED:
            within.update(inner(reader, frame, course.inside))
        if number == used_up and counts(outer, frame.f_locals):
            course.ruled = False
        if number != own:
            return
        newest = frame
        if course.steps < FIRST or course.steps % stride == 0:
            values = within | reader.values(frame)
            if len(kept) == 1:  # the first step began before anything within it was known
                kept[0][1].update({name: value for name, value in values.items() if name not in kept[0][1]})
            if known - wanted.optional - (course.inside & set(course.varying) if not kept else set()) <= set(values):
                kept.append((course.steps, values))
                course.steps += 1
            if len(kept) > MOST:
                kept[FIRST:] = kept[FIRST::2]
                stride *= 2
        else:
            course.steps += 1
        if time.process_time() > until and course.steps > LEAST_STEPS:
            raise EnoughError

    after = lambda: finish(course, within | reader.values(newest) if newest else {})  # noqa: E731
    course.finished, course.error = run(program, look, {course.loop, outer}, after, inside=bool(course.inside))


def finish(course: Course, values: Values) -> None:
    """Add the state at the end, as the frame of the last turn holds it. A rule may have left that turn before its step."""
    if not values or not course.kept:
        return
    number, last = course.kept[-1]
    stands = not any(differs(values[name], last[name]) for name in course.moving if name in values)
    if course.ruled and stands and number == course.steps - 1 and len(course.kept) > 1:
        course.steps -= 1
        return
    end = {**last, **{name: values[name] for name in course.moving if name in values}}
    course.kept.append((course.steps, end))


def run(
    program: Program, look: Any, only: set[Loop] | None, after: Any = None, see: Any = None, inside: bool = False
) -> tuple[bool, str]:
    """Run the program on copies with hooks. Returns whether it ended by itself, and its error."""
    finished, error = True, ""
    with hooked(program, look, only, see, inside), program.world(Inputs()) as call:
        try:
            call.run()
        except EnoughError:
            finished = False
        except (Exception, SystemExit) as raised:
            error = one_line(raised)
        if after is not None:
            after()
    return finished, error
