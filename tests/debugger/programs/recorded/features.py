"""Programs that use what NumPy and Python offer, each in its own way: the recorder must take them as they stand."""

import copy, functools, itertools, math, pickle, random
from collections import deque, namedtuple
from dataclasses import dataclass
import numpy as np
import numpy.random as npr
from numpy import exp, zeros_like as zl
from math import exp as mexp
from functools import reduce
import operator
try:
    import scipy.special as sp, scipy.signal as sg
except ImportError:
    sp = None

COUNT = [0.5, 0.25]
TABLE = {"tanh": np.tanh, "id": lambda v: v}
SCALE = 1.5
rng0 = np.random.default_rng(3)

def f_matrix(x):
    m = np.matrix(x); a = m * m.T + 1.0; b = a.I; c = a.A1; d = m[0]; m[1] = d * 2
    e = np.multiply(m, 3); return a, b, c, m, e.T * m.A, np.linalg.norm(m[:, 0])
def f_views(x):
    x = x.copy(); r = x[1]; c = x[:, 0]; t = x.T; r += 1.0; c *= 2.0; t[0, 1] = 7.0; x[0] -= r
    y = x.reshape(-1); y[3:5] = 0.5; z = y[::-1]; z[0] += 1; u = np.ravel(x); u -= 0.25
    return r * c[0], t.sum(), x, r + 0, z * 1.0
def f_masks(x):
    h = np.maximum(x, 0); d = np.ones_like(x); d[h <= 0] = 0; d[x > 1] *= 3.0; d[[0, 1], [1, 0]] += x[[1, 0], [0, 1]]
    i = np.argmax(x, axis=1); d[np.arange(len(x)), i] -= 1; np.add.at(d, ([0, 0], [0, 0]), x[0, :2]); k = x.argmin(); return d, i, d.flat[k], np.where(x > 0)[0]
def f_out(x):
    o = np.empty_like(x); np.exp(x, out=o); np.multiply(o, 2.0, o); np.dot(x, x.T, out=np.empty((3,3))); o[:, 1:2] = 1; np.copyto(o[0], x[1]); o.fill(3.0); np.clip(x, -1, 1, out=o); o.sort(axis=1)
    b = np.cumsum(x, axis=0, out=np.empty_like(x)); np.fill_diagonal(o, 9.0); np.put(o, [1], [2.5]); return o, b, np.nan_to_num(o, copy=False)
def f_lists(x):
    w = x.tolist(); b = [0.1, 0.2, 0.3]; o = []
    for row, c in zip(w, b):
        s = c
        for v, u in zip(row, range(3)): s += v * u * 0.5
        o.append(1 / (1 + math.exp(-s)))
    o[0] -= 0.5; w[0][1] = o[2]; m = max(o); k = o.index(m); w[k][0] += m
    a = sum(v * q for v, q in zip(o, b)); t = sum(o) / len(o); p = reduce(operator.mul, o); q = list(map(math.tanh, o)); return w, o, a, t, p, q, sorted(o), abs(-a), round(a, 3), pow(a, 2), divmod(a, 0.3), min(o, key=lambda v: -v)
def f_branch(x):
    s = 0.0; n = 0
    for v in x.flat:
        if v > 0 and n < 5: s += v
        elif not v: s -= 1
        else: s += v * 0.1 if v < -0.5 else 0.0
        n += 1
    while s > 1: s = s * 0.5
    return s, 0 < s < 1, s or 3.0, (x > 0).any(), float(x[0, 0] > 0) * s, (x[0, 0] > 0) * s
