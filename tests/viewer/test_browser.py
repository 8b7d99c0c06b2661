"""The page in a real browser: no error, no request, and everything that can be clicked, stepped and folded does what it says."""

import base64
import json
import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core.context import mode, switch
from microgradnp.viewer.page import safe_json
from microgradnp.viewer.visible import placed, visible

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed", exc_type=ImportError)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None and os.environ.get("MICROGRADNP_BROWSER") != "required":
    pytest.skip("no Chromium on PATH", allow_module_level=True)

rng = np.random.default_rng(11)
ROOT = Path(__file__).parents[2]
SCRIPTS = Path(mg.__file__).parent / "viewer" / "page"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class Opened:
    """A page in a window of its own, and everything that it complained of or asked for."""

    def __init__(self, browser, path: Path, state: str, **options) -> None:
        self.context = browser.new_context(viewport={"width": 1400, "height": 900}, **options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(f"{path.as_uri()}{state}")
        self.page.wait_for_selector("body[data-ready]", state="attached", timeout=20_000)
        self.address = path.as_uri()

    def texts(self, selector: str) -> list[str]:
        return [text for text in self.page.locator(selector).all_text_contents() if text]

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def quiet(self) -> bool:
        """No error, no warning, and nothing loaded but the file and what it holds itself."""
        asked = {url for url in self.requests if not url.startswith(("data:", "blob:"))}
        return not self.complaints and {url.partition("#")[0] for url in asked} == {self.address}


@pytest.fixture
def opened(browser, tmp_path):
    windows = []

    def open_page(made, state: str = "", folded: bool = False, **options) -> Opened:
        """The page with every group open, unless it shall fold what it likes."""
        state = state if folded or "open=" in state else f"{state or '#'}&open=all"
        path = tmp_path / f"page{len(windows)}.html"
        made.save(path)
        windows.append(Opened(browser, path, state, **options))
        return windows[-1]

    yield open_page
    for window in windows:
        assert window.quiet(), (window.complaints, window.requests)
        window.context.close()


def network(penalty: float = 0.1):
    x, targets = rng.normal(size=(6, 4)), rng.normal(size=(6, 2))
    W = mg.Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="W")
    V = mg.Tensor(rng.normal(size=(3, 2)), requires_grad=True, name="V")
    z = x @ W
    h = mg.sigmoid(z)
    y = h @ V
    z.name, h.name, y.name = "z", "h", "y"
    loss = 0.5 * mg.sse(y, targets) + penalty * np.sum(W**2)
    loss.name = "loss"
    dy = y.numpy() - targets
    dh = dy @ V.numpy().T
    dz = dh * h.numpy() * (1 - h.numpy())
    hand = {"y": dy, "h": dh, "z": dz, "V": h.numpy().T @ dy, "W": x.T @ dz + 2 * penalty * W.numpy()}
    return loss, hand


def in_modules(layers=(4, 3, 3, 2)):
    model = mg.nn.MLP(list(layers), rng=0)
    return mg.sse(model(rng.normal(size=(5, layers[0]))), rng.normal(size=(5, layers[-1])))


# ------------------------------------------------------------------------------------------------------ drawing


def test_every_node_is_a_box_and_every_argument_an_edge(opened):
    loss, _ = network()
    page = mg.view(loss)
    window = opened(page)
    assert window.count(".box.node") == page.nodes == 13
    data = json.loads(window.page.locator("#data").text_content())
    assert window.count("#view > g .edge") == len(data["edges"])
    assert window.texts(".badge") == []
    assert "W" in window.texts(".box .name")
    images = window.page.evaluate("[...document.querySelectorAll('image')].filter((i) => i.style.display !== 'none').length")
    assert images > 10


def colours(png: bytes) -> set[bytes]:
    return {png[k : k + 4] for k in range(0, len(png), 97)}


def test_both_themes_are_drawn_and_differ(opened):
    loss, _ = network()
    windows = [opened(mg.view(loss), color_scheme=scheme) for scheme in ("light", "dark")]
    pages = [w.page.evaluate("getComputedStyle(document.body).backgroundColor") for w in windows]
    assert pages == ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]
    zeros = [w.page.evaluate("document.querySelector('.node image.left').getAttribute('href')") for w in windows]
    assert zeros[0] != zeros[1]  # heat maps follow
    windows[0].press("t")
    assert windows[0].page.evaluate("getComputedStyle(document.body).backgroundColor") == pages[1]
    assert "theme=dark" in windows[0].page.url


