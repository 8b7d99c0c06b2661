"""What must stand there: the changes that mend a program, one mistake after the other, each proved by a run."""

from __future__ import annotations

import dataclasses

from microgradnp.debugger.derive.candidate import Mended
from microgradnp.debugger.derive.locate import Blame
from microgradnp.debugger.derive.proof import Judge
from microgradnp.debugger.derive.scene import Question, Scene, latest, scene_of
from microgradnp.debugger.derive.turn import Turn
from microgradnp.debugger.judge.recorded import Verdict

MOST_CHANGES = 4


@dataclasses.dataclass(eq=False)
class Fix:
    """The changes that mend a program, in the order in which its mistakes are made."""

    changes: list[Mended]
    complete: bool
    verdict: Verdict | None
    blame: Blame  # of the user's program
    scene: Scene
    texts: dict[str, str]
    tried: int = 0

    @property
    def asleep(self) -> list[str]:
        """The gradients of another mistake, which does not show on the user's inputs."""
        return sorted(set().union(*(mended.asleep for mended in self.changes)))

    @property
    def is_roundabout(self) -> bool:
        """Whether a change rests on what a gradient lacks, not on a quantity of the model: it may stand far from the mistake."""
        means = (mended.candidate.means for mended in self.changes)
        return any(m is not None and m.quantity.kind == "lack" for m in means)


def derive(question: Question, deadline: float) -> Fix | None:
    """The changes that make all gradients right, or some. None where the program cannot be judged or nothing is wrong.

    `deadline` is a moment of the thread's clock, `time.thread_time()`.
    """
    scene = scene_of(question, until=latest(deadline))
    if scene is None or not scene.verdict.wrong:
        return None
    search = Search(question, scene, deadline)
    return search.run()


class Search:
    """Mends one mistake after the other."""

    def __init__(self, question: Question, scene: Scene, deadline: float) -> None:
        self.question, self.first = question, scene
        self.judge = Judge(question, scene, deadline)

    def run(self) -> Fix:
        """Change after change, until all is right."""
        scene = self.first
        done: list[Mended] = []
        texts: dict[str, str] = {}
        first_blame: Blame | None = None
        verdict: Verdict | None = None
        for _ in range(MOST_CHANGES):
            turn = Turn(self.judge, scene, done[-1] if done else None)
            first_blame = first_blame or turn.blame
            found = turn.best()
            if found is None:
                break
            mended, verdict = found
            done += mended.whole
            texts = {**texts, done[-1].change.file: done[-1].change.after}
            if self.judge.is_complete(verdict) or self.judge.is_over:
                break
            try:
                following = scene_of(self.question, texts, self.judge.until)
            except Exception:  # an edited program may raise anything
                following = None
            if following is None:
                break
            scene = following
        assert first_blame is not None
        complete = verdict is not None and self.judge.is_complete(verdict)
        if complete and len(done) > len(mended.whole):
            done, texts = self.shortest(done, texts)
            complete = self.judge.mends_all(texts, 2)
        return Fix(done, complete, verdict, first_blame, self.first, texts, self.judge.tried)

    def shortest(self, done: list[Mended], texts: dict[str, str]) -> tuple[list[Mended], dict[str, str]]:
        """The changes without one that is not needed, if there is one."""
        for mended in done if len(done) > 1 else ():
            others = [m for m in done if m is not mended]
            made = applied(self.first, others)
            if made is not None and self.judge.mends_all(made[1]):
                return self.shortest(*made)
        return done, texts


def applied(scene: Scene, done: list[Mended]) -> tuple[list[Mended], dict[str, str]] | None:
    """Some changes of the user's sources, one after the other, and the sources with them. None where one needs another."""
    texts: dict[str, str] = {}
    made = []
    for mended in done:
        file = mended.change.file
        change = mended.change.onto(texts.get(file, scene.text(file)))
        if change is None:
            return None
        texts[file] = change.after
        made.append(dataclasses.replace(mended, change=change))
    return made, texts
