// Events: mouse, keys, controls; and the beginning.

const AROUND = 8; // pixels around the drawing
let dragged = false;
const stage = $("graph");
const say = (text) => { $("status").textContent = text; };

// Marks, panel, controls and URL after a change of the state that moves no box.
function refresh() {
  const found = mark(), current = currentStep();
  fillPanel();
  if (D.code_by_hand) { showLines(); showBeside(); }
  if (replay) showReplay();
  showScale();
  $("step").value = S.step;
  const progressText = S.step >= FINISHED ? `all ${D.steps.length} steps done` : S.step === 0 ? "the gradient of the loss is 1" : `step ${S.step} of ${D.steps.length}: ${D.nodes[current[0]][OP]} ${D.nodes[current[0]][NAME]}`;
  $("stepText").textContent = D.noGradient ? `no gradient: ${D.noGradient}` : cut(progressText, 60);
  for (const [id, on] of [["over", S.over], ["lane", S.lane], ["one", S.one]]) $(id).setAttribute("aria-pressed", String(on));
  $("theme").textContent = { auto: "◐", light: "☀", dark: "☾" }[S.theme];
  document.documentElement.style.colorScheme = S.theme === "auto" ? "light dark" : S.theme;
  writeURL();
  return found;
}

function rebuild(keepView = false) {
  build();
  refresh();
  if (!keepView) firstLook();
}

function select(node) {
  S.sel = node;
  if (node !== null && !scene.boxes.has(scene.seen.itemOf[node])) { S.focus = node; rebuild(); }
  refresh();
  if (D.live && node !== null) openTab("numbers");
  if (node !== null) say(`${title(node)}: ${reach(node, inputs).size} ancestors, ${reach(node, users).size} descendants`);
}

function step(k) {
  const before = S.step;
  S.step = Math.max(0, Math.min(FINISHED, k));
  if (currentStep()) showRound(S.sel = currentStep()[0]);
  else if (before !== S.step) S.sel = S.step === 0 ? root : S.sel;
  paintThumbnails();
  refresh();
}

// In each run the round that a node belongs to.
function showRound(node) {
  for (let g = D.member[node]; g !== null; g = parentOf[g]) {
    const run = parentOf[g], round = run !== null && roundsOf(run) ? roundsOf(run).findIndex(([group]) => group === g) : -1;
    if (round >= 0) S.round.set(run, round);
  }
}

function toggle(group) {
  if (!S.closed.delete(group)) S.closed.add(group);
  S.chosen = true;
  say(`${D.groups[group].kind} ${D.groups[group].title} ${S.closed.has(group) ? "closed" : "opened"}`);
  rebuild();
  if (viewAt[2] * SMALLEST < READABLE) centre(D.groups[group].end, READABLE / SMALLEST);
}

// ---- the part of the drawing that is seen

let viewAt = [0, 0, 1]; // shift and scale
function look([x, y, scale], remember = true) {
  viewAt = [x, y, scale];
  $("view").setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
  if (remember) { S.at = viewAt; writeURL(); }
}

function fit() {
  const { width, height } = stage.getBoundingClientRect(), turn = S.lane ? 40 : 0, scale = Math.min(width / (scene.width + AROUND + (flowsDown() ? 0 : turn)), height / (scene.height + AROUND + turn), 2.2);
  if (scale > 0) look([(width - scene.width * scale) / 2, (height - scene.height * scale) / 2 - (S.lane && flowsDown() ? 14 * scale : 0), scale], false);
  S.at = null;
  writeURL();
}

// All is shown, unless that would be a sliver that nobody can read.
function firstLook() {
  fit();
  if (viewAt[2] < 0.2) centre(S.sel ?? S.focus);
}

// How large a state would be drawn, in the direction that gives the larger text.
function measured(closed) {
  const seen = visible(closed, S.focus), { width, height } = stage.getBoundingClientRect();
  let best = { scale: 0, dir: "TB" };
  if (seen.items.length > MOST_TO_FIT) return best;
  for (const dir of D.direction ? [D.direction] : DIRECTIONS) {
    const layout = laidOut(seen, dir, width, height), scale = Math.min(width / (layout.width + AROUND), height / (layout.height + AROUND));
    if (scale > best.scale * 1.02) best = { scale, dir };
  }
  return best;
}

