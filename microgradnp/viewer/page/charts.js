// Charts of a training: the loss, the norms of the gradients, the decision boundary.

const CHART = 300, POINTS = 300, MOST_LINES = 8; // pixels; points of a line
const LINES = [["#0072b2", "#56b4e9"], ["#d55e00", "#ff9d4d"], ["#00805c", "#3fc79a"], ["#b0528a", "#e6a3c8"], ["#946b00", "#f0c75e"], ["#3d6fb6", "#9cc8ff"], ["#7050b8", "#b9a2f0"], ["#666666", "#b0b0b0"]]
  .map(([light, dark]) => `light-dark(${light}, ${dark})`); // after M. Okabe and K. Ito (2008)

// Lines over the iterations. The scale is logarithmic where no number is negative.
function lineChart(lines, height, label) {
  const finite = lines.flatMap((line) => line.numbers.filter(Number.isFinite)), logarithmic = finite.every((x) => x >= 0) && finite.some((x) => x > 0);
  const every = logarithmic ? finite.filter((x) => x > 0) : finite; // a zero is not drawn on a logarithmic scale
  const level = (x) => (logarithmic ? Math.log10(x) : x);
  let [low, high] = [Math.min(...every.map(level)), Math.max(...every.map(level))];
  if (logarithmic) low = Math.max(low, high - 8); // what is smaller is rounding
  if (!(high > low)) [low, high] = [low - 0.5, high + 0.5];
  const last = Math.max(1, ...lines.map((line) => (line.numbers.length - 1) * line.every)), left = 52, top = 6, foot = 16;
  const x = (k) => left + ((CHART - left - 4) * k) / last, y = (v) => top + ((height - top - foot) * (high - Math.max(low, level(v)))) / (high - low);
  const drawn = element("svg", { viewBox: `0 0 ${CHART} ${height}`, class: "chart", role: "img", "aria-label": label });
  const back = (v) => number(+(logarithmic ? 10 ** v : v).toPrecision(3));
  for (const [v, at] of [[high, top], [low, height - foot]]) drawn.append(element("path", { class: "grid", d: `M${left} ${at}H${CHART - 4}` }), words(left - 5, at + 4, "axis", back(v), { "text-anchor": "end" }));
  drawn.append(words(left, height - 2, "axis", "0"), words(CHART - 4, height - 2, "axis", `${last.toLocaleString("en")} steps`, { "text-anchor": "end" }));
  for (const { numbers, every: gap, color, kind } of lines) {
    const jump = Math.max(1, Math.floor(numbers.length / POINTS)), path = [];
    numbers.forEach((v, k) => { if ((k % jump === 0 || k === numbers.length - 1) && Number.isFinite(v) && (!logarithmic || v > 0)) path.push(`${x(k * gap).toFixed(1)} ${y(v).toFixed(1)}`); });
    if (path.length) drawn.append(element("path", { class: `line ${kind || ""}`, style: color ? `stroke:${color}` : null, d: `M${path.join("L")}${path.length === 1 ? "h0.1" : ""}` }));
  }
  return drawn;
}

const legend = (entries) => {
  const list = html("p", null, "legend");
  for (const [text, color, kind] of entries) {
    const entry = html("span", null, "entry"), sign = html("i", null, kind || "");
    if (color) sign.style.background = color;
    entry.append(sign, text);
    list.append(entry);
  }
  return list;
};

function lossPart() {
  const now = inBatches() && T.losses.length ? T.losses : [...T.losses, lossNow()], lines = [{ numbers: now, every: T.every, color: LINES[0] }], entries = [];
  if (T.ghost) {
    lines.unshift({ numbers: T.ghost.losses, every: T.ghost.every, kind: "ghost" });
    entries.push([T.byHand ? BY_HAND.wrong : BY_HAND.right, LINES[0]], [T.ghost.label, null, "ghost"]);
  }
  return [lineChart(lines, 120, `loss from ${number(now[0])} to ${number(now[now.length - 1])} in ${T.iteration} steps`), ...(entries.length ? [legend(entries)] : [])];
}

// The parameters whose lines are drawn: all, or some that are spread evenly over the model.
const drawnLines = () => parameters.map((_, k) => k).filter((k, _, all) => all.length <= MOST_LINES || Math.floor((k * MOST_LINES) / all.length) !== Math.floor(((k - 1) * MOST_LINES) / all.length));

function normsPart() {
  const chosen = drawnLines(), last = parameters.map((node) => sizeOfAll(exact(node, "right")));
  const lines = chosen.map((k, i) => ({ numbers: [...T.norms.map((norms) => norms[k]), ...(inBatches() ? [] : [last[k]])], every: T.every, color: LINES[i] }));
  const left = parameters.length - chosen.length;
  return [lineChart(lines, 110, "norm of the gradient of each parameter"), legend(chosen.map((k, i) => [`${longTitle(parameters[k])} ${number(last[k])}`, LINES[i]])), ...(left > 0 ? [html("p", `and ${left} more parameters`, "quiet")] : [])];
}

const longTitle = (node) => { const g = D.member[node], name = title(node); return g !== null && D.nodes.filter((row) => row[NAME] === name).length > 1 ? `${D.groups[g].title}: ${name}` : name; };

// ---- the decision boundary, where there are two inputs and one output, and each output is of its own sample only

const GRID = 40;
let boundary = null;

