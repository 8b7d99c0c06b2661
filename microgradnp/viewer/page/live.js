// The page computes: an entry of a parameter or an input is changed, and every value, gradient and picture follows.

const MOST_CELLS = 28, WRITTEN_OUT = 160; // as in heatmap.py
const doubles = (text) => new Float64Array(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer);
const recorded = D.live.leaves.map(([, text]) => doubles(text)), leaves = recorded.map((array) => array.slice());
const leafOf = new Map(D.live.leaves.map(([node], k) => [node, k])); // node -> its number among the leaves
const position = new Map(D.live.nodes.map((node, k) => [node, k])); // node -> its number in the program
const isParameter = (node) => leafOf.has(node) && D.needs[node] && !D.noGradient;
const canChange = (node) => leafOf.has(node) && D.nodes[node][DTYPE].startsWith("float"); // labels and indices stay as they are
const B = D.live.batch || null; // {rows, leaves: the numbers of those with a row for each sample}
const made = new Map(); // number of samples -> the program for it
const runOf = (rows) => made.get(rows) || made.set(rows, PROGRAMS[D.live.program](rows)).get(rows);
const run = runOf(B?.rows);
let result = run(leaves); // its arrays are written over by the next run

const exact = (node, side) => result[side === "left" ? "values" : "gradients"][position.get(node)] || null;
const lossNow = () => exact(root, "left")[0];

function compute() {
  result = run(leaves);
  const maps = { left: new Map(), right: new Map() };
  now = {
    map(node, side) {
      if (!position.has(node)) return (side === "left" ? D.values : D.grads)[node] || null;
      if (!maps[side].has(node)) maps[side].set(node, packed(exact(node, side), D.nodes[node][SHAPE]));
      return maps[side].get(node);
    },
    get largest() {
      const most = (side) => largest(D.nodes.map((_, node) => now.map(node, side)));
      return { left: most("left"), right: most("right") };
    },
  };
}

// A map as those of heatmap.py: a cell shows the entry of its block with the largest magnitude.
function packed(array, shape) {
  if (!array?.length) return null;
  const { high, wide, r, c, columns } = blocksOf(shape), cells = new Float64Array(r * c), map = { r, c, q: "live", cells, nan: 0, inf: 0 };
  let [least, most, sum, squares, finite] = [Infinity, -Infinity, 0, 0, 0];
  array.forEach((x, k) => {
    const column = k % columns, cell = Math.floor((k - column) / columns / high) * c + Math.floor(column / wide);
    if (Number.isFinite(x)) {
      if (x < least) least = x;
      if (x > most) most = x;
      sum += x;
      squares += x * x;
      finite++;
    } else map[Number.isNaN(x) ? "nan" : "inf"]++;
    if (!(Math.abs(x) <= Math.abs(cells[cell]))) cells[cell] = x;
  });
  [map.min, map.max] = finite ? [least, most] : [0, 0];
  map.s = Math.max(-map.min, map.max);
  [map.mean, map.norm] = [finite ? sum / finite : 0, Math.sqrt(squares)];
  if (map.s) cells.forEach((x, k) => { cells[k] = x / map.s; });
  if (array.length <= WRITTEN_OUT) map.x = written(array);
  return map;
}

function blocksOf(shape) {
  const columns = shape.length ? shape[shape.length - 1] : 1, rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
  const [high, wide] = [rows, columns].map((n) => Math.max(1, Math.ceil(n / MOST_CELLS)));
  return { columns, high, wide, r: Math.ceil(rows / high), c: Math.ceil(columns / wide) };
}

const written = (array) => Array.from(array, (x) => (Number.isFinite(x) ? x : String(x)));

// Gives the recorded maps their cells, and small arrays their numbers.
function writeOut() {
  D.nodes.forEach((row, node) => {
    for (const [map, side] of [[D.values[node], "left"], [D.grads[node], "right"]]) {
      const array = position.has(node) && exact(node, side);
      if (map?.q === "live") map.cells = packed(array, row[SHAPE]).cells;
      if (map?.q && array && array.length <= WRITTEN_OUT) map.x = written(array);
    }
  });
}

// Whether the program returns what was recorded. A page that computes something else must not look as if it did not.
function agrees() {
  const digits = D.nodes.some((row) => row[DTYPE] === "float32" || row[DTYPE] === "float16") ? 1e-2 : 1e-5;
  const close = (a, b, size) => (Number.isFinite(a) ? Math.abs(a - b) <= digits * Math.max(size, Math.abs(a)) : !Number.isFinite(b));
  const same = (known, array, side) => {
    if (!known?.q || !array) return true;
    const own = packed(array, [array.length]), rounding = 1e-5 * LARGEST[side]; // the gradient of a bias of keys is zero but for it
    return close(own.norm, known.norm ?? 0, rounding) && [["min", known.min], ["max", known.max]].every(([end, x]) => close(own[end], x, Math.max(known.s, rounding)));
  };
  return D.nodes.every((_, node) => same(D.values[node], exact(node, "left"), "left") && same(D.grads[node], exact(node, "right"), "right"));
}

