// One cell of a value or a gradient, and the entries that made it: the row and the column light up, with their numbers.

const MOST_TERMS = 6, MOST_LIT = 4;
const ENTRYWISE = new Set(["add", "add_bias", "subtract", "multiply", "divide", "maximum", "minimum", "power", "hypot", "arctan2"]);
const SIGNS = { add: "+", add_bias: "+", subtract: "−", multiply: "·", divide: "/" };

const argumentsOf = (node) => D.edges.filter(([, target]) => target === node).map(([source, , position]) => ({ node: source, position }));
const rowsAndColumns = (node) => { const shape = D.nodes[node][SHAPE]; return [shape.length > 1 ? shape[shape.length - 2] : 1, shape[shape.length - 1] ?? 1]; };
const flat = (node) => D.nodes[node][SHAPE].length <= 2;
const whole = (map) => map?.x && map.x.length === map.r * map.c;
const entry = (map, r, c) => (whole(map) ? map.x[Math.min(r, map.r - 1) * map.c + Math.min(c, map.c - 1)] : null); // an axis of length 1 is broadcast
const signed = (x) => (typeof x === "number" && x < 0 ? `(${number(x)})` : number(x));
const at = (name, r, c) => `${name}[${r}, ${c}]`;

// {lines: texts, lit: [[node, side, row or null, column or null]]}
function explained({ node, side, r, c }) {
  return side === "left" ? explainedValue(node, r, c) : explainedGradient(node, r, c);
}

function explainedValue(node, r, c) {
  const op = D.nodes[node][OP], args = argumentsOf(node), own = entry(valueOf(node), r, c), result = own === null ? "" : ` = ${number(own)}`;
  if (!op) return { lines: [`${D.nodes[node][KIND]}: given, not computed`], lit: [] };
  if (op === "matmul" && args.length === 2 && args.every(({ node: a }) => D.nodes[a][SHAPE].length === 2)) {
    const [a, b] = args.map((one) => one.node);
    return { lines: [products(valueOf(a), (k) => [r, k], valueOf(b), (k) => [k, c], rowsAndColumns(a)[1]) + result], lit: [[a, "left", r, null], [b, "left", null, c]] };
  }
  const name = op.split("(")[0], shape = String(D.nodes[node][SHAPE]);
  if (args.length === 1 && flat(node) && String(D.nodes[args[0].node][SHAPE]) === shape && !REARRANGING.test(op)) {
    const given = entry(valueOf(args[0].node), r, c);
    return { lines: given === null ? [] : [(op.includes("·") ? op.replace("·", number(given)) : `${op}(${number(given)})`) + result], lit: [[args[0].node, "left", r, c]] };
  }
  if (ENTRYWISE.has(name) && args.length === 2 && args.every((one) => flat(one.node))) {
    const given = args.map((one) => entry(valueOf(one.node), r, c)), sign = SIGNS[name];
    const text = sign ? `${number(given[0])} ${sign} ${signed(given[1])}` : `${name}(${given.map(number).join(", ")})`;
    return { lines: given.includes(null) ? [] : [text + result], lit: args.map((one) => [one.node, "left", r, c]) };
  }
  return { lines: [`${op}: depends on the entries of ${args.map((one) => title(one.node)).join(" and ")}`], lit: args.map((one) => [one.node, "left", null, null]) };
}
const REARRANGING = /^(transpose|reshape|swapaxes|flip|roll|sort|cumsum|cumprod|softmax|log_softmax|fft|moveaxis)/;

function explainedGradient(node, r, c) {
  const total = entry(gradientOf(node), r, c), lines = [], lit = [];
  for (const share of shares[node]) {
    const found = explainedShare(node, share, r, c, shares[node].length === 1 ? total : null);
    lines.push(...found.lines);
    lit.push(...found.lit);
  }
  if (shares[node].length > 1 && total !== null) lines.push(`sum of ${shares[node].length} contributions: ${number(total)}`);
  if (node === root) lines.push("the gradient of the loss with respect to itself is 1");
  return { lines, lit };
}

