"""Right layer objects in several styles: gradients in attributes, dicts, lists, beside their parameters, or applied at once."""

import numpy as np


class Affine:
    def __init__(self, W, b):
        self.params = [W, b]
        self.grads = [np.zeros_like(W), np.zeros_like(b)]
        self.x = None

    def forward(self, x):
        W, b = self.params
        self.x = x
        return np.dot(x, W) + b

    def backward(self, dout):
        W, b = self.params
        dx = np.dot(dout, W.T)
        dW = np.dot(self.x.T, dout)
        db = np.sum(dout, axis=0)
        self.grads[0][...] = dW
        self.grads[1][...] = db
        return dx


def case_affine_lists(r):
    return Affine(r.normal(size=(4, 3)), np.zeros(3)), r.normal(size=(5, 4))


class Layer_Dense:
    def __init__(self, n_inputs, n_neurons, r):
        self.weights = 0.1 * r.normal(size=(n_inputs, n_neurons))
        self.biases = np.zeros((1, n_neurons))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)


def case_dense_attributes(r):
    return Layer_Dense(4, 3, r), r.normal(size=(5, 4))


class Activation_Softmax:
    def forward(self, inputs):
        exp_values = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        self.output = exp_values / np.sum(exp_values, axis=1, keepdims=True)

    def backward(self, dvalues):
        self.dinputs = np.empty_like(dvalues)
        for index, (single_output, single_dvalues) in enumerate(zip(self.output, dvalues)):
            single_output = single_output.reshape(-1, 1)
            jacobian = np.diagflat(single_output) - np.dot(single_output, single_output.T)
            self.dinputs[index] = np.dot(jacobian, single_dvalues)


def case_softmax_jacobian(r):
    return Activation_Softmax(), r.normal(size=(5, 4))


class CategoricalCrossentropy:
    def forward(self, y_pred, y_true):
        clipped = np.clip(y_pred, 1e-7, 1 - 1e-7)
        return -np.log(clipped[range(len(y_pred)), y_true])

    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        labels = len(dvalues[0])
        y_true = np.eye(labels)[y_true]
        self.dinputs = -y_true / dvalues
        self.dinputs = self.dinputs / samples


def case_crossentropy_of_probabilities(r):
    p = r.uniform(0.1, 1, (5, 4))
    return CategoricalCrossentropy(), p / p.sum(axis=1, keepdims=True), r.integers(0, 4, 5)


class SoftmaxWithLoss:
    def __init__(self):
        self.y = self.t = None

    def forward(self, x, t):
        self.t = t
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return -np.log(self.y[np.arange(len(t)), t]).sum() / len(t)

    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        dx *= dout
        dx = dx / len(self.t)
        return dx


def case_softmax_with_loss(r):
    return SoftmaxWithLoss(), r.normal(size=(5, 4)), r.integers(0, 4, 5)


class FullyConnected:
    """Makes its parameters in the first call, keeps what it saw in lists, and adds to its gradients."""

    def __init__(self, n_out):
        self.n_out = n_out
        self.parameters = {"W": None, "b": None}
        self.is_initialized = False

    def _init_params(self, n_in):
        self.parameters = {"W": np.random.normal(size=(n_in, self.n_out)), "b": np.zeros((1, self.n_out))}
        self.gradients = {name: np.zeros_like(value) for name, value in self.parameters.items()}
        self.derived = {"Z": []}
        self.X = []
        self.is_initialized = True

    def forward(self, X):
        if not self.is_initialized:
            self._init_params(X.shape[1])
        Z = X @ self.parameters["W"] + self.parameters["b"]
        self.X.append(X)
        self.derived["Z"].append(Z)
        return np.tanh(Z)

    def backward(self, dLdy):
        dX = []
        for dy, x, z in zip([dLdy], self.X, self.derived["Z"]):
            dZ = dy * (1 - np.tanh(z) ** 2)
            dX.append(dZ @ self.parameters["W"].T)
            self.gradients["W"] += x.T @ dZ
            self.gradients["b"] += dZ.sum(axis=0, keepdims=True)
        return dX[0] if len(dX) == 1 else dX


