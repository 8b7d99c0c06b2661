// Charts of a training: the loss, the norms of the gradients, values and gradients of each layer, the decision boundary.

const CHART = 300, POINTS = 300, MOST_LINES = 8, MOST_LAYERS = 12, BINS = 21; // pixels; points of a line; rows
const VANISHING = 1e-3; // share of the largest root mean square of a gradient
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

// The results of layers that have several numbers and a gradient.
const layers = (() => {
  const ends = D.groups.filter((group) => group.kind === "layer").map((group) => group.end), all = ends.length ? ends : D.nodes.map((_, node) => node).filter((node) => D.nodes[node][OP]);
  const fitting = [...new Set(all)].filter((node) => node !== root && position.has(node) && exact(node, "left")?.length > 1 && exact(node, "right")).sort((a, b) => a - b);
  return fitting.filter((_, k) => fitting.length <= MOST_LAYERS || Math.floor((k * MOST_LAYERS) / fitting.length) !== Math.floor(((k - 1) * MOST_LAYERS) / fitting.length));
})();

const binOf = (x, most) => (most ? Math.min(BINS - 1, Math.floor(((x / most + 1) / 2) * BINS)) : (BINS - 1) / 2);

// How many numbers are in each bin between the largest magnitude and its negative.
function counted(array) {
  const most = array.reduce((size, x) => (Number.isFinite(x) ? Math.max(size, Math.abs(x)) : size), 0), counts = new Uint32Array(BINS);
  array.forEach((x) => { if (Number.isFinite(x)) counts[binOf(x, most)]++; });
  return { most, counts };
}

function histogram(array, label) {
  const { most, counts } = counted(array), top = Math.max(...counts), wide = 96 / BINS, figure = html("figure");
  const drawn = element("svg", { viewBox: "0 0 96 30", preserveAspectRatio: "none", class: "histogram", role: "img", "aria-label": `${label}: ${array.length} numbers between ±${number(most)}` });
  for (const [kind, fits] of [["negative", (k) => k < (BINS - 1) / 2], ["zero", (k) => k === (BINS - 1) / 2], ["positive", (k) => k > (BINS - 1) / 2]]) {
    let path = "";
    counts.forEach((n, k) => { if (n && fits(k)) path += `M${(k * wide).toFixed(2)} 30v${(-29 * Math.sqrt(n / top)).toFixed(1)}h${(wide - 0.5).toFixed(2)}V30z`; });
    drawn.append(element("path", { class: kind, d: path }));
  }
  figure.append(drawn, html("figcaption", `±${number(+most.toPrecision(2))}`));
  return figure;
}

// ---- histograms over the steps

const MOST_COLUMNS = 240, DECADES = [-12, 4]; // then every second one is dropped; powers of ten of the bins of gradients
const rootMeanSquare = (array) => Math.sqrt(array.reduce((sum, x) => sum + x * x, 0) / array.length);

// Keeps the distribution of each layer's values and of the magnitudes of its gradients, before a step.
function keepColumns(found) {
  if (T.iteration % T.columns.every) return;
  T.columns.list.push(layers.map((node) => {
    const at = position.get(node), slopes = found.gradients[at], powers = new Uint32Array(2 * (DECADES[1] - DECADES[0]));
    slopes.forEach((x) => { if (x) powers[Math.max(0, Math.min(powers.length - 1, Math.floor(2 * (Math.log10(Math.abs(x)) - DECADES[0]))))]++; });
    return { left: counted(found.values[at]), right: powers, size: rootMeanSquare(slopes), total: slopes.length };
  }));
  if (T.columns.list.length > MOST_COLUMNS) T.columns = { list: T.columns.list.filter((_, k) => k % 2 === 0), every: 2 * T.columns.every };
}

// A picture with a column for each kept step: the more numbers are in a bin, the stronger its colour.
function overTime(k, side, label) {
  const columns = T.columns.list.map((column) => column[k]), figure = html("figure"), image = html("canvas", null, "over-time"), [negative, zero, positive] = ENDS[theme()].map(rgb);
  let [low, high] = [0, BINS - 1], ends = "", count = (column, y) => column.right[y];
  if (side === "left") {
    const most = Math.max(...columns.map((column) => column.left.most)), rows = new Map(columns.map((column) => [column, new Float64Array(BINS)]));
    for (const [{ left }, row] of rows) left.counts.forEach((n, bin) => { row[binOf(left.most * ((2 * bin + 1) / BINS - 1), most)] += n; });
    count = (column, y) => rows.get(column)[y];
    ends = `±${number(+most.toPrecision(2))}`;
  } else {
    const used = columns[0].right.map((_, y) => columns.some((column) => column.right[y])), power = (y) => (10 ** (DECADES[0] + y / 2)).toExponential(0);
    [low, high] = [Math.max(0, used.indexOf(1)), Math.max(0, used.lastIndexOf(1))];
    ends = `${power(low)} … ${power(high + 1)}`;
  }
  [image.width, image.height] = [columns.length, high - low + 1];
  const context = image.getContext("2d"), pixels = context.createImageData(image.width, image.height);
  for (let y = low; y <= high; y++) {
    const end = side === "left" && y < (BINS - 1) / 2 ? negative : positive;
    columns.forEach((column, x) => {
      const share = Math.sqrt(Math.min(1, (3 * count(column, y)) / column.total)), at = 4 * ((high - y) * image.width + x);
      for (let c = 0; c < 3; c++) pixels.data[at + c] = zero[c] + (end[c] - zero[c]) * share;
      pixels.data[at + 3] = 255;
    });
  }
  context.putImageData(pixels, 0, 0);
  image.setAttribute("role", "img");
  image.setAttribute("aria-label", `${label} over ${T.iteration} steps: ${ends}`);
  figure.append(image, html("figcaption", ends));
  return figure;
}

const vanishes = (sizes, k) => sizes[k] < VANISHING * Math.max(...sizes);

// The first of the steps from which on the gradient of a layer has been small beside the largest; "" without steps.
function vanishingSince(k) {
  const { list, every } = T.columns;
  let since = list.length;
  while (since && vanishes(list[since - 1].map((column) => column.size), k)) since--;
  return list.length ? ` since step ${since * every}` : "";
}

function layersPart() {
  const sizes = layers.map((node) => rootMeanSquare(exact(node, "right"))), table = html("table", null, "layers");
  const head = table.createTHead().insertRow();
  for (const text of ["layer", "values", "gradients"]) { const cell = html("th", text); cell.scope = "col"; head.append(cell); }
  const body = table.createTBody();
  layers.forEach((node, k) => {
    const row = body.insertRow(), name = row.insertCell();
    name.append(link(node, D.groups.find((group) => group.kind === "layer" && group.end === node)?.title || longTitle(node)));
    if (vanishes(sizes, k)) name.append(html("span", `vanishing here${vanishingSince(k)}`, "vanishing"));
    for (const [side, what] of [["left", "values"], ["right", "gradients"]]) {
      const label = `${what} of ${title(node)}`;
      row.insertCell().append(histogram(exact(node, side), label), ...(T.columns.list.length > 1 ? [overTime(k, side, side === "left" ? label : `magnitudes of ${label}`)] : []));
    }
  });
  return [table, html("p", `Vanishing: the root mean square of the gradient is below ${VANISHING * 1000}/1000 of the largest one. Bars grow with the square root of the count. The pictures show the steps from left to right: values by sign, gradients by magnitude on a logarithmic scale.`, "quiet")];
}

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