function explainedShare(node, { from, position }, r, c, total) {
  const op = D.nodes[from][OP], args = argumentsOf(from), g = gradientOf(from), result = total === null ? "" : ` = ${number(total)}`;
  const other = args.find((one) => one.position !== position)?.node ?? node, [rows, columns] = rowsAndColumns(from);
  if (op === "matmul" && args.every((one) => D.nodes[one.node][SHAPE].length === 2)) {
    if (position === 0) return { lines: [products(g, (k) => [r, k], valueOf(other), (k) => [c, k], columns) + result], lit: [[from, "right", r, null], [other, "left", c, null]] };
    const most = largestTerms(valueOf(other), r, g, c, rows);
    return { lines: [products(valueOf(other), (k) => [k, r], g, (k) => [k, c], rows) + result, ...most], lit: [[other, "left", null, r], [from, "right", null, c]] };
  }
  const name = op.split("(")[0], entrywise = ENTRYWISE.has(name) || args.length === 1;
  if (entrywise && flat(from) && !REARRANGING.test(op) && String(D.nodes[from][SHAPE]) === String(D.nodes[node][SHAPE])) {
    const given = entry(g, r, c);
    if (given === null) return { lines: [], lit: [[from, "right", r, c]] };
    const slope = total !== null && given ? `${number(given)} · ${signed(+(total / given).toPrecision(4))}` : number(given);
    return { lines: [`${at(`d_${D.code[from]}`, r, c)} · slope of ${name}: ${slope}${result}`], lit: [[from, "right", r, c]] };
  }
  if (["add", "add_bias", "subtract"].includes(name) && flat(from) && D.nodes[node][SHAPE].length <= 1 && rows > 1 && whole(g)) {
    const terms = Array.from({ length: rows }, (_, k) => entry(g, k, c));
    return { lines: [`${listed(terms.map(signed), " + ")}${name === "subtract" && position ? ", with a minus" : ""}${result}`], lit: [[from, "right", null, c]] };
  }
  return { lines: [`${op}: comes from the gradient of ${title(from)}${result}`], lit: [[from, "right", null, null]] };
}

const listed = (texts, sign) => (texts.length <= MOST_TERMS ? texts.join(sign) : [...texts.slice(0, MOST_TERMS - 1), "…", texts[texts.length - 1]].join(sign));

function products(a, placeA, b, placeB, length) {
  if (!whole(a) || !whole(b)) return `a sum of ${length} products`;
  return listed(Array.from({ length }, (_, k) => `${signed(entry(a, ...placeA(k)))}·${signed(entry(b, ...placeB(k)))}`), " + ");
}

// Which samples give most to one entry of the gradient of a matrix.
function largestTerms(a, column, g, c, rows) {
  if (!whole(a) || !whole(g) || rows < 3) return [];
  const terms = Array.from({ length: rows }, (_, k) => [entry(a, k, column) * entry(g, k, c), k]).sort((p, q) => Math.abs(q[0]) - Math.abs(p[0]));
  return [`most from ${terms.slice(0, 3).map(([term, k]) => `row ${k}: ${number(term)}`).join(", ")}`];
}

function cellPart() {
  const cell = S.cell;
  if (!cell || cell.node !== S.sel) return null;
  const { lines, lit } = explained(cell), part = html("div", null, "why cell"), name = cell.side === "left" ? D.code[cell.node] : `d_${D.code[cell.node]}`;
  part.append(html("b", at(name, cell.r, cell.c)), ...lines.map((line) => html("p", line)));
  const figures = html("div", null, "figures");
  for (const [node, side, r, c] of lit.slice(0, MOST_LIT)) {
    const map = side === "left" ? valueOf(node) : gradientOf(node);
    if (map?.q) figures.append(figure(map, side === "left" ? title(node) : `gradient of ${title(node)}`, side, null, [r, c]));
  }
  part.append(figures);
  return part;
}
