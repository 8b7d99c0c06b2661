// The drawing: boxes, edges, modules, at the places that Python or the built-in layout found.

const element = (name, attributes = {}, ...children) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
const words = (x, y, kind, text, more = {}) => element("text", { x, y, class: kind, ...more }, text);

const BAND = 25, PADDING = 10, BOLD = 8.45, CHARACTER = 7.9; // pixels; widths of a character of 14 px in bold and of 13 px
const MAPS = 60, MAP = 38; // from the foot of a box up to its heat maps, and their height
const SMALLEST = 13, READABLE = 11; // pixels: the smallest text of the drawing, and the smallest that the page opens with
const roomOf = (width, character = CHARACTER) => Math.floor((width - 2 * PADDING) / character);
let scene = null;

function build() {
  const began = performance.now(), seen = visible(S.closed, S.focus);
  const asSent = D.layout && S.dir === D.direction && sameSet(S.closed, D.closed), { width, height } = $("graph").getBoundingClientRect();
  const layout = asSent ? D.layout : laidOut(seen, S.lane && S.dir === "rows" ? "LR" : S.dir || "TB", width, height);
  const laid = performance.now();
  scene = { seen, layout, boxes: new Map(), edges: [], width: layout.width, height: layout.height, lane: null };
  const groups = element("g"), edges = element("g"), boxes = element("g");
  seen.groups.forEach((group, k) => groups.append(moduleFrame(group, layout.groups[k])));
  seen.edges.forEach(([start, end, k], e) => {
    const edge = wire(layout.routes[e], "edge");
    edge.append(element("title", {}, edgeTitle(k)));
    edge.dataset.edge = k;
    scene.edges.push({ drawn: edge, start: seen.items[start], end: seen.items[end], k });
    edges.append(edge);
  });
  seen.items.forEach((item, k) => {
    const [x, y] = layout.boxes[k], drawn = item >= 0 ? nodeBox(item, x, y) : closedBox(-1 - item, x, y);
    scene.boxes.set(item, { drawn, x, y });
    boxes.append(drawn);
  });
  $("view").replaceChildren(groups, edges, boxes);
  if (S.lane) buildLane();
  scene.milliseconds = [laid - began, performance.now() - laid];
  paintThumbnails();
  $("reason").textContent = seen.total > MOST_VISIBLE
    ? `${seen.total.toLocaleString("en")} boxes would be visible, more than ${MOST_VISIBLE.toLocaleString("en")}: the ${seen.items.length} nearest to ${title(S.focus)} are drawn. Select a box and press n to move there, or search.` : "";
}

const sameSet = (set, list) => set.size === list.length && list.every((x) => set.has(x));
const edgeTitle = (k) => { const [source, target, position] = D.edges[k]; return `${title(source)} is argument ${position + 1} of ${title(target)}`; };

function pathOf(route) {
  let path = `M${route[0]} ${route[1]}`;
  for (let k = 2; k < route.length; k += 6) path += `C${route.slice(k, k + 6).join(" ")}`;
  return path;
}

// An arrow head at the end of a route; `backwards` at its start.
function headOf(route, backwards) {
  const points = [];
  for (let k = 0; k < route.length; k += 2) points.push([route[k], route[k + 1]]);
  if (!backwards) points.reverse();
  const tip = points[0], from = points.find(([x, y]) => Math.hypot(x - tip[0], y - tip[1]) > 0.5) || [tip[0], tip[1] - 1];
  const length = Math.hypot(tip[0] - from[0], tip[1] - from[1]), ux = (tip[0] - from[0]) / length, uy = (tip[1] - from[1]) / length;
  const [bx, by] = [tip[0] - 7 * ux, tip[1] - 7 * uy];
  return `M${tip}L${bx - 3 * uy},${by + 3 * ux}L${bx + 3 * uy},${by - 3 * ux}Z`;
}

function wire(route, kind, backwards = false) {
  const drawn = element("g", { class: kind }, element("path", { class: "line", d: pathOf(route) }), element("path", { class: "head", d: headOf(route, backwards) }));
  if (!backwards) drawn.append(element("path", { class: "back", d: headOf(route, true) })); // where a gradient flows along it
  return drawn;
}

function button(drawn, label, act) {
  drawn.setAttribute("tabindex", "0");
  drawn.setAttribute("role", "button");
  drawn.setAttribute("aria-label", label);
  drawn.addEventListener("click", (event) => { event.stopPropagation(); if (!dragged) act(event); });
  drawn.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); act(event); } });
  return drawn;
}

// A sheet over a box that takes its clicks. The name of a control has to hold the text in it, so there is none in the sheet.
function covered(drawn, [width, height], label, act) {
  drawn.append(button(element("rect", { class: "sheet", width, height, rx: 3 }), label, act));
  return drawn;
}

