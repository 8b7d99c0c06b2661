"""Snapshots of a training, the page that plays them, and what a notebook shows meanwhile."""

import json
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

import microgradnp as mg
from microgradnp.cli import main
from microgradnp.inspection.heatmap import unpacked
from microgradnp.inspection.snapshots import Album

rng = np.random.default_rng(5)
x, t = rng.normal(size=(12, 3)), rng.normal(size=(12, 1))
quiet = {"progress": False}


def training(iterations=37, snapshots=8, **options):
    model = mg.nn.MLP([3, 4, 1], rng=2)
    loss = lambda x, t: mg.sse(model(x), t)  # noqa: E731
    result = mg.fit(loss, model, (x, t), iterations=iterations, snapshots=snapshots, **quiet, **options)
    return model, loss, result


@pytest.mark.parametrize("iterations", [1, 2, 7, 8, 9, 37, 300])
@pytest.mark.parametrize("most", [2, 3, 8])
def test_snapshots_are_few_and_evenly_spread_with_both_ends(iterations, most):
    result = training(iterations, most)[2]
    numbers = [s.iteration for s in result.snapshots]
    assert 2 <= len(numbers) <= most
    assert (numbers[0], numbers[-1]) == (1, iterations + 1)
    gaps = np.diff(numbers[:-1])
    assert len(set(gaps.tolist())) <= 1
    if iterations > 2 * most and most > 3:
        assert len(numbers) >= most // 2
    assert result.snapshots[0].loss == pytest.approx(result.history.loss[0])


def test_one_snapshot_is_refused():
    with pytest.raises(ValueError, match="snapshots=1 must be at least 2"):
        training(snapshots=1)


@pytest.mark.parametrize("options", [{}, {"batch_size": 4, "rng": 3}, {"backend": "numpy"}])
def test_looking_changes_nothing(options):
    plain, watched = training(snapshots=0, **options), training(snapshots=8, **options)
    for name, parameter in plain[0].parameters().items():
        assert np.array_equal(parameter.numpy(), watched[0].parameters()[name].numpy()), name
    assert plain[2].history.loss == watched[2].history.loss
    assert plain[2].snapshots == []


def test_looking_changes_nothing_where_the_loss_is_random():
    def run(snapshots):
        noise, w = np.random.default_rng(1), mg.Tensor(np.ones(5), requires_grad=True)
        mg.fit(lambda: np.sum((w * noise.normal(size=5)) ** 2), w, iterations=20, snapshots=snapshots, **quiet)
        return w.numpy()

    assert np.array_equal(run(0), run(5))


def test_a_snapshot_holds_values_and_gradients_of_that_step():
    w = mg.Tensor([3.0, -4.0], requires_grad=True, name="w")
    result = mg.fit(lambda: np.sum(w**2), w, optimizer=mg.optim.SGD(lr=0.1), iterations=4, snapshots=5, **quiet)
    for k, snapshot in enumerate(result.snapshots):  # each step multiplies w by 0.8
        place = snapshot.parameters["w"]
        np.testing.assert_allclose(unpacked(snapshot.values[place])[0], np.array([3.0, -4.0]) * 0.8**k, atol=0.1)
        np.testing.assert_allclose(unpacked(snapshot.grads[place])[0], np.array([6.0, -8.0]) * 0.8**k, atol=0.2)
        assert snapshot.loss == pytest.approx(25 * 0.64**k)


def test_what_was_seen_before_a_loss_went_bad_is_kept():
    w = mg.Tensor([1.0], requires_grad=True)
    with pytest.raises(FloatingPointError) as error, np.errstate(all="ignore"):
        mg.fit(lambda: np.sum(np.exp(w * w)), w, optimizer=mg.optim.SGD(lr=10.0), iterations=50, snapshots=10, **quiet)
    assert error.value.result.snapshots[0].iteration == 1


def test_the_page_has_a_frame_for_each_snapshot():
    _, loss, result = training(snapshots=6)
    html = mg.view(loss(x, t), fit=result).html
    replay = json.loads(re.search(r'id="data">(.*?)</script>', html, re.S)[1])["replay"]
    assert [frame[0] for frame in replay["snapshots"]] == [s.iteration for s in result.snapshots]
    assert all(len(frame[2]) == len(frame[3]) == len(replay["nodes"]) for frame in replay["snapshots"])
    assert len(replay["losses"]) == 37
    smaller = mg.view(loss(x[:5], t[:5]), fit=result)  # other data through the same model
    assert "replay" in smaller.html


def test_snapshots_of_another_graph_are_refused():
    _, _, result = training()
    w = mg.Tensor([1.0], requires_grad=True)
    with pytest.raises(ValueError, match=r"of a graph of .* nodes that is not this one"):
        mg.view(np.sum(np.tanh(w)), fit=result)


