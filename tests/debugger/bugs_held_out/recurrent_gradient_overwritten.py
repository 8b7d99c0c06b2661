"""A many-to-one RNN for short melodies in column vectors. The recurrent weights hardly move, everything else trains."""

import numpy as np


def step_forward(note, memory, par):
    return np.tanh(par["in"] @ note + par["rec"] @ memory + par["off"])


def listen(melody, par):
    memories = [np.zeros_like(par["off"])]
    for note in melody:
        memories.append(step_forward(note, memories[-1], par))
    return memories


def backward(melody, memories, mood, par):
    slopes = {name: np.zeros_like(value) for name, value in par.items()}
    z = par["out"] @ memories[-1]
    chance = 1 / (1 + np.exp(-z))
    dz = chance - mood
    slopes["out"] = dz @ memories[-1].T
    dm = par["out"].T @ dz
    for k in range(len(melody) - 1, -1, -1):
        da = dm * (1 - memories[k + 1] ** 2)
        slopes["in"] += da @ melody[k].T
        slopes["rec"] = da @ memories[k].T
        slopes["off"] += da
        dm = par["rec"].T @ da
    return slopes


def train(melody, mood, par, pace=0.1, hearings=4):
    for _ in range(hearings):
        memories = listen(melody, par)
        slopes = backward(melody, memories, mood, par)
        for name in par:
            par[name] -= pace * slopes[name]


def loss(melody, mood, w_in, w_rec, off, w_out):
    m = np.zeros((4, 1))
    for note in melody:
        m = np.tanh(w_in @ note + w_rec @ m + off)
    z = np.sum(w_out @ m)
    return np.log(1 + np.exp(z)) - mood * z


BIND = {"w_in": "par['in']", "w_rec": "par['rec']", "off": "par['off']", "w_out": "par['out']"}


def make(rng):
    par = {"in": rng.normal(size=(4, 2)), "rec": rng.normal(size=(4, 4)) * 0.6, "off": rng.normal(size=(4, 1)) * 0.5}
    par["out"] = rng.normal(size=(1, 4))
    return ([rng.normal(size=(2, 1)) for _ in range(5)], 1.0, par), {}


TRUTH = {
    "lines": ['slopes["rec"] = da @ memories[k].T'],
    "cause": {"missing_term", "loop_cut_short", "missing_path_through_time", "gradient_overwritten"},
    "wrong": {"w_rec"},
    "fixed": ('slopes["rec"] = da', 'slopes["rec"] += da'),
}
PROOF = {"steps": "hearings", "after": "w_in w_rec off w_out"}
