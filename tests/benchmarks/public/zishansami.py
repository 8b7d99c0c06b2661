"""zishansami102/CNN-from-Scratch: two convolutions and a pool in loops over one image, sums of gradients, momentum."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def convolve(x: Any, filt: Any, bias: Any) -> Any:
    n = x.shape[2] - 2
    windows = np.stack([x[:, :, i : i + n, j : j + n] for i in range(3) for j in range(3)], axis=2)
    z = np.sum(windows[:, None] * filt.reshape(1, *filt.shape[:2], 9, 1, 1), axis=(2, 3))
    return np.maximum(z + bias.reshape(1, -1, 1, 1), 0)


def loss(batch: Any, filt1: Any, filt2: Any, bias1: Any, bias2: Any, theta3: Any, bias3: Any) -> Any:
    x = convolve(convolve(batch[:, :-1].reshape(-1, 2, 8, 8), filt1, bias1), filt2, bias2)
    x = np.max(x.reshape(len(x), 2, 2, 2, 2, 2), axis=(3, 5)).reshape(len(x), -1)
    z = x @ theta3.T + bias3[:, 0]
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(np.eye(10)[batch[:, -1].astype(int)] * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    sizes = {"filt1": (2, 2, 3, 3), "filt2": (2, 2, 3, 3), "bias1": 2, "bias2": 2, "theta3": (10, 8), "bias3": (10, 1)}
    start = {name: rng.normal(size=size) / 2 for name, size in sizes.items()}
    mine = {name: value.copy() for name, value in start.items()}
    batch = np.column_stack([rng.normal(size=(3, 128)), rng.integers(0, 10, size=3)])
    return Call(
        module.momentumGradDescent,
        loss,
        {"batch": batch, **start},
        lambda _: {name: mine[name] - value for name, value in start.items()},
        (batch, 0.05, 8, 2, 0.9, *mine.values(), [], []),
        bind={name: name for name in start},
    )


FILE = "MNIST/convnet.py"
PROGRAMS = [
    Program(
        "zishansami102/CNN-from-Scratch",
        FILE,
        build,
        (
            mistake(92, r"probs - label", "probs", "loss_derivative_wrong"),
            mistake(94, r"dout\.dot", "probs.dot", "wrong_variable", "loss_derivative_wrong"),
            mistake(98, r"theta3\.T\.dot\(dout\)", "theta3.T.dot(out)", "wrong_variable", "loss_derivative_wrong"),
            mistake(109, r"conv2\[", "conv1[", "wrong_variable", "wrong_index", "relu_mask_wrong"),
            mistake(110, r"i\+a,j\+b", "i+b,j+a", "wrong_index", "transposed"),
            mistake(132, r"conv1\[:,x:x\+f,y:y\+f\]", "conv1[:,y:y+f,x:x+f]", "wrong_index", "transposed"),
            mistake(132, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(133, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(133, r"filt2\[jj\]", "filt1[jj]", "wrong_variable"),
            mistake(134, r"np\.sum", "np.mean", "bias_gradient_reduction"),
            mistake(135, r"conv1<=0", "dconv1<=0", "relu_mask_wrong", "wrong_variable"),
            mistake(141, r"dconv1\[jj\]", "dconv1", "bias_gradient_reduction", "wrong_index"),
            mistake(219, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(230, r"-LEARNING", "+LEARNING", "sign_flipped"),
            mistake(244, r"/batch_size", "", "batch_scale_1_over_N"),
            two(
                mistake(134, r"np\.sum", "np.mean", "bias_gradient_reduction"),
                mistake(230, r"-LEARNING", "+LEARNING", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(94, r"dout\.dot\(fc1\.T\)", "dout * fc1.T"),
            Edit(96, r"sum\(dout\.T\)\.T\.reshape\(\(10,1\)\)", "dout.copy()"),
            Edit(135, r"dconv1\[conv1<=0\]=0", "dconv1 *= conv1 > 0"),
        ),
        always=(
            Edit(17, r"\(w-f\)/s\+1,\(w-f\)/s\+1", "(w-f)//s+1,(w-f)//s+1"),
            Edit(23, r"i/2,j/2", "i//2,j//2"),
            Edit(29, r"np\.float\)", "float)"),
            Edit(77, r"\(w2/2\)\*\(w2/2\)", "(w2//2)*(w2//2)"),
            Edit(100, r"w2/2, w2/2", "w2//2, w2//2"),
            Edit(110, r"i/2,j/2", "i//2,j//2"),
        ),
        backward={FILE: (92, 141)},
        group="later",
    )
]