function moduleFrame(group, [x, y, width, height]) {
  const { title, kind } = D.groups[group], label = button(words(x + PADDING, y + 15, "label", "▾ " + cut(title, 24)), `close ${kind} ${title}`, () => toggle(group));
  label.dataset.group = group;
  return element("g", { class: "module" }, element("title", {}, `${kind} ${title}: click its name to close it`), element("rect", { x, y, width, height, rx: 8 }), label);
}

// A folded group: its title, its formula, its sizes, and the value and gradient of its result.
function closedBox(group, x, y) {
  const { title, tag, lines, kind, size: [width, height] } = D.groups[group], nodes = inside[group];
  const wrong = nodes.filter((node) => over[node]?.ok === false), checked = nodes.filter((node) => over[node]).length;
  const says = wrong.length ? `${wrong.length} wrong` : checked ? `${checked} checked` : "";
  const drawn = element("g", { class: `box module-box ${nodes.includes(root) ? "loss" : `is-${kind}`}`, transform: `translate(${x} ${y})` },
    element("title", {}, [`${kind} ${title}: ${nodes.filter((node) => D.nodes[node][OP]).length} steps${says ? `, ${says}` : ""}. Click ▸ to open it.`, ...lines].join("\n")));
  if (kind !== "layer") drawn.append(element("rect", { class: "stack", x: 4, y: 4, width, height, rx: 8 }));
  const face = element("g", { class: "face" });
  outline(face, nodes.includes(root) ? "loss" : "module", width, height);
  face.append(words(PADDING + 17, 17, "name", cut(title, roomOf(width) - 2 - tag.length)), words(width - PADDING, 17, "tag", tag, { "text-anchor": "end" }));
  lines.forEach((line, k) => face.append(words(PADDING, BAND + 15 + 18 * k, k ? "small" : "formula", line)));
  drawn.append(face);
  covered(drawn, [width, height], `${kind} ${title}${says ? `, ${says}` : ""}`, () => select(endOf(-1 - group)));
  drawn.append(words(width - 4, -4, `badge${wrong.length ? " wrong" : ""}`, wrong.length ? (nodes.includes(D.first) ? "✗ 1st" : "✗") : "", { "text-anchor": "end" }));
  if (roundsOf(group)) drawn.append(stepper(group, width));
  drawn.dataset.group = group;
  drawn.addEventListener("dblclick", (event) => { event.stopPropagation(); toggle(group); });
  const opener = button(element("g", { class: "opener" }, element("rect", { width: 24, height: BAND, rx: 6 }), words(PADDING - 2, 17, "name", "▸")), `open ${kind} ${title}`, () => toggle(group));
  drawn.append(opener);
  return drawn;
}

// Which round of a run its box shows.
function stepper(group, width) {
  const move = (by) => (event) => { S.round.set(group, Math.max(0, Math.min(roundsOf(group).length - 1, roundAt(group) + by))); paintRun(group); if (event) select(endOf(-1 - group)); };
  const arrow = (x, sign, by, label) => button(element("g", { class: "opener", transform: `translate(${x} ${BAND + 18})` }, element("rect", { width: 24, height: 20, rx: 5 }), words(12, 15, "name", sign, { "text-anchor": "middle" })), label, move(by));
  return element("g", { class: "stepper", transform: `translate(${width - 118} 0)` }, arrow(0, "◂", -1, "round before"), words(56, BAND + 33, "round", "", { "text-anchor": "middle" }), arrow(86, "▸", 1, "next round"));
}

function paintRun(group) {
  const at = scene.boxes.get(-1 - group);
  if (!at) return;
  const label = D.groups[roundsOf(group)[roundAt(group)][0]].title;
  at.drawn.querySelector(".round").textContent = cut(label, 7);
  paintOne(-1 - group, at);
}

function nodeBox(node, x, y) {
  const [width, height] = sizeOf(node), row = D.nodes[node], room = roomOf(width);
  const drawn = element("g", { class: `box node ${row[KIND]}`, transform: `translate(${x} ${y})` });
  const tag = row[OP] ? cut(row[OP], 14) : row[KIND], name = row[NAME];
  const left = name && name !== row[OP] ? cut(name, room - tag.length - 2) : "";
  drawn.append(element("title", {}, [left ? `${cut(name, 300)}: ${cut(row[OP] || row[KIND], 300)}` : cut(row[OP] || row[KIND], 300), `${shapeText(node)} ${row[DTYPE]}`, placeText(node)].filter(Boolean).join("\n")));
  outline(drawn, row[KIND], width, height);
  if (left) drawn.append(words(PADDING, 17, "name", left));
  drawn.append(words(left ? width - PADDING : PADDING, 17, left ? "tag" : "name", tag, left ? { "text-anchor": "end" } : {}));
  const place = placeText(node), size = shapeText(node) + (row[DTYPE] === "float64" ? "" : ` ${row[DTYPE]}`);
  drawn.append(words(PADDING, BAND + 15, "small", cut(size, room)), words(width - PADDING, BAND + 15, "small", place && size.length + 5 < room ? tail(place, room - size.length - 1) : "", { "text-anchor": "end" }));
  drawn.append(words(width - 4, -4, "badge", "", { "text-anchor": "end" }));
  drawn.dataset.node = node;
  return covered(drawn, [width, height], `${row[OP] || row[KIND]} ${name}, shape ${shapeText(node)}, ${row[DTYPE]}${place ? `, ${place}` : ""}`, () => select(node));
}

