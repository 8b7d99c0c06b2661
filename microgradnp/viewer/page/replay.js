// A training: its loss as a curve, and one snapshot after the other on the boxes.

function buildReplay() {
  $("replay").hidden = false;
  for (const which of [2, 3]) { // one scale for a node through the whole training, so that shrinking is seen
    replay.nodes.forEach((_, k) => {
      const maps = replay.snapshots.map((shown) => shown[which][k]).filter((map) => map?.q), scale = Math.max(...maps.map((map) => map.s));
      for (const map of maps) map.scale = scale;
    });
  }
  $("snap").max = replay.snapshots.length;
  const losses = replay.losses.filter(([, loss]) => Number.isFinite(loss)), logarithmic = losses.length && losses.every(([, loss]) => loss > 0);
  const height = (loss) => (logarithmic ? Math.log10(loss) : loss), values = losses.map(([, loss]) => height(loss));
  const [low, high] = [Math.min(...values), Math.max(...values)], [from, to] = [losses[0]?.[0] ?? 0, losses[losses.length - 1]?.[0] ?? 1];
  const x = (iteration) => 2 + (176 * (iteration - from)) / Math.max(1, to - from), y = (loss) => 30 - (27 * (height(loss) - low)) / (high - low || 1);
  const curve = losses.map(([iteration, loss], k) => `${k ? "L" : "M"}${x(iteration).toFixed(1)} ${y(loss).toFixed(1)}`).join("");
  $("curve").replaceChildren(element("title", {}, `loss over ${to} iterations${logarithmic ? ", logarithmic" : ""}`), element("path", { class: "curve", d: curve }), element("circle", { r: 3.5, cx: -9, cy: 0 }));
  replay.dot = (iteration, loss) => [Math.min(x(iteration), 178), Number.isFinite(loss) && (!logarithmic || loss > 0) ? Math.max(2, Math.min(31, y(loss))) : -9];
}

function showReplay() {
  const shown = frame(), dot = $("curve").querySelector("circle");
  $("snap").value = S.snap < 0 ? replay.snapshots.length : S.snap;
  const [cx, cy] = shown ? replay.dot(shown[0], shown[1]) : [-9, 0];
  dot.setAttribute("cx", cx);
  dot.setAttribute("cy", cy);
  $("snapText").textContent = shown ? `before iteration ${shown[0].toLocaleString("en")}, loss ${number(shown[1])}` : "this graph";
}

function snap(k) {
  S.snap = k >= replay.snapshots.length || k < 0 ? -1 : k;
  paintThumbnails();
  refresh();
}
