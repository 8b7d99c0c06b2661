"""Wrong programs as people write them: the set of wrong gradients, the line, the cause. What is not reached is listed."""

from pathlib import Path

import numpy as np
import pytest
from debug import programs

import microgradnp as mg

BUGS = Path(__file__).parent / "bugs"
NAMES = sorted(path.stem for path in BUGS.glob("*.py"))
# The debugger says that it does not know, or names a neighbour: each of these is a thing to do.
OTHER_LINE = {"decay_sleeps_at_zero_bias"}
NO_CAUSE = {"decay_sleeps_at_zero_bias", "no_gradient_from_the_future"}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_about_a_wrong_program(name):
    module = programs.load("bugs", name, BUGS / f"{name}.py")
    truth = module.TRUTH
    args, kwargs = module.make(np.random.default_rng(1))
    report = mg.debug(module.train, module.loss, args, kwargs, getattr(module, "BIND", {}), budget=60.0)
    assert not report.ok
    wrong = {argument for argument, entry in report.gradients.items() if not entry.ok}
    assert wrong == truth["wrong"] or not truth["wrong"], "no set is given where the forward pass is wrong"
    first = report.first_wrong
    if name in OTHER_LINE:
        assert first.certainty == "suspected"
    else:
        assert first.source in truth["lines"], str(report)
    if name not in NO_CAUSE:
        assert first.cause in truth["cause"], str(report)
    if first.fix:
        line, old, new = first.fix
        text = Path(module.__file__).read_text().split("\n")[line - 1]
        assert text.strip() == old
        assert new != old


@pytest.mark.parametrize("name", sorted(OTHER_LINE | NO_CAUSE))
def test_the_exceptions_are_programs(name):
    assert name in NAMES
