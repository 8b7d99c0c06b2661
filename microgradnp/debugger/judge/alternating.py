"""A parameter that moves after a second forward pass, with others that have moved already.

In alternating descent it follows the same loss from there. In a GAN the generator follows another one than the discriminator.
"""

from __future__ import annotations

import dataclasses

from microgradnp.debugger.judge.judged import Judged
from microgradnp.debugger.judge.movements import judge_update
from microgradnp.debugger.judge.points import Point
from microgradnp.debugger.match.references import ModelError, evaluate
from microgradnp.debugger.record.findings import Values
from microgradnp.debugger.record.meeting import argument_values
from microgradnp.debugger.record.model import makers_of, outputs_of
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import parts_in

FROM_THERE = "a second forward pass reads the new values of {}, and it follows its gradient from there, as in alternating descent"
ANOTHER_LOSS = "it moves after a second forward pass, and not along this loss: it may follow another one"


def judge_alternating(step: Step, point: Point, entry: Judged) -> Judged:
    """A wrong movement again, judged from where the other parameters have gone, if there the forward pass was computed again.

    Some of them may have moved after that pass, along the same gradients.
    """
    time = {a: max(part.node.number for part in parts_in(held)) for a, held in step.after.items()}
    earlier = sorted((a for a in step.after if time[a] < time[entry.argument]), key=lambda a: time[a])
    if not reads_moved(step, entry.argument, earlier):
        return entry
    found = judged_after(step, point, entry, earlier, time)
    for count in range(len(earlier) - 1, 0, -1):
        if found.status != "wrong":
            break
        again = judged_after(step, point, entry, earlier[:count], time)
        found = again if again.status in ("right", "agrees") else found
    if found.status in ("right", "agrees"):
        found.why = FROM_THERE.format(" and ".join(earlier))
    return found


def reads_moved(step: Step, argument: str, moved: list[str]) -> bool:
    """Whether the new value of a parameter is made from the new value of another one, as behind a second forward pass."""
    ends = step.structure.before(part.node for part in parts_in(step.after[argument]))
    return any(part.node in ends for a in moved for part in parts_in(step.after[a]))


def judged_after(step: Step, point: Point, entry: Judged, moved: list[str], time: dict[str, int]) -> Judged:
    """The movement judged by a forward pass that reads where these parameters have gone; the entry itself where there is none."""
    argument = entry.argument
    gone = {a: step.after[a] for a in moved}
    if not gone:
        return entry
    before = {**step.before, **gone}
    start = max(time[a] for a in gone)
    try:
        first, second = (evaluate(step.model, argument_values(before, run, step.whole)) for run in (step.values, point.values))
    except (ModelError, KeyError):
        return entry
    own = step.structure.before(part.node for part in parts_in(step.after[argument]))
    between = [node for node in own if start < node.number < time[argument]]
    ends = outputs_of(first, {argument}, Values(between, step.values).located, through=argument)
    makers = makers_of(first)
    if not ends or not all(makers[id(node)] & gone.keys() for node, _ in ends):
        return entry
    outputs = [node for _, nodes in ends for node in nodes]
    again = dataclasses.replace(step, before=before, evaluation=first, outputs=outputs, backward=step.structure.after(outputs))
    found = judge_update(again, Point(point.values, second, point.amount), argument)
    same_loss = outputs_of(first, set(step.after), Values(between, step.values).located)
    if same_loss or found.status in ("right", "agrees"):
        return found
    return Judged(argument, "not checked", "update", node=entry.node, after=entry.after, why=ANOTHER_LOSS)
