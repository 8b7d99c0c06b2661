// The panel beside the drawing: the verdict, the selected node in full, and the backward pass line by line.

const html = (name, text = null, kind = "") => {
  const made = document.createElement(name);
  if (text !== null) made.textContent = text;
  if (kind) made.className = kind;
  return made;
};

function fillPanel() {
  const panel = D.code_by_hand ? $("details") : $("panel"), at = panel.scrollTop;
  $("details").replaceChildren(...[D.notLive && html("p", D.notLive, "verdict"), D.live ? null : verdict(), ...(S.step < FINISHED ? [program(), nodePart()] : [nodePart(), program()])].filter(Boolean));
  panel.scrollTop = at;
  panel.querySelector("li.now")?.scrollIntoView({ block: "nearest" });
  if (D.live) $("said").replaceChildren(verdict() || "");
  if (D.live && scene) showEditor();
}

// The selected node alone, after numbers have changed: all else in the panel is as it was.
const fillNode = () => $("details").querySelector(".node-part").replaceWith(nodePart());

function verdict() {
  const marks = Object.entries(over);
  if (!marks.length || !judged()) return null;
  const sure = marks.filter(([, m]) => m.ok !== null), wrong = sure.filter(([, m]) => !m.ok), part = html("section", null, "verdict " + (wrong.length ? "wrong" : "right"));
  const many = (n, of) => `${n} of ${of} hand-written ${of === 1 ? "gradient" : "gradients"}`;
  part.append(html("p", wrong.length ? `✗ ${many(wrong.length, sure.length)} ${wrong.length === 1 ? "is" : "are"} wrong.` : `✓ ${sure.length === 1 ? "The hand-written gradient is right." : `All ${sure.length} hand-written gradients are right.`}`, "lead"));
  if (wrong.length && D.first !== null && D.first !== undefined) {
    const line = html("p", "First wrong in the order of the backward pass: ");
    line.append(link(D.first, over[D.first]?.name || title(D.first)));
    part.append(line);
  }
  for (const found of D.cause || []) part.append(finding(found));
  const checked = new Set(marks.map(([node]) => +node)), left = D.nodes.filter((_, node) => hasGradient(node) && !checked.has(node) && node !== root).length;
  if (left) part.append(html("p", `${left} other ${left === 1 ? "gradient was" : "gradients were"} not checked.`, "quiet"));
  return part;
}

function finding(found) {
  const block = html("blockquote");
  if (found.where) block.append(html("p", found.where, "quiet"));
  if (found.source && !D.code_by_hand) block.append(html("pre", found.source));
  for (const [label, key] of [["cause", "cause"], ["right value", "expected"], ["in the model", "equation"], ["calculus", "calculus"], ["the rule is", "rule"]]) if (found[key]) block.append(html("p", `${label}: ${found[key]}`));
  if (found.fix && D.code_by_hand) block.append(html("p", `${found.proof}: it stands in the code, below the wrong line.`));
  else if (found.fix) block.append(html("p", `${found.proof}:`), html("pre", found.fix, "fix"));
  return block;
}

function link(node, text = null) {
  const made = html("button", text || title(node), "link");
  made.onclick = () => select(node);
  return made;
}

function nodePart() {
  const part = html("section", null, "node-part");
  if (S.sel === null) {
    part.append(html("p", "Click a box to see its numbers, its source line and what it depends on. The arrow keys step through the backward pass; ? shows all keys.", "quiet"));
    return part;
  }
  const node = S.sel, row = D.nodes[node], place = placeOf(node), mark = judged() ? over[node] : null;
  const heading = html("h2", row[NAME] || row[OP] || row[KIND]);
  heading.append(" ", html("small", row[NAME] && row[OP] && row[NAME] !== row[OP] ? row[OP] : row[KIND]));
  part.append(heading);
  if (mark) part.append(html("p", mark.ok === null ? `? ${mark.says}` : mark.ok ? `✓ right: ${mark.says}` : `✗ ${node === D.first ? "first wrong" : "wrong"}: ${mark.says}`, mark.ok === false ? "says wrong" : "says"));
  const figures = html("div", null, "figures"), { state, here, total } = progress(node);
  if (D.live) part.append(figures); // what can be changed comes first
  if (place && (row[OP] || !mark?.where)) part.append(source(place[0], place[1], place[2], place[3], place[4]));
  if (mark?.where) part.append(html("p", "hand-written:", "quiet"), source(mark.where[3], mark.where[1], "", mark.where[2], mark.where[0]));
  const forward = (D.forward && D.forward[node]) || [], backward = shares[node].flatMap((share) => share.lines);
  if (forward.length || backward.length) part.append(html("pre", [...forward, ...backward].join("\n"), "code"));
  const why = reasons(node);
  if (why) part.append(why);
  figures.append(figure(valueOf(node), "value", "left", node));
  if (hasGradient(node)) figures.append(figure(gradientOf(node), state === "partial" ? `gradient, ${here} of ${total} terms` : state === "waiting" ? "gradient: not reached yet" : "gradient", "right", node));
  if (mark?.hand) figures.append(figure(mark.hand, `hand-written ${mark.name}`));
  if (mark?.difference) figures.append(figure(mark.difference, "hand-written − gradient"));
  part.append(...(D.live ? [] : [figures]), cellPart() || "", facts(node, mark));
  return part;
}

