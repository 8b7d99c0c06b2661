"""An optimizer's rule beside right gradients: no variant is accused, none is called right unseen, no fix leaves a wrong one."""

import linecache
import textwrap

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.judge.own_rule import OPEN
from microgradnp.debugger.judge.recorded import judge_record
from microgradnp.debugger.optimizer.kept import keeps_rule
from microgradnp.debugger.record.record import record

ARGUMENTS = ["x", "t", "A", "a", "B", "c"]
MODEL = """
    import numpy as np

    def loss(x, t, A, a, B, c):
        return 0.5 * np.sum((np.tanh(x @ A + a) @ B + c - t) ** 2) / len(x)

    def slopes(x, t, A, a, B, c):
        h = np.tanh(x @ A + a)
        e = (h @ B + c - t) / len(x)
        gB, gc = h.T @ e, e.sum(axis=0)
        e = e @ B.T * (1 - h * h)
        return x.T @ e, e.sum(axis=0), gB, gc

    def train(x, t, A, a, B, c, rate=0.05):
        ps = [A, a, B, c]
        us, ss = [np.zeros_like(p) for p in ps], [np.zeros_like(p) for p in ps]
        vA, vB, sB = np.zeros_like(A), np.zeros_like(B), np.zeros_like(B)
        for k in range(1, 6):
"""
STEPS = {
    "names": """
            gA, ga, gB, gc = slopes(x, t, A, a, B, c)
            FIRST
            A = A - rate * gA
            a = a - rate * ga
            MINE
            c = c - rate * gc
""",
    "list": """
            gs = slopes(x, t, *ps)
            for j in range(4):
                MINE
        A, a, B, c = ps
""",
}
VARIANTS = [  # style, the update: right gradients, and a rule of its own
    ("names", "B = B - rate * (gB - gB.mean(axis=0))"),
    ("names", "B = B - rate * (gB - gB.mean(axis=1, keepdims=True))"),
    ("names", "gB = gB - np.sum(gB * B) / np.sum(B * B) * B\nB = B - rate * gB"),
    ("names", "B = B - rate * (gB - gB.mean()) / (gB.std() + 1e-8)"),
    ("names", "u, s, v = np.linalg.svd(gB, full_matrices=False)\nB = B - rate * u @ v"),
    ("names", "vB = 0.9 * vB + gB - gB.mean(axis=0)\nB = B - rate * vB"),
    ("names", "B = B - 0.1 * rate * gB"),
    ("names", "B = B - rate / np.sqrt(B.shape[0] + 3) * gB"),
    ("list", "ps[j] = ps[j] - rate * 0.8 ** (1 - j // 2) * gs[j]"),
    (
        "list",
        "us[j] = 0.9 * us[j] + 0.1 * gs[j]\nss[j] = 0.99 * ss[j] + 0.01 * gs[j] ** 2\n"
        "way = us[j] / (1 - 0.9**k) / (np.sqrt(ss[j] / (1 - 0.99**k)) + 1e-6) + 0.01 * ps[j]\n"
        "ps[j] = ps[j] - rate * np.linalg.norm(ps[j]) / np.linalg.norm(way) * way",
    ),
]
FOLLOWED = [  # and the rules that are named
    ("names", "vB = 0.9 * vB + (1 - 0.9) * gB\nB = B - rate * vB", "gradient descent and momentum"),
    ("names", "vB = 0.9 * vB + 0.7 * gB\nB = B - rate * vB", "gradient descent and momentum"),
    ("names", "vB *= 0.8\nvB += 0.2 * gB\nB = B - rate * vB", "gradient descent and momentum"),
    ("names", "vB = 0.9 * vB + gB\nB = B - rate * (gB + 0.9 * vB)", "Nesterov's momentum and gradient descent"),
    ("list", "us[j] = 0.9 * us[j] - rate * gs[j]\nps[j] = ps[j] + us[j]", "momentum"),
]
UNSEEN = [  # wrong, or not to be told from it
    ("list", "us[j] = -0.9 * us[j] - rate * gs[j]\nps[j] = ps[j] + us[j]"),
    ("list", "us[j] = 0.9 * us[j] - rate * gs[j]\nps[j] = ps[j] + us[j] - rate * gs[j]"),
    ("list", "us[j] = 0.9 * us[j] + rate * gs[j]\nps[j] = ps[j] - rate * us[j]"),
    ("list", "ps[j] = ps[j] - rate * us[j]\nus[j] = gs[j]"),
    ("list", "ss[j] = 0.9 * ss[j] + 0.1 * gs[j] ** 2\nps[j] = ps[j] - rate * gs[j] / (ss[j] + 1e-6)"),
    ("list", "us[j] = 0.9 * us[j] + 0.1 * gs[j]\nps[j] = ps[j] - rate * us[j] / (1 - 0.9 ** (k + 1))"),
    ("list", "w = ps[j] - rate * gs[j]\nps[j] = np.sign(w) * np.maximum(np.abs(w) - 0.001, 0)"),
    (
        "list",
        "us[j] = 0.99 * us[j] + 0.01 * gs[j]\nss[j] = 0.9 * ss[j] + 0.1 * gs[j] ** 2\n"
        "ps[j] = ps[j] - rate * us[j] / (1 - 0.99**k) / (np.sqrt(ss[j] / (1 - 0.9**k)) + 1e-8)",
    ),
    (
        "list",
        "us[j] = 0.9 * us[j] + 0.1 * gs[j]\nss[j] = 0.99 * ss[j] + 0.01 * gs[j] ** 2\n"
        "ps[j] = ps[j] - rate * us[j] / (np.sqrt(ss[j] / (1 - 0.99**k)) + 1e-8)",
    ),
]
AHEAD = """
            at = [p SIGN 0.9 * u for p, u in zip(ps, us)]
            gs = slopes(x, t, *at)
            for j in range(4):
                us[j] = 0.9 * us[j] - rate * gs[j]
                ps[j] = ps[j] + us[j]
        A, a, B, c = ps
"""
WRONG = [  # what a rule makes of a right gradient, and leads anywhere
    ("names", "B = B + rate * gB"),
    ("names", "B = B - rate * gB * B"),
    ("names", "B = B - rate * gB[::-1]"),
    ("names", "B = B - rate * gB[:, ::-1]"),
    ("names", "B = B - rate * gB**2"),
    ("names", "gB = gB / len(x)\nB = B - rate * gB"),
    ("names", "B = B - rate * (gB - 9 * x.std() * gB.mean(axis=0))"),
]


