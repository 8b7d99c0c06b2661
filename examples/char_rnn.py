"""A recurrent network learns a text letter by letter, and then writes it: a GRU on the Zen of Python.

python examples/char_rnn.py
"""

import contextlib
import io

import numpy as np

import microgradnp as mg

with contextlib.redirect_stdout(io.StringIO()) as printed:
    import this  # noqa: F401  (prints the text)
text = printed.getvalue()
letters = sorted(set(text))
numbers = np.array([letters.index(letter) for letter in text])


class Writer(mg.nn.Module):
    """Letter numbers (samples, time) -> scores of the next letter (samples, time, letters)."""

    def __init__(self, units):
        self.table = mg.nn.Embedding(len(letters), 16, rng=0)
        self.memory = mg.nn.GRU(16, units, rng=1)
        self.scores = mg.nn.Linear(units, len(letters), rng=2)

    def forward(self, seen, state):
        states, last = self.memory(self.table(seen), state)
        return self.scores(states), last


model = Writer(96)
LENGTH = 40
starts = np.arange(len(text) - LENGTH - 1)
windows = numbers[starts[:, None] + np.arange(LENGTH + 1)]  # (samples, LENGTH + 1)


def loss(seen, wanted):
    scores, _ = model(seen, np.zeros((len(seen), 96)))
    return mg.cross_entropy(scores, wanted)


result = mg.fit(
    loss,
    model,
    (windows[:, :-1], windows[:, 1:]),
    optimizer=mg.optim.Adam(lr=1e-2),
    schedule=mg.optim.one_cycle(1e-2, 300),
    clip_norm=1.0,
    iterations=300,
    batch_size=32,
    rng=3,
    progress=False,
)
print(result)


def written(beginning, length):
    """The text that the model writes. Letters are drawn by their scores, and mostly the likeliest one."""
    found, state, rng = beginning, np.zeros((1, 96)), np.random.default_rng(4)
    with mg.no_grad():
        seen = [letters.index(letter) for letter in beginning]
        for _ in range(length):
            scores, state = model(np.array([seen]), state)
            seen = [rng.choice(len(letters), p=mg.softmax(3 * scores.numpy()[0, -1]))]
            found += letters[seen[0]]
    return found


story = written("The Zen of", 250)
print(story)
assert result.loss < 0.4
assert story.startswith("The Zen of Python, by Tim Peters")
