"""A gallery of pages: four networks, a wrong line, and a training to play. `index.html` lists them.

python examples/gallery.py [--out FOLDER]
"""

import argparse
import html
import sys
import tempfile
from pathlib import Path

import numpy as np

import microgradnp as mg

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--out", type=Path, help="folder for the pages (default: a temporary one)")
out = parser.parse_args().out or Path(tempfile.mkdtemp())
out.mkdir(parents=True, exist_ok=True)
sys.path.insert(0, str(Path(__file__).parent))
rng = np.random.default_rng(0)


def mlp():
    """A network of two hidden layers. Its page computes: change a number, or train the network there."""
    x = rng.uniform(-1, 1, size=(80, 2))
    targets = (x[:, :1] * x[:, 1:] > 0).astype(float)
    model = mg.nn.MLP([2, 8, 8, 1], activation=np.tanh, rng=0)
    loss = mg.bce_with_logits(model(x), targets)
    return mg.view(loss, live=True)


def cnn():
    """Convolution, pooling, and a layer of scores, on eight images."""
    images, classes = rng.uniform(size=(8, 1, 8, 8)), rng.integers(0, 10, 8)
    model = mg.nn.Sequential(
        mg.nn.Conv2d(1, 4, 3, padding=1, rng=0),
        mg.relu,
        mg.nn.MaxPool(2),
        lambda a: a.reshape(len(a), -1),
        mg.nn.Linear(64, 10, rng=1),
    )
    loss = mg.cross_entropy(model(images), classes)
    return mg.view(loss)


def lstm():
    """An LSTM over twelve time steps. All of them are one operation, with one rule."""
    sequences, targets = rng.normal(size=(6, 12, 2)), rng.normal(size=(6, 1))
    memory, last = mg.nn.LSTM(2, 8, rng=0), mg.nn.Linear(8, 1, rng=1)
    states, _ = memory(sequences)
    loss = mg.mse(last(states[:, -1]), targets)
    return mg.view(loss)


def transformer():
    """One block of a transformer: attention with two heads, and a small network at each place."""
    numbers, targets = rng.integers(0, 10, (4, 6)), rng.integers(0, 10, (4, 6))
    symbols, scores = mg.nn.Embedding(10, 8, rng=0), mg.nn.Linear(8, 10, rng=1)
    block = mg.nn.TransformerBlock(8, 2, 16, causal=True, rng=2)
    loss = mg.cross_entropy(scores(block(symbols(numbers))), targets)
    return mg.view(loss)


def wrong_line():
    """Backprop by hand of a character RNN. The page names the wrong line, its cause, and a verified fix."""
    import char_rnn_wrong

    report = mg.debug(char_rnn_wrong.train, char_rnn_wrong.loss, budget=60.0)
    return report.view()


def training():
    """A training to play: values, gradients and the loss over 300 iterations."""
    x = rng.uniform(-1, 1, size=(40, 2))
    targets = (x[:, :1] * x[:, 1:] > 0).astype(float)
    model = mg.nn.MLP([2, 8, 1], activation=np.tanh, rng=0)

    def loss(x, targets):
        return mg.bce_with_logits(model(x), targets)

    result = mg.fit(loss, model, (x, targets), optimizer=mg.optim.Adam(lr=3e-2), iterations=300, snapshots=30, progress=False)
    assert result.history.loss[-1] < 0.2
    return mg.view(loss(x, targets), fit=result)


PAGES = (mlp, cnn, lstm, transformer, wrong_line, training)
INDEX = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>microgradnp: gallery</title>
<style>
  :root {{ color-scheme: light dark }}
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }}
  li {{ margin: .7rem 0 }}
</style>
<h1>Gallery</h1>
<p>Each page is one file and needs no network. The arrow keys step through the backward pass. <kbd>?</kbd> lists all keys.</p>
<ul>
{items}
</ul>
</html>
"""

items = []
for make in PAGES:
    page = make().save(out / f"{make.__name__}.html")
    size = page.stat().st_size
    title = make.__name__.replace("_", " ")
    items.append(f'<li><a href="{page.name}">{html.escape(title)}</a>. {html.escape(make.__doc__)}</li>')
    print(f"{page.name}: {size / 1000:.0f} kB")
    assert "<svg" in page.read_text() or size > 20_000
(out / "index.html").write_text(INDEX.format(items="\n".join(items)))
print(f"open {out / 'index.html'}")
assert "fix, verified" in (out / "wrong_line.html").read_text()
