"""GRU in a notebook, rows, gates joined in one matrix. Learns short dependencies only; gradient check passes for one step."""

import numpy as np


def sgm(v):
    return 1 / (1 + np.exp(-v))


def gru_step(x, h_old, G, g, N, n):
    joint = np.concatenate([x, h_old], axis=1)
    keep, reset = np.split(sgm(joint @ G + g), 2, axis=1)
    joint_r = np.concatenate([x, reset * h_old], axis=1)
    fresh = np.tanh(joint_r @ N + n)
    h = keep * h_old + (1 - keep) * fresh
    return h, (joint, keep, reset, joint_r, fresh, h_old)


def gru_step_back(dh, memo, G, N):
    joint, keep, reset, joint_r, fresh, h_old = memo
    width = h_old.shape[1]
    d_fresh = dh * (1 - keep) * (1 - fresh**2)
    d_keep = dh * (h_old - fresh)
    d_joint_r = d_fresh @ N.T
    d_gated = d_joint_r[:, -width:]
    d_reset = d_gated * h_old
    gates = np.concatenate([d_keep * keep * (1 - keep), d_reset * reset * (1 - reset)], axis=1)
    d_joint = gates @ G.T
    d_old = d_joint[:, -width:] + d_gated * reset
    return d_old, joint.T @ gates, gates.sum(0), joint_r.T @ d_fresh, d_fresh.sum(0)


def train(story, ending, G, g, N, n, readout, pace=0.1, n_read=3):
    for _ in range(n_read):
        h = np.zeros((story.shape[1], len(n)))
        memos = []
        for x in story:
            h, memo = gru_step(x, h, G, g, N, n)
            memos.append(memo)
        residue = (h @ readout - ending) / len(ending)
        d_readout = h.T @ residue
        dh = residue @ readout.T
        sums = [np.zeros_like(w) for w in (G, g, N, n)]
        for memo in memos[::-1]:
            dh, *pieces = gru_step_back(dh, memo, G, N)
            sums = [s + p for s, p in zip(sums, pieces)]
        G, g, N, n = (w - pace * s for w, s in zip((G, g, N, n), sums))
        readout = readout - pace * d_readout
    return G, g, N, n, readout


def loss(story, ending, G, g, N, n, readout):
    h = np.zeros((4, 3))
    for t in range(4):
        both = 1 / (1 + np.exp(-(np.concatenate([story[t], h], axis=1) @ G + g)))
        keep, reset = both[:, :3], both[:, 3:]
        h = keep * h + (1 - keep) * np.tanh(np.concatenate([story[t], reset * h], axis=1) @ N + n)
    return 0.5 * np.sum((h @ readout - ending) ** 2) / len(ending)


def make(rng):
    shapes = ((5, 6), (6,), (5, 3), (3,), (3, 1))
    return (rng.normal(size=(4, 4, 2)), rng.normal(size=(4, 1)), *(rng.normal(size=s) * 0.8 for s in shapes)), {}


TRUTH = {
    "lines": ["d_old = d_joint[:, -width:] + d_gated * reset"],
    "cause": {"missing_path_through_time", "missing_term"},
    "wrong": {"G", "g", "N", "n"},
    "fixed": ("d_joint[:, -width:] + d_gated * reset", "d_joint[:, -width:] + d_gated * reset + dh * keep"),
}
PROOF = {"steps": "n_read", "after": {name: f"out[{k}]" for k, name in enumerate(("G", "g", "N", "n", "readout"))}}