def f_iter(x):
    a = [r * 2 for r in x]; b = [v for r in x for v in r]; c = list(x[0]); d, e, g, h = x[1]; (p, q), z = (x[0, :2], x[0, 2:]), 1
    for i, r in enumerate(x): r[i] += c[i]
    for (i, j), v in np.ndenumerate(x): b[0] += v * i
    k = [*x[2]]; m = np.hypot(*x[0, :2]); l = [u + v for u, v in zip(x[0], x[1])]; y = list(reversed(x[0])); w = np.array(l); s = {i: r.sum() for i, r in enumerate(x)}
    for v in np.nditer(x, op_flags=["readwrite"]): v[...] = 2 * v
    first, *rest = x[0]; n = max(x[0]); o = sum(x[1]); t = sorted(x[2]); return a, b, c, d, e, g, h, p, q, k, m, l, y, w, s, x, first, rest, n, o, t, min(b), tuple(x[0]), dict(zip("ab", x[0]))
def f_random(x):
    npr.seed(3); a = npr.randn(2, 2); b = np.random.rand(); random.seed(1); c = random.random() + random.gauss(0, 1); r = np.random.RandomState(4); d = r.normal(x[0], 0.5); g = np.random.default_rng(5); e = g.permutation(x); f = x.copy(); g.shuffle(f); np.random.shuffle(f)
    h = np.random.choice(x[0], 3); l = x.tolist(); random.shuffle(l); i = rng0.normal(size=2); m = np.random.default_rng().normal(); k = random.choice(l); j = npr.permutation(3); n = random.sample(l, 2); return a, b * x, c, d, e, f, h, l, i, m, k, j, x[j], n
def f_copy(x):
    p = {"W": x, "b": [x[0], 0.5]}; q = copy.deepcopy(p); q["W"] += 1; r = pickle.loads(pickle.dumps(q)); r["b"][1] *= 2; s = copy.copy(x); t = x.copy(); u = dict(p); u["b"] = [v * 2 for v in u["b"]]; return p, q, r, s * t, u, copy.deepcopy(x) * 3
class Base:
    rate = 0.1; hist = []
    def __init__(self, n): self.n = n; self.__w = np.ones(n) * 0.5; self.g = None
    @property
    def w(self): return self.__w
    @staticmethod
    def sig(z): return 1.0 / (1.0 + exp(-z))
    @classmethod
    def make(cls, n): return cls(n)
    def step(self, x):
        self.__w -= self.rate * x; self.__w[0] *= 2.0; self.hist.append(self.__w.sum()); return self
    def __call__(self, x): return self.sig(x @ self.__w)
class Net(Base):
    __slots__ = ("extra",)
    def __init__(self, n): super().__init__(n); self.extra = 2.5; self.total = 0.0
    def step(self, x): super().step(x); self.total += self.bump(); return self
    def bump(self): self.total = self.total + 1.0; return self.total * 0.5
P = namedtuple("P", "a b")
@dataclass
class D:
    a: np.ndarray
    b: float = 0.5
def f_class(x):
    n = Net.make(4); n.step(x[0]).step(x[1]); d = D(x[0]); d.b += 0.25; d.a[0] = d.b; p = P(x[0] * 2, 0.3); a, b = p; return n, n.w, n(x), d, p, a * b, Base.hist[-1], n.rate * n.extra
def gen(x):
    for r in x: yield r * 0.5
def f_flow(x):
    g = [v.sum() for v in gen(x)]; f = lambda a, b=0.5: a * b; h = functools.partial(f, b=x[0, 1]); acc = []
    def inner(v, store=acc):
        nonlocal g; g = [u + v for u in g]; store.append(v); return v + 1
    y = inner(x[0, 0]); y = inner(y); z = f(h(y)); TABLE["k"] = z; t = TABLE["tanh"](z) + TABLE["id"](z); x[0], x[1] = x[1].copy(), x[0].copy(); x[0, 0], i = x[1, 1], 0; a = b = c = x[2] * 2; a[0] = b[1] = 5.0; u = [x[0], x[1]]; u[0][1], u[1][1] = u[1][1], u[0][1]
    match len(u):
        case 2 if z > -100: q = z * 2
        case _: q = 0.0
    try: v = 1.0 / (z - z) if False else x[0, 0] / 2
    except ZeroDivisionError: v = 0.0
    try: raise ValueError("x")
    except ValueError as e: v += 1
    if (w := x[0].sum()) > -50: v += w
    r = (lambda s: s if s < 1 else s / 2)(v); m = np.vectorize(lambda s: s * s if s > 0 else 0.0)(x); n = np.apply_along_axis(lambda s: s * 2, 1, x); o = np.fromiter((s * 2 for s in x[0]), float); assert z == z, "no"; del u
    return g, y, z, t, a, b, q, v, r, m, n, o, acc, f"{z:.3f}", str(z)[:3], "%d" % 3
