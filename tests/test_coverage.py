"""`mg.coverage()` lists what the table contains."""

import numpy as np
import pytest
from click.testing import CliRunner

import microgradnp as mg
from microgradnp.cli import main
from microgradnp.core.entries import REFUSED
from microgradnp.core.signatures import is_ours
from microgradnp.core.table import TABLE, Rule


def test_every_public_function_of_the_table_is_listed_once():
    covered = mg.coverage()
    names = [name for entry in covered for name in (entry.name, *entry.aliases)]
    assert len(set(names)) == len(names)
    assert {"np.exp", "np.linalg.norm", "mg.sigmoid", "x[index]", "np.concat", "np.put"} <= set(names)
    private = sum(map(is_ours, [*TABLE, *REFUSED])) - len(covered)  # without the functions that other tests register
    assert 0 < private < 60, "private primitives such as the transpose of indexing are not listed"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("np.exp", "rule"),
        ("hypot", "rule"),
        ("concat", "rule"),
        ("np.average", "composite"),
        ("floor", "constant"),
        ("put", "refused"),
    ],
)
def test_kinds(name: str, kind: str):
    assert mg.coverage()[name].kind == kind


def test_an_entry_names_its_keywords():
    assert {"axis", "keepdims"} <= set(mg.coverage()["np.sum"].keywords)
    assert {"axis", "ddof", "correction", "keepdims"} <= set(mg.coverage()["np.std"].keywords)
    assert mg.coverage()["np.put"].note in str(mg.coverage()["np.put"])


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError, match="no_such_function"):
        mg.coverage()["no_such_function"]
    assert "no_such_function" not in mg.coverage()


def test_functions_of_the_user_are_not_listed():
    @mg.primitive
    def mine(a):
        return a * 2

    mg.rule(mine, lambda g, y, a: g * 2)
    assert isinstance(TABLE[mine], Rule)
    assert "mine" not in mg.coverage()
    del TABLE[mine]


def test_constants_are_constant_and_what_is_refused_raises():
    covered = mg.coverage()
    x = mg.Tensor([0.5, 1.5], requires_grad=True)
    assert all(not getattr(np, entry.name[3:])(x).requires_grad for entry in covered if entry.name in ("np.floor", "np.isnan"))
    with pytest.raises(TypeError, match="writes into its argument"):
        np.put(x, 0, 1.0)


def test_the_command():
    everything = CliRunner().invoke(main, ["coverage"])
    assert everything.exit_code == 0
    assert "np.exp" in everything.output
    one = CliRunner().invoke(main, ["coverage", "np.exp"])
    assert one.output.startswith("np.exp: rule")
    tables = CliRunner().invoke(main, ["coverage", "--markdown"])
    assert tables.output.startswith("| area |")
    unknown = CliRunner().invoke(main, ["coverage", "nothing"])
    assert unknown.exit_code == 2
    assert "nothing" in unknown.output
