// The hand-written backward pass beside the derived one: for each gradient the statement that computes it, and how far it is off.

const PASSES = ["code", "beside"];
const besideOf = new Map(); // node -> the rows of the statements that compute its gradient
const firstOff = D.beside.find((row) => row.state === "wrong");
const alone = new Map(); // row -> those before it that compute no gradient of the model
{
  let waiting = [];
  for (const row of D.beside) {
    if (row.node === null) { waiting.push(row); continue; }
    besideOf.has(row.node) ? besideOf.get(row.node).push(row) : besideOf.set(row.node, [row]);
    alone.set(row, waiting);
    waiting = [];
  }
  alone.set(null, waiting);
}

// The derived lines since the last gradient that the code has, too, and then that gradient.
function passRows() {
  const found = [];
  let lines = D.nodes.length ? [`d_${D.code[root]} = 1.0`] : [];
  const finish = (node) => { if (besideOf.has(node)) { found.push([node, lines]); lines = []; } };
  finish(root);
  D.steps.forEach(([, given], k) => {
    for (const [argument, , term, text] of given) {
      if (D.needs[argument]) lines.push(...text);
      if (D.needs[argument] && term === shares[argument].length && shares[argument][term - 1].step === k + 1) finish(argument);
    }
  });
  if (lines.length) found.push([null, lines]);
  return found;
}

function statement(row) {
  const line = html("p", null, `by-hand ${row.state}`), glyph = html("b", GLYPHS[row.state] || "");
  glyph.title = row.says;
  line.append(glyph, html("span", row.line, "number"), html("code", row.source));
  return line;
}

function small(map, label, scale) {
  const cell = html("span", null, "small-map");
  if (!map?.q) return cell;
  if (map.r * map.c === 1) { cell.textContent = number(map.x ? map.x[0] : map.max); return cell; }
  const image = html("img");
  image.src = picture(map, "right", scale);
  image.alt = `${label}: ${statistics(map)}`;
  cell.append(image);
  return cell;
}

const MOST_DERIVED = 4; // lines above one statement
function passRow([node, lines]) {
  const item = html("li"), text = html("div", null, "both"), shown = lines.slice(-MOST_DERIVED);
  if (lines.length > shown.length) text.append(html("small", `${lines.length - shown.length} more lines`));
  text.append(html("pre", shown.join("\n")));
  if (node === null) { item.append(text); return item; }
  const rows = besideOf.get(node), mark = over[node], scale = Math.max(D.grads[node]?.s || 0, mark?.hand?.s || 0) || 1; // of all three pictures
  const before = rows.flatMap((row) => alone.get(row)), isFirst = rows.includes(firstOff);
  if (isFirst || before.includes(firstOff)) item.className = "first";
  text.append(...before.map(statement), ...rows.map(statement));
  const says = [...new Set(rows.map((row) => row.says).filter(Boolean))].join("; "), count = rows.reduce((sum, row) => sum + row.count, 0);
  if (says) text.append(html("small", `${isFirst ? "the first wrong one: " : ""}${says}${count > rows.length ? ` (${count} values)` : ""}`));
  const lead = html("button", null, "lead-to");
  lead.title = "show it in the graph";
  lead.append(text, ...[["derived", D.grads[node]], ["by hand", mark?.hand], ["difference", mark?.difference]].map(([label, map]) => small(map, label, scale)));
  lead.onclick = () => { select(node); inSight(node); };
  item.append(lead);
  item.dataset.of = node;
  return item;
}

function fillBeside() {
  const list = html("ol"), head = html("div", null, "heads");
  head.append(...["derived, and below it by hand", "derived", "by hand", "difference"].map((text) => html("span", text)));
  list.append(...passRows().map(passRow));
  $("beside").replaceChildren(head, list, ...alone.get(null).map(statement));
}

function showBeside() {
  let lit = null;
  const box = $("beside"), isNew = box.dataset.seen !== "yes"; // the first wrong statement is shown then
  for (const item of box.querySelectorAll("li[data-of]")) {
    const own = +item.dataset.of === S.sel;
    item.classList.toggle("lit", own);
    if (own) lit = item;
  }
  if (box.hidden) return;
  box.dataset.seen = "yes";
  if (isNew || !lit) lit = box.querySelector("li.first") || lit;
  if (lit && (lit.offsetTop < box.scrollTop + 26 || lit.offsetTop + lit.offsetHeight > box.scrollTop + box.clientHeight)) box.scrollTop = lit.offsetTop - box.clientHeight / 3;
}

function openPass(name) {
  S.beside = name === "beside";
  for (const id of PASSES) {
    $(id).hidden = id !== name;
    $(`tab-${id}`).setAttribute("aria-selected", String(id === name));
    $(`tab-${id}`).tabIndex = id === name ? 0 : -1;
  }
  if (S.beside && !$("beside").childElementCount) fillBeside();
  refresh();
}

for (const id of PASSES) {
  $(`tab-${id}`).onclick = () => openPass(id);
  $(`tab-${id}`).onkeydown = (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.stopPropagation();
    const other = PASSES[1 - PASSES.indexOf(id)];
    openPass(other);
    $(`tab-${other}`).focus();
  };
}

const besideKey = () => openPass(S.beside ? "code" : "beside");
