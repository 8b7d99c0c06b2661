// The backward pass as a lane beside the graph, its mirror image: a box for each gradient, an edge for each share of one,
// and a "+" where shares are added up, because a value is used more than once.

const BETWEEN_LANES = 56, PLUS = 14, RADIUS = 9; // pixels
const flowsDown = () => S.dir !== "LR" && S.dir !== "rows";

function buildLane() {
  const { seen, layout } = scene, across = flowsDown() ? 0 : 1;
  const far = 2 * (across ? layout.height : layout.width) + BETWEEN_LANES;
  const mirror = (point, size = 0) => { const p = [...point]; p[across] = far - p[across] - size; return p; };
  const mirrored = (route) => { const r = [...route]; for (let k = across; k < r.length; k += 2) r[k] = far - r[k]; return r; };
  const lane = (scene.lane = { boxes: new Map(), edges: [], sums: new Map() });
  const groups = element("g"), edges = element("g"), boxes = element("g"), sums = element("g");
  seen.groups.forEach((group, k) => {
    const [x, y, width, height] = layout.groups[k], [mx, my] = mirror([x, y], across ? height : width);
    groups.append(element("g", { class: "module" }, element("rect", { x: mx, y: my, width, height, rx: 8 }), words(mx + PADDING, my + 15, "label", cut(D.groups[group].title, 22) + ", backward")));
  });
  seen.items.forEach((item, k) => {
    const size = sizeOf(item), [x, y] = mirror(layout.boxes[k], size[across]);
    const drawn = item >= 0 ? (hasGradient(item) ? gradientBox(item, x, y) : null) : closedGradients(-1 - item, x, y);
    if (!drawn) return;
    lane.boxes.set(item, { drawn, x, y });
    boxes.append(drawn);
  });
  seen.edges.forEach(([start, end, k], e) => {
    const [source, target, position] = D.edges[k], share = shares[source].find((s) => s.from === target && s.position === position);
    const from = seen.items[end], to = seen.items[start];
    if (!lane.boxes.has(from) || !lane.boxes.has(to) || (from >= 0 && to >= 0 && !share)) return;
    const route = mirrored(layout.routes[e]), plus = sumAt(to);
    if (plus && Math.hypot(route[0] - plus[0], route[1] - plus[1]) < sizeOf(to)[0]) toCircle(route, plus); // else it joins another
    const edge = wire(route, "edge share", true);
    edge.append(element("title", {}, share ? share.lines.join("\n") || edgeTitle(k) : ""));
    edge.dataset.edge = k;
    lane.edges.push({ drawn: edge, from, to, share });
    edges.append(edge);
  });
  for (const item of lane.boxes.keys()) {
    if (!sumAt(item)) continue;
    const drawn = element("g", { class: "sum", transform: `translate(${sumAt(item)})` }, element("title", {}, `the sum of ${shares[item].length} shares, because ${title(item)} is used ${shares[item].length} times`),
      element("path", { class: "line", d: flowsDown() ? `M0 0V${-PLUS}` : `M0 0H${-PLUS}` }), element("circle", { r: RADIUS }), words(0, 4, "plus", "+", { "text-anchor": "middle" }));
    lane.sums.set(item, drawn);
    sums.append(drawn);
  }
  seedOf(edges, mirror);
  $("view").append(element("g", { class: "lane" }, groups, edges, boxes, sums));
  if (across) scene.height = far;
  else scene.width = far;
}

// Where the "+" of a gradient stands; null where there is one share only.
function sumAt(item) {
  if (item < 0 || shares[item].length < 2) return null;
  const { x, y } = scene.lane.boxes.get(item), [width, height] = sizeOf(item);
  return flowsDown() ? [x + width / 2, y + height + PLUS] : [x + width + PLUS, y + height / 2];
}

// Lets a route begin at the border of a circle instead.
function toCircle(route, [cx, cy]) {
  const [x, y] = [route[2], route[3]], length = Math.hypot(x - cx, y - cy);
  const [ux, uy] = length > 4 ? [(x - cx) / length, (y - cy) / length] : flowsDown() ? [0, 1] : [1, 0];
  [route[0], route[1]] = [cx + ux * RADIUS, cy + uy * RADIUS];
  if (flowsDown()) route[3] = Math.max(route[3], route[1]);
  else route[2] = Math.max(route[2], route[0]);
}

