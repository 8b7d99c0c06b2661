"""ZacBi/CS224n-2019-solutions: word2vec of the course, with softmax and with negative samples, under the skip-gram loop.

As published a word that is sampled twice as a negative counts once among the gradients of the outside words."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NEGATIVES = ((1, 4, 1), (0, 3, 3))


def loss_softmax(V: Any, U: Any) -> Any:
    scores = U @ V[1]
    return 2 * np.log(np.sum(np.exp(scores))) - scores[2] - scores[4]


def loss_negative(V: Any, U: Any) -> Any:
    total = 0.0
    for outside, negatives in zip((2, 4), NEGATIVES, strict=True):
        total = total + np.log(1 + np.exp(-U[outside] @ V[1])) + np.sum(np.log(1 + np.exp(U[list(negatives)] @ V[1])))
    return total


def build_for(kind: str) -> Any:
    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        class Data:
            def __init__(self):
                self.at = 0

            def sampleTokenIdx(self):
                self.at += 1
                return [k for row in NEGATIVES for k in row][(self.at - 1) % 6]

        V, U = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
        words = {word: k for k, word in enumerate("abcde")}
        chosen = module.naiveSoftmaxLossAndGradient
        if kind == "negative":

            def chosen(center, outside, vectors, dataset):
                return module.negSamplingLossAndGradient(center, outside, vectors, dataset, 3)

        def train(V, U):
            return module.skipgram("b", 2, ["c", "e"], words, V, U, Data(), chosen)

        return Call(
            train,
            loss_softmax if kind == "softmax" else loss_negative,
            {"V": V, "U": U},
            lambda result: {"V": result[1], "U": result[2]},
            (V, U),
        )

    return build


LOOP = (
    mistake(197, r"\+=", "=", "gradient_overwritten", "gradient_accumulated_across_steps"),
    mistake(197, r"\[currentCenterWordIdx\]", "[outsideWordIdx]", "wrong_index"),
    mistake(198, r"\+=", "=", "gradient_overwritten", "gradient_accumulated_across_steps"),
    mistake(198, r"\+=", "-=", "sign_flipped"),
)
SOFTMAX = (
    mistake(61, r"y_hat\.copy\(\)", "y_hat * (1 - y_hat)", "softmax_jacobian_wrong", "extra_factor", "loss_derivative_wrong"),
    mistake(62, r"-= 1", "+= 1", "sign_flipped", "loss_derivative_wrong"),
    mistake(62, r"delta\[outsideWordIdx\] -= 1", "pass", "loss_derivative_wrong"),
    mistake(62, r"outsideWordIdx", "outsideWordIdx - 1", "wrong_index"),
    mistake(65, r"delta", "y_hat", "wrong_variable", "loss_derivative_wrong"),
    mistake(65, r"outsideVectors\)", "outsideVectors) / len(delta)", "batch_scale_1_over_N", "extra_factor"),
    mistake(66, r"delta\[", "y_hat[", "wrong_variable", "loss_derivative_wrong"),
    mistake(66, r"centerWordVec\[np", "gradCenterVec[np", "wrong_variable"),
)
NEGATIVE = (
    mistake(132, r"z - 1\.0", "1.0 - z", "sign_flipped"),
    mistake(132, r"\* \(z - 1\.0\)", "* z", "loss_derivative_wrong"),
    mistake(133, r"outsideVectors\[outsideWordIdx\]", "centerWordVec", "wrong_variable"),
    mistake(133, r"\+=", "-=", "sign_flipped"),
    mistake(146, r"\(z-1\)", "z", "loss_derivative_wrong"),
    mistake(146, r"\*\(-1\)", "", "sign_flipped"),
    mistake(146, r"\+=", "=", "gradient_overwritten"),
    mistake(147, r"\(z-1\),centerWordVec", "(1-z)*z,centerWordVec", "extra_factor", "loss_derivative_wrong"),
    mistake(147, r"centerWordVec", "gradCenterVec", "wrong_variable"),
)
FILE = "assignments/a2/word2vec.py"
COMMON = {"root": "assignments/a2", "until": {FILE: 203}, "stubs": {"utils/gradcheck.py": "gradcheck_naive = None"}}
PROGRAMS = [
    Program(
        "ZacBi/CS224n-2019-solutions",
        FILE,
        build_for("softmax"),
        (*LOOP, *SOFTMAX, two(LOOP[0], SOFTMAX[6]), two(SOFTMAX[5], SOFTMAX[0])),
        harmless=(
            Edit(66, r"np\.dot\(.*$", "np.outer(delta, centerWordVec)"),
            Edit(65, r"np\.dot\(delta, outsideVectors\)", "outsideVectors.T @ delta"),
        ),
        more=("assignments/a2/utils/utils.py",),
        backward={FILE: (61, 66)},
        name="softmax",
        group="eleventh",
        **COMMON,
    ),
    Program(
        "ZacBi/CS224n-2019-solutions",
        FILE,
        build_for("negative"),
        (*LOOP[:3], *NEGATIVE, two(LOOP[2], NEGATIVE[4]), two(NEGATIVE[0], NEGATIVE[5])),
        harmless=(
            Edit(132, r"centerWordVec \* \(z - 1\.0\)", "(z - 1.0) * centerWordVec"),
            Edit(146, r"np\.dot\(\(z-1\),u_k\)\*\(-1\)", "(1 - z) @ u_k"),
        ),
        more=("assignments/a2/utils/utils.py",),
        mend=(
            Edit(
                147, r"gradOutsideVecs\[negSampleWordIndices\] \+= (.*)$", r"np.add.at(gradOutsideVecs, negSampleWordIndices, \1)"
            ),
        ),
        published=("repeated_index_lost",),
        backward={FILE: (129, 147)},
        name="negative",
        group="eleventh",
        **COMMON,
    ),
]
