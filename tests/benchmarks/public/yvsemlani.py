"""YVSemlani/numpy-transformer: one embedding for two sequences, masked and crossed attention, a softmax row by row."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

MASK = np.triu(np.full((3, 3), -1e9), 1)[None]


def softmax(z: Any) -> Any:
    e = np.exp(z)
    return e / np.sum(e, axis=2, keepdims=True)


def mix(q: Any, k: Any, v: Any, mask: Any) -> Any:
    return softmax(q @ k.transpose(0, 2, 1) / 2 + mask) @ v


def loss(
    source: Any, target: Any, labels: Any,
    E: Any, Wq1: Any, bq1: Any, Wk1: Any, Wv1: Any, bv1: Any, Wq2: Any, bq2: Any, Wk2: Any, Wv2: Any, bv2: Any, W: Any, b: Any,
) -> Any:  # fmt: skip
    x, y = E[source], E[target]
    y = mix(y @ Wq1 + bq1, y @ Wk1, y @ Wv1 + bv1, MASK)
    y = mix(y @ Wq2 + bq2, x @ Wk2, x @ Wv2 + bv2, 0)
    return -np.mean(np.sum(np.log(softmax(y @ W + b)) * np.eye(6)[labels], axis=2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from modules import embedding, functions, linear
    from modules import loss as losses

    table, out = embedding.Embedding(6, 4), linear.LinearLayer(4, 6)
    first, second = module.SingleHeadAttention(4), module.SingleHeadCrossAttention(4)
    rows, criterion = functions.Softmax(), losses.CrossEntropyLoss()
    homes = {"E": (table, "embedding_matrix", "table.embedding_matrix")}
    for block, owner, number in (("first", first, 1), ("second", second, 2)):
        for part in "qkv":
            layer = getattr(owner, f"w_{part}")
            homes[f"W{part}{number}"] = (layer, "weights", f"{block}.w_{part}.weights")
            if part != "k":  # softmax does not see the bias of the keys
                homes[f"b{part}{number}"] = (layer, "bias", f"{block}.w_{part}.bias")
    homes |= {"W": (out, "weights", "out.weights"), "b": (out, "bias", "out.bias")}
    start = {name: rng.normal(size=getattr(owner, key).shape) for name, (owner, key, _) in homes.items()}
    for name, (owner, key, _) in homes.items():
        setattr(owner, key, start[name].copy())
    keys = {"embedding_matrix": "dLdE", "weights": "dLdW", "bias": "dLdb"}
    source, target = np.array([[0, 3, 1, 3], [5, 2, 2, 4]]), np.array([[1, 0, 4], [2, 3, 5]])
    labels = np.array([[0, 4, 2], [3, 5, 1]])

    def train(source, target, labels):
        table.zero_grad()
        x, y = table(source), table(target, is_decoder=True)
        probs = rows(out(second(first(y, MASK), x)))
        grad_y, grad_x = second.backward(out.backward(criterion.backward(probs, labels)))
        table.backward(grad_x)
        table.backward(first.backward(grad_y), is_decoder=True)

    return Call(
        train,
        loss,
        {"source": source, "target": target, "labels": labels, **start},
        lambda _: {name: owner.gradients[keys[key]] for name, (owner, key, _) in homes.items()},
        (source, target, labels),
        bind={name: place for name, (_, _, place) in homes.items()},
    )


LINEAR, TABLE, ROWS, LOSS = (f"modules/{name}.py" for name in ("linear", "embedding", "functions", "loss"))
PROGRAMS = [
    Program(
        "YVSemlani/numpy-transformer",
        "modules/attention.py",
        build,
        (
            mistake(38, r"\.transpose\(0, 2, 1\)", "", "transposed"),
            mistake(41, r"\['v'\]", "['k']", "wrong_variable"),
            mistake(
                44, r"self\.softmax\.backward\(dLdAttn\)", "dLdAttn", "missing_activation_derivative", "softmax_jacobian_wrong"
            ),
            mistake(47, r" / np\.sqrt\(self\.hidden_dim\)", "", "missing_factor"),
            mistake(53, r"\.transpose\(0, 2, 1\)", "", "transposed"),
            mistake(63, r" \+ dLdX_v", "", "upstream_gradient_dropped"),
            mistake(137, r"np\.sqrt\(self\.hidden_dim\)", "self.hidden_dim", "missing_factor", "extra_factor"),
            mistake(143, r"\['q'\]", "['k'][:, : dLdScores.shape[1]]", "wrong_variable"),
            mistake(151, r"dLdV", "dLdK", "wrong_variable"),
            mistake(158, r"dLdX_2_k \+ dLdX_2_v", "dLdX_2_v", "upstream_gradient_dropped"),
            mistake(33, r" - np\.outer\(y_i, y_i\)", " - np.diag(y_i * y_i)", "softmax_jacobian_wrong", file=ROWS),
            mistake(34, r"dLdY_i", "y_i", "upstream_gradient_dropped", "wrong_variable", file=ROWS),
            mistake(
                31,
                r"np\.sum\(dLdY, axis=\(0, 1\)\)",
                "np.mean(np.sum(dLdY, axis=1), axis=0)",
                "bias_gradient_reduction",
                "batch_scale_1_over_N",
                file=LINEAR,
            ),
            mistake(30, r"x_reshaped\.T", "x_reshaped.T / seq_len", "batch_scale_1_over_N", "extra_factor", file=LINEAR),
            mistake(32, r"self\.weights\.T", "dLdW.T", "gradient_or_update_used_for_weight", "wrong_variable", file=LINEAR),
            mistake(57, r"\+=", "=", "repeated_index_lost", "gradient_accumulated_across_steps", file=TABLE),
            mistake(36, r"\['decoder_tokens'\]", "['encoder_tokens'][:, :3]", "wrong_variable", "wrong_index", file=TABLE),
            mistake(60, r"- y_true_onehot", "- y_true_onehot / vocab_size", "loss_derivative_wrong", "extra_factor", file=LOSS),
            two(
                mistake(53, r"\.transpose\(0, 2, 1\)", "", "transposed"),
                mistake(57, r"\+=", "=", "repeated_index_lost", "gradient_accumulated_across_steps", file=TABLE),
            ),
        ),
        harmless=(
            Edit(33, r"np\.diag\(y_i\) - np\.outer\(y_i, y_i\)", "(np.eye(len(y_i)) - y_i) * y_i[:, None]", ROWS),
            Edit(31, r"np\.sum\(dLdY, axis=\(0, 1\)\)", "dLdY_reshaped.sum(axis=0)", LINEAR),
            Edit(50, r"dLdScores @ self\.intermediate_vars\['k'\]", "np.matmul(dLdScores, self.intermediate_vars['k'])"),
        ),
        more=(LINEAR, TABLE, ROWS, LOSS, "modules/base.py"),
        backward={"modules/attention.py": (35, 161), LINEAR: (20, 43), ROWS: (22, 36), TABLE: (34, 57)},
        group="later",
    )
]
