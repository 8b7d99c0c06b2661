// Training in the page. The steps are those of `fit`: gradient descent, momentum and Adam, each with all samples of the graph.

const parameters = [...leafOf.keys()].filter((node) => isParameter(node) && exact(node, "right"));
const MOST_KEPT = 4000; // points of the curves; then every second one is dropped
const BETAS = [0.9, 0.999], EPSILON = 1e-8;
const T = { iteration: 0, losses: [], norms: [], every: 1, memory: new Map(), ghost: null, byHand: false, says: "" };

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

// Gradients are those of the last run; the step changes the parameters and runs once more.
function trainOnce() {
  if (T.iteration % T.every === 0) {
    T.losses.push(lossNow());
    T.norms.push(parameters.map((node) => sizeOfAll(exact(node, "right"))));
    if (T.losses.length > MOST_KEPT) {
      [T.losses, T.norms] = [T.losses, T.norms].map((list) => list.filter((_, k) => k % 2 === 0));
      T.every *= 2;
    }
  }
  const lr = +$("rate").value, kind = $("optimizer").value;
  T.iteration++;
  if (T.byHand) BY_HAND.step(leafNamed, lr);
  else {
    for (const node of parameters) {
      const w = leaves[leafOf.get(node)];
      if (!T.memory.has(node)) T.memory.set(node, { m: new Float64Array(w.length), v: new Float64Array(w.length) });
      UPDATES[kind](w, exact(node, "right"), lr, T.memory.get(node), T.iteration);
    }
  }
  result = run(leaves);
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
    if (Number.isFinite(lossNow())) continue;
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
  Object.assign(T, { iteration: 0, losses: [], norms: [], every: 1, says: "" });
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
  $("handNote").textContent = T.byHand ? BY_HAND.note : "";
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
  $("entry").oninput = () => { if ($("entry").value !== "") change(S.sel, +$("entry").value); };
  $("drag").oninput = () => change(S.sel, +$("drag").value);
  $("h").oninput = () => showCheck(S.sel);
  for (const control of [$("drag"), $("h")]) control.onkeydown = (event) => event.stopPropagation(); // arrows move the slider
  $("recorded").onclick = toStart;
  const trains = parameters.length > 0;
  $("bar").hidden = !trains;
  if (!trains) return;
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