// ---- what is seen of a change

function follow() {
  compute();
  showNow();
}

function backToRecorded() {
  leaves.forEach((array, k) => array.set(recorded[k]));
  result = run(leaves);
  now = null;
  showNow();
}

let wasNow = null;
function showNow() {
  S.snap = -1;
  paintThumbnails();
  const turned = Boolean(now) !== Boolean(wasNow);
  wasNow = now;
  if (scene.lane || turned) mark();
  if (!$("numbers").hidden) {
    if (turned) fillPanel();
    else fillNode();
    showEditor();
  }
  if (replay) showReplay();
  showScale();
  showTraining();
}

// ---- the editor of one entry

const chosen = new Map(); // node -> the place of the entry in its array
const placeIn = (node) => chosen.get(node) || 0;

// The cell of a picture in which an entry is.
function cellOf(node, { columns, high, wide } = blocksOf(D.nodes[node][SHAPE])) {
  const k = placeIn(node);
  return [Math.floor(Math.floor(k / columns) / high), Math.floor((k % columns) / wide)];
}
const lightOf = (node, map) => (map.r * map.c > 1 ? cellOf(node) : null);

// Takes hold of a cell: a drag up makes its entry larger, a drag down smaller.
function grab(event, node, map, image = event.currentTarget) {
  event.preventDefault();
  const box = image.getBoundingClientRect(), { columns, high, wide } = blocksOf(D.nodes[node][SHAPE]), array = leaves[leafOf.get(node)];
  const row = Math.min(map.r - 1, Math.floor(((event.clientY - box.y) / box.height) * map.r)), column = Math.min(map.c - 1, Math.floor(((event.clientX - box.x) / box.width) * map.c));
  let best = row * high * columns + column * wide;
  for (let r = row * high; r < Math.min((row + 1) * high, array.length / columns); r++) {
    for (let c = column * wide; c < Math.min((column + 1) * wide, columns); c++) if (Math.abs(array[r * columns + c]) > Math.abs(array[best])) best = r * columns + c;
  }
  chosen.set(node, best);
  const start = array[best], unit = unitOf(map), from = event.clientY;
  const move = (moved) => { if (Math.abs(moved.clientY - from) > 2) change(node, start + (from - moved.clientY) * unit); };
  const end = () => { removeEventListener("pointermove", move); removeEventListener("pointerup", end); };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
  fillPanel();
}

const unitOf = (map) => (Math.abs(map.s) || 1) / 60; // 60 pixels for the largest entry

// ---- the same in the drawing: the picture of a value in a box

// The box of a leaf that can be changed, with the frame of its picture, for an event on it.
function leafAt(event) {
  const box = event.target.closest?.(".node"), node = Number(box?.dataset.node);
  return box && canChange(node) ? { node, frame: box.querySelector(".thumbs .frame"), map: valueOf(node) } : null;
}

function isOn(event, { frame }) {
  const { left, right, top, bottom } = frame.getBoundingClientRect();
  return event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
}

function grabInDrawing(event) {
  const leaf = leafAt(event);
  if (!leaf?.map?.q || !isOn(event, leaf)) return;
  event.stopPropagation(); // the drawing stays where it is
  select(leaf.node);
  grab(event, leaf.node, leaf.map, leaf.frame);
}

// Shift and an arrow on a box: up and down change the entry, left and right go to its neighbours.
function changeByKey(event) {
  const leaf = event.shiftKey ? leafAt(event) : null, by = { ArrowUp: 1, ArrowDown: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!leaf?.map?.q || !by) return;
  event.preventDefault();
  event.stopPropagation();
  const { node, map } = leaf, array = leaves[leafOf.get(node)], k = placeIn(node);
  if (S.sel !== node) select(node);
  if (event.key === "ArrowUp" || event.key === "ArrowDown") change(node, array[k] + by * unitOf(D.values[node]));
  else { chosen.set(node, Math.max(0, Math.min(array.length - 1, k + by))); fillPanel(); }
  say(`${title(node)}[${indexOf(node)}] = ${number(array[placeIn(node)])}, loss ${number(lossNow())}`);
}