def tangled(seed):
    """A random graph in random, nested modules: long wires past many ranks, borders that one value crosses several times."""
    random = np.random.default_rng(seed)
    values = [mg.Tensor(float(k), requires_grad=True) for k in range(3)]
    for _ in range(30):
        token = switch(scope=random.choice(["", "a", "a.b", "a.b.c", "d"]))
        a, b = random.integers(len(values), size=2)
        values.append(np.hypot(values[a], values[b]) if random.random() < 0.7 else np.tanh(values[-1]))
        mode.reset(token)
    return np.sum(np.stack(values))


GRAPHS = {
    "network": lambda: network()[0],
    "modules": in_modules,
    "deep": lambda: in_modules((3, 4, 4, 4, 4, 4, 2)),
    **{f"tangled {seed}": lambda seed=seed: tangled(seed) for seed in range(4)},
}


@pytest.mark.parametrize("name", list(GRAPHS))
def test_the_layout_in_the_page_is_the_one_in_python(browser, name):
    """Two programs of one algorithm, compared to a tenth of a pixel: each module closed alone, and both directions."""
    data = mg.view(GRAPHS[name](), engine="builtin").html
    data = json.loads(re.search(r'id="data">(.*?)</script>', data, re.S)[1])
    scripts = "\n".join((SCRIPTS / f"{part}.js").read_text() for part in ("state", "visible", "layered", "rooms"))
    page = browser.new_page()
    page.set_content(
        f'<script type="application/json" id="data">{safe_json(data)}</script><script>{scripts}\n'
        "window.lay = (closed, direction) => builtIn(visible(new Set(closed), 0), direction);</script>"
    )
    for closed in [[], *[[g] for g in range(len(data["groups"]))], list(range(len(data["groups"])))]:
        for direction in ("TB", "LR"):
            ours, theirs = placed(data, closed, direction, "builtin"), page.evaluate("([c, d]) => lay(c, d)", [closed, direction])
            assert len(visible(data, closed).items) == len(theirs["boxes"])
            for key in ("boxes", "groups", "routes"):
                for a, b in zip(ours[key], theirs[key], strict=True):
                    np.testing.assert_allclose(a, b, atol=0.051)  # Python's are rounded to a tenth
    page.close()


# -------------------------------------------------------------------------------------------------------- sweep


def test_stepping_shows_what_is_known_and_nothing_else(opened):
    window = opened(mg.view(network()[0]))
    steps = int(window.page.get_attribute("#step", "max")) - 1
    window.press("Home")
    assert "the gradient of the loss is 1" in window.page.text_content("#stepText")
    hidden = window.count(".node.waiting")
    assert hidden == 10  # all that need one, but for the loss
    pictures = "[...document.querySelectorAll('.node.waiting image.right')].filter((i) => i.style.display !== 'none').length"
    assert window.page.evaluate(pictures) == 0
    terms = []
    for k in range(1, steps + 1):
        window.press("ArrowRight")
        assert f"step {k} of {steps}" in window.page.text_content("#stepText")
        assert window.count(".node.current") == 1
        assert len(window.texts(".program li.now")) == 1
        assert window.count(".node.given") >= 1
        assert window.count(".node.given.waiting") == 0  # what this step gave is there
        assert window.count(".node.waiting") <= hidden
        hidden = window.count(".node.waiting")
        terms += window.texts(".note.right")
    assert "1 of 2" in terms  # W, between its two shares
    assert hidden == 0
    window.press("ArrowRight")
    assert window.count(".node.current") == 0
    assert f"all {steps} steps done" in window.page.text_content("#stepText")
    window.press("ArrowLeft")
    window.page.click("#previous")
    assert f"step {steps - 1} of" in window.page.text_content("#stepText")
    window.page.fill("#step", "2")
    assert "step=2" in window.page.url


def test_the_line_of_a_step_is_numpy(opened):
    window = opened(mg.view(network()[0]), "#step=1")
    lines = window.texts(".program li")
    assert lines[0] == "d_loss = 1.0"
    assert "d_z = d_h * h * (1.0 - h)" in lines
    assert any(line.startswith("d_W = d_W + ") for line in lines)


