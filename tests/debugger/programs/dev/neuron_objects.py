"""One object per neuron, each with a list of weights, updated in place neuron by neuron."""

import math

import microgradnp as mg


class Neuron:
    def __init__(self, weights, bias):
        self.weights = weights
        self.bias = bias
        self.output = 0.0
        self.delta = 0.0

    def fire(self, inputs):
        self.inputs = inputs
        s = self.bias
        for w, v in zip(self.weights, inputs):
            s += w * v
        self.output = 1 / (1 + math.exp(-s))
        return self.output


class Network:
    def __init__(self, hidden, output):
        self.hidden = [Neuron(list(w), b) for w, b in hidden]
        self.output = [Neuron(list(w), b) for w, b in output]

    def step(self, inputs, targets, lr):
        h = [n.fire(inputs) for n in self.hidden]
        o = [n.fire(h) for n in self.output]
        for n, t in zip(self.output, targets):
            n.delta = (n.output - t) * n.output * (1 - n.output)
        for j, n in enumerate(self.hidden):
            error = 0.0
            for m in self.output:
                error += m.weights[j] * m.delta
            n.delta = error * n.output * (1 - n.output)
        for layer in (self.hidden, self.output):
            for n in layer:
                for i in range(len(n.weights)):
                    n.weights[i] -= lr * n.delta * n.inputs[i]
                n.bias -= lr * n.delta
        return o


def train(net, x, t, lr=0.5, epochs=50):
    for _ in range(epochs):
        net.step(x, t, lr)


def loss(x, t, V, c, W, b):
    return 0.5 * mg.sse(mg.sigmoid(W @ mg.sigmoid(V @ x + c) + b), t)


BIND = {
    "V": "[n.weights for n in net.hidden]",
    "c": "[n.bias for n in net.hidden]",
    "W": "[n.weights for n in net.output]",
    "b": "[n.bias for n in net.output]",
}


def make(rng):
    hidden = [(rng.normal(size=3).tolist(), float(rng.normal())) for _ in range(4)]
    output = [(rng.normal(size=4).tolist(), float(rng.normal())) for _ in range(2)]
    return (Network(hidden, output), rng.normal(size=3).tolist(), rng.uniform(size=2).tolist()), {}