def case_made_in_the_first_call(r):
    return FullyConnected(3), r.normal(size=(5, 4))


class Sequential:
    """Two layers in one object; each parameter stands beside its gradient."""

    def __init__(self, r):
        self.store = [[r.normal(size=(4, 6)), np.zeros((4, 6))], [r.normal(size=(6, 2)), np.zeros((6, 2))]]

    def forward(self, x):
        self.x = x
        self.h = np.maximum(x @ self.store[0][0], 0)
        return self.h @ self.store[1][0]

    def backward(self, dy):
        self.store[1][1] += self.h.T @ dy
        dh = dy @ self.store[1][0].T
        dh[self.h <= 0] = 0
        self.store[0][1] += self.x.T @ dh
        return dh @ self.store[0][0].T


def case_parameter_beside_gradient(r):
    return Sequential(r), r.normal(size=(5, 4))


class Param:
    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)


class ParamLayer:
    def __init__(self, r):
        self.W = Param(r.normal(size=(4, 4)))
        self.b = Param(r.normal(size=4))

    def forward(self, X):
        self.X = X
        return X.dot(self.W.value) + self.b.value

    def backward(self, d_out):
        self.W.grad = self.X.T.dot(d_out)
        self.b.grad = d_out.sum(axis=0)
        return d_out.dot(self.W.value.T)


def case_param_objects(r):
    return ParamLayer(r), r.normal(size=(5, 4))


class UpdatingDense:
    """Moves its weights while it goes backwards."""

    def __init__(self, r):
        self.W = r.normal(size=(4, 3))
        self.w0 = np.zeros((1, 3))
        self.learning_rate = 0.05

    def forward_pass(self, X, training=True):
        self.layer_input = X
        return X.dot(self.W) + self.w0

    def backward_pass(self, accum_grad):
        W = self.W
        grad_w = self.layer_input.T.dot(accum_grad)
        grad_w0 = np.sum(accum_grad, axis=0, keepdims=True)
        self.W = self.W - self.learning_rate * grad_w
        self.w0 = self.w0 - self.learning_rate * grad_w0
        accum_grad = accum_grad.dot(W.T)
        return accum_grad


def case_updating(r):
    return UpdatingDense(r), r.normal(size=(5, 4))


class BatchNorm:
    """Keeps running averages, which no gradient belongs to."""

    def __init__(self, D):
        self.gamma, self.beta = np.ones(D), np.zeros(D)
        self.running_mean, self.running_var = np.zeros(D), np.ones(D)
        self.dgamma = self.dbeta = None
        self.training = True

    def forward(self, x):
        mu, var = x.mean(0), x.var(0)
        self.running_mean = 0.9 * self.running_mean + 0.1 * mu
        self.running_var = 0.9 * self.running_var + 0.1 * var
        self.std = np.sqrt(var + 1e-6)
        self.xn = (x - mu) / self.std
        return self.gamma * self.xn + self.beta

    def backward(self, dout):
        self.dbeta = dout.sum(0)
        self.dgamma = np.sum(self.xn * dout, axis=0)
        dxn = self.gamma * dout
        dx = (dxn - dxn.mean(0) - self.xn * np.mean(dxn * self.xn, axis=0)) / self.std
        return dx


def case_batchnorm_object(r):
    return BatchNorm(3), r.normal(size=(6, 3))


class Dropout:
    def __init__(self, ratio, seed):
        self.ratio, self.rng = ratio, np.random.default_rng(seed)

    def forward(self, x, train_flg=True):
        if not train_flg:
            return x * (1.0 - self.ratio)
        self.mask = self.rng.random(x.shape) > self.ratio
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


def case_dropout_with_generator(r):
    return Dropout(0.4, 3), r.normal(size=(5, 4))


