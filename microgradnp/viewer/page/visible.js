// Which boxes are seen: nodes, and groups that are closed. The same as viewer/visible.py; a test compares them.

const MOST_VISIBLE = 5000, NEAREST = 300, HUB = 24;
const parentOf = D.groups.map((group) => group.parent);
const frameOf = []; // the innermost group around each one, or itself, that has a frame when it is open
D.groups.forEach((group, g) => { frameOf[g] = group.kind !== "section" ? g : group.parent === null ? null : frameOf[group.parent]; });
const framed = (g) => (g === null ? null : frameOf[g]);
const inside = D.groups.map(() => []); // the nodes of each module, those of inner ones too
D.member.forEach((group, node) => { for (let g = group; g !== null; g = parentOf[g]) inside[g].push(node); });

function itemsOfNodes(closed) {
  const shut = [];
  parentOf.forEach((parent, group) => {
    const above = parent === null ? null : shut[parent];
    shut.push(above !== null ? above : closed.has(group) ? group : null);
  });
  return { shut, itemOf: D.member.map((group, node) => (group === null || shut[group] === null ? node : -1 - shut[group])) };
}

function visible(closed, focus) {
  const { shut, itemOf } = itemsOfNodes(closed);
  let first = new Map();
  itemOf.forEach((item, node) => first.has(item) || first.set(item, node));
  const edges = new Map(), loose = new Set();
  D.edges.forEach(([source, target], k) => {
    const start = itemOf[source], end = itemOf[target];
    if (start === end) return;
    const key = start >= 0 && end >= 0 ? k : `${start},${end}`;
    if (!edges.has(key)) edges.set(key, [start, end, k]);
  });
  const total = first.size;
  if (total > MOST_VISIBLE) {
    const near = nearest(itemOf[focus], edges.values());
    first = new Map([...first].filter(([item]) => near.has(item)));
  }
  const kept = [...edges.values()].filter(([start, end]) => first.has(start) && first.has(end));
  const items = inOrder(first, kept), place = new Map(items.map((item, k) => [item, k]));
  const shown = new Set();
  for (const item of items) for (let g = item >= 0 ? D.member[item] : parentOf[-1 - item]; g !== null; g = parentOf[g]) shown.add(g);
  const groups = parentOf.map((_, g) => g).filter((g) => shut[g] === null && frameOf[g] === g && (total <= MOST_VISIBLE || shown.has(g)));
  const where = new Map(groups.map((g, k) => [g, k]));
  const member = items.map((item) => where.get(framed(item >= 0 ? D.member[item] : parentOf[-1 - item])) ?? null);
  const parents = groups.map((g) => where.get(framed(parentOf[g])) ?? null);
  const rows = kept.map(([start, end, k]) => [place.get(start), place.get(end), k]).sort((a, b) => a[1] - b[1] || a[2] - b[2]);
  return { items, edges: rows, groups, member, parents, place, itemOf, total };
}

// The items closest to one of them, along edges in either direction, but not through what everything uses.
function nearest(start, edges) {
  const around = new Map();
  for (const [a, b] of edges) for (const [from, to] of [[a, b], [b, a]]) around.has(from) ? around.get(from).push(to) : around.set(from, [to]);
  const found = new Set([start]);
  for (const item of found) {
    const others = around.get(item) || [];
    if (item === start || others.length <= HUB) for (const other of others) if (found.size < NEAREST) found.add(other);
  }
  return found;
}

function inOrder(first, edges) {
  const after = new Map([...first.keys()].map((item) => [item, []])), missing = new Map([...first.keys()].map((item) => [item, 0]));
  for (const [start, end] of edges) { after.get(start).push(end); missing.set(end, missing.get(end) + 1); }
  const heap = [], order = [];
  const push = (item) => {
    let k = heap.push([first.get(item), item]) - 1;
    while (k && heap[k][0] < heap[(k - 1) >> 1][0]) { const up = (k - 1) >> 1; [heap[k], heap[up]] = [heap[up], heap[k]]; k = up; }
  };
  const pop = () => {
    const top = heap[0], last = heap.pop();
    if (heap.length) {
      heap[0] = last;
      for (let k = 0, least; ; k = least) {
        least = k;
        for (const child of [2 * k + 1, 2 * k + 2]) if (child < heap.length && heap[child][0] < heap[least][0]) least = child;
        if (least === k) break;
        [heap[k], heap[least]] = [heap[least], heap[k]];
      }
    }
    return top[1];
  };
  for (const item of first.keys()) if (!missing.get(item)) push(item);
  while (heap.length) {
    const item = pop();
    order.push(item);
    for (const end of after.get(item)) { missing.set(end, missing.get(end) - 1); if (!missing.get(end)) push(end); }
  }
  return order;
}
