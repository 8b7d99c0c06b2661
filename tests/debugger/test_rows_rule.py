"""Rows of an embedding that a rule with a memory moves: the words of one step have a gradient, and the others none."""

import numpy as np
import pytest

import microgradnp as mg

PROGRAM = """
import numpy as np

def loss(k, j, goal, E, F, b):
    return 0.5 * (E[k] @ F[j] + b[k] - goal) ** 2

class Words:
    def __init__(self, E, F, b):
        self.E, self.F, self.b = E, F, b
        self.sums = [np.full(p.shape, 1e-8) for p in (E, F, b)]

    def learn(self, k, j, goal, rate=0.1):
        error = self.E[k] @ self.F[j] + self.b[k] - goal
        dE, dF, db = error * self.F[j], error * self.E[k]SLOPE, error
        for p, s, row, d in zip((self.E, self.F, self.b), self.sums, (k, j, k), (dE, dF, db)):
            UPDATE

def train(k, j, goal, E, F, b):
    words = Words(E, F, b)
    for _ in range(3):
        words.learn(k, j, goal)
    return words
"""
RULES = {
    "Adagrad": "s[row] += d**2; p[row] -= rate * d / np.sqrt(s[row])",
    "RMSProp": "s[row] = 0.9 * s[row] + 0.1 * d**2; p[row] -= rate * d / np.sqrt(s[row])",
    "unit": "p[row] -= rate * d / np.linalg.norm(d)",
}


def asked(folder, update, slope=""):
    path = folder / "words.py"
    path.write_text(PROGRAM.replace("UPDATE", update).replace("SLOPE", slope))
    scope = {"__name__": "words"}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    rng = np.random.default_rng(4)
    return mg.debug(
        scope["train"], scope["loss"], (2, 4, 0.7, rng.normal(size=(6, 3)), rng.normal(size=(5, 3)), rng.normal(size=6))
    )


@pytest.mark.parametrize("rule", RULES)
def test_right_gradients_of_rows_are_not_called_wrong_for_their_rule(rule, tmp_path):
    report = asked(tmp_path, RULES[rule])
    assert report.word in ("CANNOT JUDGE", "RIGHT"), str(report)
    if report.word == "CANNOT JUDGE":
        assert any("its gradient is right, and its rule is open" in why for why in report.verdict.unjudged.values()), str(report)


@pytest.mark.parametrize("update", ["p[row] -= rate * d", *RULES.values()])
def test_a_wrong_gradient_of_a_row_is_not_called_right(update, tmp_path):
    report = asked(tmp_path, update, slope=" * self.b[k]")
    assert "F" not in [argument for argument, entry in report.verdict.entries.items() if entry.ok], str(report)
    assert report.word != "RIGHT"


def test_rows_that_move_uphill_are_wrong(tmp_path):
    assert asked(tmp_path, "p[row] += rate * d").word == "WRONG"
    assert asked(tmp_path, RULES["Adagrad"].replace("-=", "+=")).word != "RIGHT"
