"""A bidirectional RNN that tags words: two passes over one sequence with a shared helper, softmax at every word."""

import numpy as np


class BiTagger:
    def __init__(self, dim_in, dim_h, n_tags, seed):
        r = np.random.default_rng(seed)
        self.U_f, self.V_f, self.c_f = r.normal(size=(dim_h, dim_in)), r.normal(size=(dim_h, dim_h)) * 0.5, r.normal(size=dim_h)
        self.U_b, self.V_b, self.c_b = r.normal(size=(dim_h, dim_in)), r.normal(size=(dim_h, dim_h)) * 0.5, r.normal(size=dim_h)
        self.S = r.normal(size=(n_tags, 2 * dim_h)) * 0.5

    def walk(self, words, U, V, c, order):
        states, prev = {}, np.zeros(len(c))
        for t in order:
            prev = np.tanh(U @ words[t] + V @ prev + c)
            states[t] = prev
        return states

    def walk_back(self, words, V, states, dstates, order):
        order = list(order)
        gU, gV, gc = 0.0, np.zeros_like(V), 0.0
        carried = np.zeros(V.shape[0])
        for pos in range(len(order) - 1, -1, -1):
            t = order[pos]
            dpre = (dstates[t] + carried) * (1 - states[t] ** 2)
            gU = gU + np.outer(dpre, words[t])
            gc = gc + dpre
            if pos > 0:
                gV += np.outer(dpre, states[order[pos - 1]])
            carried = V.T @ dpre
        return gU, gV, gc

    def fit_sentence(self, words, tags, eta):
        T, H = len(words), len(self.c_f)
        there, back_again = range(T), range(T - 1, -1, -1)
        fs = self.walk(words, self.U_f, self.V_f, self.c_f, there)
        bs = self.walk(words, self.U_b, self.V_b, self.c_b, back_again)
        gS, dfs, dbs = np.zeros_like(self.S), {}, {}
        for t in range(T):
            both = np.concatenate([fs[t], bs[t]])
            scores = self.S @ both
            p = np.exp(scores - scores.max())
            p /= p.sum()
            p[tags[t]] -= 1
            gS += np.outer(p, both)
            dboth = self.S.T @ p
            dfs[t], dbs[t] = dboth[:H], dboth[H:]
        gU_f, gV_f, gc_f = self.walk_back(words, self.V_f, fs, dfs, there)
        gU_b, gV_b, gc_b = self.walk_back(words, self.V_b, bs, dbs, back_again)
        self.S -= eta * gS
        self.U_f -= eta * gU_f
        self.V_f -= eta * gV_f
        self.c_f -= eta * gc_f
        self.U_b -= eta * gU_b
        self.V_b -= eta * gV_b
        self.c_b -= eta * gc_b


def train(tagger, words, tags, eta=0.05, passes=4):
    for _ in range(passes):
        tagger.fit_sentence(words, tags, eta)


def loss(words, tags, U_f, V_f, c_f, U_b, V_b, c_b, S):
    f, b = np.zeros(3), np.zeros(3)
    forth, back = [], []
    for t in range(5):
        f = np.tanh(U_f @ words[t] + V_f @ f + c_f)
        b = np.tanh(U_b @ words[4 - t] + V_b @ b + c_b)
        forth.append(f)
        back.insert(0, b)
    total = 0.0
    for t in range(5):
        scores = S @ np.concatenate([forth[t], back[t]])
        total = total + np.log(np.sum(np.exp(scores))) - scores[tags[t]]
    return total


def make(rng):
    return (BiTagger(2, 3, 3, rng.integers(1000)), rng.normal(size=(5, 2)), [0, 2, 1, 1, 0]), {}


NAMES = "U_f V_f c_f U_b V_b c_b S"
PROOF = {"steps": "passes", "at": {n: "tagger." + n for n in NAMES.split()}, "after": NAMES}