def made(text, folder):
    file = folder / "program.py"
    file.write_text(text)
    linecache.checkcache(str(file))
    scope = {"__name__": "program"}
    exec(compile(text, str(file), "exec"), scope)
    rng = np.random.default_rng(2)
    return scope, tuple(rng.normal(size=n) for n in ((7, 3), (7, 2), (3, 4), (4,), (4, 2), (2,)))


def asked(text, folder):
    scope, args = made(text, folder)
    return mg.debug(scope["train"], scope["loss"], args)


def judged(text, folder):
    scope, args = made(text, folder)
    run = record(scope["train"], args, {}, 20_000, Wanted(ARGUMENTS, set(), {}))
    return judge_record(run, scope["loss"], ARGUMENTS, set())


def program(style, update):
    body = STEPS[style]
    indent = " " * (16 if style == "list" else 12)
    body = body.replace(indent + "MINE", textwrap.indent(update, indent)).replace(" " * 12 + "FIRST\n", "")
    return textwrap.dedent(MODEL + body + "        return A, a, B, c\n")


@pytest.mark.parametrize(("style", "update"), VARIANTS)
def test_a_rule_of_its_own_is_no_wrong_gradient(style, update, tmp_path):
    verdict = judged(program(style, update), tmp_path)
    assert not verdict.wrong
    open_ = [entry.why for entry in verdict.entries.values() if entry.status == "cannot judge"]
    assert open_
    assert all(why.startswith(OPEN) for why in open_)


def test_a_rate_that_a_helper_is_given_is_no_wrong_gradient(tmp_path):
    update = "def moved(w, g, by):\n    return w - by * g\nB = moved(B, gB, 0.5 * rate)"
    assert not judged(program("names", update), tmp_path).wrong


