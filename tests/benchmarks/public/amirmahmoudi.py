"""amirmahmoudi1967/Skip-Gram-from-Scratch: one pair and its negative words a step, each moved inside the loop over them."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(wordId: Any, contextId: Any, negativeIds: Any, wEmbed: Any, cEmbed: Any) -> Any:
    near, far = wEmbed[wordId] @ cEmbed[contextId], cEmbed[np.array(negativeIds)] @ wEmbed[wordId]
    return np.log(1 + np.exp(-near)) + np.sum(np.log(1 + np.exp(far)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.SkipGram()
    start = {"wEmbed": rng.normal(size=(7, 3)), "cEmbed": rng.normal(size=(7, 3))}
    net.wEmbed, net.cEmbed = (value.copy() for value in start.values())
    net.learningRate, net.accLoss = 0.05, 0.0
    return Call(
        net.trainWord,
        loss,
        {"wordId": 2, "contextId": 5, "negativeIds": [0, 6, 3], **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (2, 5, [0, 6, 3]),
        bind={name: f"self.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "amirmahmoudi1967/Skip-Gram-from-Scratch",
        "skipGram.py",
        build,
        (
            mistake(213, r"\(x-1\)", "x", "loss_derivative_wrong"),
            mistake(213, r"\(x-1\)", "(x-1)*x", "extra_factor", "loss_derivative_wrong"),
            mistake(229, r"f,v_c", "f,v_w", "wrong_variable"),
            mistake(230, r"self\.gradient_\(f,v_w\)", "gradient_v_w", "wrong_variable"),
            mistake(237, r"-v_w", "v_w", "sign_flipped", "loss_derivative_wrong"),
            mistake(239, r"g,v_w", "g,v_c", "wrong_variable"),
            mistake(239, r"-self", "self", "sign_flipped"),
            mistake(240, r"-=", "+=", "sign_flipped"),
            mistake(
                240,
                r"gradient_v_w -= .*$",
                "gradient_v_w = -self.gradient_(g,v_c_neg)",
                "upstream_gradient_dropped",
                "gradient_accumulated_across_steps",
            ),
            mistake(240, r"v_c_neg", "v_c", "wrong_variable"),
            mistake(241, r"self\.learningRate \* ", "", "missing_factor"),
            mistake(243, r"-=", "+=", "sign_flipped"),
            mistake(244, r"cEmbed\[contextId\]", "cEmbed[wordId]", "wrong_index"),
            two(
                mistake(230, r"self\.gradient_\(f,v_w\)", "gradient_v_w", "wrong_variable"),
                mistake(240, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(213, r"\(x-1\)\*y", "x*y-y"),
            Edit(239, r"-self\.gradient_\(g,v_w\)", "(1 - g) * v_w"),
        ),
        keep=((8, 8), (78, 78), (206, 246)),
        backward={"skipGram.py": (212, 244)},
        group="later",
    )
]
