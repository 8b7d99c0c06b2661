"""Jmkernes/LSTM-RNN-in-numpy: two LSTM layers over an embedding, functions with caches, sums of tuples; Adam in a class.

As published Adam corrects its moments in place, so that each step corrects them again.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

LAYER = ["Wx", "b", "Wh"]
NAMES = ["W_embed", "Wx", "b", "Wh", "W2", "b2", "Wh2", "W_out", "b_out"]
PLAIN = ["W_embed", "Wx", "b", "Wh", "W_out", "b_out"]
H0, H1 = np.array([0.5, -0.3, 0.2]), np.array([0.1, 0.4])


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def layer(x: Any, h: Any, W: Any, b: Any, U: Any) -> Any:
    c, rows = np.zeros((len(x), len(U))), []
    h = np.ones((len(x), 1)) * h
    for t in range(x.shape[1]):
        i, f, o, g = np.split(b + x[:, t] @ W + h @ U, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        rows.append(h)
    return np.stack(rows, axis=1)


def cross_entropy(z: Any, targets: Any) -> Any:
    chosen = np.sum(z * np.eye(z.shape[2])[targets], axis=2)
    return np.mean(np.log(np.sum(np.exp(z), axis=2)) - chosen)


def loss(
    inputs: Any, targets: Any,
    W_embed: Any, Wx: Any, b: Any, Wh: Any, W2: Any, b2: Any, Wh2: Any, W_out: Any, b_out: Any,
) -> Any:  # fmt: skip
    h = layer(layer(W_embed[inputs], H0, Wx, b, Wh), H1, W2, b2, Wh2)
    return cross_entropy(h @ W_out + b_out, targets)


def fill(net: Any, names: list[str], rng: np.random.Generator) -> dict[str, Any]:
    net.h0, net.h1 = H0.reshape(1, -1), H1.reshape(1, -1)
    net.params = {name: rng.normal(size=net.params[name].shape) for name in names}
    return {name: value.copy() for name, value in net.params.items()}


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.TwoHiddenLayerRNN(5, dict(enumerate("abcde")), input_dim=2, hidden_dim=3, H2=2)
    start = fill(net, NAMES, rng)
    inputs, targets = np.array([[0, 3, 1, 3], [2, 4, 4, 0]]), np.array([[3, 1, 3, 2], [4, 4, 0, 1]])
    return Call(
        net.loss,
        loss,
        {"inputs": inputs, "targets": targets, **start},
        lambda result: result[1],
        (inputs, targets),
        bind={name: f"self.params[{name!r}]" for name in NAMES},
    )


def plain_loss(inputs: Any, targets: Any, W_embed: Any, Wx: Any, b: Any, Wh: Any, W_out: Any, b_out: Any) -> Any:
    x, h, rows = W_embed[inputs], np.ones((len(inputs), 1)) * H0, []
    for t in range(x.shape[1]):
        h = np.tanh(b + h @ Wh + x[:, t] @ Wx)
        rows.append(h)
    return cross_entropy(np.stack(rows, axis=1) @ W_out + b_out, targets)


def adam(module: ModuleType, rng: np.random.Generator) -> Call:
    import RNNs

    net = RNNs.RNN(5, dict(enumerate("abcde")), input_dim=2, hidden_dim=3, cell_type="vanilla")
    start = fill(net, PLAIN, rng)
    optimizer = module.Optimizer(net, lr=0.05)
    inputs, targets = np.array([[0, 3, 1, 3], [2, 4, 4, 0]]), np.array([[3, 1, 3, 2], [4, 4, 0, 1]])

    def train(inputs, targets, steps):
        for _ in range(steps):
            net.h0 = H0.reshape(1, -1)
            _, grads = net.loss(inputs, targets)
            optimizer.adam(grads, slow_start=False)

    return Call(
        train,
        plain_loss,
        {"inputs": inputs, "targets": targets, **start},
        lambda _: {name: net.params[name] - then for name, then in start.items()},
        (inputs, targets, 3),
        bind={name: f"net.params[{name!r}]" for name in PLAIN},
    )


FILE = "layers.py"
PROGRAMS = [
    Program(
        "Jmkernes/LSTM-RNN-in-numpy",
        "RNNs.py",
        build,
        (
            mistake(18, r"np\.add\.at\(dW, inputs, dx\)", "dW[inputs] += dx", "repeated_index_lost", file=FILE),
            mistake(31, r"x\.T\.dot\(dout\)", "x.T.dot(dout)/len(x)", "batch_scale_1_over_N", file=FILE),
            mistake(51, r"\(0,dW,db\)", "(0,dW,0)", "gradient_accumulated_across_steps", "missing_path_through_time", file=FILE),
            mistake(103, r"dc \+ ", "", "missing_path_through_time", file=FILE),
            mistake(
                103,
                r"1-np\.tanh\(c\)\*\*2",
                "1-c**2",
                "derivative_of_activated_value",
                "wrong_activation_derivative",
                "derivative_at_wrong_point",
                file=FILE,
            ),
            mistake(105, r"g\*i", "g", "wrong_activation_derivative", "missing_factor", file=FILE),
            mistake(106, r"c_prev", "c", "wrong_variable", "wrong_time_index", file=FILE),
            mistake(107, r"np\.tanh\(c\)", "c", "wrong_variable", "missing_factor", file=FILE),
            mistake(108, r"d_up", "dc", "missing_path_through_time", "wrong_variable", "upstream_gradient_dropped", file=FILE),
            mistake(109, r"df,do", "do,df", "wrong_variable", "wrong_index", file=FILE),
            mistake(
                114, r"db = np\.sum\(dgate", "db = np.mean(dgate", "bias_gradient_reduction", "batch_scale_1_over_N", file=FILE
            ),
            mistake(167, r"\+dh_next", "", "missing_path_through_time", file=FILE),
            mistake(168, r"0,dWh,0\)", "dh_next,dWh,0)", "gradient_accumulated_across_steps", "wrong_index", file=FILE),
            mistake(166, r"range\(T-1\)", "range(1, T-1)", "loop_cut_short", file=FILE),
            mistake(181, r"-= 1", "-= 0.5", "loss_derivative_wrong", file=FILE),
            two(
                mistake(106, r"c_prev", "c", "wrong_variable", "wrong_time_index", file=FILE),
                mistake(167, r"\+dh_next", "", "missing_path_through_time", file=FILE),
            ),
        ),
        harmless=(
            Edit(105, r"i\*\(1-i\)", "(i-i**2)", FILE),
            Edit(103, r"\(dc \+ dh\*o\*\(1-np\.tanh\(c\)\*\*2\)\)", "dc + dh*o/np.cosh(c)**2", FILE),
            Edit(182, r"dx /= N", "dx = dx / N", FILE),
        ),
        more=(FILE,),
        backward={FILE: (97, 115), "RNNs.py": (214, 218)},
        group="later",
    ),
    Program(
        "Jmkernes/LSTM-RNN-in-numpy",
        "optim.py",
        adam,
        (
            mistake(33, r"\(1-beta1\)", "beta1", "optimizer_rule_wrong", "wrong_variable", "missing_factor"),
            mistake(34, r"\(grads\[k\]\*\*2\)", "grads[k]", "optimizer_rule_wrong", "missing_factor"),
            mistake(34, r"beta2\*self\.s\[k\]", "beta2*self.v[k]", "optimizer_rule_wrong", "wrong_variable"),
            mistake(37, r"beta2\*\*self\.iter_num", "beta2", "optimizer_rule_wrong", "missing_factor"),
            mistake(38, r"np\.sqrt\(s\)", "s", "optimizer_rule_wrong", "missing_factor"),
            mistake(38, r"lr\*v/", "lr*grads[k]/", "optimizer_rule_wrong", "wrong_variable"),
            mistake(40, r"\+= 1", "+= 0", "optimizer_rule_wrong"),
            mistake(139, r"dh_next, dWh = ", "_, dWh = ", "missing_path_through_time", "wrong_variable", file=FILE),
        ),
        harmless=(
            Edit(34, r"\(grads\[k\]\*\*2\)", "np.square(grads[k])"),
            Edit(33, r"beta1\*self\.v\[k\] \+ \(1-beta1\)\*grads\[k\]", "grads[k] + beta1*(self.v[k] - grads[k])"),
        ),
        adaptive=True,
        more=(FILE, "RNNs.py"),
        mend=(
            Edit(34, r"$", "; v, s = self.v[k], self.s[k]"),
            Edit(36, r"self\.v\[k\] /= ", "v = v / "),
            Edit(37, r"self\.s\[k\] /= ", "s = s / "),
            Edit(38, r"self\.v\[k\](.*)self\.s\[k\]", r"v\1s"),
        ),
        published=("optimizer_rule_wrong",),
        blame=(36, 37, 38),
        name="adam",
        group="later",
    ),
]
