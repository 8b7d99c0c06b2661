"""FlxPr/NLP_SkipGram_from_scratch: coursework; word2vec with negative samples, output vectors in columns."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(wordId: Any, contextId: Any, negativeIds: Any, input_weights: Any, output_weights: Any) -> Any:
    scores = input_weights[wordId] @ output_weights
    return np.log(1 + np.exp(-scores[contextId])) + np.sum(np.log(1 + np.exp(scores[negativeIds])))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"input_weights": rng.normal(size=(6, 3)), "output_weights": rng.normal(size=(3, 6))}
    model = module.SkipGram([], nEmbed=3, learning_rate=0.1, **{name: value.copy() for name, value in start.items()})
    return Call(
        model.trainWord,
        loss,
        {"wordId": 2, "contextId": 4, "negativeIds": [0, 1, 5], **start},
        lambda _: {name: getattr(model, name) - value for name, value in start.items()},
        (2, 4, [0, 1, 5]),
        bind={name: f"self.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "FlxPr/NLP_SkipGram_from_scratch",
        "skipGram.py",
        build,
        (
            mistake(175, r" - 1\)", ")", "loss_derivative_wrong"),
            mistake(176, r"self\.output_weights\[:, contextId\]", "word_embedding", "wrong_variable"),
            mistake(178, r"- 1\) \* word", "+ 1) * word", "loss_derivative_wrong", "sign_flipped"),
            mistake(178, r"\* word_embedding", "* self.output_weights[:, contextId]", "wrong_variable"),
            mistake(182, r"(sigmoid.*\)) \* word_embedding", r"(\1 - 1) * word_embedding", "loss_derivative_wrong"),
            mistake(182, r"\* word_embedding", "* self.output_weights[:, negative_id]", "wrong_variable"),
            mistake(183, r"\+=", "=", "gradient_accumulated_across_steps"),
            mistake(183, r"\+=", "-=", "sign_flipped"),
            mistake(184, r"negative_id", "contextId", "wrong_index"),
            mistake(186, r"-=", "+=", "sign_flipped"),
            mistake(187, r"contextId\]", "wordId]", "wrong_index"),
            mistake(188, r"zip\(negativeIds", "zip(negativeIds[1:]", "loop_cut_short", "wrong_index"),
            Mistake(
                (
                    Edit(178, r"output_matrix.*$", "pass"),
                    Edit(
                        186,
                        r"$",
                        "\n        output_matrix_gradient_positive_example = "
                        "(sigmoid(word_embedding.dot(self.output_weights[:, contextId])) - 1) * word_embedding",
                    ),
                ),
                ("updated_weights_used",),
                (186, 187, 188),
            ),
            two(
                mistake(178, r"- 1\) \* word", "+ 1) * word", "loss_derivative_wrong", "sign_flipped"),
                mistake(183, r"\+=", "=", "gradient_accumulated_across_steps"),
            ),
            two(
                mistake(186, r"-=", "+=", "sign_flipped"),
                mistake(182, r"\* word_embedding", "* self.output_weights[:, negative_id]", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(
                188,
                r"zip\(negativeIds, output_matrix_gradient_negative_examples\)",
                "list(zip(negativeIds, output_matrix_gradient_negative_examples))[::-1]",
            ),
            Edit(186, r"input_matrix_gradient\.flatten\(\)", "input_matrix_gradient"),
        ),
        keep=((10, 10), (43, 44), (53, 189)),
        group="eighth",
    )
]
