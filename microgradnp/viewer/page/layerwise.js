// Values and gradients layer by layer: their histograms now and over the steps, and where gradients vanish.

const MOST_LAYERS = 12, BINS = 21; // rows; bins of a histogram
const VANISHING = 1e-3; // share of the largest root mean square of a gradient

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
