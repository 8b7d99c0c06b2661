// The hand-written code beside the graph. A click on a line lights up its box; a box that is selected lights up its lines.

const GLYPHS = { wrong: "✗", suspected: "?", after: "↓", unknown: "·", right: "✓" };
let atFirst = true; // nothing was selected yet by hand: the first wrong line is shown
const lines = []; // [element, nodes] of each line that stands for boxes

function listing({ file, name, rows }) {
  const part = html("section"), table = html("ol");
  part.append(html("h3", name === "<module>" ? file : `${name} in ${file}`), table);
  for (const row of rows) table.append(...lineOf(row));
  return part;
}

function lineOf([number, text, mark, says, nodes, part, mended]) {
  const line = html("li", null, `${mark}${mended === null ? "" : " mended"}`), body = html("code"), glyph = html("b", GLYPHS[mark] || "");
  const indent = text.match(/^ */)[0], shown = html("span", null, "text"), [start, end] = part || [text.length, text.length];
  glyph.title = says[0];
  shown.append(text.slice(indent.length, start), ...(part ? [html("mark", text.slice(start, end))] : []), text.slice(end));
  body.append(indent, shown);
  line.append(html("span", number, "number"), glyph, body);
  if (says.length > 1) line.append(html("small", says.slice(1).join("   ")));
  if (nodes.length) {
    const lead = html("button", null, "lead-to");
    lead.title = "show it in the graph";
    lead.setAttribute("aria-label", `line ${number}: show it in the graph`);
    lead.append(...line.childNodes);
    line.append(lead);
    lead.onclick = () => { select(nodes[(nodes.indexOf(S.sel) + 1) % nodes.length]); inSight(S.sel); };
    lines.push([line, nodes]);
  }
  return [line, ...(mended || []).map((fixed) => {
    const added = html("li", null, "ins");
    added.append(html("span", "+", "number"), html("b"), html("code", indent + fixed));
    return added;
  })];
}

// A box out of sight is brought to the middle.
function inSight(node) {
  const box = scene.boxes.get(scene.seen.itemOf[node])?.drawn.getBoundingClientRect(), frame = stage.getBoundingClientRect();
  if (box && (box.left < frame.left || box.top < frame.top || box.right > frame.right || box.bottom > frame.bottom)) centre(node);
}

function showLines() {
  const box = $("code"), lit = S.sel === null ? [] : lines.filter(([, nodes]) => nodes.includes(S.sel)).map(([line]) => line);
  for (const [line] of lines) line.classList.toggle("lit", lit.includes(line));
  const best = (atFirst && box.querySelector("li.wrong")) || lit.find((line) => line.classList.contains("wrong")) || lit[0];
  if (best && (best.offsetTop < box.scrollTop + 30 || best.offsetTop + best.offsetHeight + 40 > box.scrollTop + box.clientHeight)) box.scrollTop = best.offsetTop - box.clientHeight / 2;
  atFirst = false;
}

$("code").append(...D.code_by_hand.map(listing));
