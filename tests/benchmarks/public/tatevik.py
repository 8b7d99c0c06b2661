"""tatevik-h/word2vec-from-scratch-numpy: one pair and its negative samples, with three misspelt names.

As published the context's vector moves along the target's vector that has moved already, as both are one array.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(target_id: Any, context_id: Any, negative_ids: Any, W_in: Any, W_out: Any) -> Any:
    v = W_in[target_id]
    positive = np.log(1 + np.exp(-np.sum(v * W_out[context_id])))
    return positive + np.sum(np.log(1 + np.exp(W_out[negative_ids] @ v)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.Word2Vec(7, embedding_dim=3, learning_rate=0.1)
    start = {"W_in": rng.normal(size=(7, 3)), "W_out": rng.normal(size=(7, 3))}
    model.W_in, model.W_out = start["W_in"].copy(), start["W_out"].copy()
    return Call(
        model.train_on_pair,
        loss,
        {"target_id": 2, "context_id": 4, "negative_ids": [0, 3, 6], **start},
        lambda _: {name: getattr(model, name) - then for name, then in start.items()},
        (2, 4, [0, 3, 6]),
        bind={name: f"self.{name}" for name in start},
    )


MISTAKES = (
    mistake(28, r"-self", "self", "sign_flipped", "loss_derivative_wrong", "wrong_variable"),
    mistake(35, r" - 1", "", "loss_derivative_wrong"),
    mistake(35, r"pos_prob - 1", "pos_score - 1", "wrong_variable", "loss_derivative_wrong"),
    mistake(36, r"self\.v_context", "self.v_target", "wrong_variable"),
    mistake(36, r"-=", "=  -", "gradient_or_update_used_for_weight"),
    mistake(37, r"-=", "+=", "sign_flipped"),
    mistake(37, r"W_out\[context_id\]", "W_out[target_id]", "wrong_index"),
    mistake(37, r"self\.v_target", "self.v_context", "wrong_variable"),
    mistake(39, r"1 - self\.neg_probs", "self.neg_probs", "loss_derivative_wrong", "wrong_variable"),
    mistake(39, r"1 - self\.neg_probs", "self.neg_probs - 1", "sign_flipped"),
    mistake(40, r"enumerate\(negative_ids\)", "enumerate(negative_ids[:-1])", "loop_cut_short"),
    mistake(41, r"self\.v_neg\[i\]", "self.v_neg[0]", "wrong_index"),
    mistake(42, r"grad_neg\[i\] \* ", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(42, r"self\.v_target", "self.W_in[target_id]", "updated_weights_used"),
    Mistake((Edit(41, r"^.*$", ""),), ("missing_factor", "upstream_gradient_dropped", "loop_cut_short"), (41, 40, 36)),
)
PROGRAMS = [
    Program(
        "tatevik-h/word2vec-from-scratch-numpy",
        "word2vec.py",
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[10]), two(MISTAKES[5], MISTAKES[11])),
        harmless=(
            Edit(39, r"1 - self\.neg_probs", "sigmoid(self.neg_scores)"),
            Edit(41, r"grad_neg\[i\] \* self\.v_neg\[i\]", "self.v_neg[i] * grad_neg[i]"),
        ),
        mend=(Edit(21, r"$", ".copy()"),),
        published=("updated_weights_used",),
        blame=(21, 36, 37, 42),
        always=(
            Edit(13, r"negartve", "negative"),
            Edit(30, r"self\.los ", "self.loss "),
            Edit(41, r"grand_neg", "grad_neg"),
        ),
        backward={"word2vec.py": (35, 42)},
        group="ninth",
    )
]
