// The drawing: boxes, edges, modules, at the places that Python or the built-in layout found.

const element = (name, attributes = {}, ...children) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
const words = (x, y, kind, text, more = {}) => element("text", { x, y, class: kind, ...more }, text);

const BAND = 21, PADDING = 8, CHARACTER = 6.65, SMALL = 5.75; // pixels; widths of a character at 11 and 9.5 px
const THUMB = { y: 40, width: 78, height: 38, left: 8, right: 90 };
const ROOM = Math.floor((D.sizes.node[0] - 2 * PADDING) / CHARACTER);
let scene = null;

function build() {
  const began = performance.now(), seen = visible(S.closed, S.focus);
  const asSent = D.layout && S.dir === D.direction && sameSet(S.closed, D.closed);
  const layout = asSent ? D.layout : builtIn(seen, S.dir);
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
  return element("g", { class: kind }, element("path", { class: "line", d: pathOf(route) }), element("path", { class: "head", d: headOf(route, backwards) }));
}

function button(drawn, label, act) {
  drawn.setAttribute("tabindex", "0");
  drawn.setAttribute("role", "button");
  drawn.setAttribute("aria-label", label);
  drawn.addEventListener("click", (event) => { event.stopPropagation(); if (!dragged) act(event); });
  drawn.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); act(event); } });
  return drawn;
}

function moduleFrame(group, [x, y, width, height]) {
  const label = button(words(x + PADDING, y + 14, "label", "▾ " + cut(D.groups[group][0], 24)), `close module ${D.groups[group][0]}`, () => toggle(group));
  label.dataset.group = group;
  return element("g", { class: "module" }, element("title", {}, `module ${D.groups[group][0]}: click its name to close it`), element("rect", { x, y, width, height, rx: 8 }), label);
}

function closedBox(group, x, y) {
  const [width, height] = D.sizes.closed, nodes = inside[group];
  const wrong = nodes.filter((node) => over[node]?.ok === false), checked = nodes.filter((node) => over[node]).length;
  const says = `${nodes.length} ${nodes.length === 1 ? "node" : "nodes"}${wrong.length ? `, ${wrong.length} wrong` : checked ? `, ${checked} checked` : ""}`;
  const drawn = element("g", { class: "box module-box", transform: `translate(${x} ${y})` },
    element("title", {}, `module ${D.groups[group][0]}, closed: ${says}`),
    element("rect", { class: "stack", x: 3, y: 3, width, height, rx: 8 }), element("rect", { class: "body", width, height, rx: 8 }), element("rect", { class: "rim", width, height, rx: 8 }),
    words(PADDING, 20, "name", "▸ " + cut(D.groups[group][0], ROOM - 2)), words(PADDING, 38, "small", says));
  if (wrong.length) drawn.append(words(width - PADDING, 38, "badge wrong", nodes.includes(D.first) ? "✗ 1st" : "✗", { "text-anchor": "end" }));
  drawn.dataset.group = group;
  return button(drawn, `open module ${D.groups[group][0]}, ${says}`, () => toggle(group));
}

function nodeBox(node, x, y) {
  const [width, height] = D.sizes.node, row = D.nodes[node];
  const drawn = element("g", { class: `box node ${row[KIND]}`, transform: `translate(${x} ${y})` });
  const tag = row[OP] ? cut(row[OP], 14) : row[KIND], name = row[NAME];
  const left = name && name !== row[OP] ? cut(name, ROOM - tag.length - 1) : "";
  drawn.append(element("title", {}, [left ? `${cut(name, 300)}: ${cut(row[OP] || row[KIND], 300)}` : cut(row[OP] || row[KIND], 300), `${shapeText(node)} ${row[DTYPE]}`, placeText(node)].filter(Boolean).join("\n")));
  outline(drawn, row[KIND], width, height);
  if (left) drawn.append(words(PADDING, 14.5, "name", left));
  drawn.append(words(left ? width - PADDING : PADDING, 14.5, left ? "tag" : "name", tag, left ? { "text-anchor": "end" } : {}));
  const place = placeText(node), size = cut(`${shapeText(node)} ${row[DTYPE]}`, Math.floor((width - 2 * PADDING) / SMALL) - Math.min(place.length, 11) - 1);
  drawn.append(words(PADDING, 33, "small", size), words(width - PADDING, 33, "small", tail(place, 11), { "text-anchor": "end" }));
  drawn.append(words(width - 4, -4, "badge", "", { "text-anchor": "end" }));
  drawn.dataset.node = node;
  return button(drawn, `${row[OP] || row[KIND]} ${name}, shape ${shapeText(node)}, ${row[DTYPE]}${place ? `, ${place}` : ""}`, () => select(node));
}