def f_types(x):
    f = x.astype(np.float32); g = f * 0.5 + f[0, 0] * 2.0; c = x + 1j * x; d = np.abs(c) * c.real + c.imag; o = np.array([x[0], x[0, :2]], dtype=object); p = o * 2; o[1] = o[1] + 1; i = x.astype(int); i += 1; j = i // 2 % 2; k = np.int64(3) * x[0, 0]; l = float(x[0, 0]) + int(x[0, 0] * 10); s, t = np.split(x, [1]); u = np.meshgrid(x[0], x[1]); v = x[0].item(2) * x[0].tolist()[1]; m = np.mgrid[0:2, 0:2] * 0.5; return g, d, p, o, j, k, l, s * 2, t, u, v, np.r_[x[0], 1.0], np.c_[x[:, 0], x[:, 1]], m, x.mean(), np.float32(0.5) * f[0, 1], -x[0, 0], ~(x > 0), np.linalg.svd(x[:3, :3]), np.linalg.inv(x[:3, :3] + np.eye(3) * 5), x.real * 2, x[0, 0].round(2), np.einsum("ij,kj->ik", x, x), np.stack([r for r in x]), np.sqrt(x[0, 0] ** 2), 2 ** x[0], x[0] ** 2
def f_flat(x):
    th = np.concatenate([x.ravel(), x[0]]); W = th[:12].reshape(3, 4); b = th[12:]; th -= 0.1; W[0] += b; b[:] = W.sum(0); g = np.zeros_like(th); gW, gb = g[:12].reshape(3, 4), g[12:]; gW += W * 2; gb += 1; th -= 0.5 * g; x.flat[2] = 5.0; x.flat = x.flat[::-1].copy() if False else x.ravel() * 2; y = x.flat[3] * 2; z = [v * 2 for v in x.flat]; w = np.broadcast_to(x[0], (2, 4)) * 2; s = np.lib.stride_tricks.sliding_window_view(x[0], 2) * 1.0; x[0] += 1; t = np.lib.stride_tricks.as_strided(x, (2, 2), (8, 8)); x[0, 0] = 9.0; return th, W * 1, b + 0, g, y, z, w, s, t + 1, x
def f_globals(x):
    global SCALE
    SCALE = SCALE * 2.0; COUNT.append(SCALE + x[0, 0]); COUNT[0] += 1.0; f_globals.calls = getattr(f_globals, "calls", 0.5) + 1.0; print("noise"); open("never_written_by_a_recorded_program.txt", "w").write("x"); return COUNT, SCALE * x
def f_scipy(x):
    if sp is None: return x
    return sp.expit(x), sp.logsumexp(x, axis=1), sg.convolve2d(x, x[:2, :2], mode="valid"), sp.expit(x[0, 0])
def f_rec(x):
    def fact(v, n): return v if n == 0 else fact(v * 0.5 + x[0, 0], n - 1)
    q = deque([x[0], x[1]], maxlen=2); q.append(x[2] * 2); s = set(); s.add(1); it = iter(x[0]); a = next(it) * 2; return fact(x[0, 1], 200), q[0] * q[1], a, list(itertools.accumulate(x[0])), [v for v in itertools.chain(x[0], x[1])], list(filter(lambda v: v > 0, x[0])), any(v > 1 for v in x[0]), all([x[0, 0] < 1])
def f_raise(x):
    y = x * 2; z = y[0] + 1; return y[10]