// Why a gradient is as it is: its equation, its rule, and what can be said of its numbers.
const MATHML = "http://www.w3.org/1998/Math/MathML";
const mathElement = ([name, ...rest]) => {
  if (name === "d") return mathElement(["mfrac", ["mrow", ["mo", "∂"], ["mi", "L"]], ["mrow", ["mo", "∂"], rest[0]]]);
  const made = document.createElementNS(MATHML, name);
  if (name === "mo") made.setAttribute("stretchy", "false");
  made.append(...rest.map((part) => (typeof part === "string" ? part : mathElement(part))));
  return made;
};
// An equation in parts that may stand on lines of their own: each begins with its "=".
const sides = (row) => row.reduce((parts, item) => {
  if (item[0] === "mo" && item[1] === "=") parts.push([]);
  parts[parts.length - 1].push(item);
  return parts;
}, [[]]);

function reasons(node) {
  const found = D.derivation?.[node];
  if (!found) return null;
  const block = html("div", null, "why"), tail = [found.rule, ...(now ? [] : found.says)].map((text, k) => html("p", text, k ? "" : "quiet"));
  for (const line of found.where || []) block.append(html("code", line));
  if (found.math) block.append(...sides(found.math).map((side) => mathElement(["math", ...side])));
  else block.append(html("code", found.text));
  block.append(...tail);
  return block;
}

function source(file, line, name, text, path) {
  const block = html("div", null, "source"), head = html("p", `${file}:${line}${name && name !== "<module>" ? ` in ${name}` : ""}`, "quiet");
  const copy = html("button", "copy", "link");
  copy.title = `copy ${path}:${line}`;
  copy.onclick = () => navigator.clipboard?.writeText(`${path}:${line}`).then(() => say("copied"), () => say("the browser does not allow it"));
  head.append(" ", copy);
  block.append(head, html("pre", text));
  return block;
}

// `node`: whose cells can be clicked. `lit`: the row and the column to light up; null is all of them.
const statistics = (map) => (map.q ? `${map.of ? map.of + ": " : ""}min ${number(map.min)}, mean ${number(map.mean ?? 0)}, max ${number(map.max)}, norm ${number(map.norm ?? 0)}${missing(map) ? `; ${missing(map)}` : ""}` : "");

function figure(map, caption, side = "right", node = null, lit = null) {
  const made = html("figure"), single = map?.x?.length === 1;
  if (single) made.append(html("p", number(map.x[0]), "single"));
  else if (map?.q) {
    const image = html("img"), cell = Math.max(3, Math.min(18, Math.floor(150 / Math.max(map.r, map.c))));
    image.src = picture(map, side);
    image.alt = `heat map of ${caption}`;
    image.style.width = `${Math.max(map.c * cell, 24)}px`;
    image.style.height = `${Math.max(map.r * cell, 14)}px`;
    image.onmousemove = (event) => { made.lastChild.textContent = cellText(map, event.offsetX / image.clientWidth, event.offsetY / image.clientHeight); };
    image.onmouseleave = () => { made.lastChild.textContent = range(map); };
    const frame = html("div", null, "frame");
    frame.append(image);
    if (D.live && side === "left" && node !== null && canChange(node)) {
      image.onpointerdown = (event) => grab(event, node, map);
      image.className = "held";
      image.title = "drag a cell up or down";
      lit = lightOf(node, map);
    } else
    if (node !== null && map.r === rowsAndColumns(node)[0] && map.c === rowsAndColumns(node)[1] && flat(node)) {
      image.classList.add("cells");
      image.title = "click a cell to see what made it";
      image.onclick = (event) => {
        S.cell = { node, side, r: Math.min(map.r - 1, Math.floor((event.offsetY / image.clientHeight) * map.r)), c: Math.min(map.c - 1, Math.floor((event.offsetX / image.clientWidth) * map.c)) };
        refresh();
      };
      if (S.cell?.node === node && S.cell.side === side) lit = [S.cell.r, S.cell.c];
    }
    if (lit && (lit[0] !== null || lit[1] !== null)) frame.append(lightOn(map, lit));
    made.append(frame);
  } else if (map?.text) made.append(html("pre", map.text, "text"));
  made.append(html("figcaption", caption), html("span", map?.q && !single ? range(map) : "", "quiet"));
  return made;
}