def test_the_sweep_plays_and_stops(opened):
    window = opened(mg.view(network()[0]))
    window.press(" ")
    assert window.page.get_attribute("#play", "aria-pressed") == "true"
    window.page.locator("#stepText", has_text="step 1 of").wait_for(timeout=3000)
    window.press(" ")
    assert window.page.get_attribute("#play", "aria-pressed") == "false"


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_the_backward_lane_mirrors_the_graph(opened, direction):
    page = mg.view(network()[0], direction=direction, engine="builtin")
    window = opened(page)
    window.press("b")
    assert window.count(".box.gradient") == 11
    assert window.texts(".sum .plus") == ["+"]
    shares = json.loads(window.page.locator("#data").text_content())["steps"]
    assert window.count(".edge.share") == sum(len(given) for _, given in shares)
    axis = "x" if direction == "TB" else "y"
    middle = window.page.evaluate(
        f"""() => {{
      const at = (g) => g.getBoundingClientRect(), side = "{"width" if axis == "x" else "height"}";
      return [...document.querySelectorAll(".box.gradient")].map((g) => {{
        const one = at(document.querySelector(`.box.node[data-node="${{g.dataset.gradient}}"]`)), other = at(g);
        return one.{axis} + one[side] / 2 + other.{axis} + other[side] / 2; }}); }}"""
    )
    assert max(middle) - min(middle) < 12  # frames and badges are as wide as they are
    ends = window.page.evaluate(
        f"""() => [...document.querySelectorAll(".edge.share")].map((edge) => {{
      const line = (one) => one.querySelector(".line");
      const end = (one) => line(one).getPointAtLength(line(one).getTotalLength()).{axis};
      return end(edge) + end(document.querySelector(`#view > g > .edge[data-edge="${{edge.dataset.edge}}"]`)); }})"""
    )
    boxes = window.page.evaluate(
        f"""() => {{ const at = (g) => g.transform.baseVal[0].matrix.{"e" if axis == "x" else "f"};
      return at(document.querySelector(".box.gradient")) + at(document.querySelector(
        `.box.node[data-node="${{document.querySelector(".box.gradient").dataset.gradient}}"]`)); }}"""
    )
    size = json.loads(window.page.locator("#data").text_content())["sizes"]["node"][0 if axis == "x" else 1]
    assert ends == pytest.approx([boxes + size] * len(ends), abs=0.01)
    window.press("Home", "ArrowRight")
    assert window.count(".edge.share.flow") >= 1
    assert "lane=1" in window.page.url


# ------------------------------------------------------------------------------------------------------ overlay


def test_the_first_wrong_gradient_has_its_badge_and_right_code_has_none(opened):
    loss, hand = network()
    right = opened(mg.view(loss, hand_written=hand))
    assert right.texts(".badge") == ["✓"] * 5
    assert right.count(".first-wrong") == right.count(".box.wrong") == 0
    assert "All 5 hand-written gradients are right" in right.page.text_content(".verdict")
    hand |= {"z": hand["h"], "W": 0 * hand["W"]}  # the slope of the sigmoid is missing
    wrong = opened(mg.view(loss, hand_written=hand))
    assert sorted(wrong.texts(".badge")) == ["✓", "✓", "✓", "✗", "✗ 1st"]
    assert wrong.page.get_attribute(".first-wrong .sheet", "aria-label").startswith("matmul z")
    assert "2 of 5 hand-written gradients are wrong" in wrong.page.text_content(".verdict")
    assert "first wrong: DIFFERS" in wrong.page.text_content("#panel")
    assert wrong.texts("figcaption")[2:] == ["hand-written z", "hand-written − gradient"]
    wrong.press("o")
    assert wrong.texts(".badge") == []


def test_the_debuggers_report_on_the_graph(opened, monkeypatch):
    monkeypatch.setattr("microgradnp.debugger.fewer.SLOW", float("inf"))
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        import find_the_wrong_line as example
    finally:
        sys.path.pop(0)
    report = mg.debug(example.net.fit, example.loss, budget=60)  # no test may depend on the speed of the machine
    window = opened(report.view())
    assert window.count(".first-wrong") == 1
    assert window.page.get_attribute(".first-wrong .sheet", "aria-label").startswith("matmul x @ W1")
    panel = window.page.text_content("#panel")
    assert "find_the_wrong_line.py:32 in backprop" in panel
    assert "delta_h = delta_y @ self.W2.T * self.h * (1 - self.h)" in panel
    assert window.count(".node.data") == 2  # x and the targets, of which nobody wants a gradient
    lines = "\n".join(window.texts(".program li"))
    assert "d_W1 = x.T @ " in lines
    assert "d_x" not in lines
    assert "d_targets" not in lines


