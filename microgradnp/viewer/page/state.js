// The data, and the state of the page: what is selected, open, searched for; all of it stands in the URL.

const $ = (id) => document.getElementById(id);
const D = JSON.parse(($("data" + new URLSearchParams(location.hash.slice(1)).get("data")) || $("data")).textContent);
const [OP, NAME, KIND, SHAPE, DTYPE, PLACE] = [0, 1, 2, 3, 4, 5]; // columns of D.nodes
const SVG = "http://www.w3.org/2000/svg";

const FINISHED = D.steps.length + 1; // S.step: 0 is the seed, k the k-th step of the sweep, and then all is done
const replay = D.replay || null;
const over = D.over || {};
const count = D.nodes.length;

const inputs = D.nodes.map(() => []), users = D.nodes.map(() => []);
for (const [source, target] of D.edges) {
  inputs[target].push(source);
  users[source].push(target);
}

// For each node the shares of its gradient, in the order of the sweep: {step, from, position, term, lines, map}.
const shares = D.nodes.map(() => []);
D.steps.forEach(([node, list], k) => {
  for (const [argument, position, term, lines, map] of list) shares[argument].push({ step: k + 1, from: node, position, term, lines, map });
});
const root = count - 1;
const hasGradient = (node) => D.needs[node] && (shares[node].length > 0 || (node === root && !D.noGradient));

const S = {
  step: FINISHED, sel: null, over: true, lane: false, closed: new Set(D.closed || D.groups.keys()), find: "", dir: D.direction,
  theme: "auto", snap: -1, focus: root, at: null, one: false, cell: null, chosen: Boolean(D.closed), round: new Map(), beside: false,
};
const DIRECTIONS = ["TB", "LR", "rows"];

function readURL() {
  const query = new URLSearchParams(location.hash.slice(1));
  const whole = (key, least, most, other) => {
    const number = Number(query.get(key));
    return query.has(key) && Number.isInteger(number) && number >= least && number <= most ? number : other;
  };
  S.step = whole("step", 0, FINISHED, FINISHED);
  S.sel = query.get("sel") === "none" ? null : whole("sel", 0, count - 1, D.first ?? null);
  S.focus = whole("focus", 0, count - 1, root);
  S.snap = replay ? whole("snap", 0, replay.snapshots.length - 1, -1) : -1;
  S.over = query.get("over") !== "0";
  S.lane = query.get("lane") === "1";
  S.find = query.get("find") || "";
  S.one = query.get("one") === "1";
  S.beside = query.get("beside") === "1";
  if (DIRECTIONS.includes(query.get("dir"))) S.dir = query.get("dir");
  if (["light", "dark"].includes(query.get("theme"))) S.theme = query.get("theme");
  if (query.has("open")) {
    const open = new Set(query.get("open").split(",").filter(Boolean).map(Number));
    S.closed = new Set([...D.groups.keys()].filter((g) => !open.has(g) && query.get("open") !== "all"));
    S.chosen = true;
  }
  const at = (query.get("at") || "").split(",").map(Number);
  S.at = at.length === 3 && at.every(Number.isFinite) && at[2] > 0 ? at : null;
}

function writeURL() {
  const before = new URLSearchParams(location.hash.slice(1)), query = new URLSearchParams();
  if (before.has("data")) query.set("data", before.get("data"));
  const put = (key, value, usual) => value !== usual && query.set(key, value);
  put("step", S.step, FINISHED);
  put("sel", S.sel ?? "none", D.first ?? "none");
  put("focus", S.focus, root);
  put("snap", S.snap, -1);
  put("over", S.over ? 1 : 0, 1);
  put("lane", S.lane ? 1 : 0, 0);
  put("find", S.find, "");
  if (S.chosen) put("dir", S.dir, D.direction);
  put("one", S.one ? 1 : 0, 0);
  put("beside", S.beside ? 1 : 0, 0);
  put("theme", S.theme, "auto");
  if (S.chosen && D.groups.length) query.set("open", [...D.groups.keys()].filter((g) => !S.closed.has(g)).join(","));
  if (S.at) query.set("at", S.at.map((x) => +x.toFixed(3)).join(","));
  try {
    history.replaceState(null, "", "#" + query);
  } catch { /* a page inside of a notebook has no URL of its own */ }
}

// What is known of a gradient at the current step: none of it, some of its terms, or all.
function progress(node) {
  if (!hasGradient(node)) return { state: "never" };
  const total = shares[node].length;
  const here = S.step >= FINISHED ? total : shares[node].filter((share) => share.step <= S.step).length;
  if (here === total) return { state: "final", here, total };
  return here ? { state: "partial", here, total } : { state: "waiting", here, total };
}

let now = null; // what the page has computed from changed numbers: {map(node, side)}; null while it shows the recorded ones
const judged = () => S.over && !now; // hand-written gradients are of the recorded numbers
const frame = () => (S.snap >= 0 ? replay.snapshots[S.snap] : null);
const frameIndex = replay ? new Map(replay.nodes.map((node, k) => [node, k])) : new Map();

function valueOf(node) {
  if (now) return now.map(node, "left");
  const shown = frame(), k = frameIndex.get(node);
  return shown && k !== undefined ? shown[2][k] : D.values[node] || null;
}

function gradientOf(node) {
  const shown = frame(), k = frameIndex.get(node), { state, here } = progress(node);
  if (now) return state === "final" ? now.map(node, "right") : null;
  if (state === "final") return shown && k !== undefined ? shown[3][k] : D.grads[node] || null;
  return state === "partial" && !shown ? shares[node][here - 1].map : null;
}

const reach = (start, next) => {
  const seen = new Set(), stack = [start];
  while (stack.length) for (const node of next[stack.pop()]) if (!seen.has(node)) { seen.add(node); stack.push(node); }
  return seen;
};

// An item is a node by its number, or a closed group g as -1 - g. Its size, and the node whose value and gradient it shows.
const sizeOf = (item) => (item >= 0 ? D.sizes[D.nodes[item][KIND]] || D.sizes.node : D.groups[-1 - item].size);
const endOf = (item) => (item >= 0 ? item : roundsOf(-1 - item)?.[roundAt(-1 - item)][1] ?? D.groups[-1 - item].end);
const roundsOf = (group) => D.groups[group].rounds;
const roundAt = (group) => S.round.get(group) ?? roundsOf(group).length - 1;

const title = (node) => D.nodes[node][NAME] || D.nodes[node][OP] || D.nodes[node][KIND];
const shapeText = (node) => `(${D.nodes[node][SHAPE].join(", ")}${D.nodes[node][SHAPE].length === 1 ? "," : ""})`;
const placeOf = (node) => (D.nodes[node][PLACE] === null ? null : D.places[D.nodes[node][PLACE]]);
const placeText = (node) => {
  const place = placeOf(node), hand = over[node]?.where; // of a parameter: the line of the hand-written file
  return hand && !D.nodes[node][OP] ? `${hand[3]}:${hand[1]}` : place ? `${place[0]}:${place[1]}` : "";
};
const number = (x) => {
  if (typeof x !== "number") return String(x);
  const size = Math.abs(x);
  return x === 0 || (size >= 1e-3 && size < 1e5) ? String(+x.toPrecision(4)) : x.toExponential(2);
};
const tail = (text, most) => (text.length <= most ? text : "…" + text.slice(1 - most));
const cut = (text, most) => (text.length <= most ? text : text.slice(0, Math.max(0, most - 1)) + "…");
