// Training in the page. The steps are those of `fit`: gradient descent, momentum and Adam, with all samples of the graph or with
// batches of them in their order.

const parameters = [...leafOf.keys()].filter((node) => isParameter(node) && exact(node, "right"));
const MOST_KEPT = 4000; // points of the curves; then every second one is dropped
const BETAS = [0.9, 0.999], EPSILON = 1e-8;
const T = { iteration: 0, losses: [], norms: [], every: 1, memory: new Map(), ghost: null, byHand: false, says: "", start: 0, columns: { list: [], every: 1 } };

const UPDATES = {
  sgd: (w, g, lr) => { for (let q = 0; q < w.length; q++) w[q] -= lr * g[q]; },
  momentum: (w, g, lr, { v }) => {
    const momentum = +$("momentum").value;
    for (let q = 0; q < w.length; q++) { v[q] = momentum * v[q] + g[q]; w[q] -= lr * v[q]; }
  },
  adam: (w, g, lr, { m, v }, t) => { // D. P. Kingma and J. Ba (2015), algorithm 1
    const [first, second] = BETAS.map((beta) => 1 - beta ** t);
    for (let q = 0; q < w.length; q++) {
      m[q] = BETAS[0] * m[q] + (1 - BETAS[0]) * g[q];
      v[q] = BETAS[1] * v[q] + (1 - BETAS[1]) * g[q] ** 2;
      w[q] -= (lr * (m[q] / first)) / (Math.sqrt(v[q] / second) + EPSILON);
    }
  },
};

const sizeOfAll = (array) => Math.sqrt(array.reduce((sum, x) => sum + x * x, 0));

// Whether a step takes some of the samples only.
const inBatches = () => Boolean(B) && !T.byHand && batchSize() < B.rows;
const batchSize = () => Math.max(1, Math.min(B.rows, Math.floor(+$("batch").value) || B.rows));

// What the program returns for the next batch. The last batch of a pass over the data may be smaller.
function nextBatch() {
  const start = T.start < B.rows ? T.start : 0, end = Math.min(B.rows, start + batchSize());
  T.start = end;
  return runOf(end - start)(leaves.map((array, k) => (B.leaves.includes(k) ? array.subarray((array.length / B.rows) * start, (array.length / B.rows) * end) : array)));
}

// Gradients are those of the last run, or of a batch. The step changes the parameters; without batches it runs once more.
function trainOnce() {
  const some = inBatches(), found = some ? nextBatch() : result, slope = (node) => found.gradients[position.get(node)], loss = found.values[position.get(root)][0];
  if (some) T.lossOfBatch = loss;
  if (T.iteration % T.every === 0) {
    T.losses.push(loss);
    T.norms.push(parameters.map((node) => sizeOfAll(slope(node))));
    if (T.losses.length > MOST_KEPT) {
      [T.losses, T.norms] = [T.losses, T.norms].map((list) => list.filter((_, k) => k % 2 === 0));
      T.every *= 2;
    }
  }
  keepColumns(found);
  const lr = +$("rate").value, kind = $("optimizer").value;
  T.iteration++;
  if (T.byHand) BY_HAND.step(leafNamed, lr);
  else {
    for (const node of parameters) {
      const w = leaves[leafOf.get(node)];
      if (!T.memory.has(node)) T.memory.set(node, { m: new Float64Array(w.length), v: new Float64Array(w.length) });
      UPDATES[kind](w, slope(node), lr, T.memory.get(node), T.iteration);
    }
  }
  if (!some) result = run(leaves);
}

// For a step that was written by hand: a leaf by its name.
function leafNamed(name) {
  const node = [...leafOf.keys()].find((leaf) => D.nodes[leaf][NAME] === name);
  return { data: leaves[leafOf.get(node)], shape: D.nodes[node][SHAPE] };
}

// So many steps, or fewer where they take longer than `patience` milliseconds. False when it cannot go on.
function trainFor(steps, patience = Infinity) {
  const until = performance.now() + patience;
  for (let k = 0; k < steps && (k === 0 || performance.now() < until); k++) {
    trainOnce();
    if (Number.isFinite(inBatches() ? T.lossOfBatch : lossNow())) continue;
    T.says = `The loss is not finite any more. The learning rate ${$("rate").value} is too large here.`;
    break;
  }
  compute();
  showNow();
  return !T.says;
}

// ---- controls

let training = 0; // of the timer
const SPEEDS = { slow: [1, 400], frame: [1, 0], ten: [10, 0], hundred: [100, 0] };

function playTraining() {
  if (training) return pauseTraining();
  stopPlaying();
  openTab("training");
  T.says = "";
  $("train").textContent = "❚❚ pause";
  let last = -Infinity;
  const turn = (time) => {
    const [steps, pause] = SPEEDS[$("speed").value];
    if (time - last >= pause) {
      last = time;
      if (!trainFor(steps, 40)) return pauseTraining();
    }
    training = requestAnimationFrame(turn);
    return undefined;
  };
  training = requestAnimationFrame(turn);
  return undefined;
}

