"""andersbll/nnet: layers and a fit loop; published with tanh itself for its derivative, and a decay of the wrong sign."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X_batch: Any, Y_batch: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = np.tanh(X_batch @ W1 + b1) @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(Y_batch * o, axis=1)) + 0.05 * (np.sum(W1**2) + np.sum(W2**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from nnet import layers

    seed = int(rng.integers(1000))
    same = np.random.RandomState(seed)
    W1, W2 = same.normal(size=(3, 4), scale=0.8), same.normal(size=(4, 3), scale=0.8)
    X, Y = rng.normal(size=(9, 3)), np.arange(9) % 3
    parts = [layers.Linear(4, 0.8, 0.1), layers.Activation("tanh"), layers.Linear(3, 0.8, 0.1), layers.LogRegression()]
    net = module.NeuralNetwork(parts, np.random.RandomState(seed))

    def after(_: Any) -> dict[str, Any]:
        return {"W1": parts[0].W - W1, "b1": parts[0].b, "W2": parts[2].W - W2, "b2": parts[2].b}

    names = {"W1": "self.layers[0].W", "b1": "self.layers[0].b", "W2": "self.layers[2].W", "b2": "self.layers[2].b"}
    point = {"X_batch": X, "Y_batch": np.eye(3)[Y], "W1": W1, "b1": np.zeros(4), "W2": W2, "b2": np.zeros(3)}
    return Call(net.fit, loss, point, after, (X, Y), {"learning_rate": 0.1, "batch_size": 9}, bind=names, once={"max_iter": 1})


LAYERS, HELPERS = "nnet/layers.py", "nnet/helpers.py"

PROGRAMS = [
    Program(
        "andersbll/nnet",
        "nnet/neuralnetwork.py",
        build,
        (
            mistake(68, r"/n \+", " +", "batch_scale_1_over_N", file=LAYERS),
            mistake(68, r"self\.weight_decay\*self\.W", "self.weight_decay", "regularisation_term_wrong", file=LAYERS),
            mistake(69, r"np\.mean", "np.sum", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(69, r"output_grad, axis=0", "output_grad", "bias_gradient_reduction", file=LAYERS),
            mistake(106, r"output_grad\*", "", "upstream_gradient_dropped", file=LAYERS),
            mistake(
                106,
                r"self\.fun_d\(self\.last_input\)",
                "self.fun_d(self.fun(self.last_input))",
                "derivative_of_activated_value",
                file=LAYERS,
            ),
            mistake(106, r"\*self\.fun_d.*$", "", "missing_activation_derivative", file=LAYERS),
            mistake(126, r"-\(Y - Y_pred\)", "-Y / Y_pred", "loss_derivative_wrong", "softmax_jacobian_wrong", file=LAYERS),
            mistake(70, r"self\.W\.T", "(self.W - self.dW).T", "updated_weights_used", file=LAYERS),
            two(
                mistake(106, r"\*self\.fun_d.*$", "", "missing_activation_derivative", file=LAYERS),
                mistake(69, r"output_grad, axis=0", "output_grad", "bias_gradient_reduction", file=LAYERS),
            ),
        ),
        harmless=(
            Edit(69, r"np\.mean\(output_grad, axis=0\)", r"output_grad.sum(axis=0) / n", "nnet/layers.py"),
            Edit(126, r"-\(Y - Y_pred\)", r"Y_pred - Y", "nnet/layers.py"),
        ),
        more=(LAYERS, HELPERS),
        mend=(Edit(32, r"\(e-1\)/\(e\+1\)", "1 - ((e-1)/(e+1))**2", HELPERS), Edit(68, r"- self", "+ self", LAYERS)),
        published=("wrong_activation_derivative", "regularisation_term_wrong", "sign_flipped"),
    )
]
