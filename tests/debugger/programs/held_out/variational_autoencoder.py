"""A variational autoencoder with the noise drawn beforehand: reparametrised code, cross-entropy of pixels and the KL term."""

import numpy as np


class VAE:
    def __init__(self, n_pix, n_hid, n_code, rng):
        shapes = {
            "We": (n_pix, n_hid), "be": (n_hid,), "Wm": (n_hid, n_code), "bm": (n_code,), "Ws": (n_hid, n_code), "bs": (n_code,),
            "Wd": (n_code, n_hid), "bd": (n_hid,), "Wx": (n_hid, n_pix), "bx": (n_pix,),
        }
        self.p = {name: 0.5 * rng.normal(size=shape) for name, shape in shapes.items()}

    def encode(self, x):
        p = self.p
        self.x = x
        self.h = np.tanh(x @ p["We"] + p["be"])
        self.mean = self.h @ p["Wm"] + p["bm"]
        self.logvar = self.h @ p["Ws"] + p["bs"]

    def decode(self, eps):
        p = self.p
        self.eps = eps
        self.code = self.mean + np.exp(0.5 * self.logvar) * eps
        self.pre_g = self.code @ p["Wd"] + p["bd"]
        self.g = np.maximum(self.pre_g, 0.2 * self.pre_g)
        self.recon = 1 / (1 + np.exp(-(self.g @ p["Wx"] + p["bx"])))

    def grads(self):
        p, out = self.p, {}
        n = len(self.x)
        dout = (self.recon - self.x) / n
        out["Wx"], out["bx"] = self.g.T @ dout, dout.sum(0)
        dg = dout @ p["Wx"].T
        dg[self.pre_g < 0] *= 0.2
        out["Wd"], out["bd"] = self.code.T @ dg, dg.sum(0)
        dcode = dg @ p["Wd"].T
        dmean = dcode + self.mean / n
        dlogvar = dcode * self.eps * 0.5 * np.exp(0.5 * self.logvar) + 0.5 * (np.exp(self.logvar) - 1) / n
        out["Wm"], out["bm"] = self.h.T @ dmean, dmean.sum(0)
        out["Ws"], out["bs"] = self.h.T @ dlogvar, dlogvar.sum(0)
        dh = dmean @ p["Wm"].T + dlogvar @ p["Ws"].T
        dh *= 1 - self.h**2
        out["We"], out["be"] = self.x.T @ dh, dh.sum(0)
        return out


def train(vae, x, eps, lr=0.05, epochs=4):
    for epoch in range(epochs):
        vae.encode(x)
        vae.decode(eps)
        for name, g in vae.grads().items():
            vae.p[name] = vae.p[name] - lr * g


def loss(x, eps, We, be, Wm, bm, Ws, bs, Wd, bd, Wx, bx):
    h = np.tanh(x @ We + be)
    mean, logvar = h @ Wm + bm, h @ Ws + bs
    g = (mean + np.exp(0.5 * logvar) * eps) @ Wd + bd
    s = np.where(g > 0, g, 0.2 * g) @ Wx + bx
    pixels = np.sum(np.log(1 + np.exp(s)) - x * s)
    return (pixels - 0.5 * np.sum(1 + logvar - mean**2 - np.exp(logvar))) / len(x)


def make(rng):
    return (VAE(5, 4, 2, rng), rng.random(size=(6, 5)), rng.normal(size=(6, 2))), {}


NAMES = "We be Wm bm Ws bs Wd bd Wx bx"
PROOF = {"steps": "epochs", "at": {n: f"vae.p['{n}']" for n in NAMES.split()}, "after": NAMES}
