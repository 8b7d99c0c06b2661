"""SergeyChernenko/mnist-numpy: two sigmoid layers without biases in seven lines; keras and opencv around them.

As published the hidden errors see new weights, and errors that lack the derivative of the output."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(inputs_list: Any, outputs_list: Any, w_ih: Any, w_ho: Any) -> Any:
    hidden = 1 / (1 + np.exp(-(w_ih @ inputs_list)))
    return 0.5 * np.sum((1 / (1 + np.exp(-(w_ho @ hidden))) - outputs_list) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.MNIST(4, 5, 3)
    start = {"w_ih": rng.normal(size=(5, 4)), "w_ho": rng.normal(size=(3, 5))}
    net.w_ih, net.w_ho = start["w_ih"].copy(), start["w_ho"].copy()
    net.set_learning_rate(0.1)
    inputs, outputs = rng.normal(size=4), np.array([0.0, 1.0, 0.0])
    return Call(
        net.train,
        loss,
        {"inputs_list": inputs, "outputs_list": outputs, **start},
        lambda _: {name: getattr(net, name) - then for name, then in start.items()},
        (inputs, outputs),
        bind={"w_ih": "self.w_ih", "w_ho": "self.w_ho"},
    )


MISTAKES = (
    mistake(17, r"outputs-out_results", "outputs+out_results", "sign_flipped", "loss_derivative_wrong"),
    mistake(17, r"outputs-out_results", "outputs/out_results", "loss_derivative_wrong"),
    mistake(18, r"\*\(1\.0-out_results\)", "", "wrong_activation_derivative", "missing_factor"),
    mistake(18, r"1\.0-out_results", "1.0-out_results**2", "wrong_activation_derivative"),
    mistake(18, r"out_errors\*out_results\*\(1\.0-out_results\)", "out_errors", "missing_activation_derivative"),
    mistake(18, r",hid_results\.T", ",1.0-hid_results.T", "wrong_activation_in_weight_gradient"),
    mistake(19, r"(, ?|,)out_errors", r"\1outputs", "wrong_variable", "upstream_gradient_dropped"),
    mistake(20, r"hid_errors\*", "", "upstream_gradient_dropped"),
    mistake(20, r"\*\(1\.0-hid_results\)", "", "wrong_activation_derivative", "missing_factor"),
    mistake(20, r"hid_results\*\(1\.0-hid_results\)", "1.0", "missing_activation_derivative"),
    mistake(20, r"\+=", "-=", "sign_flipped"),
    mistake(20, r"inputs\.T", "np.abs(inputs - 1).T", "wrong_activation_in_weight_gradient"),
)
PROGRAMS = [
    Program(
        "SergeyChernenko/mnist-numpy",
        "backpropagation.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[8]), two(MISTAKES[2], MISTAKES[11])),
        harmless=(
            Edit(20, r"hid_results\*\(1\.0-hid_results\)", "(hid_results-hid_results**2)"),
            Edit(18, r"self\.w_ho\+=", "self.w_ho=self.w_ho+"),
        ),
        keep=((2, 2), (7, 29)),
        mend=(
            Edit(18, r"self\.w_ho\+=", "w_ho=self.w_ho.copy(); self.w_ho+="),
            Edit(19, r"self\.w_ho\.T,out_errors", "w_ho.T,out_errors*out_results*(1.0-out_results)"),
        ),
        published=("updated_weights_used", "missing_activation_derivative"),
        blame=(19, 18),
        backward={"backpropagation.py": (17, 20)},
        group="tenth",
    )
]
