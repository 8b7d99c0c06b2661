"""A recursive network over a parsed sentence: nested tuples, two inner functions that call themselves, softmax at each node."""

import numpy as np


def train(tree, vectors, compose, compose_bias, classify, classify_bias, lr=0.1, times=4):
    for _ in range(times):
        g_vectors = np.zeros_like(vectors)
        g_compose = np.zeros_like(compose)
        g_compose_bias = np.zeros_like(compose_bias)
        g_classify = np.zeros_like(classify)
        g_classify_bias = np.zeros_like(classify_bias)
        d = len(compose_bias)

        def up(node):
            """node: (mood, word) or (mood, left, right)"""
            if len(node) == 2:
                children, state = (), vectors[node[1]]
            else:
                children = tuple(up(child) for child in node[1:])
                both = np.concatenate([child["state"] for child in children])
                state = np.tanh(compose @ both + compose_bias)
            odds = np.exp(classify @ state + classify_bias)
            return {"node": node, "children": children, "state": state, "prob": odds / odds.sum()}

        def down(visited, from_above):
            nonlocal g_compose, g_compose_bias, g_classify, g_classify_bias
            wrongness = visited["prob"].copy()
            wrongness[visited["node"][0]] -= 1.0
            g_classify += np.outer(wrongness, visited["state"])
            g_classify_bias += wrongness
            here = classify.T @ wrongness + from_above
            if not visited["children"]:
                g_vectors[visited["node"][1]] += here
                return
            left, right = visited["children"]
            here = here * (1 - visited["state"] ** 2)
            g_compose += np.outer(here, np.concatenate([left["state"], right["state"]]))
            g_compose_bias += here
            below = compose.T @ here
            down(left, below[:d])
            down(right, below[d:])

        down(up(tree), np.zeros(d))
        vectors = vectors - lr * g_vectors
        compose = compose - lr * g_compose
        compose_bias = compose_bias - lr * g_compose_bias
        classify = classify - lr * g_classify
        classify_bias = classify_bias - lr * g_classify_bias
    return vectors, compose, compose_bias, classify, classify_bias


def loss(tree, vectors, compose, compose_bias, classify, classify_bias):
    total = 0.0

    def state(node):
        nonlocal total
        if len(node) == 2:
            s = vectors[node[1]]
        else:
            s = np.tanh(compose @ np.concatenate([state(node[1]), state(node[2])]) + compose_bias)
        scores = classify @ s + classify_bias
        total = total + np.log(np.sum(np.exp(scores))) - scores[node[0]]
        return s

    state(tree)
    return total


def make(rng):
    tree = (2, (1, 0), (0, (2, (1, 3), (2, 1)), (0, 0)))
    return (tree, *(rng.normal(size=s) * 0.8 for s in ((4, 3), (3, 6), (3,), (3, 3), (3,)))), {}


NAMES = ("vectors", "compose", "compose_bias", "classify", "classify_bias")
PROOF = {"steps": "times", "after": {name: f"out[{k}]" for k, name in enumerate(NAMES)}}