function lightOn(map, [row, column]) {
  const light = html("div", null, "light"), percent = (k, of) => `${(100 * k) / of}%`, r = row !== null && map.r > 1 ? row : null, c = column !== null && map.c > 1 ? column : null;
  Object.assign(light.style, { top: r === null ? 0 : percent(r, map.r), height: r === null ? "100%" : percent(1, map.r), left: c === null ? 0 : percent(c, map.c), width: c === null ? "100%" : percent(1, map.c) });
  return light;
}

const range = (map) => (map.min === map.max ? number(map.min) : `${number(map.min)} … ${number(map.max)}`);

function cellText(map, across, down) {
  const column = Math.min(map.c - 1, Math.floor(across * map.c)), row = Math.min(map.r - 1, Math.floor(down * map.r)), k = row * map.c + column;
  const cell = cellsOf(map)[k], about = Number.isFinite(cell) ? `≈ ${number(cell * map.s)}` : `= ${cell}`;
  return `cell [${row}, ${column}] ${map.x && map.x.length === map.r * map.c ? `= ${number(map.x[k])}` : about}`;
}

function facts(node, mark) {
  const table = html("table"), row = (label, ...cells) => {
    const line = table.insertRow();
    line.append(html("th", label));
    line.insertCell().append(...cells);
  };
  const written = (map) => {
    if (!map.x || map.x.length < 2) return [];
    const more = folded("numbers"), texts = map.x.map(number), wide = Math.max(...texts.map((text) => text.length));
    more.append(html("pre", Array.from({ length: map.r }, (_, r) => texts.slice(r * map.c, (r + 1) * map.c).map((text) => text.padStart(wide)).join(" ")).join("\n"), "numbers"));
    return [more];
  };
  const value = valueOf(node), gradient = gradientOf(node), group = D.member[node];
  row("shape", `${shapeText(node)} ${D.nodes[node][DTYPE]}`);
  if (value?.q) row("value", statistics(value), ...written(value));
  if (gradient?.q) row("gradient", statistics(gradient), ...written(gradient));
  if (mark?.hand) row("by hand", statistics(mark.hand), ...written(mark.hand));
  if (mark && mark.error !== undefined) row("largest error", number(mark.error));
  if (group !== null) row("part of", D.groups[group].title);
  const list = (nodes) => nodes.flatMap((other, k) => [k ? ", " : "", link(other)]);
  if (inputs[node].length) row("inputs", ...list([...new Set(inputs[node])].slice(0, 50)));
  if (users[node].length) row("used by", ...list([...new Set(users[node])].slice(0, 50)));
  return table;
}

// The sweep as it ran, as NumPy; the line of the current step is marked, a click goes to a step.
function program() {
  if (!D.steps.length || !D.forward) return null;
  const part = html("section", null, "program"), list = html("ol");
  part.append(html("h2", "Backprop, line by line"));
  const first = html("li", `d_${D.code[root]} = 1.0`);
  first.onclick = () => step(0);
  list.append(first);
  D.steps.forEach(([node, given], k) => {
    const lines = given.filter(([argument]) => D.needs[argument]).flatMap((share) => share[3]), item = html("li", lines.join("\n") || `# ${D.nodes[node][OP]}: a rule without a text`);
    item.classList.toggle("now", S.step === k + 1);
    item.classList.toggle("ahead", S.step < k + 1);
    item.title = `step ${k + 1}: ${D.nodes[node][OP]} ${D.nodes[node][NAME]}`;
    item.onclick = () => step(k + 1);
    if (S.step === k + 1) item.append(...[...new Set(given.map(([argument]) => argument))].map(reasons).filter(Boolean));
    list.append(item);
  });
  first.classList.toggle("now", S.step === 0);
  list.tabIndex = 0;
  part.append(list);
  const definitions = Object.values(D.definitions || {});
  if (definitions.length) {
    const more = folded("functions that it calls");
    more.append(html("pre", definitions.join("\n\n")));
    part.append(more);
  }
  return part;
}

// What stays open or closed while the panel is filled anew.
const unfolded = new Set();
function folded(summary) {
  const more = html("details");
  more.append(html("summary", summary));
  more.open = unfolded.has(summary);
  more.ontoggle = () => (more.open ? unfolded.add(summary) : unfolded.delete(summary));
  return more;
}
