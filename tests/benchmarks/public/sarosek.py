"""yury-sarosek/word2vec-numpy: CBOW with a full softmax on windows of different lengths, updated row by row."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, moved, two

CORPUS = "the cat and the dog and the bird saw the cat near a dog by the old tree"


def loss(x: Any, y: Any, Emb: Any, W: Any) -> Any:
    total = 0.0
    for context, target in zip(x, y, strict=True):
        scores = np.mean(Emb[np.array(context)], axis=0) @ W
        total = total + np.log(np.sum(np.exp(scores))) - scores[target]
    return total / len(x)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.Word2Vec(CORPUS, vec_size=3, window_size=3, batch_size=50, num_epochs=1, lr=0.2, min_count=2)
    np.random.seed(int(rng.integers(1000)))  # noqa: NPY002 (the program sets it)
    start = {"Emb": rng.normal(size=model.Emb.shape), "W": rng.normal(size=model.W.shape)}
    model.Emb, model.W = start["Emb"].copy(), start["W"].copy()
    return Call(
        model.fit,
        loss,
        {"x": [list(map(int, context)) for context in model.x], "y": [int(word) for word in model.y], **start},
        lambda _: {name: getattr(model, name) - then for name, then in start.items()},
        bind={name: f"self.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "yury-sarosek/word2vec-numpy",
        "w2v.py",
        build,
        (
            mistake(144, r"-= 1", "+= 1", "sign_flipped", "loss_derivative_wrong"),
            moved(154, 148, "updated_weights_used", blame=(149,)),
            mistake(151, r" / len\(cur_x\)", "", "missing_factor", "batch_scale_1_over_N"),
            mistake(151, r"len\(cur_x\)", "(2 * self.window_size)", "wrong_variable", "missing_factor", "batch_scale_1_over_N"),
            mistake(152, r"np\.add\.at\(self\.Emb, cur_x, (.*)\)", r"self.Emb[cur_x] += \1", "repeated_index_lost"),
            mistake(151, r"dh\[i\]", "dh[i-1]", "wrong_index"),
            mistake(154, r"-=", "+=", "sign_flipped"),
            two(
                mistake(151, r" / len\(cur_x\)", "", "missing_factor", "batch_scale_1_over_N"),
                mistake(154, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(147, r"cache\['hidden'\]\.T @ error", "(error.T @ cache['hidden']).T"),
            Edit(154, r"self\.W -= (.*)$", r"self.W = self.W - \1"),
        ),
        stubs={"tqdm.py": ANYTHING},
        backward={"w2v.py": (141, 154)},
        group="fresh",
    )
]
