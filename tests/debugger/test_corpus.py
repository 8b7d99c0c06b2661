"""The corpus is what it says, proved by finite differences of each program's own loss and without the debugger.

A program or bug says in `PROOF`, as expressions over the arguments of `train` and the module's names, where the proof looks:

- `steps`: the argument of `train` that counts its steps; `with`: other arguments for one step; `run`: what to call instead;
  `source`: an edit of the text that leaves one step
- `at`: argument of the loss -> where its value lies (otherwise BIND, otherwise its own name); `late`: made by the step itself
- `after`: what the step moves, with other expressions where `out` (the result) has them; or `gradient`: what is returned
- `zero`: gradients that vanish; `digits`: fewer than six, for single precision and the like
- `later`: the first step that is wrong; `value`: the loss that the code itself computed
"""

import copy
import inspect
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from debugger import programs

BUGS = [Path(__file__).parent / folder for folder in ("bugs", "bugs_held_out")]
SEEDS = (21, 22)
RIGHT = [(split, name) for split in ("unseen", "right_only", "held_out") for name in programs.names(split)]
FILES = {path.stem: path for folder in BUGS for path in folder.glob("*.py")}
WRONG = sorted(FILES)


class Proof:
    """One program at one seed: runs it, and compares what it makes of the gradients with finite differences."""

    def __init__(self, module, seed):
        self.module, self.seed = module, seed
        self.says = module.PROOF
        self.signature = inspect.signature(module.train)

    def run(self, steps):
        """The names of the program after so many steps from the start; `out` is what `train` returned."""
        args, kwargs = self.module.make(np.random.default_rng(self.seed))
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        names = {**vars(self.module), **bound.arguments}
        if not steps:
            return names
        if "run" in self.says:
            return {**names, "out": eval(self.says["run"], names)}
        for name, value in self.says.get("with", {}).items():
            bound.arguments[name] = eval(value, names) if isinstance(value, str) else value
        if "steps" in self.says:
            bound.arguments[self.says["steps"]] = steps
        out = self.module.train(*bound.args, **bound.kwargs)
        return {**vars(self.module), **bound.arguments, "out": out}

    def place(self, argument, moved=False):
        """The expression for an argument of the loss, at the start or once it was moved."""
        after = self.says.get("after", ())
        if moved and isinstance(after, dict) and argument in after:
            return after[argument]
        return self.says.get("at", {}).get(argument) or getattr(self.module, "BIND", {}).get(argument, argument)

    def look(self, step):
        """(the loss's arguments before a step, what the step makes of each gradient)."""
        late, gradient, after = (self.says.get(key, ()) for key in ("late", "gradient", "after"))
        moved = after.split() if isinstance(after, str) else list(after)
        parameters = [*gradient, *moved, *self.says.get("zero", [])]
        start = self.run(step)
        point = {}
        for name, parameter in inspect.signature(self.module.loss).parameters.items():
            if name not in late and (parameter.default is parameter.empty or name in parameters):
                value = eval(self.place(name, moved=step > 0), start)
                point[name] = np.array(value, float) if name in parameters else copy.deepcopy(value)
        end = self.run(step + 1)
        point.update({name: eval(self.place(name), end) for name in late})
        found = {name: np.array(eval(gradient[name], end), float) for name in gradient}
        found |= {name: np.array(eval(self.place(name, moved=True), end), float) - point[name] for name in moved}
        return point, found

    def numeric(self, point, argument):
        """Central differences of the loss."""
        value = point[argument]
        gradient = np.zeros(value.shape)
        for k in np.ndindex(value.shape):
            kept, h = value[k], 1e-5 * max(1.0, abs(value[k]))
            ends = []
            for moved in (kept + h, kept - h):
                value[k] = moved
                ends.append(float(self.module.loss(**point)))
            value[k] = kept
            gradient[k] = (ends[0] - ends[1]) / (2 * h)
        return gradient

    def wrong(self, step=0):
        """The arguments whose gradient is not the true one times the factor that most share. A step must go downhill."""
        point, found = self.look(step)
        digits = self.says.get("digits", 6)
        factors, scale = {}, 0.0
        for argument, array in found.items():
            true = self.numeric(point, argument)
            assert array.size == true.size
            assert np.linalg.norm(true) > 1e-7, f"{argument}: the true gradient vanishes, and nothing can be proved with it"
            factor = float(np.vdot(array, true) / np.vdot(true, true))
            distance = np.linalg.norm(array.ravel() - factor * true.ravel())
            scale = max(scale, float(np.linalg.norm(true)))
            factors[argument] = factor if distance < 10.0**-digits * np.linalg.norm(array) else np.nan
        for argument in self.says.get("zero", []):
            assert np.linalg.norm(self.numeric(point, argument)) < 1e-7 * scale
        common = self.most_common([f for f in factors.values() if f < 0 or (f > 0 and "gradient" in self.says)])
        return {a for a, f in factors.items() if not abs(f - common) < 10.0 ** (1 - digits) * abs(common)}

    @staticmethod
    def most_common(factors):
        counted = Counter(float(f"{f:.4g}") for f in factors).most_common(2)
        assert len(counted) < 2 or counted[0][1] > counted[1][1], f"which factor is the common one? {counted}"
        return next((f for f in factors if counted and float(f"{f:.4g}") == counted[0][0]), np.nan)

    def forward_error(self):
        """How far the loss that the code computed is from the model's."""
        point, _ = self.look(0)
        value = eval(self.says["value"], self.run(1))
        return abs(value - float(self.module.loss(**point)))