// The two frames for heat maps; made when they are filled, for thousands of boxes that is later.
function thumbnails(drawn) {
  const thumbs = element("g", { class: "thumbs" }), height = D.sizes.node[1];
  for (const side of ["left", "right"]) {
    const caption = side === "left" ? "value" : "gradient";
    thumbs.append(
      element("rect", { class: "frame", x: THUMB[side], y: THUMB.y, width: THUMB.width, height: THUMB.height }),
      element("image", { class: side, x: THUMB[side], y: THUMB.y, width: THUMB.width, height: THUMB.height, preserveAspectRatio: "none" }),
      words(THUMB[side] + THUMB.width / 2, THUMB.y + 23, `number ${side}`, "", { "text-anchor": "middle" }),
      words(THUMB[side], height - 6.5, "caption", caption), words(THUMB[side] + THUMB.width, height - 6.5, `caption note ${side}`, "", { "text-anchor": "end" }));
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
  const r = kind === "parameter" ? 12 : 3;
  drawn.append(element("rect", { class: "body", width, height, rx: r }), element("path", { class: "band", d: `M0,${BAND}V${r}Q0,0 ${r},0H${width - r}Q${width},0 ${width},${r}V${BAND}Z` }), element("rect", { class: "rim", width, height, rx: r }));
  if (kind === "loss") drawn.append(element("rect", { class: "rim inner", x: 3, y: 3, width: width - 6, height: height - 6, rx: 2 }));
}

// One thumbnail of a box: an image, or the number itself where there is only one, or why there is nothing.
function thumbnail(drawn, side, map, nothing) {
  const image = drawn.querySelector(`image.${side}`), text = drawn.querySelector(`.number.${side}`), note = drawn.querySelector(`.note.${side}`);
  const single = map && map.x && map.x.length === 1;
  const drawable = map && map.q && (!single || missing(map));
  if (drawable) image.setAttribute("href", picture(map));
  image.style.display = drawable ? "" : "none";
  text.textContent = single ? number(map.x[0]) : map?.text ? "text" : map ? "" : nothing;
  text.classList.toggle("single", Boolean(single));
  note.textContent = map ? missing(map) : "";
}

let painting = 0;
// Thumbnails of what is on the screen at once, of the rest when the browser has time.
function paintThumbnails() {
  const turn = ++painting, drawnBoxes = [...scene.boxes].filter(([item]) => item >= 0);
  const some = () => {
    const until = performance.now() + 12;
    while (drawnBoxes.length && performance.now() < until) paintOne(...drawnBoxes.shift());
    if (drawnBoxes.length && turn === painting) setTimeout(some);
  };
  if (drawnBoxes.length <= 400) drawnBoxes.splice(0).forEach((pair) => paintOne(...pair));
  else some();
}

function paintOne(node, { drawn }) {
  if (!drawn.querySelector(".thumbs")) thumbnails(drawn);
  thumbnail(drawn, "left", valueOf(node), D.noMaps ? "" : "empty");
  const { state, here, total } = progress(node), map = gradientOf(node);
  thumbnail(drawn, "right", map, { never: D.needs[node] ? "no loss" : "not needed", waiting: "…", final: D.noMaps ? "" : "empty", partial: "…" }[state]);
  if (state === "partial") drawn.querySelector(".note.right").textContent = `${here} of ${total}`;
}