// The turn from the loss to its gradient, which is 1.
function seedOf(edges, mirror) {
  const item = scene.seen.itemOf[root], at = scene.boxes.get(item), to = scene.lane.boxes.get(item);
  if (!at || !to) return;
  const [width, height] = sizeOf(item);
  const route = flowsDown()
    ? [at.x + width / 2, at.y + height, at.x + width / 2, at.y + height + 34, to.x + width / 2, to.y + height + 34, to.x + width / 2, to.y + height]
    : [at.x + width, at.y + height / 2, at.x + width + 34, at.y + height / 2, to.x + width + 34, to.y + height / 2, to.x + width, to.y + height / 2];
  const edge = wire(route, "edge seed");
  edge.append(element("title", {}, `d_${D.code[root]} = 1.0`));
  edges.append(edge);
}

function gradientBox(node, x, y) {
  const [width, height] = D.sizes.node, list = shares[node], name = `d_${D.code[node]}`;
  const drawn = element("g", { class: "box gradient", transform: `translate(${x} ${y})` });
  const lines = list.flatMap((share) => share.lines), formula = node === root ? "1.0" : lines.length ? lines[lines.length - 1].split(" = ").slice(1).join(" = ") : "";
  drawn.append(element("title", {}, lines.join("\n") || name), element("rect", { class: "body", width, height, rx: 3 }), element("path", { class: "band", d: `M0,${BAND}V3Q0,0 3,0H${width - 3}Q${width},0 ${width},3V${BAND}Z` }), element("rect", { class: "rim", width, height, rx: 3 }),
    words(PADDING, 17, "name", cut(name, roomOf(width, BOLD))), words(PADDING, BAND + 15, "small", cut(list.length > 1 ? `sum of ${list.length} shares` : formula, roomOf(width))));
  const mark = judged() && D.grads[node]?.q && over[node]?.hand?.r * over[node]?.hand?.c > 1 ? over[node] : null;
  if (mark) drawn.querySelector(".small").textContent = cut(`by hand: ${mark.name}${mark.where ? `, line ${mark.where[1]}` : ""}`, roomOf(width));
  drawn.append(mark ? bothMaps(drawn, width, height, D.grads[node], mark.hand) : gradientMap(width, height), words(width - 4, -4, "badge", "", { "text-anchor": "end" }));
  drawn.dataset.gradient = node;
  return covered(drawn, [width, height], `gradient of ${title(node)}`, () => select(node));
}

// The pictures of a gradient and of the hand-written one, in the same colours.
function bothMaps(drawn, width, height, derived, hand) {
  const left = { x: PADDING, y: height - MAPS, width: width / 2 - 1.5 * PADDING, height: MAP }, right = { ...left, x: width / 2 + PADDING / 2 }, both = gradientMap(width, height, left);
  drawn.scale = Math.max(hand.s, derived.s) || 1;
  both.append(element("rect", { class: "frame", ...right }), element("image", { ...right, preserveAspectRatio: "none", href: picture(hand, "right", drawn.scale) }), words(PADDING, height - 7, "caption", "derived"), words(right.x, height - 7, "caption", "by hand"));
  return both;
}

function gradientMap(width, height, frame = { x: PADDING, y: height - MAPS, width: width - 2 * PADDING, height: MAP + 12 }) {
  return element("g", { class: "thumbs right" }, element("rect", { class: "frame", ...frame }), element("image", { class: "right", ...frame, preserveAspectRatio: "none" }),
    words(width / 2, height - MAPS + 30, "number right", "", { "text-anchor": "middle" }), words(width - PADDING, 17, "caption note right", "", { "text-anchor": "end" }));
}

function closedGradients(group, x, y) {
  const [width, height] = D.groups[group].size, nodes = inside[group].filter(hasGradient), { title } = D.groups[group];
  if (!nodes.length) return null;
  const drawn = element("g", { class: "box gradient module-box", transform: `translate(${x} ${y})` });
  outline(drawn, "module", width, height);
  drawn.append(words(PADDING, 17, "name", "▸ " + cut(title, roomOf(width) - 2)), words(PADDING, BAND + 15, "small", `${nodes.length} gradients`), gradientMap(width, height));
  return covered(drawn, [width, height], `open ${title}`, () => toggle(group));
}
