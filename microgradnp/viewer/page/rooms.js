// The built-in layout: the algorithm of drawing/rooms.py, described there, function by function. A test compares the results.

const GROUP_PAD = 14, APPROACH = 18, PORTS = 14, HEAD = 5, CORNER = 14, MARGIN = 16, LABEL = 20;

// seen: what `visible` found. Returns {width, height, boxes, groups, routes} as viewer/visible.py writes it.
function builtIn(seen, direction) {
  const flipped = direction === "LR", turn = ([a, b]) => (flipped ? [b, a] : [a, b]);
  const sizes = seen.items.map((item) => turn(sizeOf(item)));
  const light = seen.items.map((item) => item >= 0 && ["parameter", "data"].includes(D.nodes[item][KIND]));
  const parent = seen.parents;
  const makeRoom = () => ({
    level: { across: [], along: [], wires: [], first: new Set(), last: new Set(), light: new Set() },
    item: new Map(), wire: new Map(), hops: [], size: [0, 0], shift: 0, origin: [0, 0], placed: null,
  });
  const rooms = seen.groups.map(makeRoom), whole = makeRoom(), room = (g) => (g === null ? whole : rooms[g]);
  const children = new Map();
  parent.forEach((outer, g) => (children.has(outer) ? children.get(outer).push(g) : children.set(outer, [g])));

  const pathOf = (box) => {
    const path = [];
    for (let g = seen.member[box]; g !== null; g = parent[g]) path.push(g);
    return [null, ...path.reverse()];
  };
  const hopsOf = ([source, target]) => {
    const up = pathOf(source), down = pathOf(target), hops = [];
    let common = 0;
    while (common < Math.min(up.length, down.length) && up[common] === down[common]) common++;
    let start = ["box", source];
    for (const g of up.slice(common).reverse()) {
      hops.push([g, start, ["out", source]]);
      start = ["group", g];
    }
    const inner = [...down.slice(common), null];
    down.slice(common - 1).forEach((here, i) => {
      hops.push([here, start, inner[i] === null ? ["box", target] : ["group", inner[i]]]);
      start = ["in", source];
    });
    return hops;
  };
  const add = (g, [kind, index]) => {
    const here = room(g), key = kind + index;
    if (here.item.has(key)) return here.item.get(key);
    const item = here.level.across.length;
    here.item.set(key, item);
    const size = kind === "box" ? sizes[index] : kind === "group" ? rooms[index].size : [0, 0];
    here.level.across.push(size[0]);
    here.level.along.push(size[1]);
    if (kind === "in") here.level.first.add(item);
    else if (kind === "out") here.level.last.add(item);
    if (kind !== "group" && light[index]) here.level.light.add(item);
    return item;
  };
  const port = (here, key) => here.placed.center[here.item.get(key)] + here.shift - here.size[0] / 2;

  const hops = seen.edges.map(hopsOf), weights = weightsOf(seen);
  seen.items.forEach((_, box) => add(seen.member[box], ["box", box]));
  hops.forEach((list, e) => list.forEach(([g, start, end]) => room(g).hops.push([seen.edges[e][0], start, end, weights[e]])));

  const pads = (g) => (g === null ? [MARGIN, MARGIN, MARGIN, MARGIN] : flipped
    ? [LABEL + 6, GROUP_PAD, APPROACH + 6, APPROACH] : [GROUP_PAD, GROUP_PAD, LABEL + APPROACH - 6, APPROACH]);
  const furnish = (g) => {
    const here = room(g), known = new Set();
    for (const child of children.get(g) || []) add(g, ["group", child]);
    for (const [source, start, end, weight] of [...here.hops].sort((a, b) => b[3] - a[3])) {
      if (!here.wire.has(source)) {
        here.wire.set(source, here.level.wires.length);
        const out = start[0] === "group" ? port(rooms[start[1]], "out" + source) : 0;
        here.level.wires.push({ source: add(g, start), offset: out, targets: [] });
      }
      const key = source + end[0] + end[1];
      if (known.has(key)) continue;
      known.add(key);
      const into = end[0] === "group" ? port(rooms[end[1]], "in" + source) : 0;
      here.level.wires[here.wire.get(source)].targets.push([add(g, end), into, weight]);
    }
    const [before, behind, lead, tail] = pads(g), placed = (here.placed = place(here.level, lead, tail));
    let across = placed.right - placed.left + before + behind, along = placed.length;
    here.shift = before - placed.left;
    if (g !== null) {
      const label = D.labels[seen.groups[g]], wider = flipped ? 0 : Math.max(0, label - across);
      across += wider;
      along = flipped ? Math.max(along, label) : along;
      here.shift += wider / 2;
      if (along > placed.length && here.level.last.size) {
        placed.rankStart[placed.rankStart.length - 1] = placed.rankEnd[placed.rankEnd.length - 1] = along;
      }
    }
    here.size = [across, along];
  };
  const across = (here, position) => here.origin[0] + here.shift + position, along = (here, position) => here.origin[1] + position;
  const locate = (g) => {
    const here = rooms[g], outer = room(parent[g]), item = outer.item.get("group" + g);
    here.origin = [across(outer, outer.placed.center[item]) - here.size[0] / 2, along(outer, outer.placed.start[item])];
  };
  const corner = (box) => {
    const here = room(seen.member[box]), item = here.item.get("box" + box);
    return [across(here, here.placed.center[item]) - sizes[box][0] / 2, along(here, here.placed.start[item])];
  };

  const leaving = (here, wire) => across(here, here.placed.center[here.level.wires[wire].source] + here.level.wires[wire].offset);
  const comingFrom = (source, [g, , end]) => {
    const here = room(g), wire = here.wire.get(source);
    const bend = here.placed.bends[wire].get(here.placed.rank[here.item.get(end[0] + end[1])] - 1);
    return bend === undefined ? leaving(here, wire) : across(here, bend);
  };
  const endsOf = (corners) => {
    const arriving = new Map(), ends = [];
    seen.edges.forEach(([source, target, k], e) => {
      const one = [comingFrom(source, hops[e][hops[e].length - 1]), D.edges[k][2], e];
      arriving.has(target) ? arriving.get(target).push(one) : arriving.set(target, [one]);
    });
    for (const [box, arrivals] of arriving) {
      arrivals.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
      const low = corners[box][0] + CORNER, high = corners[box][0] + sizes[box][0] - CORNER;
      ports(arrivals.map(([x]) => x), low, high).forEach((x, i) => { ends[arrivals[i][2]] = x; });
    }
    return ends;
  };
  const drawn = new Set(), drawnBefore = (...part) => { const key = part.join(); return drawn.has(key) || (drawn.add(key), false); };
  const route = (e, corners, end) => {
    const [source, target] = seen.edges[e], points = [[end, corners[target][1]]];
    for (const [g, start, finish] of [...hops[e]].reverse()) {
      const here = room(g), { placed } = here, wire = here.wire.get(source), begin = here.level.wires[wire].source;
      const first = placed.rank[begin], last = placed.rank[here.item.get(finish[0] + finish[1])];
      points.push([points[points.length - 1][0], along(here, placed.rankStart[last]) - (finish[0] === "box" ? HEAD : 0)]);
      for (let rank = last - 1; rank > first; rank--) {
        const bend = placed.bends[wire].get(rank);
        if (bend === undefined) continue;
        points.push([across(here, bend), along(here, placed.rankEnd[rank])]);
        if (drawnBefore(g, source, rank)) return points.reverse();
        points.push([across(here, bend), along(here, placed.rankStart[rank])]);
      }
      points.push([leaving(here, wire), along(here, placed.rankEnd[first])]);
      if (start[0] !== "in") points.push([leaving(here, wire), along(here, placed.start[begin] + here.level.along[begin])]);
      if (start[0] !== "box" && drawnBefore(g, source, first)) return points.reverse();
    }
    return points.reverse();
  };

  const rankOf = (box) => { // of the box, or of the outermost frame around it
    let key = "box" + box;
    for (let g = seen.member[box]; g !== null; g = parent[g]) key = "group" + g;
    return whole.placed.rank[whole.item.get(key)];
  };

  for (const g of [...rooms.keys()].reverse()) furnish(g);
  furnish(null);
  rooms.forEach((_, g) => locate(g)); // behind their parents
  const [width, height] = turn(whole.size), corners = seen.items.map((_, box) => corner(box)), ends = endsOf(corners);
  return {
    width, height, boxes: corners.map(turn), routes: seen.edges.map((_, e) => curves(route(e, corners, ends[e])).flatMap(turn)),
    groups: rooms.map((here) => [...turn(here.origin), ...turn(here.size)]),
    ranks: seen.items.map((_, box) => rankOf(box)), levels: whole.placed.rankStart.map((start, r) => [along(whole, start), along(whole, whole.placed.rankEnd[r])]),
  };
}

// How straight each edge should be: the longest chains are the flow, the rest goes beside it.
function weightsOf(seen) {
  const depth = seen.items.map(() => 0), height = seen.items.map(() => 0);
  for (const [s, t] of seen.edges) depth[t] = Math.max(depth[t], depth[s] + 1);
  for (const [s, t] of [...seen.edges].reverse()) height[s] = Math.max(height[s], height[t] + 1);
  return seen.edges.map(([s, t]) => (depth[t] === depth[s] + 1 && height[s] === height[t] + 1 ? 1 : depth[s] ? 0.01 : 0.001));
}

function ports(wished, low, high) {
  const between = Math.min(PORTS, (high - low) / Math.max(1, wished.length - 1));
  const places = spread(wished, wished.map(() => 1), wished.slice(1).map(() => between));
  return places.map((x, i) => Math.min(Math.max(x, low + i * between), high - (wished.length - 1 - i) * between));
}

function curves(points) {
  const route = points.slice(0, 1);
  for (const [across, along] of points.slice(1)) {
    const [x, y] = route[route.length - 1];
    if (x !== across || y !== along) route.push([x, (y + along) / 2], [across, (y + along) / 2], [across, along]);
  }
  return route;
}