class TimeRNN:
    """Single precision inside, and a state that is carried on."""

    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.h = self.hs = None

    def forward(self, xs):
        Wx, Wh, b = self.params
        N, T, D = xs.shape
        H = Wx.shape[1]
        hs = np.empty((N, T, H), dtype="f")
        self.xs, self.states = xs, []
        self.h = np.zeros((N, H), dtype="f")
        for t in range(T):
            before = self.h
            self.h = np.tanh(np.dot(self.h, Wh) + np.dot(xs[:, t, :], Wx) + b)
            self.states.append((before, self.h))
            hs[:, t, :] = self.h
        return hs

    def backward(self, dhs):
        Wx, Wh, b = self.params
        dxs = np.empty_like(self.xs, dtype="f")
        dh = 0
        grads = [0, 0, 0]
        for t in reversed(range(self.xs.shape[1])):
            before, after = self.states[t]
            dt = (dhs[:, t, :] + dh) * (1 - after**2)
            dh = np.dot(dt, Wh.T)
            dxs[:, t, :] = np.dot(dt, Wx.T)
            grads[0] += np.dot(self.xs[:, t, :].T, dt)
            grads[1] += np.dot(before.T, dt)
            grads[2] += np.sum(dt, axis=0)
        for i, grad in enumerate(grads):
            self.grads[i][...] = grad
        return dxs


def case_single_precision(r):
    return TimeRNN(r.normal(size=(4, 3)), r.normal(size=(3, 3)), r.normal(size=3)), r.normal(size=(2, 5, 4))


class RNN:
    def __init__(self, D, H, r):
        self.p = {"Wx": r.normal(size=(D, H)), "Wh": r.normal(size=(H, H)), "b": np.zeros(H)}
        self.g = {}

    def forward(self, x, h0):
        self.x, self.hs = x, [h0]
        for t in range(x.shape[1]):
            self.hs.append(np.tanh(x[:, t] @ self.p["Wx"] + self.hs[-1] @ self.p["Wh"] + self.p["b"]))
        return np.stack(self.hs[1:], axis=1)

    def backward(self, dout):
        self.g = {k: np.zeros_like(v) for k, v in self.p.items()}
        dx, dh = np.zeros_like(self.x), 0
        for t in range(self.x.shape[1] - 1, -1, -1):
            dz = (dout[:, t] + dh) * (1 - self.hs[t + 1] ** 2)
            self.g["Wx"] += self.x[:, t].T @ dz
            self.g["Wh"] += self.hs[t].T @ dz
            self.g["b"] += dz.sum(0)
            dx[:, t] = dz @ self.p["Wx"].T
            dh = dz @ self.p["Wh"].T
        return dx, dh


def case_rnn_dicts(r):
    return RNN(4, 3, r), r.normal(size=(2, 5, 4)), np.zeros((2, 3))


class Mul:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dout):
        dx = dout * self.y
        dy = dout * self.x
        return dx, dy


def case_mul(r):
    return Mul(), r.normal(size=(3, 2)), r.normal(size=(3, 2))


class Tanh:
    def __call__(self, x):
        return np.tanh(x)

    def gradient(self, x):
        return 1 - np.tanh(x) ** 2


def case_called_object(r):
    return Tanh(), r.normal(size=(3, 4))


class MSE:
    def forward(self, pred, target):
        self.diff = pred - target
        return np.mean(self.diff**2)

    def backward(self):
        return 2 * self.diff / self.diff.size


def case_mse(r):
    return MSE(), r.normal(size=(4, 3)), r.normal(size=(4, 3))


class Embedding:
    def __init__(self, W):
        self.params, self.grads, self.idx = [W], [np.zeros_like(W)], None

    def forward(self, idx):
        (W,) = self.params
        self.idx = idx
        return W[idx]

    def backward(self, dout):
        (dW,) = self.grads
        dW[...] = 0
        np.add.at(dW, self.idx, dout)


def case_embedding_object(r):
    return Embedding(r.normal(size=(6, 3))), np.array([0, 2, 2, 5])


CASES = {name.removeprefix("case_"): value for name, value in list(globals().items()) if name.startswith("case_")}
OPTIONS: dict = {}
