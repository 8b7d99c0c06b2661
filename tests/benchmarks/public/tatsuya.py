"""tatsuyaokunaga/RNN-scratch: a many-to-one RNN in a notebook, with gates; published with the last state before the first."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, U: Any, W: Any, V: Any) -> Any:
    s = np.zeros((3, len(x)))
    for t in range(x.shape[1]):
        s = np.tanh(W @ s + U @ x[:, t].T)
    z = V @ s
    return np.sum(np.log(np.sum(np.exp(z), axis=0))) - np.sum(y * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.hidden_dim = 3
    net, softmax = module.RNN(4, 3), module.Softmax()
    start = {name: rng.normal(size=getattr(net, name).shape) for name in "UWV"}
    for name, value in start.items():
        setattr(net, name, value.copy())
    x, y = rng.normal(size=(5, 3, 4)), np.eye(2)[:, [0, 1, 1, 0, 1]]

    def train(x, y, rate):
        pred = softmax.predict(net.forward_propagation(x))
        dV, dU, dW = module.L().backward(y, x, net.all_A, net.all_S, net.V, net.W, pred, x.shape[1])
        net.update(dV, dU, dW, rate)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (x, y, 0.05),
        bind={name: f"net.{name}" for name in "UWV"},
    )


FILE = "RNN-scratch.ipynb"
PROGRAMS = [
    Program(
        "tatsuyaokunaga/RNN-scratch",
        FILE,
        build,
        (
            mistake(51, r"np\.square\(output\)", "output", "wrong_activation_derivative"),
            mistake(51, r"np\.square\(output\)", "np.square(x)", "derivative_at_wrong_point", "wrong_variable"),
            mistake(66, r"pred - y", "pred - y / 2", "loss_derivative_wrong"),
            mistake(68, r"S\[-1\]", "A[-1]", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(68, r"S\[-1\]", "S[0]", "wrong_time_index", "wrong_index"),
            mistake(70, r"diffs", "pred", "wrong_variable", "loss_derivative_wrong"),
            mistake(74, r"start-num", "start-num+1", "loop_cut_short"),
            mistake(78, r"A\[i\]", "S[i]", "derivative_of_activated_value", "derivative_at_wrong_point", "wrong_variable"),
            mistake(78, r"tanh\.backward\(A\[i\], pre_dSt\)", "pre_dSt", "missing_activation_derivative"),
            mistake(80, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(80, r"x\[:,i,:\]", "x[:,i-1,:]", "wrong_time_index"),
            mistake(82, r"S\[i-1\]", "S[i]", "wrong_time_index"),
            mistake(84, r"W\.T", "W", "transposed"),
            mistake(84, r"dA\)", "pre_dSt)", "missing_activation_derivative", "wrong_variable"),
            mistake(161, r"learning_rate \* dV", "learning_rate * dV / self.batchsize", "batch_scale_1_over_N", "extra_factor"),
            two(
                mistake(68, r"S\[-1\]", "A[-1]", "wrong_activation_in_weight_gradient", "wrong_variable"),
                mistake(84, r"W\.T", "W", "transposed"),
            ),
        ),
        harmless=(
            Edit(51, r"1\.0 - np\.square\(output\)", "(1.0 - output) * (1.0 + output)"),
            Edit(70, r"np\.dot\(V\.T, diffs\)", "V.T @ diffs"),
        ),
        keep=((1, 86), (90, 131), (158, 185)),
        always=(Edit(5, r"^.*$", "        pass"),),
        mend=(Edit(82, r"S\[i-1\]", "(S[i-1] if i else 0 * S[0])"),),
        published=("wrong_time_index", "wrong_index"),
        backward={FILE: (64, 162)},
        group="later",
    )
]
