// A layout from left to right whose ranks are broken into rows, as a text is broken into lines.

const BETWEEN_ROWS = 44, CHANNEL = 7, TURN = 9, ASIDE = 12, MOST_ROWS_OF_RANKS = 12; // pixels; rows

function laidOut(seen, direction, width, height) {
  if (direction !== "rows") return builtIn(seen, direction);
  const line = builtIn(seen, "LR"), scale = (layout) => Math.min(width / layout.width, height / layout.height);
  let best = line;
  for (let rows = 2; rows <= Math.min(MOST_ROWS_OF_RANKS, line.levels.length); rows++) {
    for (const close of [true, false]) {
      const tried = inRows(seen, line, rowsOf(line, rows), close);
      if (scale(tried) > scale(best) * 1.02) best = tried;
    }
  }
  return best;
}

// For each rank its row: rows of about equal length.
function rowsOf({ levels, width }, rows) {
  let row = 0, start = levels[0][0];
  return levels.map(([, end], rank) => {
    if (row < rows - 1 && rank && end - start > width / rows) {
      row++;
      start = levels[rank][0];
    }
    return row;
  });
}

// `close`: a leaf that only the first boxes of the next row need stands in that row.
function inRows(seen, line, rowOf, close) {
  const row = seen.items.map((_, k) => rowOf[line.ranks[k]]), first = rowOf.map((r) => rowOf.indexOf(r));
  const users = seen.items.map(() => []), isLeaf = (item) => item >= 0 && !D.nodes[item][OP];
  seen.edges.forEach(([start, end]) => users[start].push(end));
  seen.items.forEach((item, k) => {
    const next = users[k].length ? Math.min(...users[k].map((user) => line.ranks[user])) : 0;
    if (close && isLeaf(item) && seen.member[k] === null && first[next] === next && line.ranks[k] === next - 1) row[k] = rowOf[next];
  });
  const count = rowOf[rowOf.length - 1] + 1;
  const inside = seen.edges.map(([start, end]) => row[start] === row[end]);
  const frameRow = seen.groups.map(() => 0);
  seen.member.forEach((frame, k) => { for (let f = frame; f !== null; f = seen.parents[f]) frameRow[f] = row[k]; });
  const rows = Array.from({ length: count }, () => ({ left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity })), placed = rows.filter((_, k) => row.includes(k));
  const cover = (k, x, y, w, h) => {
    const r = rows[k];
    r.left = Math.min(r.left, x); r.right = Math.max(r.right, x + w); r.top = Math.min(r.top, y); r.bottom = Math.max(r.bottom, y + h);
  };
  line.boxes.forEach(([x, y], k) => cover(row[k], x, y, ...sizeOf(seen.items[k])));
  line.groups.forEach((frame, f) => cover(frameRow[f], ...frame));
  line.routes.forEach((route, e) => { if (inside[e]) for (let k = 0; k < route.length; k += 2) cover(row[seen.edges[e][0]], route[k], route[k + 1], 0, 0); });
  const channels = channelsOf(seen, row);
  let y = MARGIN;
  rows.forEach((r, k) => {
    if (!placed.includes(r)) Object.assign(r, { left: 0, right: 0, top: 0, bottom: 0 }); // all its boxes went into the next row
    r.dx = MARGIN + ASIDE - r.left;
    if (k) y += BETWEEN_ROWS + CHANNEL * channels.above[k];
    r.dy = y - r.top;
    y += r.bottom - r.top;
  });
  const boxes = line.boxes.map(([x, z], k) => [x + rows[row[k]].dx, z + rows[row[k]].dy]);
  const routes = line.routes.map((route, e) => {
    const [start, end] = seen.edges[e], { dx, dy } = rows[row[start]];
    return inside[e] ? route.map((p, k) => p + (k % 2 ? dy : dx)) : across(e, start, end);
  });
  function across(e, start, end) {
    const [sx, sy] = boxes[start], [sw, sh] = sizeOf(seen.items[start]), [tx, ty] = boxes[end], lane = CHANNEL * channels.of[e];
    const below = rows[row[start]].bottom + rows[row[start]].dy + BETWEEN_ROWS / 2 + lane, x = sx + sw, from = sy + sh / 2;
    const port = ty + line.routes[e][line.routes[e].length - 1] - line.boxes[end][1], before = tx - ASIDE - 4 - lane;
    const points = [[x, from], [x + ASIDE + lane, from], [x + ASIDE + lane, below]];
    if (row[end] > row[start] + 1) {
      const above = rows[row[end]].top + rows[row[end]].dy - BETWEEN_ROWS / 2 - lane, edge = MARGIN / 2 + lane / 2;
      points.push([edge, below], [edge, above], [before, above]);
    } else points.push([before, below]);
    return rounded([...points, [before, port], [tx, port]]);
  }
  const groups = line.groups.map(([x, z, w, h], f) => [x + rows[frameRow[f]].dx, z + rows[frameRow[f]].dy, w, h]);
  const width = Math.max(...rows.map((r) => r.right + r.dx)) + MARGIN + ASIDE;
  return { width, height: y + MARGIN, boxes, groups, routes };
}

// The channel between two rows that each edge runs in, one for each source, and how many there are above each row.
function channelsOf(seen, row) {
  const above = row.map(() => 0), known = new Map(), of = [];
  seen.edges.forEach(([start, end], e) => {
    if (row[start] === row[end]) return;
    if (!known.has(start)) known.set(start, above[row[start] + 1]++);
    of[e] = known.get(start);
  });
  return { above, of };
}

// A way of straight parts as Bezier curves with round corners.
function rounded(points) {
  const route = [...points[0]];
  let [x, y] = points[0];
  const to = (a, b) => { route.push((2 * x + a) / 3, (2 * y + b) / 3, (x + 2 * a) / 3, (y + 2 * b) / 3, a, b); [x, y] = [a, b]; };
  const near = ([a, b], [c, d]) => { const length = Math.hypot(c - a, d - b), t = Math.min(TURN, length / 2) / (length || 1); return [a + (c - a) * t, b + (d - b) * t]; };
  for (let k = 1; k < points.length - 1; k++) {
    to(...near(points[k], points[k - 1]));
    const after = near(points[k], points[k + 1]);
    route.push(...points[k], ...points[k], ...after);
    [x, y] = after;
  }
  to(...points[points.length - 1]);
  return route;
}
