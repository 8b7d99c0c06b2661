"""The rule of an optimizer whose gradients are right: what is wrong is named with its line, and no known variant is accused."""

import json
import linecache
import textwrap
from pathlib import Path

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.cli.debug import exit_code
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.optimizer.mistakes import mistake_of
from microgradnp.debugger.optimizer.steps import course_of
from microgradnp.debugger.record.record import record
from microgradnp.debugger.record.step import find_step

ARGUMENTS = ["x", "t", "W", "V", "b"]
STYLES = {
    "dict": """
        def train(x, t, W, V, b, lr=0.01):
            p = {"W": W, "V": V, "b": b}
            m = {k: np.zeros_like(a) for k, a in p.items()}
            v = {k: np.zeros_like(a) for k, a in p.items()}
            for i in range(1, 6):
                g = dict(zip("WVb", grads(x, t, p["W"], p["V"], p["b"])))
                for k in p:
                    BODY
    """,
    "list": """
        def train(x, t, W, V, b, lr=0.01):
            old, ps = [np.zeros(a.shape) for a in (W, V, b)], [W, V, b]
            for i in range(5):
                gs = grads(x, t, *ps)
                for k in range(3):
                    BODY
    """,
    "zip": """
        def train(x, t, W, V, b, lr=0.01):
            vs = [0 * W, 0 * V, 0 * b]
            for _ in range(5):
                for p, g, v in zip((W, V, b), grads(x, t, W, V, b), vs):
                    BODY
    """,
    "names": """
        def train(x, t, W, V, b, lr=0.01):
            mu, vW, vV, vb = 0.9, np.zeros_like(W), np.zeros_like(V), np.zeros_like(b)
            for _ in range(5):
                dW, dV, db = grads(x, t, W, V, b)
                BODY
    """,
    "flat": """
        def train(x, t, W, V, b, lr=0.01):
            theta = np.concatenate([W.ravel(), V.ravel(), b])
            m, s = np.zeros_like(theta), np.zeros_like(theta)
            W, V, b = theta[:16].reshape(4, 4), theta[16:32].reshape(4, 4), theta[32:]
            for i in range(5):
                g = np.concatenate([a.ravel() for a in grads(x, t, W, V, b)])
                BODY
    """,
    "class": """
        class Optimizer:
            def __init__(self, shapes, lr=0.01):
                self.lr, self.t = lr, 0
                self.m, self.s = [np.zeros(n) for n in shapes], [np.zeros(n) for n in shapes]

            def step(self, params, grads):
                for k, (p, g) in enumerate(zip(params, grads)):
                    BODY

        def train(x, t, W, V, b):
            optimizer = Optimizer([W.shape, V.shape, b.shape])
            for _ in range(5):
                optimizer.step([W, V, b], grads(x, t, W, V, b))
    """,
}
MODEL = """
    import numpy as np

    def loss(x, t, W, V, b):
        return np.mean(np.sum((np.tanh(x @ W) @ V + b - t) ** 2, axis=1))

    def grads(x, t, W, V, b):
        h = np.tanh(x @ W)
        d = 2 * (h @ V + b - t) / len(x)
        return x.T @ (d @ V.T * (1 - h**2)), h.T @ d, d.sum(axis=0)
"""
ADAM = """
    m[k] = 0.9 * m[k] + 0.1 * g[k]
    v[k] = 0.99 * v[k] + 0.01 * g[k] ** 2
    mh = m[k] / (1 - 0.9**i)
    vh = v[k] / (1 - 0.99**i)
    p[k] = p[k] - lr * mh / (np.sqrt(vh) + 1e-8)
"""
NESTEROV = """
    last = old[k]
    old[k] = 0.9 * old[k] - lr * gs[k]
    ps[k] = ps[k] - 0.9 * last + 1.9 * old[k]
"""
ADAM_OF_CLASS = """
    self.m[k] *= 0.9
    self.m[k] += 0.1 * g
    self.s[k] = 0.99 * self.s[k] + 0.01 * np.square(g)
    rate = self.lr * np.sqrt(1 - np.power(0.99, self.t + 1)) / (1 - np.power(0.9, self.t + 1))
    p -= rate * self.m[k] / (np.sqrt(self.s[k]) + 1e-8)
self.t += 1
"""
WRONG = [  # style, body, the blamed line
    ("dict", ADAM.replace("mh", "m[k]").replace("vh", "v[k]"), "m[k] = m[k] / (1 - 0.9**i)"),
    ("dict", ADAM.replace("vh", "v[k]"), "v[k] = v[k] / (1 - 0.99**i)"),
    ("dict", ADAM.replace("g[k] ** 2", "g[k]"), "v[k] = 0.99 * v[k] + 0.01 * g[k]"),
    ("dict", ADAM.replace("np.sqrt(vh)", "vh"), "p[k] = p[k] - lr * mh / (vh + 1e-8)"),
    ("dict", ADAM.replace("**i", "**1"), "mh = m[k] / (1 - 0.9**1)"),
    ("dict", ADAM.replace("0.99**i", "0.9**i"), "vh = v[k] / (1 - 0.9**i)"),
    ("class", ADAM_OF_CLASS.replace("self.t += 1", ""), "rate = self.lr * np.sqrt"),
    ("list", "ps[k] = ps[k] + old[k]\nold[k] = 0.9 * old[k] - lr * gs[k]", "ps[k] = ps[k] + old[k]"),
    ("list", "new = 0.9 * old[k] - lr * gs[k]\nps[k] = ps[k] + new", "new = 0.9 * old[k] - lr * gs[k]"),
    ("list", "old[k] = np.zeros(gs[k].shape)\nold[k] = 0.9 * old[k] + gs[k]\nps[k] = ps[k] - lr * old[k]", "old[k] = 0.9"),
    ("list", "old[k] = 1.1 * old[k] + gs[k]\nps[k] = ps[k] - lr * old[k]", "old[k] = 1.1 * old[k] + gs[k]"),
    ("zip", "p += v\nv *= 0.9\nv -= lr * g", "p += v"),
    ("zip", "v *= 0.9\nv += 0.1 * g\np -= lr * g / np.sqrt(v + 1e-8)", "v += 0.1 * g"),
    (
        "names",
        "vW = mu * vW - lr * dW\nvV = mu * vW - lr * dV\nvb = mu * vb - lr * db\nW += vW\nV += vV\nb += vb",
        "vV = mu * vW",
    ),
    ("flat", "s = 0.9 * s - 0.1 * g**2\ntheta -= lr * g / (np.sqrt(np.abs(s)) + 1e-8)", "s = 0.9 * s - 0.1 * g**2"),
    ("flat", "m = (0.9 * m + 0.1 * g) / (1 - 0.9 ** (i + 1))\ntheta -= lr * m", "m = (0.9 * m + 0.1 * g) / (1 - 0.9 ** (i + 1))"),
    ("names", "W -= lr + dW\nV -= lr * dV\nb -= lr * db", "W -= lr + dW"),
    ("zip", "v *= 0.9\nv -= lr + g\np += v", "v -= lr + g"),
    ("dict", ADAM.replace("**i", "**(i - 1)"), "mh = m[k] / (1 - 0.9**(i - 1))"),
    ("dict", ADAM.replace("0.01 * g", "0.1 * g"), "v[k] = 0.99 * v[k] + 0.1 * g[k] ** 2"),
    ("dict", ADAM.replace("m[k] / (", "m[k] * ("), "mh = m[k] * (1 - 0.9**i)"),
    ("dict", ADAM + "    p[k] = p[k] + 0.001 * p[k]", "p[k] = p[k] + 0.001 * p[k]"),
    ("dict", "v[k] = g[k] ** 2\np[k] -= lr * g[k] / (np.sqrt(v[k]) + 1e-8)", "v[k] = g[k] ** 2"),
    ("list", "old[k] = lr * gs[k] - 0.9 * old[k]\nps[k] = ps[k] - old[k]", "old[k] = lr * gs[k] - 0.9 * old[k]"),
    ("list", "old[k] = 0.9 * old[k] + lr * gs[k]\nps[k] = ps[k] + old[k]", "ps[k] = ps[k] + old[k]"),
    ("list", NESTEROV.replace("- 0.9 * last", "+ 0.9 * last"), "ps[k] = ps[k] + 0.9 * last + 1.9 * old[k]"),
    ("list", NESTEROV.replace("1.9 * ", ""), "ps[k] = ps[k] - 0.9 * last + old[k]"),
]
RIGHT = [
    ("dict", ADAM),
    ("dict", ADAM.replace(" / (1 - 0.9**i)", "")),
    ("dict", ADAM.replace("**i", "**(10 * i)")),
    ("dict", ADAM + "    p[k] = p[k] - 0.001 * p[k]"),
    ("dict", "    g[k] = np.clip(g[k] + 0.01 * p[k], -0.1, 0.1)" + ADAM),
    ("dict", "v[k] = np.maximum(0.9 * v[k], np.abs(g[k]))\nm[k] = 0.9 * m[k] + 0.1 * g[k]\np[k] = p[k] - lr * m[k] / v[k]"),
    ("dict", "m[k] = 0.9 * m[k] + g[k]\nv[k] = v[k] + m[k]\np[k] = p[k] - lr * (g[k] + 0.9 * m[k]) / (1 + i)"),
    ("class", ADAM_OF_CLASS),
    ("list", "last = old[k].copy()\nold[k] = 0.9 * old[k] - lr * gs[k]\nps[k] = ps[k] - 0.9 * last + 1.9 * old[k]"),
    ("list", "old[k] = 0.9 * old[k] + (1 - 0.3) * gs[k]\nps[k] = ps[k] - lr * 0.9**i * old[k]"),
    ("list", "ps[k] = ps[k] - lr * (2 * gs[k] - old[k])\nold[k] = gs[k]"),
    ("zip", "v *= 0.9\nv -= lr * g\np += v"),
    ("zip", "v += g**2\np -= lr * g / np.sqrt(v + 1e-8)"),
    ("zip", "p -= lr * g / (np.sqrt(v) + 0.1)\nv += g**2"),
    ("names", "vW = mu * vW - lr * dW\nvV = mu * vV - lr * dV\nW += vW\nV += vV\nb -= lr * db"),
    (
        "names",
        "n = np.sum(dW**2) + np.sum(dV**2)\nvW = mu * vW + dW / n\nvV = mu * vV + dV / n\nW -= vW\nV -= vV\nb -= lr * db",
    ),
    ("flat", "s = 0.9 * s + 0.1 * g**2\ntheta -= lr * g / (np.sqrt(s) + 1e-8)"),
    ("flat", "s = 0.9 * s + 0.1 * g**2\ntheta -= lr * g / (s + 1e-3)"),  # the empirical Fisher information
    ("flat", "m = 0.9 * m + 0.1 * g\ntheta -= lr * np.sign(m)"),
    ("zip", "p -= lr * np.where(g > 0, 1.0, -1.0)"),
    ("zip", "p -= lr * (g + 0.1 * np.sign(p))"),
    ("names", "W -= lr * dW + 1e-3 * W\nV -= lr * dV\nb -= lr * db"),
    ("list", NESTEROV),
    ("list", "old[k] = 0.9 * old[k] + 0.1 * gs[k]\nps[k] = ps[k] - lr * (0.3 * gs[k] + 0.7 * old[k])"),  # quasi-hyperbolic
    ("list", "old[k] = -0.3 * old[k] + gs[k]\nps[k] = ps[k] - lr * old[k]"),  # negative momentum
    ("list", "ps[k] = ps[k] - lr * (0.5 * gs[k] + 0.5 * old[k])\nold[k] = gs[k]"),
    ("dict", "m[k] = 0.9 * m[k] + g[k]\nv[k] = 0.5 * v[k] + g[k]\np[k] -= lr * (m[k] + v[k]) / 2"),  # aggregated
    ("dict", "if i == 1:\n    v[k] = p[k]\nm[k] = m[k] + g[k]\np[k] = v[k] - lr * m[k]"),  # dual averaging
    ("dict", ADAM.replace("g[k] ** 2", "(g[k] - m[k]) ** 2 + 1e-8")),  # AdaBelief
    ("dict", ADAM.replace("lr * mh", "lr * (1 - 0.9**i) * mh")),  # a warm-up
    ("dict", "    p[k] = p[k] * (1 - lr * 0.1)" + ADAM),  # AdamW
    ("dict", "u = np.sign(0.9 * m[k] + 0.1 * g[k])\np[k] = p[k] - lr * (u + 0.1 * p[k])\nm[k] = 0.99 * m[k] + 0.01 * g[k]"),
    ("dict", "v[k] = np.sqrt(g[k]**2 + 1e-8)\np[k] -= lr * g[k] / v[k]"),
    ("zip", "v *= 0.9\nv += np.linalg.norm(p) / np.linalg.norm(g) * (g + 1e-3 * p)\np -= lr * v"),  # layer-wise rates
    ("dict", "last = p[k].copy() if i > 1 else p[k]\np[k] = p[k] - lr * g[k] + 0.9 * (last - m[k]) * (i > 1)\nm[k] = last"),
]
FIXES = [  # style, body, the line of the body as it stands in the fix
    ("dict", WRONG[0][1], "m_hat = m[k] / (1 - 0.9**i)"),
    ("dict", WRONG[2][1], "v[k] = 0.99 * v[k] + 0.01 * g[k] ** 2"),
    ("dict", WRONG[3][1], "p[k] = p[k] - lr * mh / (np.sqrt(vh) + 1e-8)"),
    ("list", WRONG[7][1], "old[k] = 0.9 * old[k] - lr * gs[k]\nps[k] = ps[k] + old[k]"),
    ("dict", "v[k] = g[k] ** 2\np[k] -= lr * g[k] / (np.sqrt(v[k]) + 1e-8)", "v[k] += g[k] ** 2"),
    ("dict", WRONG[4][1], "mh = m[k] / (1 - 0.9**i)"),
    ("dict", WRONG[5][1], "vh = v[k] / (1 - 0.99**i)"),
    ("class", WRONG[6][1], "self.t += 1"),
    ("list", WRONG[8][1], "old[k] = new"),
    ("list", WRONG[9][1], ""),
    ("names", WRONG[13][1], "vV = mu * vV - lr * dV"),
    ("names", WRONG[16][1], "W -= lr * dW"),
    ("zip", WRONG[17][1], "v -= lr * g"),
    ("dict", ADAM.replace("**i", "**(i - 1)"), "mh = m[k] / (1 - 0.9**i)"),
    ("dict", ADAM.replace("0.01 * g", "0.1 * g"), "v[k] = 0.99 * v[k] + 0.01 * g[k] ** 2"),
    ("dict", ADAM.replace("m[k] / (", "m[k] * ("), "mh = m[k] / (1 - 0.9**i)"),
    ("dict", ADAM + "    p[k] = p[k] + 0.001 * p[k]", "p[k] = p[k] - 0.001 * p[k]"),
    ("zip", "v = 0.9 * v - lr * g\np += v", "v[...] = 0.9 * v - lr * g"),
    ("names", "W, vW = W + vW, mu * vW - lr * dW\nV -= lr * dV\nb -= lr * db", "vW = mu * vW - lr * dW\nW = W + vW"),
    ("list", "old[k] = old[k] / 0.9 - lr * gs[k]\nps[k] = ps[k] + old[k]", "old[k] = old[k] * 0.9 - lr * gs[k]"),
    ("list", NESTEROV.replace("1.9 * ", ""), "ps[k] = ps[k] - 0.9 * last + (1 + 0.9) * old[k]"),
    ("list", "old[k] = lr * gs[k] - 0.9 * old[k]\nps[k] = ps[k] - old[k]", "old[k] = lr * gs[k] + 0.9 * old[k]"),
]


