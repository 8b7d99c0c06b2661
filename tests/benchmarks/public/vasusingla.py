"""vasusingla/numpy-vanilla-rnn: embeddings, stacked RNN layers of columns, and a dense layer on the last output; from Python 2.

As published the mean over the batch is taken again in each layer, and the first hidden state is a view that the loop overwrites.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, target: Any, E: Any, W1: Any, b1: Any, W2: Any, b2: Any, W: Any, b: Any) -> Any:
    first, second = np.zeros((3, len(X))), np.zeros((3, len(X)))
    for t in range(X.shape[1]):
        first = np.tanh(W1.T @ np.concatenate([E[X[:, t]].T, first]) + b1)
        second = np.tanh(W2.T @ np.concatenate([first, second]) + b2)
    z = (W.T @ second + b).T
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(np.eye(2)[target] * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from Criterion import Criterion

    model, criterion = module.Model(2, 3, 5, 2), Criterion()
    homes = {"E": (model._embed, "_ematrix")}
    homes |= {f"{name}{k + 1}": (model._rnn_list[k], f"_{name}a") for k in range(2) for name in "Wb"}
    homes |= {name: (model._fc_last, f"_{name}") for name in "Wb"}
    start = {key: rng.normal(size=getattr(*home).shape) for key, home in homes.items()}
    for key, (layer, name) in homes.items():
        setattr(layer, name, start[key].copy())
    X, target = np.array([[1, 0, 3, 1], [2, 4, 4, 0], [0, 1, 2, 3]]), np.array([1, 0, 1])

    def train(X, target):
        output = model.forward(X)
        model.backward(X, criterion.backward(output, target))
        model.update_parameters(0.1)

    paths = {"E": "model._embed._ematrix", "W": "model._fc_last._W", "b": "model._fc_last._b"}
    paths |= {f"{name}{k + 1}": f"model._rnn_list[{k}]._{name}a" for k in range(2) for name in "Wb"}
    return Call(
        train,
        loss,
        {"X": X, "target": target, **start},
        lambda _: {key: getattr(*home) - start[key] for key, home in homes.items()},
        (X, target),
        bind=paths,
    )


RNN, DENSE, EMBEDDING, CRITERION = "RNN.py", "FullyConnected.py", "Embedding.py", "Criterion.py"
PROGRAMS = [
    Program(
        "vasusingla/numpy-vanilla-rnn",
        "Model.py",
        build,
        (
            mistake(40, r"x\*\*2", "np.tanh(x)**2", "derivative_of_activated_value", file=RNN),
            mistake(75, r"self\._tanh_d\(a_next\)\*", "", "missing_activation_derivative", file=RNN),
            mistake(75, r"a_next\)", "a_prev)", "wrong_time_index", "derivative_at_wrong_point", file=RNN),
            mistake(80, r"Waa", "Waa.T", "transposed", file=RNN),
            mistake(81, r"a_prev", "a_next", "wrong_time_index", "wrong_variable", file=RNN),
            mistake(99, r" ?\+ da_prev_t", "", "missing_path_through_time", file=RNN),
            mistake(99, r"i-1", "i", "wrong_time_index", file=RNN),
            mistake(104, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time", file=RNN),
            mistake(105, r"dba_t", "dba_t / input.shape[1]", "batch_scale_1_over_N", "extra_factor", file=RNN),
            mistake(59, r"-1\]", "0]", "wrong_time_index"),
            mistake(61, r"i\+1", "i", "wrong_index"),
            mistake(62, r"_input_list\[1\]", "_input_list[2]", "wrong_index"),
            mistake(
                32,
                r"\+=",
                "=",
                "repeated_index_lost",
                "gradient_overwritten",
                "gradient_accumulated_across_steps",
                file=EMBEDDING,
            ),
            mistake(36, r"grad\[.*$", "pass", "loss_derivative_wrong", file=CRITERION),
            two(
                mistake(80, r"Waa", "Waa.T", "transposed", file=RNN),
                mistake(105, r"dba_t", "dba_t / input.shape[1]", "batch_scale_1_over_N", "extra_factor", file=RNN),
            ),
        ),
        harmless=(
            Edit(40, r"1 - x\*\*2", "1 - x * x", RNN),
            Edit(82, r"np\.dot\(dtanh, concat_mat\.T\)\.T", "concat_mat @ dtanh.T", RNN),
        ),
        more=(RNN, DENSE, EMBEDDING, CRITERION),
        always=(
            Edit(39, "xrange", "range"),
            Edit(69, "xrange", "range", RNN),
            Edit(29, "xrange", "range", EMBEDDING),
            Edit(30, "xrange", "range", EMBEDDING),
        ),
        mend=(
            Edit(66, r"a_arr\[:,:,0\]", "a_arr[:,:,0].copy()", RNN),
            Edit(30, r"\(1\./m\)\*", "", DENSE),
            Edit(31, r"\(1\./m\)\*", "", DENSE),
            Edit(106, r"self\._dWa.*$", "pass", RNN),
            Edit(107, r"self\._dba.*$", "pass", RNN),
        ),
        published=("batch_scale_1_over_N", "extra_factor", "wrong_time_index", "wrong_variable", "updated_weights_used"),
        backward={RNN: (75, 108), DENSE: (29, 32), "Model.py": (57, 63)},
        group="newest",
    )
]