function buildBoundary() {
  const input = [...leafOf.keys()].find((node) => !isParameter(node) && D.nodes[node][SHAPE].length === 2 && D.nodes[node][SHAPE][1] === 2 && D.nodes[node][SHAPE][0] > 1);
  if (input === undefined) return;
  const samples = D.nodes[input][SHAPE][0], perSample = (node) => D.nodes[node][SHAPE][0] === samples && exact(node, "left")?.length === samples;
  const others = [...leafOf.keys()].filter((node) => node !== input && !isParameter(node) && D.nodes[node][SHAPE][0] === samples);
  const after = reach(input, users), afterOthers = new Set(others.flatMap((node) => [...reach(node, users)]));
  const output = [...after].filter((node) => perSample(node) && !afterOthers.has(node) && position.has(node)).sort((a, b) => b - a)[0];
  const targets = others.find(perSample);
  if (output === undefined || !isOfItsOwn(input, output, samples)) return;
  const logits = users[output].some((node) => /logits/.test(D.nodes[node][OP]));
  boundary = { input, output, samples, targets, logits, drawn: -Infinity, cost: 0 };
}

// Whether the output of a sample changes with this sample, and with no other.
function isOfItsOwn(input, output, samples) {
  const k = leafOf.get(input), before = leaves[k], known = Float64Array.from(exact(output, "left"));
  leaves[k] = before.map((x, q) => (q < 2 ? x : x + 0.37 + 0.11 * Math.sin(q)));
  const moved = Float64Array.from(run(leaves).values[position.get(output)]);
  leaves[k] = before;
  result = run(leaves);
  return samples > 1 && Math.abs(moved[0] - known[0]) <= 1e-12 * Math.max(1, Math.abs(known[0]));
}

function boundaryPart() {
  if (!boundary) return [];
  if (!boundary.figure) {
    const canvas = html("canvas"), frame = html("div", null, "boundary");
    [canvas.width, canvas.height] = [GRID, GRID];
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${title(boundary.output)} over the plane of the two inputs`);
    frame.append(canvas, (boundary.points = element("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" })));
    Object.assign(boundary, { canvas, figure: frame });
  }
  const time = performance.now();
  if (time - boundary.drawn > 6 * boundary.cost) { // at most a sixth of the time goes into it
    paintBoundary();
    boundary.drawn = performance.now();
    boundary.cost = boundary.drawn - time;
  }
  return [boundary.figure];
}

function paintBoundary() {
  const { input, output, samples, targets, logits, canvas } = boundary, k = leafOf.get(input), points = leaves[k], values = new Float64Array(GRID * GRID);
  const ends = [0, 1].map((axis) => { const xs = points.filter((_, q) => q % 2 === axis), [a, b] = [Math.min(...xs), Math.max(...xs)], more = 0.12 * (b - a || 1); return [a - more, b + more]; });
  const goals = targets === undefined ? null : Float64Array.from(exact(targets, "left")), place = (axis, j) => ends[axis][0] + ((ends[axis][1] - ends[axis][0]) * (j + 0.5)) / GRID;
  const batch = new Float64Array(points.length);
  leaves[k] = batch;
  for (let start = 0; start < GRID * GRID; start += samples) {
    for (let n = 0; n < samples; n++) {
      const cell = Math.min(GRID * GRID - 1, start + n);
      batch[2 * n] = place(0, cell % GRID);
      batch[2 * n + 1] = place(1, GRID - 1 - Math.floor(cell / GRID));
    }
    const found = run(leaves).values[position.get(output)];
    for (let n = 0; n < samples && start + n < GRID * GRID; n++) values[start + n] = found[n];
  }
  leaves[k] = points;
  result = run(leaves);
  const [low, high] = goals ? [Math.min(...goals), Math.max(...goals)] : [Math.min(...values), Math.max(...values)], middle = logits ? 0 : (low + high) / 2, half = logits ? 3 : (high - low) / 2 || 1;
  const [negative, zero, positive] = ENDS[theme()].map(rgb), color = (v) => { const t = Math.max(-1, Math.min(1, (v - middle) / half)), end = t < 0 ? negative : positive; return zero.map((z, i) => Math.round(z + (end[i] - z) * Math.abs(t) * 0.85)); };
  const context = canvas.getContext("2d"), pixels = context.createImageData(GRID, GRID);
  values.forEach((v, q) => pixels.data.set([...color(v), 255], 4 * q));
  context.putImageData(pixels, 0, 0);
  boundary.points.replaceChildren(...Array.from({ length: Math.min(samples, 500) }, (_, n) => element("circle", {
    r: 2, cx: (100 * (points[2 * n] - ends[0][0])) / (ends[0][1] - ends[0][0]), cy: 100 - (100 * (points[2 * n + 1] - ends[1][0])) / (ends[1][1] - ends[1][0]),
    fill: goals ? `rgb(${color(logits ? (goals[n] - 0.5) * 9 : goals[n])})` : "none",
  })));
}

// ---- all of it

function showTraining() {
  if (!D.live) return;
  $("iteration").textContent = T.iteration.toLocaleString("en");
  $("lossText").textContent = number(lossNow());
  $("start").disabled = !now && !T.iteration;
  if ($("training").hidden || !parameters.length) return;
  const part = (heading, content) => (content.length ? [html("h2", heading), ...content] : []);
  $("says").textContent = T.says;
  $("charts").replaceChildren(...part("loss", lossPart()), ...part("decision boundary", boundaryPart()), ...part("norms of the gradients", normsPart()), ...part("layer by layer", layers.length ? layersPart() : []));
}
