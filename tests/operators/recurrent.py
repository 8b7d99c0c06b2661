"""Records of `microgradnp/rules/recurrent.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from microgradnp.rules.recurrent import gru, lstm, rnn
from operators.record import Operator, Random, Sample, draw


def sequences(gates: int, biases: int) -> Any:
    """Packed arguments: rows of z, of U, of the biases, and of the first state."""

    def samples(random: Random) -> Iterator[Sample]:
        for steps, number, units in ((3, 2, 2), (1, 1, 1), (2, 3, 1)):
            yield Sample((draw(random, (steps * number + units + biases + number, gates * units), -1, 1), steps))

    return samples


def rnn_torch(torch: Any, packed: Any, steps: int) -> Any:
    z, U, h = parts(packed, steps, 1, 0)
    states = []
    for now in z:
        h = torch.tanh(now + h @ U)
        states.append(h)
    return torch.stack(states)


def lstm_torch(torch: Any, packed: Any, steps: int) -> Any:
    """All steps with PyTorch's functions, as the formulas say."""
    z, U, start = parts(packed, steps, 4, 0)
    units, states = U.shape[0], []
    h, c = start[:, :units], start[:, units : 2 * units]
    for now in z:
        i, f, g, o = torch.split(now + h @ U, units, dim=1)
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        c = f * c + i * g
        h = o * torch.tanh(c)
        states.append(torch.stack([h, c, i, f, g, o]))
    return torch.stack(states, dim=1)


def gru_torch(torch: Any, packed: Any, steps: int) -> Any:
    z, U, rest = parts(packed, steps, 3, 1)
    units, states = U.shape[0], []
    a, h = rest[0, 2 * units :], rest[1:, :units]
    for now in z:
        (zr, zu, zn), (qr, qu, qn) = torch.split(now, units, dim=1), torch.split(h @ U, units, dim=1)
        r, u, m = torch.sigmoid(zr + qr), torch.sigmoid(zu + qu), qn + a
        n = torch.tanh(zn + r * m)
        h = (1 - u) * n + u * h
        states.append(torch.stack([h, r, u, n, m]))
    return torch.stack(states, dim=1)


def parts(packed: Any, steps: int, gates: int, biases: int) -> Any:
    units = packed.shape[1] // gates
    number = (packed.shape[0] - units - biases) // (steps + 1)
    rows = steps * number
    return packed[:rows].reshape(steps, number, -1), packed[rows : rows + units], packed[rows + units :]


OPERATORS = [
    Operator(rnn, sequences(1, 0), torch=rnn_torch),
    Operator(lstm, sequences(4, 0), torch=lstm_torch),
    Operator(gru, sequences(3, 1), torch=gru_torch),
]
