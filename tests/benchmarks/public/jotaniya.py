"""JotaniyaKeyur/gru-from-scratch-translation: an encoder and a decoder of gated recurrent units over one matrix of embeddings.

The gradients of a pair of sentences with weight decay, before they are clipped."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

SOURCE, TARGET = [1, 3, 1], [2, 0, 4, 2]
GATES = ("Wzx", "Wzh", "bz", "Wrx", "Wrh", "br", "Whx", "Whh", "bh")
NAMES = ("E", "Wo", "bo", *GATES, *(f"{name}_dec" for name in GATES))


def gru(x: Any, h: Any, p: list[Any]) -> Any:
    Wzx, Wzh, bz, Wrx, Wrh, br, Whx, Whh, bh = p
    z = 1 / (1 + np.exp(-(Wzx @ x + Wzh @ h + bz)))
    r = 1 / (1 + np.exp(-(Wrx @ x + Wrh @ h + br)))
    return (1 - z) * h + z * np.tanh(Whx @ x + Whh @ (r * h) + bh)


def translated(E: Any, Wo: Any, bo: Any, *p: Any) -> Any:
    h, total = np.zeros((4, 1)), 0.0
    for word in SOURCE:
        h = gru(E[word].reshape(-1, 1), h, p[:9])
    for word, target in zip([5, *TARGET[:-1]], TARGET, strict=True):
        h = gru(E[word].reshape(-1, 1), h, p[9:])
        o = Wo @ h + bo
        total = total + np.log(np.sum(np.exp(o))) - o[target, 0]
    weights = [w for n, w in enumerate(p) if n % 3 < 2]
    return total + 0.1 * (np.sum(E**2) + np.sum(Wo**2) + sum(np.sum(w**2) for w in weights))


def signature() -> Any:
    """The loss with its parameters by name."""
    scope: dict[str, Any] = {"inner": translated}
    exec(f"def loss({', '.join(NAMES)}):\n    return inner({', '.join(NAMES)})\n", scope)
    return scope["loss"]


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    shapes = {"E": (6, 3), "Wo": (6, 4), "bo": (6, 1)}
    for name in GATES:
        shapes[name] = shapes[f"{name}_dec"] = (4, 1) if name[0] == "b" else (4, 3) if name[2] == "x" else (4, 4)
    start = {name: 0.6 * rng.normal(size=shapes[name]) for name in NAMES}

    def train(parameters):
        return module.step(SOURCE, TARGET, 5, None, 4, 0.2, **parameters)

    return Call(
        train,
        signature(),
        start,
        lambda result: {name: result[f"d{name}"] for name in NAMES},
        (start,),
        bind={name: f"parameters['{name}']" for name in NAMES},
    )


FILE, CELL = "train.py", "src/utils.py"
MISTAKES = (
    mistake(48, r" \* z", "", "missing_factor", file=CELL),
    mistake(49, r"h_hat - h_prev", "h_hat + h_prev", "sign_flipped", file=CELL),
    mistake(50, r"dh_t \* \(1 - z\)", "dh_t * z", "missing_path_through_time", "wrong_variable", file=CELL),
    mistake(53, r"1 - h_hat\*\*2", "1 - h_hat", "wrong_activation_derivative", file=CELL),
    mistake(57, r"\(r \* h_prev\)\.T", "h_prev.T", "wrong_activation_in_weight_gradient", "missing_factor", file=CELL),
    mistake(60, r"Whh\.T", "Whh", "transposed", "missing_path_through_time", file=CELL),
    mistake(65, r"\(1 - r\)", "(1 + r)", "wrong_activation_derivative", file=CELL),
    mistake(70, r"\+=", "=", "gradient_overwritten", "missing_path_through_time", file=CELL),
    mistake(73, r" \* z \* \(1 - z\)", "", "missing_activation_derivative", file=CELL),
    mistake(78, r"Wzh\.T", "Wrh.T", "wrong_variable", "missing_path_through_time", file=CELL),
    mistake(83, r"\+=", "=", "gradient_overwritten", file=CELL),
    mistake(118, r"-= 1\.0", "-= 0.5", "loss_derivative_wrong"),
    mistake(125, r" \+ dh_next", "", "missing_path_through_time"),
    mistake(175, r"\+=", "=", "gradient_overwritten", "repeated_index_lost"),
    mistake(150, r"dh_next", "0 * dh_next", "missing_path_through_time"),
    mistake(178, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong"),
)
PROGRAMS = [
    Program(
        "JotaniyaKeyur/gru-from-scratch-translation",
        FILE,
        build,
        (*MISTAKES[:14], two(MISTAKES[3], MISTAKES[15]), two(MISTAKES[4], MISTAKES[12])),
        harmless=(
            Edit(53, r"dh_hat \* \(1 - h_hat\*\*2\)", "dh_hat - dh_hat * h_hat**2", CELL),
            Edit(122, r"dWo \+= probs @ h_t\.T", "dWo = dWo + np.outer(probs, h_t)"),
        ),
        more=(CELL,),
        keep=((5, 5), (26, 194)),
        head="def step(input_ids, target_ids, bos_token_id, pad_token_id, hidden_dim, l2_lambda, " + ", ".join(NAMES) + "):",
        foot="            return {" + ", ".join(f"'d{name}': d{name}" for name in NAMES) + "}",
        stubs={"src/__init__.py": ""},
        always=(
            Edit(5, r"$", "; import numpy as np; import src.utils; src.utils.np = np"),
            Edit(26, r"ids_to_embeddings\(input_ids\)", "E[input_ids]"),
            Edit(30, r"ids_to_embeddings\(decoder_input_ids\)", "E[decoder_input_ids]"),
            Edit(36, r'"ah": ah', '"ah": ah, "Wx": (Wzx, Wrx, Whx)', CELL),
            Edit(81, r"dx = 0", 'dx = 0; Wzx, Wrx, Whx = cache["Wx"]', CELL),
        ),
        backward={FILE: (109, 194), CELL: (48, 84)},
        group="eleventh",
    )
]