def test_an_album_thins_itself_out():
    album = Album(4, [])
    seen = [k for k in range(1, 100) if album.wants(k) and not album.keep(np.sum(mg.Tensor([float(k)], requires_grad=True)), k)]
    assert len(album.kept) <= 3
    assert album.every == 64
    assert seen[:3] == [1, 2, 3]


# ------------------------------------------------------------------------------------------------------ notebook


@pytest.fixture
def notebook(monkeypatch):
    """IPython as far as it is asked: what was displayed, and the updates of it."""
    shown: list[str] = []
    handle = SimpleNamespace(update=lambda html: shown.append(html.data))

    def display(html, display_id=False):
        shown.append(html.data)
        return handle

    class HTML:
        def __init__(self, data):
            self.data = data

    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=True)))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(HTML=HTML, display=display))
    return shown


def test_a_training_shows_itself_while_it_runs(notebook):
    model = mg.nn.MLP([3, 4, 1], rng=2)
    mg.fit(lambda x, t: mg.sse(model(x), t), model, (x, t), iterations=30, snapshots=5)
    assert len(notebook) >= 4
    assert "30 iterations, loss" in notebook[-1]
    assert notebook[-1].count("<polyline") == 1
    assert notebook[-1].count("<svg") == 1 + 2 * len(model.parameters())


def test_it_shows_nothing_without_snapshots_or_when_asked_to_be_quiet(notebook):
    w = mg.Tensor([1.0], requires_grad=True)
    mg.fit(lambda: np.sum(w**2), w, iterations=3, progress=False, snapshots=3)
    assert notebook == []


def test_a_result_shows_itself():
    assert "37 iterations, loss" in training()[2]._repr_html_()
    w = mg.Tensor([1.0], requires_grad=True)
    assert "0 iterations" in mg.fit(lambda: np.sum(w**2), w, iterations=0, **quiet)._repr_html_()


# ------------------------------------------------------------------------------------------------------- command


class TestCommand:
    def files(self, tmp_path, body="return mg.sse(x @ W, 0 * (x @ W))", above=""):
        model, data = tmp_path / "model.py", tmp_path / "d.npz"
        model.write_text(f"import numpy as np\nimport microgradnp as mg\n{above}\n\ndef loss(x, W):\n    {body}\n")
        np.savez(data, x=x, W=x.T)
        return ["view", f"{model}:loss", "--data", str(data), "--out", str(tmp_path / "graph.html")]

    def page(self, tmp_path) -> dict:
        return json.loads(re.search(r'id="data">(.*?)</script>', (tmp_path / "graph.html").read_text(), re.S)[1])

    def test_writes_the_page(self, tmp_path):
        result = CliRunner().invoke(main, [*self.files(tmp_path), "--wrt", "W"])
        assert result.exit_code == 0, result.output
        assert re.search(r"graph\.html: \d+ kB", result.output)
        kinds = {row[1]: row[2] for row in self.page(tmp_path)["nodes"]}
        assert (kinds["x"], kinds["W"]) == ("data", "parameter")

    def test_all_arguments_or_the_models_own_parameters(self, tmp_path):
        assert CliRunner().invoke(main, self.files(tmp_path)).exit_code == 0
        assert {row[1]: row[2] for row in self.page(tmp_path)["nodes"]}["x"] == "parameter"
        (tmp_path / "own").mkdir()
        own = self.files(tmp_path / "own", "return np.sum(x @ W * V)", "V = mg.Tensor([2.0], requires_grad=True)")
        assert CliRunner().invoke(main, own).exit_code == 0
        kinds = {row[1]: row[2] for row in self.page(tmp_path / "own")["nodes"]}
        assert (kinds["x"], kinds["V"]) == ("data", "parameter")

    @pytest.mark.parametrize(
        ("body", "args", "message"),
        [
            ("return 1.0", [], "view: needs a Tensor, got float"),
            ("return x @ x", [], "matmul: x (12, 3) @ x (12, 3)"),
            ("return np.sum(x)", ["--wrt", "V"], "has no argument V; it has x, W"),
            ("return np.sum(x)", ["--out", "/no/such/folder/graph.html"], "cannot write"),
        ],
    )
    def test_mistakes_are_told(self, tmp_path, body, args, message):
        result = CliRunner().invoke(main, [*self.files(tmp_path, body), *args])
        assert result.exit_code == 2
        assert message in result.output
        assert "Traceback" not in result.output
        assert not (tmp_path / "graph.html").exists()

    @pytest.mark.long
    def test_debug_writes_the_graph_too(self, tmp_path):
        example = "examples/find_the_wrong_line.py"
        path = tmp_path / "wrong.html"
        result = CliRunner().invoke(main, ["debug", f"{example}:net.fit", "--model", f"{example}:loss", "--view", str(path)])
        assert result.exit_code == 1
        assert '"ok":false' in path.read_text()
