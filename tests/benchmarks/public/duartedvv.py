"""DuarteDvv/funkSvd_recommender_sys: matrix factorisation with biases, all steps computed before any is made; one rating."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(P: Any, Q: Any, bias_usuarios: Any, bias_itens: Any) -> Any:
    e = 0.8 - 0.5 - bias_usuarios[1] - bias_itens[2] - np.sum(P[1] * Q[:, 2])
    return 0.5 * e**2 + 0.1 * (np.sum(P[1] ** 2) + np.sum(Q[:, 2] ** 2) + bias_usuarios[1] ** 2 + bias_itens[2] ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.FunkSVD.__new__(module.FunkSVD)
    model.taxa_aprendizado, model.penalizacao, model.n_eps, model.media_global = 0.1, 0.2, 1, 0.5
    model.indices, model.avaliacoes = ({"a": 0, "b": 1}, {"x": 0, "y": 2}), [{"Rating": 0.8, "UserId": "b", "ItemId": "y"}]
    start = {"P": (3, 2), "Q": (2, 4), "bias_usuarios": 3, "bias_itens": 4}
    start = {name: rng.normal(size=shape) for name, shape in start.items()}
    for name, value in start.items():
        setattr(model, name, value.copy())

    def train():
        model.ajustar()

    return Call(
        train,
        loss,
        start,
        lambda _: {name: getattr(model, name) - value for name, value in start.items()},
        (),
        bind={name: f"model.{name}" for name in start},
    )


FILE = "FunkSVD.py"
MISTAKES = (
    mistake(104, r"nota_real - predicao", "predicao - nota_real", "sign_flipped"),
    mistake(107, r" - self\.penalizacao \* vies_usu", "", "regularisation_term_wrong"),
    mistake(107, r"vies_usu\)", "vies_item)", "regularisation_term_wrong", "wrong_variable"),
    mistake(108, r"erro - ", "erro + ", "regularisation_term_wrong", "sign_flipped"),
    mistake(108, r"\(erro", "(2 * erro", "factor_2", "extra_factor"),
    mistake(109, r"\+=", "-=", "sign_flipped"),
    mistake(110, r"ajuste_vies_item", "ajuste_vies_usuario", "wrong_variable"),
    mistake(110, r"\[item_idx\]", "[usuario_idx]", "wrong_index"),
    mistake(113, r"erro \* fator_item", "erro * fator_usuario", "wrong_variable"),
    mistake(113, r"erro \* ", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(114, r"self\.penalizacao \* fator_item", "self.penalizacao", "regularisation_term_wrong", "missing_factor"),
    mistake(114, r" - self\.penalizacao", " + self.penalizacao", "regularisation_term_wrong", "sign_flipped"),
    mistake(116, r"ajuste_Q", "ajuste_P", "wrong_variable"),
    mistake(115, r"self\.P\[usuario_idx, :\]", "self.P[item_idx, :]", "wrong_index"),
)
PROGRAMS = [
    Program(
        "DuarteDvv/funkSvd_recommender_sys",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[9]), two(MISTAKES[4], MISTAKES[11])),
        harmless=(
            Edit(104, r"nota_real - predicao", "-(predicao - nota_real)"),
            Edit(113, r"erro \* fator_item", "np.multiply(fator_item, erro)"),
        ),
        backward={FILE: (104, 116)},
        group="eleventh",
    )
]
