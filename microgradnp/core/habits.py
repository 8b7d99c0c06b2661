"""What to write here for a name that other libraries have: PyTorch, micrograd, HIPS autograd and JAX."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

_NUMPY = "abs cos cosh exp expm1 log log10 log1p log2 maximum minimum sign sin sinh sqrt square tan tanh"

METHODS = {name: f"write np.{name}(x)" for name in _NUMPY.split()} | {  # attributes of a Tensor
    "add": "write x + y",
    "add_": "write x.data += y, or x += y under mg.no_grad()",
    "addmm": "write c + a @ b",
    "bmm": "write x @ y",
    "chunk": "write np.array_split(x, n)",
    "clamp": "write np.clip(x, low, high)",
    "clone": "write x.copy(), which keeps the gradient, or x.detach()",
    "contiguous": "leave it out; a Tensor may have any layout",
    "copy_": "write x.data = values",
    "cpu": "leave it out; everything runs on the CPU",
    "cuda": "leave it out; everything runs on the CPU. Arrays of CuPy may be used instead",
    "dim": "write x.ndim",
    "div": "write x / y",
    "double": "write x.astype(np.float64)",
    "eq": "write x == y",
    "expand": "write np.broadcast_to(x, shape)",
    "float": "write x.astype(np.float32)",
    "fill_": "write x.data[...] = value",
    "gather": "write np.take_along_axis(x, index, axis)",
    "grad_fn": "write x.rule for what made x, or mg.view(x) for the graph",
    "half": "write x.astype(np.float16)",
    "index_select": "write np.take(x, index, axis)",
    "int": "write x.astype(np.int32)",
    "log_softmax": "write mg.log_softmax(x, axis=...)",
    "logsumexp": "write mg.logsumexp(x, axis=...)",
    "long": "write x.astype(np.int64)",
    "masked_fill": "write np.where(mask, value, x)",
    "matmul": "write x @ y",
    "mm": "write x @ y",
    "mul": "write x * y",
    "mul_": "write x.data *= y, or x *= y under mg.no_grad()",
    "mv": "write x @ y",
    "narrow": "write x[start : start + length]",
    "neg": "write -x",
    "norm": "write np.linalg.norm(x)",
    "numel": "write x.size",
    "permute": "write np.transpose(x, axes)",
    "pow": "write x ** y",
    "relu": "write mg.relu(x)",
    "requires_grad_": "write x.requires_grad = True",
    "scatter": "write mg.set_at(x, index, value)",
    "sigmoid": "write mg.sigmoid(x)",
    "softmax": "write mg.softmax(x, axis=...)",
    "sub": "write x - y",
    "sub_": "write x.data -= y, or x -= y under mg.no_grad()",
    "t": "write x.T",
    "to": "write x.astype(dtype); everything runs on the CPU",
    "type": "write x.dtype, or x.astype(dtype)",
    "unsqueeze": "write np.expand_dims(x, axis), or x[:, None]",
    "view": "write x.reshape(shape)",
    "zero_": "write x.data[...] = 0; for gradients x.zero_grad()",
}

MODULES = {  # attributes of a module
    "add_module": "assign the module to an attribute",
    "apply": "loop over model.parameters().values()",
    "children": "read its attributes, with vars(model).values()",
    "cpu": "leave it out; everything runs on the CPU",
    "cuda": "leave it out; everything runs on the CPU",
    "fit": "write mg.fit(loss, model, (x, y), iterations=...)",
    "load_state_dict": 'write mg.load(model, "model.npz")',
    "named_parameters": "write model.parameters().items()",
    "predict": "call it: model(x)",
    "register_buffer": "assign the array to an attribute",
    "register_parameter": "assign the Tensor to an attribute",
    "requires_grad_": "set p.requires_grad for p in model.parameters().values()",
    "state_dict": 'write mg.save(model, "model.npz"), or read model.state()',
    "summary": "write print(model)",
    "to": "leave it out; everything runs on the CPU. Give dtype= when the module is made",
    "trainable_variables": "write model.parameters()",
    "weight": "its weights are called W",
}

_ARRAYS = "arange array concatenate einsum exp eye log linspace matmul maximum mean ones sqrt stack sum where zeros"

NAMES = {name: f"write np.{name}; NumPy's functions take Tensors" for name in _ARRAYS.split()} | {  # attributes of the package
    "Parameter": "write mg.Tensor(data, requires_grad=True)",
    "Value": "write mg.Tensor(data, requires_grad=True)",
    "Variable": "write mg.Tensor(data, requires_grad=True)",
    "autograd": "write mg.grad(f) or loss.backward()",
    "cat": "write np.concatenate",
    "elementwise_grad": "write mg.vjp(f, x), and pull back ones",
    "enable_grad": "leave the with block of mg.no_grad()",
    "from_numpy": "write mg.Tensor(array); ndarrays mix with Tensors",
    "functional": "its functions are here: mg.relu, mg.softmax, mg.cross_entropy",
    "grad_and_value": "write mg.value_and_grad",
    "jacfwd": "write mg.jacobian",
    "jacrev": "write mg.jacobian",
    "jit": "write mg.compile",
    "jnp": "write import numpy as np; NumPy's functions take Tensors",
    "lax": "write np.; NumPy's functions take Tensors, and loops are Python's",
    "manual_seed": "pass rng=seed to the module, or use np.random.default_rng(seed)",
    "numpy": "write import numpy as np; NumPy's functions take Tensors",
    "rand": "write np.random.default_rng(seed).random(shape)",
    "randn": "write np.random.default_rng(seed).normal(size=shape)",
    "random": "write np.random.default_rng(seed)",
    "set_grad_enabled": "write with mg.no_grad():",
    "tensor": "write mg.Tensor(data, requires_grad=True)",
    "vmap": "write it for arrays with one more axis; NumPy broadcasts",
}

LAYERS = {  # attributes of nn
    "BCELoss": "write mg.bce(p, y)",
    "BCEWithLogitsLoss": "write mg.bce_with_logits(z, y)",
    "BatchNorm1d": "write nn.BatchNorm",
    "BatchNorm2d": "write nn.BatchNorm",
    "CrossEntropyLoss": "write mg.cross_entropy(logits, classes)",
    "Dense": "write nn.Linear(inputs, units)",
    "Flatten": "write lambda x: x.reshape(len(x), -1)",
    "GELU": "write mg.gelu",
    "L1Loss": "write np.mean(np.abs(pred - target))",
    "LeakyReLU": "write mg.leaky_relu",
    "MSELoss": "write mg.mse(pred, target)",
    "MaxPool2d": "write nn.MaxPool",
    "AvgPool2d": "write nn.AvgPool",
    "Parameter": "write mg.Tensor(data, requires_grad=True)",
    "ReLU": "write mg.relu",
    "Sigmoid": "write mg.sigmoid",
    "SiLU": "write mg.silu",
    "Softmax": "write mg.softmax",
    "Tanh": "write np.tanh",
    "functional": "its functions are in the package itself: mg.relu, mg.softmax",
    "init": 'pass init="glorot", "he", "lecun", "orthogonal", or a function to the layer',
}

FIT = {  # arguments of fit
    "batch": "write batch_size=",
    "callbacks": "write callback=, which takes one or several",
    "early_stopping": "write stop=mg.EarlyStopping(patience)",
    "epoch": "write epochs=",
    "gradient_clip_val": "write clip_norm=",
    "grad_clip": "write clip_norm=",
    "initial_epoch": 'write checkpoint="run.npz" and resume=True',
    "learning_rate": "write optimizer=mg.optim.SGD(lr=...)",
    "lr": "write optimizer=mg.optim.SGD(lr=...)",
    "lr_scheduler": "write schedule=mg.optim.cosine(lr, iterations)",
    "max_epochs": "write epochs=",
    "max_iter": "write iterations=",
    "model": "it is the second argument: mg.fit(loss, model, (x, y))",
    "n_iter": "write iterations=",
    "patience": "write stop=mg.EarlyStopping(patience)",
    "seed": "write rng=seed",
    "shuffle": "leave it out; the batches are reshuffled each epoch",
    "steps": "write iterations=",
    "steps_per_epoch": "write iterations=",
    "tol": "write stop=mg.GradientNorm(tolerance)",
    "validation_data": "write validation=(x, y)",
    "validation_split": "split the arrays, and write validation=(x, y)",
    "verbose": "write progress=True or progress=False",
    "x": "write mg.fit(loss, model, (x, y))",
    "y": "write mg.fit(loss, model, (x, y))",
}


def nearest(where: str, name: str, known: Iterable[str], habits: Mapping[str, str]) -> str:
    """The message about an unknown name: what to write here, or the known name that looks most like it."""
    known = list(known)
    if name in habits:
        return f"{where} has no {name}: {habits[name]}"
    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f"{where} has no {name}; {f'did you mean {close[0]}?' if close else 'it has ' + ', '.join(known)}"