def bug(name, folder, *edits):
    """A bug with texts of it replaced, each of which must be there once."""
    text = FILES[name].read_text()
    whole = text.partition("\nTRUTH = ")[0]
    for old, new in edits:
        assert whole.count(old) == 1, f"{old!r} occurs {whole.count(old)} times"
        whole = whole.replace(old, new)
    path = folder / f"{name}_{len(list(folder.iterdir()))}.py"
    path.write_text(whole + text[text.index("\nTRUTH = ") :])
    return programs.load("bugs", path.stem, path)


def fixes(module):
    fixed = module.TRUTH["fixed"]
    return [fixed] if isinstance(fixed, tuple) else fixed


def one_step(module):
    """Edits that only serve to stop a loop that has no argument for its length."""
    return [module.PROOF["source"]] if "source" in module.PROOF else []


@pytest.mark.parametrize(("split", "name"), RIGHT, ids=[f"{s}-{n}" for s, n in RIGHT])
def test_right_programs_have_the_gradients_of_their_loss(split, name):
    for seed in SEEDS:
        module = programs.load(split, name)
        assert Proof(module, seed).wrong() == set()
        parameters = set(module.PROOF.get("gradient", ())) or set(
            module.PROOF["after"].split() if isinstance(module.PROOF["after"], str) else module.PROOF["after"]
        )
        assert parameters <= set(inspect.signature(module.loss).parameters)


@pytest.mark.parametrize("name", WRONG)
def test_a_bug_makes_exactly_these_gradients_wrong(name, tmp_path):
    written = programs.load("bugs", name, FILES[name])
    module = bug(name, tmp_path, *one_step(written))
    mended = bug(name, tmp_path, *one_step(written), *fixes(written))
    first = written.PROOF.get("later", 0)
    for seed in SEEDS:
        for step in range(first):
            assert Proof(module, seed).wrong(step) == set(), f"step {step} is right"
        if "value" in module.PROOF:
            assert Proof(module, seed).forward_error() > 1e-3
            assert Proof(mended, seed).forward_error() < 1e-9
        else:
            assert Proof(module, seed).wrong(first) == written.TRUTH["wrong"]
        assert Proof(mended, seed).wrong(first) == set()


SEVERAL = [name for name in WRONG if isinstance(programs.load("bugs", name, FILES[name]).TRUTH["fixed"], list)]


@pytest.mark.parametrize("name", SEVERAL)
def test_every_edit_of_a_fix_is_needed(name, tmp_path):
    written = programs.load("bugs", name, FILES[name])
    edits = fixes(written)
    for left_out in range(len(edits)):
        module = bug(name, tmp_path, *edits[:left_out], *edits[left_out + 1 :])
        left = Proof(module, SEEDS[0]).wrong(written.PROOF.get("later", 0))
        assert left
        assert left < written.TRUTH["wrong"] or len(edits) == 1


@pytest.mark.parametrize("name", WRONG)
def test_the_truth_about_a_bug_is_in_its_text(name):
    module = programs.load("bugs", name, FILES[name])
    truth = module.TRUTH
    code = [line.strip() for line in FILES[name].read_text().partition("\nTRUTH = ")[0].splitlines()]
    assert truth["lines"]
    assert all(code.count(line) == 1 for line in truth["lines"])
    assert truth["cause"]
    assert truth["wrong"] <= set(inspect.signature(module.loss).parameters)


def test_the_corpus_is_large_enough():
    kinds = Counter(name.partition("_")[0] for name in programs.names("right_only"))
    assert len(programs.names("unseen")) >= 14
    assert min(kinds["trouble"], kinds["convention"]) >= 6
    assert sum(kinds.values()) == kinds["trouble"] + kinds["convention"]
    assert len(WRONG) >= 22
    causes = set.union(*(programs.load("bugs", name, FILES[name]).TRUTH["cause"] for name in WRONG))
    assert len(causes) >= 22
