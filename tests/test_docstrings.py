"""The API reference is whole: every public name has a sentence, its shapes, its errors and an example."""

import inspect
import re

import pytest

import microgradnp as mg

PUBLIC = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (mg, mg.nn, mg.optim)
    for name in module.__all__
    if not inspect.ismodule(getattr(module, name))
}
OF_NUMPY = {"tanh"}  # NumPy documents its own function
SCHEDULES = {"constant", "cosine", "exponential", "one_cycle", "step_decay", "warm_up"}
RULES = {"EarlyStopping", "GradientNorm", "LossPlateau"}  # they see numbers, and shapes of no array
NEEDLESS = {
    "sentence": OF_NUMPY,
    "example": OF_NUMPY,
    "errors": OF_NUMPY | {"engines", "explain_zero", "stop_gradient", "GraphvizMissing"} | SCHEDULES | RULES,
    "shapes": OF_NUMPY
    | {"checkpoint", "coverage", "debug_nans", "engines", "explain_zero", "kinks", "no_grad", "stop_gradient"}
    | {"GraphvizMissing"}
    | SCHEDULES
    | RULES,
}


@pytest.mark.parametrize("lack", ["sentence", "shapes", "errors", "example"])
def test_every_public_name_has(lack):
    wanted = {
        "sentence": r"\A.{15,}?[.:]",
        "shapes": r"[Ss]hape|elementwise|scalar|entry by entry|\((\.\.\.|[a-z]+), |\(\.\.\.\)",
        "errors": r"[Rr]aises?\b|entry by entry",  # such a function takes every shape
        "example": r">>>",
    }[lack]
    texts = {name: thing.__doc__ or "" for name, thing in PUBLIC.items() if name.rpartition(".")[2] not in NEEDLESS[lack]}
    lacking = [name for name, text in texts.items() if not re.search(wanted, text, re.S)]
    assert not lacking, lacking


def test_the_lazy_names_are_all_there_for_the_generator():
    assert len(PUBLIC) > 100
    assert set(mg.__all__) <= set(dir(mg))
    assert all(callable(thing) for thing in PUBLIC.values())