// Opens modules and sections, the largest first, for as long as all is in sight with text that can be read.
const MOST_TO_FIT = 90, FEW = 8; // boxes; nodes of a graph that is small enough to open its layers, too
function openWhatFits() {
  const closed = new Set(D.groups.keys()), tried = new Set(), kinds = ["module", "section", ...(count <= FEW ? ["layer"] : [])];
  let best = measured(closed);
  for (;;) {
    const { itemOf } = itemsOfNodes(closed), group = [...new Set(itemOf)].filter((item) => item < 0).map((item) => -1 - item)
      .filter((g) => !tried.has(g) && kinds.includes(D.groups[g].kind)).sort((a, b) => inside[b].length - inside[a].length)[0];
    if (group === undefined) break;
    tried.add(group);
    closed.delete(group);
    const open = measured(closed);
    if (open.scale * SMALLEST >= READABLE) best = open;
    else closed.add(group);
  }
  [S.closed, S.dir] = [closed, best.dir];
}

function zoom(factor, at = null) {
  const box = stage.getBoundingClientRect(), [x, y] = at || [box.width / 2, box.height / 2], k = Math.max(0.02, Math.min(8, viewAt[2] * factor)) / viewAt[2];
  look([x - (x - viewAt[0]) * k, y - (y - viewAt[1]) * k, viewAt[2] * k]);
}

function centre(node, least = 0.8) {
  const item = scene.seen.itemOf[node], at = scene.boxes.get(item), { width, height } = stage.getBoundingClientRect(), scale = Math.max(viewAt[2], least);
  if (at) look([width / 2 - (at.x + sizeOf(item)[0] / 2) * scale, height / 2 - (at.y + sizeOf(item)[1] / 2) * scale, scale]);
}

stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = stage.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), [event.clientX - box.x, event.clientY - box.y]);
}, { passive: false });
let drag = null;
stage.addEventListener("pointerdown", (event) => { drag = [event.clientX - viewAt[0], event.clientY - viewAt[1], event.clientX, event.clientY]; dragged = false; });
addEventListener("pointerup", () => { drag = null; });
addEventListener("pointermove", (event) => {
  if (!drag) return;
  if (Math.hypot(event.clientX - drag[2], event.clientY - drag[3]) > 4) dragged = true;
  if (dragged) look([event.clientX - drag[0], event.clientY - drag[1], viewAt[2]]);
});
stage.addEventListener("click", () => { if (!dragged) { S.sel = null; refresh(); } });

// ---- controls and keys

function saveSVG() {
  const copy = stage.cloneNode(true), style = element("style", {}, $("style").textContent);
  copy.setAttribute("viewBox", `-12 -18 ${scene.width + 24} ${scene.height + 60}`);
  copy.setAttribute("width", scene.width + 24);
  copy.setAttribute("height", scene.height + 60);
  copy.setAttribute("style", `color-scheme:${theme()}`);
  copy.querySelector("#view").removeAttribute("transform");
  copy.prepend(style);
  const address = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }));
  const away = html("a");
  away.href = address;
  away.download = "graph.svg";
  away.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

const actions = {
  ArrowRight: () => step(S.step + 1), ArrowLeft: () => step(S.step - 1), Home: () => step(0), End: () => step(FINISHED),
  " ": () => playSweep(), "]": () => replay && snap(S.snap < 0 ? 0 : S.snap + 1), "[": () => replay && snap(S.snap < 0 ? replay.snapshots.length - 1 : S.snap - 1),
  "/": () => $("find").focus(), f: fit, "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8),
  b: () => { S.lane = !S.lane; rebuild(); }, o: () => { S.over = !S.over; S.lane ? rebuild(true) : refresh(); }, d: () => { S.dir = DIRECTIONS[(DIRECTIONS.indexOf(S.dir) + 1) % 3]; S.chosen = true; rebuild(); say({ TB: "top to bottom", LR: "left to right", rows: "in rows" }[S.dir]); },
  s: () => { S.one = !S.one; paintThumbnails(); refresh(); },
  t: () => { S.theme = { auto: theme() === "dark" ? "light" : "dark", light: "dark", dark: "auto" }[S.theme]; paintThumbnails(); refresh(); },
  c: () => S.sel !== null && centre(S.sel), n: () => { if (S.sel !== null) { S.focus = S.sel; rebuild(); } }, m: () => closeAll(), "?": () => $("help").showModal(),
  Escape: () => { S.sel = null; S.find = ""; $("find").value = ""; refresh(); },
};

