// All nodes as a plain table: for screen readers, for printing, and for copying. Filled when it is opened.

const MOST_ROWS = 5000;

function fillTable() {
  const body = $("rows");
  if (body.childElementCount) return;
  const cells = (node) => {
    const row = D.nodes[node], map = D.values[node], slope = D.grads[node], mark = over[node];
    const text = (m) => (!m?.q ? "" : m.x?.length === 1 ? number(m.x[0]) : `${range(m)}${missing(m) ? `, ${missing(m)}` : ""}`);
    return [String(node), row[NAME], row[OP] || row[KIND], `${shapeText(node)} ${row[DTYPE]}`, text(map), text(slope), placeText(node), inputs[node].join(" "), mark ? (mark.ok === null ? "?" : mark.ok ? "right" : node === D.first ? "first wrong" : "wrong") : ""];
  };
  for (let node = 0; node < Math.min(count, MOST_ROWS); node++) {
    const line = body.insertRow();
    line.id = `row${node}`;
    for (const text of cells(node)) line.insertCell().textContent = text;
  }
  if (count > MOST_ROWS) body.insertRow().insertCell().textContent = `${(count - MOST_ROWS).toLocaleString("en")} more nodes are not listed`;
}
