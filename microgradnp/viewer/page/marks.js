// What the state does to the drawing: the current step, gradients that wait, right and wrong, ancestors and descendants.

const currentStep = () => (S.step >= 1 && S.step < FINISHED ? D.steps[S.step - 1] : null);
const badgeText = (node) => (over[node].ok === null ? "?" : over[node].ok ? "✓" : node === D.first ? "✗ 1st" : "✗");

function matches(node) {
  const text = S.find.toLowerCase(), row = D.nodes[node], place = placeOf(node);
  return [row[OP], row[NAME], D.code[node], placeText(node), place ? place[3] : ""].some((part) => part.toLowerCase().includes(text));
}

function mark() {
  const current = currentStep(), found = S.find ? new Set(D.nodes.map((_, node) => node).filter(matches)) : null;
  const kin = S.sel === null || S.step < FINISHED ? null : new Set([S.sel, ...reach(S.sel, inputs), ...reach(S.sel, users)]);
  const bright = (node) => (found ? found.has(node) : !kin || kin.has(node));
  const given = new Set(current ? current[1].map(([argument]) => argument) : []);
  for (const [item, { drawn }] of scene.boxes) {
    const nodes = item >= 0 ? [item] : inside[-1 - item];
    flag(drawn, nodes, { bright, current, given });
    if (item >= 0) badge(item, drawn);
    else drawn.querySelector(".badge").style.display = judged() ? "" : "none";
  }
  const { itemOf } = scene.seen, [giver, takers] = [current ? itemOf[current[0]] : null, new Set([...given].map((node) => itemOf[node]))];
  for (const edge of scene.edges) {
    const own = edge.start >= 0 && edge.end >= 0 ? given.has(D.edges[edge.k][0]) : takers.has(edge.start);
    const flows = Boolean(current) && edge.end === giver && own && !scene.lane;
    edge.drawn.classList.toggle("flow", flows);
    edge.drawn.classList.toggle("dim", !between(edge.start, edge.end, bright));
    edge.drawn.classList.toggle("kin", kin !== null && !found && between(edge.start, edge.end, bright));
  }
  if (scene.lane) markLane(current, given, bright);
  $("found").textContent = found ? `${found.size} found` : "";
  return found;
}

const nodesOf = (item) => (item >= 0 ? [item] : inside[-1 - item]);
const between = (start, end, bright) => nodesOf(start).some(bright) && nodesOf(end).some(bright);

function flag(drawn, nodes, { bright, current, given }) {
  const states = nodes.map((node) => progress(node).state);
  drawn.classList.toggle("selected", nodes.includes(S.sel));
  drawn.classList.toggle("dim", !nodes.some(bright));
  drawn.classList.toggle("current", Boolean(current) && nodes.includes(current[0]));
  drawn.classList.toggle("given", nodes.some((node) => given.has(node)));
  drawn.classList.toggle("waiting", states.every((state) => state === "waiting"));
  const wrong = judged() ? nodes.filter((node) => over[node]?.ok === false && progress(node).state === "final") : [];
  drawn.classList.toggle("wrong", wrong.length > 0);
  drawn.classList.toggle("first-wrong", wrong.includes(D.first));
  drawn.classList.toggle("right", judged() && nodes.length === 1 && over[nodes[0]]?.ok === true && states[0] === "final");
}

function badge(node, drawn) {
  const text = drawn.querySelector(".badge"), shown = judged() && over[node] && progress(node).state === "final";
  text.textContent = shown ? badgeText(node) : "";
  text.setAttribute("class", `badge ${shown ? { true: "ok", false: "wrong", null: "unjudged" }[over[node].ok] : ""}`);
}

function markLane(current, given, bright) {
  for (const [item, { drawn }] of scene.lane.boxes) {
    const nodes = nodesOf(item);
    flag(drawn, nodes, { bright, current, given });
    const { state, here, total } = progress(endOf(item));
    thumbnail(drawn, "right", gradientOf(endOf(item)), state === "final" ? "" : "…");
    if (item < 0) continue;
    if (drawn.scale && state === "final") drawn.querySelector("image.right").setAttribute("href", picture(gradientOf(item), "right", drawn.scale));
    if (state === "partial") drawn.querySelector(".note.right").textContent = `${here} of ${total} terms`;
    badge(item, drawn);
  }
  for (const { drawn, from, to, share } of scene.lane.edges) {
    const done = S.step >= FINISHED || (share && share.step <= S.step);
    drawn.classList.toggle("flow", Boolean(current && share && share.step === S.step));
    drawn.classList.toggle("waiting", Boolean(share) && !done);
    drawn.classList.toggle("dim", !between(from, to, bright));
  }
  for (const [item, drawn] of scene.lane.sums) {
    const { state, here, total } = progress(item);
    drawn.classList.toggle("flow", given.has(item));
    drawn.classList.toggle("waiting", state === "waiting");
    drawn.querySelector(".plus").textContent = state === "partial" ? `${here}/${total}` : "+";
    drawn.querySelector(".plus").classList.toggle("part", state === "partial");
  }
}