if (D.beside) actions.h = besideKey;

// Opens every module and layer, but no run: that may have hundreds of rounds. Closes all where that is so already.
function closeAll() {
  const some = D.groups.map((_, g) => g).filter((g) => !roundsOf(g) && D.groups[g].kind !== "iteration");
  S.closed = new Set(some.some((g) => S.closed.has(g)) ? [...S.closed].filter((g) => !some.includes(g)) : D.groups.keys());
  S.chosen = true;
  rebuild();
}

function playSweep() {
  if (S.step >= FINISHED && !player) step(0);
  play($("play"), () => { step(S.step + 1); return S.step < FINISHED; }, 900);
}

addEventListener("keydown", (event) => {
  const typing = event.target.tagName === "INPUT" && event.target.type !== "range";
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  if ((typing && event.key !== "Escape") || event.target.tagName === "SELECT") return;
  if ((event.key === " " && event.target.tagName === "BUTTON") || (event.target.id === "snap" && event.key.startsWith("Arrow"))) return;
  const act = actions[event.key];
  if (!act) return;
  event.preventDefault();
  if (typing) event.target.blur();
  act();
});

for (const [id, key] of Object.entries({ fit: "f", lane: "b", over: "o", turn: "d", one: "s", theme: "t", modules: "m", ask: "?", next: "ArrowRight", previous: "ArrowLeft", play: " " })) {
  $(id).addEventListener("click", () => actions[key]());
}
$("save").addEventListener("click", saveSVG);
$("step").addEventListener("input", (event) => step(+event.target.value));
$("find").addEventListener("input", (event) => {
  S.find = event.target.value;
  const found = refresh();
  if (found && found.size === 1) centre([...found][0]);
});
$("find").addEventListener("keydown", (event) => { if (event.key === "Enter") { const [hit] = mark() || []; if (hit !== undefined) { select(hit); centre(hit); } } });
$("snap").addEventListener("input", (event) => snap(+event.target.value));
$("playSnaps").addEventListener("click", () => { if (S.snap < 0 && !player) snap(0); play($("playSnaps"), () => { snap(S.snap + 1); return S.snap >= 0; }, 600); });
$("nodes").addEventListener("toggle", () => { fillTable(); if ($("nodes").open) $("nodes").scrollIntoView(); });
addEventListener("beforeprint", () => { fillTable(); $("nodes").open = true; });
darkPage.addEventListener("change", () => { paintThumbnails(); refresh(); });
addEventListener("resize", () => { if (!S.chosen) { openWhatFits(); rebuild(); } else if (!S.at) fit(); });
addEventListener("hashchange", () => { readURL(); S.at ? (rebuild(true), look(S.at)) : rebuild(); });

// The numbers at the ends of the colours.
function showScale() {
  const node = S.sel, ends = (map, side) => (map?.q ? `±${number(scaleOf(map, side))}` : "");
  const texts = S.one ? [`±${number((now?.largest || LARGEST).left)}`, `±${number((now?.largest || LARGEST).right)}`] : node === null ? ["± the largest of each box", ""] : [ends(valueOf(node), "left"), ends(gradientOf(node), "right")];
  $("scaleText").textContent = texts[1] ? `value ${texts[0]}, gradient ${texts[1]}` : texts[0];
}

readURL();
$("step").max = FINISHED;
$("find").value = S.find;
$("sweep").hidden = Boolean(D.noGradient) || !D.steps.length;
$("over").hidden = !Object.keys(over).length;
$("lane").hidden = $("sweep").hidden;
$("modules").hidden = !D.groups.length;
$("name").textContent = cut(D.title, 30);
if (replay) buildReplay();
const wanted = S.at;
if (D.live && !agrees()) {
  [D.live, D.notLive, D.values, D.grads] = [null, "The page's own program does not return the recorded numbers, so nothing can be changed here, and there are no pictures.", [], []];
  document.querySelector("[role=tablist]").hidden = true;
}
if (D.live) buildLive();
fillPanel();
if (!S.chosen) openWhatFits();
rebuild();
if (wanted) look(wanted);
if (S.beside && D.beside) openPass("beside");
say(`${count.toLocaleString("en")} ${count === 1 ? "node" : "nodes"}${D.noMaps ? `; ${D.noMaps}` : ""}`);
document.body.dataset.ready = "yes";
document.body.dataset.milliseconds = JSON.stringify(scene.milliseconds);