def test_the_report_on_right_code_marks_nothing_wrong(opened):
    def train(x, t, W):
        step = 0.1 * (x @ W - t)  # the learning rate goes in early
        W -= x.T @ step

    x, t, W = rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), rng.normal(size=(3, 2))
    report = mg.debug(train, lambda x, t, W: 0.5 * mg.sse(x @ W, t), (x, t, W))
    assert report.ok
    window = opened(report.view())
    assert window.count(".box.wrong") == 0
    assert set(window.texts(".badge")) == {"✓"}
    marks = json.loads(window.page.locator("#data").text_content())["over"].values()
    assert len(marks) == 2
    assert all(mark["error"] < 1e-12 for mark in marks)  # also of what carries the learning rate


# -------------------------------------------------------------------------------------------------- reading aids


def test_a_module_closes_and_opens_and_the_rest_moves(opened):
    window = opened(mg.view(in_modules()))
    whole, places = window.count(".box"), window.page.evaluate("document.querySelector('.box.loss').getAttribute('transform')")
    window.page.locator(".module .label", has_text="layer1").click()
    assert window.count(".module-box") == 1
    assert window.count(".box") < whole
    assert window.texts(".module-box .formula") == ["sigmoid(v1 @ W + b)"]
    assert window.texts(".module-box .small") == ["5x4 → 5x3", "W 4x3, b 3"]
    assert "open=" in window.page.url
    assert window.page.evaluate("document.querySelector('.box.loss').getAttribute('transform')") != places
    window.page.locator(".module-box .opener").click()
    assert window.count(".box") == whole
    window.press("m")
    assert window.count(".module") == 0
    window.press("m")
    assert window.count(".box") == whole


def test_selecting_shows_kin_and_the_url_says_what_is_shown(opened):
    page = mg.view(network()[0])
    window = opened(page)
    window.page.locator('.node [aria-label^="sigmoid h"]').click()
    assert "3 ancestors, " in window.page.text_content("#status")
    dimmed = window.count(".box.dim")
    assert dimmed > 0
    assert "v" in window.page.text_content("#panel")
    again = opened(page, "#" + window.page.url.partition("#")[2])
    assert again.count(".box.dim") == dimmed
    assert again.page.get_attribute(".selected .sheet", "aria-label").startswith("sigmoid h")
    window.press("Escape")
    assert window.count(".box.dim") == 0


@pytest.mark.parametrize("state", ["#step=99&sel=-4&snap=7", "#closed=5,x&at=1,2&dir=up&theme=pink", "#step=&sel=1.5&at=0,0,0"])
def test_a_url_that_makes_no_sense_is_read_as_far_as_it_does(opened, state):
    window = opened(mg.view(network()[0]), state)
    assert window.count(".box.node") == 13


def test_search_by_name_operation_and_line(opened):
    window = opened(mg.view(network()[0]))
    for text, found in (("sigmoid", 1), ("W", None), ("test_browser.py", None), ("nothing like it", 0)):
        window.press("/")
        window.page.fill("#find", text)
        said = int(window.page.text_content("#found").split()[0])
        assert said == found if found is not None else said > 1
        assert window.count(".node:not(.dim)") == said
    window.press("Escape")
    assert window.page.text_content("#found") == ""


def test_the_keyboard_reaches_every_box_and_zooms(opened):
    window = opened(mg.view(network()[0]))
    window.page.focus(".box.node .sheet")
    window.press("Enter")
    assert window.count(".selected") == 1
    scale = "Number(/scale\\(([^)]*)/.exec(document.getElementById('view').getAttribute('transform'))[1])"
    before = window.page.evaluate(scale)
    window.press("+")
    assert window.page.evaluate(scale) > before
    assert "at=" in window.page.url
    window.press("f")
    assert window.page.evaluate(scale) == pytest.approx(before)
    window.page.mouse.move(400, 400)
    window.page.mouse.wheel(0, -300)
    window.page.wait_for_timeout(100)
    assert window.page.evaluate(scale) > before
    window.press("?")
    assert window.page.locator("#help").is_visible()
    assert window.page.evaluate(
        "[...document.querySelectorAll('.box')].every((b) => b.querySelector('.sheet').getAttribute('aria-label'))"
    )


