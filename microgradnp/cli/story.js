// One step of `story.step_with_the_bug`, line by line: the hidden delta is multiplied by the update of W_output, not by its weights.

const BY_HAND = {
  right: "as it should be",
  wrong: "as it was written",
  note: "As it was written, the hidden delta multiplies by the update of W_output, where the weights belong.",
  step(array, learningRate) {
    const BIAS = -1, [samples, targets, W_input, W_output] = ["x", "targets", "W_input", "W_output"].map(array);
    const [n, inputs] = samples.shape, [rows, hidden] = W_input.shape, outputs = W_output.shape[1];
    const x = (s, i) => (i < inputs ? samples.data[s * inputs + i] : BIAS), range = (length, f) => Array.from({ length }, (_, k) => f(k));
    const sum = (length, f) => { let total = 0; for (let k = 0; k < length; k++) total += f(k); return total; };

    const h = range(n, (s) => [...range(hidden, (j) => 1 / (1 + Math.exp(-sum(rows, (i) => x(s, i) * W_input.data[i * hidden + j])))), BIAS]);
    const delta_output = range(n, (s) => range(outputs, (k) => sum(hidden + 1, (j) => h[s][j] * W_output.data[j * outputs + k]) - targets.data[s * outputs + k]));
    const W_delta_output = range(hidden + 1, (j) => range(outputs, (k) => -learningRate * sum(n, (s) => h[s][j] * delta_output[s][k])));
    W_delta_output.forEach((row, j) => row.forEach((change, k) => { W_output.data[j * outputs + k] += change; }));

    const error = (s, j) => sum(outputs, (k) => delta_output[s][k] * W_delta_output[j][k]); // the wrong line
    const delta_hidden = range(n, (s) => range(hidden, (j) => error(s, j) * h[s][j] * (1 - h[s][j])));
    for (let i = 0; i < rows; i++) for (let j = 0; j < hidden; j++) W_input.data[i * hidden + j] += -learningRate * sum(n, (s) => x(s, i) * delta_hidden[s][j]);
  },
};