// The two frames for heat maps; made when they are filled, for thousands of boxes that is later.
function thumbnails(drawn, [width, height], alone) {
  const thumbs = element("g", { class: "thumbs" }), wide = alone ? width - 2 * PADDING : (width - 2 * PADDING - 8) / 2, y = height - MAPS;
  for (const side of alone ? ["left"] : ["left", "right"]) {
    const caption = side === "left" ? "value" : "gradient", x = side === "left" ? PADDING : width - PADDING - wide;
    thumbs.append(element("g", { class: side },
      element("rect", { class: "frame", x, y, width: wide, height: MAP }),
      element("image", { class: side, x, y, width: wide, height: MAP, preserveAspectRatio: "none" }),
      words(x + wide / 2, y + 24, `number ${side}`, "", { "text-anchor": "middle" }),
      words(x, height - 6.5, `caption name-of-${side}`, caption), words(x + wide, height - 6.5, `caption note ${side}`, "", { "text-anchor": "end" })));
  }
  drawn.append(thumbs);
}

// A parameter is rounded, data has a cut corner, a constant is dashed, the loss has a double border: as in the pictures.
function outline(drawn, kind, width, height) {
  if (kind === "data") {
    const shape = `M0,0H${width - 9}L${width},9V${height}H0Z`;
    drawn.append(element("path", { class: "body", d: shape }), element("path", { class: "band", d: `M0,0H${width - 9}L${width},9V${BAND}H0Z` }), element("path", { class: "rim", d: shape }));
    return;
  }
  const r = kind === "parameter" ? 12 : kind === "module" ? 8 : 3;
  drawn.append(element("rect", { class: "body", width, height, rx: r }), element("path", { class: "band", d: `M0,${BAND}V${r}Q0,0 ${r},0H${width - r}Q${width},0 ${width},${r}V${BAND}Z` }), element("rect", { class: "rim", width, height, rx: r }));
  if (kind === "loss") drawn.append(element("rect", { class: "rim inner", x: 3, y: 3, width: width - 6, height: height - 6, rx: 2 }));
}

// One thumbnail of a box: an image, or the number itself where there is only one, or why there is nothing.
function thumbnail(drawn, side, map, nothing) {
  const image = drawn.querySelector(`image.${side}`), text = drawn.querySelector(`.number.${side}`);
  const single = map && map.x && map.x.length === 1;
  const drawable = map && map.q && (!single || missing(map));
  if (drawable) image.setAttribute("href", picture(map, side));
  image.style.display = drawable ? "" : "none";
  text.textContent = single ? number(map.x[0]) : map?.text ? "text" : map ? "" : nothing;
  text.classList.toggle("single", Boolean(single));
  noteOn(drawn, side, map ? missing(map) : "");
}

// A note takes the place of the caption.
function noteOn(drawn, side, text) {
  const caption = drawn.querySelector(`.name-of-${side}`);
  drawn.querySelector(`.note.${side}`).textContent = text;
  if (caption) caption.style.display = text ? "none" : "";
}

let painting = 0;
// Thumbnails of what is on the screen at once, of the rest when the browser has time.
function paintThumbnails() {
  const turn = ++painting, drawnBoxes = [...scene.boxes];
  D.groups.forEach((group, g) => { if (group.rounds) paintRun(g); });
  const some = () => {
    const until = performance.now() + 12;
    while (drawnBoxes.length && performance.now() < until) paintOne(...drawnBoxes.shift());
    if (drawnBoxes.length && turn === painting) setTimeout(some);
  };
  if (drawnBoxes.length <= 400) drawnBoxes.splice(0).forEach((pair) => paintOne(...pair));
  else some();
}

const isData = (item) => item >= 0 && D.nodes[item][KIND] === "data";

function paintOne(item, { drawn }) {
  const node = endOf(item);
  if (!drawn.querySelector(".thumbs")) thumbnails(drawn, sizeOf(item), isData(item));
  thumbnail(drawn, "left", valueOf(node), D.noMaps ? "" : "empty");
  if (isData(item)) return;
  const { state, here, total } = progress(node), map = gradientOf(node);
  thumbnail(drawn, "right", map, { never: D.needs[node] ? "no loss" : "not needed", waiting: "…", final: D.noMaps ? "" : "empty", partial: "…" }[state]);
  if (state === "partial") noteOn(drawn, "right", `${here} of ${total}`);
}
