"""CasandraRoch/practica-autoencoder-numpy: a script in Spanish; an autoencoder whose bias is an input of -1 in front."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def layer(y: Any, W: Any) -> Any:
    return 1 / (1 + np.exp(-(y @ W)))


def loss(X: Any, W_entrada: Any, W_oculta: Any, W_salida: Any) -> Any:
    bias = -np.ones((len(X), 1))
    y_entrada = np.hstack([bias, layer(X, W_entrada)])
    y_oculta = np.hstack([bias, layer(y_entrada, W_oculta)])
    return 0.5 * np.sum((X[:, 1:] - layer(y_oculta, W_salida)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    X = np.insert(rng.uniform(size=(3, 4)), 0, -1, axis=1)
    start = {
        "W_entrada": rng.normal(size=(5, 4)),
        "W_oculta": rng.normal(size=(5, 2)),
        "W_salida": rng.normal(size=(3, 4)),
    }
    return Call(
        module.entrenar,
        loss,
        {"X": X, **start},
        lambda result: {key: value - start[key] for key, value in zip(start, result, strict=True)},
        (X, *start.values(), 0.7),
        bind={name: name for name in ("X", *start)},
    )


PROGRAMS = [
    Program(
        "CasandraRoch/practica-autoencoder-numpy",
        "Autoencoder.py",
        build,
        (
            mistake(20, r"\*\*2", "", "wrong_activation_derivative"),
            mistake(98, r"X\[:, 1:\]-Yobt", "X[:, :-1]-Yobt", "wrong_index", "loss_derivative_wrong"),
            mistake(98, r"\*deri_sig2\(z_salida\)", "", "missing_activation_derivative"),
            mistake(98, r"deri_sig2\(z_salida\)", "deri_sig2(Yobt)", "derivative_of_activated_value", "wrong_variable"),
            mistake(99, r"1:, :", ":-1, :", "wrong_index"),
            mistake(99, r"z_oculta", "sigmoide(z_oculta)", "derivative_of_activated_value", "wrong_variable"),
            mistake(100, r"\*deri_sig2\(z_entrada\)", "", "missing_activation_derivative"),
            mistake(100, r"1:, :", ":-1, :", "wrong_index"),
            mistake(102, r"\+ delta", "- delta", "sign_flipped"),
            mistake(103, r"delta\*", "", "missing_factor", "optimizer_rule_wrong"),
            mistake(104, r"delta\*np", "delta*0.5*np", "extra_factor", "factor_2"),
            Mistake(
                (
                    Edit(102, r"W_salida = .*$", "pass"),
                    Edit(98, r"$", "\n            W_salida = W_salida + delta*np.dot(y_oculta.T,aux)"),
                ),
                ("updated_weights_used",),
                (99, 100),
            ),
            two(
                mistake(98, r"\*deri_sig2\(z_salida\)", "", "missing_activation_derivative"),
                mistake(102, r"\+ delta", "- delta", "sign_flipped"),
            ),
            two(
                mistake(99, r"1:, :", ":-1, :", "wrong_index"),
                mistake(104, r"delta\*np", "delta*0.5*np", "extra_factor", "factor_2"),
            ),
        ),
        harmless=(
            Edit(20, r"np\.exp\(-x\)/\(1\.0\+np\.exp\(-x\)\)\*\*2", "sigmoide(x)*(1-sigmoide(x))"),
            Edit(103, r"np\.dot\(y_entrada\.T,aux2\)", "y_entrada.T @ aux2"),
        ),
        keep=((13, 13), (16, 20), (87, 104)),
        head="def entrenar(X, W_entrada, W_oculta, W_salida, delta):",
        foot="        return W_entrada, W_oculta, W_salida",
        group="eighth",
    )
]
