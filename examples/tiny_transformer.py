"""A transformer of two blocks turns sequences around: position t of the answer is digit n - t of the question.

The model sees the question, a separator, and the answer so far. It is trained to name the next digit.

python examples/tiny_transformer.py
"""

import numpy as np

import microgradnp as mg

DIGITS, LENGTH, UNITS = 10, 6, 32
SEPARATOR = DIGITS


class Transformer(mg.nn.Module):
    """Numbers (samples, time) -> scores of the next number (samples, time, DIGITS)."""

    def __init__(self):
        self.symbols = mg.nn.Embedding(DIGITS + 1, UNITS, rng=0)
        self.places = mg.nn.Embedding(2 * LENGTH, UNITS, rng=1)
        self.blocks = [mg.nn.TransformerBlock(UNITS, 4, 64, causal=True, rng=2 + k) for k in range(2)]
        self.norm = mg.nn.LayerNorm(UNITS)
        self.scores = mg.nn.Linear(UNITS, DIGITS, rng=4)

    def forward(self, numbers):
        x = self.symbols(numbers) + self.places(np.arange(np.shape(numbers)[1]))
        for block in self.blocks:
            x = block(x)
        return self.scores(self.norm(x))


def questions(number, rng):
    """Inputs (number, 2 * LENGTH) and the reversed digits (number, LENGTH)."""
    digits = rng.integers(0, DIGITS, (number, LENGTH))
    turned = digits[:, ::-1]
    return np.concatenate([digits, np.full((number, 1), SEPARATOR), turned[:, :-1]], axis=1), turned


model, rng = Transformer(), np.random.default_rng(5)
print(model)


def loss(numbers, turned):
    return mg.cross_entropy(model(numbers)[:, LENGTH:], turned)


result = mg.fit(
    loss,
    model,
    lambda: (questions(64, rng) for _ in range(350)),
    optimizer=mg.optim.AdamW(lr=3e-3),
    schedule=mg.optim.warm_up(mg.optim.cosine(3e-3, 300), 50),
    clip_norm=1.0,
    progress=False,
)
print(result)

asked, turned = questions(200, np.random.default_rng(6))
answer = asked[:, : LENGTH + 1]
with mg.no_grad():
    for _ in range(LENGTH):  # one digit after the other
        answer = np.concatenate([answer, np.argmax(model(answer).numpy()[:, -1:], axis=-1)], axis=1)
right = np.all(answer[:, LENGTH + 1 :] == turned, axis=1).mean()
print(f"{asked[0, :LENGTH]} turned around: {answer[0, LENGTH + 1 :]}; {right:.0%} of 200 new questions are right")
assert right >= 0.95
