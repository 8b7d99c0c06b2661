"""FlankMe/numpy-neural-net: layers that hand back four things, a convolution; its dropout is published without the scale."""

from types import ModuleType

import numpy as np

from public.case import Call, Edit, Program, mistake, two

GRAPH = (
    {"layerType": "conv", "numNeurons": 2, "config": [3, 3, 0, 1]},
    {"layerType": "activation", "activationFunction": "lrelu"},
    {"layerType": "dropout", "threshold": 0.7},
    {"layerType": "fc", "numNeurons": 5},
    {"layerType": "activation", "activationFunction": "tanh"},
    {"layerType": "fc", "numNeurons": 3},
    {"layerType": "activation", "activationFunction": "sigmoid"},
)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NumpyNet((6, 1, 4, 4), "xentropy", [dict(layer) for layer in GRAPH])
    places = {f"{name[0]}{k}": (number, name) for k, number in enumerate((0, 3, 5), 1) for name in ("Weights", "bias")}
    start = {}
    for key, (number, name) in places.items():
        start[key] = rng.normal(size=getattr(net.graph[number], name).shape) / 2
        setattr(net.graph[number], name, start[key].copy())
    X, Y, seed = rng.normal(size=(6, 1, 4, 4)), np.eye(3)[np.arange(6) % 3], int(rng.integers(1000))
    mask = np.random.RandomState(seed).random_sample((6, 2, 2, 2)) < 0.7  # the program draws the same one

    def loss(X, Y, W1, b1, W2, b2, W3, b3):
        windows = np.stack([X[:, 0, i : i + 2, j : j + 2] for i in range(3) for j in range(3)], axis=1)
        z = np.einsum("fk,nkij->nfij", W1.reshape(2, 9), windows) + b1.reshape(1, 2, 1, 1)
        x = (np.maximum(0.05 * z, z) * mask / 0.7).reshape(len(X), -1)
        z = np.tanh(x @ W2 + b2) @ W3 + b3
        return np.sum(np.log(1 + np.exp(z)) - Y * z)

    import _optimiser

    def train(net, X, Y):
        np.random.seed(seed)  # noqa: NPY002
        predicted = net.predict(X, TRAINING=True)
        _, perturbation = net.cf(Y, predicted)
        _optimiser.optimisationStep(net, perturbation, LEARNINGRATE=0.05, L2PENALTY=0)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {key: getattr(net.graph[places[key][0]], places[key][1]) - value for key, value in start.items()},
        (net, X, Y),
        bind={key: f"net.graph[{number}].{name}" for key, (number, name) in places.items()},
    )


LAYERS, FUNCTIONS, COSTS, OPTIMISER = (
    f"_{name}.py" for name in ("implementedLayers", "activationFunctions", "costFunctions", "optimiser")
)
PROGRAMS = [
    Program(
        "FlankMe/numpy-neural-net",
        "NumpyNet.py",
        build,
        (
            mistake(48, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(118, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(121, r"1, 2, 3, 0", "1, 0, 2, 3", "transposed", "wrong_index", file=LAYERS),
            mistake(151, r"\(activation,", "(perturbation,", "derivative_at_wrong_point", "wrong_variable", file=LAYERS),
            mistake(151, r"self\.af.*$", "1", "missing_activation_derivative", file=LAYERS),
            mistake(185, r"self\.mask / self\.threshold", "1.0", "missing_factor", "relu_mask_wrong", file=LAYERS),
            mistake(30, r" \* \(1 - LEAKYCOEFF\)", "", "wrong_activation_derivative", "relu_mask_wrong", file=FUNCTIONS),
            mistake(30, r"z>0", "z<0", "relu_mask_wrong", "wrong_activation_derivative", file=FUNCTIONS),
            mistake(42, r"z \*\* 2", "tanh(z) ** 2", "derivative_of_activated_value", file=FUNCTIONS),
            mistake(40, r"predictedY - Y", "predictedY", "loss_derivative_wrong", file=COSTS),
            mistake(41, r"\(1-predictedY\)", "1", "loss_derivative_wrong", "missing_factor", file=COSTS, blame=(40,)),
            mistake(29, r"effectiveLearningRate \* ", "", "missing_factor", file=OPTIMISER),
            mistake(30, r"-=", "+=", "sign_flipped", file=OPTIMISER),
            two(
                mistake(118, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
                mistake(42, r"z \*\* 2", "tanh(z) ** 2", "derivative_of_activated_value", file=FUNCTIONS),
            ),
        ),
        harmless=(
            Edit(42, r"1 - z \*\* 2", "(1 - z) * (1 + z)", FUNCTIONS),
            Edit(
                123,
                r"np\.dot\(perturbation_in_col, inputData_in_col\.T\)",
                "np.dot(inputData_in_col, perturbation_in_col.T).T",
                LAYERS,
            ),
        ),
        more=(LAYERS, FUNCTIONS, COSTS, OPTIMISER, "_supportingFunctions.py"),
        mend=(Edit(185, r"self\.mask", "self.mask / self.threshold", LAYERS),),
        published=("missing_factor",),
        blame=(184, 185),
        group="later",
    )
]