// A frame around the entry in the box of the selected leaf.
function lightInDrawing(node) {
  stage.querySelector(".entry-frame")?.remove();
  const box = scene.boxes.get(scene.seen.itemOf[node])?.drawn, map = valueOf(node), frame = box?.matches(".node") && map?.q && map.r * map.c > 1 ? box.querySelector(".thumbs .frame") : null;
  if (!frame) return;
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => +frame.getAttribute(name)), [row, column] = cellOf(node);
  frame.parentNode.append(element("rect", { class: "entry-frame", x: x + (column * width) / map.c, y: y + (row * height) / map.r, width: width / map.c, height: height / map.r }));
}

function change(node, value) {
  if (!Number.isFinite(value)) return;
  leaves[leafOf.get(node)][placeIn(node)] = value;
  follow();
}

const indexOf = (node) => {
  let rest = placeIn(node);
  return [...D.nodes[node][SHAPE]].reverse().map((n) => { const k = rest % n; rest = (rest - k) / n; return k; }).reverse();
};

let edited = null;
function showEditor() {
  const node = S.sel, editable = node !== null && canChange(node), box = $("editor");
  box.hidden = !editable;
  $("recorded").disabled = !now;
  if (!editable) { edited = null; stage.querySelector(".entry-frame")?.remove(); return; }
  lightInDrawing(node);
  if (edited !== node) furnishEditor(node);
  const value = leaves[leafOf.get(node)][placeIn(node)], own = recorded[leafOf.get(node)], size = own.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1;
  indexOf(node).forEach((k, axis) => { $("indices").querySelectorAll("input")[axis].value = k; });
  if (document.activeElement !== $("entry") || +$("entry").value !== value) $("entry").value = +value.toPrecision(8);
  const drag = $("drag"), half = Math.max(2 * size, Math.abs(value));
  if (document.activeElement !== drag) [drag.min, drag.max, drag.step] = [-half, half, half / 200];
  drag.value = value;
  check(node);
}

function furnishEditor(node) {
  edited = node;
  const shape = D.nodes[node][SHAPE];
  $("entryName").textContent = `${title(node)}${shape.length ? "" : " ="}`;
  $("indices").replaceChildren(...shape.map((n, axis) => {
    const input = html("input");
    Object.assign(input, { type: "number", min: 0, max: n - 1, step: 1 });
    input.setAttribute("aria-label", `index along axis ${axis}, from 0 to ${n - 1}`);
    input.oninput = () => {
      if (input.value === "") return;
      const index = indexOf(node);
      index[axis] = Math.max(0, Math.min(n - 1, Math.round(+input.value)));
      chosen.set(node, index.reduce((k, i, a) => k * shape[a] + i, 0));
      fillPanel();
    };
    return input;
  }));
}

// ---- the check: what a gradient is

let checking = 0;
function check(node) {
  $("check").hidden = !isParameter(node) && !exact(node, "right");
  if ($("check").hidden) return;
  clearTimeout(checking);
  if (milliseconds > 4) checking = setTimeout(() => showCheck(node), 120); // three more runs
  else showCheck(node);
}

// The central difference quotient of the loss along one entry.
function quotientOf(node, h) {
  const array = leaves[leafOf.get(node)], k = placeIn(node), value = array[k];
  const lossAt = (x) => { array[k] = x; result = run(leaves); return lossNow(); };
  const [above, below] = [lossAt(value + h), lossAt(value - h)];
  lossAt(value);
  return { above, below, quotient: (above - below) / (value + h - (value - h)) };
}

function showCheck(node) {
  const h = 10 ** +$("h").value, slope = exact(node, "right")[placeIn(node)], { above, below, quotient } = quotientOf(node, h);
  $("hText").textContent = `h = ${number(h)}`;
  const rows = [["loss one step up", above], ["loss one step down", below], ["difference quotient", quotient], ["gradient", slope]];
  $("slopes").replaceChildren(...rows.map(([label, x], k) => { const row = html("tr"); row.append(html("th", label), html("td", x.toPrecision(k < 2 ? 10 : 8))); return row; }));
  const digits = slope === quotient ? 16 : -Math.log10(Math.abs(slope - quotient) / (Math.abs(slope) || 1));
  $("verdict").textContent = digits >= 3 ? `They agree to ${Math.min(15, Math.floor(digits))} digits.` : `They differ by ${number(Math.abs(slope - quotient))}: ${h > 1e-4 ? "the step may be too large, or there is a kink" : "the step may be so small that rounding is left, or there is a kink"}.`;
}

let milliseconds = 0; // of one run
function measureRun() {
  const began = performance.now();
  let runs = 0;
  do { result = run(leaves); runs++; } while (performance.now() - began < 5 && runs < 50);
  milliseconds = (performance.now() - began) / runs;
}