@pytest.mark.parametrize(("style", "update", "rules"), FOLLOWED)
def test_a_rule_that_one_parameter_alone_follows_is_named(style, update, rules, tmp_path):
    report = asked(program(style, update), tmp_path)
    assert str(report).startswith("RIGHT"), str(report)
    assert f"the parameters move as the formula of {rules} says" in str(report)


@pytest.mark.parametrize(("style", "update"), UNSEEN)
def test_right_is_not_said_of_a_rule_that_was_not_followed(style, update, tmp_path):
    report = asked(program(style, update), tmp_path)
    assert str(report).startswith("the gradients are RIGHT, the optimizer's rule is NOT CHECKED"), str(report)
    assert report.ok


@pytest.mark.parametrize("sign", ["+", "-"])
def test_a_gradient_that_is_taken_elsewhere_is_no_plain_step(sign, tmp_path):
    text = textwrap.dedent(MODEL + AHEAD.replace("SIGN", sign) + "        return A, a, B, c\n")
    report = asked(text, tmp_path)
    assert str(report).startswith("the gradients are RIGHT, the optimizer's rule is NOT CHECKED"), str(report)


@pytest.mark.parametrize(("style", "update"), WRONG)
def test_what_leads_anywhere_is_wrong(style, update, tmp_path):
    assert judged(program(style, update), tmp_path).wrong == ["B"]


def test_parameters_that_move_in_turn_along_one_forward_pass_are_right(tmp_path):
    text = program("names", "B = B - rate * gB")
    turn = "            if k % 2:\n                A = A - rate * gA\n                a = a - rate * ga\n            else:\n"
    head, update = text.split("            A = A - rate * gA\n".replace(" " * 12, " " * 8))
    rest = "                B = B - rate * gB\n                c = c - rate * gc\n    return A, a, B, c\n"
    assert "c = c - rate * gc" in update
    verdict = judged(head + textwrap.indent(textwrap.dedent(turn), " " * 8) + rest.replace(" " * 16, " " * 12), tmp_path)
    assert sorted(verdict.right) == ["A", "B", "a", "c"]


def test_two_steps_under_one_name_are_not_judged_as_one(tmp_path):
    update = "ps[j] = ps[j] - rate * gs[j]\nif k % 2 == 0:\n    us[j] = us[j] + 0.5 * (ps[j] - us[j])\n    ps[j] = us[j].copy()"
    text = program("list", update).replace("us, ss = [np.zeros_like(p)", "us, ss = [p.copy()")
    assert judged(text, tmp_path).wrong == []


MEMORY = "ss[j] = 0.9 * ss[j] - 0.1 * gs[j] ** 2\nps[j] = ps[j] - rate * gs[j] / (np.sqrt(ss[j]) + 1e-8)"
RATE = "ps[j] = ps[j] - rate * gs[j]\nrate *= 0.9"
FACTOR = "us[j] = 0.9 * us[j] - rate * gs[j] * ps[j]\nps[j] = ps[j] + us[j]"


@pytest.mark.parametrize(
    ("update", "old", "new", "stands"),
    [
        (MEMORY, "- 0.1", "+ 0.1", True),
        (MEMORY, " / (np.sqrt(ss[j]) + 1e-8)", "", False),
        (MEMORY, "- 0.1 * gs[j] ** 2", "+ 0.3 * gs[j] ** 4", False),
        (RATE, "rate *= 0.9", "rate *= 1", True),
        (RATE, "rate *= 0.9", "rate = 0.9", False),
        (FACTOR, " * ps[j]", "", True),
        (FACTOR, " * ps[j]\nps[j] = ps[j] + us", "\nps[j] = ps[j] - gs[j] + us", False),
    ],
)
def test_a_fix_leaves_no_optimizer_without_its_memory_or_its_rate(update, old, new, stands, tmp_path):
    first = judged(program("list", update), tmp_path)
    again = judged(program("list", update.replace(old, new)), tmp_path)
    assert first.wrong
    assert keeps_rule(first, again, Wanted(ARGUMENTS, set(), {})) is stands
