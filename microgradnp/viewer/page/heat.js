// Heat maps: blue is negative, orange positive, the page's own colour zero; what is not finite is hatched.

const ENDS = { light: ["#00558a", "#f4f4f2", "#b04a00"], dark: ["#6cc4ff", "#20262d", "#ff9d4d"] };
const STEPS = 30, NAN = 61, POSITIVE = 62, NEGATIVE = 63; // as in heatmap.py
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
const darkPage = matchMedia("(prefers-color-scheme: dark)");
const theme = () => (S.theme === "auto" ? (darkPage.matches ? "dark" : "light") : S.theme);
const rgb = (color) => [1, 3, 5].map((k) => parseInt(color.slice(k, k + 2), 16));
const canvas = document.createElement("canvas"), context = canvas.getContext("2d", { willReadFrequently: true });
const painted = { light: new WeakMap(), dark: new WeakMap() };

const special = { [NAN]: NaN, [POSITIVE]: Infinity, [NEGATIVE]: -Infinity };
// The cells as shares of the largest.
const cellsOf = (map) => map.cells || Array.from(map.q, (digit) => { const level = DIGITS.indexOf(digit); return level in special ? special[level] : (level - STEPS) / STEPS; });
const strength = (cell) => Math.sign(cell) * Math.pow(Math.abs(cell), 0.6); // what is small beside the largest is still seen

// The largest magnitude of all values and of all gradients, for one scale that all boxes share.
const largest = (maps) => Math.max(0, ...maps.filter((map) => map?.q && Number.isFinite(map.s)).map((map) => map.s)) || 1;
const LARGEST = { left: largest(D.values), right: largest(D.grads) };
const scaleOf = (map, side) => (S.one ? (now?.largest || LARGEST)[side] : map.scale || map.s) || 1;

// A picture of a map, as the address of an image. One pixel a cell, or more where some have to be hatched.
function picture(map, side, scale = scaleOf(map, side)) {
  const all = painted[theme()], known = all.get(map) || all.set(map, new Map()).get(map);
  if (known.has(scale)) return known.get(scale);
  const share = Math.min(1, map.s / scale), cells = cellsOf(map).map((cell) => cell * share), [negative, zero, positive] = ENDS[theme()].map(rgb);
  const size = cells.every(Number.isFinite) ? 1 : 8;
  canvas.width = map.c * size;
  canvas.height = map.r * size;
  const pixels = context.createImageData(map.c, map.r);
  cells.forEach((cell, k) => {
    const t = Number.isFinite(cell) ? strength(cell) : 0, end = t < 0 ? negative : positive;
    for (let i = 0; i < 3; i++) pixels.data[4 * k + i] = zero[i] + (end[i] - zero[i]) * Math.abs(t); // rounded by the array
    pixels.data[4 * k + 3] = 255;
  });
  context.putImageData(pixels, 0, 0);
  if (size > 1) {
    context.imageSmoothingEnabled = false;
    context.drawImage(canvas, 0, 0, map.c, map.r, 0, 0, canvas.width, canvas.height);
  }
  cells.forEach((cell, k) => {
    if (Number.isFinite(cell)) return;
    const x = (k % map.c) * size, y = Math.floor(k / map.c) * size;
    context.strokeStyle = theme() === "dark" ? "#fff" : "#000"; // hatching: NaN crosswise, infinities in the direction of their sign
    context.lineWidth = 1.5;
    context.beginPath();
    if (cell !== -Infinity) { context.moveTo(x, y + size); context.lineTo(x + size, y); }
    if (cell !== Infinity) { context.moveTo(x, y); context.lineTo(x + size, y + size); }
    context.stroke();
  });
  const address = canvas.toDataURL();
  known.set(scale, address);
  return address;
}

const missing = (map) => [map.nan && `${map.nan} NaN`, map.inf && `${map.inf} infinite`].filter(Boolean).join(", ");
