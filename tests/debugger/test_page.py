"""The page of a report: one offline file that says everything, escapes everything, and marks the right lines."""

import dataclasses
import importlib.util
import json
import re
import sys
import tokenize
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.debug import debug
from microgradnp.debugger.judge.evidence import Entry
from microgradnp.debugger.report import heat
from microgradnp.debugger.report.cards import difference
from microgradnp.debugger.report.facts import Finding
from microgradnp.debugger.report.highlight import highlight
from microgradnp.debugger.report.listing import MARKS
from microgradnp.debugger.report.page import page, table
from microgradnp.drawing.svg import DARK, LIGHT
from microgradnp.viewer.document import filled
from microgradnp.viewer.heat import LEVELS

VOID = {"meta", "link", "input", "br", "col", "hr", "img"}
NO_BLOCKS = {"p", "h1", "h2", "h3", "span", "code", "pre", "dt", "summary"}  # what these hold is phrasing
BLOCKS = {"p", "div", "table", "ul", "ol", "dl", "section", "article", "figure", "h1", "h2", "h3", "pre", "details"}


class Node:
    def __init__(self, tag, attributes):
        self.tag, self.attributes, self.children = tag, attributes, []

    @property
    def text(self):
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def classes(self):
        return set(self.attributes.get("class", "").split())

    def all(self, tag=None, cls=None):
        found = [self] if (tag in (None, self.tag)) and (cls is None or cls in self.classes) else []
        return found + [n for child in self.children if isinstance(child, Node) for n in child.all(tag, cls)]


class Reader(HTMLParser):
    """A tree of the page. Every tag must be closed in its order, and blocks stand where blocks may stand."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self.stack = [self.root]
        self.feed(text)
        self.close()
        assert self.stack == [self.root], [n.tag for n in self.stack]

    def handle_starttag(self, tag, attributes):
        assert len({name for name, _ in attributes}) == len(attributes), f"twice in <{tag}>: {attributes}"
        node = Node(tag, {name: value or "" for name, value in attributes})
        if tag in BLOCKS:
            assert not {n.tag for n in self.stack} & NO_BLOCKS, f"<{tag}> in {[n.tag for n in self.stack]}"
        self.stack[-1].children.append(node)
        if tag not in VOID:
            self.stack.append(node)

    def handle_startendtag(self, tag, attributes):
        self.stack[-1].children.append(Node(tag, {name: value or "" for name, value in attributes}))

    def handle_endtag(self, tag):
        assert self.stack.pop().tag == tag, f"</{tag}> closes another tag"

    def handle_data(self, data):
        self.stack[-1].children.append(data)


def read(html):
    return Reader(html).root


def words(text):
    return re.sub(r"\s+", " ", text)


def module_of(path, text):
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem.replace("<", "_"), path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


PROGRAM = """\
import numpy as np


def squashed(z):
    shifted = np.exp(z) + 1  # no quantity of the model
    return 1 - 2 / (1 + np.exp(2 * z))


