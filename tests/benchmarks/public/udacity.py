"""udacity/deep-learning: a notebook's network for reviews that adds rows of weights for the words of one text."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

REVIEW = "a good film with a good plot"


def loss(words: Any, target: Any, weights_0_1: Any, weights_1_2: Any) -> Any:
    output = 1 / (1 + np.exp(-(np.sum(weights_0_1[words], axis=0) @ weights_1_2)))
    return 0.5 * np.sum((output - target) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.SentimentNetwork([REVIEW, "not so bad"], ["POSITIVE", "NEGATIVE"], 4, 0.1)
    net.word2index = {word: k for k, word in enumerate(["a", "bad", "film", "good", "not", "plot", "so", "with"])}
    start = {"weights_0_1": rng.normal(size=(8, 4)), "weights_1_2": rng.normal(size=(4, 1))}
    net.weights_0_1, net.weights_1_2 = start["weights_0_1"].copy(), start["weights_1_2"].copy()
    words = sorted({net.word2index[word] for word in REVIEW.split()})
    return Call(
        net.train,
        loss,
        {"words": words, "target": 1.0, **start},
        lambda _: {name: getattr(net, name) - then for name, then in start.items()},
        ([REVIEW], ["POSITIVE"]),
        bind={name: f"self.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "udacity/deep-learning",
        "sentiment-network/Sentiment_Classification_Solutions.ipynb",
        build,
        (
            mistake(777, r"layer_2_delta", "layer_2_error", "missing_activation_derivative", "wrong_variable"),
            mistake(
                777,
                r"self\.weights_1_2\.T",
                "(self.weights_1_2 - self.layer_1.T.dot(layer_2_delta) * self.learning_rate).T",
                "updated_weights_used",
            ),
            mistake(
                778,
                r"layer_1_error",
                "layer_1_error * self.sigmoid_output_2_derivative(self.layer_1)",
                "wrong_activation_derivative",
                "extra_factor",
            ),
            mistake(782, r"layer_2_delta", "layer_2_error", "missing_activation_derivative", "wrong_variable"),
            mistake(
                782, r"self\.layer_1\.T", "self.sigmoid(self.layer_1).T", "wrong_activation_in_weight_gradient", "wrong_variable"
            ),
            mistake(782, r"-=", "+=", "sign_flipped"),
            mistake(785, r"review", "review[1:]", "loop_cut_short"),
            mistake(786, r"\[index\]", "[review[0]]", "wrong_index", "repeated_index_lost"),
            two(
                mistake(777, r"layer_2_delta", "layer_2_error", "missing_activation_derivative", "wrong_variable"),
                mistake(782, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(773, r"layer_2 - (self\.get_target_for_label\(label\))", r"2 * (layer_2 - \1)"),
            Edit(777, r"layer_2_delta\.dot\(self\.weights_1_2\.T\)", "layer_2_delta * self.weights_1_2.T"),
        ),
        keep=((625, 804),),
        backward={"sentiment-network/Sentiment_Classification_Solutions.ipynb": (773, 786)},
        group="fresh",
    )
]
