"""iworldtong/cs231n-assignments: course work; word vectors, a recurrent net or an LSTM and a masked softmax; a multiclass SVM."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

MASK = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]], dtype=float)


def caption(words: Any, y: Any, h: Any, E: Any, Wx: Any, Wh: Any, b: Any, Wv: Any, bv: Any, lstm: bool) -> Any:
    def s(z: Any) -> Any:
        return 1 / (1 + np.exp(-z))

    x, n, total, c = E[words], 4, 0.0, 0.0
    for t in range(4):
        a = x[:, t] @ Wx + h @ Wh + b
        if lstm:
            c = s(a[:, n : 2 * n]) * c + s(a[:, :n]) * np.tanh(a[:, 3 * n :])
            h = s(a[:, 2 * n : 3 * n]) * np.tanh(c)
        else:
            h = np.tanh(a)
        o = h @ Wv + bv
        total = total + np.sum(MASK[:, t] * (np.log(np.sum(np.exp(o), axis=1)) - o[np.arange(3), y[:, t]]))
    return total / 3


def loss_rnn(words: Any, y: Any, h: Any, E: Any, Wx: Any, Wh: Any, b: Any, Wv: Any, bv: Any) -> Any:
    return caption(words, y, h, E, Wx, Wh, b, Wv, bv, False)


def loss_lstm(words: Any, y: Any, h: Any, E: Any, Wx: Any, Wh: Any, b: Any, Wv: Any, bv: Any) -> Any:
    return caption(words, y, h, E, Wx, Wh, b, Wv, bv, True)


def build_for(kind: str) -> Any:
    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        wide = 16 if kind == "lstm" else 4
        words, y = np.array([[0, 2, 2, 1], [4, 0, 3, 3], [1, 1, 2, 4]]), np.array([[2, 2, 1, 0], [0, 3, 3, 0], [1, 2, 4, 3]])
        start = {"h": rng.normal(size=(3, 4)), "E": rng.normal(size=(5, 3)), "Wx": rng.normal(size=(3, wide)),
                 "Wh": rng.normal(size=(4, wide)), "b": rng.normal(size=wide), "Wv": rng.normal(size=(4, 5)),
                 "bv": rng.normal(size=5)}  # fmt: skip

        def train(words, y, h, E, Wx, Wh, b, Wv, bv):
            x, cache_words = module.word_embedding_forward(words, E)
            forward = module.rnn_forward if kind == "rnn" else module.lstm_forward
            hidden, cache = forward(x, h, Wx, Wh, b)
            scores, cache_scores = module.temporal_affine_forward(hidden, Wv, bv)
            _, dscores = module.temporal_softmax_loss(scores, y, MASK)
            dhidden, dWv, dbv = module.temporal_affine_backward(dscores, cache_scores)
            backward = module.rnn_backward if kind == "rnn" else module.lstm_backward
            dx, dh, dWx, dWh, db = backward(dhidden, cache)
            dE = module.word_embedding_backward(dx, cache_words)
            return {"h": dh, "E": dE, "Wx": dWx, "Wh": dWh, "b": db, "Wv": dWv, "bv": dbv}

        return Call(
            train,
            loss_rnn if kind == "rnn" else loss_lstm,
            {"words": words, "y": y, **start},
            dict,
            (words, y, *start.values()),
        )

    return build


COMMON = (
    mistake(195, r"np\.add\.at\(dW, x\.reshape\(-1\), (.*)\)$", r"dW[x.reshape(-1)] += \1", "repeated_index_lost"),
    mistake(416, r"sum\(axis=\(0, 1\)\)", "mean(axis=0).sum(axis=0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(458, r"-= 1", "-= 2", "loss_derivative_wrong", "factor_2"),
    mistake(460, r"dx_flat \*= mask_flat\[:, None\]", "pass", "missing_factor", "loss_derivative_wrong"),
    mistake(414, r"w\.T", "np.sign(w).T", "wrong_variable"),
)
RNN = (
    mistake(61, r"1 - next_h \*\* 2", "1 - prev_h ** 2", "wrong_variable", "wrong_time_index", "derivative_at_wrong_point"),
    mistake(61, r" \* \(1 - next_h \*\* 2\)", "", "missing_activation_derivative"),
    mistake(62, r"dtanh", "dnext_h", "missing_activation_derivative", "wrong_variable"),
    mistake(63, r"Wh\.T", "Wh", "transposed"),
    mistake(65, r"prev_h\.T", "next_h.T", "wrong_time_index", "wrong_variable"),
    mistake(66, r"np\.sum\(dtanh, 0\)", "np.mean(dtanh, 0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(136, r"dh_shift\[t\]\+dh0", "dh_shift[t]", "missing_path_through_time"),
    mistake(136, r"cache\[t\]", "cache[t-1]", "wrong_time_index", "wrong_index"),
    mistake(139, r"\+=", "=", "gradient_overwritten"),
    mistake(135, r"-1, -1\)", "0, -1)", "loop_cut_short"),
)
LSTM = (
    mistake(278, r"dnext_c \+ ", "", "missing_path_through_time"),
    mistake(278, r"tanh_next_c \*\* 2", "next_c ** 2", "wrong_variable", "wrong_activation_derivative",
            "derivative_at_wrong_point"),
    mistake(279, r" \* i$", "", "wrong_activation_derivative", "missing_factor"),
    mistake(280, r"prev_c", "next_c", "wrong_time_index", "wrong_variable"),
    mistake(281, r"tanh_next_c", "next_c", "wrong_variable"),
    mistake(282, r"1 - g \*\* 2", "1 - g", "wrong_activation_derivative"),
    mistake(283, r"dai, daf", "daf, dai", "wrong_index"),
    mistake(287, r"\* f", "* i", "wrong_variable", "missing_path_through_time"),
    mistake(364, r"dnext_h \+ ", "", "missing_path_through_time"),
    mistake(368, r"\+=", "=", "gradient_overwritten"),
)  # fmt: skip
SVM = (
    mistake(116, r"\+= delta", "-= delta", "sign_flipped", "derivative_at_wrong_point"),
    mistake(117, r"= 0", "= 1", "relu_mask_wrong"),
    mistake(126, r"score_matrix > 0", "score_matrix > 1", "relu_mask_wrong"),
    mistake(128, r" \* bin_score_matrix\[i\]", " * score_matrix[i]", "loss_derivative_wrong", "wrong_variable"),
    mistake(129, r"- np\.sum", "np.sum", "sign_flipped"),
    mistake(129, r"np\.sum\(bin_score_matrix\[i\]\)", "1", "missing_factor", "loss_derivative_wrong"),
    mistake(129, r"test_labels\[i\]", "test_labels[i - 1]", "wrong_index"),
    mistake(129, r"temp\[.*$", "pass", "loss_derivative_wrong"),
    mistake(129, r"\* test_data\[i\]", "* np.abs(test_data[i])", "sign_flipped"),
    mistake(130, r"\+=", "=", "gradient_overwritten"),
    mistake(127, r"range\(num_data\)", "range(1, num_data)", "loop_cut_short"),
    mistake(128, r"test_data\[i\]", "test_data[0]", "wrong_index"),
)


def loss_svm(X: Any, y: Any, W: Any) -> Any:
    scores = X @ W
    own = np.sum(scores * np.eye(4)[y], axis=1, keepdims=True)
    return np.mean(np.sum(np.maximum(scores - own + 1, 0) * (1 - np.eye(4)[y]), axis=1)) + 0.15 * np.sum(W**2)


def build_svm(module: ModuleType, rng: np.random.Generator) -> Call:
    svm = module.linear_svm()
    X, y, W = rng.normal(size=(8, 3)), np.array([0, 2, 1, 3, 1, 0, 2, 3]), rng.normal(size=(3, 4))

    def train(X, y, W):
        return svm.get_loss_and_grad(W, X, y, 0.3)

    return Call(train, loss_svm, {"X": X, "y": y, "W": W}, lambda result: {"W": result[1]}, (X, y, W))


FILE = "utils/rnn_layers.py"
PROGRAMS = [
    *(
        Program(
            "iworldtong/cs231n-assignments",
            FILE,
            build_for(kind),
            (*own, *COMMON[first::2], two(own[0], COMMON[3]), two(own[4], own[8])),
            harmless=(
                Edit(416, r"dout\.sum\(axis=\(0, 1\)\)", "dout.reshape(N * T, M).sum(axis=0)"),
                Edit(459, r"/= N", "/= 1"),
            ),
            backward={FILE: lines},
            name=kind,
            group="eleventh",
        )
        for kind, own, first, lines in (("rnn", RNN, 0, (54, 196)), ("lstm", LSTM, 1, (274, 371)))
    ),
    Program(
        "iworldtong/cs231n-assignments",
        "assign1_svm.py",
        build_svm,
        (*SVM, two(SVM[5], SVM[9]), two(SVM[2], SVM[6])),
        harmless=(
            Edit(128, r"test_data\[i\]\.reshape\(-1,1\) \* bin_score_matrix\[i\]", "np.outer(test_data[i], bin_score_matrix[i])"),
            Edit(126, r"bin_score_matrix\[score_matrix > 0\] = 1", "bin_score_matrix += score_matrix > 0"),
        ),
        keep=((2, 2), (54, 59), (105, 138)),
        mend=(Edit(131, r"dW /= num_data", "dW = dW / num_data + reg * W"),),
        published=("regularisation_term_wrong",),
        backward={"assign1_svm.py": (109, 131)},
        name="svm",
        group="eleventh",
    ),
]