def source_of(style, body):
    lines = textwrap.dedent(STYLES[style]).split("\n")
    line = next(k for k, text in enumerate(lines) if text.strip() == "BODY")
    indent = lines[line].removesuffix("BODY")
    body = textwrap.dedent(body).strip("\n")
    if style == "class" and "\nself.t" in body:
        inner, outer = body.split("\nself.t")
        body = textwrap.dedent(inner) + f"\nSTEP{outer}"
    lines[line] = textwrap.indent(body, indent).replace("    STEP", "self.t", 1)
    return textwrap.dedent(MODEL) + "\n".join(lines)


def program(style, body, folder):
    text = source_of(style, body)
    file = folder / "program.py"
    file.write_text(text)
    linecache.checkcache(str(file))
    scope = {"__name__": "program"}
    exec(compile(text, str(file), "exec"), scope)
    rng = np.random.default_rng(0)
    x, t, W, V = (rng.normal(size=n) for n in ((9, 4), (9, 4), (4, 4), (4, 4)))
    return scope, (x, t, W, V, rng.normal(size=4))


def found_in(style, body, folder):
    scope, args = program(style, body, folder)
    made = record(scope["train"], args, {}, 20_000, Wanted(ARGUMENTS, set(), {}))
    course = course_of(find_step(made, scope["loss"], ARGUMENTS, set()), ARGUMENTS, set(), 0)
    assert course is not None
    assert course.arguments
    return mistake_of(course)


