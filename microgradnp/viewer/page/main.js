// Events: mouse, keys, controls; and the beginning.

let dragged = false;
const stage = $("graph");
const say = (text) => { $("status").textContent = text; };

// Marks, panel, controls and URL after a change of the state that moves no box.
function refresh() {
  const found = mark(), current = currentStep();
  fillPanel();
  showReplay();
  $("step").value = S.step;
  const progressText = S.step >= FINISHED ? `all ${D.steps.length} steps done` : S.step === 0 ? "the gradient of the loss is 1" : `step ${S.step} of ${D.steps.length}: ${D.nodes[current[0]][OP]} ${D.nodes[current[0]][NAME]}`;
  $("stepText").textContent = D.noGradient ? `no gradient: ${D.noGradient}` : cut(progressText, 60);
  for (const [id, on] of [["over", S.over], ["lane", S.lane]]) $(id).setAttribute("aria-pressed", String(on));
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
  if (node !== null) say(`${title(node)}: ${reach(node, inputs).size} ancestors, ${reach(node, users).size} descendants`);
}

function step(k) {
  const before = S.step;
  S.step = Math.max(0, Math.min(FINISHED, k));
  if (currentStep()) S.sel = currentStep()[0];
  else if (before !== S.step) S.sel = S.step === 0 ? root : S.sel;
  paintThumbnails();
  refresh();
}

function toggle(group) {
  if (!S.closed.delete(group)) S.closed.add(group);
  say(`module ${D.groups[group][0]} ${S.closed.has(group) ? "closed" : "opened"}`);
  rebuild();
}

// ---- the part of the drawing that is seen

let viewAt = [0, 0, 1]; // shift and scale
function look([x, y, scale], remember = true) {
  viewAt = [x, y, scale];
  $("view").setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
  if (remember) { S.at = viewAt; writeURL(); }
}

function fit() {
  const { width, height } = stage.getBoundingClientRect(), scale = Math.min(width / (scene.width + 24), height / (scene.height + 24 + (S.lane ? 40 : 0)), 1.6);
  if (scale > 0) look([(width - scene.width * scale) / 2, (height - scene.height * scale) / 2 - (S.lane && S.dir === "TB" ? 14 * scale : 0), scale], false);
  S.at = null;
  writeURL();
}

// At first all is shown, unless that would be a sliver that nobody can read.
function firstLook() {
  fit();
  if (viewAt[2] < 0.2) centre(S.sel ?? S.focus);
}

function zoom(factor, at = null) {
  const box = stage.getBoundingClientRect(), [x, y] = at || [box.width / 2, box.height / 2], k = Math.max(0.02, Math.min(8, viewAt[2] * factor)) / viewAt[2];
  look([x - (x - viewAt[0]) * k, y - (y - viewAt[1]) * k, viewAt[2] * k]);
}

function centre(node) {
  const at = scene.boxes.get(scene.seen.itemOf[node]), { width, height } = stage.getBoundingClientRect(), scale = Math.max(viewAt[2], 0.8);
  if (at) look([width / 2 - (at.x + 88) * scale, height / 2 - (at.y + 48) * scale, scale]);
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
  b: () => { S.lane = !S.lane; rebuild(); }, o: () => { S.over = !S.over; refresh(); }, d: () => { S.dir = S.dir === "TB" ? "LR" : "TB"; rebuild(); },
  t: () => { S.theme = { auto: theme() === "dark" ? "light" : "dark", light: "dark", dark: "auto" }[S.theme]; paintThumbnails(); refresh(); },
  c: () => S.sel !== null && centre(S.sel), n: () => { if (S.sel !== null) { S.focus = S.sel; rebuild(); } }, m: () => closeAll(), "?": () => $("help").showModal(),
  Escape: () => { S.sel = null; S.find = ""; $("find").value = ""; refresh(); },
};

function closeAll() {
  const outer = D.groups.map((_, g) => g).filter((g) => parentOf[g] === null);
  S.closed = outer.every((g) => S.closed.has(g)) ? new Set() : new Set(outer);
  rebuild();
}

function playSweep() {
  if (S.step >= FINISHED && !player) step(0);
  play($("play"), () => { step(S.step + 1); return S.step < FINISHED; }, 900);
}

addEventListener("keydown", (event) => {
  const typing = event.target.tagName === "INPUT" && event.target.type !== "range";
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  if (typing && event.key !== "Escape") return;
  if ((event.key === " " && event.target.tagName === "BUTTON") || (event.target.id === "snap" && event.key.startsWith("Arrow"))) return;
  const act = actions[event.key];
  if (!act) return;
  event.preventDefault();
  if (typing) event.target.blur();
  act();
});

for (const [id, key] of Object.entries({ fit: "f", lane: "b", over: "o", turn: "d", theme: "t", modules: "m", ask: "?", next: "ArrowRight", previous: "ArrowLeft", play: " " })) {
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
$("nodes").addEventListener("toggle", fillTable);
addEventListener("beforeprint", () => { fillTable(); $("nodes").open = true; });
darkPage.addEventListener("change", () => { paintThumbnails(); refresh(); });
addEventListener("resize", () => { if (!S.at) fit(); });
addEventListener("hashchange", () => { readURL(); S.at ? (rebuild(true), look(S.at)) : rebuild(); });

readURL();
$("step").max = FINISHED;
$("find").value = S.find;
$("sweep").hidden = Boolean(D.noGradient) || !D.steps.length;
$("over").hidden = !Object.keys(over).length;
$("lane").hidden = $("sweep").hidden;
$("modules").hidden = !D.groups.length;
$("name").textContent = cut(D.title, 60);
buildReplay();
const wanted = S.at;
rebuild();
if (wanted) look(wanted);
say(`${count.toLocaleString("en")} ${count === 1 ? "node" : "nodes"}${D.noMaps ? `; ${D.noMaps}` : ""}`);
document.body.dataset.ready = "yes";
document.body.dataset.milliseconds = JSON.stringify(scene.milliseconds);
