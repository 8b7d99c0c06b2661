"""utkarshaditya01: softmax regression, and a network of two sigmoid layers.

As published the network takes the derivative of the sigmoid at what is a sigmoid already."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

LABELS = np.array([0, 2, 1, 1, 0, 2])


def loss(X: Any, theta: Any, biases: Any) -> Any:
    o = X @ theta + biases
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * np.eye(3)[LABELS], axis=1))


def loss_net(x: Any, y: Any, w1: Any, w2: Any) -> Any:
    h = 1 / (1 + np.exp(-(x @ w1)))
    return 0.5 * np.sum((1 / (1 + np.exp(-(h @ w2))) - y) ** 2) / 6


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model, X = module.SoftmaxRegression(), rng.normal(size=(6, 4))
    start = {"theta": rng.normal(size=(4, 3)), "biases": rng.normal(size=(1, 3))}
    model.theta, model.biases = start["theta"].copy(), start["biases"].copy()

    def train(X):
        return model.calculate_cost(X, LABELS, 4, 6, 3)

    return Call(
        train,
        loss,
        {"X": X, **start},
        lambda result: {"theta": result[0], "biases": result[1]},
        (X,),
        bind={"theta": "model.theta", "biases": "model.biases"},
    )


def build_net(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NeuralNetwork.__new__(module.NeuralNetwork)
    start = {"w1": rng.normal(size=(3, 5)), "w2": rng.normal(size=(5, 3))}
    net.learning_rate, net.w1, net.w2 = 0.4, start["w1"].copy(), start["w2"].copy()
    x, y = rng.normal(size=(6, 3)), np.eye(3)[LABELS]

    def train(x, y):
        net.input, net.y = x, y
        net.train_backprop(1)

    return Call(
        train,
        loss_net,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(net, name) - start[name] for name in start},
        (x, y),
        bind={"w1": "net.w1", "w2": "net.w2"},
    )


SOFT, NET = "Softmax_Regression.py", "Feed_Forward_Neural_Network.py"
MISTAKES = (
    mistake(54, r"-= 1", "+= 1", "sign_flipped", "loss_derivative_wrong"),
    mistake(54, r"-= 1", "-= 0.5", "loss_derivative_wrong"),
    mistake(54, r",y\]", ",y - 1]", "wrong_index"),
    mistake(55, r"/= n_samples", "/= 1", "batch_scale_1_over_N"),
    mistake(56, r"np\.transpose\(X\)\.dot\(probs\)", "np.transpose(np.abs(X)).dot(probs)", "wrong_activation_in_weight_gradient"),
    mistake(63, r"-= 1", "-= 0", "loss_derivative_wrong"),
    mistake(63, r"-= 1", "-= 2", "loss_derivative_wrong"),
    mistake(64, r"/= n_samples", "/= 1", "batch_scale_1_over_N", "bias_gradient_reduction"),
    mistake(65, r"axis=0, ", "", "bias_gradient_reduction"),
    mistake(65, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(76, r"probs_copy", "probs", "wrong_variable", "gradient_accumulated_across_steps"),
)
TWO = (
    mistake(49, r" \* self\.sigmoid_derivative\(a2\)", "", "missing_activation_derivative"),
    mistake(49, r"a1\.T", "np.ones_like(a1.T)", "wrong_activation_in_weight_gradient"),
    mistake(49, r"\(1/self\.input\.shape\[0\]\)\*", "", "batch_scale_1_over_N"),
    mistake(49, r"a2 - self\.y", "a2 + self.y", "loss_derivative_wrong", "sign_flipped"),
    mistake(50, r"self\.input\.T", "np.sign(self.input.T)", "wrong_activation_in_weight_gradient"),
    mistake(50, r"\(1/self\.input\.shape\[0\]\)\*", "", "batch_scale_1_over_N"),
    mistake(50, r"self\.learning_rate\*", "self.learning_rate**2*", "extra_factor"),
    mistake(51, r"self\.w2\.T", "d_w2.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(51, r" \* self\.sigmoid_derivative\(a1\)", "", "missing_activation_derivative"),
    mistake(51, r"self\.sigmoid_derivative\(a2\)", "a2", "wrong_activation_derivative"),
    mistake(54, r"-=", "+=", "sign_flipped"),
    mistake(68, r"1-vec", "1+vec", "wrong_activation_derivative"),
)
PROGRAMS = [
    Program(
        "utkarshaditya01/Softmax-Regression-and-Feed-Forward-Neural-Network",
        SOFT,
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[7]), two(MISTAKES[1], MISTAKES[8])),
        harmless=(
            Edit(55, r"probs /= n_samples", "probs = probs / n_samples"),
            Edit(56, r"np\.transpose\(X\)\.dot\(probs\)", "X.T @ probs"),
        ),
        backward={SOFT: (54, 77)},
        group="eleventh",
    ),
    Program(
        "utkarshaditya01/Softmax-Regression-and-Feed-Forward-Neural-Network",
        NET,
        build_net,
        (*TWO, two(TWO[0], TWO[4]), two(TWO[2], TWO[8])),
        harmless=(
            Edit(68, r"vec\*\(1-vec\)", "vec - vec*vec"),
            Edit(54, r"self\.w1 -= d_w1", "self.w1 = self.w1 - d_w1"),
        ),
        stubs={"pandas/__init__.py": ""},
        mend=(Edit(67, r"self\.sigmoid\(x\)", "x"),),
        published=("derivative_of_activated_value", "wrong_activation_derivative", "derivative_at_wrong_point"),
        blame=(67, 49, 50),
        backward={NET: (47, 68)},
        group="eleventh",
    ),
]