def train(X, T, W1, b1, W2, b2):
    z1 = X @ W1 + b1
    a1 = squashed(z1)
    y = a1 @ W2 + b2
    dy = y - T
    dW2 = a1.T @ dy
    db2 = dy.sum(axis=0)
    dz1 = (dy @ W2.T) * (1 - a1**2)
    dW1 = X.T @ dz1
    db1 = dz1.sum(axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
"""
SLIP = PROGRAM.replace("1 - a1**2", "1 - z1**2")
LINE = {text.strip(): number for number, text in enumerate(SLIP.splitlines(), 1)}


def loss(X, T, W1, b1, W2, b2):
    return 0.5 * np.sum((np.tanh(X @ W1 + b1) @ W2 + b2 - T) ** 2)


def arrays():
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in ((8, 4), (8, 3), (4, 5), (5,), (5, 3), (3,))]


def report_on(folder, text, name="code.py"):
    return debug(module_of(folder / name, text).train, loss, args=tuple(arrays()), budget=60.0)


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    return report_on(tmp_path_factory.mktemp("right"), PROGRAM, "right_code.py")


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    return report_on(tmp_path_factory.mktemp("wrong"), SLIP, "wrong_code.py")


def told_by_hand(report, **changes):
    """The same report with one finding on the line of the slip, so that the page is tested and not the search."""
    number = LINE["dz1 = (dy @ W2.T) * (1 - z1**2)"]
    finding = Finding(
        variable="dz1",
        function="train",
        file=report.program.file,
        line=number,
        source="dz1 = (dy @ W2.T) * (1 - z1**2)",
        cause="derivative_at_wrong_point",
        explanation="the derivative is taken at another value",
        expected="dL/dz1 (8x5)",
        fix=(number, "dz1 = (dy @ W2.T) * (1 - z1**2)", "dz1 = (dy @ W2.T) * (1 - a1**2)"),
        certainty="exact",
        mends=["W1", "W2", "b1", "b2"],
        region=[number],
    )
    return dataclasses.replace(report, findings=[dataclasses.replace(finding, **changes)])


def rows(root):
    """Line number -> (row, mark)."""
    found = {}
    for row in (r for t in root.all("table", "source") for r in t.all("tr") if r.attributes.get("id")):
        number = int(row.all("td", "n")[0].text)
        found[number] = row, *(row.classes & {"right", "wrong", "after", "unknown", "suspected", "plain"})
    return found


# ------------------------------------------------------------------------------------------- whole pages


@pytest.mark.parametrize("which", ["right", "wrong"])
def test_the_page_is_well_formed_and_its_links_lead_somewhere(which, request):
    root = read(page(request.getfixturevalue(which)))
    ids = [n.attributes["id"] for n in root.all() if "id" in n.attributes]
    assert len(ids) == len(set(ids))
    targets = [n.attributes["href"] for n in root.all("a")]
    assert targets
    assert all(target[1:] in ids for target in targets if target.startswith("#"))
    assert root.all("html")[0].attributes["lang"] == "en"
    assert [len(root.all(tag)) for tag in ("main", "h1", "title", "footer")] == [1, 1, 1, 1]


@pytest.mark.parametrize("which", ["right", "wrong"])
def test_the_page_needs_no_network(which, request):
    html = page(request.getfixturevalue(which))
    root = read(html)
    for node in root.all():
        for name in ("src", "href", "data", "srcset", "action", "poster", "xlink:href"):
            assert node.attributes.get(name, "#").startswith(("#", "data:")), node.attributes
    assert "url(" not in html
    assert "@import" not in html
    assert "://" not in html
    assert "default-src 'none'" in next(m for m in root.all("meta") if "http-equiv" in m.attributes).attributes["content"]


@pytest.mark.parametrize("which", ["right", "wrong"])
def test_everything_that_the_text_says_is_on_the_page(which, request):
    report = request.getfixturevalue(which)
    said = words(read(page(report)).text)
    for name, entry in report.gradients.items():
        for part in (name, entry.variable, entry.relation, f"line {entry.line}"):
            assert words(part) in said
    for finding in report.findings:
        for part in (finding.source, finding.explanation, finding.cause, finding.expected, finding.fix and finding.fix[2]):
            assert words(part or "") in said
    for note in (*report.verdict.conventions, *report.notes, *report.verdict.unchecked):
        assert note in said
    for argument, where in report.bound.items():
        assert f"{argument}{where}" in said


def test_the_page_of_right_code_accuses_nothing(right):
    root = read(page(right))
    assert root.all("h1")[0].text == "RIGHT"
    assert "All 4 gradients are right." in root.text
    assert not root.all("section", "card")
    assert not {mark for _, mark in rows(root).values()} - {"right", "unknown", "plain"}
    assert not root.all("figure")
    assert not [n for n in root.all("section") if n.attributes["id"] in ("findings", "suspects", "maps")]


def test_the_page_of_wrong_code_shows_every_gradient(wrong):
    root = read(page(wrong))
    assert root.all("h1")[0].text == "WRONG"
    (gradients,) = root.all("table", "gradients")
    verdicts = {row.all("th")[0].text: row.all("td", "says")[0].text.strip() for row in gradients.all("tbody")[0].all("tr")}
    assert verdicts == {"W1": "\u2717 wrong", "b1": "\u2717 wrong", "W2": "\u2713 right", "b2": "\u2713 right"}
    figures = root.all("figure", "heat")
    assert sorted(f.all("b")[0].text for f in figures) == ["W1", "b1"]
    assert all(len(f.all("svg")) == 4 for f in figures)  # expected, found, difference, scale


def test_without_a_gradient_the_page_says_so(tmp_path):
    module = module_of(tmp_path / "none.py", "def train(X, T, W):\n    y = X @ W\n    return None\n")
    rng = np.random.default_rng(0)
    args = rng.normal(size=(4, 3)), rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    report = debug(module.train, lambda X, T, W: np.sum((X @ W - T) ** 2), args=args)
    assert not report.gradients
    root = read(page(report))
    assert root.all("h1")[0].text == "CANNOT JUDGE; NOT CHECKED (W)"
    assert not root.all("table", "gradients")
    assert "no gradient of it was found" in root.text
    assert all(note in root.text for note in report.notes)
    assert "NOT CHECKED (W)" in read(table(report)).text


def test_save_writes_the_page(wrong, tmp_path):
    path = wrong.save(str(tmp_path / "r.html"))
    assert Path(path).read_text(encoding="utf-8").startswith("<!doctype html>")


# ------------------------------------------------------------------------------------------- the gutter


def test_the_marks_of_known_lines(wrong):
    """The slip is in dz1: the forward pass and the output layer are right, what is made from dz1 is not."""
    marks = {number: mark for number, (_, mark) in rows(read(page(told_by_hand(wrong)))).items()}
    expected = {
        "shifted = np.exp(z) + 1  # no quantity of the model": "unknown",
        "return 1 - 2 / (1 + np.exp(2 * z))": "right",
        "def train(X, T, W1, b1, W2, b2):": "plain",
        "z1 = X @ W1 + b1": "right",
        "a1 = squashed(z1)": "right",
        "y = a1 @ W2 + b2": "right",
        "dy = y - T": "right",
        "dW2 = a1.T @ dy": "right",
        "db2 = dy.sum(axis=0)": "right",
        "dz1 = (dy @ W2.T) * (1 - z1**2)": "wrong",
        "dW1 = X.T @ dz1": "after",
        "db1 = dz1.sum(axis=0)": "after",
    }
    assert {text: marks[LINE[text]] for text in expected} == expected


def test_what_comes_of_a_wrong_line_is_no_suspect(wrong, tmp_path):
    """Without its derivative the wrong line still holds a quantity of the model; what is made from it is wrong by it."""
    report = report_on(tmp_path, SLIP.replace("(dy @ W2.T) * (1 - z1**2)", "dy @ W2.T"), "underived.py")
    told = told_by_hand(report, source="dz1 = dy @ W2.T", fix=None)
    marks = {number: mark for number, (_, mark) in rows(read(page(told))).items()}
    line = LINE["dW1 = X.T @ dz1"]
    assert [marks[n] for n in (line - 1, line, line + 1)] == ["wrong", "after", "after"]


def test_a_mark_is_a_glyph_and_a_word_too(wrong):
    for row, mark in rows(read(page(wrong))).values():
        glyphs = row.all("span", "glyph")
        assert [g.attributes["aria-label"] for g in glyphs] == ([] if mark == "plain" else [mark])
        assert all(g.text for g in glyphs)


def test_values_say_what_they_were_matched_with(wrong):
    found = rows(read(page(told_by_hand(wrong))))
    beside = {text: words(found[number][0].all("td", "v")[0].text) for text, number in LINE.items() if number in found}
    assert "y = (np.tanh(X @ W1 + b1) @ W2 + b2)" in beside["y = a1 @ W2 + b2"]
    assert "8\u00d73" in beside["y = a1 @ W2 + b2"]
    assert "dW2 = dL/dW2" in beside["dW2 = a1.T @ dy"]
    assert "dW1 \u2260 dL/dW1" in beside["dW1 = X.T @ dz1"]
    assert "first wrong" in beside["dz1 = (dy @ W2.T) * (1 - z1**2)"]
    assert "X = X" in beside["def train(X, T, W1, b1, W2, b2):"]


def test_a_suspicion_is_called_one(wrong):
    """Between two lines, without a cause; and the lines are marked as suspected, not as wrong."""
    first, last = LINE["dW2 = a1.T @ dy"], LINE["dz1 = (dy @ W2.T) * (1 - z1**2)"]
    root = read(page(told_by_hand(wrong, certainty="suspected", fix=None, region=[last, first])))
    (card,) = root.all("article", "card")
    assert f"suspected: cause not found; what is wrong may stand between lines {first} and {last}" in words(card.text)
    assert "derivative_at_wrong_point" not in card.text
    assert "First wrong:" not in root.all("header")[0].text
    marks = {number: mark for number, (_, mark) in rows(root).items()}
    assert marks[first] == marks[last] == "suspected"
    assert "wrong" not in marks.values()


def test_how_sure_it_is_stands_in_words(wrong):
    exact = read(page(told_by_hand(wrong))).all("article", "card")[0].text
    assert "exact: verified by re-running on fresh inputs" in words(exact)
    consistent = read(page(told_by_hand(wrong, certainty="consistent", fix=None))).all("article", "card")[0].text
    assert "consistent: " in consistent
    assert "dz1 is the first value that agrees with nothing in the model" in words(consistent)
    assert "verified" not in consistent


def test_element_loops_are_marked_by_what_they_leave_behind(tmp_path):
    """An array that is filled entry by entry is right when it is full; its partial sums are no news."""
    text = PROGRAM.replace(
        "    dW2 = a1.T @ dy\n",
        "    dW2 = np.zeros_like(W2)\n    for j in range(5):\n        for k in range(3):\n            for n in range(8):\n"
        "                dW2[j, k] += a1[n, j] * dy[n, k]\n",
    )
    root = read(page(report_on(tmp_path, text, "loops.py")))
    line = next(n for n, text in enumerate(text.splitlines(), 1) if "+=" in text)
    row, mark = rows(root)[line]
    assert mark == "right"
    assert [words(v.text).strip() for v in row.all("span", "value")] == ["dW2 = dL/dW2 5\u00d73"]


# ------------------------------------------------------------------------------------------------ fixes


def test_the_fix_is_a_diff_with_its_words_marked(wrong):
    (diff,) = read(page(told_by_hand(wrong))).all("div", "diff")
    removed, added = diff.all("del")[0], diff.all("ins")[0]
    assert removed.text.endswith("dz1 = (dy @ W2.T) * (1 - z1**2)")
    assert added.text.endswith("dz1 = (dy @ W2.T) * (1 - a1**2)")
    assert [m.text for m in removed.all("mark")] == ["z1"]
    assert [m.text for m in added.all("mark")] == ["a1"]
    (card,) = read(page(told_by_hand(wrong))).all("article", "card")
    assert "Makes rightW1, b1" in words(card.text)  # W2 and b2 were right before


def test_a_statement_that_moves_is_told_in_words(wrong):
    root = read(page(told_by_hand(wrong, fix=(17, "W2 -= lr * dW2", "move line 17 after line 19"))))
    (diff,) = root.all("div", "diff")
    assert "Fix: move line 17 after line 19" in diff.text
    assert not diff.all("del")


@pytest.mark.parametrize(("old", "new"), [("a = b * c", "a = b @ c"), ("x < y", "x <= y & z"), ("", "new"), ("same", "same")])
def test_a_diff_keeps_both_texts(old, new):
    assert ["".join(text for text, _ in side) for side in difference(old, new)] == [old, new]


# --------------------------------------------------------------------------------------------- escaping


def test_text_of_the_user_is_escaped(tmp_path):
    """A key, a comment, a file name and a message that try to be markup stay text."""
    text = SLIP.replace('{"W1": dW1,', "{'<b id=x>W1</b>': dW1,")
    text = text.replace("    y = a1", "    # <script>alert('&amp;')</script>\n    y = a1")
    report = report_on(tmp_path, text, "<i>code & co.py")
    report.notes.append("<img src=x onerror=alert(1)>")
    plain = read(page(report_on(tmp_path, SLIP, "plain.py")))
    for html in (page(report), table(report)):
        root = read(html)
        assert not root.all("img")
        assert not root.all("i", "code")
        assert "x" not in {n.attributes.get("id") for n in root.all()}
        assert "<img src=x onerror=alert(1)>" in root.text
    root = read(page(report))
    assert len(root.all("script")) == len(plain.all("script")) == 1
    assert "# <script>alert('&amp;')</script>" in root.text
    assert "<i>code & co.py" in root.text


def test_highlighting_leaves_the_text_as_it_is():
    for path in (Path(__file__), Path(json.__file__), Path(tokenize.__file__)):
        text = path.read_text(encoding="utf-8")
        assert ["".join(piece for piece, _ in line) for line in highlight(text)] == text.split("\n")


def test_unreadable_source_is_shown_plain():
    assert highlight("def f(:\n  '''open") == [[("def f(:", "")], [("  '''open", "")]]


# ------------------------------------------------------------------------------------------------- heat


def test_the_largest_error_is_that_of_the_textbook(wrong):
    """W1's gradient by hand, with the slip and without it."""
    X, T, W1, b1, W2, b2 = arrays()
    z = X @ W1 + b1
    delta = (np.tanh(z) @ W2 + b2 - T) @ W2.T
    error = np.abs(X.T @ (delta * (1 - z**2)) - X.T @ (delta * (1 - np.tanh(z) ** 2))).max()
    figure = next(f for f in read(page(wrong)).all("figure") if f.all("b")[0].text == "W1")
    said = float(re.search(r"largest \|error\| is (\S+);", figure.text)[1])
    assert said == pytest.approx(error, rel=1e-3)
    assert "found 4\u00d75, expected 4\u00d75" in figure.text


def squares(svg):
    """(row, column) -> level of a heat map."""
    found = {}
    for path in svg.all("path"):
        for column, row in re.findall(r"M(\d+) (\d+)h1v1h-1z", path.attributes["d"]):
            found[int(row), int(column)] = int(path.attributes["class"][1:])
    return found


def drawn(entry, report):
    return read(filled("figure.html", heat.__package__, figure=heat.figure(entry, report)))


def panels(entry, report):
    return drawn(entry, report).all("div", "panel")


def entry_of(found, expected, **more):
    return Entry("W", "returned", "dW", found=np.asarray(found), expected=np.asarray(expected), **more)


def test_colours_follow_sign_and_size(wrong):
    expected, found, difference_ = panels(entry_of([[4.0, -4], [0, 1]], [[4.0, 4], [0, 1]]), wrong)
    top, zero = 2 * LEVELS, LEVELS
    half = zero + LEVELS // 2  # a quarter of the largest has half of its colour
    assert squares(expected) == {(0, 0): top, (0, 1): top, (1, 1): half}
    assert squares(found) == {(0, 0): top, (0, 1): 0, (1, 1): half}
    assert squares(difference_) == {(0, 1): 0}


def test_large_arrays_are_drawn_in_blocks_with_their_largest_entry(wrong):
    expected = np.zeros((100, 20))
    expected[50, 7] = -3.0
    figure = drawn(entry_of(np.zeros((100, 20)), expected), wrong)
    assert squares(figure.all("div", "panel")[0]) == {(50 // 3, 7): 0}
    assert "Each square is the largest of 3\u00d71 entries." in figure.text


def test_lost_numbers_are_counted_and_crossed(wrong):
    figure = drawn(entry_of([[1.0, np.nan], [np.inf, 2]], [[1.0, 2], [3, 4]]), wrong)
    assert "2 of 4 entries are not finite." in figure.text
    assert len(figure.all("path", "lost")) == 2  # in what was found, and in the difference


def test_shapes_that_differ_are_said(wrong):
    figure = drawn(entry_of(np.ones((2, 3)), np.ones(4)), wrong)
    assert "the shapes differ: found 2\u00d73, expected 4" in figure.text
    assert not figure.all("svg")
    transposed = drawn(entry_of(np.ones((2, 3)), np.ones((3, 2))), wrong)
    assert "compared transposed" in transposed.text


def test_numbers_and_steps(wrong):
    assert "Found 2, expected 3" in drawn(entry_of(2.0, 3.0), wrong).text
    step = Entry("W", "update", "update of W", found=np.array([-0.2, -0.4]), expected=np.array([2.0, 4.0]))
    assert "divided by -0.1" in drawn(step, wrong).text


# ---------------------------------------------------------------------------------- size, colours, tables


def test_many_versions_stay_a_small_page(tmp_path):
    """300 lines that write 3,000 values: lines are summed up, never listed without end."""
    body = "".join(f"        t{k} = np.tanh(z1 * {k + 1} + i)\n" for k in range(280))
    text = PROGRAM.replace("    a1 = squashed(z1)\n", f"    for i in range(11):\n{body}    a1 = squashed(z1)\n")
    report = report_on(tmp_path, text, "long.py")
    assert len(report.trace.versions) > 3000
    html = page(report)
    assert len(html.encode()) < 1_000_000
    assert max(len(row.all("span", "value")) for row, _ in rows(read(html)).values()) <= 8
    assert "11 values" in html


def luminance(color):
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    """The ratio of WCAG 2.2, section 1.4.3."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_colours_are_those_of_the_pictures_and_can_be_read(right):
    css = "".join(style.text for style in read(page(right)).all("style"))
    colors = {name: both for name, *both in re.findall(r"--([\w-]+):\s*light-dark\((#\w+),\s*(#\w+)\)", css)}
    for k, theme in enumerate((LIGHT, DARK)):
        assert {name: colors[name][k] for name in theme} == theme
        for name in ("data-line", "wrong-line", "after-line", "loss-line", "muted", "text"):
            assert contrast(colors[name][k], theme["page"]) >= 4.5, (name, colors[name][k])


def test_the_notebook_table_says_it_all_in_short(wrong, right):
    root = read(table(told_by_hand(wrong)))
    said = words(root.text)
    assert "WRONG: train, step 0" in said
    assert "dz1 = (dy @ W2.T) * (1 - a1**2)" in said
    assert "verified by re-running on fresh inputs" in said
    assert not root.all("a")  # there is no source to lead to
    assert not root.all("style")
    assert len(root.all("table")[0].all("tbody")[0].all("tr")) == 4
    assert "RIGHT: train" in read(table(right)).text
    assert right._repr_html_() == table(right)


def test_a_forward_pass_that_differs_is_said_first(wrong):
    told = dataclasses.replace(told_by_hand(wrong), forward_ok=False)
    for html in (page(told), table(told)):
        assert "The forward pass differs from the model, so nothing is said about the backward pass." in read(html).text


def test_every_class_of_the_gutter_has_its_rule(right):
    css = "".join(style.text for style in read(page(right)).all("style"))
    for mark in MARKS:
        assert re.search(rf"\.{mark}\b[^{{}}]*\{{\s*--line", css)


def test_softmax_is_told_as_right(tmp_path):
    """`p - y` with a mean looks like a missing derivative, and is right: nothing on its page says otherwise."""
    text = PROGRAM.replace("dy = y - T", "e = np.exp(y)\n    p = e / e.sum(axis=1, keepdims=True)\n    dy = (p - T) / len(X)")
    X, T, *weights = arrays()
    T = np.eye(3)[np.argmax(T, axis=1)]
    module = module_of(tmp_path / "softmax.py", text)
    model = lambda X, T, W1, b1, W2, b2: mg.cross_entropy(np.tanh(X @ W1 + b1) @ W2 + b2, T)  # noqa: E731
    root = read(page(debug(module.train, model, args=(X, T, *weights))))
    assert root.all("h1")[0].text == "RIGHT"
    row, mark = rows(root)[next(n for n, line in enumerate(text.splitlines(), 1) if "p - T" in line)]
    assert mark == "right"
    assert "dy = dL/d" in words(row.text)


def fails_half_way(X, T, W):
    d = X @ W - T
    dW = X.T @ d
    return dW, np.ones(3) + np.ones(4)


def test_code_that_fails_is_shown_as_neither_right_nor_wrong():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), rng.normal(size=(3, 2))
    text = page(debug(fails_half_way, lambda X, T, W: 0.5 * np.sum((X @ W - T) ** 2), numbers))
    assert read(text).all("h1")[0].text.startswith("CANNOT JUDGE")
    assert "The code stopped with an error" in text
    assert 'class="verdict unknown"' in text