def test_dragging_moves_and_selects_nothing(opened):
    window = opened(mg.view(network()[0]))
    box = window.page.locator(".box.loss").bounding_box()
    window.page.mouse.move(box["x"] + 20, box["y"] + 20)
    window.page.mouse.down()
    window.page.mouse.move(box["x"] + 80, box["y"] - 60, steps=3)
    window.page.mouse.up()
    moved = window.page.locator(".box.loss").bounding_box()
    assert moved["x"] - box["x"] == pytest.approx(60, abs=2)
    assert window.count(".selected") == 0


def test_the_table_has_every_node(opened):
    page = mg.view(network()[0])
    window = opened(page)
    window.page.click("#nodes summary")
    window.page.wait_for_selector("#rows tr")
    assert window.count("#rows tr") == page.nodes
    assert "sigmoid" in " ".join(window.texts("#rows td"))


def test_the_drawing_is_saved_as_an_svg_of_its_own(opened, tmp_path):
    from xml.etree import ElementTree

    window = opened(mg.view(network()[0]))
    with window.page.expect_download() as download:
        window.page.click("#save")
    path = tmp_path / "saved.svg"
    download.value.save_as(path)
    root = ElementTree.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len([e for e in root.iter() if e.get("class", "").startswith("box node")]) == 13
    assert any("font-family" in (e.text or "") for e in root.iter("{http://www.w3.org/2000/svg}style"))


def test_turning_lays_out_from_left_to_right(opened):
    window = opened(mg.view(network()[0], direction="TB"))
    box = lambda kind: window.page.locator(f".box.{kind}").first.bounding_box()  # noqa: E731
    assert box("loss")["y"] > box("data")["y"] + 100
    window.press("d")
    assert box("loss")["x"] > box("data")["x"] + 100


# ---------------------------------------------------------------------------------------------- what is unusual

HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked=2'>\"'`${alert(1)}<!--"


def test_hostile_text_is_shown_and_runs_nothing(opened, tmp_path):
    code = tmp_path / "hostile.py"
    text = HOSTILE + "y" * 10_000
    code.write_text(f"def f(np, a):\n    return np.sum(a * 2)  # {HOSTILE}\n")
    namespace: dict = {}
    exec(compile(code.read_text(), str(code), "exec"), namespace)
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name=text)
    loss = namespace["f"](np, x)
    loss.name = HOSTILE
    window = opened(mg.view(loss, hand_written={text: np.zeros(2)}))
    assert window.page.evaluate("window.hacked") is None
    assert text in window.page.text_content("#panel")  # all 10,000 characters
    window.page.locator(".node.result").first.click()
    assert HOSTILE in window.page.text_content("#panel")  # the source line
    window.page.click("#nodes summary")
    window.page.wait_for_selector("#rows tr")
    assert text in window.page.text_content("#rows")
    assert window.page.evaluate("window.hacked") is None
    assert window.page.title().startswith("</script>")


def test_nan_and_infinity_are_hatched_and_counted(opened):
    x = mg.Tensor(np.array([[1.0, np.nan], [np.inf, -2.0]]), requires_grad=True, name="x")
    window = opened(mg.view(np.sum(x * np.array([1.0, 2.0]))), "#sel=0")
    assert "1 NaN, 1 infinite" in window.texts(".note.left")
    assert "1 NaN, 1 infinite" in window.page.text_content("#panel")
    size = window.page.evaluate(
        "new Promise((done) => { const i = new Image(); i.onload = () => done(i.width);"
        "i.src = document.querySelector('.node.parameter image.left').getAttribute('href'); })"
    )
    assert size == 16  # a cell has 8 pixels to be hatched in


PIXELS = """(selector) => new Promise((done) => {
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
    [canvas.width, canvas.height] = [image.width, image.height];
    context.drawImage(image, 0, 0);
    const data = context.getImageData(0, 0, image.width, image.height).data;
    done(Array.from({ length: data.length / 4 }, (_, k) => [...data.slice(4 * k, 4 * k + 3)]));
  };
  image.src = document.querySelector(selector).getAttribute("href");
})"""


def test_negative_is_blue_positive_is_orange_and_zero_is_the_page(opened):
    x = mg.Tensor(np.array([[-2.0, 0.0, 2.0, 0.5]]), requires_grad=True, name="x")
    window = opened(mg.view(np.sum(x * x)), color_scheme="light")
    negative, zero, positive, small = window.page.evaluate(PIXELS, ".node.parameter image.left")
    assert negative == [0x00, 0x55, 0x8A]
    assert zero == [0xF4, 0xF4, 0xF2]
    assert positive == [0xB0, 0x4A, 0x00]
    assert zero[2] > small[2] > positive[2]


def test_a_gradient_that_shrinks_in_a_training_turns_pale(opened):
    w = mg.Tensor(np.array([3.0, -4.0]), requires_grad=True, name="w")
    loss = lambda: np.sum(w**2)  # noqa: E731
    result = mg.fit(loss, w, optimizer=mg.optim.SGD(lr=0.2), iterations=12, snapshots=13, progress=False)
    window = opened(mg.view(loss(), fit=result), "#snap=0", color_scheme="light")
    first = np.array(window.page.evaluate(PIXELS, ".node.parameter image.right"))
    for _ in range(8):
        window.press("]")
    later = np.array(window.page.evaluate(PIXELS, ".node.parameter image.right"))
    zero = np.array([0xF4, 0xF4, 0xF2])
    assert np.abs(later - zero).max() < 0.2 * np.abs(first - zero).max()


def test_a_gradient_that_does_not_exist_says_why(opened):
    w = mg.Tensor([1.0, -2.0], requires_grad=True, name="w")
    window = opened(mg.view(np.sum(w * np.tanh(mg.Tensor([1.0, 2.0])))))
    assert window.texts(".node .number.right").count("not needed") == 1  # tanh; data has no place for a gradient at all
    window = opened(mg.view(w * 2))
    assert set(window.texts(".node .number.right")) == {"no loss"}
    assert not window.page.locator("#sweep").is_visible()


def test_a_graph_too_large_is_drawn_in_part_and_says_why(opened):
    h = mg.Tensor(np.ones(2), requires_grad=True, name="start")
    for _ in range(5100):
        h = np.tanh(h)
    window = opened(mg.view(np.sum(h)))
    assert window.count(".box.node") == 300
    assert "5,102 boxes would be visible, more than 5,000" in window.page.text_content("#reason")
    window.press("/")
    window.page.fill("#find", "start")
    window.press("Enter")
    assert window.page.locator('.node [aria-label*=" start,"]').count() == 1  # the part around it is drawn now


def test_a_training_is_replayed(opened):
    model = mg.nn.MLP([3, 4, 1], rng=1)
    x, t = rng.normal(size=(8, 3)), rng.normal(size=(8, 1))
    loss = lambda x, t: mg.sse(model(x), t)  # noqa: E731
    result = mg.fit(loss, model, (x, t), iterations=40, snapshots=6, progress=False)
    window = opened(mg.view(loss(x, t), fit=result))
    picture = "document.querySelector('.node.parameter image.left').getAttribute('href')"
    now = window.page.evaluate(picture)
    assert window.page.text_content("#snapText") == "this graph"
    window.press("]")
    assert window.page.text_content("#snapText").startswith("before iteration 1, loss ")
    first = window.page.evaluate(picture)
    assert first != now
    window.page.fill("#snap", "2")
    assert "snap=2" in window.page.url
    assert window.page.evaluate("document.querySelector('#curve .curve').getAttribute('d').split('L').length") == 40
    window.press("[", "[", "[")
    assert window.page.text_content("#snapText") == "this graph"


def test_in_a_frame_as_in_a_notebook(browser, tmp_path):
    page = browser.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_content(mg.view(network()[0])._repr_html_())
    frame = page.frame_locator("iframe")
    frame.locator("body[data-ready]").wait_for(state="attached")
    frame.locator('.box [aria-label^="layer h"]').click()
    assert "3 ancestors" in frame.locator("#status").text_content()
    assert complaints == []
    page.close()


def test_a_browser_that_is_wide_or_narrow_shows_all(browser, tmp_path):
    path = mg.view(network()[0]).save(tmp_path / "graph.html")
    for width, height in ((500, 800), (2200, 700)):
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(path.as_uri())
        page.wait_for_selector("body[data-ready]", state="attached")
        stage = page.locator("#graph").bounding_box()
        for kind in ("loss", "parameter"):
            box = page.locator(f".box.{kind}").first.bounding_box()
            assert stage["x"] <= box["x"] + 1
            assert box["x"] + box["width"] <= stage["x"] + stage["width"] + 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.close()


def test_a_screenshot_is_not_empty(opened):
    """Looked at by people, too; here: that it holds more than a page's ground."""
    for scheme in ("light", "dark"):
        png = opened(mg.view(network()[0]), "#lane=1", color_scheme=scheme).page.screenshot()
        assert png.startswith(base64.b64decode("iVBORw0KGgo="))
        assert len(colours(png)) > 300
