"""The network of the story: the graph against the hand-written loops, on both data sets."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.cli import story
from microgradnp.cli.tour_tables import agreement
from microgradnp.cli.trainings import TOLERANCES, Run, loss_of, train_through_the_graph

DATA = {"A": story.two_samples(), "B": story.uniform_samples(4)}


def vectorised_gradients(x, t, W_input, W_output):
    """The gradients once more, in matrix notation: an oracle that shares no code with the loops or the graph."""
    x = np.c_[x, -np.ones(len(x))]
    h = np.c_[1 / (1 + np.exp(-x @ W_input)), -np.ones(len(x))]
    d_y = h @ W_output - t
    d_z = (d_y @ W_output.T * h * (1 - h))[:, :-1]
    return x.T @ d_z, h.T @ d_y


@pytest.mark.parametrize("name", DATA)
def test_gradients_agree_to_1e_12_at_100_random_points(name):
    samples, targets = DATA[name]
    rng = np.random.default_rng(0)
    for _ in range(100):
        W_input = rng.normal(size=(len(samples[0]) + 1, story.HIDDEN))
        W_output = rng.normal(size=(story.HIDDEN + 1, len(targets[0])))
        by_hand = story.step_done_right(samples, targets, W_input.tolist(), W_output.tolist(), 1e-3)[:2]
        nodes = mg.Tensor(W_input, requires_grad=True), mg.Tensor(W_output, requires_grad=True)
        loss_of(np.array(samples, float), np.array(targets, float), *nodes)[1].backward()
        in_matrices = vectorised_gradients(np.array(samples), np.array(targets), W_input, W_output)
        for node, loops, matrices in zip(nodes, by_hand, in_matrices, strict=True):
            scale = np.abs(matrices).max()
            assert np.abs(node.grad - loops).max() <= 1e-12 * scale
            assert np.abs(node.grad - matrices).max() <= 1e-12 * scale


@pytest.mark.parametrize("name", DATA)
def test_weights_after_1000_iterations_agree_to_1e_10(name):
    samples, targets = DATA[name]
    W_input, W_output = story.initial_weights(samples, targets, 4)
    nodes = [mg.Tensor(W_input, requires_grad=True), mg.Tensor(W_output, requires_grad=True)]
    for _ in story.train(story.step_done_right, samples, targets, W_input, W_output, 0.0, 1000):
        pass
    x, t = np.array(samples, float), np.array(targets, float)
    result = mg.fit(
        lambda: loss_of(x, t, *nodes)[1], nodes, optimizer=mg.optim.SGD(lr=story.LEARNING_RATE), iterations=1000, progress=False
    )
    assert result.iterations == 1000
    for node, loops in zip(nodes, (W_input, W_output), strict=True):
        np.testing.assert_allclose(node.numpy(), loops, rtol=1e-10, atol=0)


@pytest.mark.parametrize("name", DATA)
def test_graph_and_loops_take_the_same_iterations(name):
    samples, targets = DATA[name]
    runs = []
    for training in (lambda *args: story.train(story.step_done_right, *args), train_through_the_graph):
        weights = story.initial_weights(samples, targets, 4)
        runs.append(Run("").watch(training(samples, targets, *weights, 0.1, 5000), targets, lambda: None))
    assert agreement(*runs) < 1e-10
    assert {t: c[0] for t, c in runs[0].crossings.items()} == {t: c[0] for t, c in runs[1].crossings.items()}
    assert len(runs[0].crossings) == len(TOLERANCES) - 1


def test_the_bug_is_in_the_hidden_gradient_alone():
    samples, targets = DATA["B"]
    weights = story.initial_weights(samples, targets, 4)
    true = vectorised_gradients(np.array(samples), np.array(targets), *map(np.array, weights))
    E_hidden, E_output, _ = story.step_with_the_bug(samples, targets, *weights, 1e-3)
    np.testing.assert_allclose(E_output, true[1], rtol=1e-12)
    assert np.linalg.norm(E_hidden) < 0.05 * np.linalg.norm(true[0])


@pytest.mark.long
def test_the_bug_stalls_on_data_b():
    samples, targets = DATA["B"]
    runs = {}
    for step in (story.step_with_the_bug, story.step_done_right):
        weights = story.initial_weights(samples, targets, 4)
        steps = story.train(step, samples, targets, *weights, 0.01, 100_000)
        runs[step] = Run("").watch(steps, targets, lambda: None)
    wrong, right = runs[story.step_with_the_bug], runs[story.step_done_right]
    assert wrong.squared[-1] < 0.01, "the stopping rule fired"
    assert right.errors[-1] < 0.8 * wrong.errors[-1], "and yet the loss was far from done"


def test_agreement_of_runs_of_different_length_is_infinite():
    assert agreement(Run("", errors=[1.0]), Run("", errors=[1.0, 0.5])) == float("inf")