function pauseTraining() {
  cancelAnimationFrame(training);
  training = 0;
  $("train").textContent = "▶ train";
}

function toStart() {
  pauseTraining();
  Object.assign(T, { iteration: 0, losses: [], norms: [], every: 1, says: "", start: 0, columns: { list: [], every: 1 } });
  T.memory.clear();
  backToRecorded();
  say("reset");
}

// Right or as it was written: the curve so far stays as a pale one, to compare with.
function chooseHand(byHand) {
  T.ghost = T.losses.length > 1 ? { losses: [...T.losses, lossNow()], every: T.every, label: T.byHand ? BY_HAND.wrong : BY_HAND.right } : T.ghost;
  T.byHand = byHand;
  openTab("training");
  toStart();
  showControls();
}

function showControls() {
  const kind = $("optimizer").value;
  $("momentumLabel").hidden = kind !== "momentum" || T.byHand;
  $("optimizerLabel").hidden = T.byHand;
  $("batchLabel").hidden = !B || T.byHand;
  $("order").textContent = inBatches() ? orderOfBatches() : "";
  $("handNote").textContent = T.byHand ? BY_HAND.note : "";
}

function orderOfBatches() {
  const size = batchSize(), last = B.rows % size, names = B.leaves.map((k) => D.live.leaves[k][0]).map(title);
  return `Batches of ${size} of the ${B.rows} samples in the order of the rows of ${cut(names.join(", "), 60)}, not shuffled: first rows 0 to ${size - 1}${last ? `; the last batch has ${last}` : ""}. The loss is as it was recorded: its own numbers, such as a division by ${B.rows}, stay. The curves show the loss and the gradients of each batch.`;
}

function openTab(name) {
  for (const tab of ["numbers", "training"]) {
    $(tab).hidden = tab !== name;
    $(`tab-${tab}`).setAttribute("aria-selected", String(tab === name));
    $(`tab-${tab}`).tabIndex = tab === name ? 0 : -1;
  }
  if (name === "numbers") fillPanel(); else showTraining();
}

function buildLive() {
  measureRun();
  writeOut();
  for (const tab of ["numbers", "training"]) {
    $(`tab-${tab}`).onclick = () => openTab(tab);
    $(`tab-${tab}`).onkeydown = (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      event.stopPropagation();
      const other = tab === "numbers" ? "training" : "numbers";
      openTab(other);
      $(`tab-${other}`).focus();
    };
  }
  stage.addEventListener("pointerdown", grabInDrawing, true);
  stage.addEventListener("pointermove", (event) => { const leaf = leafAt(event); if (leaf) event.target.style.cursor = isOn(event, leaf) ? "ns-resize" : ""; });
  stage.addEventListener("keydown", changeByKey, true);
  $("entry").oninput = () => { if ($("entry").value !== "") change(S.sel, +$("entry").value); };
  $("drag").oninput = () => change(S.sel, +$("drag").value);
  $("h").oninput = () => showCheck(S.sel);
  for (const control of [$("drag"), $("h")]) control.onkeydown = (event) => event.stopPropagation(); // arrows move the slider
  $("recorded").onclick = toStart;
  const trains = parameters.length > 0;
  $("bar").hidden = !trains;
  if (!trains) return;
  if (B) {
    Object.assign($("batch"), { max: B.rows, value: B.rows });
    $("batch").onchange = () => { $("batch").value = batchSize(); T.start = 0; showControls(); showTraining(); };
  }
  if (D.live.rate) $("rate").value = D.live.rate;
  const oneStep = () => { pauseTraining(); openTab("training"); T.says = ""; trainFor(1); };
  $("train").onclick = playTraining;
  $("trainStep").onclick = oneStep;
  Object.assign(actions, { p: playTraining, ".": oneStep, 0: toStart });
  $("start").onclick = toStart;
  $("optimizer").onchange = () => { T.memory.clear(); showControls(); };
  const other = D.live.others || [];
  $("dataLabel").hidden = other.length < 2;
  $("data-choice").replaceChildren(...other.map((label, k) => Object.assign(html("option", label), { value: k })));
  $("data-choice").value = D.live.program;
  $("data-choice").onchange = () => { location.hash = `data=${$("data-choice").value}`; location.reload(); };
  if (typeof BY_HAND !== "undefined") {
    $("handLabel").hidden = false;
    $("hand").replaceChildren(Object.assign(html("option", BY_HAND.right), { value: "right" }), Object.assign(html("option", BY_HAND.wrong), { value: "wrong" }));
    $("hand").onchange = () => chooseHand($("hand").value === "wrong");
  }
  document.body.live = { loss: lossNow, losses: () => T.losses, leaf: (name) => [...leafNamed(name).data], train: trainFor }; // for tests, and for the console
  showControls();
  buildBoundary();
  openTab(S.sel === null ? "training" : "numbers");
  showTraining();
}