@pytest.mark.parametrize(("style", "body", "line"), WRONG)
def test_a_wrong_rule_is_named_with_its_line(style, body, line, tmp_path):
    mistake = found_in(style, body, tmp_path)
    assert mistake is not None
    assert linecache.getline(mistake.site.file, mistake.site.statement.line).strip().startswith(line)


@pytest.mark.parametrize(("style", "body", "line"), FIXES)
def test_a_proved_fix_is_what_a_teacher_writes(style, body, line, tmp_path):
    scope, args = program(style, body, tmp_path)
    report = mg.debug(scope["train"], scope["loss"], args)
    first = report.first_wrong
    assert (first.certainty, first.fix is not None, bool(first.follows)) == ("exact", True, True)
    assert first.fix[2] == line or first.fix[2].startswith(line + "\n")


@pytest.mark.parametrize(("style", "body"), RIGHT)
def test_a_variant_is_not_accused(style, body, tmp_path):
    assert found_in(style, body, tmp_path) is None


def test_the_report_calls_the_gradients_right_and_the_rule_wrong(tmp_path):
    style, body, line = WRONG[0]
    scope, args = program(style, body, tmp_path)
    report = mg.debug(scope["train"], scope["loss"], args)
    said = json.loads(report.to_json())
    assert str(report).startswith("the gradients are RIGHT, the optimizer's rule is WRONG: train, step 0")
    assert f"Wrong rule: program.py:21 in train:\n    {line}\n           ^^^^" in str(report)
    assert (said["verdict"], said["ok"]) == ("WRONG", False)
    assert all(gradient["ok"] for gradient in said["gradients"].values())
    assert said["findings"][0]["cause"] == "optimizer_rule_wrong"
    assert said["findings"][0]["rule"].startswith("Adam: ")
    assert exit_code(report) == 1
    guide = (Path(__file__).parents[2] / "examples/guide/check.md").read_text().partition("**JSON.**")[2]
    keys = {*said, *said["findings"][0], *said["gradients"]["W"]}
    assert {key for key in keys if f"`{key}`" not in guide} == set()


def test_a_clipped_entry_is_no_gradient_of_an_earlier_step(tmp_path):
    scope, args = program("dict", RIGHT[4][1], tmp_path)
    assert mg.debug(scope["train"], scope["loss"], args).ok
